"""Keeps Python's garbage collector from walking the program over and over.

Every definition leaves some 180 KB of AST, closures and spans that live as long as it does. Collections
while forms are prepared, and full ones later, walk all of it: with a thousand forms that is a second, which
could fall into a frame. So preparing a form holds collections back, and what it left is then taken out of
their sight (https://docs.python.org/3/library/gc.html#gc.freeze). References still free what is replaced:
an edit that goes well leaves no cycles behind. Those of other things, such as exceptions, are collected by
`collect_when_quiet`, in a pause of up to a second that falls where nobody waits.
"""

from __future__ import annotations

import gc
import threading
import time

FORMS = 200  # so many are prepared between two collections of everything
QUIET_S = 10.0  # in which no form was prepared and no frame drawn


class HeldBack:
    """A context in which nothing is collected; at the end of the outermost, what lives is frozen."""

    _lock = threading.Lock()
    _depth = 0
    _was_enabled = True
    _frozen = 0  # forms since everything was collected
    _frozen_at = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if HeldBack._depth == 0:
                HeldBack._was_enabled = gc.isenabled()
                gc.disable()
            HeldBack._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            HeldBack._depth -= 1
            HeldBack._frozen += 1
            if HeldBack._depth == 0:
                gc.freeze()
                HeldBack._frozen_at = time.perf_counter()
                if HeldBack._was_enabled:
                    gc.enable()

    @classmethod
    def collect_when_quiet(cls, quiet_since: float) -> bool:
        """Collect everything if that is due and nothing happened lately; whether it was done.

        `quiet_since` is when the last frame was drawn, in seconds of `time.perf_counter`.
        """
        with cls._lock:
            last = max(cls._frozen_at, quiet_since)
            if cls._depth or cls._frozen < FORMS or time.perf_counter() - last < QUIET_S:
                return False
            cls._frozen = 0
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            return True
