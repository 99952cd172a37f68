"""Writes down what a program's variables hold, so that a process that is lost does not take it along.

In each frame a few variables are looked at; what changed is encoded on a thread, which stands aside while
frames are drawn and rests nine times as long as it works.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.process.journal_file import JournalFile, JournalFull
from runtime.core.records import Fields
from runtime.events import StateRestored, StateUnkept
from runtime.journal.codec import CELLS, Layout, TooLarge, bytes_of, decode, encode
from runtime.journal.merging import Merging
from runtime.namespaces import Var
from runtime.native._support import CppValue, raw_type
from runtime.process.gil import beside_frames
from runtime.process.interruption import SCRIPT_ERRORS

if TYPE_CHECKING:
    from runtime.runtime import Runtime

SLICE_S = 0.0001  # of a frame, for looking what changed
CELLS_A_STEP = 64
LARGEST_OBJECT = 256 << 10  # bytes of a C++ object
REST = 9  # times as long as encoding took
LONGEST_REST_S = 2.0


@dataclass(eq=False, slots=True)
class _Known:
    """A var as it was written last. `seen` are what it holds that can change, with what was written of it."""

    var: Var
    root: Any = None
    seen: tuple[tuple[Any, Any], ...] = ()
    unkept: tuple[str, ...] = ()
    pending: bool = False


class Journal:
    """Of one runtime, in a file that its parent process keeps."""

    def __init__(self, runtime: Runtime, file: JournalFile) -> None:
        self._runtime = runtime
        self._file = file
        self._layouts: dict[str, Layout | str] = {}
        self._known: dict[Var, _Known] = {}
        self._wanted: list[_Known] = []
        self._wake = threading.Event()
        self._working = False
        self._closed = False
        self._scan = self._look()
        self.unreadable = ""
        try:
            self._saved = file.read()
        except (ValueError, OSError) as e:
            self._saved, self.unreadable = {}, str(e)
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def frame(self) -> None:
        """Look at some variables: SLICE_S seconds of a frame."""
        end = time.perf_counter() + SLICE_S
        for _ in self._scan:
            if time.perf_counter() > end:
                break

    @property
    def idle(self) -> bool:
        """Whether all that was seen to have changed is written."""
        return not self._wanted and not self._working

    def restore(self) -> StateRestored | None:
        """On the UI thread after a load: put back what was saved of the vars that are defined now.

        What is saved of a var whose form fails waits for the load in which it does not.
        """
        if not self._saved:
            return None
        restored, lost = [], []
        for var in self._runtime.kept_vars():
            if not var.is_bound:
                continue
            data = self._saved.pop(var.full_name, None)
            if data is None or not self._is_state(var):
                continue
            try:
                self._file.attempt(var.full_name)
                merging = Merging(decode(data, self._record_type), self._layout_of)
                value = merging.value(var.root)
                if value is not var.root:
                    var.bind(value)
                restored.append(var.full_name)
                lost += [f"{var.full_name}: {what}" for what in dict.fromkeys(merging.lost)]
            except (ValueError, OSError, *SCRIPT_ERRORS) as e:
                lost.append(f"{var.full_name}: {e}")
            self._file.attempt("")
        if not restored and not lost:
            return None
        event = StateRestored(vars=tuple(restored), lost=tuple(lost))
        self._runtime.events.add(event)
        return event

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.set()

    # --- on the UI thread -------------------------------------------------------------------------

    def _look(self) -> Iterator[None]:
        """Looks at one var a step, without end."""
        while True:
            for var in self._runtime.kept_vars():
                if var.full_name not in self._saved and self._is_state(var):
                    known = self._known.get(var)
                    if known is None:
                        known = self._known[var] = _Known(var)
                        self._want(known)
                    elif not known.pending:
                        for changed in self._changes(known):
                            if changed:
                                self._want(known)
                                break
                            yield
                yield
            yield

    def _is_state(self, var: Var) -> bool:
        kind = type(var.root)
        return kind in CELLS or kind is CppValue or self._runtime.is_defonce(var)

    def _changes(self, known: _Known) -> Iterator[bool]:
        """Whether it changed: of CELLS_A_STEP at a time."""
        if known.var.root is not known.root:
            yield True
            return
        seen = known.seen
        for start in range(0, len(seen), CELLS_A_STEP):
            yield any(self._other(*pair) for pair in seen[start : start + CELLS_A_STEP])

    def _other(self, cell: Any, was: Any) -> bool:
        if type(cell) is not CppValue:
            return cell.value is not was
        layout = self._layouts.get(raw_type(cell))  # a reload may have given it another type
        return cell.is_empty or not isinstance(layout, Layout) or bytes_of(cell, layout) != was

    def _want(self, known: _Known) -> None:
        known.pending = True
        self._wanted.append(known)
        self._wake.set()

    # --- on its own thread ------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            while self._wanted and not self._closed:
                self._working = True
                began = time.thread_time()
                with beside_frames():
                    self._keep(self._wanted.pop(0))
                self._working = bool(self._wanted)
                time.sleep(min(LONGEST_REST_S, REST * (time.thread_time() - began)))

    def _keep(self, known: _Known) -> None:
        known.pending = False
        var = known.var
        known.root = var.root
        known.seen = ()
        try:
            written = encode(known.root, self._layout_of)
            self._write(var.full_name, written.data)
            known.seen, unkept = written.seen, written.lost
        except RecursionError:
            unkept = self._forget(var, "it is nested too deeply")
        except (TooLarge, JournalFull, OSError) as e:
            unkept = self._forget(var, str(e))
        except SCRIPT_ERRORS as e:  # a value of the script's own, whose methods may do anything
            unkept = self._forget(var, f"{type(e).__name__}: {e}")
        if unkept and unkept != known.unkept:
            self._runtime.events.add(StateUnkept(var=var.full_name, why=", ".join(unkept)))
        known.unkept = unkept

    def _forget(self, var: Var, why: str) -> tuple[str, ...]:
        """Nothing is better than what it held long ago."""
        with contextlib.suppress(OSError):
            self._write(var.full_name, b"")
        return (why,)

    def _write(self, key: str, content: bytes) -> None:
        if not self._closed:
            self._file.write(key, content)

    def _layout_of(self, box: CppValue) -> Layout | str:
        if not box.owns:
            return "it does not own its object"
        raw = raw_type(box)
        layout = self._layouts.get(raw)
        if layout is None:
            found = self._runtime.layout_of(raw)
            layout = found if isinstance(found, str) else Layout(*found)
            if isinstance(layout, Layout) and layout.size > LARGEST_OBJECT:
                layout = f"it has more than {LARGEST_OBJECT >> 10} KB"
            self._layouts[raw] = layout
        return layout

    def _record_type(self, name: str) -> type[Fields]:
        ns, _, short = name.rpartition(".")
        found = self._runtime.namespaces.all.get(ns)
        kind = found.vars[short].root if found is not None and short in found.vars else None
        if isinstance(kind, type) and issubclass(kind, Fields):
            return kind
        raise ValueError(f"there is no type {name} any more")
