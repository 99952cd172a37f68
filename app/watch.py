"""Watching scripts and headers for changes, on a thread; the frame loop collects what happened.

Editors replace a file, empty and refill it, or write it in place: a file counts as deleted or empty only
when it still is after a moment. That what is written is written to its end, whoever reads it finds out.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import watchfiles

SCRIPTS = frozenset((".jank", ".cljc", ".clj"))
CPP = frozenset((".h", ".hh", ".hpp", ".hxx", ".inl", ".cpp"))
SETTLE_SECONDS = 0.3  # how long a file may be missing or empty while an editor saves it
STEP_MS, GATHER_MS, WAKE_MS = 1, 10, 100  # of quiet that ends a batch, at most, between two looks


class Change(Enum):
    """What happened to a file."""

    WRITTEN = "written"
    EMPTIED = "emptied"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One settled change."""

    path: Path
    change: Change


class Watcher:
    """Watches the folders of `scripts` and `folders`, with all that is below them. `close` ends it.

    `written` is told of a written file at once, on the watcher's thread; where it gives True, `changes` does
    not tell of it any more.
    """

    def __init__(
        self,
        scripts: Sequence[Path],
        folders: Iterable[Path] = (),
        written: Callable[[Path], bool] = lambda path: False,
    ) -> None:
        roots = {script.resolve().parent for script in scripts} | {f.resolve() for f in folders}
        self._roots = [str(root) for root in sorted(roots) if root.is_dir()]
        self._written = written
        self._changes: queue.SimpleQueue[FileChange] = queue.SimpleQueue()
        self._unsettled: dict[Path, float] = {}  # missing or empty files, and since when
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="file watcher", daemon=True)
        self._thread.start()

    def changes(self) -> list[FileChange]:
        """What happened since the last call, in order. Never waits."""
        found = []
        while not self._changes.empty():
            found.append(self._changes.get_nowait())
        return found

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        # It wakes a hundred times a second, which is to interrupt no frame: other threads may finish first.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        news = watchfiles.watch(
            *self._roots,
            watch_filter=lambda _, path: Path(path).suffix in SCRIPTS | CPP,
            debounce=GATHER_MS,
            step=STEP_MS,
            rust_timeout=WAKE_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        )
        for batch in news:
            now = time.monotonic()
            for path in sorted({Path(path) for _, path in batch}):
                self._look(path, now)
            for path, since in list(self._unsettled.items()):
                if now - since >= SETTLE_SECONDS:
                    self._give_up(path)

    def _look(self, path: Path, now: float) -> None:
        if _size(path):
            self._unsettled.pop(path, None)
            self._tell(FileChange(path, Change.WRITTEN))
        else:
            self._unsettled.setdefault(path, now)

    def _give_up(self, path: Path) -> None:
        del self._unsettled[path]
        size = _size(path)
        change = Change.DELETED if size is None else Change.WRITTEN if size else Change.EMPTIED
        self._tell(FileChange(path, change))

    def _tell(self, change: FileChange) -> None:
        if change.change is not Change.WRITTEN or not self._written(change.path):
            self._changes.put(change)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
