"""What an evaluation reads, writes and adds, while the loader wants to know it.

At most one evaluation is tracked at a time, on one thread. Tier 0 tells of the vars it reads
(`runtime.tiers.tracked`), vars of their new roots, and multimethods, protocols and the global hierarchy of
what was added to them. While it is staging, a tracked evaluation sees the roots that are not in force yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

Addition = tuple[Any, Callable[[], object], Callable[[], object]]
MISSING: Any = object()
HIERARCHY = "the global hierarchy"  # read by every multimethod; stands among vars


class Tracking:
    """What the evaluation on one thread does. `staged` maps vars to the roots they are about to get."""

    __slots__ = ("thread", "reads", "writes", "additions", "staged", "define", "before_macro")

    def __init__(
        self,
        staged: dict[Any, Any],
        define: Callable[..., None],
        before_macro: Callable[[Any], None],
    ) -> None:
        self.thread = get_ident()
        self.before_macro = before_macro
        self.staged = staged
        self.define = define  # called with what a `def` defines, in the place of defining it
        self.start()

    def start(self) -> None:
        """Forget what was tracked: the next form begins."""
        self.reads: set[Any] = set()
        self.writes: set[Any] = set()
        self.additions: dict[Any, Addition] = {}

    def read(self, var: Any) -> Any:
        """The value of a var for this evaluation."""
        self.reads.add(var)
        if var.is_dynamic:
            return var.deref()
        value = self.staged.get(var, MISSING)
        return var.root if value is MISSING else value

    def root(self, var: Any) -> Any:
        """The root of a var for this evaluation."""
        value = self.staged.get(var, MISSING)
        return var.root if value is MISSING else value


active: Tracking | None = None


def here() -> Tracking | None:
    """The tracking of this thread's evaluation, if it is tracked."""
    found = active
    return found if found is not None and found.thread == get_ident() else None


@contextmanager
def unnoticed() -> Iterator[None]:
    """Roots that vars get for a while only are nobody's definition."""
    found = here()
    before = set(found.writes) if found is not None else set()
    yield
    if found is not None:
        found.writes = before


def added(target: Any, key: Any, undo: Callable[[], object], redo: Callable[[], object]) -> None:
    """Something was added to `target` under `key`; `undo` takes it away when its form is gone, `redo` adds
    it again when what should take its place fails."""
    found = here() if active is not None else None
    if found is not None:
        found.additions[(id(target), key)] = (target, undo, redo)


def read(var: Any) -> Any:
    """The value of a var, noted where somebody wants to know."""
    found = here()
    if found is not None:
        return found.read(var)
    return var.deref() if var.is_dynamic else var.root
