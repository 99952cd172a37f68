"""Clang's words as data, and where in the scripts the places are that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.errors import Note, Span
from runtime.native import _support

_LINE = re.compile(r"^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$")
_RETRIED = "[runStaticInitializersOnce]"  # Cling on what an earlier transaction lacked
_OWN_NAME = re.compile(r"\bts::")
_BODY = re.compile(
    r"[{;]|(?<=\)) : "
)  # where a declaration's head ends: its body, or its initialisers
_WORLD = re.compile(r"\b(?:::)?ts_r\d+::")  # see runtime.cling.worlds
_OWN_FOLDER = str(Path(_support.__file__).parent)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One remark of Clang's. `quoted` is the source line it shows; `notes` are the candidates and other
    places that it named with it."""

    severity: str  # "error", "warning" or "note"
    message: str
    file: str = ""
    line: int = 0
    col: int = 0
    quoted: str = ""
    notes: tuple[Diagnostic, ...] = ()


def parse_diagnostics(text: str) -> tuple[tuple[Diagnostic, ...], str]:
    """Clang's words as data, and the lines among them that are not Clang's."""
    found: list[Diagnostic] = []
    other: list[str] = []
    quote = 0  # how many lines ago the last remark was; 0 before the first
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            file, row, col, severity, message = match.groups()
            severity = "error" if "error" in severity else severity
            remark = Diagnostic(severity, message, file, int(row), int(col))
            quote = 1
            if severity != "note":
                found.append(remark)
            elif found:
                found[-1] = replace(found[-1], notes=(*found[-1].notes, remark))
        elif quote == 0:
            if line.strip() and not line.startswith(_RETRIED):
                other.append(line + "\n")
        else:
            if quote == 1 and found:
                found[-1] = _with_quote(found[-1], line.rstrip())
            quote += 1
    return tuple(found), "".join(other)


def _with_quote(remark: Diagnostic, line: str) -> Diagnostic:
    """The remark, or the last of its notes, with the source line that follows it."""
    if not remark.notes:
        return replace(remark, quoted=line)
    return replace(remark, notes=(*remark.notes[:-1], replace(remark.notes[-1], quoted=line)))


def plain(text: str) -> str:
    """A type's or symbol's name as its author wrote it, without the world it is in."""
    return _WORLD.sub("", text)


def readable(message: str) -> str:
    """Clang's words without our own types."""
    if "ts_gone" in message:
        return "this C++ was removed: it is declared no longer"
    message = plain(re.sub(r"ts::id<(.+?)>", r"\1", message))
    for own in ("'ts::dyn'", "'const ts::dyn'", "ts::dyn"):
        message = message.replace(own, "a Lisp value")
    return message


def notes_of(diagnostics: Iterable[Diagnostic]) -> list[Note]:
    """The remarks that came with errors: candidates with their signatures, other definitions. What lies in
    our own templates or in generated text is left out, unless its words say something by themselves."""
    notes: list[Note] = []
    for remark in (note for d in diagnostics for note in d.notes):
        message = readable(remark.message)
        if _OWN_NAME.search(message) or remark.file.startswith(_OWN_FOLDER):
            continue
        place = place_of(remark.file, remark.line, remark.col)
        if place is None and "candidate" not in message:
            continue
        signature = "" if "implicit" in message else signature_of(remark.quoted, remark.col)
        if place is not None and signature and signature not in message:
            message = f"{message}: {signature}"
        notes.append(Note(message, place))
    return notes


def signature_of(quoted: str, col: int) -> str:
    """The declaration around column `col` (from 1) of a source line, without its body."""
    start = max(quoted.rfind(c, 0, max(col - 1, 0)) for c in "{};") + 1
    head = _BODY.split(quoted[start:], maxsplit=1)[0]
    return " ".join(head.split()).removeprefix("inline ")


# --- places ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawText:
    """C++ text that stands in a script: `span` is that of the literal, quotes included."""

    text: str
    span: Span

    def place(self, line: int, col: int) -> Span:
        """Where a line and column (in bytes, from 1) of the text stand in the script."""
        rows = self.text.split("\n")
        row = rows[min(line, len(rows)) - 1]
        before = row.encode()[: col - 1].decode(errors="ignore")
        if self.span.end_line > self.span.line:  # line ends were written as they are
            at = self.span.line + line - 1
            start = self.span.col + 1 if line == 1 else 1
        else:
            before = "\n".join([*rows[: line - 1], before])
            at, start = self.span.line, self.span.end_col - _written_width(self.text) - 1
        column = start + _written_width(before)
        return Span(self.span.file, at, column, at, column + 1)


def _written_width(text: str) -> int:
    """Columns that a text takes in a string literal, with its escapes."""
    return len(text) + sum(text.count(c) for c in '"\\\n\t')


_raw_texts: dict[str, RawText] = {}  # name in `#line` directives -> what it stands for


def register_raw(text: str, span: Span) -> str:
    """A name for `#line` directives by which places in `text` are found again."""
    name = f"cpp/raw {len(_raw_texts) + 1}"
    _raw_texts[name] = RawText(text, span)
    return name


def place_of(file: str, line: int, col: int) -> Span | None:
    """A place that Clang names, or None where it lies in generated text."""
    raw = _raw_texts.get(file)
    if raw is not None:
        return raw.place(line, col)
    if not line or "/" not in file:
        return None
    return Span(file, line, col, line, col + 1)
