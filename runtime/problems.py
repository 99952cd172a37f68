"""The errors that still stand: of loading a script, until it loads; of its frames, until one goes well; of
threads that nobody asked, until the file that they run is loaded again."""

from __future__ import annotations

import re

from runtime.errors import LispError
from runtime.events import EventLog, Fault
from runtime.snapshots import Problem

LOAD, FRAME, THREAD = "load", "frame", "thread"


# What differs between two reports of one problem: counters, addresses, generated names.
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[-+]?\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?")
_MOST_TEXT = 2_000  # characters of a message that tell problems apart
MOST_STANDING = 1_000  # problems kept of one script; a newer one takes the oldest one's place

Key = tuple[str, str, str]


class Problems:
    """A runtime's standing errors. The same error again only counts; a new one is an event.

    The same: of one script and kind, at one place, with one text but for the numbers in it. Adding one costs
    the same however many stand.
    """

    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._standing: dict[Key, Problem] = {}
        self._of: dict[tuple[str, str], dict[Key, None]] = {}  # keys by script and kind, in order
        self.version = 0  # goes up with every change

    def all(self) -> list[Problem]:
        """The errors that still stand, in order of appearance."""
        return list(self._standing.values())

    def add(self, script: str, kind: str, error: LispError) -> None:
        """Record an error of a script; Its Lisp stack stays, Python's goes."""
        _let_go(error)
        key = _key(script, kind, error)
        self.version += 1
        old = self._standing.get(key)
        self._standing[key] = Problem(script, error, old.count + 1 if old else 1)
        if old is not None:
            return
        own = self._of.setdefault((script, kind), {})
        own[key] = None
        if len(own) > MOST_STANDING:
            oldest = next(iter(own))
            del own[oldest]
            self._standing.pop(oldest, None)
        self._events.add(Fault(error=error, source=script))

    def drop(self, script: str, kind: str) -> None:
        """A script's errors of one kind no longer stand."""
        for key in list(self._of.pop((script, kind), ())):
            self._standing.pop(key, None)
            self.version += 1


def _key(script: str, kind: str, error: LispError) -> Key:
    text = _CHANGING.sub("#", error.message[:_MOST_TEXT])
    return script, kind, f"{error.span} {text}"


def _let_go(error: BaseException) -> None:
    """Drop the tracebacks: they keep the values of the failed calls alive, and the functions' code."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
