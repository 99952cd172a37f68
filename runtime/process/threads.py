"""What runs beside the frames: futures, agents' actions, evaluations, loads; and how those failed that nobody
asked."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from runtime.native import _support
from runtime.process.gil import beside_frames
from runtime.process.interruption import CallLimits, interrupt, limited

UNSEEN_S = 1.0  # so long nobody asks for a failed future before it becomes a problem
FUTURE, AGENT, EVAL, LOAD, BUILD = "future", "agent", "eval", "load", "build"


@dataclass(eq=False, slots=True)
class Running:
    """Something that runs on a thread. `since` is seconds of `time.perf_counter`."""

    kind: str
    what: str
    cancel: Callable[[], object]
    since: float = field(default_factory=time.perf_counter)


_running: dict[int, Running] = {}


def running() -> list[tuple[int, Running]]:
    """All that runs now, the longest first, each with the number by which it is cancelled."""
    return sorted(_running.copy().items(), key=lambda item: item[1].since)


def cancel(number: int) -> None:
    """Ask what has that number to stop, if it still runs."""
    found = _running.get(number)
    if found is not None:
        found.cancel()


@contextmanager
def listed(kind: str, what: str, cancel: Callable[[], object] | None = None) -> Iterator[None]:
    """Has what this thread does meanwhile listed. It is interrupted where `cancel` does nothing else."""
    thread = threading.get_ident()
    entry = Running(kind, what, cancel or (lambda: interrupt(thread)))
    _running[id(entry)] = entry
    try:
        yield
    finally:
        del _running[id(entry)]


@contextmanager
def beside(kind: str, what: str, cancel: Callable[[], object] | None = None) -> Iterator[None]:
    """The same for a script's call on a thread of its own: it stands aside while a frame is drawn."""
    with limited(CallLimits()), beside_frames(), listed(kind, what, cancel):
        yield


# Python ends threads that want the GIL after its own end by unwinding them, which C++ does not survive. So
# they are asked to stop before (`interruption`), and what has not stopped by now stops where it is.
atexit.register(_support.end_threads)


def described(function: Any) -> str:
    """How the list calls a function: its name, and where it stands."""
    code = getattr(function, "code", None)
    span = getattr(getattr(code, "node", None), "span", None)
    name = getattr(code, "name", None) or getattr(function, "__name__", type(function).__name__)
    return f"{name}  {span.file}:{span.line}" if span is not None else str(name)


# --- failures that nobody asked for ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Failure:
    owner: weakref.ref[Any]
    error: BaseException
    at: float


_failures: dict[int, _Failure] = {}


def failed(owner: Any, error: BaseException) -> None:
    """A future's or agent's computation failed; who derefs it is told."""
    _failures[id(owner)] = _Failure(weakref.ref(owner), error, time.perf_counter())


def told(owner: Any) -> None:
    """Somebody was told of its failure."""
    _failures.pop(id(owner), None)


def unseen(now: float) -> list[BaseException]:
    """The errors of which nobody was told in time, or nobody can be told any more. Each is given once."""
    if not _failures:
        return []
    due = []
    for key, failure in list(_failures.items()):
        if failure.owner() is None or now - failure.at > UNSEEN_S:
            due.append(failure.error)
            _failures.pop(key, None)
    return due
