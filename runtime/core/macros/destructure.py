"""Destructuring: a binding form and a value become plain names and values for `let*`.

After Clojure's `destructure` (https://clojure.org/reference/special_forms#binding-forms). A plain
symbol's value is left as it is, so a native C++ value stays native.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runtime.core.kinds import vector
from runtime.core.macros.forms import (
    AMPERSAND,
    IF,
    K_AS,
    call,
    check_symbol,
    fail,
    gensym,
    is_map,
    is_vector,
    pairs_of,
    quoted,
)
from runtime.core.registry import core
from runtime.core.values import Keyword, List, Symbol

K_OR = Keyword("or")


def destructure(form: List, pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """The names and values, alternating, that `pairs` of binding forms and values stand for.

    Raises AnalysisError, placed within `form`, for what is not a binding form.
    """
    out: list[Any] = []
    for pattern, value in pairs:
        _bind(form, pattern, value, out)
    return out


@core("destructure", arglists="([bindings])")
def destructured(bindings: Any) -> Any:
    """The binding vector of plain names that a destructuring one stands for."""
    form = List((Symbol("let"), bindings))
    return vector(destructure(form, pairs_of(form, bindings, "destructure")))


def is_plain(pattern: Any) -> bool:
    """Whether a binding form is only a name."""
    return type(pattern) is Symbol


def _bind(form: List, pattern: Any, value: Any, out: list[Any]) -> None:
    if type(pattern) is Symbol:
        out += (check_symbol(form, pattern, f"{form.first()}"), value)
    elif is_vector(pattern):
        _bind_sequential(form, pattern, value, out)
    elif is_map(pattern):
        _bind_associative(form, pattern, value, out)
    else:
        fail(form, "this is not a binding form", "a symbol, a vector or a map", pattern)


def _bind_sequential(form: List, pattern: Sequence[Any], value: Any, out: list[Any]) -> None:
    whole = gensym("vec")
    out += (whole, value)
    rest: Symbol | None = None  # where `&` occurs the items are walked by first and next
    if AMPERSAND in pattern:
        rest = gensym("seq")
        out += (rest, call("seq", whole))
    index = 0
    items = iter(pattern)
    for item in items:
        if item == AMPERSAND:
            _bind(form, _after(form, items, pattern, "&"), rest, out)
            rest = None
        elif item is K_AS:
            _bind(form, check_symbol(form, _after(form, items, pattern, ":as"), ":as"), whole, out)
        elif isinstance(item, Keyword):
            fail(form, f"{item} has no meaning in a vector pattern", "names, & or :as", pattern)
        elif AMPERSAND in pattern:
            if rest is None:
                fail(form, "only :as may follow the name after &", "[a b & more :as all]", pattern)
            first = gensym("first")
            out += (first, call("first", rest), rest, call("next", rest))
            _bind(form, item, first, out)
        else:
            _bind(form, item, call("nth", whole, index, None), out)
            index += 1


def _after(form: List, items: Iterator[Any], pattern: Any, mark: str) -> Any:
    found = next(items, None)
    if found is None:
        fail(form, f"nothing follows {mark} in a vector pattern", "a binding form", pattern)
    return found


def _bind_associative(form: List, pattern: Any, value: Any, out: list[Any]) -> None:
    whole = gensym("map")
    # Keyword arguments, and any other sequence of keys and values, are made a map first.
    out += (whole, value)
    as_map = call("seq-to-map-for-destructuring", whole)
    out += (whole, List((IF, call("seq?", whole), as_map, whole)))
    if K_AS in pattern:
        out += (check_symbol(form, pattern[K_AS], ":as"), whole)
    defaults = pattern.get(K_OR, {})
    if K_OR in pattern and not is_map(defaults):
        fail(form, ":or needs a map of names to default values", "{name value …}", defaults)
    for target, key in _entries(form, pattern):
        if type(target) is Symbol and Symbol(target.name) in defaults:
            _bind(form, target, call("get", whole, key, defaults[Symbol(target.name)]), out)
        else:
            _bind(form, target, call("get", whole, key), out)


def _entries(form: List, pattern: Any) -> Iterator[tuple[Any, Any]]:
    """Binding form and key expression of each entry, in an order that does not vary between runs."""
    for target, key in sorted(pattern.items(), key=repr):
        if not isinstance(target, Keyword):
            yield target, key
        elif target.name in _KEYS_OF:
            if not is_vector(key):
                fail(form, f"{target} needs a vector of names", "[name …]", key)
            for name in key:
                yield _local(form, name, target), _KEYS_OF[target.name](name, target.ns)
        elif target not in (K_AS, K_OR):
            fail(
                form,
                f"{target} has no meaning in a map pattern",
                ":keys, :strs, :syms, :or, :as, or a binding form",
                pattern,
            )


def _local(form: List, name: Any, directive: Keyword) -> Symbol:
    if type(name) is not Symbol and not isinstance(name, Keyword):
        fail(form, f"{directive} needs names", "symbols or keywords", name)
    if type(name) is Symbol and name.ns is None:
        return name
    return Symbol(name.name, span=getattr(name, "span", None), meta=getattr(name, "meta", None))


_KEYS_OF = {
    "keys": lambda name, ns: Keyword(name.name, ns or name.ns),
    "strs": lambda name, ns: name.name,
    "syms": lambda name, ns: quoted(Symbol(name.name, ns or name.ns)),
}
