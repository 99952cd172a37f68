"""What compiled code took for constant: a var with a new root takes just that code out of use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary, WeakSet

from runtime.namespaces import Var
from runtime.tiers.functions import FnCode


class Dependents:
    """Var to functions. `broken(code, var)` is called for each that depended on a var with a new root, on the
    thread that gave it."""

    def __init__(self, broken: Callable[[FnCode, Var], None]) -> None:
        self._broken = broken
        self._codes: WeakKeyDictionary[Var, WeakSet[FnCode]] = WeakKeyDictionary()
        self._lock = threading.RLock()

    def assume(self, code: FnCode, variables: Iterable[Var]) -> None:
        """The code compiled for a function holds as long as these vars keep their roots."""
        with self._lock:
            self.forget(code)
            code.assumes = tuple(variables)
            for var in code.assumes:
                self._codes.setdefault(var, WeakSet()).add(code)
                var.on_bind = self._rebound

    def forget(self, code: FnCode) -> None:
        """The function depends on nothing any more."""
        with self._lock:
            for var in code.assumes:
                codes = self._codes.get(var)
                if codes is not None:
                    codes.discard(code)
                    if not codes:
                        del self._codes[var]
                        var.on_bind = None
            code.assumes = ()

    def _rebound(self, var: Var) -> None:
        with self._lock:
            broken = list(self._codes.get(var, ()))
            for code in broken:
                self.forget(code)
        for code in broken:
            self._broken(code, var)


def versions(variables: Iterable[Var]) -> dict[Var, int]:
    """Which root each var has now."""
    return {var: var.version for var in variables}


def first_rebound(seen: dict[Var, int]) -> Var | None:
    """The first var that got another root since; None when all have theirs."""
    return next((var for var, version in seen.items() if var.version != version), None)
