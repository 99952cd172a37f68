"""What it costs that faults inside C++ become errors, while nothing faults (`--guard`).

Rows:
    stub call      a call of a C++ function that adds one, from Python, nanoseconds
    compiled call  a call of a compiled function that makes that call, nanoseconds
    50-call form   a frame of `fifty_calls.jank`, microseconds: in tier 0, and compiled
    compiling      Cling's work on that form, milliseconds
Each with the guards off and on, in turn in one process.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from app.bench._measure import SCRIPTS, Metrics, Stage, cling_ms, in_process, stage
from runtime.native._support import CallSite, StubCall
from runtime.process import faults
from runtime.runtime import Runtime

SCRIPT = SCRIPTS / "fifty_calls.jank"
LEVELS = ("off", "signals")
CALLS = 100_000  # in a row
FRAMES = 50
ROUNDS = 40
SOURCE = """(ns bench.guard)
(cpp/raw "namespace bench_guard { inline int plus_one(int x) { return x + 1; } }")
(defn plus-one [x] (cpp/bench_guard.plus_one x))"""


def run() -> dict[str, Any]:
    """All rows, in a new process."""
    rows = in_process(measure)
    frames = rows["50-call form, compiled"]
    slow = rows["50-call form, tier 0"]
    return {
        "rows": rows,
        "ratios": {
            "stub_call_ns": rows["stub call"]["signals"] - rows["stub call"]["off"],
            "frame": frames["signals"] / frames["off"],
            "frame_tier0": slow["signals"] / slow["off"],
        },
    }


def measure() -> dict[str, Metrics]:
    """The rows, measured in this process."""
    with stage() as on:
        rows: dict[str, Metrics] = {}
        runtime = made(on, "interpret", "signals")
        runtime.eval(SOURCE)
        stub = StubCall(runtime.stubs.ready("bench_guard::plus_one"), CallSite("plus_one"))
        rows["stub call"] = in_turn(dict.fromkeys(LEVELS, lambda: called(stub)), 1e9)
        functions = {}
        for level in LEVELS:
            runtime = made(on, "inline-jit", level)
            runtime.eval(SOURCE)
            functions[level] = runtime.namespaces.current.vars["plus-one"].deref()
        rows["compiled call"] = in_turn(
            {level: partial(called, function) for level, function in functions.items()}, 1e9
        )
        for title, strategy in (("tier 0", "interpret"), ("compiled", "inline-jit")):
            draws, compiling = {}, {}
            for level in LEVELS:
                runtime = made(on, strategy, level)
                runtime.load(SCRIPT)
                compiling[level] = cling_ms(runtime.events.since(0)[1])
                (draws[level],) = runtime.entry_points(SCRIPT)
            rows[f"50-call form, {title}"] = in_turn(
                {level: partial(drawn, on, draw) for level, draw in draws.items()}, 1e6
            )
        rows["compiling"] = compiling
    return rows


def made(on: Stage, strategy: str, level: str) -> Runtime:
    """A runtime whose code is compiled for that level."""
    runtime = on.runtime(strategy)
    faults.install(level)
    return runtime


def in_turn(works: dict[str, Callable[[], float]], unit: float) -> Metrics:
    """What each work says of itself, by the level that it is done under."""
    times: dict[str, list[float]] = {level: [] for level in works}
    for _ in range(ROUNDS):
        for level, work in works.items():
            faults.install(level)
            times[level].append(work())
    faults.install(LEVELS[-1])
    return {level: median(found) * unit for level, found in times.items()}


def called(function: Callable[[int], object]) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    for _ in itertools.repeat(None, CALLS):
        function(1)
    return (time.perf_counter() - start) / CALLS


def drawn(on: Stage, draw: Callable[[], object]) -> float:
    """Seconds of a frame's script."""
    on.frame(draw)
    return median(on.frame(draw) for _ in range(FRAMES))
