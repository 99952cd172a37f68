"""Loading off the UI thread: scripts are prepared on a thread of their own and swapped in by a later tick."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from runtime.gil import BesideFrames
from runtime.loading.loader import Apply, Failed, Prepared, run_all
from runtime.namespaces import Namespaces

STACK_BYTES = 64 << 20  # analysis recurses on nested forms


class Reloads:
    """A queue of scripts to load and the thread that works it off.

    `load(path, changed_at, apply)` loads one; it must not raise.
    """

    def __init__(self, load: Callable[[Path, float, Apply], None], namespaces: Namespaces) -> None:
        self._load = load
        self._namespaces = namespaces
        self._wanted: queue.SimpleQueue[tuple[Path, float] | None] = queue.SimpleQueue()
        self._swaps: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._open = 0
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether no script waits or is being loaded."""
        return self._open == 0

    def request(self, path: Path, changed_at: float | None) -> None:
        """Queue a script. `changed_at` is when its file changed, in seconds of `time.perf_counter`."""
        self._open += 1
        self._wanted.put((path, changed_at if changed_at is not None else time.perf_counter()))
        if self._thread is None:
            before = threading.stack_size(STACK_BYTES)
            self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
            self._thread.start()
            threading.stack_size(before)

    def tick(self) -> None:
        """At a frame's start: run what is prepared."""
        while True:
            try:
                swap = self._swaps.get_nowait()
            except queue.Empty:
                return
            swap()

    def close(self) -> None:
        """End the thread; what is queued is dropped."""
        self._closed = True
        self._wanted.put(None)

    def _work(self) -> None:
        while (item := self._wanted.get()) is not None and not self._closed:
            path, changed_at = item
            try:
                with BesideFrames():
                    self._load(path, changed_at, self._run_in_frame)
            finally:
                self._open -= 1

    def _run_in_frame(self, pending: list[Prepared]) -> Failed:
        """Have the next tick run prepared forms, and wait for it: this is the loader's thread."""
        done = threading.Event()
        failed: Failed = []

        def swap() -> None:
            try:
                failed.extend(run_all(pending, self._namespaces))
            finally:
                done.set()

        self._swaps.put(swap)
        while not done.wait(0.05) and not self._closed:
            pass
        return failed
