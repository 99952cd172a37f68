"""Sequences out of nothing: range, repeat, repeatedly, iterate, cycle, line-seq and their relatives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING
from runtime.core.registry import core
from runtime.core.sequences import IndexedSeq, IterSeq, iterate, seq
from runtime.core.values import EMPTY_LIST

over = IterSeq.over


@core("range", arglists="([] [end] [start end] [start end step])")
def range_(start: Any = MISSING, end: Any = MISSING, step: Any = 1) -> Any:
    """Numbers from `start` (0) up to but not including `end` (without end), `step` (1) apart."""
    if start is MISSING:
        return over(itertools.count())
    if end is MISSING:
        start, end = 0, start
    if type(start) is int and type(end) is int and type(step) is int:
        if step == 0:
            return EMPTY_LIST if start == end else over(itertools.repeat(start))
        numbers = range(start, end, step)
        return IndexedSeq(numbers) if numbers else EMPTY_LIST
    return over(_steps(start, end, step))


def _steps(start: Any, end: Any, step: Any) -> Iterator[Any]:
    if step == 0:
        yield from itertools.repeat(start) if start != end else ()
    elif step > 0:
        while start < end:
            yield start
            start = start + step
    else:
        while start > end:
            yield start
            start = start + step


@core("repeat", arglists="([x] [n x])")
def repeat(n: Any, x: Any = MISSING) -> Any:
    """`x` again and again, or `n` times."""
    if x is MISSING:
        return over(itertools.repeat(n))
    return over(itertools.repeat(x, n)) if n > 0 else EMPTY_LIST


@core("repeatedly", arglists="([f] [n f])")
def repeatedly(n: Any, f: Any = MISSING) -> Any:
    """The results of calling `f` again and again, or `n` times."""
    if f is MISSING:
        f = as_fn(n)
        return over(f() for _ in itertools.repeat(None))
    f = as_fn(f)
    return over(f() for _ in range(n))


@core("iterate", arglists="([f x])")
def iterate_(f: Any, x: Any) -> Any:
    """`x`, `(f x)`, `(f (f x))` and so on."""
    f = as_fn(f)

    def values(value: Any) -> Iterator[Any]:
        while True:
            yield value
            value = f(value)

    return over(values(x))


@core("iteration", arglists="([step & {:keys [somef vf kf initk]}])")
def iteration(step: Any, *options: Any) -> Any:
    """The values of `step` called with one continuation key after the other, lazily."""
    from runtime.core.lookup import seq_to_map
    from runtime.core.values import Keyword

    given = seq_to_map(options) if options else {}

    def option(name: str, default: Any) -> Any:
        return as_fn(given.get(Keyword(name), default))

    step, present = as_fn(step), option("somef", lambda result: result is not None)
    value_of, key_of = option("vf", lambda result: result), option("kf", lambda result: result)

    def results() -> Iterator[Any]:
        key = given.get(Keyword("initk"), None)
        while True:
            result = step(key)
            found = present(result)
            if found is None or found is False:
                return
            yield value_of(result)
            key = key_of(result)
            if key is None:
                return

    return over(results())


@core("cycle", arglists="([coll])")
def cycle(coll: Any) -> Any:
    """The items of `coll` over and over."""
    return over(itertools.cycle(iterate(coll)))


@core("line-seq", arglists="([rdr])")
def line_seq(reader: Any) -> Any:
    """The lines of an open text file, without their ends, lazily; nil when there are none."""
    return seq(over(line.rstrip("\r\n") for line in reader))


@core("enumeration-seq", arglists="([e])")
def enumeration_seq(source: Any) -> Any:
    """The items of a Python iterator, lazily; nil when there are none."""
    return seq(over(source))


@core("iterator-seq", arglists="([iter])")
def iterator_seq(source: Any) -> Any:
    """The items of a Python iterator, lazily; nil when there are none."""
    return seq(over(source))


@core("xml-seq", arglists="([root])")
def xml_seq(root: Any) -> Any:
    """The nodes of an XML tree given as maps with :content."""
    from runtime.core.lazy import tree_seq
    from runtime.core.lookup import get
    from runtime.core.values import Keyword

    content = Keyword("content")
    return tree_seq(lambda node: not isinstance(node, str), lambda n: seq(get(n, content)), root)


@core("replicate", arglists="([n x])")
def replicate(n: int, x: Any) -> Any:
    """`x`, `n` times."""
    return repeat(n, x)


@core("file-seq", arglists="([dir])")
def file_seq(folder: Any) -> Any:
    """The paths of a folder and of all that is in it, lazily."""
    root = Path(folder)
    return over(itertools.chain((root,), root.rglob("*")))
