"""Functions that were declared again in a world, but whose code is in a library that knows nothing of it.

The header of a library that was not built again declares `ts_r7::engine::count`, the library has
`engine::count`: under the new name a jump to it is declared. The types of its parameters are other types of
the same layout: a library whose headers changed is built again, where its source is the user's.
"""

from __future__ import annotations

import ctypes
import subprocess
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from runtime.cling.remangle import in_world


@dataclass(slots=True)
class Library:
    """A loaded library of the user's with the symbols of its functions."""

    path: Path
    handle: ctypes.CDLL
    functions: list[str] | None = None

    def address_of(self, symbol: str) -> int | None:
        """Where a function is."""
        return ctypes.cast(getattr(self.handle, symbol), ctypes.c_void_p).value


class Forwarding:
    """The user's libraries of this process, newest first."""

    def __init__(self) -> None:
        self._libraries: list[Library] = []
        self._serial = 0
        self._lock = threading.Lock()
        self._process = ctypes.CDLL(None)

    def add(self, path: Path, handle: ctypes.CDLL) -> None:
        """A library was loaded."""
        with self._lock:
            self._libraries.insert(0, Library(path, handle))

    def jumps(self, world: str, roots: Collection[str], names: Collection[str]) -> str:
        """C++ that defines the libraries' functions under the names that they have in a world: those whose
        outermost name is in `roots`, or that are themselves in `names` at global scope."""
        lines: dict[str, str] = {}
        with self._lock:
            for library in self._libraries:
                if library.functions is None:
                    library.functions = _functions_of(library.path)
                for symbol in library.functions:
                    there = in_world(symbol, world, roots, names)
                    if there is None or there in lines or hasattr(self._process, there):
                        continue
                    self._serial += 1
                    address = library.address_of(symbol)
                    lines[there] = _JUMP.format(n=self._serial, symbol=there, address=address)
        return "".join(lines.values())


_JUMP = """
extern "C" void ts_jump{n}() asm("{symbol}");
extern "C" __attribute__((naked, used)) void ts_jump{n}() {{ asm("movabsq ${address}, %r11; jmpq *%r11"); }}
"""


def _functions_of(path: Path) -> list[str]:
    """The C++ functions that a library exports; none where the system has no `nm` to tell."""
    try:
        done = subprocess.run(
            ["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    rows = [line.split() for line in done.stdout.splitlines()]
    return [row[2].split("@")[0] for row in rows if len(row) == 3 and row[1] in "TWi"]


forwarding = Forwarding()
