"""Tier 0: the typed AST as Python closures over a frame. C++ is reached through stubs.

A frame is a list: a function's captures, the function itself, its parameters, then the other locals. Every
`build_…` turns one node class into a closure `run(e)` that evaluates it in the frame `e`. Native values
are held as `runtime.stubs.bodies.gives_of` says: numbers as Python numbers, the rest as CppValue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyrsistent import pvector

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType
from runtime.core.meta import with_meta
from runtime.native import _support
from runtime.stubs.bodies import LISP, gives_of
from runtime.stubs.threads import quick
from runtime.tiers.call_shapes import call_closure
from runtime.tiers.closures import BOX_TYPE, Host, Place, Run, box_operands
from runtime.tiers.interpreter_control import ControlClosures
from runtime.tiers.literals import make_map, make_set


class Builder(ControlClosures):
    """Builds closures by node class: `_BUILD` is the table."""

    def build(self, node: n.Node) -> Run:
        return _BUILD[type(node)](self, node)

    # --- values -----------------------------------------------------------------------------------

    def const(self, node: n.Const | n.NativeConst) -> Run:
        value = node.value
        return lambda e: value

    def local(self, node: n.LocalRef) -> Run:
        slot = self.slot(node.local)
        return lambda e: e[slot]

    def var_ref(self, node: n.VarRef) -> Run:
        var = node.var
        if var.is_dynamic:
            return lambda e: var.deref()
        return lambda e: var.root

    def the_var(self, node: n.TheVar) -> Run:
        var = node.var
        return lambda e: var

    def def_(self, node: n.Def) -> Run:
        host, var = self.host, node.var
        init = self.build(node.init) if node.init is not None else None
        meta = self.build(node.meta) if node.meta is not None else None

        def run(e: list[Any]) -> Any:
            value = init(e) if init is not None else None
            host.on_def(node, value, init is not None, meta(e) if meta is not None else None)
            return var

        return run

    def set_var(self, node: n.SetVar) -> Run:
        var, value, place = node.var, self.build(node.value), self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return var.set(value(e))

        return run

    def vector(self, node: n.VectorLit) -> Run:
        items = self.each(node.items)
        return lambda e: pvector([item(e) for item in items])

    def map(self, node: n.MapLit) -> Run:
        parts = self.each(node.items)
        place = self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return make_map(*[part(e) for part in parts])

        return run

    def set(self, node: n.SetLit) -> Run:
        items = self.each(node.items)
        place = self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return make_set(*[item(e) for item in items])

        return run

    def with_meta(self, node: n.WithMeta) -> Run:
        value, meta = self.build(node.value), self.build(node.meta)
        return lambda e: with_meta(value(e), meta(e))

    # --- functions and calls ----------------------------------------------------------------------

    def fn(self, node: n.Fn) -> Run:
        code = build_code(self.host, node)
        make = _support.Fn
        captures = [self.build(outer) for outer, _ in node.captures]
        meta = node.meta
        if meta is not None:
            return lambda e: make(code, tuple([c(e) for c in captures])).with_meta(meta)
        if not captures:
            return lambda e: make(code, ())
        return lambda e: make(code, tuple([c(e) for c in captures]))

    def letfn(self, node: n.LetFn) -> Run:
        slots = [self.slot(local) for local, _ in node.bindings]
        makers = [self.build(fn) for _, fn in node.bindings]
        order = {local: i for i, (local, _) in enumerate(node.bindings)}
        patches = [
            (i, index, order[outer.local])
            for i, (_, fn) in enumerate(node.bindings)
            for index, (outer, _) in enumerate(fn.captures)
            if isinstance(outer, n.LocalRef) and outer.local in order
        ]
        body = self.build(node.body)

        def run(e: list[Any]) -> Any:
            made = [make(e) for make in makers]
            for i, index, target in patches:
                made[i].set_capture(index, made[target])
            for slot, fn in zip(slots, made, strict=True):
                e[slot] = fn
            return body(e)

        return run

    def call(self, node: n.Call) -> Run:
        fn = node.fn
        if isinstance(fn, n.VarRef) and not fn.var.is_dynamic:
            return call_closure("var", fn.var, self.arguments(node.args), self.place(node))
        return call_closure("run", self.build(fn), self.arguments(node.args), self.place(node))

    def intrinsic(self, node: n.Intrinsic) -> Run:
        if node.name == "nil?":
            value = self.build(node.args[0])
            return lambda e: value(e) is None
        if node.name == "some?":
            value = self.build(node.args[0])
            return lambda e: value(e) is not None
        if node.name == "not":
            value, exact = self.condition(node.args[0])
            if exact:
                return lambda e: not value(e)
        return call_closure("fixed", node.var.root, self.arguments(node.args), self.place(node))

    def arguments(self, nodes: tuple[n.Node, ...]) -> list[tuple[str, Any]]:
        """Each argument as the shape of a call sees it: a constant, a slot or a closure."""
        made: list[tuple[str, Any]] = []
        for node in nodes:
            if isinstance(node, (n.Const, n.NativeConst)):
                made.append(("c", node.value))
            elif isinstance(node, n.LocalRef):
                made.append(("l", self.slot(node.local)))
            else:
                made.append(("x", self.build(node)))
        return made

    # --- C++ --------------------------------------------------------------------------------------

    def cpp(self, node: n.CppExpr) -> Run:
        assert isinstance(node.type, CppType)
        return self.stub_call(node, gives_of(node.type))

    def stub_call(self, node: n.CppExpr, gives: str) -> Run:
        kind = node.type
        assert isinstance(kind, CppType)
        stub = self.host.stubs.get(
            node.text, node.operands, gives, kind, node.label, node.span, quick(node)
        )
        arguments = self.arguments(tuple(op.node for op in node.operands))
        called = _support.StubCall(stub, node.site)
        return call_closure("fixed", called, arguments, self.place(node))

    def to_lisp(self, node: n.ToLisp | n.Truth) -> Run:
        value = node.value
        kind = value.type
        if not isinstance(kind, CppType):
            return self.build(value)
        if isinstance(value, n.CppExpr):
            return self.stub_call(value, LISP)
        if kind.is_number_prvalue:
            return self.build(value)
        stub = self.unary("@0@", kind, LISP, kind, value)
        return call_closure("fixed", stub, self.arguments((value,)), self.place(node))

    def box(self, node: n.Box) -> Run:
        text, operands, label = box_operands(node)
        stub = self.host.stubs.get(text, operands, LISP, BOX_TYPE, label, node.span)
        arguments = self.arguments(tuple(op.node for op in operands))
        return call_closure("fixed", stub, arguments, self.place(node))

    def raw(self, node: n.CppRaw) -> Run:
        return lambda e: None


def build_code(host: Host, node: n.Fn) -> _support.Code:
    """The shared code of a function's closures, able to run in tier 0."""
    code = host.code_of(node)
    if not code.arities:
        code.arities = build_arities(host, node)
    return code


def build_arities(host: Host, node: n.Fn, make: type[Builder] = Builder) -> tuple[Any, ...]:
    """What tier 0 runs of a function: (required parameters, variadic, frame size, body) of each arity."""
    arities = []
    for arity in node.arities:
        builder = make(host, node.name)
        for _, inner in node.captures:
            builder.slot(inner)
        builder.slot(node.this)
        for param in arity.params:
            builder.slot(param)
        body = builder.build(arity.body)
        arities.append((arity.required, arity.variadic, len(builder.slots), body))
    return tuple(arities)


def build_form(host: Host, node: n.Node, name: str) -> Callable[[], Any]:
    """A top-level form as a function of nothing."""
    builder = Builder(host, name)
    run = builder.build(node)
    size = len(builder.slots)
    return lambda: run([None] * size)


_BUILD: dict[type, Callable[[Builder, Any], Run]] = {
    n.Const: Builder.const,
    n.NativeConst: Builder.const,
    n.LocalRef: Builder.local,
    n.VarRef: Builder.var_ref,
    n.TheVar: Builder.the_var,
    n.Def: Builder.def_,
    n.SetVar: Builder.set_var,
    n.If: Builder.if_,
    n.Do: Builder.do,
    n.Let: Builder.let,
    n.Loop: Builder.loop,
    n.Recur: Builder.recur,
    n.Fn: Builder.fn,
    n.LetFn: Builder.letfn,
    n.Call: Builder.call,
    n.Intrinsic: Builder.intrinsic,
    n.Throw: Builder.throw,
    n.Try: Builder.try_,
    n.Case: Builder.case,
    n.VectorLit: Builder.vector,
    n.MapLit: Builder.map,
    n.SetLit: Builder.set,
    n.WithMeta: Builder.with_meta,
    n.CppExpr: Builder.cpp,
    n.ToLisp: Builder.to_lisp,
    n.Truth: Builder.to_lisp,
    n.Box: Builder.box,
    n.CppRaw: Builder.raw,
}
