"""Making changed collections: conj, assoc, dissoc, update, merge, into and their relatives.

Maps and vectors keep their metadata; the side table is asked only while it has entries.
"""

from __future__ import annotations

from typing import Any

from runtime.core.collections import Set, SortedMap, SortedSet
from runtime.core.invoke import as_fn
from runtime.core.kinds import EMPTY_MAP, MISSING, Map, PVector, type_name, vector
from runtime.core.lookup import get
from runtime.core.meta import TABLE as METADATA
from runtime.core.meta import keep
from runtime.core.registry import core
from runtime.core.sequences import Cons, ListCell, Seq, cons, iterate
from runtime.core.transducers import map_xf
from runtime.core.values import EMPTY_LIST, List

LONG_LIST = 64  # a list with more items gets its new first item by a cell, not by copying


@core("conj", arglists="([] [coll] [coll x] [coll x & xs])")
def conj(coll: Any = MISSING, *items: Any) -> Any:
    """`coll` with the items added where that is cheap: a vector's end, a list's front."""
    if type(coll) is PVector:
        made = coll
        for item in items:
            made = made.append(item)
        return keep(coll, made) if METADATA else made
    if coll is MISSING:
        return vector()
    made = coll
    for item in items:
        made = _conj_one(made, item)
    return made


def _conj_one(coll: Any, item: Any) -> Any:
    kind = type(coll)
    if kind is PVector:
        return coll.append(item)
    if kind is Map:
        made = _add_entry(coll, item)
        return keep(coll, made) if METADATA else made
    if coll is None:
        return List((item,))
    if kind is List:
        if len(coll) > LONG_LIST:
            return ListCell(item, coll, coll.meta)
        return List((item, *coll), coll.meta)
    if kind is ListCell:
        return ListCell(item, coll, coll.meta)
    if isinstance(coll, Seq):
        return cons(item, coll)
    if hasattr(coll, "conj"):
        return coll.conj(item)
    if hasattr(coll, "assoc"):
        return _add_entry(coll, item)
    raise TypeError(f"conj is not supported on {type_name(coll)}")


def _add_entry(m: Any, entry: Any) -> Any:
    if type(entry) is PVector:
        if len(entry) != 2:
            raise ValueError("conj of a vector onto a map takes one of key and value")
        return _put(m, entry[0], entry[1])
    if entry is None:
        return m
    if type(m) is Map and type(entry) is Map:
        return m.update(entry)
    if not hasattr(entry, "items"):
        raise TypeError(f"conj onto a map takes an entry or a map, found {type_name(entry)}")
    for key, value in entry.items():
        m = _put(m, key, value)
    return m


def _put(m: Any, key: Any, value: Any) -> Any:
    return m.set(key, value) if type(m) is Map else m.assoc(key, value)


@core("assoc", arglists="([map key val] [map key val & kvs])")
def assoc(coll: Any, key: Any, value: Any, *more: Any) -> Any:
    """`coll` with the value at the key (of a map or record) or index (of a vector)."""
    kind = type(coll)
    if kind is Map:
        made = coll.set(key, value)
    elif coll is None:
        made = EMPTY_MAP.set(key, value)
    elif kind is PVector:
        if type(key) is not int:
            raise TypeError(f"assoc on a vector takes an index, found {type_name(key)}")
        if not 0 <= key <= len(coll):
            raise IndexError(f"index {key} out of bounds, length {len(coll)}")
        made = coll.append(value) if key == len(coll) else coll.set(key, value)
    elif hasattr(coll, "assoc"):
        made = coll.assoc(key, value)
    else:
        raise TypeError(f"assoc is not supported on {type_name(coll)}")
    if METADATA:
        keep(coll, made)
    if more:
        if len(more) % 2:
            raise ValueError("assoc expects a value after each key")
        return assoc(made, *more)
    return made


@core("dissoc", arglists="([map] [map key] [map key & ks])")
def dissoc(m: Any, *ks: Any) -> Any:
    """A map without the keys `ks`."""
    if m is None:
        return None
    made = m
    for key in ks:
        if type(made) is Map:
            if key in made:
                made = made.delete(key)
        elif hasattr(made, "dissoc"):
            made = made.dissoc(key)
        else:
            raise TypeError(f"dissoc is not supported on {type_name(made)}")
    return keep(m, made) if METADATA else made


@core("disj", arglists="([set] [set key] [set key & ks])")
def disj(s: Any, *items: Any) -> Any:
    """A set without the items."""
    if s is None:
        return None
    if not hasattr(s, "disj"):
        raise TypeError(f"disj is not supported on {type_name(s)}")
    for item in items:
        s = s.disj(item)
    return s


@core("pop", arglists="([coll])")
def pop(coll: Any) -> Any:
    """A vector without its last item, a list without its first."""
    if coll is None:
        return None
    if type(coll) is PVector:
        if not len(coll):
            raise IndexError("cannot pop an empty vector")
        made = coll[:-1]
        return keep(coll, made) if METADATA else made
    if type(coll) is List or type(coll) is ListCell:
        if not len(coll):
            raise IndexError("cannot pop an empty list")
        return coll.rest()
    raise TypeError(f"pop is not supported on {type_name(coll)}")


@core("update", arglists="([m k f] [m k f & args])")
def update(m: Any, key: Any, f: Any, *args: Any) -> Any:
    """`m` with the value at `key` replaced by `(f value args…)`."""
    if type(m) is Map:
        made = m.set(key, as_fn(f)(m.get(key, None), *args))
        return keep(m, made) if METADATA else made
    return assoc(m, key, as_fn(f)(get(m, key), *args))


@core("assoc-in", arglists="([m ks v])")
def assoc_in(m: Any, ks: Any, value: Any) -> Any:
    """`m` with `value` at the path `ks`; missing levels become maps."""
    return _at_path(m, list(iterate(ks)) or [None], lambda _: value)


@core("update-in", arglists="([m ks f & args])")
def update_in(m: Any, ks: Any, f: Any, *args: Any) -> Any:
    """`m` with the value at the path `ks` replaced by `(f value args…)`."""
    f = as_fn(f)
    return _at_path(m, list(iterate(ks)) or [None], lambda old: f(old, *args))


def _at_path(m: Any, path: list[Any], change: Any) -> Any:
    levels = [m]
    for key in path[:-1]:
        levels.append(get(levels[-1], key))
    value = change(get(levels[-1], path[-1]))
    for level, key in zip(reversed(levels), reversed(path), strict=True):
        value = assoc(level, key, value)
    return value


@core("merge", arglists="([& maps])")
def merge(*maps: Any) -> Any:
    """All entries of the maps in one; the last value of a key wins. nil when all are nil."""
    made = None
    for m in maps:
        if made is None:
            made = m
        elif m is not None:
            made = _conj_one(made, m)
    return made


@core("merge-with", arglists="([f & maps])")
def merge_with(f: Any, *maps: Any) -> Any:
    """Like merge, but values of the same key are combined by `(f old new)`."""
    f = as_fn(f)
    made = None
    for m in maps:
        if m is None:
            continue
        if made is None:
            made = m
            continue
        for key, value in m.items():
            old = get(made, key, MISSING)
            made = _put(made, key, value if old is MISSING else f(old, value))
    return made


@core("select-keys", arglists="([map keyseq])")
def select_keys(m: Any, ks: Any) -> Any:
    """A map of only those entries of `m` whose key is in `ks`."""
    pairs = ((key, get(m, key, MISSING)) for key in iterate(ks))
    made = Map([pair for pair in pairs if pair[1] is not MISSING])
    return keep(m, made) if METADATA else made


@core("update-keys", arglists="([m f])")
def update_keys(m: Any, f: Any) -> Any:
    """The map with `f` applied to each key."""
    f = as_fn(f)
    return Map([(f(key), value) for key, value in _pairs(m)])


@core("update-vals", arglists="([m f])")
def update_vals(m: Any, f: Any) -> Any:
    """The map with `f` applied to each value."""
    f = as_fn(f)
    return Map([(key, f(value)) for key, value in _pairs(m)])


def _pairs(m: Any) -> Any:
    return () if m is None else m.items()


@core("empty", arglists="([coll])")
def empty(coll: Any) -> Any:
    """An empty collection of the same kind, or nil for what is no collection."""
    kind = type(coll)
    if kind is Map or kind is PVector:
        made = EMPTY_MAP.mutate().finish() if kind is Map else vector()
        return keep(coll, made) if METADATA else made
    if kind is List or isinstance(coll, Seq):
        return List((), coll.meta) if coll.meta is not None else EMPTY_LIST
    return coll.empty() if kind in (Set, SortedMap, SortedSet) else None


@core("replace", arglists="([smap] [smap coll])")
def replace(smap: Any, coll: Any = MISSING) -> Any:
    """The items of `coll`, each replaced by its value in `smap` where it has one; a transducer without."""
    if coll is MISSING:
        return map_xf(lambda item: get(smap, item, item))
    replaced = (get(smap, item, item) for item in iterate(coll))
    return vector(replaced) if type(coll) is PVector else List(tuple(replaced))


@core("not-empty", arglists="([coll])")
def not_empty(coll: Any) -> Any:
    """`coll`, or nil when it has no items."""
    for _ in iterate(coll):
        return coll
    return None


def grow(coll: Any, items: Any) -> Any:
    """`coll` with every item of a Python iterable added, as `into` does it."""
    kind = type(coll)
    if kind is PVector:
        made = coll.extend(items)
    elif kind is Map:
        made = _grow_map(coll, items)
    elif kind is Set:
        changed = coll.items.mutate()
        for item in items:
            if item not in changed:
                changed[item] = item
        return Set(changed.finish(), coll.meta)
    else:
        made = coll
        for item in items:
            made = _conj_one(made, item)
        return made
    return keep(coll, made) if METADATA else made


def _grow_map(m: Any, items: Any) -> Any:
    if type(items) is Map:
        return m.update(items)
    changed = m.mutate()
    for item in items:
        if type(item) is PVector and len(item) == 2:
            changed[item[0]] = item[1]
        else:  # rare: an item that is a map, or no entry at all, which raises
            changed = _add_entry(changed.finish(), item).mutate()
    return changed.finish()


def link(items: Any, tail: Any) -> Any:
    """The Python sequence `items` in front of `tail`, as cons cells."""
    for item in reversed(items):
        tail = Cons(item, tail)
    return tail
