"""How long C++ temporaries live: to the end of the outermost interop form, as in one C++ expression.

Tier 0 evaluates nested forms one by one, so a temporary that has something to do when it ends becomes a
local around the outermost form, and every tier destroys it there. What is evaluated before it becomes a
local too where it has effects: operands are evaluated from left to right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag, LispType

Bindings = list[tuple[n.Local, n.Node]]


class Temporaries:
    """What `Inference` knows of temporaries. `temporaries` are those of the form around, None outside."""

    temporaries: Bindings | None = None

    def whole(self, make: Callable[[], n.Node]) -> n.Node:
        """The interop form that `make` types, with the temporaries that end with it around it."""
        if self.temporaries is not None:
            return self.keeping(make())
        bound: Bindings = []
        self.temporaries = bound
        try:
            made = make()
        finally:
            self.temporaries = None
        return n.Let(tuple(bound), made, span=made.span, type=made.type) if bound else made

    def kept(self, made: n.Node) -> tuple[n.Node, Bindings]:
        """What a local is bound to, and the bindings that keep what its pointer or reference leads into."""
        around, self.temporaries = self.temporaries, []
        try:
            return self.keeping(made), self.temporaries
        finally:
            self.temporaries = around

    def keeping(self, made: n.Node) -> n.Node:
        """A nested form whose pointer or reference may lead into a Lisp operand, a string say: such
        operands live as long as temporaries do."""
        kind = made.type
        if not isinstance(made, n.CppExpr) or not isinstance(kind, CppType):
            return made
        if not kind.has(Flag.POINTER | Flag.LVALUE):
            return made
        unboxes = made.text.startswith("ts::unbox")
        held = [
            i
            for i, op in enumerate(made.operands)
            if is_held(op.node)
            and not (unboxes and isinstance(op.node, n.VarRef))  # the var keeps it
        ]
        if not held:
            return made
        operands = tuple(
            op if i > held[-1] or quiet(op.node) else replace(op, node=self.hoisted(op.node))
            for i, op in enumerate(made.operands)
        )
        return replace(made, operands=operands)

    def apart(self, make: Callable[[], n.Node]) -> n.Node:
        """What `make` types inside an interop form without being part of the C++ expression."""
        around, self.temporaries = self.temporaries, None
        try:
            return make()
        finally:
            self.temporaries = around

    def operand_nodes(
        self,
        nodes: Sequence[n.Node],
        visit: Callable[[n.Node], n.Node],
        before: Sequence[n.Node] = (),
    ) -> tuple[n.Node, ...]:
        """The typed operands of one form; `before` are those that were typed already."""
        bound = self.temporaries
        assert bound is not None
        made = list(before)
        for node in nodes:
            start = len(bound)
            operand = visit(node)
            ends = has_end(operand)
            if ends or len(bound) > start:
                inner = bound[start:]
                del bound[start:]
                made = [earlier if quiet(earlier) else self.hoisted(earlier) for earlier in made]
                bound += inner
            made.append(self.hoisted(operand) if ends else operand)
        return tuple(made)

    def hoisted(self, node: n.Node) -> n.Node:
        """A reference to a new local around the outermost form, which is bound to `node`."""
        kind = node.type
        assert self.temporaries is not None
        if isinstance(kind, CppType) and (kind.is_void or kind.has(Flag.RVALUE)):
            return node
        rvalue = isinstance(kind, CppType) and not kind.has(Flag.LVALUE)
        local = n.Local("temporary", kind, rvalue=rvalue)
        self.temporaries.append((local, node))
        return n.LocalRef(local, span=node.span, type=kind)


def has_end(node: n.Node) -> bool:
    """Whether it gives a C++ object of its own that has something to do when it is destroyed."""
    kind = node.type
    if not isinstance(kind, CppType) or kind.is_reference or isinstance(node, n.LocalRef):
        return False
    return kind.has(Flag.CLASS) and not kind.has(Flag.TRIVIAL_DESTRUCTOR)


def is_held(node: n.Node) -> bool:
    """Whether nothing but its evaluation keeps it: a Lisp value, with memory of its own, that was made."""
    return isinstance(node.type, LispType) and not node.type.unboxed and not quiet(node)


def quiet(node: n.Node) -> bool:
    """Whether it makes no difference when it is evaluated."""
    if isinstance(node, n.CppExpr):
        return node.simple and all(quiet(op.node) for op in node.operands)
    return isinstance(node, (n.Const, n.NativeConst, n.LocalRef))
