"""The lazy sequence functions: map, filter, take, drop, partition and the rest of them.

Those that give a transducer when called without a collection find it in `transducers`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from runtime.core import transducers as xf
from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, key_of
from runtime.core.registry import core, define
from runtime.core.sequences import Concat, IndexedSeq, IterSeq, LazySeq, iterate, rest, seq
from runtime.core.transduce import sequence
from runtime.core.values import EMPTY_LIST, List
from runtime.native import _support

over = IterSeq.over


@core("map", arglists="([f] [f coll] [f c1 c2 & colls])")
def map_(f: Any, *colls: Any) -> Any:
    """The lazy sequence of `f` on the items (in step) of the collections; a transducer without any."""
    if not colls:
        return xf.map_xf(f)
    return over(map(as_fn(f), *map(iterate, colls)))


@core("filter", arglists="([pred] [pred coll])")
def filter_(pred: Any, coll: Any = MISSING) -> Any:
    """The items for which `pred` is logical true, lazily."""
    if coll is MISSING:
        return xf.filter_xf(pred)
    return over(_support.filtered(as_fn(pred), iterate(coll), True))


@core("remove", arglists="([pred] [pred coll])")
def remove(pred: Any, coll: Any = MISSING) -> Any:
    """The items for which `pred` is logical false, lazily."""
    if coll is MISSING:
        return xf.remove_xf(pred)
    return over(_support.filtered(as_fn(pred), iterate(coll), False))


@core("keep", arglists="([f] [f coll])")
def keep(f: Any, coll: Any = MISSING) -> Any:
    """The results of `f` that are not nil, lazily."""
    if coll is MISSING:
        return xf.keep_xf(f)
    f = as_fn(f)
    return over(r for x in iterate(coll) if (r := f(x)) is not None)


@core("map-indexed", arglists="([f] [f coll])")
def map_indexed(f: Any, coll: Any = MISSING) -> Any:
    """The results of `(f index item)`, lazily."""
    if coll is MISSING:
        return xf.map_indexed_xf(f)
    return over(map(as_fn(f), itertools.count(), iterate(coll)))


@core("keep-indexed", arglists="([f] [f coll])")
def keep_indexed(f: Any, coll: Any = MISSING) -> Any:
    """The results of `(f index item)` that are not nil, lazily."""
    if coll is MISSING:
        return xf.keep_indexed_xf(f)
    f = as_fn(f)
    return over(r for i, x in enumerate(iterate(coll)) if (r := f(i, x)) is not None)


@core("mapcat", arglists="([f] [f & colls])")
def mapcat(f: Any, *colls: Any) -> Any:
    """The items of the collections that `f` gives for the items, one after the other, lazily."""
    if not colls:
        return xf.mapcat_xf(f)
    results = map(as_fn(f), *map(iterate, colls))
    return over(x for result in results for x in iterate(result))


@core("take", arglists="([n] [n coll])")
def take(n: int, coll: Any = MISSING) -> Any:
    """The first `n` items, lazily."""
    if coll is MISSING:
        return xf.take_xf(n)
    return over(itertools.islice(iterate(coll), n)) if n > 0 else EMPTY_LIST


@core("take-while", arglists="([pred] [pred coll])")
def take_while(pred: Any, coll: Any = MISSING) -> Any:
    """The items before the first for which `pred` is logical false, lazily."""
    if coll is MISSING:
        return xf.take_while_xf(pred)
    pred = as_fn(pred)

    def items() -> Iterator[Any]:
        for x in iterate(coll):
            r = pred(x)
            if r is None or r is False:
                return
            yield x

    return over(items())


@core("take-nth", arglists="([n] [n coll])")
def take_nth(n: int, coll: Any = MISSING) -> Any:
    """Every nth item, lazily."""
    if coll is MISSING:
        return xf.take_nth_xf(n)
    return over(itertools.islice(iterate(coll), 0, None, n))


@core("drop", arglists="([n] [n coll])")
def drop(n: int, coll: Any = MISSING) -> Any:
    """All items but the first `n`, lazily."""
    if coll is MISSING:
        return xf.drop_xf(n)
    return LazySeq(lambda: nthrest(coll, n))


@core("drop-while", arglists="([pred] [pred coll])")
def drop_while(pred: Any, coll: Any = MISSING) -> Any:
    """The items from the first for which `pred` is logical false, lazily."""
    if coll is MISSING:
        return xf.drop_while_xf(pred)
    pred = as_fn(pred)

    def tail() -> Any:
        s = seq(coll)
        while s is not None:
            r = pred(s.first())
            if r is None or r is False:
                break
            s = seq(s.rest())
        return s

    return LazySeq(tail)


@core("drop-last", arglists="([coll] [n coll])")
def drop_last(n: Any, coll: Any = MISSING) -> Any:
    """All items but the last `n` (1), lazily."""
    if coll is MISSING:
        n, coll = 1, n
    ahead = itertools.islice(iterate(coll), max(n, 0), None)
    return over(x for x, _ in zip(iterate(coll), ahead, strict=False))


@core("nthrest", arglists="([coll n])")
def nthrest(coll: Any, n: int) -> Any:
    """`rest` taken `n` times: the items from index `n` on, perhaps none."""
    if n <= 0:
        return coll
    s = seq(coll)
    if type(s) is IndexedSeq:
        at = s.index + n
        return IndexedSeq(s.items, at) if at < len(s.items) else EMPTY_LIST
    while n > 0 and s is not None:
        s = seq(rest(s))
        n -= 1
    return EMPTY_LIST if s is None else s


@core("nthnext", arglists="([coll n])")
def nthnext(coll: Any, n: int) -> Any:
    """The items from index `n` on, nil when there are none."""
    return seq(nthrest(coll, n))


@core("interpose", arglists="([sep] [sep coll])")
def interpose(sep: Any, coll: Any = MISSING) -> Any:
    """The items with `sep` between them, lazily."""
    if coll is MISSING:
        return xf.interpose_xf(sep)

    def items() -> Iterator[Any]:
        source = iter(iterate(coll))
        for x in itertools.islice(source, 1):
            yield x
        for x in source:
            yield sep
            yield x

    return over(items())


@core("interleave", arglists="([& colls])")
def interleave(*colls: Any) -> Any:
    """The first items of all collections, then the second ones, and so on, lazily."""
    groups = zip(*map(iterate, colls), strict=False)
    return over(itertools.chain.from_iterable(groups)) if colls else EMPTY_LIST


@core("distinct", arglists="([] [coll])")
def distinct(coll: Any = MISSING) -> Any:
    """The items without later duplicates, lazily."""
    if coll is MISSING:
        return xf.distinct_xf()

    def items() -> Iterator[Any]:
        seen = set()
        for x in iterate(coll):
            key = key_of(x)
            if key not in seen:
                seen.add(key)
                yield x

    return over(items())


@core("dedupe", arglists="([] [coll])")
def dedupe(coll: Any = MISSING) -> Any:
    """The items without consecutive duplicates, lazily."""
    return xf.dedupe_xf() if coll is MISSING else sequence(xf.dedupe_xf(), coll)


@core("partition", arglists="([n coll] [n step coll] [n step pad coll])")
def partition(n: int, *args: Any) -> Any:
    """Groups of `n` items, `step` (n) apart; an incomplete last one only where `pad` fills it."""
    step = args[0] if len(args) > 1 else n
    pad = args[1] if len(args) > 2 else MISSING

    def groups() -> Iterator[Any]:
        for group in _windows(n, step, args[-1]):
            if len(group) == n:
                yield List(tuple(group))
            else:
                if pad is not MISSING:
                    filler = itertools.islice(iterate(pad), n - len(group))
                    yield List((*group, *filler))
                return

    return over(groups())


@core("partition-all", arglists="([n] [n coll] [n step coll])")
def partition_all(n: int, *args: Any) -> Any:
    """Groups of `n` items, `step` (n) apart, incomplete ones at the end included."""
    if not args:
        return xf.partition_all_xf(n)
    step = args[0] if len(args) > 1 else n
    return over(List(tuple(group)) for group in _windows(n, step, args[-1]))


def _windows(n: int, step: int, coll: Any) -> Iterator[list[Any]]:
    source = iter(iterate(coll))
    window: list[Any] = []
    skip = 0
    while True:
        for _ in itertools.islice(source, skip):
            pass
        window += itertools.islice(source, n - len(window))
        if not window:
            return
        yield list(window)
        skip = max(0, step - len(window))
        window = window[step:]


@core("partition-by", arglists="([f] [f coll])")
def partition_by(f: Any, coll: Any = MISSING) -> Any:
    """Runs of items for which `f` gives the same value, lazily."""
    if coll is MISSING:
        return xf.partition_by_xf(f)
    runs = itertools.groupby(iterate(coll), as_fn(f))
    return over(List(tuple(run)) for _, run in runs)


@core("flatten", arglists="([x])")
def flatten(x: Any) -> Any:
    """The items of nested sequential things that are not sequential themselves, lazily."""
    from runtime.core.predicates import is_sequential

    def leaves() -> Iterator[Any]:
        stack = [iter(iterate(x))]
        while stack:
            for item in stack[-1]:
                if is_sequential(item):
                    stack.append(iter(iterate(item)))
                    break
                yield item
            else:
                stack.pop()

    return over(leaves()) if is_sequential(x) else EMPTY_LIST


@core("tree-seq", arglists="([branch? children root])")
def tree_seq(is_branch: Any, children: Any, root: Any) -> Any:
    """The nodes of a tree, each before its children, lazily."""
    is_branch, children = as_fn(is_branch), as_fn(children)

    def nodes() -> Iterator[Any]:
        stack = [iter((root,))]
        while stack:
            for node in stack[-1]:
                yield node
                r = is_branch(node)
                if r is not None and r is not False:
                    stack.append(iter(iterate(children(node))))
                    break
            else:
                stack.pop()

    return over(nodes())


FOR_SKIP, FOR_STOP = object(), object()
define("for-skip*", FOR_SKIP, doc="What a step of `for` gives when :when is false.")
define("for-stop*", FOR_STOP, doc="What a step of `for` gives when :while is false.")


@core("for*", arglists="([step coll])")
def for_(step: Any, coll: Any) -> Any:
    """The lazy sequence of a `for` over one collection."""
    return over(_for_values(step, coll))


@core("for-nested*", arglists="([step coll])")
def for_nested(step: Any, coll: Any) -> Any:
    """The lazy sequence of a `for` over several collections: `step` gives the inner one's."""
    return over(x for values in _for_values(step, coll) for x in values)


def _for_values(step: Any, coll: Any) -> Iterator[Any]:
    for item in iterate(coll):
        value = step(item)
        if value is FOR_STOP:
            return
        if value is not FOR_SKIP:
            yield value


@core("lazy-cat*", arglists="([& thunks])")
def lazy_cat(*thunks: Any) -> Any:
    """The concatenation of what the thunks return, each called when it is reached."""
    return Concat.of(LazySeq(thunk) for thunk in thunks)
