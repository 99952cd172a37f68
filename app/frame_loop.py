"""One frame after another: input, the runtime's news, the scripts, the panels, drawing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from app import guard
from app.frame_log import FrameLog
from app.guard import Guard
from app.surface import Surface
from runtime.errors import STACK_OVERFLOW, Interruption, LispError, RuntimeFault
from runtime.events import Event, EventLog, Reload
from runtime.native import _support

TURN_S = 5e-5  # between two frames, for threads that stand aside while one is drawn

PATIENCE = 3  # successive frames that an entry may overflow the stack or lose ImGui's context


class Scripts(Protocol):
    """What the loop needs of `runtime.Runtime`."""

    events: EventLog

    @property
    def entries_changed(self) -> int: ...

    def tick(self) -> None: ...
    def frame_done(self) -> None: ...
    def entry_points(
        self, path: str, names: Sequence[str] = ()
    ) -> Sequence[Callable[[], object]]: ...
    def report_fault(self, script: str, exc: BaseException, lasting: bool = False) -> None: ...
    def clear_faults(self, script: str) -> None: ...


Entry = Callable[[], object]


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
        self.ending = False  # this is the last frame
        self.left_out: set[str] = set()  # entries that are not called, by full name
        self.entering: Callable[[str, str], object] | None = None  # told script, entry; "" for none
        self.busy: Callable[[int, bool], object] | None = None  # whether what may not hang runs
        self._names = names
        self._draw_panels = draw_panels
        self._shortest = 1.0 / fps if fps else 0.0
        self._next_start = 0.0
        self._runtime: Scripts | None = None
        self.entries: list[tuple[str, Entry]] = []
        self.paused: dict[tuple[str, str], str] = {}  # script and entry that are not drawn, and why
        self.on_renewed: list[Callable[[], None]] = []  # after the surface took a fresh context
        self._guard = Guard()
        self._entries_seen = -1  # what `entries` were looked up under
        self._faulty: set[str] = set()  # scripts whose last frame went wrong
        self._strikes: dict[tuple[str, str], int] = {}  # successive frames an entry spoilt
        self._changed = ""  # the script that was changed last
        self._drawn = ""  # the script that was drawn last
        self._spoilt: list[
            tuple[str, Exception]
        ] = []  # of this frame, by what followed the scripts

    def start(self, runtime: Scripts) -> None:
        """From now on, draw the entry points of the scripts that `runtime` has loaded."""
        self._runtime = runtime
        self._entries_seen = -1
        runtime.events.listen(self._note)

    def pause(self, script: str, entry: str, reason: str) -> None:
        """Draw an entry no more until `resume` or until its script changes; `reason` is a sentence."""
        self.paused[script, entry] = reason
        if self._runtime is not None:
            text = f"{entry} is paused: {reason}"
            fault = RuntimeFault(text, expected="a change of the script, or to be resumed")
            self._runtime.report_fault(script, fault, lasting=True)

    def resume(self, script: str, entry: str | None = None) -> None:
        """Draw what was paused of a script again: one entry or all of them."""
        for key in [k for k in self.paused if k[0] == script and entry in (None, k[1])]:
            del self.paused[key]
            self._strikes.pop(key, None)

    def take_in(self, names: set[str]) -> None:
        """Call entries again that were left out."""
        self.left_out -= names
        self._entries_seen = -1

    def step(self) -> bool:
        """One frame. False, with nothing drawn, when the user closed the window."""
        started = self._wait()
        if not self._begin():
            return False
        if self._runtime is not None:
            self._runtime.tick()
        if self.busy is not None:
            self.busy(self.log.count, True)
        scripts_start = time.perf_counter()
        self._draw_scripts()
        for callback in self.in_frame:
            self._guarded("what follows the scripts", callback)
        panels_start = time.perf_counter()
        self._guarded("the panels", self._panels)
        render_start = time.perf_counter()
        self._show()
        ended = time.perf_counter()
        if self.busy is not None:
            self.busy(self.log.count, False)
        for callback in self.before_swap:
            self._guarded("what follows drawing", callback)
        self._guarded("showing the frame", self.surface.swap)
        for callback in self.after_swap:
            self._guarded("what follows a frame", callback)
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

    def protected(self, work: Callable[[], object]) -> Exception | None:
        """Run something else within a frame, once, as scripts are run. Returns what first went wrong."""
        problems = self._guard.run(work, again=False)
        if self._guard.lost:
            self._renew()
        return problems[0] if problems else None

    # --- phases, none of which may end the app ----------------------------------------------------

    def _begin(self) -> bool:
        """Open the frame, in a fresh context where the one there is cannot do so."""
        for problem in self._guard.restore():
            self._spoilt.append(("between two frames", problem))
        if self._guard.lost:
            self._renew()
            return True
        try:
            return self.surface.begin()
        except Exception as error:
            self._lost("the start of a frame", error)
            return True

    def _panels(self) -> None:
        for problem in self._guard.run(self._draw_panels):
            self._spoilt.append(("the panels", problem))
        if self._guard.lost:
            self._renew()
            self._draw_panels()

    def _show(self) -> None:
        """Draw the frame; where that fails, once more with the panels alone."""
        try:
            self.surface.draw()
        except Exception as error:
            if not self.surface.is_damaged(error):
                self._spoilt.append(("drawing the frame", error))
                return
            self._lost("drawing the frame", error)
            self._guarded("the panels", self._draw_panels)
            self._guarded("drawing the panels", self.surface.draw)

    def _guarded(self, part: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._spoilt.append((part, error))

    def _lost(self, part: str, error: Exception) -> None:
        self._spoilt.append((part, error))
        for script, entry in self.entries:
            if script == self._blamed():
                self._strike(script, entry, "it spoils what ImGui needs to draw")
        self._renew()

    def _renew(self) -> None:
        """Go on in a fresh context, within a frame."""
        self.surface.renew()
        self._guard = Guard()
        for callback in self.on_renewed:
            callback()

    def _blamed(self) -> str:
        """Whose doing it probably is that something failed outside of the scripts' part of a frame."""
        return self._changed or self._drawn or (self.scripts[0] if self.scripts else "")

    def _note(self, event: Event) -> None:
        if isinstance(event, Reload) and (event.forms_evaluated or event.reasons):
            self._changed = event.file if event.file in self.scripts else self._changed
            for script in self.scripts:  # what changed may be what any of them calls
                self.resume(script)

    # --- scripts ----------------------------------------------------------------------------------

    def _draw_scripts(self) -> None:
        runtime = self._runtime
        if runtime is None:
            return
        if self._entries_seen != runtime.entries_changed:
            self._entries_seen = runtime.entries_changed
            self._find_entries(runtime)
        failed: set[str] = set()
        for part, error in self._spoilt:  # since the last frame's scripts
            runtime.report_fault(self._blamed(), _later(part, error), lasting=True)
        self._spoilt.clear()
        for script, entry in self.entries:
            name = str(getattr(entry, "name", ""))
            if (script, name) in self.paused:
                failed.add(script)  # what it was paused for still stands
                continue
            if self.entering is not None:
                self.entering(script, name)
            problems = self._guard.run(entry)
            self._drawn = script
            for problem in problems:
                if self.ending and isinstance(problem, Interruption):
                    continue  # it was told to stop in the middle: that is no failure of the script
                runtime.report_fault(script, problem, lasting=isinstance(problem, guard.PutBack))
                failed.add(script)
                if isinstance(problem, Interruption):  # the next frame would take as long
                    self.paused[script, name] = problem.message
            if self._guard.lost:
                self._renew()
                self._strike(script, entry, "it destroys what ImGui needs to draw")
            elif any(_overflown(problem) for problem in problems):
                self._strike(script, entry, STACK_OVERFLOW)
            else:
                self._strikes.pop((script, name), None)
        if self.entering is not None:
            self.entering("", "")
        for script in self._faulty - failed:
            runtime.clear_faults(script)
        self._faulty = failed

    def _strike(self, script: str, entry: Entry, reason: str) -> None:
        key = script, str(getattr(entry, "name", ""))
        self._strikes[key] = self._strikes.get(key, 0) + 1
        if self._strikes[key] >= PATIENCE:
            self.pause(*key, f"{reason}, in {PATIENCE} frames one after the other")

    def _find_entries(self, runtime: Scripts) -> None:
        self.entries = []
        self._strikes.clear()
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
        there = {(script, str(getattr(entry, "name", ""))) for script, entry in self.entries}
        self.paused = {key: reason for key, reason in self.paused.items() if key in there}

    def _wait(self) -> float:
        """Wait until the next frame is due; when it was, in seconds: it counts from there."""
        if not self._shortest:
            if _support.anybody_aside():
                _support.wait_between_frames(TURN_S)
            return time.perf_counter()
        now = time.perf_counter()
        started = max(now, self._next_start)
        if started > now:
            _support.wait_between_frames(started - now)
        self._next_start = max(self._next_start + self._shortest, time.perf_counter())
        return started


def _overflown(problem: BaseException) -> bool:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, RecursionError) or str(cause) == STACK_OVERFLOW:
            return True
        cause = cause.__cause__
    return False


def _later(part: str, error: Exception) -> Exception:
    """An error that came up after the scripts had drawn."""
    if isinstance(error, LispError):
        return error
    found = guard.in_words(error)
    return RuntimeFault(f"{part} failed: {found}", expected="what scripts did to ImGui to be sound")
