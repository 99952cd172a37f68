"""A script's call that is looked at after each C++ call it makes: all of it runs in tier 0 meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runtime.errors import Span
from runtime.native import _support

Observer = Callable[[Span | None, str], None]  # with the call's place and the function it stands in


@contextmanager
def observed(observer: Observer) -> Iterator[bool]:
    """Whether what this thread calls is observed: it is not while a load is tracked."""
    begun = _support.observe(observer)
    try:
        yield begun
    finally:
        if begun:
            _support.observe(None)
