"""The errors that still stand: of loading a script, until it loads; of its frames, until one goes well."""

from __future__ import annotations

from runtime.errors import LispError
from runtime.events import EventLog, Fault
from runtime.info import Problem

LOAD, FRAME = "load", "frame"


class Problems:
    """A runtime's standing errors. The same error again only counts; a new one is an event."""

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._standing: dict[tuple[str, str, str], Problem] = {}

    def all(self) -> list[Problem]:
        """The errors that still stand, in order of appearance."""
        return list(self._standing.values())

    def add(self, script: str, kind: str, error: LispError) -> None:
        """Record an error of a script; `kind` is LOAD or FRAME. Its Lisp stack stays, Python's goes."""
        _let_go(error)
        key = (script, kind, f"{error.span} {error.message}")
        old = self._standing.get(key)
        self._standing[key] = Problem(script, error, old.count + 1 if old else 1)
        if old is None:
            self._events.add(Fault(error=error, source=script))

    def drop(self, script: str, kind: str) -> None:
        """A script's errors of one kind no longer stand."""
        for key in [k for k in list(self._standing) if k[0] == script and k[1] == kind]:
            self._standing.pop(key, None)


def _let_go(error: BaseException) -> None:
    """Drop the tracebacks: they keep the values of the failed calls alive, and the functions' code."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
