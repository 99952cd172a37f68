"""Python work beside the frames: other threads get the GIL back quickly meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.native import _support


class BesideFrames:
    """A context in which other threads get the GIL back quickly while this one computes.

    In the midst of a frame the thread that draws keeps it: see native/turns.cpp.
    """

    def __enter__(self) -> None:
        _support.begin_computing()

    def __exit__(self, *_: object) -> None:
        _support.end_computing()


@contextmanager
def beside_frames() -> Iterator[None]:
    """A script's call on a thread of its own: it stands aside while a frame is drawn."""
    _support.stand_aside()
    try:
        with BesideFrames():
            yield
    finally:
        _support.stand_no_more()
