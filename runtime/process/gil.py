"""Python work beside the frames: other threads get the GIL back quickly meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.native import _support

SWITCH_INTERVAL_S = 1e-4  # of the GIL


class BesideFrames:
    """A context in which other threads get the GIL back quickly while this one computes."""

    _depth = 0
    _lock = threading.Lock()
    _usual = 0.005

    def __enter__(self) -> None:
        with self._lock:
            if BesideFrames._depth == 0:
                BesideFrames._usual = sys.getswitchinterval()
                sys.setswitchinterval(SWITCH_INTERVAL_S)
            BesideFrames._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            BesideFrames._depth -= 1
            if BesideFrames._depth == 0:
                sys.setswitchinterval(BesideFrames._usual)


@contextmanager
def beside_frames() -> Iterator[None]:
    """A script's call on a thread of its own: it stands aside while a frame is drawn."""
    _support.stand_aside()
    try:
        with BesideFrames():
            yield
    finally:
        _support.stand_no_more()
