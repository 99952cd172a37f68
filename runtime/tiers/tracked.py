"""Tier 0 for an evaluation that is tracked: it tells of every var it reads, and runs no compiled code.

What the functions of a script are called with at load goes through here too: `_support.track` has their
calls on the tracked thread run these bodies in the place of their usual ones or of compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from runtime.analysis import nodes as n
from runtime.core import tracking
from runtime.core.tracking import Tracking, read
from runtime.native import _support
from runtime.tiers import lowered as low
from runtime.tiers.closures import Host
from runtime.tiers.interpreter import build_arities, build_form
from runtime.tiers.lowering import NO_PLACE, Lowering


class _Uncompiled:
    """A host whose loops stay in tier 0."""

    def __init__(self, host: Host) -> None:
        self.stubs = host.stubs
        self.code_of = host.code_of
        self.on_def = host.on_def

    def compile_loop(self, node: n.Fn) -> None:
        return None


class TrackedLowering(Lowering):
    """Lowers to what tells of the vars it reads."""

    def __init__(self, host: Host, *rest: Any) -> None:
        super().__init__(_Uncompiled(host), *rest)

    def lower(self, node: n.Node) -> Any:
        if isinstance(node, n.VarRef) and node.var.span is not None:
            return low.CallConst(read, (low.Const(node.var),), NO_PLACE)
        if isinstance(node, n.Call) and isinstance(node.fn, n.VarRef):
            return low.Call(self.lower(node.fn), self.each(node.args), self.place(node.span))
        return super().lower(node)

    def fn(self, node: n.Fn) -> low.MakeFn:
        code = self.host.code_of(node)
        if not code.native:  # one that is compiled already needs nothing for other threads
            return super().fn(node)
        captures = tuple([self.lower(outer) for outer, _ in node.captures])
        return low.MakeFn(code, captures, node.meta)


def build_tracked(host: Host, node: n.Node, name: str) -> Callable[[], Any]:
    """A top-level form as a function of nothing that tells what it reads."""
    return build_form(host, node, name, TrackedLowering)


def tracked_arities(host: Host) -> Callable[[Any], None]:
    """What gives a function the arities that the tracked thread runs, on its first call there."""

    def make(code: Any) -> None:
        arities = build_arities(host, code.node, TrackedLowering)
        host.stubs.compile_pending()
        code.tracked = arities

    return make


@contextmanager
def tracked(host: Host, found: Tracking) -> Iterator[Tracking]:
    """Track what this thread evaluates."""
    before = tracking.active
    tracking.active = found
    maker = tracked_arities(host)
    _support.track(found.thread, maker)
    try:
        yield found
    finally:
        tracking.active = before
        _support.track(before.thread if before is not None else 0, maker)
