"""Calling Lisp values: what is callable in Lisp but not in Python (collections, symbols) is adapted here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.kinds import Map, PVector, type_name
from runtime.core.values import Symbol

Fn = Callable[..., Any]


def _index(v: Any) -> Fn:
    def nth(index: int) -> Any:
        if type(index) is not int:
            raise TypeError(f"a vector is called with an index, found {type_name(index)}")
        if not 0 <= index < len(v):
            raise IndexError(f"index {index} out of bounds, length {len(v)}")
        return v[index]

    return nth


def _symbol(symbol: Symbol) -> Fn:
    from runtime.core.lookup import get

    return lambda target, default=None: get(target, symbol, default)


_ADAPT: dict[type, Callable[[Any], Fn]] = {
    PVector: _index,
    Map: lambda m: m.get,
    Symbol: _symbol,
}


def as_fn(f: Any) -> Fn:
    """`f` as a Python callable. Functions call this once on each function they are given.

    Raises TypeError when Lisp cannot call `f` either.
    """
    adapt = _ADAPT.get(type(f))
    if adapt is not None:
        return adapt(f)
    if callable(f):
        return f
    raise TypeError(f"{type_name(f)} cannot be called as a function")


def invoke(f: Any, *args: Any) -> Any:
    """Call any Lisp value that can be called."""
    return as_fn(f)(*args)
