"""Errors as values: what went wrong, where, what was expected and found; rendered only at the edge.

Every error that a user can cause carries a `Span`. `render` shows it with its source lines and a caret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.process.files import read_text

STACK_OVERFLOW = "stack overflow: calls are nested too deeply"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source text. Lines and columns count from 1; the end column is exclusive.

    `via` is the innermost macro call whose expansion put the form there: its name and place.
    """

    file: str
    line: int
    col: int
    end_line: int
    end_col: int
    via: tuple[str, Span | None] | None = field(
        default=None, compare=False, repr=False, kw_only=True
    )

    def holds(self, other: Span) -> bool:
        """Whether `other` is a part of this stretch, and not all of it."""
        start, end = (self.line, self.col), (self.end_line, self.end_col)
        first, last = (other.line, other.col), (other.end_line, other.end_col)
        return (
            self.file == other.file
            and start <= first
            and last <= end
            and (start, end) != (first, last)
        )

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"


@dataclass(frozen=True, slots=True)
class Note:
    """A secondary remark of an error: a C++ candidate, where a bracket was opened, the other definition."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a Lisp stack trace: the function's full name and where in it the call stands."""

    function: str
    span: Span | None


@dataclass(eq=False)
class LispError(Exception):
    """An error with a place. `kind` names its class for people; `expected`/`found` may be empty."""

    message: str
    span: Span | None = None
    expected: str = ""
    found: str = ""
    notes: Sequence[Note] = ()
    stack: Sequence[Frame] = ()  # innermost call first

    kind = "error"

    def __str__(self) -> str:
        return self.message

    @property
    def expansion(self) -> list[tuple[str, Span | None]]:
        """The macro calls that the form came from, outermost last."""
        calls = []
        via = self.span.via if self.span else None
        while via is not None:
            calls.append(via)
            via = via[1].via if via[1] else None
        return calls


class ReaderError(LispError):
    """The text is not a form."""

    kind = "reader error"


class AnalysisError(LispError):
    """The form is not a program: unknown names, wrong special forms, unconvertible values."""

    kind = "analysis error"


class DependentError(AnalysisError):
    """The form uses a require that failed: that failure is what to report, not this."""


class CppError(LispError):
    """Clang rejected what the form asks of C++; `notes` hold the candidates it considered."""

    kind = "C++ error"


class RuntimeFault(LispError):
    """An exception that left a script's function, with the Lisp stack; `__cause__` is the original."""

    kind = "runtime error"


class Interruption(RuntimeFault):
    """A call that was ended: it took longer or more memory than it may, or somebody asked for it."""


class EnvironmentFault(LispError):
    """The machine lacks something the main job needs; `expected` holds the command that mends it."""

    kind = "environment error"


@dataclass(eq=False)
class LispErrors(Exception):
    """Several independent errors of one file, in source order. Never empty."""

    errors: list[LispError] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(str(e) for e in self.errors)


SourceLookup = Callable[[str], "str | None"]


def source_of(file: str) -> str | None:
    """The text of `file` on disk, or None where there is none to read."""
    try:
        return read_text(file)
    except OSError:
        return None


MOST_EXPANSIONS = 8  # of a chain that is shown


def render(error: BaseException, sources: SourceLookup = source_of) -> str:
    """The error as people read it: position, kind, message, source lines with a caret, notes, stack."""
    if isinstance(error, LispErrors):
        return "\n\n".join(render(e, sources) for e in error.errors)
    if not isinstance(error, LispError):
        return f"{type(error).__name__}: {error}"
    head = f"{error.span}: " if error.span else ""
    lines = [f"{head}{error.kind}: {error.message}"]
    if error.expected:
        lines.append(f"  expected: {error.expected}")
    if error.found:
        lines.append(f"  found:    {error.found}")
    lines += excerpt(error.span, sources)
    chain = [
        f"  in the expansion of {name}" + (f" at {span}" if span else "")
        for name, span in error.expansion
    ]
    left_out = len(chain) - MOST_EXPANSIONS
    if left_out > 0:
        chain[MOST_EXPANSIONS // 2 : -MOST_EXPANSIONS // 2] = [f"  … {left_out} expansions more"]
    lines += chain
    for note in error.notes:
        lines.append(f"  note: {note.message}" + (f" ({note.span})" if note.span else ""))
    for frame in error.stack:
        lines.append(f"  at {frame.function}" + (f" ({frame.span})" if frame.span else ""))
    return "\n".join(lines)


def excerpt(span: Span | None, sources: SourceLookup = source_of, most: int = 3) -> list[str]:
    """The source lines of `span` (at most `most`), each with its number, and a caret line under the first."""
    text = sources(span.file) if span else None
    if span is None or text is None:
        return []
    rows = text.split("\n")
    shown: list[str] = []
    for number in range(span.line, min(span.end_line, span.line + most - 1) + 1):
        if not 1 <= number <= len(rows):
            break
        row = rows[number - 1].rstrip("\r")
        shown.append(f"  {number:>4} | {row}")
        if number == span.line:
            end = span.end_col if span.end_line == span.line else len(row) + 1
            pad = "".join("\t" if c == "\t" else " " for c in row[: span.col - 1])
            shown.append("       | " + pad + "^" * max(1, end - span.col))
    return shown


def found_text(value: Any, limit: int = 60) -> str:
    """`value` as Lisp prints it, shortened for an error's `found` line."""
    from runtime.core.printing import pr_str  # which needs spans itself

    text = pr_str(value, length=12, level=6)
    return text if len(text) <= limit else text[: limit - 1] + "…"
