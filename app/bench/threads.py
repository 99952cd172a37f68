"""Frames beside busy threads: what two futures that never rest cost the thread that draws.

A frame counts from the moment it was due, so that waiting for the interpreter's lock is in it. Frames are
built headless, `FPS` a second, with the script of fifty calls.

`others` is how many cores other processes took meanwhile: a row is taken again where that was more than a
little, and the quietest try counts. "C++ threads" are not ours, at the usual priority: what the system's
scheduler makes of two of them beside a thread that draws.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from app.application import Application, Options
from app.bench._measure import SCRIPTS, Metrics, in_process, medians, percentile, scratch

FPS = 100.0
FRAMES = 300  # of each row in each round
ROUNDS = 2
BUSY = 2  # futures
TRIES = 3  # of a row in a round, until others are quiet
QUIET = 0.03  # cores

CPP = """
(cpp/raw "#include <atomic>
#include <thread>
namespace bench_threads {
  inline double work(double x) { for(int i = 0; i < 300; ++i) x = x * 0.999 + 1.0; return x; }
  inline double long_work(double x) { for(int i = 0; i < 30'000'000; ++i) x = x * 0.999 + 1.0; return x; }
  inline std::atomic<bool> going{false};
  inline void start(int threads) {
    going = true;
    while(threads-- > 0) std::thread([] { double volatile x = 0; while(going) x = work(x); }).detach();
  }
  inline void stop() { going = false; }
}")
"""
# What a future does while `going`.
WORK = {
    "loops": "(loop [i 0] (when @going (recur (inc i))))",
    "calls": "(while @going (reduce + (map inc (range 1000))))",
    "allocates": "(while @going (count (into [] (map (fn [i] {:i i :text (str i)}) (range 2000)))))",
    "quick C++": "(loop [x 0.0] (when @going (recur (cpp/bench_threads.work x))))",
    "long C++": "(loop [x 0.0] (when @going (recur (cpp/bench_threads.long_work x))))",
}
PLAIN = "C++ threads"
SETTLING_S = 0.5  # before a row counts: what is hot is compiled


def run() -> dict[str, Any]:
    """Milliseconds from when a frame was due to its end, alone and beside each kind of future."""
    rows = in_process(measure)
    alone = rows["alone"]["p99_ms"]
    names = (PLAIN, *WORK)
    ratios = {f"{name}_p99".replace(" ", "_"): rows[name]["p99_ms"] / alone for name in names}
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """The rows, taken in turn."""
    samples: dict[str, list[Metrics]] = {name: [] for name in ("alone", PLAIN, *WORK)}
    with scratch() as folder:
        options = Options(
            (SCRIPTS / "fifty_calls.jank",),
            headless=True,
            fps=FPS,
            cache=False,
            config_dir=Path(folder),
        )
        app = Application(options)
        try:
            app.start()
            assert app.runtime is not None
            app.runtime.eval(CPP)
            frames(app, 200)
            for _ in range(ROUNDS):
                for name in samples:
                    samples[name].append(quietest(app, name))
        finally:
            app.close()
    return {name: medians(found) for name, found in samples.items()}


def quietest(app: Application, name: str) -> Metrics:
    """A row, in the first try that others left in peace, or the one that they did most."""
    tries: list[Metrics] = []
    while len(tries) < TRIES and (not tries or tries[-1]["others"] > QUIET):
        tries.append(beside(app, name))
    return min(tries, key=lambda row: row["others"])


def beside(app: Application, name: str) -> Metrics:
    """Frames' percentiles while `BUSY` threads do that work."""
    runtime = app.runtime
    assert runtime is not None
    runtime.eval("(def going (atom true))")
    work = WORK.get(name)
    futures = [runtime.eval(f"(future {work})") for _ in range(BUSY)] if work else []
    if name == PLAIN:
        runtime.eval(f"(cpp/bench_threads.start {BUSY})")
    try:
        frames(app, int(SETTLING_S * FPS))
        start, before = time.perf_counter(), seconds_of_others()
        times = frames(app, FRAMES)
        others = (seconds_of_others() - before) / (time.perf_counter() - start)
    finally:
        runtime.eval("(cpp/bench_threads.stop) (reset! going false)")
        for future in futures:
            future.deref()
    return {
        "p50_ms": percentile(times, 50),
        "p95_ms": percentile(times, 95),
        "p99_ms": percentile(times, 99),
        "max_ms": max(times),
        "others": max(0.0, others),
    }


def seconds_of_others() -> float:
    """What all cores computed since the start, for other processes than this (proc(5), `/proc/stat`)."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _waiting, *interrupts = map(int, file.readline().split()[1:8])
    busy = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    own = os.times()
    return busy - own.user - own.system


def frames(app: Application, count: int) -> list[float]:
    """Draw frames; the milliseconds from when each was due to its end."""
    for _ in range(count):
        app.step()
    return [float(ms) for ms in app.loop.log.last(count).total]
