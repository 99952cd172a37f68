"""The core functions that exist for macros: what their expansions call at run time."""

from __future__ import annotations

import io
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Map
from runtime.core.registry import core
from runtime.namespaces import Var, pop_bindings, push_bindings


@core("push-thread-bindings", arglists="([bindings])")
def push_thread_bindings(bindings: Map[Var, Any]) -> None:
    """Give dynamic vars values on this thread until pop-thread-bindings."""
    push_bindings(list(bindings.items()))


@core("pop-thread-bindings", arglists="([])")
def pop_thread_bindings() -> None:
    """Undo this thread's last push-thread-bindings."""
    pop_bindings()


@core("exchange-roots*", arglists="([bindings])")
def exchange_roots(bindings: Map[Var, Any]) -> Map[Var, Any]:
    """Give vars other root values; returns the old ones, in a map that this function takes too."""
    old = Map({var: getattr(var, "root", MISSING) for var in bindings})
    for var, value in bindings.items():
        if value is MISSING:
            var.unbind()
        else:
            var.bind(value)
    return old


@core("with-redefs-fn", arglists="([bindings f])")
def with_redefs_fn(bindings: Map[Var, Any], f: Any) -> Any:
    """Call `f` while vars have other root values."""
    old = exchange_roots(bindings)
    try:
        return as_fn(f)()
    finally:
        exchange_roots(old)


@core("string-writer-text*", arglists="([writer])")
def string_writer_text(writer: io.StringIO) -> str:
    """What was printed to a string writer."""
    return writer.getvalue()
