"""Metadata. The libraries' maps and vectors have no room for it: theirs is kept in a side table by identity.

An entry of the table lives as long as its object, which a weak reference watches.
"""

from __future__ import annotations

import copy
import ctypes
import weakref
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import EMPTY_VECTOR, Map, PVector, type_name, vector
from runtime.core.registry import core
from runtime.core.sequences import LazySeq
from runtime.core.values import List, Symbol

TABLE: dict[int, tuple[weakref.ref[Any], Any]] = {}


def attach(value: Any, m: Any) -> Any:
    """Give `value`, a map or vector nobody else has seen yet, the metadata `m`; return it."""
    key = id(value)
    TABLE[key] = (weakref.ref(value, lambda _: TABLE.pop(key, None)), m)
    return value


def keep(old: Any, new: Any) -> Any:
    """`new`, just made out of the map or vector `old`, with the metadata of `old`."""
    if new is not old and (entry := TABLE.get(id(old))) is not None:
        return attach(empty_vector() if new is EMPTY_VECTOR else new, entry[1])
    return new


def empty_vector() -> Any:
    """An empty vector of its own.

    The library has one empty vector for everybody, and metadata needs an object that nobody else has. So
    this is a vector of one item whose count, the first field of its C struct, is set to 0; of the item the
    library no longer takes any notice.
    """
    made = vector((None,))
    count = ctypes.c_uint.from_address(id(made) + object.__basicsize__)
    assert count.value == 1, "pyrsistent's vector has another layout"
    count.value = 0
    return made


@core("meta", arglists="([obj])")
def meta(obj: Any) -> Any:
    """The metadata of `obj`, or nil."""
    entry = TABLE.get(id(obj))
    if entry is not None:
        return entry[1]
    kind = type(obj)
    return None if kind is Map or kind is PVector else getattr(obj, "meta", None)


@core("with-meta", arglists="([obj m])")
def with_meta(obj: Any, m: Any) -> Any:
    """A value equal to `obj` whose metadata is the map `m`."""
    kind = type(obj)
    if m is not None and type(m) is not Map and not hasattr(m, "items"):
        raise TypeError(f"metadata must be a map, found {type_name(m)}")
    if kind is Map:
        same = obj.mutate().finish()
        return same if m is None else attach(same, m)
    if kind is PVector:
        if m is None and not len(obj):
            return EMPTY_VECTOR
        same = obj.set(0, obj[0]) if len(obj) else empty_vector()
        return same if m is None else attach(same, m)
    if kind is Symbol:
        return Symbol(obj.name, obj.ns, m, obj.span)
    if kind is List:
        return List(obj.items, m, obj.span, obj.spans, obj.start)
    if hasattr(kind, "with_meta"):
        return obj.with_meta(m)
    if kind is LazySeq:
        obj.seq()  # the copy shall not run the thunk a second time
    elif not hasattr(kind, "meta"):
        if callable(obj) and not isinstance(obj, type):
            return FnWithMeta(obj, m)
        raise TypeError(f"{type_name(obj)} cannot have metadata")
    made = copy.copy(obj)
    made.meta = m
    return made


class FnWithMeta:
    """A Python function that was given metadata."""

    __slots__ = ("function", "meta")

    def __init__(self, function: Any, m: Any) -> None:
        self.function = function
        self.meta = m

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


@core("vary-meta", arglists="([obj f & args])")
def vary_meta(obj: Any, f: Any, *args: Any) -> Any:
    """`obj` with the metadata `(f (meta obj) args…)`."""
    return with_meta(obj, as_fn(f)(meta(obj), *args))


@core("alter-meta!", arglists="([ref f & args])")
def alter_meta(ref: Any, f: Any, *args: Any) -> Any:
    """Set the metadata of a reference (var, atom, namespace) to `(f its-metadata args…)`."""
    return reset_meta(ref, as_fn(f)(ref.meta, *args))


@core("reset-meta!", arglists="([ref m])")
def reset_meta(ref: Any, m: Any) -> Any:
    """Set the metadata of a reference (var, atom, namespace) to the map `m`."""
    ref.meta = m
    return m
