"""How a process ended that should not have, in words."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.process.logbook import Doing

_NAMES = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGBUS: "a bus error",
    signal.SIGILL: "an illegal instruction",
    signal.SIGFPE: "an arithmetic trap",
    signal.SIGABRT: "an abort",
    signal.SIGKILL: "SIGKILL, by hand or because memory ran out",
}
MOST_FRAMES = 24


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a process. `signal` is 0 where C++ ended it with exit code `code`.

    `at` is when, in seconds of `time.monotonic`. `blamed` is what it evaluated, `report` what its own
    signal handler could still write: the reason, then the stack.
    """

    signal: int
    code: int
    at: float
    hung: float = 0.0  # seconds without progress, after which its parent ended it
    blamed: Doing | None = None
    report: str = ""
    session: dict[str, Any] | None = None

    @property
    def why(self) -> str:
        """The cause, to be read after "because of"."""
        if self.hung:
            return f"a frame that made no progress for {self.hung:.0f} s"
        if not self.signal:
            return f"C++ that ended the process with exit code {self.code}"
        name = signal.Signals(self.signal).name
        told = _NAMES.get(signal.Signals(self.signal), name)
        return told if name in told else f"{told} ({name})"

    @property
    def stack(self) -> list[str]:
        """The C++ stack that the report gives, innermost frame first."""
        lines = [line.strip() for line in self.report.splitlines()]
        return [line for line in lines if line.startswith("0x")][:MOST_FRAMES]

    @property
    def where(self) -> str:
        """What ran, in a few words."""
        doing = self.blamed
        if doing is None:
            return "outside of what scripts define"
        if doing.kind == "frame":
            return f"in {doing.name}"
        head = " ".join(doing.name.split())
        shown = head if len(head) <= 60 else head[:59] + "…"
        place = f"{Path(doing.script).name}:{doing.line}" if doing.line else doing.script
        return f"while {shown} was evaluated ({place})"

    @property
    def is_left_out(self) -> bool:
        """Whether the next process does without what is blamed: an evaluation is not repeated anyway."""
        return self.blamed is not None and self.blamed.kind in ("load", "frame")


def blamed(last: list[tuple[int, Doing]], report: str) -> Doing | None:
    """Which of the things evaluated at the end is to blame. A report that names its thread decides: what died
    on a thread that is not Lisp's is nobody's there, nor is what another process sent. Without a report
    (SIGKILL), one of two cannot be blamed: who does it again will be alone sooner or later."""
    for line in report.splitlines():
        if line.startswith("sent by process "):
            return None
        for start in ("Current thread 0x", "thread 0x"):  # Python's fault handler's words, and ours
            if line.startswith(start):
                thread = int(line[len(start) :].split()[0].rstrip(":"), 16)
                return next((doing for ident, doing in last if ident == thread), None)
    if "Thread 0x" in report:  # Python's threads are listed, and it was none of them
        return None
    return last[0][1] if len(last) == 1 else None
