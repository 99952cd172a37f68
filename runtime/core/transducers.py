"""The transducers: what the sequence functions return when called without a collection.

A reducing function has three arities: `()` an initial value, `(acc)` completion, `(acc item)` a step.
Missing arguments arrive as `MISSING`, so that a step costs one comparison more than its work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Reduced, key_of, vector
from runtime.core.registry import core
from runtime.core.sequences import iterate

Step = Callable[..., Any]
Transducer = Callable[[Step], Step]


def _stateless(rf: Step, on_item: Callable[[Any, Any], Any]) -> Step:
    def step(acc: Any = MISSING, item: Any = MISSING) -> Any:
        if item is MISSING:
            return rf() if acc is MISSING else rf(acc)
        return on_item(acc, item)

    return step


def map_xf(f: Any) -> Transducer:
    f = as_fn(f)

    def transducer(rf: Step) -> Step:
        def step(acc: Any = MISSING, item: Any = MISSING, *more: Any) -> Any:
            if item is MISSING:
                return rf() if acc is MISSING else rf(acc)
            return rf(acc, f(item, *more)) if more else rf(acc, f(item))

        return step

    return transducer


def filter_xf(pred: Any) -> Transducer:
    pred = as_fn(pred)

    def transducer(rf: Step) -> Step:
        def step(acc: Any = MISSING, item: Any = MISSING) -> Any:
            if item is MISSING:
                return rf() if acc is MISSING else rf(acc)
            r = pred(item)
            return rf(acc, item) if r is not None and r is not False else acc

        return step

    return transducer


def remove_xf(pred: Any) -> Transducer:
    pred = as_fn(pred)

    def negated(item: Any) -> bool:
        r = pred(item)
        return r is None or r is False

    return filter_xf(negated)


def keep_xf(f: Any) -> Transducer:
    f = as_fn(f)

    def transducer(rf: Step) -> Step:
        def on_item(acc: Any, item: Any) -> Any:
            r = f(item)
            return acc if r is None else rf(acc, r)

        return _stateless(rf, on_item)

    return transducer


def map_indexed_xf(f: Any) -> Transducer:
    f = as_fn(f)

    def transducer(rf: Step) -> Step:
        index = -1

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal index
            index += 1
            return rf(acc, f(index, item))

        return _stateless(rf, on_item)

    return transducer


def keep_indexed_xf(f: Any) -> Transducer:
    f = as_fn(f)

    def transducer(rf: Step) -> Step:
        index = -1

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal index
            index += 1
            r = f(index, item)
            return acc if r is None else rf(acc, r)

        return _stateless(rf, on_item)

    return transducer


@core("cat", arglists="([rf])")
def cat(rf: Step) -> Step:
    """A transducer that passes on the items of each item."""
    rf = as_fn(rf)

    def on_item(acc: Any, coll: Any) -> Any:
        for item in iterate(coll):
            acc = rf(acc, item)
            if type(acc) is Reduced:
                return acc
        return acc

    return _stateless(rf, on_item)


def mapcat_xf(f: Any) -> Transducer:
    mapping = map_xf(f)
    return lambda rf: mapping(cat(rf))


def take_xf(n: int) -> Transducer:
    def transducer(rf: Step) -> Step:
        left = n

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal left
            left -= 1
            if left >= 0:
                acc = rf(acc, item)
            if left <= 0 and type(acc) is not Reduced:
                return Reduced(acc)
            return acc

        return _stateless(rf, on_item)

    return transducer


def take_while_xf(pred: Any) -> Transducer:
    pred = as_fn(pred)

    def transducer(rf: Step) -> Step:
        def on_item(acc: Any, item: Any) -> Any:
            r = pred(item)
            return rf(acc, item) if r is not None and r is not False else Reduced(acc)

        return _stateless(rf, on_item)

    return transducer


def take_nth_xf(n: int) -> Transducer:
    def transducer(rf: Step) -> Step:
        index = -1

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal index
            index += 1
            return rf(acc, item) if index % n == 0 else acc

        return _stateless(rf, on_item)

    return transducer


def drop_xf(n: int) -> Transducer:
    def transducer(rf: Step) -> Step:
        left = n

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal left
            if left > 0:
                left -= 1
                return acc
            return rf(acc, item)

        return _stateless(rf, on_item)

    return transducer


def drop_while_xf(pred: Any) -> Transducer:
    pred = as_fn(pred)

    def transducer(rf: Step) -> Step:
        dropping = True

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal dropping
            if dropping:
                r = pred(item)
                if r is not None and r is not False:
                    return acc
                dropping = False
            return rf(acc, item)

        return _stateless(rf, on_item)

    return transducer


def interpose_xf(sep: Any) -> Transducer:
    def transducer(rf: Step) -> Step:
        started = False

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal started
            if started:
                acc = rf(acc, sep)
                if type(acc) is Reduced:
                    return acc
            started = True
            return rf(acc, item)

        return _stateless(rf, on_item)

    return transducer


def distinct_xf() -> Transducer:
    def transducer(rf: Step) -> Step:
        seen: set[Any] = set()

        def on_item(acc: Any, item: Any) -> Any:
            key = key_of(item)
            if key in seen:
                return acc
            seen.add(key)
            return rf(acc, item)

        return _stateless(rf, on_item)

    return transducer


def dedupe_xf() -> Transducer:
    from runtime.core.equality import equal

    def transducer(rf: Step) -> Step:
        last: Any = MISSING

        def on_item(acc: Any, item: Any) -> Any:
            nonlocal last
            if last is not MISSING and equal(last, item):
                return acc
            last = item
            return rf(acc, item)

        return _stateless(rf, on_item)

    return transducer


def partition_all_xf(n: int) -> Transducer:
    return _grouping(lambda group, _: len(group) == n, before=False)


def partition_by_xf(f: Any) -> Transducer:
    from runtime.core.equality import equal

    f = as_fn(f)
    return _grouping(
        lambda group, item: bool(group) and not equal(f(group[-1]), f(item)), before=True
    )


def _grouping(is_full: Callable[[list[Any], Any], bool], before: bool) -> Transducer:
    """Collects items into vectors: a group ends before or after the item at which it is full."""

    def transducer(rf: Step) -> Step:
        group: list[Any] = []

        def flush(acc: Any) -> Any:
            done = vector(group)
            group.clear()
            return rf(acc, done)

        def step(acc: Any = MISSING, item: Any = MISSING) -> Any:
            if acc is MISSING:
                return rf()
            if item is MISSING:
                if group:
                    acc = flush(acc)
                    acc = acc.value if type(acc) is Reduced else acc
                return rf(acc)
            if before and is_full(group, item):
                acc = flush(acc)
                if type(acc) is Reduced:
                    return acc
            group.append(item)
            return flush(acc) if not before and is_full(group, item) else acc

        return step

    return transducer


@core("halt-when", arglists="([pred] [pred retf])")
def halt_when(pred: Any, retf: Any = None) -> Transducer:
    """A transducer that ends with the item for which `pred` is logical true (or `(retf result item)`)."""
    pred = as_fn(pred)

    class Halt:
        def __init__(self, value: Any) -> None:
            self.value = value

    def transducer(rf: Step) -> Step:
        def step(acc: Any = MISSING, item: Any = MISSING) -> Any:
            if acc is MISSING:
                return rf()
            if item is MISSING:
                return acc.value if type(acc) is Halt else rf(acc)
            r = pred(item)
            if r is None or r is False:
                return rf(acc, item)
            return Reduced(Halt(item if retf is None else as_fn(retf)(rf(acc), item)))

        return step

    return transducer
