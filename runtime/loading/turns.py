"""Turns between the frames and a reload, both of which want Python's one lock.

A reload works in steps of a few hundred microseconds. While a frame is being made it waits between two
steps, until the frame is done; but where frames follow each other without a pause it goes on all the same.
"""

from __future__ import annotations

import threading
import time

STEP_S = 0.0003  # of work, before a look at whether a frame is being made
PATIENCE_S = 0.012  # of waiting for one frame
SHARE = 0.5  # of the time that a reload gets at least where frames never pause


class Turns:
    """`frame` and `frame_done` are told by the UI thread, `over` and `give_way` asked by the loader's."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()
        self._since = 0.0
        self._waited = 0.0
        self._told = False  # whether anybody says when frames end

    def frame(self) -> None:
        """A frame begins."""
        if self._told:
            self._free.clear()

    def frame_done(self) -> None:
        """A frame was made."""
        self._told = True
        self._free.set()

    def over(self) -> bool:
        """Whether a step is over."""
        return time.perf_counter() - self._since > STEP_S

    def give_way(self) -> None:
        """Between two steps."""
        now = time.perf_counter()
        worked = now - self._since
        if not self._free.is_set() and worked > self._waited * (1 - SHARE) / SHARE:
            self._free.wait(PATIENCE_S)
        end = time.perf_counter()
        self._waited = end - now
        self._since = end
