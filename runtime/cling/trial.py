"""C++ that may harm the process is tried in a copy of it: what that does not survive never comes here.

The copy is a forked child with one thread, which knows all that Cling was told so far. It declares the text,
static initialisers and all, and is thrown away. So a text that Clang rejects leaves no trace in this process
either: Cling's own way of taking one back spoils the templates that it was the first to use.

While frames are drawn, the copies are made of a twin in this process's stead, which declares whatever this
one does: frames notice nothing of it. Where the twin is behind, or may have gone another way, the copy is one
of this process. What was measured is in docs/trials.md.
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

    ACCEPTED, REJECTED, FAULT, ENDLESS, MEMORY, LEFT, UNTRIED, DOUBTFUL = range(8)


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


class _Order(ctypes.Structure):
    _fields_ = (
        ("declare", ctypes.c_void_p),
        ("id", ctypes.c_uint64),
        ("cpu_s", ctypes.c_double),
        ("wall_s", ctypes.c_double),
        ("more_bytes", ctypes.c_uint64),
    )


class _Verdict(ctypes.Structure):
    _fields_ = (
        ("how", ctypes.c_int),
        ("signal", ctypes.c_int),
        ("users", ctypes.c_int),
        ("thrown", ctypes.c_int),
        ("cpu_ms", ctypes.c_double),
    )


TWIN_MB = 512  # by which the twin may grow until it is made anew
PATIENCE_S = 0.1  # for a twin that is behind


class Trials:
    """Tries texts and libraries; blocks the thread without the GIL.

    `declare_once` is the address of a C function that declares a text and gives whether that was accepted,
    `declare` of one that gives Clang's words too.
    """

    def __init__(self) -> None:
        self.declare_once = 0
        self.declare = 0
        self.limits = TrialLimits()
        self.count = 0
        self.by_twin = 0  # of them
        self.beside_frames = False  # whether there is to be a twin
        self.twin = 0  # its process; the last one, where it is gone
        library = ctypes.CDLL(_support.__file__)
        self._trial: Any = library.ts_trial
        self._twin_trial: Any = library.ts_twin_trial
        self._twin_start: Any = library.ts_twin_start
        self._twin_end: Any = library.ts_twin_end
        self._follow: Any = library.ts_twin_follow
        self._open: Any = library.ts_trial_open
        self._open_after: Any = library.ts_follow_open
        self._free: Any = library.ts_trial_free
        self._free.argtypes = [ctypes.c_void_p]
        self._follow.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        self._free.restype = self._follow.restype = self._twin_end.restype = None

    def limit(self, **limits: float) -> None:
        """Set some of the limits anew."""
        self.limits = replace(self.limits, **limits)  # type: ignore[arg-type]

    def run(self, code: str, ident: int = 0) -> Tried:
        """Declare `code` in a copy of the process. With `ident`, what it submits by that number is given
        back as lines of text. Only for the thread that owns Cling."""
        self.keep_twin()
        return self._tried(ctypes.c_void_p(self.declare_once), code, ident)

    def open(self, library: str) -> Tried:
        """Load a shared library in a copy of the process. For any thread."""
        return self._tried(self._open, library, 0)

    def keep_twin(self) -> None:
        """Have a twin, where one is wanted. Only for the thread that owns Cling, and before a declaration."""
        if self.beside_frames:
            self.twin = int(self._twin_start(ctypes.c_uint64(TWIN_MB << 20)))

    def declared(self, code: str, accepted: bool) -> None:
        """This process has declared `code`."""
        self._follow(self.declare, code.encode(), accepted)

    def opened(self, library: str) -> None:
        """This process has loaded a shared library."""
        self._follow(ctypes.cast(self._open_after, ctypes.c_void_p), library.encode(), True)

    def end_twin(self) -> None:
        """There is to be no twin any more."""
        self.beside_frames = False
        self._twin_end()

    def _tried(self, work: Any, text: str, ident: int) -> Tried:
        words, length = ctypes.c_void_p(), ctypes.c_uint64()
        order = _Order(
            ctypes.cast(work, ctypes.c_void_p),
            ident,
            self.limits.cpu_s,
            self.limits.wall_s,
            int(self.limits.grown_mb) << 20,
        )
        found = _Verdict()
        said = (ctypes.byref(found), ctypes.byref(words), ctypes.byref(length))
        self.count += 1
        code, how = text.encode(), How.DOUBTFUL
        if self.beside_frames:
            patience = ctypes.c_double(PATIENCE_S)
            how = How(self._twin_trial(ctypes.byref(order), code, *said, patience))
        if how is How.DOUBTFUL:
            how = How(self._trial(ctypes.byref(order), code, *said))
        else:
            self.by_twin += 1
        text_ = ctypes.string_at(words.value or 0, length.value) if words else b""
        self._free(words)
        before, _, after = text_.partition(b"\0")
        return Tried(
            how,
            before.decode(errors="replace"),
            after.decode(errors="replace").removeprefix("\n"),
            found.signal,
            bool(found.users),
            found.cpu_ms,
        )
