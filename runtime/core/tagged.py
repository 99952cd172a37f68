"""What the reader gives for text it has no value for: tagged literals and reader conditionals as data."""

from __future__ import annotations

from typing import Any

from runtime.core.equality import equal, hash_value
from runtime.core.kinds import EMPTY_MAP
from runtime.core.printing import Output, register_printer
from runtime.core.registry import core, define
from runtime.core.values import Keyword, Symbol

K_TAG, K_FORM, K_SPLICING = Keyword("tag"), Keyword("form"), Keyword("splicing?")


class _Read:
    """Two parts that keywords look up; equal to another of its kind with equal parts."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[Keyword, Any]) -> None:
        self.parts = parts

    def get(self, key: Any, default: Any = None) -> Any:
        return self.parts.get(key, default)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            equal(a, b) for a, b in zip(self.parts.values(), other.parts.values(), strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(hash_value(part) for part in self.parts.values()))


class TaggedLiteral(_Read):
    """`#tag form`."""

    __slots__ = ()


class ReaderConditional(_Read):
    """`#?(…)` or `#?@(…)`."""

    __slots__ = ()


@core("tagged-literal", arglists="([tag form])")
def tagged_literal(tag: Symbol, form: Any) -> TaggedLiteral:
    """The data that `#tag form` is where nothing reads the tag; it has a :tag and a :form."""
    return TaggedLiteral({K_TAG: tag, K_FORM: form})


@core("tagged-literal?", arglists="([value])")
def is_tagged_literal(value: Any) -> bool:
    """Whether `value` was made by `tagged-literal`."""
    return type(value) is TaggedLiteral


@core("reader-conditional", arglists="([form splicing?])")
def reader_conditional(form: Any, splicing: Any) -> ReaderConditional:
    """The data that `#?form` is; it has a :form and says whether it is :splicing?."""
    return ReaderConditional({K_FORM: form, K_SPLICING: splicing})


@core("reader-conditional?", arglists="([value])")
def is_reader_conditional(value: Any) -> bool:
    """Whether `value` was made by `reader-conditional`."""
    return type(value) is ReaderConditional


def _print_tagged(value: TaggedLiteral, out: Output) -> None:
    out.write(f"#{value.get(K_TAG)} ")
    out.put(value.get(K_FORM))


def _print_conditional(value: ReaderConditional, out: Output) -> None:
    splicing = value.get(K_SPLICING)
    out.write("#?" if splicing is None or splicing is False else "#?@")
    out.put(value.get(K_FORM))


register_printer(TaggedLiteral, _print_tagged)
register_printer(ReaderConditional, _print_conditional)

define(
    "*data-readers*",
    EMPTY_MAP,
    doc="A map from tags to the functions that read them.",
    dynamic=True,
)
define(
    "*default-data-reader-fn*",
    None,
    doc="Called with a tag that nothing reads and the form after it; nil for an error.",
    dynamic=True,
)
