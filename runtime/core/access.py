"""Short ways into sequences: second, ffirst, nfirst, nnext and the like."""

from __future__ import annotations

from typing import Any

from runtime.core.kinds import PVector, vector
from runtime.core.registry import core
from runtime.core.sequences import first, iterate, next_


@core("second", arglists="([x])")
def second(coll: Any) -> Any:
    """The second item, nil when there is none."""
    if type(coll) is PVector:
        return coll[1] if len(coll) > 1 else None
    source = iter(iterate(coll))
    next(source, None)
    return next(source, None)


@core("ffirst", arglists="([x])")
def ffirst(coll: Any) -> Any:
    """The first item of the first item."""
    return first(first(coll))


@core("nfirst", arglists="([x])")
def nfirst(coll: Any) -> Any:
    """What follows the first item of the first item."""
    return next_(first(coll))


@core("fnext", arglists="([x])")
def fnext(coll: Any) -> Any:
    """The second item."""
    return first(next_(coll))


@core("nnext", arglists="([x])")
def nnext(coll: Any) -> Any:
    """What follows the second item."""
    return next_(next_(coll))


@core("partitionv", arglists="([n coll] [n step coll] [n step pad coll])")
def partitionv(*args: Any) -> Any:
    """Like partition, with vectors as groups."""
    from runtime.core.lazy import map_, partition

    return map_(vector, partition(*args))


@core("partitionv-all", arglists="([n coll] [n step coll])")
def partitionv_all(*args: Any) -> Any:
    """Like partition-all, with vectors as groups."""
    from runtime.core.lazy import map_, partition_all

    return map_(vector, partition_all(*args))


@core("splitv-at", arglists="([n coll])")
def splitv_at(n: int, coll: Any) -> Any:
    """`[(vec (take n coll)) (drop n coll)]`."""
    from runtime.core.lazy import drop, take

    return vector((vector(take(n, coll)), drop(n, coll)))


@core("rand-nth", arglists="([coll])")
def rand_nth(coll: Any) -> Any:
    """An item at random."""
    import random

    from runtime.core.lookup import count, nth

    return nth(coll, random.randrange(count(coll)))


@core("chunked-seq?", arglists="([s])")
def is_chunked(_: Any) -> bool:
    """False: sequences here are evaluated one item at a time."""
    return False
