"""The Cling session: one thread owns Cling and compiles without the GIL; everyone else queues.

Cling is one per process, so this is too: `session()` starts it on first use. Nothing here knows Lisp;
diagnostics come back as data whose file and line are whatever the code's `#line` directives said.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runtime.cling.diagnostics import Diagnostic, parse_diagnostics
from runtime.cling.forwarding import forwarding
from runtime.cling.start import start
from runtime.cling.trial import How, Trials
from runtime.native import _support
from runtime.process.gil import BesideFrames
from runtime.process.interruption import not_counted
from runtime.process.memory import machine_code_mb, rss_mb

UNOPTIMISED = "#pragma cling optimize(0)"  # as the first line of a transaction
LONG_MS = 50.0  # of CPU, for questions: from there on its instantiations are kept
URGENT, BACKGROUND = 0, 1  # questions and stubs overtake tier-ups that wait

_UNRESOLVED = re.compile(
    r"symbol '(.+?)' unresolved|Symbols not found: \[ (.*?) \]|undefined symbol: (\S+)"
)


@dataclass(frozen=True, slots=True)
class Declared:
    """The outcome of one transaction."""

    ok: bool
    diagnostics: tuple[Diagnostic, ...]
    compile_ms: float
    grown_mb: float = 0.0  # by how much the process's memory grew meanwhile
    answers: str | None = None  # of a question: what was submitted, one a line
    trial_ms: float = 0.0  # of CPU, in the copy
    traceless: bool = False  # rejected before Cling heard of it
    harm: str = ""  # what it would have done to the process, had it not been tried in a copy

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")


class HarmfulLibrary(OSError):
    """A library that would have ended the process when it was loaded."""


@dataclass(order=True)
class _Job:
    priority: int
    serial: int
    code: str = field(compare=False)  # to be declared; none where only the trial matters
    trial: str = field(compare=False)  # to be tried first, in a copy of the process
    ident: int = field(compare=False)  # the number under which the trial submits answers
    strict: bool = field(compare=False)  # what is undefined for sure is rejected
    done: Future[Declared] = field(compare=False)


class Session:
    """Cling, behind a queue. Use `session()` to get the process's only one."""

    def __init__(self) -> None:
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._serial = itertools.count()
        self._ids = itertools.count(1)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._libraries: list[ctypes.CDLL] = []
        self._busy = 0
        self.transactions = 0  # carried out so far, rejected ones too
        self.code_mb = 0.0  # of machine code when so many transactions were `_measured`
        self._measured = 0
        self._declare: Any = None
        self.trials = Trials()
        self._after_unoptimised = False
        self._thread = threading.Thread(target=self._own, name="cling", daemon=True)
        threading.stack_size(64 << 20)  # Clang recurses deeply on nested expressions
        try:
            self._thread.start()
        finally:
            threading.stack_size(0)

    # --- used from any thread ---------------------------------------------------------------------

    def measure(self) -> None:
        """Have `code_mb` say what is compiled now: milliseconds after a transaction, else nothing."""
        if self._measured != self.transactions:
            self._measured = self.transactions
            self.code_mb = machine_code_mb()

    def submit(
        self,
        code: str,
        priority: int = URGENT,
        trial: str = "",
        ident: int = 0,
        strict: bool = False,
    ) -> Future[Declared]:
        """Queue a transaction. The future's result never raises for rejected C++: look at `ok`.

        What `trial` says is tried first in a copy of the process. `code` is declared only when that was
        accepted; rejected here, it would spoil the templates that it is the first to use. `strict` rejects
        what Clang only warns of, but whose behaviour is undefined for sure.
        """
        done: Future[Declared] = Future()
        self._jobs.put(_Job(priority, next(self._serial), code, trial, ident, strict, done))
        return done

    def ask(self, code: str, ident: int) -> Declared:
        """Have code that submits answers under a number declared in a copy of the process, and wait."""
        with not_counted():
            return self.submit("", URGENT, code, ident).result()

    def declare(
        self,
        code: str,
        priority: int = URGENT,
        patience_s: float | None = None,
        impatient: Callable[[], object] = lambda: None,
        trial: str = "",
        strict: bool = False,
    ) -> Declared:
        """Queue a transaction and wait for it. `impatient` is called once when Cling has worked on it for
        more than `patience_s` seconds (and less than twice as many): nothing can interrupt it.
        """
        done = self.submit(code, priority, trial, strict=strict)
        with not_counted():
            while patience_s is not None:
                running = done.running()
                try:
                    return done.result(patience_s)
                except TimeoutError:
                    if running:
                        impatient()
                        break
            return done.result()

    def new_id(self) -> int:
        """A number no other transaction of this process uses, for `ts::submit`."""
        return next(self._ids)

    def add_include_dir(self, folder: Path) -> None:
        """Look for headers in `folder` from the next transaction on."""
        self.declare(f'#pragma cling add_include_path("{folder}")')

    def load_library(self, path: Path | str, users: bool = False) -> None:
        """Make a shared library's symbols known to compiled code; what the `users` own have is found too
        after their headers were declared again. Raises OSError with the loader's words."""
        if users and (harm := self.trials.open(str(path)).harm_of_library):
            raise HarmfulLibrary(harm)
        library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        self._libraries.append(library)
        self.trials.opened(str(path))
        if users:
            ctypes.CDLL(_support.__file__).ts_close_ways_out(ctypes.c_void_p(library._handle))
            forwarding.add(Path(path), library)

    def spare_frames(self, spare: bool = True) -> None:
        """Frames are drawn from now on, or no longer: what is tried first must not hold them up."""
        if not spare:
            self.trials.end_twin()
        elif not self.trials.beside_frames:
            self.trials.beside_frames = True
            self.submit(";", BACKGROUND)  # the twin is made before it

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing compiles."""
        return self._jobs.empty() and not self._busy

    # --- the owning thread ------------------------------------------------------------------------

    def _own(self) -> None:
        try:
            with BesideFrames():  # it waits for the GIL a few times, briefly
                self._start()
        except BaseException as error:  # whoever waits must learn of it
            self._failure = error
        while True:
            job = self._jobs.get()
            self._busy = 1
            if self._failure is not None:
                job.done.set_exception(self._failure)
            elif job.done.set_running_or_notify_cancel():
                try:
                    job.done.set_result(self._run(job.code, job.trial, job.ident, job.strict))
                except BaseException as error:
                    job.done.set_exception(error)
            self._busy = 0

    def _start(self) -> None:
        started = start()
        self._declare = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)
        )(started.declare)
        self._free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(started.free)
        self.trials.declare, self.trials.declare_once = started.declare, started.declare_once
        self._libraries.append(started.support)
        self.trials.opened(_support.__file__)

    def _run(self, code: str, trial: str = "", ident: int = 0, strict: bool = False) -> Declared:
        tried = self._try(trial, ident, strict) if trial else None
        if tried is None:
            return self._in_order(code or trial)
        if tried.ok and not code and tried.trial_ms > LONG_MS:
            self._in_order(trial)  # templates that took long are not instantiated again each time
        return self._in_order(code) if tried.ok and code else tried

    def _try(self, code: str, ident: int, strict: bool) -> Declared | None:
        """How a text does in a copy of the process; None where there can be none."""
        start = time.perf_counter()
        tried = self.trials.run(code, ident)
        elapsed = (time.perf_counter() - start) * 1e3
        if tried.how is How.UNTRIED:
            return None
        harm = tried.harm
        diagnostics, _ = parse_diagnostics(tried.words)
        if strict:
            diagnostics = tuple(map(_as_error, diagnostics))
        if harm:  # after what Clang said of it before
            diagnostics = (*diagnostics, Diagnostic("error", harm))
        accepted = tried.how is How.ACCEPTED and not (strict and any(map(_is_error, diagnostics)))
        ok, diagnostics = _outcome(accepted, diagnostics, tried.words)
        return Declared(
            ok,
            diagnostics,
            elapsed,
            answers=tried.answers if ok else None,
            trial_ms=tried.cpu_ms,
            traceless=not ok,
            harm=harm,
        )

    def _in_order(self, code: str) -> Declared:
        unoptimised = code.startswith(UNOPTIMISED)
        if self._after_unoptimised and not unoptimised:
            # The level holds for the transaction after it too, whatever that one says: loops ran there six
            # times slower. Unless an empty one stands between, which takes 0.1 ms.
            self._transact(";")
        self._after_unoptimised = unoptimised
        return self._transact(code)

    def _transact(self, code: str) -> Declared:
        words = ctypes.c_void_p()
        self.trials.keep_twin()
        self.transactions += 1
        before = rss_mb()
        start = time.perf_counter()
        ok = bool(self._declare(code.encode(), ctypes.byref(words)))  # ctypes gives up the GIL here
        elapsed = (time.perf_counter() - start) * 1e3
        text = ctypes.string_at(words.value or 0).decode(errors="replace") if words else ""
        self._free(words)
        self.trials.declared(code, ok)
        diagnostics, other = parse_diagnostics(text)
        if other and ok:
            sys.stderr.write(other)  # somebody else's words, caught while compiling
        ok, diagnostics = _outcome(ok, diagnostics, text)
        return Declared(ok, diagnostics, elapsed, rss_mb() - before)


def _is_error(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity == "error"


def _as_error(diagnostic: Diagnostic) -> Diagnostic:
    """What Clang warns of and is wrong wherever it runs; of a script's own text, also what may be right in a
    header because it is never come to."""
    message, _, flag = diagnostic.message.partition(" [-W")
    own = not os.path.isabs(diagnostic.file)
    certain = flag.endswith("division-by-zero]") or message.endswith("does not return a value")
    if certain or (own and flag.endswith("return-type]")):
        return replace(diagnostic, severity="error", message=message)
    return diagnostic


def _outcome(
    ok: bool, diagnostics: tuple[Diagnostic, ...], text: str
) -> tuple[bool, tuple[Diagnostic, ...]]:
    """Whether a text was accepted after all, and why not: a symbol may be missing, and Clang say nothing."""
    found = _UNRESOLVED.search(text)
    name = next((g for g in found.groups() if g), "") if found else ""
    if not ok and not any(d.severity == "error" for d in diagnostics):
        message = f"unresolved symbol {name}" if name else (text.strip() or "rejected by Cling")
        return False, (*diagnostics, Diagnostic("error", message))
    if ok and found:
        return False, (*diagnostics, Diagnostic("error", f"unresolved symbol {name}"))
    return ok, diagnostics


_session: Session | None = None
_lock = threading.Lock()


def session() -> Session:
    """The process's Cling session, started on first use."""
    global _session
    with _lock:
        if _session is None:
            _session = Session()
        return _session
