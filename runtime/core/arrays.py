"""Arrays: Python lists, mutable and of fixed length by convention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.kinds import MISSING, vector
from runtime.core.registry import core, define
from runtime.core.sequences import iterate
from runtime.core.values import Char


@core("into-array", arglists="([aseq] [type aseq])")
def into_array(kind: Any, coll: Any = MISSING) -> list[Any]:
    """An array of the items."""
    return list(iterate(kind if coll is MISSING else coll))


@core("to-array", arglists="([coll])")
def to_array(coll: Any) -> list[Any]:
    """An array of the items."""
    return list(iterate(coll))


@core("to-array-2d", arglists="([coll])")
def to_array_2d(coll: Any) -> list[Any]:
    """An array of arrays of the items' items."""
    return [list(iterate(row)) for row in iterate(coll)]


@core("make-array", arglists="([type len] [type dim & more-dims])")
def make_array(_: Any, size: int, *more: int) -> list[Any]:
    """An array of nils of that size, or of arrays with further dimensions."""
    return [make_array(_, *more) if more else None for _ in range(size)]


@core("aclone", arglists="([array])")
def aclone(array: list[Any]) -> list[Any]:
    """A copy of an array."""
    return list(array)


@core("alength", arglists="([array])")
def alength(array: Any) -> int:
    """The number of items of an array."""
    return len(array)


def _at(array: Any, index: int) -> int:
    if not 0 <= index < len(array):
        raise IndexError(f"index {index} out of bounds, length {len(array)}")
    return index


@core("aget", arglists="([array idx] [array idx & idxs])")
def aget(array: Any, *indices: int) -> Any:
    """The item at the index, or in nested arrays at the indices."""
    for index in indices:
        array = array[_at(array, index)]
    return array


@core("aset", arglists="([array idx val] [array idx idx2 & idxv])")
def aset(array: Any, *indices_and_value: Any) -> Any:
    """Sets the item at the index (indices), and returns the value."""
    *outer, index, value = indices_and_value
    for at in outer:
        array = array[_at(array, at)]
    array[_at(array, index)] = value
    return value


for _name in ["boolean", "byte", "char", "double", "float", "int", "long", "short"]:
    define(f"aset-{_name}", aset, doc="Sets the item at the index.", arglists="([array idx val])")


def _typed(initial: Any) -> Callable[..., list[Any]]:
    def make(size_or_seq: Any, values: Any = MISSING) -> list[Any]:
        """An array from a size (and an initial value or values) or from a sequence."""
        if type(size_or_seq) is not int:
            return list(iterate(size_or_seq))
        if values is MISSING:
            return [initial] * size_or_seq
        if hasattr(values, "__iter__"):
            given = list(iterate(values))[:size_or_seq]
            return given + [initial] * (size_or_seq - len(given))
        return [values] * size_or_seq

    return make


for _name, _initial in {
    "boolean-array": False,
    "byte-array": 0,
    "char-array": Char("\0"),
    "double-array": 0.0,
    "float-array": 0.0,
    "int-array": 0,
    "long-array": 0,
    "object-array": None,
    "short-array": 0,
}.items():
    define(
        _name, _typed(_initial), doc=_typed.__doc__ or "", arglists="([size-or-seq] [size init])"
    )

for _name in ["booleans", "bytes", "chars", "doubles", "floats", "ints", "longs", "shorts"]:
    define(_name, lambda array: array, doc="The array itself.", arglists="([xs])")


@core("vector-of", arglists="([t] [t & elements])")
def vector_of(_: Any, *items: Any) -> Any:
    """A vector of the items; that they are all of one primitive type gains nothing here."""
    return vector(items)


@core("array?", arglists="([x])")
def is_array(x: Any) -> bool:
    """Whether `x` is an array."""
    return type(x) is list
