"""Edited C++: headers are declared again on the loader's thread, their sources built on a thread of its own.

While the system's compiler works, other reloads go on; what it built is declared when its turn comes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runtime.cling.declarations import Declarations, Rebuilt
from runtime.cling.instances import Boxes, Refused
from runtime.cling.worlds import worlds
from runtime.errors import CppError, LispError, Note
from runtime.events import CppReload, EventLog
from runtime.loading.file_pass import FilePass
from runtime.loading.loader import Loader
from runtime.loading.transaction import Apply, CppChange

GATHER_S = 0.03  # files of one save that come a moment apart are taken together
Told = Callable[[list[FilePass], float], None]


@dataclass(slots=True)
class _Waiting:
    """Files that changed, and since when (`time.perf_counter` seconds)."""

    files: set[Path] = field(default_factory=set)
    since: float = 0.0


class CppReloads:
    """Edited C++ of a runtime. `turn(path)` is to have `reload` called on the loader's thread; `report(path,
    error)` makes an error a problem of the file, None that there is none."""

    def __init__(
        self,
        boxes: Boxes,
        declarations: Declarations,
        loader: Loader,
        events: EventLog,
        turn: Callable[[Path], None],
        report: Callable[[Path, LispError | None], None],
    ) -> None:
        self._boxes = boxes
        self._declarations = declarations
        self._loader = loader
        self._events = events
        self._turn = turn
        self._report = report
        self._waiting = _Waiting()
        self._rebuilt: Rebuilt | None = None
        self._lock = threading.Lock()
        self._builder: threading.Thread | None = None
        self.closed = False

    @property
    def idle(self) -> bool:
        """Whether nothing is being built."""
        return self._builder is None

    def changed(self, path: Path, at: float) -> None:
        """A C++ file was written, at `at` seconds of `time.perf_counter`. Returns at once."""
        with self._lock:
            if not self._waiting.files:
                self._waiting.since = at
            self._waiting.files.add(path)
            if self._builder is not None:
                return  # it looks again before it ends
            if not self._declarations.needs_build(self._waiting.files):
                self._turn(path)
                return
            self._builder = threading.Thread(target=self._build, name="C++ builder", daemon=True)
            self._builder.start()

    def _build(self) -> None:
        """Build until what was built is of what the files say."""
        while not self.closed:
            time.sleep(GATHER_S)
            with self._lock:
                files = set(self._waiting.files)
            try:
                rebuilt: Rebuilt | None = self._declarations.rebuild(files)
                self._report_all(files, None)
            except (CppError, OSError) as error:
                rebuilt = None
                self._report_all(
                    files, error if isinstance(error, LispError) else unreadable(error)
                )
            with self._lock:
                if self._waiting.files == files and (
                    rebuilt is None or self._declarations.is_of_now(rebuilt)
                ):
                    self._builder = None
                    if rebuilt is None:
                        self._waiting = _Waiting()
                    else:
                        self._rebuilt = rebuilt
                        self._turn(next(iter(files)))
                    return

    def _report_all(self, files: set[Path], error: LispError | None) -> None:
        for path in sorted(files):
            self._report(path, None)
        if error is not None:
            self._report(min(files), error)

    def reload(self, apply: Apply, told: Told) -> None:
        """On the loader's thread: declare again what changed, and evaluate what depends on it."""
        with self._lock:
            if self._builder is not None:
                return  # its turn comes when that is built
            waiting, self._waiting = self._waiting, _Waiting()
            rebuilt, self._rebuilt = self._rebuilt, None
        files = waiting.files
        if not files:
            return
        try:
            names = self._declarations.changed(files, rebuilt)
        except (CppError, OSError) as error:
            self._report_all(files, error if isinstance(error, LispError) else unreadable(error))
            return
        self._report_all(files, None)
        if not names:
            return
        refused = self._boxes.look()
        if refused:
            self._report(min(files), _refusal(refused))
        change = CppChange(names)

        def tell(passes: list[FilePass], at: float) -> None:
            self._events.add(
                CppReload(
                    files=tuple(sorted(map(str, files))),
                    headers=tuple(u.name for u in worlds.newest.units if u.path is not None),
                    latency_ms=(at - waiting.since) * 1e3,
                    ok=not any(work.errors for work in passes),
                    reasons=tuple(
                        f"{work.state.path.name}, {reason}"
                        for work in passes
                        for reason in work.reasons
                    ),
                    rebuilt=tuple(sorted(map(str, rebuilt.libraries))) if rebuilt else (),
                )
            )
            told(passes, at)

        self._loader.cpp_changed(change, apply, tell)


def _refusal(refused: list[Refused]) -> LispError:
    first = refused[0]
    notes = [
        Note(f"a box of {each.type} made at {place}: {each.why}", None)
        for each in refused
        for place in each.places
    ]
    return CppError(
        f"{first.type} changed while objects of it live in boxes: {first.why}",
        expected="boxes made again (`ns-unmap` and a save, or a restart), or the layout as it was",
        notes=notes,
    )


def unreadable(error: OSError) -> LispError:
    """A C++ file that cannot be read."""
    return CppError(f"{error.filename or 'a C++ file'} cannot be read", found=error.strerror or "")
