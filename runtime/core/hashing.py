"""Functions that combine hashes, for types that define their own."""

from __future__ import annotations

from typing import Any

from runtime.core.equality import hash_value
from runtime.core.registry import core
from runtime.core.sequences import iterate

BITS = 0xFFFFFFFF


@core("hash-combine", arglists="([x y])")
def hash_combine(x: Any, y: Any) -> int:
    """A hash of a hash `x` and the hash of `y`."""
    return hash((x, hash_value(y))) & BITS


@core("mix-collection-hash", arglists="([hash-basis count])")
def mix_collection_hash(basis: int, count: int) -> int:
    """A hash of a collection from the combined hashes of its items and their number."""
    return hash((basis, count)) & BITS


@core("hash-ordered-coll", arglists="([coll])")
def hash_ordered(coll: Any) -> int:
    """A hash of the items in their order."""
    return hash(tuple(hash_value(x) for x in iterate(coll))) & BITS


@core("hash-unordered-coll", arglists="([coll])")
def hash_unordered(coll: Any) -> int:
    """A hash of the items whatever their order."""
    return hash(frozenset(hash_value(x) for x in iterate(coll))) & BITS
