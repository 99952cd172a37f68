"""What the benchmarks share: a stage to draw frames on, clean processes, compiled C++, medians."""

from __future__ import annotations

import ctypes
import multiprocessing
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from app import environment
from app.headless import Headless
from app.settings import Settings
from runtime.cling.headers import fetch_headers
from runtime.events import Compile, Event, StubMiss, TypeQuery
from runtime.loading import preparing
from runtime.native import _support
from runtime.native.build import compiler
from runtime.runtime import Runtime

SIZE = (1280, 800)
SCRIPTS = environment.ASSETS / "scripts" / "bench"

T = TypeVar("T")
Metrics = dict[str, float]


def in_process(work: Callable[..., T], *args: Any) -> T:
    """`work(*args)` in a new process: nothing is cached there, and Cling knows nothing yet."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *args).result()


def medians(samples: Sequence[Metrics]) -> Metrics:
    """Each metric's median."""
    return {name: median(s[name] for s in samples) for name in samples[0]}


def percentile(samples: Sequence[float], percent: float) -> float:
    """The sample that `percent` per cent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


class Stage:
    """An ImGui context in memory and runtimes that draw on it, as the app does headless."""

    def __init__(self) -> None:
        self.surface = Headless(SIZE, Settings(), None)
        self.runtimes: list[Runtime] = []

    def runtime(self, strategy: str, threshold: int = 100) -> Runtime:
        """A runtime of its own that knows Dear ImGui. Raises ValueError for an unknown strategy."""
        made = Runtime(strategy, threshold, None, [environment.ASSETS / "cpp"])
        made.start_imgui(fetch_headers())
        self.runtimes.append(made)
        return made

    def frame(self, draw: Callable[[], object]) -> float:
        """One frame; seconds spent in `draw`."""
        self.surface.begin()
        for runtime in self.runtimes:
            runtime.tick()
        start = time.perf_counter()
        draw()
        spent = time.perf_counter() - start
        self.surface.draw()
        return spent

    def paced(
        self, draw: Callable[[], object], fps: float, going: Callable[[], bool]
    ) -> list[float]:
        """Frames, `fps` a second, while `going()`; the seconds that each took of the UI thread."""
        times = []
        due = time.perf_counter()
        while going():
            start = time.perf_counter()
            self.frame(draw)
            times.append(time.perf_counter() - start)
            due = max(due + 1 / fps, time.perf_counter())
            _support.wait_between_frames(max(0.0, due - time.perf_counter()))
        return times

    def close(self) -> None:
        for runtime in self.runtimes:
            runtime.close()
        self.surface.close()


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is closed at the end."""
    made = Stage()
    try:
        yield made
    finally:
        made.close()


def cling_ms(events: Sequence[Event]) -> float:
    """Milliseconds that Cling worked: type questions, stubs, functions."""
    return sum(e.compile_ms for e in events if isinstance(e, TypeQuery | StubMiss | Compile))


@contextmanager
def analysed_at() -> Iterator[list[float]]:
    """A list that gets the time whenever the loader has a form's typed AST."""
    times: list[float] = []
    infer = preparing.infer

    def timed(*args: Any) -> Any:
        node = infer(*args)
        times.append(time.perf_counter())
        return node

    preparing.infer = timed  # type: ignore[assignment]
    try:
        yield times
    finally:
        preparing.infer = infer


def compile_cpp(source: Path, folder: Path) -> tuple[ctypes.PyDLL, float]:
    """Build and load C++ with the system's compiler at -O2; the library and milliseconds to build it.

    It sees Dear ImGui's headers as scripts do; it can call ImGui once a runtime was connected with it.
    """
    headers = fetch_headers()
    target = folder / f"{source.stem}.{time.monotonic_ns()}.so"
    flags = [f"-I{path}" for path in headers.include_dirs]
    flags += [
        f"-D{name}={value}" if value else f"-D{name}=" for name, value in headers.defines.items()
    ]
    command = [*compiler(), "-std=c++20", "-O2", "-shared", "-fPIC", *flags, str(source)]
    start = time.perf_counter()
    subprocess.run([*command, "-o", str(target)], check=True)
    spent = (time.perf_counter() - start) * 1e3
    return ctypes.PyDLL(
        str(target)
    ), spent  # PyDLL: a call that keeps the GIL, as cheap as ctypes has


def scratch() -> TemporaryDirectory[str]:
    """A folder that is removed afterwards."""
    return TemporaryDirectory(prefix="tierscope-bench-")


def in_turn(
    works: dict[str, Callable[[], object]], rounds: int, least_s: float = 0.0
) -> dict[str, float]:
    """Seconds that each work takes: the median of `rounds`, in which all take turns.

    Each is called once before it counts; one that takes less than `least_s` is called several times a round.
    """
    calls = {}
    for name, work in works.items():
        work()
        calls[name] = max(1, int(least_s / max(_seconds(work), 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            count = calls[name]
            start = time.perf_counter()
            for _ in range(count):
                work()
            times[name].append((time.perf_counter() - start) / count)
    return {name: median(found) for name, found in times.items()}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
