"""Top-level forms as what is evaluated one after the other: a `do` stands for its forms, and so does a
macro call that expands to one, so that each form sees what the one before it defined, macros too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from runtime.analysis.analyser import MAX_DEPTH, Analyser
from runtime.analysis.scope import Scope
from runtime.core.values import List, Symbol
from runtime.errors import Span
from runtime.namespaces import CORE, Var
from runtime.reader import SpanTable

DO = Symbol("do")
Origin = tuple[str, Span | None]  # the macro a form came from, and where it was called


@dataclass(frozen=True, slots=True)
class Part:
    """A form to evaluate. `written` is the form in the text that it came from, `macros` what made it."""

    form: Any
    span: Span | None
    written: Any
    origin: Origin | None = None
    macros: frozenset[Var] = frozenset()


def parts(host: Any, form: Any, span: Span | None, table: SpanTable | None) -> Iterator[Part]:
    """The parts of a form that was read. Ask for the next one after the last one was evaluated."""
    place = getattr(form, "span", None) or span
    return _parts(host, Part(form, place, form), table)


def is_macro_definition(form: Any) -> bool:
    """Whether a form is `(defmacro …)`."""
    if type(form) is not List or not len(form) or type(form.first()) is not Symbol:
        return False
    head = form.first()
    return head.name == "defmacro" and head.ns in (None, CORE)


def _parts(host: Any, part: Part, table: SpanTable | None) -> Iterator[Part]:
    analyser = Analyser(host, table)
    analyser.origin = part.origin
    part = _expanded(analyser, part)
    if not _is_do(part.form):
        yield part
        return
    for form in list(part.form)[1:]:
        place = analyser.traced(getattr(form, "span", None))
        written = form if part.origin is None else part.written
        inner = replace(part, form=form, span=place or part.span, written=written)
        yield from _parts(host, inner, table)


def _is_do(form: Any) -> bool:
    return type(form) is List and len(form) > 1 and form.first() == DO


def _expanded(analyser: Analyser, part: Part) -> Part:
    """The part with the scripts' macros at its head expanded; core's are left to the analyser."""
    left = MAX_DEPTH
    while (var := analyser.macro_of(part.form)) is not None and var.span is not None:
        if not left:
            message = f"the expansion of {var.name} does not end"
            analyser.fail(message, part.span, f"at most {MAX_DEPTH} expansions")
        left -= 1
        analyser.check_access(var, part.form.first(), part.span)
        form = analyser.expand(var, part.form, Scope(), part.span)
        analyser.origin = origin = (var.name, part.span)
        span = replace(part.span, via=origin) if part.span is not None else None
        macros = part.macros | analyser.macros
        part = replace(part, form=form, span=span, origin=origin, macros=macros)
    return part
