"""The Cling session: one thread owns Cling and compiles without the GIL; everyone else queues.

Cling is one per process, so this is too: `session()` starts it on first use. Nothing here knows Lisp;
diagnostics come back as data whose file and line are whatever the code's `#line` directives said.
"""

from __future__ import annotations

import ctypes
import itertools
import queue
import re
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.cling.diagnostics import Diagnostic, parse_diagnostics
from runtime.cling.forwarding import forwarding
from runtime.interruption import not_counted
from runtime.memory import rss_mb
from runtime.native import _support

NATIVE = Path(_support.__file__).parent

UNOPTIMISED = "#pragma cling optimize(0)"  # as the first line of a transaction
URGENT, BACKGROUND = 0, 1  # questions and stubs overtake tier-ups that wait

_BOOTSTRAP = r"""
#include <sys/mman.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string>
// Declares code; what is written to standard error meanwhile is returned, to be freed by `ts_free`.
extern "C" int ts_declare(char const* code, char** words) {
  fflush(stderr);
  int const kept = dup(2), file = memfd_create("diagnostics", 0);
  dup2(file, 2);
  int ok = 0;
  std::string thrown;
  try { ok = gInterpreter->Declare(code); }
  catch(std::exception const& e) {
    thrown = std::string("<static initialiser>:0:0: error: ") + e.what() + "\n";
  }
  catch(...) { thrown = "<static initialiser>:0:0: error: an exception of unknown type\n"; }
  fflush(stderr);
  std::string text;
  char buffer[4096];
  lseek(file, 0, SEEK_SET);
  for(ssize_t n; (n = read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, n);
  // Code that lacks a symbol takes with it every template and inline function it was compiled with: take
  // it back, so that the next to need them compiles them anew.
  // Its static initialiser would be tried once more, in the place of the next transaction's.
  if(text.find("Failed to materialize") != std::string::npos) {
    gInterpreter->ProcessLine(".undo 1");
    static int failures = 0;
    auto const again = "static int const ts_failure" + std::to_string(++failures) + " = getpid();";
    gInterpreter->Declare(again.c_str());
  }
  fflush(stderr);
  dup2(kept, 2);
  close(kept);
  close(file);
  text += thrown;
  *words = strdup(text.c_str());
  return ok && thrown.empty();
}
extern "C" void ts_free(char* words) { free(words); }
"""

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

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")


@dataclass(order=True)
class _Job:
    priority: int
    serial: int
    code: str = field(compare=False)
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
        self._declare: Any = None
        self._after_unoptimised = False
        self._thread = threading.Thread(target=self._own, name="cling", daemon=True)
        threading.stack_size(64 << 20)  # Clang recurses deeply on nested expressions
        try:
            self._thread.start()
        finally:
            threading.stack_size(0)

    # --- used from any thread ---------------------------------------------------------------------

    def submit(self, code: str, priority: int = URGENT) -> Future[Declared]:
        """Queue a transaction. The future's result never raises for rejected C++: look at `ok`."""
        done: Future[Declared] = Future()
        self._jobs.put(_Job(priority, next(self._serial), code, done))
        return done

    def declare(
        self,
        code: str,
        priority: int = URGENT,
        patience_s: float | None = None,
        impatient: Callable[[], object] = lambda: None,
    ) -> Declared:
        """Queue a transaction and wait for it. `impatient` is called once when Cling has worked on it for
        more than `patience_s` seconds (and less than twice as many): nothing can interrupt it.
        """
        done = self.submit(code, priority)
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
        library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        self._libraries.append(library)
        if users:
            forwarding.add(Path(path), library)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing compiles."""
        return self._jobs.empty() and not self._busy

    # --- the owning thread ------------------------------------------------------------------------

    def _own(self) -> None:
        try:
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
                    job.done.set_result(self._run(job.code))
                except BaseException as error:
                    job.done.set_exception(error)
            self._busy = 0

    def _start(self) -> None:
        import cppyy

        cppyy.cppdef(_BOOTSTRAP)
        address = int(cppyy.gbl.gInterpreter.Calc("(long)&ts_declare"))
        free = int(cppyy.gbl.gInterpreter.Calc("(long)&ts_free"))
        self._declare = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)
        )(address)
        self._free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(free)
        self.load_library(_support.__file__)
        gbl = cppyy.gbl.gInterpreter
        gbl.AddIncludePath(sysconfig.get_paths()["include"])
        # By its path: a folder of ours on the include path would hide users' headers of the same names.
        done = self._run(f'#include "{NATIVE}/compiled.hpp"\n#include "{NATIVE}/baseline.hpp"\n')
        if not done.ok:
            raise RuntimeError(f"Cling rejects the support header: {done.diagnostics}")

    def _run(self, code: str) -> Declared:
        unoptimised = code.startswith(UNOPTIMISED)
        if self._after_unoptimised and not unoptimised:
            # The level holds for the transaction after it too, whatever that one says: loops ran there six
            # times slower. Unless an empty one stands between, which takes 0.1 ms.
            self._transact(";")
        self._after_unoptimised = unoptimised
        return self._transact(code)

    def _transact(self, code: str) -> Declared:
        words = ctypes.c_void_p()
        self.transactions += 1
        before = rss_mb()
        start = time.perf_counter()
        ok = bool(self._declare(code.encode(), ctypes.byref(words)))  # ctypes gives up the GIL here
        elapsed = (time.perf_counter() - start) * 1e3
        text = ctypes.string_at(words.value or 0).decode(errors="replace") if words else ""
        self._free(words)
        diagnostics, other = parse_diagnostics(text)
        if other and ok:
            sys.stderr.write(other)  # somebody else's words, caught while compiling
        if not ok and not any(d.severity == "error" for d in diagnostics):
            found = _UNRESOLVED.search(text)
            name = next((g for g in found.groups() if g), "") if found else ""
            message = f"unresolved symbol {name}" if name else (text.strip() or "rejected by Cling")
            diagnostics = (*diagnostics, Diagnostic("error", message))
        elif ok and (found := _UNRESOLVED.search(text)):
            name = next((g for g in found.groups() if g), "")
            ok = False
            diagnostics = (*diagnostics, Diagnostic("error", f"unresolved symbol {name}"))
        return Declared(ok, diagnostics, elapsed, rss_mb() - before)


_session: Session | None = None
_lock = threading.Lock()


def session() -> Session:
    """The process's Cling session, started on first use."""
    global _session
    with _lock:
        if _session is None:
            _session = Session()
        return _session
