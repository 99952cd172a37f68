"""What scripts declare to Cling: headers, include folders, raw C++. Each text is declared once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runtime.cling.session import Declared, Session
from runtime.errors import CppError, Note, Span


class Declarations:
    """Declared text of this process. `on_new` is told whenever C++ names may have got new meanings."""

    def __init__(self, session: Session, on_new: Callable[[], None]) -> None:
        self._session = session
        self._on_new = on_new
        self._lock = threading.RLock()
        self.headers: list[str] = []

    def add_include_dirs(self, folders: Sequence[Path]) -> None:
        """Folders in which headers are looked for; one that does not exist is skipped by Clang."""
        for folder in folders:
            text = str(folder.resolve())
            if text not in _include_dirs:
                _include_dirs.append(text)
                self._session.add_include_dir(folder.resolve())

    def define(self, defines: Mapping[str, str]) -> None:
        """Preprocessor defines that headers declared from now on see."""
        lines = []
        for name, value in defines.items():
            if _defined.get(name) != value:
                lines.append(f"#define {name} {value}".rstrip())
                _defined[name] = value
        if lines:
            self._session.declare("\n".join(lines))

    def include(self, header: str, span: Span | None = None) -> None:
        """Declare a header. Raises CppError at `span` when it is missing or does not compile."""
        with self._lock:
            if header not in self.headers:
                self.headers.append(header)
            text = header if header.startswith("<") else f'"{header}"'
            self._declare(f"#include {text}\n", header, span)

    def raw(self, text: str, span: Span | None = None) -> None:
        """Declare C++ at global scope. Raises CppError at the place in `text` that Clang rejects."""
        place = f'#line 1 "cpp/raw"\n{text}\n'
        self._declare(place, "cpp/raw", span)

    def _declare(self, code: str, what: str, span: Span | None) -> None:
        with self._lock:
            if code in _declared:
                return
            done = self._session.declare(code)
            if not done.ok:
                raise self._error(done, what, span)
            _declared.add(code)
            self._on_new()

    @staticmethod
    def _error(done: Declared, what: str, span: Span | None) -> CppError:
        first = done.errors[0]
        if "file not found" in first.message and first.file.startswith("input_line"):
            known = ", ".join(_include_dirs) or "none"
            return CppError(
                f"the header {what} is not found", span,
                expected="a header in one of the include folders: --include DIR", found=f"folders searched: {known}",
            )
        notes = []
        for d in done.errors:
            if d.file == "cpp/raw" and span is not None:
                place: Span | None = Span(span.file, span.line + d.line - 1, max(d.col, 1), span.line + d.line - 1, d.col + 1)
            else:
                place = Span(d.file, d.line, d.col, d.line, d.col + 1) if d.line else None
            notes.append(Note(d.message, place))
            notes += [Note(text) for text in d.notes]
        where = "" if what == "cpp/raw" else f"{what} does not compile: "
        return CppError(f"{where}{first.message}", span, notes=notes)


# Cling is one per process, and so is what it was told.
_declared: set[str] = set()
_include_dirs: list[str] = []
_defined: dict[str, str] = {}
