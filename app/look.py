"""The runtime as panels see it, looked at a little in each frame: its size must not be felt."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.frame_log import FrameLog
from panels.model import PanelState, ProblemView, Snapshot, ThreadView
from runtime.events import Event
from runtime.process import faults, threads
from runtime.process.memory import rss_mb
from runtime.snapshots import FunctionInfo, Problem

if TYPE_CHECKING:
    from runtime.runtime import Runtime

SECONDS = 0.1  # of ImGui's time, between two looks
SLICE = 100  # functions looked at in one frame
PROBLEMS_SHOWN = 100
EVENTS_SHOWN = 500
FRAMES_SHOWN = 300


class Look:
    """Makes snapshots. What no panel shows is not looked at; functions are looked at in slices."""

    def __init__(self, log: FrameLog, scripts: Sequence[str]) -> None:
        self.events: deque[Event] = deque(maxlen=EVENTS_SHOWN)
        self.snapshot = Snapshot(log.last(0), loading=True)
        self._log = log
        self._scripts = tuple(scripts)
        self._due = 0.0
        self._views: dict[int, ProblemView] = {}
        self._left: list[str] = []  # functions of the pass under way that are still to be looked at
        self._seen: list[FunctionInfo] = []
        self._functions: tuple[FunctionInfo, ...] = ()
        self._tiers: Counter[int] = Counter()

    def renew(self) -> None:
        """Look again in the next frame."""
        self._due = 0.0

    def at(
        self,
        now: float,
        runtime: Runtime | None,
        loading: bool,
        state: PanelState,
        paused: Mapping[tuple[str, str], str],
    ) -> Snapshot:
        """The snapshot for a frame at `now` (seconds of ImGui's time); `paused` are entries with reasons."""
        shown = state.show_panels
        if runtime is not None and shown and self._left:
            self._go_on(runtime)
        if now < self._due or (shown and self._left):
            return self.snapshot
        self._due = now + SECONDS
        if runtime is None:
            frames = self._log.last(FRAMES_SHOWN)
            self.snapshot = Snapshot(frames, scripts=self._scripts, loading=True)
            return self.snapshot
        if shown:
            self._left = runtime.table.names()[::-1]
            self._seen = []
            self._go_on(runtime)
        self.snapshot = self._made(runtime, loading, shown, paused)
        return self.snapshot

    def _go_on(self, runtime: Runtime) -> None:
        """Look at the next functions of a pass; at its end they are what panels see."""
        names = [self._left.pop() for _ in range(min(SLICE, len(self._left)))]
        self._seen += runtime.functions(names)
        if not self._left:
            self._functions = tuple(self._seen)
            self._tiers = Counter(f.tier for f in self._functions)

    def _made(
        self, runtime: Runtime, loading: bool, shown: bool, paused: Mapping[tuple[str, str], str]
    ) -> Snapshot:
        problems = runtime.problems()
        tiers = self._tiers if shown else runtime.engine.tiers
        light = Snapshot(
            frames=self._log.last(FRAMES_SHOWN),
            tiers=tuple(sorted(tiers.items())),
            more_problems=len(problems),
            strategy=runtime.strategy,
            threshold=runtime.threshold,
            scripts=self._scripts,
            loading=loading,
            limit_s=runtime.call_limits.seconds,
            damaged=faults.damaged(),
            paused=tuple((*key, reason) for key, reason in paused.items()),
        )
        if not shown:
            return light
        return replace(
            light,
            functions=self._functions,
            stub_stats=runtime.stubs.stats(),
            stubs=tuple(runtime.stubs.entries()),
            problems=self._problem_views(problems[:PROBLEMS_SHOWN]),
            more_problems=max(0, len(problems) - PROBLEMS_SHOWN),
            events=tuple(self.events),
            rss_mb=rss_mb(),
            threads=_thread_views(),
            code=runtime.engine.stats(exact=len(self._functions) <= SLICE),
        )

    def _problem_views(self, problems: Sequence[Problem]) -> tuple[ProblemView, ...]:
        """Each problem with its text, taken once: later the file may say something else."""
        views: dict[int, ProblemView] = {}
        for problem in problems:
            key = id(problem.error)
            known = self._views.get(key)
            views[key] = known.counted(problem) if known else ProblemView.of(problem)
        self._views = views
        return tuple(views.values())


def _thread_views() -> tuple[ThreadView, ...]:
    now = time.perf_counter()
    return tuple(
        ThreadView(number, thread.kind, thread.what, now - thread.since)
        for number, thread in threads.running()
    )
