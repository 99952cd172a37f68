"""Multimethods: functions whose methods are chosen by a dispatch function's value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core import tracking
from runtime.core.hierarchies import GLOBAL, isa
from runtime.core.invoke import Fn, as_fn
from runtime.core.kinds import Map, key_of, type_name
from runtime.core.lookup import seq_to_map
from runtime.core.output import print_simple
from runtime.core.printing import pr_str, register_printer
from runtime.core.registry import TABLE, core, define
from runtime.core.tracking import added
from runtime.core.values import Keyword

DEFAULT = Keyword("default")


class MultiFn:
    """A multimethod. What was found for a value is kept until a method or the hierarchy changes."""

    __slots__ = (
        "name",
        "dispatch",
        "default",
        "hierarchy",
        "table",
        "values",
        "preferred",
        "cache",
        "seen",
        "meta",
    )

    def __init__(self, name: str, dispatch: Any, default: Any, hierarchy: Any) -> None:
        self.name = name
        self.table: dict[Any, Fn] = {}  # by the keys of the values, which stand in `values`
        self.values: dict[Any, Any] = {}
        self.preferred: dict[Any, set[Any]] = {}
        self.cache: dict[Any, Fn] = {}
        self.seen: Any = None  # the hierarchy that `cache` was filled under
        self.meta: Any = None
        self.define(dispatch, default, hierarchy)

    def define(self, dispatch: Any, default: Any, hierarchy: Any) -> None:
        self.dispatch = as_fn(dispatch)
        self.default = default
        self.hierarchy = GLOBAL if hierarchy is None else hierarchy
        self.cache.clear()

    def add(self, value: Any, method: Fn) -> None:
        self.table[key_of(value)] = method
        self.values[key_of(value)] = value
        self.cache.clear()

    def remove(self, value: Any) -> None:
        self.table.pop(key_of(value), None)
        self.values.pop(key_of(value), None)
        self.cache.clear()

    def __call__(self, *args: Any) -> Any:
        return self.method(self.dispatch(*args))(*args)

    def method(self, value: Any) -> Fn:
        """The method for a dispatch value. Raises ValueError when there is none."""
        found = self.find(value)
        if found is None:
            raise ValueError(
                f"No method in multimethod '{self.name}' for dispatch value: {pr_str(value)}"
            )
        return found

    def find(self, value: Any) -> Fn | None:
        if tracking.active is not None and (found_here := tracking.here()) is not None:
            found_here.reads.add(tracking.HIERARCHY)
        h = self.hierarchy.deref()
        if h is not self.seen:
            self.cache.clear()
            self.seen = h
        known = key_of(value)
        found = self.cache.get(known)
        if found is None:
            key = self._best(h, value)
            found = self.table.get(key_of(self.default if key is None else key[0]))
            if found is not None:
                self.cache[known] = found
        return found

    def _best(self, h: Any, value: Any) -> tuple[Any] | None:
        best: tuple[Any] | None = None
        for key in self.values.values():
            if not isa(h, value, key):
                continue
            if best is None or self._dominates(h, key, best[0]):
                best = (key,)
            elif not self._dominates(h, best[0], key):
                raise ValueError(
                    f"Multiple methods in multimethod '{self.name}' match dispatch value: "
                    f"{pr_str(value)} -> {pr_str(key)} and {pr_str(best[0])}, and neither is preferred"
                )
        return best

    def _dominates(self, h: Any, x: Any, y: Any) -> bool:
        return self.prefers(h, x, y) or isa(h, x, y)

    def prefer(self, x: Any, y: Any) -> None:
        self.preferred.setdefault(x, set()).add(y)
        self.cache.clear()

    def prefer_no_more(self, x: Any, y: Any) -> None:
        self.preferred.get(x, set()).discard(y)
        self.cache.clear()

    def prefers(self, h: Any, x: Any, y: Any) -> bool:
        """Whether `x` is preferred over `y`, also by way of their parents."""
        if y in self.preferred.get(x, ()):
            return True
        return any(y_ != y and isa(h, y, y_) for y_ in self.preferred.get(x, ())) or any(
            isa(h, x, x_) and x_ != x and self.prefers(h, x_, y) for x_ in self.preferred
        )


class PrintMethod(MultiFn):
    """`print-method`: what it has a method for is printed by it. It dispatches on the value's type."""

    __slots__ = ()

    def add(self, kind: Any, method: Fn) -> None:
        super().add(kind, method)
        if isinstance(kind, type):
            register_printer(kind, lambda value, out: self.table[kind](value, Writer(out.write)))

    def remove(self, kind: Any) -> None:
        super().remove(kind)
        if isinstance(kind, type):
            register_printer(kind, None)


class Writer:
    """What a method of `print-method` writes to: `(.write w text)`."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[str], Any]) -> None:
        self.write = write


def _multi(f: Any) -> MultiFn:
    if not isinstance(f, MultiFn):
        raise TypeError(f"expected a multimethod, found {type_name(f)}")
    return f


@core("multi-fn*", arglists="([var dispatch & options])")
def multi_fn(var: Any, dispatch: Any, *options: Any) -> MultiFn:
    """The multimethod for a var; the one it holds already keeps its methods."""
    given = seq_to_map(options) if options else Map()
    default = given.get(DEFAULT, DEFAULT)
    hierarchy = given.get(Keyword("hierarchy"), None)
    found = getattr(var, "root", None)
    if type(found) is MultiFn:
        found.define(dispatch, default, hierarchy)
        return found
    return MultiFn(var.name, dispatch, default, hierarchy)


@core("add-method*", arglists="([multifn dispatch-val f])")
def add_method(f: Any, value: Any, method: Any) -> MultiFn:
    """Adds a method; `defmethod` expands to this."""
    f = _multi(f)
    made = as_fn(method)
    f.add(value, made)
    added(f, ("method", key_of(value)), lambda: f.remove(value), lambda: f.add(value, made))
    return f


@core("remove-method", arglists="([multifn dispatch-val])")
def remove_method(f: Any, value: Any) -> MultiFn:
    """Removes the method of a dispatch value."""
    f = _multi(f)
    f.remove(value)
    return f


@core("remove-all-methods", arglists="([multifn])")
def remove_all_methods(f: Any) -> MultiFn:
    """Removes all methods."""
    f = _multi(f)
    for value in list(f.values.values()):
        f.remove(value)
    return f


@core("prefer-method", arglists="([multifn dispatch-val-x dispatch-val-y])")
def prefer_method(f: Any, x: Any, y: Any) -> MultiFn:
    """Prefers the method of `x` where that of `y` matches too."""
    f = _multi(f)
    if f.prefers(f.hierarchy.deref(), y, x):
        raise ValueError(
            f"Preference conflict in multimethod '{f.name}': {pr_str(y)} is already preferred to {pr_str(x)}"
        )
    f.prefer(x, y)
    added(
        f, ("prefer", key_of(x), key_of(y)), lambda: f.prefer_no_more(x, y), lambda: f.prefer(x, y)
    )
    return f


@core("methods", arglists="([multifn])")
def methods(f: Any) -> Any:
    """The map of dispatch values to methods."""
    f = _multi(f)
    return Map([(value, f.table[key]) for key, value in f.values.items()])


@core("get-method", arglists="([multifn dispatch-val])")
def get_method(f: Any, value: Any) -> Any:
    """The method that would be called for the dispatch value, or nil."""
    return _multi(f).find(value)


@core("prefers", arglists="([multifn])")
def prefers(f: Any) -> Any:
    """The map of preferred values to the sets of those they are preferred over."""
    from runtime.core.collections import Set

    return Map([(x, Set.make(ys)) for x, ys in _multi(f).preferred.items()])


define(
    "print-method",
    PrintMethod("print-method", lambda value, _: type(value), DEFAULT, None),
    doc="A multimethod on types: how values are written readably to a writer.",
    arglists="([x writer])",
)
TABLE["clojure.core", "print-method"].value.add(DEFAULT, print_simple)

register_printer(MultiFn, lambda f, out: out.write(f"#<multimethod {f.name}>"))
