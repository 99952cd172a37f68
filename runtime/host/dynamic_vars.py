"""The dynamic vars of clojure.core that a runtime answers or lets scripts set outside of any binding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.environment import SETTABLE
from runtime.core.values import Unbound
from runtime.loading.preparing import current_file
from runtime.namespaces import CORE, Namespace, Namespaces, Var, current_bindings


def install(namespaces: Namespaces) -> None:
    """Put these vars in the place of core's plain ones."""
    core = namespaces.ensure(CORE)
    for name in SETTABLE:
        plain = core.vars[name]
        core.vars[name] = var = SettableVar(CORE, name)
        var.is_dynamic, var.own_meta = True, plain.own_meta
        var.bind(plain.root)

    def enter(ns: Namespace) -> None:
        namespaces.current = ns

    core.vars["*ns*"] = ComputedVar("*ns*", lambda: namespaces.current, enter)
    core.vars["*file*"] = ComputedVar("*file*", current_file)


class SettableVar(Var):
    """A dynamic var that `set!` gives a new root where this thread has no binding."""

    __slots__ = ()

    def set(self, value: Any) -> Any:
        if self in current_bindings():
            return super().set(value)
        self.bind(value)
        return value


class ComputedVar(Var):
    """A dynamic var whose value, where this thread has no binding, a function tells."""

    __slots__ = ("_tell", "_assign")

    def __init__(
        self, name: str, tell: Callable[[], Any], assign: Callable[[Any], None] | None = None
    ) -> None:
        super().__init__(CORE, name)
        self.is_dynamic = True
        self._tell = tell
        self._assign = assign

    @property
    def is_bound(self) -> bool:
        return True

    def deref(self) -> Any:
        bound = super().deref()
        return self._tell() if type(bound) is Unbound else bound

    def set(self, value: Any) -> Any:
        if self._assign is None or self in current_bindings():
            return super().set(value)
        self._assign(value)
        return value
