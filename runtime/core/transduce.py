"""What applies transducers: completing, transduce, into, sequence, eduction."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Map, Reduced, vector
from runtime.core.printing import print_sequence, register_printer
from runtime.core.registry import core
from runtime.core.sequences import IterSeq, Seq, iterate, seq
from runtime.core.transducers import Step, filter_xf
from runtime.core.updating import grow
from runtime.core.values import EMPTY_LIST


@core("completing", arglists="([f] [f cf])")
def completing(f: Any, cf: Any = None) -> Step:
    """A reducing function of `f` that completes with `cf` (identity)."""
    f = as_fn(f)
    finish = None if cf is None else as_fn(cf)

    def step(acc: Any = MISSING, item: Any = MISSING) -> Any:
        if acc is MISSING:
            return f()
        if item is MISSING:
            return acc if finish is None else finish(acc)
        return f(acc, item)

    return step


@core("transduce", arglists="([xform f coll] [xform f init coll])")
def transduce(xform: Any, f: Any, init: Any, coll: Any = MISSING) -> Any:
    """Reduces `coll` with the transformed reducing function `(xform f)`."""
    f = as_fn(f)
    if coll is MISSING:
        init, coll = f(), init
    step = as_fn(xform)(f)
    items = iter(iterate(coll))
    del coll  # what is consumed of a lazy sequence shall be freed
    return step(_run(step, init, items))


def _run(step: Step, acc: Any, items: Iterator[Any]) -> Any:
    for item in items:
        acc = step(acc, item)
        if type(acc) is Reduced:
            return acc.value
    return acc


def _collect(acc: Any = MISSING, item: Any = MISSING) -> Any:
    """The reducing function that appends to a Python list."""
    if item is not MISSING:
        acc.append(item)
    return acc


@core("into", arglists="([] [to] [to from] [to xform from])")
def into(to: Any = MISSING, xform: Any = MISSING, source: Any = MISSING) -> Any:
    """`to` with all items of `from` (transformed by `xform`) added."""
    if to is MISSING:
        return vector()
    if xform is MISSING:
        return to
    if source is MISSING:
        whole = type(to) is Map and type(xform) is Map
        if not whole:
            xform = iter(iterate(xform)) if isinstance(xform, Seq) else iterate(xform)
        return grow(to, xform)
    made: list[Any] = []
    step = as_fn(xform)(_collect)
    items = iter(iterate(source))
    del source
    step(_run(step, made, items))
    return grow(to, made)


@core("sequence", arglists="([coll] [xform coll] [xform coll & colls])")
def sequence(xform: Any, *colls: Any) -> Any:
    """The lazy sequence of the transformed items; without `xform` a sequence that may be empty."""
    if not colls:
        s = seq(xform)
        return EMPTY_LIST if s is None else s
    source = iterate(colls[0]) if len(colls) == 1 else None
    return IterSeq.over(_transformed(as_fn(xform), source, colls))


def _transformed(xform: Any, source: Any, colls: tuple[Any, ...]) -> Iterator[Any]:
    ready: list[Any] = []
    step = xform(_collect)
    groups = (
        ((x,) for x in source) if source is not None else zip(*map(iterate, colls), strict=False)
    )
    for group in groups:
        ended = type(step(ready, *group)) is Reduced
        yield from ready
        ready.clear()
        if ended:
            break
    step(ready)
    yield from ready


class Eduction:
    """A transformation that runs anew each time it is reduced or walked."""

    __slots__ = ("xform", "coll")

    def __init__(self, xform: Any, coll: Any) -> None:
        self.xform = xform
        self.coll = coll

    def __iter__(self) -> Iterator[Any]:
        return _transformed(self.xform, iterate(self.coll), ())


register_printer(Eduction, print_sequence)


@core("eduction", arglists="([xform* coll])")
def eduction(*args: Any) -> Eduction:
    """The items of the last argument transformed by the transducers, recomputed at each use."""
    *xforms, coll = args

    def composed(rf: Step) -> Step:
        for xform in reversed(xforms):
            rf = as_fn(xform)(rf)
        return rf

    return Eduction(composed, coll)


@core("random-sample", arglists="([prob] [prob coll])")
def random_sample(prob: float, coll: Any = MISSING) -> Any:
    """Each item with the given probability, lazily."""
    transducer = filter_xf(lambda _: random.random() < prob)
    return transducer if coll is MISSING else sequence(transducer, coll)


@core("->Eduction", arglists="([xform coll])")
def make_eduction(xform: Any, coll: Any) -> Eduction:
    """The eduction of one transducer."""
    return Eduction(as_fn(xform), coll)
