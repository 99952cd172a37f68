"""How long frames took: a ring of the last ones, by part."""

from __future__ import annotations

import numpy as np

from panels.model import FrameTimes

PARTS = ("script", "panels", "render", "total", "interval")
CAPACITY = 1 << 16  # eighteen minutes at 60 frames a second


class FrameLog:
    """Append with `add`, read with `last`. `count` and `longest` are of all frames ever added."""

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0.0  # milliseconds
        self._rows = np.zeros((CAPACITY, len(PARTS)))
        self._starts = np.zeros(CAPACITY)

    def add(
        self, started: float, script: float, panels: float, render: float, total: float
    ) -> None:
        """One frame that began at `started` (seconds of perf_counter); durations in milliseconds."""
        at = self.count % CAPACITY
        before = self._starts[at - 1] if self.count else started
        self._rows[at] = (script, panels, render, total, (started - before) * 1000)
        self._starts[at] = started
        self.longest = max(self.longest, total)
        self.count += 1

    def last(self, frames: int) -> FrameTimes:
        """The last `frames` (or as many as are kept), oldest first; copies."""
        picks = self._picks(frames)
        return FrameTimes(*(self._rows[picks, i] for i in range(len(PARTS))))

    def starts(self, frames: int) -> np.ndarray:
        """When the last `frames` began, oldest first."""
        return self._starts[self._picks(frames)]

    def _picks(self, frames: int) -> np.ndarray:
        kept = min(frames, self.count, CAPACITY)
        return np.arange(self.count - kept, self.count) % CAPACITY
