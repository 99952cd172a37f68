"""Lexical scope: which local a name means, and what a function captures from outside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from immutables import Map

from runtime.analysis.nodes import Local
from runtime.core.values import Symbol

NO_NAMES: Map[str, tuple[Local, FnFrame | None]] = Map()
_labels = count(1)


def new_label() -> int:
    """A number for a loop or an arity, which its recurs carry."""
    return next(_labels)


@dataclass(eq=False, slots=True)
class FieldName(Local):
    """The name of a mutable field inside a method: whoever says it reads the field of `owner`."""

    owner: Local = field(default_factory=lambda: Local("this"))


class FnFrame:
    """A function being analysed: the locals it takes from outside, each with its stand-in inside."""

    def __init__(self, parent: Scope, name: str) -> None:
        self.parent = parent
        self.name = name
        self.captures: dict[Local, Local] = {}


@dataclass(frozen=True, slots=True)
class RecurTarget:
    label: int
    locals: tuple[Local, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a form is analysed in. `recur` is None outside of tail position."""

    names: Map[str, tuple[Local, FnFrame | None]] = NO_NAMES
    frame: FnFrame | None = None
    recur: RecurTarget | None = None
    in_try: bool = False
    top: bool = True  # the form is a top-level one

    def bind(self, local: Local) -> Scope:
        return replace(self, names=self.names.set(local.name, (local, self.frame)), top=False)

    def not_tail(self) -> Scope:
        return self if self.recur is None and not self.top else replace(self, recur=None, top=False)

    def inner(self) -> Scope:
        return self if not self.top else replace(self, top=False)

    def find(self, name: str) -> Local | None:
        """The local that `name` means here, captured through every function in between."""
        entry = self.names.get(name)
        if entry is None:
            return None
        local, home = entry
        if isinstance(local, FieldName):
            return FieldName(name, owner=self._capture(local.owner, home, self.frame))
        return self._capture(local, home, self.frame)

    def as_map(self) -> Map[Symbol, Symbol] | None:
        """The locals as macros see them, `&env`: by their symbols, None where there are none."""
        if not self.names:
            return None
        return Map((symbol, symbol) for symbol in map(Symbol, self.names))

    @staticmethod
    def _capture(local: Local, home: FnFrame | None, frame: FnFrame | None) -> Local:
        if frame is home or frame is None:
            return local
        outer = Scope._capture(local, home, frame.parent.frame)
        inside = frame.captures.get(outer)
        if inside is None:
            inside = frame.captures[outer] = Local(local.name)
        return inside
