"""Sorting, shuffling and random numbers."""

from __future__ import annotations

import random
from functools import cmp_to_key
from typing import Any

from runtime.core.constructors import comparator
from runtime.core.equality import compare
from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, vector
from runtime.core.registry import core
from runtime.core.sequences import iterate
from runtime.core.values import EMPTY_LIST, List

NATURAL = cmp_to_key(compare)


def _sorted(items: list[Any], keys: list[Any], order: Any) -> Any:
    """The items in the order of their keys, equal ones as they were."""
    if order is NATURAL and _python_order(keys):
        order = None
    ranks = keys if order is None else [order(key) for key in keys]
    places = sorted(range(len(items)), key=ranks.__getitem__)
    return List(tuple(items[at] for at in places)) if items else EMPTY_LIST


def _python_order(keys: list[Any]) -> bool:
    """Whether Python orders the keys as `compare` does: all strings, or numbers without NaN."""
    kinds = {type(key) for key in keys}
    if kinds == {str} or kinds == {int}:
        return True
    return kinds <= {int, float} and not any(key != key for key in keys)


def _order(f: Any) -> Any:
    return NATURAL if f is compare else cmp_to_key(comparator(f))


@core("sort", arglists="([coll] [comp coll])")
def sort(f: Any, coll: Any = MISSING) -> Any:
    """The items in order (of `comp`, which may be a predicate such as `<`); equal ones stay in place."""
    if coll is MISSING:
        f, coll = compare, f
    items = list(iterate(coll))
    return _sorted(items, items, _order(f))


@core("sort-by", arglists="([keyfn coll] [keyfn comp coll])")
def sort_by(key: Any, f: Any, coll: Any = MISSING) -> Any:
    """The items in the order of their keys; equal ones stay in place."""
    if coll is MISSING:
        f, coll = compare, f
    items = list(iterate(coll))
    return _sorted(items, list(map(as_fn(key), items)), _order(f))


@core("shuffle", arglists="([coll])")
def shuffle(coll: Any) -> Any:
    """A vector of the items in random order."""
    items = list(iterate(coll))
    random.shuffle(items)
    return vector(items)


@core("rand", arglists="([] [n])")
def rand(n: Any = 1.0) -> float:
    """A random double from 0 up to but not including `n` (1)."""
    return random.random() * n


@core("rand-int", arglists="([n])")
def rand_int(n: Any) -> int:
    """A random integer from 0 up to but not including `n`."""
    return int(random.random() * n)
