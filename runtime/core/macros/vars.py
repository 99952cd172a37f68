"""The core functions on vars: roots, bindings of a thread, and what the macros about them expand to."""

from __future__ import annotations

from typing import Any

from runtime.core import tracking
from runtime.core.futures import LocalVar
from runtime.core.invoke import Fn, as_fn
from runtime.core.kinds import Map, type_name
from runtime.core.registry import core
from runtime.namespaces import Var, current_bindings, pop_bindings, push_bindings


@core("var?", arglists="([v])")
def is_var(v: Any) -> bool:
    """Whether `v` is a var."""
    return isinstance(v, Var)


@core("bound?", arglists="([& vars])")
def is_bound(*variables: Var) -> bool:
    """Whether all the vars have a value, on this thread or as root."""
    bound = current_bindings()
    return all(var.is_bound or var in bound for var in variables)


@core("thread-bound?", arglists="([& vars])")
def is_thread_bound(*variables: Var) -> bool:
    """Whether all the vars have a binding on this thread."""
    bound = current_bindings()
    return all(var in bound for var in variables)


@core("var-get", arglists="([x])")
def var_get(var: Any) -> Any:
    """The value of a var, or of what with-local-vars binds."""
    return var.deref()


@core("var-set", arglists="([x val])")
def var_set(var: Any, value: Any) -> Any:
    """Changes a var's binding on this thread, or what with-local-vars binds."""
    if isinstance(var, LocalVar):
        var.value = value
        return value
    if not isinstance(var, Var):
        raise TypeError(f"var-set takes a var, found {type_name(var)}")
    return var.set(value)


@core("alter-var-root", arglists="([v f & args])")
def alter_var_root(var: Var, f: Any, *args: Any) -> Any:
    """Sets the root value of a var to `(f root args…)`."""
    old = var.root
    new = as_fn(f)(old, *args)
    var.bind(new)
    for key, watch in (var.watches or {}).items():
        watch(key, var, old, new)
    return new


@core("push-thread-bindings", arglists="([bindings])")
def push_thread_bindings(bindings: Map[Var, Any]) -> None:
    """Gives dynamic vars values on this thread until pop-thread-bindings."""
    push_bindings(list(bindings.items()))


@core("pop-thread-bindings", arglists="([])")
def pop_thread_bindings() -> None:
    """Undoes this thread's last push-thread-bindings."""
    pop_bindings()


@core("get-thread-bindings", arglists="([])")
def get_thread_bindings() -> Map[Var, Any]:
    """The map of the vars that are bound on this thread to their values."""
    return Map(current_bindings())


@core("with-bindings*", arglists="([binding-map f & args])")
def with_bindings(bindings: Map[Var, Any], f: Any, *args: Any) -> Any:
    """Calls `f` with values for dynamic vars on this thread."""
    push_bindings(list(bindings.items()))
    try:
        return as_fn(f)(*args)
    finally:
        pop_bindings()


@core("bound-fn*", arglists="([f])")
def bound_fn(f: Any) -> Fn:
    """A function that calls `f` with the bindings that this thread has now, on whatever thread."""
    f = as_fn(f)
    bindings = list(current_bindings().items())
    if not bindings:
        return f

    def call(*args: Any) -> Any:
        push_bindings(bindings)
        try:
            return f(*args)
        finally:
            pop_bindings()

    return call


@core("exchange-roots*", arglists="([bindings])")
def exchange_roots(bindings: Map[Var, Any]) -> Map[Var, Any]:
    """Gives vars other root values; returns the old ones, in a map that this function takes too."""
    old = Map({var: var.root for var in bindings})
    for var, value in bindings.items():
        with tracking.unnoticed():
            var.bind(value)
    return old


@core("with-redefs-fn", arglists="([binding-map f])")
def with_redefs_fn(bindings: Map[Var, Any], f: Any) -> Any:
    """Calls `f` while vars have other root values."""
    old = exchange_roots(bindings)
    try:
        return as_fn(f)()
    finally:
        exchange_roots(old)
