"""What panels draw and what they may ask for: a frozen snapshot, their own state, and commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from panels.theme import Fonts
from runtime.errors import excerpt, render
from runtime.events import Event
from runtime.snapshots import CodeStats, FunctionInfo, Problem, StubInfo, StubStats

NO_STUBS = StubStats(0, 0, 0, 0.0)
NO_CODE = CodeStats(0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, 0)
STRATEGIES = ("tiered", "interpret", "stub-jit", "inline-jit")


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """The last frames, oldest first: what each part of a frame cost, in milliseconds.

    `total` is the frame's work without the wait for the display; `interval` the time between frames.
    Compared by identity, so that what is computed from one can be kept with it.
    """

    script: NDArray[np.float64]
    panels: NDArray[np.float64]
    render: NDArray[np.float64]
    total: NDArray[np.float64]
    interval: NDArray[np.float64]

    @property
    def fps(self) -> float:
        """Frames a second over the last second or so; 0 before the second frame."""
        recent = self.interval[-60:]
        spent = float(recent.sum())
        return 1000.0 * len(recent) / spent if spent > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ProblemView:
    """A problem with its text as it was when it came up: the file may have changed since."""

    problem: Problem
    lines: tuple[str, ...]  # the source excerpt with its caret line
    text: str  # everything, for the clipboard

    @staticmethod
    def of(problem: Problem) -> ProblemView:
        return ProblemView(problem, tuple(excerpt(problem.error.span)), render(problem.error))

    def counted(self, problem: Problem) -> ProblemView:
        """The same error, raised more often."""
        return replace(self, problem=problem)


@dataclass(frozen=True, slots=True)
class ThreadView:
    """Something that runs beside the frames; `number` names it to `Commands.cancel`."""

    number: int
    kind: str
    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The runtime at one moment. Heavy parts are renewed some ten times a second, not every frame; where
    there are many functions, less often. Without panels only what the status bar shows is there."""

    frames: FrameTimes
    functions: tuple[FunctionInfo, ...] = ()
    stub_stats: StubStats = NO_STUBS
    stubs: tuple[StubInfo, ...] = ()
    tiers: tuple[tuple[int, int], ...] = ()  # how many functions there are in each
    problems: tuple[ProblemView, ...] = ()  # the first of them
    more_problems: int = 0  # that stand beside these
    events: tuple[Event, ...] = ()
    strategy: str = "tiered"
    threshold: int = 100
    scripts: tuple[str, ...] = ()
    loading: bool = False  # a script has not been read yet for the first time
    rss_mb: float = 0.0
    damaged: bool = False  # C++ has faulted: memory may be
    code: CodeStats = NO_CODE
    threads: tuple[ThreadView, ...] = ()
    limit_s: float = 0.0  # of one call of a script; 0 for none
    paused: tuple[tuple[str, str, str], ...] = ()  # script, entry, reason

    @property
    def problem_count(self) -> int:
        """How many problems stand in all."""
        return len(self.problems) + self.more_problems


class Commands(Protocol):
    """What a panel may ask of the app. Each returns at once."""

    def set_strategy(self, name: str) -> None: ...
    def set_threshold(self, calls: int) -> None: ...
    def tier_up(self, function: str) -> None: ...
    def deoptimise(self, function: str) -> None: ...
    def reload(self) -> None: ...
    def cancel(self, number: int) -> None: ...
    def set_limit(self, seconds: float) -> None: ...
    def resume(self, script: str, entry: str) -> None: ...
    def interrupt(self) -> None: ...


@dataclass(slots=True)
class PanelState:
    """What the panels remember between frames: selections, filters, which of them are open."""

    fonts: Fonts
    open: dict[str, bool] = field(default_factory=dict)  # by panel title
    show_panels: bool = True
    selected: str = ""  # the function whose C++ is shown, ns/fn
    functions_filter: str = ""
    stubs_filter: str = ""
    events_filter: str = ""


Panel = Callable[[Snapshot, PanelState, Commands], None]


def matches(words: str, *texts: str) -> bool:
    """True if every word of the filter occurs in one of the texts, whatever its case."""
    haystack = " ".join(texts).lower()
    return all(word in haystack for word in words.lower().split())


def percentiles(values: NDArray[np.float64]) -> dict[str, float]:
    """p50, p95, p99 and max; zeros where there are no values."""
    if len(values) == 0:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "max": float(values.max())}


def shown_function(functions: Sequence[FunctionInfo], selected: str) -> FunctionInfo | None:
    """The selected function; where none is, the one that took most time. None without functions."""
    chosen = next((f for f in functions if f.name == selected), None)
    return chosen or max(functions, key=lambda f: f.calls * f.us_per_call, default=None)
