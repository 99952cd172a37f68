"""The libraries' collection types by their exact class, and the few constants everything in core shares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import immutables
import pyrsistent

vector = pyrsistent.pvector  # any iterable → a persistent vector
Map = immutables.Map
EMPTY_VECTOR: Any = pyrsistent.pvector()
STEP = 4096  # items that a long vector is made of at a time


def long_vector(items: tuple[Any, ...]) -> Any:
    """A vector of any length, made in steps between which other threads have their turn."""
    made = vector(items[:STEP])
    for start in range(STEP, len(items), STEP):
        made = made.extend(items[start : start + STEP])
    return made


EMPTY_MAP: Map[Any, Any] = immutables.Map()
PVector: Any = type(EMPTY_VECTOR)  # the C extension's class: compare with `type(x) is PVector`


class _Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<missing>"


MISSING: Final[Any] = _Missing()  # a parameter that was not given, a key that is not there


class Reduced:
    """What ends a reduction early: `reduce` and the transducers return its `value`."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def deref(self) -> Any:
        return self.value


_APART = frozenset((bool, float, Decimal))


def key_of(value: Any) -> Any:
    """`value` as a key of Python's sets and dicts, which take 1, 1.0, 1M and true for one."""
    kind = type(value)
    return (kind, value) if kind in _APART else value


def type_name(value: Any) -> str:
    """The name people know the type of `value` by, for error messages."""
    kind = type(value)
    return _NAMES.get(kind, kind.__name__)


_NAMES: dict[type, str] = {
    type(None): "nil",
    bool: "boolean",
    int: "integer",
    float: "double",
    str: "string",
    PVector: "vector",
    Map: "map",
}
