"""Consuming sequences: reduce and what is built on it, searches, groupings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.collections import SortedMap
from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Map, PVector, Reduced, key_of, vector
from runtime.core.registry import core
from runtime.core.sequences import IndexedSeq, IterSeq, Seq, iterate, seq
from runtime.core.values import EMPTY_LIST, List
from runtime.native import _support


@core("reduce", arglists="([f coll] [f val coll])")
def reduce(f: Any, *args: Any) -> Any:
    """`f` applied to a running value and each item in turn; `reduced` ends it early."""
    f = as_fn(f)
    coll = _taken(args[-1])
    if len(args) == 2:
        acc = args[0]
        del args  # what is consumed of a lazy sequence shall be freed
        return _support.fold(f, acc, coll)
    del args
    return _support.fold(f, coll)


# Nothing is gained by letting go of what was walked of these.
_HELD = frozenset((PVector, List, Map, IndexedSeq, type(None)))


def _taken(coll: Any) -> Any:
    """`coll` so that the native loops walk it quickly, and do not hold on to the head of what is lazy."""
    return coll if type(coll) in _HELD else iter(iterate(coll))


@core("reduce-kv", arglists="([f init coll])")
def reduce_kv(f: Any, init: Any, coll: Any) -> Any:
    """`(f acc key value)` over the entries of a map, or the indices and items of a vector."""
    kind = type(coll)
    return _support.fold_kv(as_fn(f), init, coll if kind is Map or kind is PVector else pairs(coll))


def pairs(coll: Any) -> Any:
    """Keys and values of what is like a map, as Python pairs."""
    if coll is None:
        return ()
    if hasattr(coll, "items") and not isinstance(coll, Seq | List):
        return coll.items()
    return iterate(coll)


@core("reduced", arglists="([x])")
def reduced(x: Any) -> Reduced:
    """Wraps `x` so that a reduction ends with it."""
    return Reduced(x)


@core("reduced?", arglists="([x])")
def is_reduced(x: Any) -> bool:
    """Whether `x` is the result of `reduced`."""
    return type(x) is Reduced


@core("ensure-reduced", arglists="([x])")
def ensure_reduced(x: Any) -> Reduced:
    """`x` if it is reduced, else `(reduced x)`."""
    return x if type(x) is Reduced else Reduced(x)


@core("unreduced", arglists="([x])")
def unreduced(x: Any) -> Any:
    """The value of a reduced `x`, else `x`."""
    return x.value if type(x) is Reduced else x


@core("reductions", arglists="([f coll] [f init coll])")
def reductions(f: Any, init: Any, coll: Any = MISSING) -> Any:
    """The lazy sequence of the intermediate values of a reduction."""
    f = as_fn(f)
    if coll is MISSING:
        init, coll = MISSING, init

    def steps() -> Any:
        items = iter(iterate(coll))
        acc = init
        if acc is MISSING:
            acc = next(items, MISSING)
            if acc is MISSING:
                yield f()
                return
        if type(acc) is Reduced:
            yield acc.value
            return
        yield acc
        for item in items:
            acc = f(acc, item)
            if type(acc) is Reduced:
                yield acc.value
                return
            yield acc

    return IterSeq.over(steps())


@core("run!", arglists="([proc coll])")
def run(proc: Any, coll: Any) -> None:
    """Calls `proc` on each item, for its effects."""
    proc = as_fn(proc)
    items = iter(iterate(coll))
    del coll  # what is consumed of a lazy sequence shall be freed
    for item in items:
        if type(proc(item)) is Reduced:
            return


@core("dorun", arglists="([coll] [n coll])")
def dorun(n: Any, coll: Any = MISSING) -> None:
    """Evaluates a lazy sequence (its first n+1 items) for the effects."""
    if coll is MISSING:
        coll = _taken(n)
        del n
        _support.drain(coll)
        return
    for _ in iterate(coll):
        if n <= 0:
            return
        n -= 1


@core("doall", arglists="([coll] [n coll])")
def doall(n: Any, coll: Any = MISSING) -> Any:
    """Evaluates a lazy sequence (its first n+1 items) and returns it."""
    dorun(n, coll)
    return n if coll is MISSING else coll


@core("some", arglists="([pred coll])")
def some(pred: Any, coll: Any) -> Any:
    """The first logical true value of `pred` on an item, else nil."""
    pred = as_fn(pred)
    items = iter(iterate(coll))
    del coll
    for item in items:
        found = pred(item)
        if found is not None and found is not False:
            return found
    return None


@core("every?", arglists="([pred coll])")
def every(pred: Any, coll: Any) -> bool:
    """Whether `pred` is logical true for every item."""
    pred = as_fn(pred)
    items = iter(iterate(coll))
    del coll
    for item in items:
        found = pred(item)
        if found is None or found is False:
            return False
    return True


@core("not-any?", arglists="([pred coll])")
def not_any(pred: Any, coll: Any) -> bool:
    """Whether `pred` is logical true for no item."""
    return some(pred, coll) is None


@core("not-every?", arglists="([pred coll])")
def not_every(pred: Any, coll: Any) -> bool:
    """Whether `pred` is not logical true for some item."""
    return not every(pred, coll)


@core("group-by", arglists="([f coll])")
def group_by(f: Any, coll: Any) -> Any:
    """A map from each value of `f` to the vector of items that have it."""
    f = as_fn(f)
    groups: dict[Any, list[Any]] = {}
    for item in iterate(coll):
        groups.setdefault(f(item), []).append(item)
    return Map([(key, vector(items)) for key, items in groups.items()])


@core("frequencies", arglists="([coll])")
def frequencies(coll: Any) -> Any:
    """A map from each distinct item to how often it occurs."""
    counts: dict[Any, int] = {}
    for item in iterate(coll):
        counts[item] = counts.get(item, 0) + 1
    return Map(counts)


@core("max-key", arglists="([k x] [k x y] [k x y & more])")
def max_key(k: Any, *items: Any) -> Any:
    """The item for which `k` is greatest; of equals the last."""
    return _extreme(k, items, lambda new, best: new >= best)


@core("min-key", arglists="([k x] [k x y] [k x y & more])")
def min_key(k: Any, *items: Any) -> Any:
    """The item for which `k` is least; of equals the last."""
    return _extreme(k, items, lambda new, best: new <= best)


def _extreme(k: Any, items: tuple[Any, ...], better: Callable[[Any, Any], bool]) -> Any:
    k = as_fn(k)
    best, best_key = items[0], None
    for at, item in enumerate(items):
        key = k(item)
        if at == 0 or better(key, best_key):
            best, best_key = item, key
    return best


@core("last", arglists="([coll])")
def last(coll: Any) -> Any:
    """The last item, in linear time but for vectors; nil when there is none."""
    if type(coll) is PVector:
        return coll[-1] if len(coll) else None
    items = iter(iterate(coll))
    del coll
    item = None
    for item in items:  # noqa: B007 (what stays is the answer)
        pass
    return item


@core("butlast", arglists="([coll])")
def butlast(coll: Any) -> Any:
    """All items but the last, nil when there are none."""
    items = tuple(iterate(coll))[:-1]
    return List(items) if items else None


@core("take-last", arglists="([n coll])")
def take_last(n: int, coll: Any) -> Any:
    """The last `n` items, nil when there are none."""
    items = tuple(iterate(coll))[-n:] if n > 0 else ()
    return List(items) if items else None


@core("reverse", arglists="([coll])")
def reverse(coll: Any) -> Any:
    """The items in reverse order, as a list."""
    items = tuple(iterate(coll))
    return List(items[::-1]) if items else EMPTY_LIST


@core("split-at", arglists="([n coll])")
def split_at(n: int, coll: Any) -> Any:
    """`[(take n coll) (drop n coll)]`."""
    from runtime.core.lazy import drop, take

    return vector((take(n, coll), drop(n, coll)))


@core("split-with", arglists="([pred coll])")
def split_with(pred: Any, coll: Any) -> Any:
    """`[(take-while pred coll) (drop-while pred coll)]`."""
    from runtime.core.lazy import drop_while, take_while

    return vector((take_while(pred, coll), drop_while(pred, coll)))


@core("distinct?", arglists="([x] [x y] [x y & more])")
def is_distinct(*items: Any) -> bool:
    """Whether no two of the arguments are equal."""
    return len(set(map(key_of, items))) == len(items)


@core("empty?", arglists="([coll])")
def is_empty(coll: Any) -> bool:
    """Whether `coll` has no items."""
    if type(coll) is SortedMap or type(coll) is PVector or type(coll) is Map:
        return len(coll) == 0
    return seq(coll) is None
