"""What an evaluation prints, on its way to the editor in pieces."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CHUNK = 1 << 16  # characters of output that make a message
FLUSHED_S = 0.05  # between two messages of lines


@contextmanager
def printing_to(send: Callable[[str], None]) -> Iterator[None]:
    """Has what this thread prints sent in pieces; other threads print where they did."""
    before = sys.stdout
    pieces = _Pieces(send, before)
    sys.stdout = pieces
    try:
        yield
    finally:
        sys.stdout = before
        pieces.send()


class _Pieces(io.TextIOBase):
    """Text on its way to a client."""

    def __init__(self, send: Callable[[str], None], others: Any) -> None:
        self._send = send
        self._others = others
        self._thread = threading.get_ident()
        self._text: list[str] = []
        self._size = 0
        self._sent = 0.0

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return int(self._others.write(text) or 0) if self._others is not None else 0
        self._text.append(text)
        self._size += len(text)
        if self._size >= CHUNK:
            self.send()
        return len(text)

    def flush(self) -> None:
        """Every line asks for this: what follows quickly goes in one message."""
        if threading.get_ident() != self._thread:
            return
        if time.perf_counter() - self._sent > FLUSHED_S:
            self.send()

    def send(self) -> None:
        """Send what there is now."""
        text, self._text, self._size = "".join(self._text), [], 0
        self._sent = time.perf_counter()
        if text:
            self._send(text)
