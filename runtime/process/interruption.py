"""Calls into scripts end when they are asked to: limits of time and memory, Ctrl-C, `interrupt`.

`limited` is around every call of a script. The watchdog (native/interrupt.cpp) asks the thread to stop,
and what runs raises `Interrupted` at the next loop's round or call. Python code of core is reached by
Python's own means: a signal on the main thread, an asynchronous exception elsewhere, and only where that
breaks nothing (`may_raise`). What waits does so in slices (`wait`). `Interrupted` is no `Exception`: a
script's `catch` does not see it, and its `finally` has half as long again.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from types import FrameType
from typing import Any, Protocol

from runtime.native import _support

SLICE_S = 0.05  # of waiting, between two looks at whether to stop
LAST_WORDS_S = 1.0  # for threads, when the program ends
GB = 1 << 30


class Reason(IntEnum):
    """Why a call is ended, as the watchdog numbers it."""

    NOTHING = 0
    TOO_LONG = 1
    TOO_MUCH_MEMORY = 2
    BY_USER = 3
    BY_END = 4


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call of a script may take; 0 for no limit."""

    seconds: float = 0.0
    memory: int = 0  # bytes by which the process may grow


APP_LIMITS = CallLimits(2.0, GB)


class Interrupted(BaseException):
    """Ends a call. Made without arguments, it tells why the thread that makes it was asked to stop."""

    def __init__(self, text: str | None = None) -> None:
        if text is None:
            reason, seconds, memory = _support.take_request()
            text = _text(Reason(reason), seconds, memory)
            self.reason = Reason(reason)
            self.expected = _expected(self.reason, seconds)
        else:
            self.reason, self.expected = Reason.BY_USER, ""
        super().__init__(text)


def _text(reason: Reason, seconds: float, memory: int) -> str:
    match reason:
        case Reason.TOO_LONG:
            return f"interrupted after {seconds:g} s"
        case Reason.TOO_MUCH_MEMORY:
            return f"interrupted: memory grew by more than {_size(memory)}"
        case Reason.BY_END:
            return "interrupted: the program ends"
    return "interrupted by the user"


def _expected(reason: Reason, seconds: float) -> str:
    if reason is Reason.TOO_LONG:
        return f"a call that ends within {seconds:g} s, the limit (--limit)"
    return "a call that needs less memory" if reason is Reason.TOO_MUCH_MEMORY else ""


def _size(bytes_: int) -> str:
    return f"{bytes_ / GB:g} GB" if bytes_ >= GB else f"{bytes_ / (1 << 20):g} MB"


# What a call of a script may end with: what `except` has to name where errors are made of it.
SCRIPT_ERRORS = (Exception, Interrupted)


@contextmanager
def limited(limits: CallLimits) -> Iterator[None]:
    """A call of a script. Inside another one that has limits, those of the outer one hold."""
    token = _support.begin_watch(limits.seconds, limits.memory)
    try:
        yield
    finally:
        _support.end_watch(token)


@contextmanager
def not_counted() -> Iterator[None]:
    """Waiting that is not the script's own: for a compiler."""
    ran = _support.stop_clock()
    try:
        yield
    finally:
        if ran:
            _support.start_clock()


def interrupt(thread: int | None = None, reason: Reason = Reason.BY_USER) -> int:
    """Ask the calls on a thread (`threading.get_ident`; None: on all) to stop; how many there are."""
    return _support.request(thread, int(reason))


class Waitable(Protocol):
    """What `threading.Event` and its like can do."""

    def wait(self, timeout: float | None = None) -> bool: ...


def wait(event: Waitable, seconds: float | None = None) -> bool:
    """`event.wait(seconds)` that gives way to an interruption."""
    return wait_for(event.wait, seconds)


class Lock(Protocol):
    """What locks have."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...


def acquire(lock: Lock) -> None:
    """`lock.acquire()` that gives way to an interruption."""
    if not lock.acquire(False):
        wait_for(lambda slice_s: lock.acquire(True, slice_s))


def wait_for(step: Callable[[float], Any], seconds: float | None = None) -> bool:
    """Call `step(seconds of a slice)` until it is true or the time is over; whether it was."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        _support.check()
        left = SLICE_S if end is None else end - time.monotonic()
        if step(max(0.0, min(SLICE_S, left))):
            return True
        if left <= 0:
            return False


# --- Python code, which tests nothing itself -----------------------------------------------------

_RUNTIME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OPEN = tuple(
    os.path.join(_RUNTIME, part) for part in ("core" + os.sep, os.path.join("tiers", "interpreter"))
)
# What runs on top of a script there are handlers of signals: one that is left half-way lost its signal.
_ABOVE = tuple(os.path.join(os.path.dirname(_RUNTIME), room) + os.sep for room in ("app", "panels"))
_CLOSED_MODULES = frozenset({"threading", "concurrent", "queue", "importlib", "_thread", "signal"})


def may_raise(frame: FrameType | None) -> bool:
    """Whether an exception out of nowhere in that frame leaves only a script's own state half done.

    So it is in core and in tier 0's closures, and in what they call of the standard library. It is not in
    the rest of the runtime, nor inside of locks.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_RUNTIME):
            return file.startswith(_OPEN)
        if file.startswith(_ABOVE):
            return False
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in _CLOSED_MODULES:
            return False
        frame = frame.f_back
    return False


def _on_signal(_number: int, frame: FrameType | None) -> None:
    if _support.is_requested() and may_raise(frame):
        raise Interrupted


def _deliver(fd: int) -> None:
    """The thread that has other threads' Python code raise."""
    while True:
        os.eventfd_read(fd)
        frames = sys._current_frames()
        for thread in _support.requested():
            if thread in frames and may_raise(frames[thread]):
                _support.deliver(thread, Interrupted)
        del frames


def _end_all() -> None:
    """At the interpreter's end: its way of ending threads does not agree with C++."""
    own = threading.get_ident()
    last = time.monotonic() + LAST_WORDS_S
    while time.monotonic() < last:
        if all(thread == own for thread, _ in _support.watched()):
            return
        interrupt(reason=Reason.BY_END)
        time.sleep(0.005)


_started = threading.Lock()
_fd = -1


def start() -> None:
    """Start the watchdog, once; where this is the main thread, have it reach that too."""
    global _fd
    with _started:
        if threading.current_thread() is threading.main_thread():
            signal.signal(_support.ATTEND_SIGNAL, _on_signal)
        if _fd >= 0:
            return
        _fd = os.eventfd(0, os.EFD_CLOEXEC)
        _support.start_watchdog(_fd, Interrupted)
        atexit.register(_end_all)
        threading.Thread(target=_deliver, args=(_fd,), name="interruption", daemon=True).start()


def listen_to_signals() -> None:
    """Let Ctrl-C and SIGTERM end what runs, even where it keeps the main thread from any Python.

    The handlers of these signals run afterwards, and `_support.signalled` tells them how many calls ended.
    """
    start()
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    _support.listen_to_signals(reading)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
