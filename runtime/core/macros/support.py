"""The core functions that exist for macros: what their expansions call at run time."""

from __future__ import annotations

import decimal
import io
import threading
import time
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Map
from runtime.core.registry import TABLE, core
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


@core("close*", arglists="([resource])")
def close(resource: Any) -> None:
    """Close what with-open opened."""
    resource.close()


@core("report-time*", arglists="([start])")
def report_time(start: int) -> None:
    """Print how long ago `start`, in nanoseconds of system-time, was."""
    elapsed = f"Elapsed time: {(time.perf_counter_ns() - start) / 1e6:.6g} msecs"
    TABLE["clojure.core", "prn"].value(elapsed)


@core("string-writer*", arglists="([])")
def string_writer() -> io.StringIO:
    """A writer for *out* that keeps what is printed."""
    return io.StringIO()


@core("string-writer-text*", arglists="([writer])")
def string_writer_text(writer: io.StringIO) -> str:
    """What was printed to a string writer."""
    return writer.getvalue()


@core("string-reader*", arglists="([s])")
def string_reader(s: str) -> io.StringIO:
    """A reader for *in* that gives the text `s`."""
    return io.StringIO(s)


@core("enter-precision*", arglists="([digits] [digits rounding])")
def enter_precision(digits: int, rounding: Any = None) -> None:
    """Round big decimals to so many digits on this thread until leave-precision*."""
    mode = f"ROUND_{rounding}" if rounding is not None else decimal.ROUND_HALF_UP
    _contexts().append(decimal.getcontext())
    decimal.setcontext(decimal.Context(prec=digits, rounding=mode))


@core("leave-precision*", arglists="([])")
def leave_precision() -> None:
    """Undo the last enter-precision* of this thread."""
    decimal.setcontext(_contexts().pop())


_thread = threading.local()


def _contexts() -> list[decimal.Context]:
    if not hasattr(_thread, "contexts"):
        _thread.contexts = []
    found: list[decimal.Context] = _thread.contexts
    return found
