"""Syntax quote: a template becomes a form that builds it.

What holds no unquote becomes one quoted constant; the rest becomes calls of `clojure.core/list`, `vector`,
`hash-map` and `hash-set`, with `concat` where something is spliced. Symbols are qualified as in Clojure:
https://clojure.org/reference/reader#syntax-quote
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.collections import Set
from runtime.core.kinds import Map, PVector, vector
from runtime.core.meta import meta, with_meta
from runtime.core.values import List, Symbol
from runtime.errors import ReaderError, Span
from runtime.reader.forms import (
    SPECIAL_FORMS,
    CppLiteral,
    Resolver,
    SpanTable,
    gensym,
)

CORE = "clojure.core"
UNQUOTE = Symbol("unquote", CORE)
SPLICE = Symbol("unquote-splicing", CORE)


def expand_template(form: Any, span: Span, resolver: Resolver, table: SpanTable) -> Any:
    """The form that builds the template `form`, which stands at `span`. Raises ReaderError."""
    if is_call(form, SPLICE):
        raise ReaderError("~@ is not inside a list", span, "a collection around ~@")
    template = _Template(resolver, table)
    return template.code(*template.expand(form, span), span)


def is_call(form: Any, head: Symbol) -> bool:
    """Whether `form` is a list that begins with the symbol `head`."""
    return type(form) is List and len(form) == 2 and form.first() == head


class _Template:
    """One expansion; the symbols `x#` of one name become one generated symbol."""

    def __init__(self, resolver: Resolver, table: SpanTable) -> None:
        self.resolver = resolver
        self.table = table
        self.gensyms: dict[str, str] = {}

    def expand(self, form: Any, span: Span | None) -> tuple[bool, Any]:
        """(True, the constant) where no unquote is inside, else (False, the form that computes it)."""
        kind = type(form)
        if kind is Symbol:
            made: tuple[bool, Any] = (True, self.symbol(form))
        elif kind is List:
            if is_call(form, UNQUOTE):
                return False, form[1]
            made = self.items(form, form.items, form.spans or (), span)
        elif kind is PVector or kind is Map or kind is Set:
            made = self.items(
                form, self.table.forms(form) or (), self.table.items(form) or (), span
            )
        elif kind is CppLiteral and contains_unquote(form.form):
            raise ReaderError("a native literal cannot hold an unquote", form.span)
        else:
            return True, form
        return self.with_meta(made, meta(form), span)

    def items(
        self, form: Any, forms: Sequence[Any], spans: Sequence[Span], span: Span | None
    ) -> tuple[bool, Any]:
        """The expansion of a collection whose items in source order are `forms`."""
        groups: list[Any] = []  # forms that give sequences, to be concatenated
        run: list[tuple[bool, Any]] = []  # the items since the last splice
        run_spans: list[Span | None] = []
        spliced = False
        for i, item in enumerate(forms):
            at = spans[i] if i < len(spans) else span
            if is_call(item, SPLICE):
                spliced = True
                if run:
                    groups.append(self.call("list", run, run_spans, span))
                    run, run_spans = [], []
                groups.append(item[1])
            else:
                run.append(self.expand(item, at))
                run_spans.append(at)
        kind = type(form)
        if not spliced:
            if all(constant for constant, _ in run):
                return True, self.rebuild(kind, tuple(item for _, item in run), tuple(spans), span)
            return False, self.call(BUILDERS[kind], run, run_spans, span)
        if run:
            groups.append(self.call("list", run, run_spans, span))
        joined = core_call("concat", groups, span)
        if kind is List:
            return False, core_call("seq", [joined], span)
        return False, core_call("apply", [core_symbol(BUILDERS[kind], span), joined], span)

    def call(
        self,
        function: str,
        items: list[tuple[bool, Any]],
        spans: list[Span | None],
        span: Span | None,
    ) -> List:
        args = [self.code(*item, at) for item, at in zip(items, spans, strict=True)]
        return core_call(function, args, span, spans)

    def code(self, constant: bool, form: Any, span: Span | None) -> Any:
        """The form whose value is the constant `form`, or the form itself if it computes already."""
        if not constant or type(form) not in (Symbol, List, PVector, Map, Set, CppLiteral):
            return form
        return List((Symbol("quote", span=span), form), span=span, spans=_spans(span, (span, span)))

    def rebuild(
        self, kind: type, forms: tuple[Any, ...], spans: tuple[Span, ...], span: Any
    ) -> Any:
        """A constant collection of the class `kind`, placed where its template stands."""
        if kind is List:
            return List(forms, span=span, spans=spans)
        if kind is PVector:
            made: Any = vector(forms)
        elif kind is Map:
            made = Map(zip(forms[::2], forms[1::2], strict=True))
        else:
            made = Set.make(forms)
        if forms:
            self.table.add(made, span, forms, spans)
        return made

    def with_meta(self, made: tuple[bool, Any], m: Any, span: Span | None) -> tuple[bool, Any]:
        if m is None:
            return made
        constant, form = made
        flat = [x for pair in m.items() for x in pair]
        if constant and not any(contains_unquote(x) for x in flat):
            return True, self._copy(form, m)
        meta_form = core_call(
            "hash-map", [self.code(*self.expand(x, span), span) for x in flat], span
        )
        return False, core_call("with-meta", [self.code(constant, form, span), meta_form], span)

    def _copy(self, form: Any, m: Any) -> Any:
        copied = with_meta(form, m)
        self.table.move(form, copied)
        return copied

    def symbol(self, sym: Symbol) -> Symbol:
        """`sym` qualified, generated or left alone, at the same place."""
        ns, name = sym.ns, sym.name
        if ns is None:
            if name in SPECIAL_FORMS:
                return sym
            if name.endswith("#") and len(name) > 1:
                made = self.gensyms.get(name)
                if made is None:
                    made = self.gensyms[name] = gensym(name[:-1] + "__", "__auto__").name
                return Symbol(made, None, None, sym.span)
            if "." in name[:-1] and name != "..":
                return sym  # a member or a class
        elif ns == "cpp":
            return sym
        found = self.resolver.resolve_symbol(sym)
        return Symbol(found.name, found.ns, None, sym.span)


BUILDERS: dict[Any, str] = {List: "list", PVector: "vector", Map: "hash-map", Set: "hash-set"}


def core_symbol(name: str, span: Span | None) -> Symbol:
    return Symbol(name, CORE, None, span)


def core_call(
    function: str, args: list[Any], span: Span | None, spans: Sequence[Span | None] | None = None
) -> List:
    """`(clojure.core/function args…)`, as if it stood at `span`."""
    places = _spans(span, (span, *(spans or (span,) * len(args))))
    return List((core_symbol(function, span), *args), span=span, spans=places)


def _spans(span: Span | None, spans: tuple[Span | None, ...]) -> Any:
    return spans if span is not None else None


def contains_unquote(form: Any) -> bool:
    """Whether an unquote stands anywhere in `form`."""
    if is_call(form, UNQUOTE) or is_call(form, SPLICE):
        return True
    kind = type(form)
    if kind is List or kind is PVector or kind is Set:
        return any(contains_unquote(item) for item in form)
    if kind is Map:
        return any(contains_unquote(item) for pair in form.items() for item in pair)
    return kind is CppLiteral and contains_unquote(form.form)
