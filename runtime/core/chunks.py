"""Chunks, for programs that build chunked sequences by hand: here items go in one by one."""

from __future__ import annotations

from typing import Any

from runtime.core.kinds import vector
from runtime.core.registry import core
from runtime.core.sequences import concat, first, next_, rest, seq


@core("chunk-buffer", arglists="([capacity])")
def chunk_buffer(_: int) -> list[Any]:
    """A buffer to append items to."""
    return []


@core("chunk-append", arglists="([b x])")
def chunk_append(buffer: list[Any], item: Any) -> None:
    """Appends an item to a buffer."""
    buffer.append(item)


@core("chunk", arglists="([b])")
def chunk(buffer: list[Any]) -> Any:
    """The items of a buffer as a vector."""
    return vector(buffer)


@core("chunk-cons", arglists="([chunk rest])")
def chunk_cons(items: Any, more: Any) -> Any:
    """The items of a chunk in front of a sequence."""
    return concat(items, more) if len(items) else more


@core("chunk-first", arglists="([s])")
def chunk_first(s: Any) -> Any:
    """A chunk of the first item."""
    return vector([first(s)])


@core("chunk-rest", arglists="([s])")
def chunk_rest(s: Any) -> Any:
    """What follows the first chunk, perhaps nothing."""
    return rest(s)


@core("chunk-next", arglists="([s])")
def chunk_next(s: Any) -> Any:
    """What follows the first chunk, nil when nothing does."""
    return seq(next_(s))
