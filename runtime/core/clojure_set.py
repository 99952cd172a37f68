"""The namespace clojure.set: set algebra and relations (sets of maps)."""

from __future__ import annotations

from typing import Any

from runtime.core.collections import Set
from runtime.core.invoke import as_fn
from runtime.core.kinds import EMPTY_MAP, MISSING, Map
from runtime.core.lookup import get
from runtime.core.registry import core
from runtime.core.sequences import iterate
from runtime.core.updating import disj, grow, merge, select_keys

NS = "clojure.set"


@core("union", NS, "([] [s1] [s1 s2] [s1 s2 & sets])")
def union(*sets: Any) -> Any:
    """All items of the sets."""
    if not sets:
        return Set(EMPTY_MAP)
    largest = max(sets, key=_size)
    for s in sets:
        if s is not largest:
            largest = grow(largest, iterate(s))
    return largest


def _size(s: Any) -> int:
    return 0 if s is None else len(s)


@core("intersection", NS, "([s1] [s1 s2] [s1 s2 & sets])")
def intersection(*sets: Any) -> Any:
    """The items that all the sets have."""
    smallest = min(sets, key=_size)
    if smallest is None:
        return None
    missing = [x for x in smallest if not all(s is smallest or x in s for s in sets)]
    return disj(smallest, *missing)


@core("difference", NS, "([s1] [s1 s2] [s1 s2 & sets])")
def difference(s: Any, *others: Any) -> Any:
    """The items of the first set that no other has."""
    if s is None:
        return None
    return disj(s, *[x for x in s if any(x in other for other in others if other is not None)])


@core("subset?", NS, "([set1 set2])")
def is_subset(a: Any, b: Any) -> bool:
    """Whether every item of the first set is in the second."""
    return _size(a) <= _size(b) and all(x in b for x in iterate(a))


@core("superset?", NS, "([set1 set2])")
def is_superset(a: Any, b: Any) -> bool:
    """Whether every item of the second set is in the first."""
    return is_subset(b, a)


@core("select", NS, "([pred xset])")
def select(pred: Any, s: Any) -> Any:
    """The items of the set for which `pred` is logical true."""
    pred = as_fn(pred)
    return disj(s, *[x for x in iterate(s) if (r := pred(x)) is None or r is False])


@core("project", NS, "([xrel ks])")
def project(relation: Any, ks: Any) -> Any:
    """The relation with only the given keys."""
    return Set.make(select_keys(m, ks) for m in iterate(relation))


@core("map-invert", NS, "([m])")
def map_invert(m: Any) -> Any:
    """The map from the values to the keys."""
    return EMPTY_MAP if m is None else Map([(value, key) for key, value in m.items()])


@core("rename-keys", NS, "([map kmap])")
def rename_keys(m: Any, names: Any) -> Any:
    """The map with keys renamed as the second map says."""
    if m is None:
        return None
    renamed = {new: m.get(old, None) for old, new in names.items() if old in m}
    for old in names:
        if old in m:
            m = m.delete(old) if type(m) is Map else m.dissoc(old)
    return merge(m, Map(renamed))


@core("rename", NS, "([xrel kmap])")
def rename(relation: Any, names: Any) -> Any:
    """The relation with keys renamed as the map says."""
    return Set.make(rename_keys(m, names) for m in iterate(relation))


@core("index", NS, "([xrel ks])")
def index(relation: Any, ks: Any) -> Any:
    """A map from the distinct values of the keys to the set of maps that have them."""
    found: dict[Any, list[Any]] = {}
    for m in iterate(relation):
        found.setdefault(select_keys(m, ks), []).append(m)
    return Map([(key, Set.make(maps)) for key, maps in found.items()])


@core("join", NS, "([xrel yrel] [xrel yrel km])")
def join(xs: Any, ys: Any, keys: Any = MISSING) -> Any:
    """The natural join of two relations, or the join on the keys that the map pairs."""
    xs, ys = list(iterate(xs)), list(iterate(ys))
    if not xs or not ys:
        return Set(EMPTY_MAP)
    if keys is MISSING:
        shared = [key for key, _ in xs[0].items() if key in ys[0]]
        keys = Map([(key, key) for key in shared])
    pairs = list(keys.items())
    by_values: dict[Any, list[Any]] = {}
    for y in ys:
        by_values.setdefault(tuple(get(y, yk) for _, yk in pairs), []).append(y)
    return Set.make(
        merge(y, x) for x in xs for y in by_values.get(tuple(get(x, xk) for xk, _ in pairs), ())
    )
