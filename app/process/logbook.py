"""A page of memory that the drawing process shares with its parent: what it does, and how far it is.

The drawing process writes it with plain stores, so that what was written last is there whatever ended it.
"""

from __future__ import annotations

import json
import mmap
import struct
import threading
from dataclasses import asdict, dataclass
from typing import Any

from runtime.process.activity import digest_of

_HEAD = struct.Struct("<QdBB")  # frames begun, seconds allowed, ended, exit code
_SLOT = struct.Struct("<QI")  # thread, length of the text
_SLOT_BYTES = 8192
_SESSION_AT = 64
_UI_AT, _OTHER_AT = _SESSION_AT + _SLOT_BYTES, _SESSION_AT + 2 * _SLOT_BYTES
_SIZE = _SESSION_AT + 3 * _SLOT_BYTES
_SHOWN = 1500  # characters of a form


@dataclass(frozen=True, slots=True)
class Doing:
    """What a thread evaluates: a form of a script ("load"), a frame function ("frame"), or a text ("eval").

    `name` is the function's full name, or the form's text; `digest` that of the whole form.
    """

    kind: str
    script: str
    name: str
    line: int = 0
    digest: str = ""

    @staticmethod
    def form(kind: str, script: str, text: str, line: int) -> Doing:
        """Of a form's text, which may be of any length."""
        return Doing(kind, script, text[:_SHOWN], line, digest_of(text))


class Logbook:
    """Written by the drawing process, read by its parent once that is gone. Shared over `os.fork`."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _SIZE)

    def clear(self) -> None:
        """For the next process."""
        self._map[:] = bytes(_SIZE)

    # --- the drawing process ----------------------------------------------------------------------

    def beat(self, frames: int, allowed_s: float) -> None:
        """In which frame a part runs that may take so many seconds; 0 for one that may take any time."""
        _HEAD.pack_into(self._map, 0, frames, allowed_s, 0, 0)

    def end(self, code: int) -> None:
        """The process ends of its own will."""
        _HEAD.pack_into(self._map, 0, 0, 0.0, 1, code & 0xFF)

    def doing(self, record: bytes | None) -> None:
        """What the calling thread evaluates from now on, as `record_of` gives it; None for nothing."""
        self._write(_place(), record or b"")

    def keep_session(self, session: dict[str, Any]) -> None:
        """What a later process is to begin with. Text that does not fit is not kept."""
        text = json.dumps(session).encode()
        if len(text) <= _SLOT_BYTES - _SLOT.size:
            self._write(_SESSION_AT, _SLOT.pack(0, len(text)) + text)

    def _write(self, at: int, record: bytes) -> None:
        if record:
            self._map[at : at + len(record)] = record
        else:
            _SLOT.pack_into(self._map, at, 0, 0)

    # --- the parent -------------------------------------------------------------------------------

    @property
    def progress(self) -> tuple[int, float]:
        """Frames begun, and how many seconds what runs now may take; 0 for any time."""
        frames, allowed_s, _, _ = _HEAD.unpack_from(self._map)
        return frames, allowed_s

    @property
    def exit_code(self) -> int | None:
        """What the process ended with, where it did so of its own will."""
        _, _, ended, code = _HEAD.unpack_from(self._map)
        return code if ended else None

    def last(self) -> list[tuple[int, Doing]]:
        """What was being evaluated, with the thread: off the window's thread first."""
        found = []
        for at in (_OTHER_AT, _UI_AT):
            thread, length = _SLOT.unpack_from(self._map, at)
            text = self._text(at, length)
            if text:
                found.append((thread, Doing(**text)))
        return found

    def session(self) -> dict[str, Any]:
        """What `keep_session` was given last; empty where that is not whole."""
        return self._text(_SESSION_AT, _SLOT.unpack_from(self._map, _SESSION_AT)[1])

    def _text(self, at: int, length: int) -> dict[str, Any]:
        """The process may have ended in the middle of a store."""
        if not 0 < length <= _SLOT_BYTES - _SLOT.size:
            return {}
        try:
            read: dict[str, Any] = json.loads(self._map[at + _SLOT.size : at + _SLOT.size + length])
        except ValueError:
            return {}
        return read


def record_of(doing: Doing) -> bytes:
    """What `Logbook.doing` stores, made once for what is done often; of the calling thread."""
    text = json.dumps(asdict(doing)).encode()
    if len(text) > _SLOT_BYTES - _SLOT.size:  # characters that JSON spells out
        text = json.dumps(asdict(Doing(doing.kind, doing.script[-400:], doing.name[:200],
                                       doing.line, doing.digest))).encode()  # fmt: skip
    return _SLOT.pack(threading.get_ident(), len(text)) + text


def _place() -> int:
    return _UI_AT if threading.current_thread() is threading.main_thread() else _OTHER_AT
