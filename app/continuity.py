"""What a drawing process leaves for the one after it, and takes over from the one before it."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from app.frame_loop import FrameLoop
from app.process.logbook import Doing, record_of
from app.process.supervisor import Life
from panels.model import PanelState
from runtime.errors import Note, RuntimeFault
from runtime.native import _support
from runtime.process import activity
from runtime.process.activity import Activity

if TYPE_CHECKING:
    from app.journal import Journal
    from runtime.runtime import Runtime

RESTART = "the process before this one"  # whose problem it is
_KEPT = ("open", "show_panels", "selected", "functions_filter", "stubs_filter", "events_filter")
_FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)


class Continuity:
    """For a process that a supervisor watches. Without one (`life` None) nothing is kept or taken over."""

    def __init__(self, life: Life | None) -> None:
        self._life = life
        self._records: dict[tuple[str, str], bytes] = {}
        self._left_out: dict[str, set[str]] = {}  # script -> entries
        self._runtime: Runtime | None = None
        self._journal: Journal | None = None
        self._restored: list[Note] = []  # what came back, and what did not
        self.restart_ms: float | None = (
            None  # from the last process's death to this one's first frame
        )
        for doing in life.left_out if life else ():
            if doing.kind == "frame":
                self._left_out.setdefault(doing.script, set()).add(doing.name)

    @property
    def session(self) -> dict[str, Any]:
        """What the last process's window and panels were like; empty at a first start."""
        deaths = self._life.deaths if self._life else []
        return (deaths[-1].session or {}) if deaths else {}

    def restore_panels(self, state: PanelState) -> None:
        """Filters, selections and open panels as they were."""
        for name in _KEPT:
            if name in self.session.get("panels", {}):
                setattr(state, name, self.session["panels"][name])

    def follow(self, loop: FrameLoop) -> None:
        """Write down what is drawn and evaluated from now on."""
        life = self._life
        if life is None:
            return
        loop.left_out = set().union(*self._left_out.values())
        loop.entering, loop.busy = self._enter, self._beat
        activity.follow(self._evaluate)

    def first_frame(self) -> None:
        """The window is there again."""
        if self._life is not None and self._life.deaths:
            self.restart_ms = (time.monotonic() - self._life.deaths[-1].at) * 1000

    def start(self, runtime: Runtime) -> None:
        """Before scripts are loaded and once Cling is there: catch last words, leave out, tell why."""
        life = self._life
        if life is None:
            return
        self._runtime = runtime
        _keep_last_words(life.crash_file)
        if life.journal is not None:
            from app.journal import Journal

            self._journal = Journal(runtime, life.journal)
            runtime.in_force_listeners.append(self.loaded)
        if not life.deaths:
            return
        if self._journal is not None and self._journal.unreadable:
            self._restored.append(Note(f"no state was restored: {self._journal.unreadable}"))
        forms = {d.digest: _left_out_text(d) for d in life.left_out if d.kind == "load"}
        activity.leave_out(forms)
        runtime.report_fault(RESTART, self.problem())

    def loaded(self) -> None:
        """Definitions came into force: variables get back what they held when the last process was lost."""
        found = self._journal.restore() if self._journal is not None else None
        if found is None:
            return
        assert self._runtime is not None
        if found.vars:
            self._restored.append(Note(f"restored: {', '.join(found.vars)}"))
        self._restored += [Note(f"lost: {what}") for what in found.lost]
        self._runtime.clear_faults(RESTART)
        self._runtime.report_fault(RESTART, self.problem())

    def look(self) -> None:
        """In each frame: see what changed and is to be kept."""
        if self._journal is not None:
            self._journal.frame()

    def problem(self) -> RuntimeFault:
        """Why there is a new process, as people are told."""
        assert self._life is not None
        death = self._life.deaths[-1]
        left_out = [
            Note(f"left out until its source changes: {_shown(d)}") for d in self._life.left_out
        ]
        stack = [Note(line) for line in death.stack]
        return RuntimeFault(
            f"the app died because of {death.why}, {death.where}, and was started again",
            notes=(*left_out, *self._restored, *stack),
        )

    def reloaded(self, script: str, loop: FrameLoop, runtime: Runtime | None) -> None:
        """A script's source changed: what was left out of it is tried again."""
        names = self._left_out.pop(script, None)
        if names:
            loop.take_in(names)
        if runtime is not None and self._life is not None and not self._left_out:
            runtime.clear_faults(RESTART)

    def keep(self, state: PanelState, window: dict[str, Any]) -> None:
        """What the next process would begin with."""
        if self._life is not None:
            panels = {name: getattr(state, name) for name in _KEPT}
            self._life.logbook.keep_session({"panels": panels, "window": window})

    def close(self) -> None:
        """Nothing is written down any more."""
        if self._life is not None:
            activity.follow(None)
        if self._journal is not None:
            self._journal.close()

    def report(self) -> list[dict[str, Any]]:
        """The deaths before this process, for the run's report."""
        deaths = self._life.deaths if self._life else []
        told: list[dict[str, Any]] = [
            {"why": d.why, "where": d.where, "stack": d.stack} for d in deaths
        ]
        if told:
            told[-1]["restart_ms"] = self.restart_ms
        return told

    def _beat(self, frames: int, busy: bool) -> None:
        assert self._life is not None
        limit = self._runtime.call_limits.seconds if busy and self._runtime is not None else 0.0
        self._life.logbook.beat(frames, limit)

    def _enter(self, script: str, entry: str) -> None:
        assert self._life is not None
        if not entry:
            self._life.logbook.doing(None)
            return
        record = self._records.get((script, entry))
        if record is None:
            record = self._records[script, entry] = record_of(Doing("frame", script, entry))
        self._life.logbook.doing(record)

    def _evaluate(self, what: Activity | None) -> None:
        assert self._life is not None
        doing = Doing.form(what.kind, what.file, what.text, what.line) if what else None
        self._life.logbook.doing(record_of(doing) if doing else None)


def _keep_last_words(file: int) -> None:
    """Have a fault that nobody takes written to `file`, without a word on the terminal."""
    if hasattr(_support, "set_crash_fd"):
        _support.set_crash_fd(file)  # with the C++ stack
        return
    for number in _FAULTS:
        signal.signal(number, signal.SIG_DFL)  # instead of ROOT's handlers, which start a debugger
    faulthandler.enable(os.fdopen(os.dup(file), "w"), all_threads=True)


def _shown(doing: Doing) -> str:
    if doing.kind == "frame":
        return doing.name
    head = " ".join(doing.name.split())
    return head if len(head) <= 100 else head[:99] + "…"


def _left_out_text(doing: Doing) -> str:
    return "left out: the app died while this form was evaluated; change it to have it tried again"
