"""What threads evaluate right now, for whoever wants to know what this process died of."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from runtime.errors import RuntimeFault, Span


@dataclass(frozen=True, slots=True)
class Activity:
    """A form that a thread loads or evaluates: its file, text and line."""

    kind: str  # "load" or "eval"
    file: str
    text: str
    line: int


_left_out: dict[str, str] = {}


def leave_out(forms: dict[str, str]) -> None:
    """Do not load forms with these digests, in any file: each with the reason, which becomes its error."""
    _left_out.update(forms)


def left_out(text: str, span: Span) -> None:
    """Raises RuntimeFault where a form is not to be loaded."""
    if _left_out and (why := _left_out.get(digest_of(text))):
        raise RuntimeFault(why, span)


Tell = Callable[[Activity | None], object]  # called on the thread that begins or ends something
_thread = threading.local()


def digest_of(text: str) -> str:
    """What a form is told by from one process to the next."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _nobody(_: Activity | None) -> None:
    pass


_tell: Tell = _nobody


def follow(tell: Tell | None) -> None:
    """Have every beginning and end told: what the thread evaluates from then on, None for nothing.

    With None nobody is told any more, and nothing is left out.
    """
    global _tell
    _tell = tell or _nobody
    if tell is None:
        _left_out.clear()


@contextmanager
def evaluating(kind: str, file: str, text: str, line: int) -> Iterator[None]:
    """Around the evaluation of a form."""
    if _tell is _nobody:
        yield
        return
    before: Activity | None = getattr(_thread, "now", None)
    _thread.now = Activity(kind, file, text, line)
    _tell(_thread.now)
    try:
        yield
    finally:
        _thread.now = before
        _tell(before)
