"""One frame after another: input, the runtime's news, the scripts, the panels, drawing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from app import guard
from app.frame_log import FrameLog
from app.surface import Surface
from runtime.errors import LispError
from runtime.events import EventLog


class Scripts(Protocol):
    """What the loop needs of `runtime.Runtime`."""

    events: EventLog

    entries_changed: int

    def tick(self) -> None: ...
    def frame_done(self) -> None: ...
    def entry_points(
        self, path: str, names: Sequence[str] = ()
    ) -> Sequence[Callable[[], object]]: ...
    def report_fault(self, script: str, exc: BaseException) -> None: ...
    def clear_faults(self, script: str) -> None: ...


class FrameLoop:
    """Draws frames on `surface` until it is closed. `log` has their times, `entries` what scripts draw.

    Until `runtime` is set, frames have panels only.
    """

    def __init__(
        self,
        surface: Surface,
        scripts: Sequence[str],
        names: Sequence[str],
        draw_panels: Callable[[], None],
        fps: float = 0.0,  # at most so many frames a second; 0 for no limit
    ) -> None:
        self.surface = surface
        self.scripts = scripts
        self.log = FrameLog()
        self.after_swap: list[Callable[[], None]] = []
        self.in_frame: list[Callable[[], None]] = []  # after the scripts' part, before the panels'
        self.before_swap: list[Callable[[], None]] = []
        self.left_out: set[str] = set()  # entries that are not called, by full name
        self.entering: Callable[[str, str], object] | None = None  # told script, entry; "" for none
        self.busy: Callable[[int, bool], object] | None = None  # whether what may not hang runs
        self._names = names
        self._draw_panels = draw_panels
        self._shortest = 1.0 / fps if fps else 0.0
        self._next_start = 0.0
        self._runtime: Scripts | None = None
        self.entries: list[tuple[str, Callable[[], object]]] = []
        self._entries_seen = -1  # what `entries` were looked up under
        self._faulty: set[str] = set()  # scripts whose last frame went wrong

    def start(self, runtime: Scripts) -> None:
        """From now on, draw the entry points of the scripts that `runtime` has loaded."""
        self._runtime = runtime
        self._entries_seen = -1

    def take_in(self, names: set[str]) -> None:
        """Call entries again that were left out."""
        self.left_out -= names
        self._entries_seen = -1

    def step(self) -> bool:
        """One frame. False, with nothing drawn, when the user closed the window."""
        self._wait()
        started = time.perf_counter()
        if not self.surface.begin():
            return False
        if self._runtime is not None:
            self._runtime.tick()
        if self.busy is not None:
            self.busy(self.log.count, True)
        scripts_start = time.perf_counter()
        self._draw_scripts()
        for callback in self.in_frame:
            callback()
        panels_start = time.perf_counter()
        self._draw_panels()
        render_start = time.perf_counter()
        self.surface.draw()
        ended = time.perf_counter()
        if self.busy is not None:
            self.busy(self.log.count, False)
        for callback in self.before_swap:
            callback()
        self.surface.swap()
        for callback in self.after_swap:
            callback()
        if self._runtime is not None:
            self._runtime.frame_done()
        self.log.add(
            started,
            script=(panels_start - scripts_start) * 1000,
            panels=(render_start - panels_start) * 1000,
            render=(ended - render_start) * 1000,
            total=(ended - started) * 1000,
        )
        return True

    def _draw_scripts(self) -> None:
        runtime = self._runtime
        if runtime is None:
            return
        if self._entries_seen != runtime.entries_changed:
            self._entries_seen = runtime.entries_changed
            self._find_entries(runtime)
        failed: set[str] = set()
        for script, entry in self.entries:
            if self.entering is not None:
                self.entering(script, getattr(entry, "name", ""))
            problem = guard.run(entry)
            if problem is not None:
                runtime.report_fault(script, problem)
                failed.add(script)
        if self.entering is not None:
            self.entering("", "")
        for script in self._faulty - failed:
            runtime.clear_faults(script)
        self._faulty = failed

    def _find_entries(self, runtime: Scripts) -> None:
        self.entries = []
        for script in self.scripts:
            try:
                found = runtime.entry_points(script, self._names)
            except LispError as error:
                runtime.report_fault(script, error)
                continue
            runtime.clear_faults(script)
            self.entries += [
                (script, entry)
                for entry in found
                if getattr(entry, "name", "") not in self.left_out
            ]

    def _wait(self) -> None:
        if not self._shortest:
            return
        left = self._next_start - time.perf_counter()
        if left > 0:
            time.sleep(left)
        self._next_start = max(self._next_start + self._shortest, time.perf_counter())
