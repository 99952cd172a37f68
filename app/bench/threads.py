"""Frames beside busy threads: what two futures that never rest cost the thread that draws.

A frame counts from the moment it was due, so that waiting for the interpreter's lock is in it. Frames are
built headless, `FPS` a second, with the script of fifty calls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.application import Application, Options
from app.bench._measure import SCRIPTS, Metrics, in_process, medians, percentile, scratch

FPS = 100.0
FRAMES = 300  # of each row in each round
ROUNDS = 2
BUSY = 2  # futures

CPP = """
(cpp/raw "namespace bench_threads {
  inline double work(double x) { for(int i = 0; i < 300; ++i) x = x * 0.999 + 1.0; return x; }
  inline double long_work(double x) { for(int i = 0; i < 30'000'000; ++i) x = x * 0.999 + 1.0; return x; }
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
SETTLING_S = 0.5  # before a row counts: what is hot is compiled


def run() -> dict[str, Any]:
    """Milliseconds from when a frame was due to its end, alone and beside each kind of future."""
    rows = in_process(measure)
    alone = rows["alone"]["p99_ms"]
    ratios = {f"{name}_p99".replace(" ", "_"): rows[name]["p99_ms"] / alone for name in WORK}
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """The rows, taken in turn."""
    samples: dict[str, list[Metrics]] = {name: [] for name in ("alone", *WORK)}
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
                    samples[name].append(beside(app, WORK.get(name)))
        finally:
            app.close()
    return {name: medians(found) for name, found in samples.items()}


def beside(app: Application, work: str | None) -> Metrics:
    """Frames' percentiles while `BUSY` futures do that work."""
    runtime = app.runtime
    assert runtime is not None
    runtime.eval("(def going (atom true))")
    futures = [runtime.eval(f"(future {work})") for _ in range(BUSY)] if work else []
    try:
        frames(app, int(SETTLING_S * FPS))
        times = frames(app, FRAMES)
    finally:
        runtime.eval("(reset! going false)")
        for future in futures:
            future.deref()
    return {
        "p50_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99),
        "max_ms": max(times),
    }


def frames(app: Application, count: int) -> list[float]:
    """Draw frames; the milliseconds from when each was due to its end."""
    for _ in range(count):
        app.step()
    return [float(ms) for ms in app.loop.log.last(count).total]
