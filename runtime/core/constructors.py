"""Making collections: vector, vec, list, hash-map, hash-set, set, zipmap, sorted collections, subvec."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.core.collections import Compare, Set, SortedMap, SortedSet
from runtime.core.invoke import as_fn
from runtime.core.kinds import EMPTY_VECTOR, MISSING, Map, PVector, type_name, vector
from runtime.core.printing import pr_str
from runtime.core.registry import core
from runtime.core.sequences import Cons, iterate
from runtime.core.values import List


@core("vector", arglists="([& args])")
def vector_fn(*items: Any) -> Any:
    """A vector of the arguments."""
    return vector(items)


@core("vec", arglists="([coll])")
def vec(coll: Any) -> Any:
    """A vector of the items of `coll`."""
    if type(coll) is PVector:
        return coll
    return vector(iterate(coll))


@core("list", arglists="([& items])")
def list_fn(*items: Any) -> Any:
    """A list of the arguments."""
    return List(items)


@core("list*", arglists="([args] [a args] [a b & args])")
def list_star(*args: Any) -> Any:
    """A sequence of the arguments and then the items of the last one."""
    from runtime.core.sequences import seq

    made = seq(args[-1])
    for item in reversed(args[:-1]):
        made = List((item,)) if made is None else Cons(item, made)
    return made


def _pairs(who: str, items: tuple[Any, ...]) -> Iterable[tuple[Any, Any]]:
    if len(items) % 2:
        raise ValueError(f"{who}: no value supplied for key {pr_str(items[-1])}")
    return zip(items[::2], items[1::2], strict=True)


@core("hash-map", arglists="([& keyvals])")
def hash_map(*items: Any) -> Any:
    """A map of the keys and values."""
    return Map(list(_pairs("hash-map", items)))


@core("array-map", arglists="([& keyvals])")
def array_map(*items: Any) -> Any:
    """A map of the keys and values. Unlike Clojure's, it does not keep their order."""
    return Map(list(_pairs("array-map", items)))


@core("hash-set", arglists="([& keys])")
def hash_set(*items: Any) -> Any:
    """A set of the arguments."""
    return Set.make(items)


@core("set", arglists="([coll])")
def set_fn(coll: Any) -> Any:
    """A set of the items of `coll`."""
    return coll if type(coll) is Set and coll.meta is None else Set.make(iterate(coll))


def natural(a: Any, b: Any) -> int:
    """Clojure's `compare`, looked up late: its module needs the sequences first."""
    from runtime.core.equality import compare

    return compare(a, b)


def comparator(f: Any) -> Compare:
    """A three-way comparison of a Lisp comparator, which may also be a predicate such as `<`."""
    f = as_fn(f)

    def compare(a: Any, b: Any) -> int:
        answer = f(a, b)
        if answer is True:
            return -1
        if answer is False or answer is None:
            reverse = f(b, a)
            return 1 if reverse is not None and reverse is not False else 0
        return int(answer)

    return compare


@core("sorted-map", arglists="([& keyvals])")
def sorted_map(*items: Any) -> Any:
    """A map of the keys and values in the keys' natural order."""
    return SortedMap.make(_pairs("sorted-map", items), natural)


@core("sorted-map-by", arglists="([comparator & keyvals])")
def sorted_map_by(f: Any, *items: Any) -> Any:
    """A map of the keys and values in the comparator's order."""
    return SortedMap.make(_pairs("sorted-map-by", items), comparator(f))


@core("sorted-set", arglists="([& keys])")
def sorted_set(*items: Any) -> Any:
    """A set of the arguments in their natural order."""
    return SortedSet.make(items, natural)


@core("sorted-set-by", arglists="([comparator & keys])")
def sorted_set_by(f: Any, *items: Any) -> Any:
    """A set of the arguments in the comparator's order."""
    return SortedSet.make(items, comparator(f))


@core("subseq", arglists="([sc test key] [sc start-test start-key end-test end-key])")
def subseq(coll: Any, test: Any, key: Any, end_test: Any = MISSING, end_key: Any = MISSING) -> Any:
    """The entries of a sorted collection whose keys pass the test(s), in order, or nil."""
    items = _between(coll, test, key, end_test, end_key)
    return List(tuple(items)) if items else None


@core("rsubseq", arglists="([sc test key] [sc start-test start-key end-test end-key])")
def rsubseq(coll: Any, test: Any, key: Any, end_test: Any = MISSING, end_key: Any = MISSING) -> Any:
    """Like subseq, in reverse order."""
    items = _between(coll, test, key, end_test, end_key)
    return List(tuple(reversed(items))) if items else None


def _between(coll: Any, test: Any, key: Any, end_test: Any, end_key: Any) -> list[Any]:
    if not isinstance(coll, SortedMap | SortedSet):
        raise TypeError(f"subseq takes a sorted collection, found {type_name(coll)}")
    limits = [(as_fn(test), key)]
    if end_test is not MISSING:
        limits.append((as_fn(end_test), end_key))
    passing = [
        at
        for at, k in enumerate(coll.sorted_keys)
        if all(f(coll.compare(k, limit), 0) for f, limit in limits)
    ]
    return coll.between(passing[0], passing[-1] + 1) if passing else []


@core("zipmap", arglists="([keys vals])")
def zipmap(ks: Any, vs: Any) -> Any:
    """A map of the keys to the values at the same place; the shorter one ends it."""
    return Map(list(zip(iterate(ks), iterate(vs), strict=False)))


@core("subvec", arglists="([v start] [v start end])")
def subvec(v: Any, start: int, end: int | None = None) -> Any:
    """The items of a vector from `start` up to but not including `end`."""
    size = len(v)
    if end is None:
        end = size
    if not 0 <= start <= end <= size:
        raise IndexError(f"subvec {start} to {end} of a vector of {size}")
    return v[start:end]


@core("mapv", arglists="([f coll] [f c1 c2 & colls])")
def mapv(f: Any, *colls: Any) -> Any:
    """A vector of the results of `f` on the items (in step) of the collections."""
    return vector(list(map(as_fn(f), *map(iterate, colls)))) if colls else EMPTY_VECTOR


@core("filterv", arglists="([pred coll])")
def filterv(pred: Any, coll: Any) -> Any:
    """A vector of the items for which `pred` is logical true."""
    pred = as_fn(pred)
    return vector([x for x in iterate(coll) if (r := pred(x)) is not None and r is not False])
