"""Puts what was saved into what a program's forms have just made: references and C++ objects stay those that
its functions may have got hold of already, and only their contents change."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from runtime.core.futures import Agent
from runtime.core.kinds import Map, PVector, vector
from runtime.core.meta import meta, with_meta
from runtime.core.refs import Ref
from runtime.core.state import Atom, Volatile
from runtime.core.values import Keyword
from runtime.journal.codec import CELLS, Cell, Layout, LayoutOf, Lost, Object, Saved
from runtime.native._support import CppValue

_MAKE: dict[str, Callable[[Any], Any]] = {
    "atom": Atom,
    "ref": Ref,
    "volatile": Volatile,
    "agent": lambda value: Agent(value, None, None, Keyword("fail"), None),
}


class Merging:
    """One var's value. `lost` says what of it could not be put back."""

    def __init__(self, saved: Saved, layout_of: LayoutOf) -> None:
        self.lost: list[str] = []
        self._saved = saved
        self._layout_of = layout_of
        self._made: dict[int, Any] = {}

    def value(self, fresh: Any) -> Any:
        """What a var is to hold whose form gave it `fresh`: that itself where only contents changed."""
        return self._merge(fresh, self._saved.root)

    def _merge(self, fresh: Any, saved: Any) -> Any:
        if type(saved) is Lost:
            self.lost.append(saved.what)
            return fresh
        if type(saved) is Cell:
            return self._cell(fresh, saved.number)
        if type(saved) is Map:
            known = fresh if isinstance(fresh, Map) else Map()
            items = [(k, self._merge(known.get(k), v)) for k, v in saved.items()]
            return _like(saved, Map(items)) if _changed(saved, items) else saved
        if type(saved) is PVector:
            olds = list(fresh) if type(fresh) is PVector else []
            parts = [
                self._merge(olds[i] if i < len(olds) else None, v) for i, v in enumerate(saved)
            ]
            same = all(a is b for a, b in zip(parts, saved, strict=True))
            return saved if same else _like(saved, vector(parts))
        return saved

    def _cell(self, fresh: Any, number: int) -> Any:
        if number in self._made:
            return self._made[number]
        kind, content = self._saved.contents[number]
        if kind == "object":
            self._made[number] = fresh
            self._copy(fresh, content)
            return fresh
        if kind == "lost":
            self.lost.append("a C++ object")
            return fresh
        cell = fresh if CELLS.get(type(fresh)) == kind else _MAKE[kind](None)
        self._made[number] = cell  # before its content, which may hold it
        cell.value = self._merge(cell.value, content)
        return cell

    def _copy(self, box: Any, kept: Object) -> None:
        layout = (
            self._layout_of(box)
            if type(box) is CppValue and not box.is_empty
            else "there is no box"
        )
        if layout == kept.layout and isinstance(layout, Layout):
            ctypes.memmove(box.address, kept.content, layout.size)
        elif isinstance(layout, Layout):
            self.lost.append(f"{kept.layout.type}: its layout changed")
        else:
            self.lost.append(f"{kept.layout.type}: {layout}")


def _changed(saved: Any, items: list[tuple[Any, Any]]) -> bool:
    return any(saved[key] is not value for key, value in items)


def _like(saved: Any, made: Any) -> Any:
    known = meta(saved)
    return made if known is None else with_meta(made, known)
