"""Faults inside C++ that a script called, as exceptions: what happened, where in C++, which call it was.

`runtime/native/guard.cpp` takes the thread out of the C++ and calls `_fault` here. The call site is closed
from then on: `_closed` is what calling it again says, until its form is evaluated again.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any
from weakref import WeakSet

from runtime.events import EventLog, FaultContained
from runtime.native import _support

LEVELS = ("off", "signals", "process")  # process: a supervisor starts a lost process again, too

_NAMES = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGFPE: "arithmetic trap",
    signal.SIGABRT: "abort",
    signal.SIGTRAP: "trap",
}
_FPE_INTDIV = 1  # of `siginfo_t.si_code`
# llvm's SanitizerHandler, counted from 1 as `fault.trap` does, for the checks that the app switches on
_TRAPS = {
    2: "a place that can never be reached was reached",
    4: "integer division by zero or overflow",
    12: "the end of a function that returns a value was reached",
}
_ALLOCATOR = ("free()", "malloc", "double free", "corrupted", "realloc()", "munmap_chunk")
MOST_SHOWN = 12  # C++ frames
_OWN = Path(_support.__file__)
_ENDS = ("abort", "gsignal", "std::terminate()")  # what every abort passes through


class CppFault(Exception):
    """C++ faulted. `frames` are the C++ functions between the fault and the call, innermost first.

    `damaged` says that memory may be: what else there is can be wrong from now on.
    """

    def __init__(self, text: str, frames: tuple[str, ...], damaged: bool) -> None:
        super().__init__(text)
        self.frames = frames
        self.damaged = damaged


class ClosedSite(Exception):
    """A call that was not made, because C++ faulted there before."""


_logs: WeakSet[EventLog] = WeakSet()
_damaged = False


def tell(events: EventLog) -> None:
    """Have every fault of the process noted in `events`."""
    _logs.add(events)


def tell_no_more(events: EventLog) -> None:
    """Its runtime is closed."""
    _logs.discard(events)


def damaged() -> bool:
    """Whether C++ has faulted in a way that may have left memory damaged."""
    return _damaged


def install(level: str) -> None:
    """Take faults from now on; at "off" the signals are as they were.

    Raises ValueError for an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"the guard is one of {', '.join(LEVELS)}, not {level!r}")
    global _level
    _level = level
    _support.set_guard_hooks(_fault, _closed)
    _support.install_guards(level != "off")


_level = "off"


def enabled() -> bool:
    """Whether code is to be guarded."""
    return _level != "off"


def reinstall() -> None:
    """Take the signals again: ROOT's own handlers are in force when it has been loaded."""
    _support.install_guards(enabled())


def _fault(
    site: _support.CallSite,
    number: int,
    code: int,
    address: int,
    overflow: bool,
    trap: int,
    text: str,
    frames: list[tuple[int, str, str]],
) -> tuple[CppFault, str]:
    what = _what(number, code, address, overflow, trap, text)
    called = f" in {site.label}" if site.label else " in C++"
    global _damaged
    wild = number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL) and not overflow
    harm = wild or (number == signal.SIGABRT and text.startswith(_ALLOCATOR))
    error = CppFault(what[0] + called + what[1], _shown(frames), harm)
    _damaged = _damaged or harm
    told = FaultContained(what=str(error), frames=error.frames, damaged=harm)
    for events in list(_logs):
        events.add(told)
    return error, f"{site.label} is closed after {_article(what[0])}{what[1]}"


def _what(
    number: int, code: int, address: int, overflow: bool, trap: int, text: str
) -> tuple[str, str]:
    """The kind of fault, and its particulars."""
    if number == 0:
        return "exit", f": {text}"
    if overflow:
        return "stack overflow", ""
    if number == signal.SIGFPE and code == _FPE_INTDIV:
        return "integer division by zero or overflow", ""
    if number == signal.SIGILL and trap in _TRAPS:
        return _TRAPS[trap], ""
    name = _NAMES.get(signal.Signals(number), f"signal {number}")
    if number in (signal.SIGSEGV, signal.SIGBUS):
        return name, f", at address {address:#x}" if code > 0 else ""
    return name, f": {text}" if text else ""


def _article(what: str) -> str:
    if what.startswith(("the ", "exit", "integer")):
        return what
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}" if not what.startswith("a ") else what


def _closed(site: _support.CallSite, why: str) -> ClosedSite:
    return ClosedSite(why)


def _shown(frames: list[tuple[int, str, str]]) -> tuple[str, ...]:
    """The C++ frames for people: those whose names are known."""
    named = [
        f"{symbol} ({Path(file).name})"
        for _, symbol, file in frames
        if symbol and Path(file) != _OWN and symbol not in _ENDS
    ]
    return tuple(dict.fromkeys(named))[:MOST_SHOWN]


def notes_of(error: Any) -> tuple[str, ...]:
    """What to say beside an error of a fault."""
    if not isinstance(error, CppFault):
        return ()
    stack = (f"in C++: {' ← '.join(error.frames)}",) if error.frames else ()
    harm = "memory may be damaged; " if error.damaged else ""
    return (*stack, f"{harm}the call is closed until its form or its C++ changes")
