"""Transactions and refs. Python runs one thread at a time, so transactions are one lock: they never retry."""

from __future__ import annotations

import threading
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.registry import core
from runtime.core.state import Reference
from runtime.core.values import Keyword
from runtime.process.interruption import acquire

TRANSACTIONS = threading.RLock()
_local = threading.local()


class Ref(Reference):
    """A value that transactions change."""

    __slots__ = ()


def _in_transaction() -> list[Any]:
    log: list[Any] | None = getattr(_local, "log", None)
    if not log:
        raise RuntimeError("No transaction running")
    return log


@core("enter-transaction*", arglists="([])")
def enter_transaction() -> None:
    """Starts a transaction on this thread, or a part of the one that runs."""
    acquire(TRANSACTIONS)
    if not hasattr(_local, "log"):
        _local.log = []
    _local.log.append([])


@core("abort-transaction*", arglists="([])")
def abort_transaction() -> None:
    """Gives the refs that the transaction has changed so far their old values back."""
    changes = _local.log[-1]
    for target, old in reversed(changes):
        target.value = old
    changes.clear()


@core("leave-transaction*", arglists="([])")
def leave_transaction() -> None:
    """Ends what `enter-transaction*` started."""
    try:
        changes = _local.log.pop()
        for ref, old in changes:
            ref.notify(old, ref.value)
    finally:
        TRANSACTIONS.release()


@core("check-no-transaction*", arglists="([])")
def check_no_transaction() -> None:
    """Raises inside a transaction; `io!` expands to this."""
    if getattr(_local, "log", None):
        raise RuntimeError("I/O in transaction")


@core("ref", arglists="([x] [x & options])")
def ref(value: Any, *options: Any) -> Ref:
    """A new ref: its value changes in transactions only."""
    from runtime.core.lookup import seq_to_map

    given = seq_to_map(options) if options else {}
    return Ref(value, given.get(Keyword("meta"), None), given.get(Keyword("validator"), None))


@core("ref-set", arglists="([ref val])")
def ref_set(target: Ref, value: Any) -> Any:
    """Sets a ref in a transaction."""
    log = _in_transaction()
    target.check(value)
    log[-1].append((target, target.value))
    target.value = value
    return value


@core("alter", arglists="([ref f & args])")
def alter(target: Ref, f: Any, *args: Any) -> Any:
    """Sets a ref to `(f value args…)` in a transaction."""
    return ref_set(target, as_fn(f)(target.value, *args))


@core("commute", arglists="([ref f & args])")
def commute(target: Ref, f: Any, *args: Any) -> Any:
    """Like alter: transactions never overlap here."""
    return alter(target, f, *args)


@core("ensure", arglists="([ref])")
def ensure(target: Ref) -> Any:
    """The value of a ref in a transaction."""
    _in_transaction()
    return target.value


@core("ref-history-count", arglists="([ref])")
@core("ref-min-history", arglists="([ref] [ref n])")
def no_history(ref: Ref, *_: int) -> Any:
    """0: transactions never overlap here, so refs keep no old values. With a number it is the ref."""
    return ref if _ else 0


@core("ref-max-history", arglists="([ref] [ref n])")
def most_history(ref: Ref, *_: int) -> Any:
    """10, of which none is used: see `ref-min-history`. With a number it is the ref."""
    return ref if _ else 10
