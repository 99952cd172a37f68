"""Loading off the UI thread: a thread of its own prepares scripts, a later tick puts them in force."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from runtime.loading.transaction import Apply
from runtime.process.gil import BesideFrames
from runtime.process.threads import LOAD, listed

STACK_BYTES = 64 << 20  # analysis recurses on nested forms
WAKE_S = 0.05  # between two looks at whether the runtime was closed


class Reloads:
    """A queue of scripts to load and the thread that works it off.

    `load(path, changed_at, apply)` loads one; it must not raise.
    """

    def __init__(self, load: Callable[[Path, float, Apply], None]) -> None:
        self._load = load
        self._wanted: queue.SimpleQueue[tuple[Path, float] | None] = queue.SimpleQueue()
        self._waiting: set[Path] = set()
        self._swaps: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._open = 0
        self._count = threading.Lock()
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether no script waits or is being loaded."""
        return self._open == 0

    def request(self, path: Path, changed_at: float | None) -> None:
        """Queue a script. `changed_at` is when its file changed, in seconds of `time.perf_counter`.

        A script that waits already is read once: its text is that of the moment when its turn comes.
        """
        with self._count:
            if path in self._waiting:
                return
            self._waiting.add(path)
            self._open += 1
        self._wanted.put((path, changed_at if changed_at is not None else time.perf_counter()))
        if self._thread is None:
            before = threading.stack_size(STACK_BYTES)
            self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
            self._thread.start()
            threading.stack_size(before)

    def tick(self) -> None:
        """At a frame's start: put in force what is prepared."""
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
            with self._count:
                self._waiting.discard(path)
            try:
                with BesideFrames(), listed(LOAD, str(path)):
                    self._load(path, changed_at, self.at_next_tick)
            finally:
                with self._count:
                    self._open -= 1

    def at_next_tick(self, run: Callable[[], None]) -> None:
        """Have the next tick do something, and wait for it. Raises what it raises."""
        done = threading.Event()
        raised: list[BaseException] = []

        def swap() -> None:
            try:
                run()
            except BaseException as e:
                raised.append(e)
            finally:
                done.set()

        self._swaps.put(swap)
        while not done.wait(WAKE_S) and not self._closed:
            pass
        if raised:
            raise raised[0]
