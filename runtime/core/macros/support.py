"""The core functions that exist for macros: what their expansions call at run time."""

from __future__ import annotations

import decimal
import io
import threading
import time
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING, Map
from runtime.core.macros.loops import SKIP, STOP
from runtime.core.printing import pr_str, print_str
from runtime.core.registry import TABLE, core, define
from runtime.core.sequences import IterSeq, iterate
from runtime.namespaces import Var, pop_bindings, push_bindings


class _Mark:
    """What a step of `for` gives instead of a value."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"#<{self.name}>"


_SKIP, _STOP = _Mark("skip"), _Mark("stop")
define(SKIP.name, _SKIP, doc="A step of `for` gives this for an item that :when refuses.")
define(STOP.name, _STOP, doc="A step of `for` gives this where :while ends the collection.")


@core("for*", arglists="([step coll])")
def for_items(step: Any, coll: Any) -> IterSeq:
    """The lazy sequence of what `step` gives for the items of `coll`; `for` expands to this."""

    def values() -> Any:
        for item in iterate(coll):
            value = step(item)
            if value is _STOP:
                return
            if value is not _SKIP:
                yield value

    return IterSeq.over(values())


@core("for-nested*", arglists="([step coll])")
def for_nested(step: Any, coll: Any) -> IterSeq:
    """The items of all the sequences that `step` gives for the items of `coll`, lazily."""

    def values() -> Any:
        for item in iterate(coll):
            inner = step(item)
            if inner is _STOP:
                return
            if inner is not _SKIP:
                yield from iterate(inner)

    return IterSeq.over(values())


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


@core("assertion-error*", arglists="([form] [form message])")
def assertion_error(form: Any, message: Any = None) -> AssertionError:
    """The error of an assertion that does not hold."""
    text = pr_str(form) if message is None else f"{print_str(message)}\n{pr_str(form)}"
    return AssertionError(f"Assert failed: {text}")


@core("system-time", arglists="([])")
def system_time() -> float:
    """A time in milliseconds, for differences only."""
    return time.perf_counter() * 1e3


@core("report-time*", arglists="([start])")
def report_time(start: float) -> None:
    """Print how long ago `start` of system-time was."""
    elapsed = f"Elapsed time: {system_time() - start:.6g} msecs"
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


_locks: dict[int, list[Any]] = {}  # id → [object, its lock, how many hold or want it]
_locks_guard = threading.Lock()


@core("monitor-enter*", arglists="([x])")
def monitor_enter(x: Any) -> None:
    """Wait for and take the lock of the very object `x`; a thread may take it several times."""
    with _locks_guard:
        entry = _locks.setdefault(id(x), [x, threading.RLock(), 0])
        entry[2] += 1
    entry[1].acquire()


@core("monitor-exit*", arglists="([x])")
def monitor_exit(x: Any) -> None:
    """Release the lock of `x`."""
    with _locks_guard:
        entry = _locks[id(x)]
        entry[2] -= 1
        if not entry[2]:
            del _locks[id(x)]
    entry[1].release()


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
