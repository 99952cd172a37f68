"""From text to running code, for a runtime: evaluates text at once, loads files and what changed of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any

from runtime.core.output import use_vars
from runtime.errors import LispError, Span
from runtime.loading.evaluating import InFrame, eval_form, eval_in_frames
from runtime.loading.file_pass import FilePass
from runtime.loading.records import FileState, Program
from runtime.loading.resolver import NamespaceResolver
from runtime.loading.transaction import Apply, CppChange, Transaction
from runtime.namespaces import CORE
from runtime.process.activity import evaluating
from runtime.process.collector import HeldBack
from runtime.reader import SpanTable, read_all

WAIT_S = 0.002


def here(run: Callable[[], None]) -> None:
    """Do what is to be done at a frame's start at once, on this thread."""
    run()


class LoadLock:
    """Lets one reload go on at a time. Whoever waits gives way to what the other needs of this thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: list[int] = []

    @contextmanager
    def held(self, give_way: Callable[[], None]) -> Iterator[bool]:
        """Hold it; gives whether this thread held it already."""
        me = get_ident()
        if me in self._holders:
            yield True
            return
        while not self._lock.acquire(timeout=WAIT_S):
            give_way()
        self._holders.append(me)
        try:
            yield False
        finally:
            self._holders.remove(me)
            self._lock.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """What another thread does for the one that holds it."""
        me = get_ident()
        self._holders.append(me)
        try:
            yield
        finally:
            self._holders.remove(me)


class Loader:
    """Reads and evaluates source text for a runtime. `wait` is called while another reload goes on."""

    def __init__(self, host: Any, wait: Callable[[], None]) -> None:
        self.host = host
        self.program = Program()
        self.roots: list[Path] = []  # the files that were not loaded because another requires them
        self._lock = LoadLock()
        self._wait = wait
        self._current: dict[int, Transaction] = {}
        self._apply: dict[int, Apply] = {}

    def value_of(self, name: str) -> Any:
        """What a dynamic var of clojure.core is on this thread."""
        return self.host.namespaces.ensure(CORE).vars[name].deref()

    # --- text -------------------------------------------------------------------------------------

    def eval_text(self, text: str | bytes, filename: str, line: int = 1, col: int = 1) -> Any:
        """The value of the last form. Raises LispError at the first form that fails."""
        use_vars(self.value_of)  # core is the process's: there may be other runtimes
        resolver = NamespaceResolver(self.host.namespaces)
        value: Any = None
        for read in read_all(text, filename, resolver, line=line, col=col):
            with evaluating("eval", filename, read.text, read.span.line):
                value = self.eval_form(read.form, read.span, read.table)
        return value

    def eval_form(self, form: Any, span: Span | None, table: SpanTable | None) -> Any:
        """Evaluate one top-level form now, on this thread. Raises LispError."""
        return eval_form(self.host, form, span, table)

    def eval_in_frames(
        self,
        text: str | bytes,
        filename: str,
        in_frame: InFrame,
        last: Callable[[Any], Any],
    ) -> Any:
        """The same prepared on this thread and run by `in_frame`; `last` of the value, called there."""
        use_vars(self.value_of)

        def apply(run: Callable[[], None]) -> None:
            in_frame(run)

        self._apply[get_ident()] = apply
        try:
            return eval_in_frames(self.host, text, filename, in_frame, last)
        finally:
            del self._apply[get_ident()]

    @property
    def apply(self) -> Apply:
        """How what this thread loads is put in force: at once, unless it says otherwise."""
        return self._apply.get(get_ident(), here)

    # --- files ------------------------------------------------------------------------------------

    @property
    def files(self) -> dict[Path, FileState]:
        """What is known of every file."""
        return self.program.files

    def current(self) -> Transaction | None:
        """The reload that this thread is about, if any."""
        return self._current.get(get_ident())

    def load(
        self,
        path: Path,
        apply: Apply,
        force: bool = False,
        root: bool = True,
        told: Callable[[list[FilePass], float], None] = lambda passes, at: None,
    ) -> list[FilePass]:
        """Load a file, or what changed of it since the last time, and all that depends on it.

        `apply` has something done at a frame's start. What fails keeps its old version; its errors are in the
        passes that are returned, that of the file itself first. `force` evaluates all of the file. `told`
        gets the same and the time (`time.perf_counter` seconds) as soon as all is in force.
        """
        with self._lock.held(self._wait):
            if root and path not in self.roots:
                self.roots.append(path)
            known = path in self.program.files
            paths = [*(self.roots if known else ()), path]
            forced = {path} if force and known else set()
            return self._carry_out(paths, {path}, forced, apply, told, None)

    def cpp_changed(
        self,
        change: CppChange,
        apply: Apply,
        told: Callable[[list[FilePass], float], None] = lambda passes, at: None,
    ) -> list[FilePass]:
        """Evaluate again what uses C++ that was declared again, and what depends on that. Else as `load`."""
        with self._lock.held(self._wait):
            return self._carry_out(list(self.roots), set(), set(), apply, told, change)

    def _carry_out(
        self,
        paths: list[Path],
        saved: set[Path],
        forced: set[Path],
        apply: Apply,
        told: Callable[[list[FilePass], float], None],
        cpp: CppChange | None,
    ) -> list[FilePass]:
        """One transaction, with the lock held."""
        use_vars(self.value_of)
        outer = self._current.get(get_ident())

        def lent(run: Callable[[], None]) -> None:
            def there() -> None:
                with self._lock.lent():
                    run()

            apply(there)

        def passes() -> list[FilePass]:
            return sorted(work.passes, key=lambda p: p.state.path not in saved)

        work = Transaction(
            self.host,
            self.program,
            lent,
            saved,
            forced,
            lambda: told(passes(), work.in_force_at),
            cpp,
        )
        self._current[get_ident()] = work
        try:
            with HeldBack():
                work.run(paths)
            texts = work.raws_gone()
            gone = self.host.declarations.retire(texts)
            if texts and not gone and self.host.look_at_boxes():
                lent(self.host.carry_boxes)
        finally:
            if outer is None:
                del self._current[get_ident()]
            else:
                self._current[get_ident()] = outer
            found = passes()
            work.end()
        if gone:  # what still uses it says so
            change = CppChange(gone)
            return found + self._carry_out(list(self.roots), set(), set(), apply, told, change)
        return found

    def overridden(self, var: Any) -> None:
        """An eval defined what a file defines too: that file has the last word when it is saved."""
        if var in self.program.definers:
            self.program.overridden.add(var)

    def source_text(self, name: str) -> str | None:
        """The text of the form that defines a name."""
        for state in self.files.values():
            for record in state.records:
                if any(var.full_name == name for var in record.defines):
                    return record.text
        return None


def all_errors(passes: list[FilePass]) -> list[LispError]:
    """What is wrong in the files of a reload."""
    found: dict[int, LispError] = {}
    for work in passes:
        for error in work.shown_errors():
            found[id(error)] = error
    return list(found.values())
