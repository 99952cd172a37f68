"""What reading gives besides values: top-level forms, their places, native literals, name resolution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from runtime.core.printing import Output, register_printer
from runtime.core.registry import TABLE
from runtime.core.values import Symbol
from runtime.errors import Span

# Symbols that a syntax quote leaves alone because the analyser knows them by their bare names.
SPECIAL_FORMS = frozenset((
    "def", "fn*", "let*", "letfn*", "loop*", "case*", "recur", "if", "do", "quote", "var",
    "throw", "try", "catch", "finally", "set!", "new", ".", "&", "fields*",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class CppLiteral:
    """`#cpp "text"` or `#cpp FORM`: a native string literal, or a type written in the type DSL."""

    form: Any
    span: Span | None = None


def _print_literal(value: CppLiteral, out: Output) -> None:
    out.write("#cpp ")
    out.put(value.form)


register_printer(CppLiteral, _print_literal)


@dataclass(frozen=True, slots=True)
class ReadForm:
    """One top-level form with its place and source text; `table` places the collections inside it."""

    form: Any
    span: Span
    text: str
    table: SpanTable


class Resolver(Protocol):
    """How names resolve in the namespace that is current while a form is read."""

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        """`sym` as a syntax quote qualifies it; never a special form or an interop name, but perhaps
        a constructor: `Name.`."""

    def resolve_alias(self, name: str) -> str | None:
        """The namespace that `name` is an alias of, or None."""

    def current_ns(self) -> str:
        """The name of the current namespace."""

    def data_reader(self, tag: Symbol) -> Callable[[Any], Any] | None:
        """What makes a value of the form after `#tag`, or None; asked for tags that are not built in."""


class PlainResolver:
    """Resolves with no runtime behind it: core's names to `clojure.core`, others to one namespace."""

    def __init__(self, ns: str = "user") -> None:
        self._ns = ns

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        if sym.ns is not None or (sym.name.endswith(".") and sym.name.strip(".")):
            return sym
        ns = "clojure.core" if ("clojure.core", sym.name) in TABLE else self._ns
        return Symbol(sym.name, ns, sym.meta, sym.span)

    def resolve_alias(self, name: str) -> str | None:
        return None

    def current_ns(self) -> str:
        return self._ns

    def data_reader(self, tag: Symbol) -> Callable[[Any], Any] | None:
        return None


class SpanTable:
    """Places of vectors, maps and sets, which have no room for one. Keyed by identity, so it keeps them
    alive: one table serves one top-level form.

    The empty vector is one shared object and therefore has no entry; its parent's `items` tell its place.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Any, Span, tuple[Any, ...], tuple[Span, ...]]] = {}

    def add(self, obj: Any, span: Span, forms: tuple[Any, ...], spans: tuple[Span, ...]) -> None:
        """Place `obj`, read from `forms` that stand at `spans`, both in source order."""
        self._entries[id(obj)] = (obj, span, forms, spans)

    def of(self, obj: Any) -> Span | None:
        """Where `obj` stands, or None if it was not read from text."""
        entry = self._entries.get(id(obj))
        return entry[1] if entry else None

    def forms(self, obj: Any) -> tuple[Any, ...] | None:
        """The items of `obj` in source order, a map's as k1 v1 k2 v2: the order to evaluate them in."""
        entry = self._entries.get(id(obj))
        return entry[2] if entry else None

    def items(self, obj: Any) -> tuple[Span, ...] | None:
        """The places of `forms(obj)`."""
        entry = self._entries.get(id(obj))
        return entry[3] if entry else None

    def move(self, old: Any, new: Any) -> None:
        """Give `new`, a copy of `old`, the same place."""
        entry = self._entries.get(id(old))
        if entry is not None:
            self._entries[id(new)] = (new, *entry[1:])

    def taken(self) -> list[Any]:
        """All that it keeps alive, for whoever lets go of it; the table is empty then."""
        entries = list(self._entries.values())
        self._entries = {}
        return [part for entry in entries for part in entry]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Any]:
        return iter([entry[0] for entry in self._entries.values()])


_serial = count(1)


def gensym(prefix: str, suffix: str = "") -> Symbol:
    """A symbol that no other read makes: `prefix` and a running number."""
    return Symbol(f"{prefix}{next(_serial)}{suffix}")
