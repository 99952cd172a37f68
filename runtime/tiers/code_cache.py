"""Compiled code by its text: a form that comes back, as after an undone edit, is not compiled again.

Lisp constants, vars and inner functions are reached through the function's table `K`, so the text of an
unchanged form is the same each time but for the symbol, the function's own name (an anonymous one has a
serial number) and the comments. Cling cannot give machine code back (taking a transaction back removes its
unwind tables, and the first exception ends the process), so what no function runs is kept for that.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakSet

from runtime import traces
from runtime.analysis.cpp_literals import c_string
from runtime.cling.worlds import worlds
from runtime.errors import Span
from runtime.tiers.functions import FnCode
from runtime.tiers.inline_cpp import Generated

MOST_DEAD = 10_000  # entries of a few hundred bytes; the code itself stays in any case


@dataclass(eq=False, slots=True)
class Entry:
    """A piece of compiled code. `name` and `spans` are those of the functions that run it or ran it last;
    `users` are the functions that were given it."""

    key: str
    address: int
    symbol: str
    name: str
    spans: tuple[Span, ...]
    users: WeakSet[FnCode] = field(default_factory=WeakSet)


class CodeCache:
    """All code compiled for a runtime's functions. Safe across threads."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._replaced: list[Entry] = []  # compiled again for other places, but still running
        self._lock = threading.Lock()
        self._forgotten = 0
        self.reused = 0

    def find(self, key: str, code: FnCode, spans: tuple[Span, ...]) -> Entry | None:
        """Code of that key that may run for a function whose calls stand at `spans`.

        Code tells stack traces one name and one set of places. While another function may still be running
        it that has others, it is not shared.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if (entry.name, entry.spans) != (code.name, spans):
                if len(entry.users):
                    return None
                entry.name, entry.spans = code.name, spans
                traces.register(entry.symbol, code.name, spans)
            entry.users.add(code)
            self._entries.move_to_end(key)
            self.reused += 1
            return entry

    def add(self, key: str, code: FnCode, address: int, text: Generated) -> Entry:
        """New code, for a function to run."""
        entry = Entry(key, address, text.symbol, code.name, text.spans)
        entry.users.add(code)
        with self._lock:
            old = self._entries.pop(key, None)
            if old is not None:
                self._replaced.append(old)
            self._entries[key] = entry
        traces.register(entry.symbol, code.name, text.spans)
        return entry

    def tidy(self) -> None:
        """Keep nothing but the address of code that no function can be running."""
        with self._lock:
            unused = [entry for entry in self._entries.values() if not len(entry.users)]
            for entry in unused:
                if entry.name:
                    traces.forget(entry.symbol)
                    entry.name, entry.spans = "", ()
            for entry in self._replaced:
                if not len(entry.users):
                    traces.forget(entry.symbol)
                    self._forgotten += 1
            self._replaced = [entry for entry in self._replaced if len(entry.users)]
            for entry in unused[: max(0, len(unused) - MOST_DEAD)]:
                del self._entries[entry.key]
                self._forgotten += 1

    def __len__(self) -> int:
        """How many pieces of code were compiled; all are still in memory."""
        return len(self._entries) + len(self._replaced) + self._forgotten


def key_of(text: Generated, name: str, tier: int) -> str:
    """What code is known by: its text without symbol, name and comments, what the C++ names in it mean now,
    and what it assumes."""
    same = _unlabelled(text.cpp, text.symbol, name)
    parts = (
        str(tier),
        same,
        str(worlds.generation(same)),
        *sorted(var.full_name for var in text.assumes),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _unlabelled(cpp: str, symbol: str, name: str) -> str:
    cpp = cpp.replace(f'{c_string(name)}, "{symbol}"', "")  # for stack traces
    tokens = re.compile(rf'"(?:\\.|[^"\\\n])*"|//[^\n]*|\b{re.escape(symbol)}(?![A-Za-z0-9])')

    def write(token: re.Match[str]) -> str:
        found = token[0]
        return found if found.startswith('"') else "" if found.startswith("//") else "@"

    return tokens.sub(write, cpp)
