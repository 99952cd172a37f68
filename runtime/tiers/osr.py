"""On-stack replacement: a loop that runs long in tier 0 goes on in compiled code, in the same call.

The loop becomes a function of its own, whose parameters are the locals that it uses and its own at the
start of a round. (The term is Hölzle's, for Self: https://dl.acm.org/doi/10.1145/143095.143114.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import count
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import OBJECT, OF_LITERALS, CppType, Type
from runtime.native import _support

HOT_ROUNDS = 16 * 1024  # after which it is worth compiling

_keys = count(1)


def used_locals(node: Any) -> Iterator[n.Local]:
    """The locals whose values a node reads in its own frame; a function's are those it captures."""
    if isinstance(node, tuple):
        for item in node:
            yield from used_locals(item)
    elif isinstance(node, n.LocalRef):
        yield node.local
    elif isinstance(node, n.Fn):
        yield from used_locals(node.captures)
    elif isinstance(node, (n.Node, n.Catch, n.Operand)):
        for f in fields(node):
            yield from used_locals(getattr(node, f.name))


def bound_locals(node: Any) -> Iterator[n.Local]:
    """The locals that a node binds in its own frame."""
    if isinstance(node, tuple):
        for item in node:
            if isinstance(item, n.Local):
                yield item
            else:
                yield from bound_locals(item)
    elif isinstance(node, n.Catch):
        yield node.local
        yield from bound_locals(node.body)
    elif isinstance(node, n.Recur):
        yield from bound_locals(node.args)
    elif isinstance(node, (n.Node, n.Operand)) and not isinstance(node, n.Fn):
        for f in fields(node):
            yield from bound_locals(getattr(node, f.name))


class LoopReplacement:
    """The way out of one loop of tier 0. `request` has a function compiled and gives its code, or None
    where the strategy does not compile."""

    def __init__(
        self,
        node: n.Loop,
        name: str,
        request: Callable[[n.Fn], _support.Code | None],
    ) -> None:
        self._node = node
        self._name = name
        self._request = request
        self._code: _support.Code | None = None
        self._own = [local for local, _ in node.bindings]
        inside = set(bound_locals(node))
        self._outer = [x for x in dict.fromkeys(used_locals(node.body)) if x not in inside]
        self.possible = not any(isinstance(x.type, CppType) for x in self.locals)
        self._classes: dict[int, type] = {}  # of the values that the code takes unboxed, by index

    @property
    def locals(self) -> list[n.Local]:
        """Those whose values `enter` is told and its function is called with."""
        return [*self._outer, *self._own]

    def enter(self, values: list[Any], rounds: int) -> Callable[..., Any] | None:
        """What to call, with `values`, to go on after so many rounds; None while there is nothing."""
        if not self.possible or rounds < HOT_ROUNDS:
            return None
        if self._code is None:
            self._code = self._request(self._function(values))
            self.possible = self._code is not None
        if self._code is None or not self._code.native:
            return None
        if self._code.beside and not _support.is_ui_thread():
            return None
        if any(type(values[i]) is not kind for i, kind in self._classes.items()):
            return None
        return _support.Fn(self._code, ())

    def _function(self, values: list[Any]) -> n.Fn:
        """The loop as a function whose parameters are of the types that the values have now."""
        locals_ = self.locals
        params = []
        for i, (local, value) in enumerate(zip(locals_, values, strict=True)):
            kind: Type = OF_LITERALS.get(type(value), OBJECT)
            if kind != OBJECT:
                self._classes[i] = type(value)
            params.append(n.Local(local.name, kind))
        starts = tuple(
            (local, n.LocalRef(param, type=param.type or OBJECT))
            for local, param in zip(locals_, params, strict=True)
        )
        outer, own = starts[: len(self._outer)], starts[len(self._outer) :]
        loop = n.Loop(
            self._node.label, own, self._node.body, span=self._node.span, type=self._node.type
        )
        body: n.Node = loop
        if isinstance(loop.type, CppType):  # nobody looks at its value
            body = n.Do((loop,), n.Const(None), span=loop.span)
        body = n.Let(outer, body, span=loop.span, type=body.type)
        arity = n.Arity(tuple(params), False, -1, body)
        name = f"{self._name}$loop{self._node.span.line if self._node.span else ''}"
        return n.Fn(name, n.Local("this", OBJECT), (arity,), (), -next(_keys), span=self._node.span)
