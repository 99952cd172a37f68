"""What the grammars share: the drawing of choices, names in scope, fresh names.

A type is a word: `int`, `float`, `ratio`, `bool`, `str`, `kw`, `vec`, `map`, `set`, `any` for Lisp values,
`fn` for functions of one integer, `ref` for atoms of integers, and `nint`, `nstr`, `nvec`, `item`, `adder`
for native locals: objects in place. Every rule gives the text of an expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Scope = tuple[tuple[str, str], ...]  # (name, type) of the locals, outermost first
NATIVE = frozenset(("nint", "nstr", "nvec", "item", "adder"))
LISP = ("int", "float", "ratio", "bool", "str", "kw", "vec", "map", "set", "any")


class Drawer:
    """Draws a program's choices; what is drawn first is what shrinking prefers."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self._serial = 0
        self.functions: list[
            tuple[str, int]
        ] = []  # those defined before: (name, parameters), all integers

    def pick(self, options: Any) -> Any:
        return self._draw(st.sampled_from(options))

    def upto(self, most: int) -> int:
        return int(self._draw(st.integers(0, most)))

    def chance(self, one_in: int) -> bool:
        return self.upto(one_in - 1) == one_in - 1

    def fresh(self, hint: str) -> str:
        self._serial += 1
        return f"{hint}{self._serial}"


def names(scope: Scope, kind: str) -> list[str]:
    """The locals of that type that are not shadowed."""
    visible = dict(scope)
    return [name for name, its in visible.items() if its == kind]


def captured(scope: Scope) -> Scope:
    """What a closure sees: native numbers and texts as Lisp values, other native objects not at all."""
    kept = {"nint": "int", "nstr": "str"}
    return tuple((n, kept.get(k, k)) for n, k in scope if k not in NATIVE or k in kept)
