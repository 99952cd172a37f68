"""C++ that may harm the process is tried in a copy of it: what that does not survive never comes here.

The copy is a forked child with one thread, which knows all that Cling was told so far. It declares the text,
static initialisers and all, and is thrown away. So a text that Clang rejects leaves no trace in this process
either: Cling's own way of taking one back spoils the templates that it was the first to use.

What was measured is in docs/trials.md.
"""

from __future__ import annotations

import ctypes
import signal
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from runtime.native import _support


class How(IntEnum):
    """How a trial ended; the numbers of runtime/native/trial.cpp."""

    ACCEPTED, REJECTED, FAULT, ENDLESS, MEMORY, LEFT, UNTRIED = range(7)


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """What a text may take: seconds of CPU, seconds in all (it may wait for something), MB of memory."""

    cpu_s: float = 20.0
    wall_s: float = 60.0
    grown_mb: int = 2048


@dataclass(frozen=True, slots=True)
class Tried:
    """How a text did. `words` are Clang's, `answers` what was submitted by it, one a line.

    `users` is whether what stopped it was its own code, a static initialiser, and not Clang.
    """

    how: How
    words: str = ""
    answers: str = ""
    signal: int = 0
    users: bool = False
    cpu_ms: float = 0.0

    @property
    def harm(self) -> str:
        """What would have become of this process, in a sentence; empty where nothing would."""
        whose = "a static initialiser" if self.users else "Clang"
        match self.how:
            case How.FAULT if self.users:
                return f"a static initialiser of it {_FAULTS.get(self.signal, 'faults')}"
            case How.FAULT:
                return "Clang faults on this"
            case How.ENDLESS if self.users:
                return "a static initialiser of it does not end"
            case How.ENDLESS:
                return (
                    "Clang does not end on this: a template or constexpr that goes on without end?"
                )
            case How.MEMORY:
                return f"{whose} takes more memory than a text may"
            case How.LEFT:
                return f"it ends the process, with exit code {self.signal}"
        return ""

    @property
    def harm_of_library(self) -> str:
        """The same of a library that was loaded: all that runs then are its initialisers."""
        return replace(self, users=True).harm


_FAULTS: dict[int, str] = {
    signal.SIGSEGV: "faults: a null or wild pointer, or a stack that overflows",
    signal.SIGBUS: "faults: a bus error",
    signal.SIGILL: "faults: an illegal instruction",
    signal.SIGTRAP: "faults: a trap",
    signal.SIGFPE: "faults: an arithmetic error, like a division by zero",
    signal.SIGABRT: "aborts",
}


class Trials:
    """Tries texts and libraries; blocks the thread without the GIL.

    `declare` is the address of a C function that declares a text and gives whether that was accepted.
    """

    def __init__(self) -> None:
        self.declare = 0
        self.limits = TrialLimits()
        self.count = 0
        library = ctypes.CDLL(_support.__file__)
        self._run: Any = library.ts_trial
        self._open: Any = library.ts_trial_open
        self._free: Any = library.ts_trial_free
        self._free.argtypes = [ctypes.c_void_p]
        self._free.restype = None

    def limit(self, **limits: float) -> None:
        """Set some of the limits anew."""
        self.limits = replace(self.limits, **limits)  # type: ignore[arg-type]

    def run(self, code: str, ident: int = 0) -> Tried:
        """Declare `code` in a copy of the process. With `ident`, what it submits by that number is given
        back as lines of text. Only for the thread that owns Cling."""
        return self._tried(ctypes.c_void_p(self.declare), code, ident)

    def open(self, library: str) -> Tried:
        """Load a shared library in a copy of the process. For any thread."""
        return self._tried(self._open, library, 0)

    def _tried(self, work: Any, text: str, ident: int) -> Tried:
        words, length = ctypes.c_void_p(), ctypes.c_uint64()
        number, users, spent = ctypes.c_int(), ctypes.c_int(), ctypes.c_double()
        self.count += 1
        how = How(
            self._run(
                work,
                ctypes.c_char_p(text.encode()),
                ctypes.c_uint64(ident),
                ctypes.c_double(self.limits.cpu_s),
                ctypes.c_double(self.limits.wall_s),
                ctypes.c_uint64(int(self.limits.grown_mb) << 20),
                ctypes.byref(words),
                ctypes.byref(length),
                ctypes.byref(number),
                ctypes.byref(users),
                ctypes.byref(spent),
            )
        )
        said = ctypes.string_at(words.value or 0, length.value) if words else b""
        self._free(words)
        before, _, after = said.partition(b"\0")
        return Tried(
            how,
            before.decode(errors="replace"),
            after.decode(errors="replace").removeprefix("\n"),
            number.value,
            bool(users.value),
            spent.value,
        )
