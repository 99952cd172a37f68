"""Keeps Python's garbage collector from walking the program over and over.

Every definition leaves some 180 KB of AST, closures and spans that live as long as it does. Collections
while forms are prepared, and full ones later, walk all of it: with a thousand forms that is a second, which
could fall into a frame. So preparing a form holds collections back, and what it left is then taken out of
their sight (https://docs.python.org/3/library/gc.html#gc.freeze). References still free what is replaced;
only cycles among what a form left are never collected.
"""

from __future__ import annotations

import gc
import threading


class HeldBack:
    """A context in which nothing is collected; at the end of the outermost, what lives is frozen."""

    _lock = threading.Lock()
    _depth = 0
    _was_enabled = True

    def __enter__(self) -> None:
        with self._lock:
            if HeldBack._depth == 0:
                HeldBack._was_enabled = gc.isenabled()
                gc.disable()
            HeldBack._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            HeldBack._depth -= 1
            if HeldBack._depth == 0:
                gc.freeze()
                if HeldBack._was_enabled:
                    gc.enable()
