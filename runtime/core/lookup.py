"""Looking things up: get, nth, count, contains?, find, peek and their relatives.

Collections of ours and records bring `get`, `entry` and the like as methods; libraries' types are told
apart by their exact class.
"""

from __future__ import annotations

from typing import Any

from runtime.core.collections import SortedMap, SortedSet
from runtime.core.kinds import MISSING, Map, PVector, type_name, vector
from runtime.core.registry import core
from runtime.core.sequences import ListCell, Seq, first, iterate
from runtime.core.values import Char, Keyword, List


@core("get", arglists="([map key] [map key not-found])")
def get(coll: Any, key: Any, default: Any = None) -> Any:
    """The value of `key` in a map, record or set, the item at an index of a vector or string."""
    kind = type(coll)
    if kind is Map:
        return coll.get(key, default)
    if coll is None:
        return default
    if kind is PVector or kind is list:
        if type(key) is int and 0 <= key < len(coll):
            return coll[key]
        return default
    if kind is str:
        return Char(coll[key]) if type(key) is int and 0 <= key < len(coll) else default
    lookup = getattr(coll, "get", None)
    return default if lookup is None else lookup(key, default)


Keyword.lookup = staticmethod(get)


@core("nth", arglists="([coll index] [coll index not-found])")
def nth(coll: Any, index: Any, default: Any = MISSING) -> Any:
    """The item at `index`, counted from 0. Raises IndexError out of bounds without a `default`."""
    if type(index) is not int:
        index = _whole(index)
    kind = type(coll)
    if kind is PVector or kind is List or kind is list or kind is str:
        if 0 <= index < len(coll):
            return Char(coll[index]) if kind is str else coll[index]
    elif coll is None:
        return None if default is MISSING else default
    elif isinstance(coll, Seq):
        if index >= 0:
            for item in coll:
                if index == 0:
                    return item
                index -= 1
    elif hasattr(coll, "__getitem__") and not hasattr(coll, "keys"):
        if 0 <= index < len(coll):
            return coll[index]
    else:
        raise TypeError(f"nth is not supported on {type_name(coll)}")
    if default is MISSING:
        raise IndexError(f"index {index} out of bounds")
    return default


def _whole(index: Any) -> int:
    if isinstance(index, bool) or not hasattr(index, "__int__"):
        raise TypeError(f"an index is a number, found {type_name(index)}")
    return int(index)


@core("count", arglists="([coll])")
def count(coll: Any) -> int:
    """How many items `coll` has; 0 for nil."""
    if coll is None:
        return 0
    if hasattr(coll, "__len__"):
        return len(coll)
    if not isinstance(coll, Seq):
        raise TypeError(f"count is not supported on {type_name(coll)}")
    items = iter(coll)
    del coll  # what was counted of a lazy sequence shall be freed
    return sum(1 for _ in items)


@core("bounded-count", arglists="([n coll])")
def bounded_count(n: int, coll: Any) -> int:
    """The count of a counted `coll`, else its count up to at most `n` items."""
    if coll is None or hasattr(coll, "__len__"):
        return count(coll)
    total = 0
    for _ in iterate(coll):
        if total >= n:
            break
        total += 1
    return total


@core("contains?", arglists="([coll key])")
def contains(coll: Any, key: Any) -> bool:
    """Whether a map or set has the key, or a vector or string the index."""
    kind = type(coll)
    if kind is Map:
        return key in coll
    if coll is None:
        return False
    if kind is PVector or kind is str or kind is list:
        return type(key) is int and 0 <= key < len(coll)
    if kind is List or isinstance(coll, Seq) or not hasattr(coll, "__contains__"):
        raise TypeError(f"contains? is not supported on {type_name(coll)}")
    return key in coll


@core("find", arglists="([map key])")
def find(coll: Any, key: Any) -> Any:
    """The entry of `key` as a vector of key and value, or nil."""
    value = get(coll, key, MISSING)
    if value is MISSING:
        return None
    if type(coll) is SortedMap:
        return coll.entry(key)
    return vector((key, value))


@core("get-in", arglists="([m ks] [m ks not-found])")
def get_in(m: Any, ks: Any, default: Any = None) -> Any:
    """The value at the path `ks` in nested maps and vectors."""
    for key in iterate(ks):
        m = get(m, key, MISSING)
        if m is MISSING:
            return default
    return m


@core("keys", arglists="([map])")
def keys(m: Any) -> Any:
    """The keys of a map, nil when there are none."""
    return _column(m, "keys", 0)


@core("vals", arglists="([map])")
def vals(m: Any) -> Any:
    """The values of a map, nil when there are none."""
    return _column(m, "values", 1)


def _column(m: Any, method: str, index: int) -> Any:
    if hasattr(m, method):
        items = tuple(getattr(m, method)())
    else:  # a sequence of entries
        items = tuple(entry[index] for entry in iterate(m))
    return List(items) if items else None


@core("key", arglists="([entry])")
def key(entry: Any) -> Any:
    """The key of a map entry."""
    return _entry(entry)[0]


@core("val", arglists="([entry])")
def val(entry: Any) -> Any:
    """The value of a map entry."""
    return _entry(entry)[1]


def _entry(entry: Any) -> Any:
    if type(entry) is not PVector or len(entry) != 2:
        raise TypeError(f"a map entry is a vector of two, found {type_name(entry)}")
    return entry


@core("peek", arglists="([coll])")
def peek(coll: Any) -> Any:
    """The last item of a vector, the first of a list; nil when there is none."""
    if type(coll) is PVector:
        return coll[-1] if len(coll) else None
    if coll is None or type(coll) is List or type(coll) is ListCell:
        return first(coll)
    raise TypeError(f"peek is not supported on {type_name(coll)}")


@core("rseq", arglists="([rev])")
def rseq(coll: Any) -> Any:
    """The items of a vector or sorted collection in reverse order, nil when there are none."""
    if type(coll) is PVector or type(coll) is SortedSet:
        items = tuple(reversed(list(coll)))
    elif type(coll) is SortedMap:
        items = tuple(reversed(coll.between(0, len(coll))))
    else:
        raise TypeError(f"rseq is not supported on {type_name(coll)}")
    return List(items) if items else None


@core("seq-to-map-for-destructuring", arglists="([s])")
def seq_to_map(s: Any) -> Any:
    """The map that keyword arguments `s` stand for: keys and values, or keys, values and a final map."""
    items = list(iterate(s))
    if len(items) == 1:
        return items[0]
    trailing = items.pop() if len(items) % 2 else None
    made = Map(list(zip(items[::2], items[1::2], strict=True)))
    return made if trailing is None else made.update(dict(trailing.items()))
