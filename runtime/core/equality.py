"""`=`, `hash` and `compare`: native for what is common, here for sets, sorted maps and foreign objects.

Equal values have equal hashes. `List` and all sequences get their `__eq__` and `__hash__` here, so a map
keyed by lists finds vectors; Python's own containers look keys up by Python's `==`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from runtime.core.collections import SortedMap
from runtime.core.kinds import Map
from runtime.core.numbers import shown
from runtime.core.registry import define
from runtime.core.sequences import Seq
from runtime.core.values import List
from runtime.native import _support

equal = _support.equal
hash_value = _support.hash
compare = _support.compare

for _name, _function, _arglists in (
    ("=", _support.equal, "([x] [x y] [x y & more])"),
    ("not=", _support.not_equal, "([x] [x y] [x y & more])"),
    ("identical?", _support.identical, "([x y])"),
    ("hash", _support.hash, "([x])"),
    ("compare", _support.compare, "([x y])"),
):
    define(_name, _function, doc=_function.__doc__ or "", arglists=_arglists)


_MAPS = (Map, SortedMap, dict)  # a record is none: it equals records of its type


def _equal_others(a: Any, b: Any) -> bool:
    """`=` of two values that are neither plain nor sequences, nor both maps of the library."""
    if isinstance(a, AbstractSet) and isinstance(b, AbstractSet):
        return len(a) == len(b) and all(item in b for item in a)
    if type(a) in _MAPS:
        return (
            type(b) in _MAPS
            and len(a) == len(b)
            and all(key in b and equal(value, b[key]) for key, value in a.items())
        )
    return bool(a == b)


def _compare_others(a: Any, b: Any) -> int:
    """`compare` of two values of a type with an order of its own, such as dates."""
    if type(a) is type(b) and not isinstance(a, AbstractSet | Map | Seq | List):
        try:
            return -1 if a < b else int(b < a)
        except TypeError:
            pass
    raise TypeError(f"compare expected two values with an order, found {shown(a)} and {shown(b)}")


_support.set_slow("equal", _equal_others)
_support.set_slow("compare", _compare_others)
_support.register_sequence(List)
_support.register_sequence(Seq)
