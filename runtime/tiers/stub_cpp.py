"""Stub C++: control flow compiled, while C++ is reached through the stubs of tier 0.

It is quick to compile, because it is nothing but calls of `ts::frame` (runtime/native/baseline.hpp), for
which Cling need not optimise.

`generate` reads like a table from node to steps. Native values are held as tier 0 holds them: numbers as
Python numbers, the rest as CppValue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.temporaries import has_end
from runtime.analysis.types import CppType
from runtime.native._support import ANYWHERE, StubCall
from runtime.stubs.bodies import DISCARD as NOTHING
from runtime.stubs.bodies import LISP, gives_of
from runtime.stubs.cache import StubCache
from runtime.stubs.threads import quick
from runtime.tiers import literals
from runtime.tiers.baseline_control import BaselineControl
from runtime.tiers.baseline_writer import DISCARD, GIVEN, RETURN, Operand
from runtime.tiers.closures import BOX_TYPE, box_operands
from runtime.tiers.cpp_writer import Unsupported
from runtime.tiers.functions import FunctionTable
from runtime.tiers.inline_cpp import Generated

# Core functions that are steps of `ts::frame`, by name and number of arguments. Others are called.
STEPS = {
    **{(name, 1): step for name, step in {
        "inc": "inc", "dec": "dec", "zero?": "zero_p", "pos?": "pos_p", "neg?": "neg_p", "count": "count",
        "first": "first",
    }.items()},
    **{(name, 2): step for name, step in {
        "+": "add", "-": "sub", "*": "mul", "/": "div", "quot": "quot", "rem": "rem", "mod": "mod", "<": "lt",
        "<=": "le", ">": "gt", ">=": "ge", "==": "num_eq", "=": "equal", "max": "max", "min": "min",
        "get": "get", "nth": "nth",
    }.items()},
    ("get", 3): "get",
    ("nth", 3): "nth",
}  # fmt: skip


def generate(node: n.Fn, symbol: str, table: FunctionTable, stubs: StubCache) -> Generated:
    """The C++ of a function; its stubs are asked for, not compiled. Raises Unsupported."""
    return StubFunction(node, symbol, table, stubs).generate()


class StubFunction(BaselineControl):
    """One function being written."""

    def generate(self) -> Generated:
        node = self.node
        if node.span is not None:
            self.place(node.span)
        for _, inner in node.captures:
            self.names[inner] = self.slot(inner.name)
        self.names[node.this] = self.slot(node.this.name)
        params = self.top
        for arity in node.arities:
            self.arity(arity)
            self.top = params
        owning, size = len(self.owning), self.size + len(self.owning)
        name = c_string(node.name)
        head = [
            f"// {node.name}{f'  {Path(node.span.file).name}:{node.span.line}' if node.span else ''}",
            f"static PyObject* {self.symbol}(ts::fn* self, PyObject* const* args, Py_ssize_t count) {{",
        ]
        if owning:
            slots = ", ".join(f"{slot} = {self.size + i}" for i, slot in enumerate(self.owning))
            head.append(f"  enum {{ {slots} }};")
        head += [
            f"  PyObject* slots[{size}];",
            "  ts::frame f;",
            f'  f.enter(self, slots, {size}, {owning}, {name}, "{self.symbol}");',
        ]
        tail = ["  return f.wrong_arity(count);", "failed:", "  return f.failed();", "}"]
        text = "\n".join([*head, *self.lines, *tail])
        return Generated(text, tuple(self.constants), self.symbol, tuple(self.spans))

    def arity(self, arity: n.Arity) -> None:
        for param in arity.params:
            self.names[param] = self.slot(param.name)
        required = arity.required
        self.open(f"if(count {'>=' if arity.variadic else '=='} {required})")
        if arity.variadic:
            self.emit(f"if(f.rest(args, count, {required})) goto failed;")
        elif required:
            self.emit("f.params(args, count);")
        self.open_loop(arity.label, self.node.span)
        self.into(arity.body, RETURN)
        self.close_loop(arity.label)
        self.close()

    # --- values -----------------------------------------------------------------------------------

    def into(self, node: n.Node, dst: Operand) -> None:
        rule = _STEPS.get(type(node))
        if rule is None:
            self.deliver(self.value(node), dst)
        else:
            rule(self, node, dst)

    def value(self, node: n.Node) -> Operand:
        match node:
            case n.Const() | n.NativeConst():
                return self.constant(node.value)
            case n.LocalRef():
                return self.names[node.local]
            case n.TheVar():
                return self.constant(node.var)
            case n.VarRef() if not node.var.is_dynamic:
                return self.root(node.var)
            case n.CppRaw():
                return self.constant(None)
            case n.ToLisp() | n.Truth() if held_as_lisp(node.value):
                return self.value(node.value)
        if has_end(node):
            passing = self.owning_slot("passing")
            self.into(node, passing)
            self.passing.append(passing)
            return passing
        dst = self.slot()
        self.into(node, dst)
        return dst

    def operands(self, nodes: Sequence[n.Node]) -> list[Operand]:
        last = max((i for i, node in enumerate(nodes) if not quiet(node)), default=-1)
        values = []
        for i, node in enumerate(nodes):
            value = self.value(node)
            if i < last and isinstance(node, n.VarRef) and not node.var.is_dynamic:
                value, root = self.slot(), value  # what is evaluated after it may change the var
                self.deliver(root, value)
            values.append(value)
        return values

    def given(self, nodes: Sequence[n.Node]) -> list[Operand]:
        """Operands of a step that takes those over which nobody needs after it."""
        return [
            value + GIVEN
            if isinstance(value, int)
            and value >= 0
            and not isinstance(node, n.LocalRef)
            and not aliases(node)
            else value
            for node, value in zip(nodes, self.operands(nodes), strict=True)
        ]

    def step(
        self,
        step: str,
        dst: Operand,
        before: Sequence[Operand],
        nodes: Sequence[n.Node],
        node: n.Node,
        shown: str,
    ) -> None:
        """A step with operands; `before` are arguments that stand before them."""
        mark, passing = self.top, len(self.passing)
        values = self.operands(nodes)
        self.top = mark
        self.finish(step, dst, before, values, node, shown, passing)

    def finish(
        self,
        step: str,
        dst: Operand,
        before: Sequence[Operand],
        values: Sequence[Operand],
        node: n.Node,
        shown: str,
        passing: int | None = None,
    ) -> None:
        """A step whose operands are evaluated; objects in passing, from that one on, end with it."""
        mark = self.top
        target = self.target(dst)
        line = node.span.line if node.span is not None else 0
        self.attempt(
            step,
            (self.place(node.span), target, *before, *values),
            self.shown_call(target, shown, values),
            line,
        )
        if passing is not None:
            self.end_passing(passing)
        if dst == RETURN:
            self.deliver(target, RETURN)
        self.top = mark

    def var_ref(self, node: n.VarRef, dst: Operand) -> None:
        if node.var.is_dynamic:
            self.finish("deref", dst, (self.constant(node.var),), (), node, node.var.name)
        else:
            self.deliver(self.root(node.var), dst)

    def python_call(
        self, function: Callable[..., Any], args: Sequence[n.Node], node: n.Node, dst: Operand
    ) -> None:
        name = getattr(function, "__name__", "function")
        self.step("call", dst, (self.constant(function), len(args)), args, node, name)

    def call(self, node: n.Call, dst: Operand) -> None:
        mark = self.top
        callee, *values = self.given((node.fn, *node.args))
        if isinstance(callee, int) and callee >= GIVEN:
            callee -= GIVEN
        self.top = mark
        self.finish("call", dst, (callee, len(values)), values, node, self.show(callee))

    def intrinsic(self, node: n.Intrinsic, dst: Operand) -> None:
        mark = self.top
        answer = self.answer(node)
        self.top = mark
        step = STEPS.get((node.name, len(node.args)))
        if answer:
            target = self.target(dst)
            self.emit(
                f"f.flag({target}, {answer});{self.comment(f'{self.show(target)} = {node.name}')}"
            )
            if dst == RETURN:
                self.deliver(target, RETURN)
            self.top = mark
        elif step is not None:
            self.step(step, dst, (), node.args, node, node.name)
        else:
            self.python_call(node.var.root, node.args, node, dst)

    def literal(self, node: n.VectorLit | n.MapLit | n.SetLit, dst: Operand) -> None:
        self.python_call(literals.MAKERS[type(node)], node.items, node, dst)

    def with_meta(self, node: n.WithMeta, dst: Operand) -> None:
        self.python_call(literals.with_meta, (node.value, node.meta), node, dst)

    def def_(self, node: n.Def, dst: Operand) -> None:
        parts = tuple(part for part in (node.init, node.meta) if part is not None)
        self.python_call(literals.definer(self.table, node), parts, node, dst)

    def set_var(self, node: n.SetVar, dst: Operand) -> None:
        self.python_call(node.var.set, (node.value,), node, dst)

    def fn(self, node: n.Fn, dst: Operand) -> None:
        mark = self.top
        target = self.target(dst)
        self.closure(node, target, {})
        if dst == RETURN:
            self.deliver(target, RETURN)
        self.top = mark

    def closure(self, node: n.Fn, dst: Operand, unset: dict[n.Local, Operand]) -> None:
        code = self.table.by_key.get(node.key)
        if code is None:
            raise Unsupported(f"the inner function {node.name} is gone")
        mark = self.top
        captured = self.operands(
            [
                n.Const(None) if isinstance(outer, n.LocalRef) and outer.local in unset else outer
                for outer, _ in node.captures
            ]
        )
        self.top = mark
        self.attempt(
            "fn",
            (dst, self.constant(code), len(captured), *captured),
            self.shown_call(dst, f"fn {node.name}", captured),
        )
        if node.meta is not None and dst != DISCARD:
            self.do("meta", (dst, self.constant(node.meta)))

    # --- C++ --------------------------------------------------------------------------------------

    def stub_step(
        self,
        text: str,
        operands: tuple[n.Operand, ...],
        gives: str,
        kind: CppType,
        node: n.Node,
        label: str,
        dst: Operand,
    ) -> None:
        stub = self.stubs.get(text, operands, gives, kind, label, node.span, quick(node))
        called = StubCall(stub, node.site if isinstance(node, n.CppExpr) else ANYWHERE)
        self.step("stub", dst, (self.constant(called),), [op.node for op in operands], node, label)

    def cpp(self, node: n.CppExpr, dst: Operand) -> None:
        kind = node.type
        assert isinstance(kind, CppType)
        unused = dst == DISCARD and not kind.is_number_prvalue
        gives = NOTHING if unused else gives_of(kind)
        self.stub_step(node.text, node.operands, gives, kind, node, node.label, dst)

    def to_lisp(self, node: n.ToLisp | n.Truth, dst: Operand) -> None:
        """A native value as a Lisp value."""
        value, kind = node.value, node.value.type
        if held_as_lisp(value):
            self.into(value, dst)
            return
        assert isinstance(kind, CppType)
        if isinstance(value, n.CppExpr):
            self.stub_step(value.text, value.operands, LISP, kind, value, value.label, dst)
        else:
            self.stub_step("@0@", (n.Operand(value),), LISP, kind, value, kind.name, dst)

    def box(self, node: n.Box, dst: Operand) -> None:
        text, operands, label = box_operands(node)
        self.stub_step(text, operands, LISP, BOX_TYPE, node, label, dst)


def aliases(node: n.Node) -> bool:
    """Whether the operand that is its value may be a local's own slot."""
    return isinstance(node, (n.ToLisp, n.Truth)) and held_as_lisp(node.value)


def held_as_lisp(node: n.Node) -> bool:
    """Whether what stands for a value is a Lisp value already."""
    kind = node.type
    if not isinstance(kind, CppType):
        return True
    return kind.is_number_prvalue and not isinstance(node, n.CppExpr)


def quiet(node: n.Node) -> bool:
    """Whether evaluating it changes nothing."""
    if isinstance(node, (n.ToLisp, n.Truth)):
        return held_as_lisp(node.value) and quiet(node.value)
    if isinstance(node, n.VarRef):
        return not node.var.is_dynamic
    return isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.TheVar))


_STEPS: dict[type, Callable[[StubFunction, Any, Operand], None]] = {
    n.VarRef: StubFunction.var_ref,
    n.Def: StubFunction.def_,
    n.SetVar: StubFunction.set_var,
    n.If: StubFunction.if_,
    n.Do: StubFunction.do_,
    n.Let: StubFunction.let,
    n.Loop: StubFunction.loop,
    n.Recur: StubFunction.recur,
    n.Fn: StubFunction.fn,
    n.LetFn: StubFunction.letfn,
    n.Call: StubFunction.call,
    n.Intrinsic: StubFunction.intrinsic,
    n.Throw: StubFunction.throw,
    n.Try: StubFunction.try_,
    n.Case: StubFunction.case,
    n.VectorLit: StubFunction.literal,
    n.MapLit: StubFunction.literal,
    n.SetLit: StubFunction.literal,
    n.WithMeta: StubFunction.with_meta,
    n.CppExpr: StubFunction.cpp,
    n.ToLisp: StubFunction.to_lisp,
    n.Truth: StubFunction.to_lisp,
    n.Box: StubFunction.box,
}
