"""Tier 0 for an evaluation that is tracked: it tells of every var it reads, and runs no compiled code.

What the functions of a script are called with at load goes through here too: `_support.track` has their
calls on the tracked thread run these closures in the place of their usual ones or of compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from runtime.analysis import nodes as n
from runtime.core import tracking
from runtime.core.tracking import Tracking, read
from runtime.native import _support
from runtime.tiers.call_shapes import call_closure
from runtime.tiers.closures import Host, Run
from runtime.tiers.interpreter import Builder, build_arities


class _Uncompiled:
    """A host whose loops stay in tier 0."""

    def __init__(self, host: Host) -> None:
        self.stubs = host.stubs
        self.code_of = host.code_of
        self.count_loops = host.count_loops
        self.on_def = host.on_def

    def compile_loop(self, node: n.Fn) -> None:
        return None


class TrackedBuilder(Builder):
    """Builds what tells of the vars it reads."""

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(_Uncompiled(host), name)

    def build(self, node: n.Node) -> Run:
        if isinstance(node, n.VarRef) and node.var.span is not None:
            var = node.var
            return lambda e: read(var)
        if isinstance(node, n.Call) and isinstance(node.fn, n.VarRef):
            return call_closure(
                "run", self.build(node.fn), self.arguments(node.args), self.place(node)
            )
        if isinstance(node, n.Fn) and (code := self.host.code_of(node)).native:
            return self._compiled(node, code)
        return super().build(node)

    def _compiled(self, node: n.Fn, code: _support.Code) -> Run:
        """A function that is compiled already needs no closures for other threads."""
        captures = [self.build(outer) for outer, _ in node.captures]
        meta = node.meta

        def run(e: list[Any]) -> Any:
            made = _support.Fn(code, tuple([c(e) for c in captures]))
            return made if meta is None else made.with_meta(meta)

        return run


def build_tracked(host: Host, node: n.Node, name: str) -> Callable[[], Any]:
    """A top-level form as a function of nothing that tells what it reads."""
    builder = TrackedBuilder(host, name)
    run = builder.build(node)
    size = len(builder.slots)
    return lambda: run([None] * size)


def tracked_arities(host: Host) -> Callable[[Any], None]:
    """What gives a function the arities that the tracked thread runs, on its first call there."""

    def make(code: Any) -> None:
        arities = build_arities(host, code.node, TrackedBuilder)
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
