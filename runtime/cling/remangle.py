"""The symbol that a function has in a world, from the one that it has at global scope.

Source: the Itanium C++ ABI, "External Names (a.k.a. Mangling)". A function's own name comes first in its
symbol, so the world is always the first of its substitutions, and all that follow have a number one higher.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_SUBSTITUTION = re.compile(r"S([0-9A-Z]*)_")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _UnknownError(Exception):
    """The symbol has parts that are not understood here."""


def in_world(
    symbol: str, world: str, roots: Collection[str], functions: Collection[str] = ()
) -> str | None:
    """What `symbol` is called where the namespaces and types `roots` of the global scope, and its functions
    `functions`, stand in the namespace `world`.

    None where the symbol is no function of theirs, or is written in a way that is not understood.
    """
    if not symbol.startswith("_Z") or symbol[2:3] in ("T", "G", ""):
        return None
    own = re.match(r"_Z(\d+)", symbol)  # a function of the global scope
    if own and symbol[own.end() : own.end() + int(own[1])] in functions:
        roots = {*roots, symbol[own.end() : own.end() + int(own[1])]}
    try:
        made = _Writer(symbol[2:], f"{len(world)}{world}", roots).run()
    except _UnknownError:
        return None
    return None if made is None else f"_Z{made}"


class _Writer:
    """Goes through a symbol once, writing it anew."""

    def __init__(self, text: str, world: str, roots: Collection[str]) -> None:
        self.text, self.world, self.roots = text, world, roots
        self.at = 0
        self.made: list[str] = []
        self.first = True  # the world was not written yet
        self.open: list[str] = []  # "N" before its first name, "n" behind it; "I" and the like

    def run(self) -> str | None:
        while self.at < len(self.text):
            self._step()
            if self.first and any(c != "" for c in self.made) and self.open[:1] not in (["N"],):
                return None  # the function's own name is not in the world
        return None if self.open else "".join(self.made)  # else it was cut off

    def _step(self) -> None:
        text, c = self.text, self.text[self.at]
        inside = self.open[-1] if self.open else ""
        if c.isdigit():
            self._name(inside)
        elif c == "S":
            self._substitution(inside)
        elif c == "N":
            self._copy(1)
            self.open.append("N")
            while text[self.at] in "rVKRO":
                self._copy(1)
        elif c in "IFJ":
            self._behind_first()
            self._copy(1)
            self.open.append(c)
        elif c == "E":
            if not self.open:
                raise _UnknownError
            self.open.pop()
            self._copy(1)
        elif inside in ("N", "n") and c in "CD" and text[self.at + 1 : self.at + 2].isdigit():
            self._copy(2)
        elif c in "TA":
            self._copy(text.index("_", self.at) + 1 - self.at)
        elif c == "B":
            self._copy(1)
            self._identifier()
        elif c in "LXUYZ":
            raise _UnknownError
        elif c == "D":
            self._copy(2)
        else:
            self._copy(1)

    def _copy(self, count: int) -> None:
        self.made.append(self.text[self.at : self.at + count])
        self.at += count

    def _identifier(self) -> str:
        """Copy a length and a name; returns the name."""
        found = re.compile(r"\d+").match(self.text, self.at)
        if found is None:
            raise _UnknownError
        end = found.end() + int(found[0])
        name = self.text[found.end() : end]
        self._copy(end - self.at)
        return name

    def _behind_first(self) -> None:
        if self.open and self.open[-1] == "N":
            self.open[-1] = "n"

    def _prefix(self) -> str:
        if self.first:
            self.first = False
            return self.world
        return "S_"

    def _name(self, inside: str) -> None:
        at = len(self.made)
        name = self._identifier()
        if inside == "n":
            return
        if name in self.roots:
            if inside == "N":
                self.made.insert(at, self._prefix())
            else:
                self.made.insert(at, f"N{self._prefix()}")
                self.made.append("E")
        self._behind_first()

    def _substitution(self, inside: str) -> None:
        found = _SUBSTITUTION.match(self.text, self.at)
        if found is not None:
            number = 0 if found[1] == "" else int(found[1], 36) + 1
            self.made.append(f"S{_base36(number)}_")  # one higher: S_ is 0, S0_ is 1
            self.at = found.end()
        else:
            code = self.text[self.at : self.at + 2]
            self._copy(2)
            if code == "St" and inside not in ("N", "n"):
                self._identifier()
        self._behind_first()


def _base36(number: int) -> str:
    made = _DIGITS[number % 36]
    while number := number // 36:
        made = _DIGITS[number % 36] + made
    return made
