"""Transients: mutable copies of vectors, maps and sets for building them quickly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runtime.core.collections import Set
from runtime.core.kinds import MISSING, Map, PVector, type_name, vector
from runtime.core.registry import core


class Transient:
    """A collection being built: `held` is a Python list (vectors) or dict (maps, sets)."""

    __slots__ = ("held", "source")

    def __init__(self, source: Any) -> None:
        self.source = source
        self.held: Any
        if type(source) is PVector:
            self.held = list(source)
        elif type(source) is Map:
            self.held = dict(source.items())
        elif type(source) is Set:
            self.held = dict(source.items.items())
        else:
            raise TypeError(f"transient is not supported on {type_name(source)}")

    def get(self, key: Any, default: Any = None) -> Any:
        held = self.held
        if type(held) is dict:
            return held.get(key, default)
        return held[key] if type(key) is int and 0 <= key < len(held) else default

    __call__ = get

    def __getitem__(self, index: int) -> Any:
        return self.held[index]

    def __contains__(self, key: object) -> bool:
        return self.get(key, MISSING) is not MISSING

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a transient is not a sequence")


def _held(t: Any, who: str) -> Any:
    if type(t) is not Transient:
        raise TypeError(f"{who} takes a transient, found {type_name(t)}")
    if t.held is None:
        raise RuntimeError("Transient used after persistent! call")
    return t.held


@core("transient", arglists="([coll])")
def transient(coll: Any) -> Transient:
    """A mutable copy of a vector, map or set."""
    return Transient(coll)


@core("persistent!", arglists="([coll])")
def persistent(t: Any) -> Any:
    """The persistent collection of a transient, which cannot be used after."""
    held = _held(t, "persistent!")
    t.held = None
    if type(held) is list:
        return vector(held)
    return Map(held) if type(t.source) is Map else Set(Map(held))


@core("conj!", arglists="([] [coll] [coll x])")
def conj_bang(t: Any = MISSING, *items: Any) -> Any:
    """Adds items to a transient."""
    if t is MISSING:
        return Transient(vector())
    held = _held(t, "conj!")
    for item in items:
        if type(held) is list:
            held.append(item)
        elif type(t.source) is Set:
            held.setdefault(item, item)
        elif type(item) is PVector:
            held[item[0]] = item[1]
        else:
            held.update(item.items())
    return t


@core("assoc!", arglists="([coll key val] [coll key val & kvs])")
def assoc_bang(t: Any, *pairs: Any) -> Any:
    """Sets values in a transient map or vector."""
    held = _held(t, "assoc!")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        if type(held) is list and key == len(held):
            held.append(value)
        elif type(held) is list and not 0 <= key < len(held):
            raise IndexError(f"index {key} out of bounds, length {len(held)}")
        else:
            held[key] = value
    return t


@core("dissoc!", arglists="([map key] [map key & ks])")
@core("disj!", arglists="([set key] [set key & ks])")
def dissoc_bang(t: Any, *keys: Any) -> Any:
    """Takes keys out of a transient map, or items out of a transient set."""
    held = _held(t, "dissoc!")
    for key in keys:
        held.pop(key, None)
    return t


@core("pop!", arglists="([coll])")
def pop_bang(t: Any) -> Any:
    """Takes the last item off a transient vector."""
    held = _held(t, "pop!")
    if not held:
        raise IndexError("cannot pop an empty vector")
    held.pop()
    return t
