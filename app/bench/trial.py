"""C++ that is tried in a copy of the process first: how long that takes, and what it costs frames.

A copy shares its pages with the app until one of both writes to them, and the window's thread pays for the
pages that it writes to, unless a twin makes the copies (docs/trials.md). So each row draws the script of
fifty calls, `FPS` a second, in a window where there is a display, while another thread has texts tried one
after the other; "declared" has the same texts declared without a trial. The metrics of a row:
    trial_ms             from asking for a text to its verdict; the median
    trial_longest_frame  the longest frame meanwhile, milliseconds
    p99_ms               the frame that 99 of 100 do not exceed
    p99_own_ms           the same less what frames waited for a core
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from app.application import Application, Options
from app.bench._measure import SCRIPTS, Metrics, in_process, medians, percentile, scratch
from runtime.cling.session import session

FPS = 100.0
FRAMES = 200  # of each row in each round
ROUNDS = 3
PAUSE_S = 0.02  # between two texts

EMPTY = ";"
FUNCTION = (
    "namespace bench_trial{id} {{ inline int f(int a) {{ return a + {id}; }}"
    " static int const x = f(1); }}"
)
TEMPLATE = (
    "namespace bench_trial{id} {{ struct S {{}}; using T = decltype(std::vector<S>().size()); }}"
)


def tried(text: str) -> None:
    session().submit("", trial=text).result()


def declared(text: str) -> None:
    session().declare(text)


# What the other thread does, by row.
WORK: dict[str, tuple[Callable[[str], None], str]] = {
    "a copy alone": (tried, EMPTY),
    "a function": (tried, FUNCTION),
    "a template": (tried, TEMPLATE),
    "a function, declared": (declared, FUNCTION),
    "a template, declared": (declared, TEMPLATE),
}


def run() -> dict[str, Any]:
    """Verdicts' and frames' milliseconds."""
    rows = in_process(measure)
    ratios = {
        "longest_frame": rows["a function"]["trial_longest_frame"]
        / rows["a function, declared"]["trial_longest_frame"],
        "p99_beside_trials": max(rows[name]["p99_own_ms"] for name in ("a function", "a template"))
        / rows["no text"]["p99_own_ms"],
    }
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """The rows, taken in turn."""
    samples: dict[str, list[Metrics]] = {name: [] for name in ("no text", *WORK)}
    with scratch() as folder:
        options = Options(
            (SCRIPTS / "fifty_calls.jank",),
            headless="DISPLAY" not in os.environ,
            fps=FPS,
            cache=False,
            config_dir=Path(folder),
        )
        app = Application(options)
        try:
            app.start()
            session().declare("#include <vector>")
            frames(app, 300)
            for _ in range(ROUNDS):
                for name in samples:
                    samples[name].append(beside(app, WORK.get(name)))
        finally:
            app.close()
    return {name: medians(found) for name, found in samples.items()}


def beside(app: Application, work: tuple[Callable[[str], None], str] | None) -> Metrics:
    """Frames while texts are tried."""
    over = threading.Event()
    spent: list[float] = []

    def ask() -> None:
        assert work is not None
        while not over.wait(PAUSE_S):
            start = time.perf_counter()
            work[0](work[1].format(id=session().new_id()))
            spent.append((time.perf_counter() - start) * 1e3)

    thread = threading.Thread(target=ask)
    if work is not None:
        thread.start()
    times, own = [], []
    for _ in range(FRAMES):
        waited = core_wait_ms()
        times += frames(app, 1)
        own.append(max(0.0, times[-1] - (core_wait_ms() - waited)))
    over.set()
    if work is not None:
        thread.join()
    return {
        "trial_ms": median(spent or [0.0]),
        "trial_longest_frame": max(times),
        "p99_ms": percentile(times, 99),
        "p99_own_ms": percentile(own, 99),
    }


def core_wait_ms() -> float:
    """For how long this thread has waited for a core."""
    schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    return int(schedule.read_text().split()[1]) / 1e6 if schedule.exists() else 0.0


def frames(app: Application, count: int) -> list[float]:
    """Draw frames; the milliseconds that each took."""
    for _ in range(count):
        app.step()
    return [float(ms) for ms in app.loop.log.last(count).total]
