"""Stub C++: control flow, arithmetic and calls compiled like in `inline_cpp`, but C++ is reached through the
stubs of tier 0, so nothing of a library's headers is parsed again.

Native values are held as tier 0 holds them: numbers as Python numbers, the rest as CppValue.
"""

from __future__ import annotations

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag, LispType
from runtime.stubs.bodies import DISCARD, LISP, MATCHER, VALUE, gives_of
from runtime.stubs.cache import StubCache
from runtime.tiers.closures import BOX_TYPE, box_operands, needs_end
from runtime.tiers.cpp_writer import BORROWED, OWNED, Dest, Val
from runtime.tiers.functions import FunctionTable
from runtime.tiers.inline_cpp import Generated, InlineFunction
from runtime.tiers.representations import UNBOXED


def generate(node: n.Fn, symbol: str, table: FunctionTable, stubs: StubCache) -> Generated:
    """The C++ of a function; its stubs are asked for, not compiled. Raises Unsupported."""
    return StubFunction(node, symbol, table, stubs).generate()


class StubFunction(InlineFunction):
    """One function being written with stub calls."""

    native_catch = False

    def __init__(self, node: n.Fn, symbol: str, table: FunctionTable, stubs: StubCache) -> None:
        super().__init__(node, symbol, table)
        self.stubs = stubs

    # --- calls of stubs ---------------------------------------------------------------------------

    def stub(
        self,
        text: str,
        operands: tuple[n.Operand, ...],
        gives: str,
        kind: CppType,
        node: n.Node,
        label: str,
    ) -> Val:
        """A call of the stub of an expression."""
        made = self.stubs.get(text, operands, gives, kind, label, node.span)
        values = [self.pointer(self.value(op.node)) for op in operands]
        return self.stub_text(made, values, node)

    def stub_text(self, stub: object, values: list[str], node: n.Node) -> Val:
        self.at(node)
        name = self.fresh("operands")
        self.emit(f"PyObject* const {name}[] = {{ {', '.join(values) or 'nullptr'} }};")
        return Val(f"ts::call_stub({self.constant(stub)}, {name})", OWNED)

    def unary(self, text: str, value: n.Node, gives: str) -> Val:
        kind = value.type
        assert isinstance(kind, CppType)
        return self.stub(text, (n.Operand(value),), gives, kind, value, kind.name)

    def cpp(self, node: n.CppExpr) -> Val:
        assert isinstance(node.type, CppType)
        return self.stub(node.text, node.operands, gives_of(node.type), node.type, node, node.label)

    def cpp_statement(self, node: n.CppExpr) -> None:
        kind = node.type
        assert isinstance(kind, CppType)
        gives = LISP if kind.is_number_prvalue else DISCARD
        value = self.stub(node.text, node.operands, gives, kind, node, node.label)
        self.emit(f"{value.text};")

    # --- native values ----------------------------------------------------------------------------

    def native_const(self, node: n.NativeConst) -> Val:
        return Val("Py_None" if node.value is None else self.constant(node.value), BORROWED, True)

    def local(self, node: n.LocalRef) -> Val:
        return self.names[node.local]

    def native_result(self, node: n.Node, kind: CppType) -> Val:
        name = self.fresh("native")
        self.emit(f"ts::ref {name};")
        self.into(node, Dest("assign", name, OWNED))
        return Val(f"{name}.p", BORROWED, True)

    def bind_native(self, local: n.Local, init: n.Node, kind: CppType) -> None:
        if local.rvalue and kind.is_number_prvalue:  # a number in passing needs no address
            value = self.value(init)
        elif isinstance(init, n.CppExpr) and not kind.has(Flag.LVALUE):
            value = self.stub(init.text, init.operands, VALUE, kind, init, init.label)
        elif kind.is_number_prvalue:
            value = self.unary("@0@", init, VALUE)
        else:
            value = self.value(init)
        name = self.fresh(local.name)
        self.emit(f"ts::ref const {name} = {self.owned(value)};")
        if needs_end(local, init):
            self.emit(f"ts::ending const {name}_ends{{ {name}.p }};")
        self.names[local] = Val(f"{name}.p", BORROWED, True)

    def next_native(self, local: n.Local, arg: n.Node) -> str:
        assert isinstance(local.type, CppType)
        target = n.LocalRef(local, type=local.type)
        value = self.pointer(self.value(arg))
        made = self.stubs.get(
            "@0@ = @1@", (n.Operand(target), n.Operand(arg)), DISCARD, local.type, "recur", arg.span
        )
        return f"{self.stub_text(made, [self.names[local].text, value], arg).text};"

    def lisp(self, value: n.Node) -> Val:
        """A native value as a boxed Lisp value."""
        kind = value.type
        if isinstance(value, n.CppExpr) and isinstance(kind, CppType):
            return self.stub(value.text, value.operands, LISP, kind, value, value.label)
        if isinstance(kind, CppType) and not kind.is_number_prvalue:
            return self.unary("@0@", value, LISP)
        return self.value(value)

    def to_lisp(self, node: n.ToLisp) -> Val:
        value = self.lisp(node.value)
        if not (isinstance(node.type, LispType) and node.type.unboxed):
            return value
        text = self.pointer(value)
        rep = UNBOXED[node.type.kind]
        if rep == "bool":
            return Val(f"({text} == Py_True)", rep, True)
        convert = "to_int64" if rep == "std::int64_t" else "to_double"
        return Val(f'ts::{convert}({text}, "C++ value")', rep)

    def truth(self, node: n.Truth) -> Val:
        return Val(f"({self.pointer(self.lisp(node.value))} == Py_True)", "bool", True)

    def condition(self, node: n.Node) -> str:
        return self.truth(node).text if isinstance(node, n.Truth) else super().condition(node)

    def box(self, node: n.Box) -> Val:
        text, operands, label = box_operands(node)
        return self.stub(text, operands, LISP, BOX_TYPE, node, label)

    # --- exceptions -------------------------------------------------------------------------------

    def catch_cpp(self, clauses: list[n.Catch], dest: Dest) -> None:
        """Stubs know how to match C++ types: see `matches`."""

    def matches(self, clause: n.Catch, error: str, value: str) -> str:
        if clause.kind != "cpp":
            return super().matches(clause, error, value)
        kind: CppType = clause.matches
        stub = self.stubs.get(kind.name, (), MATCHER, kind, f"catch {kind.name}", clause.span)
        name = self.fresh(clause.local.name)
        self.emit(f"ts::ref {name} = ts::matched({error}.p, {self.constant(stub)});")
        self.names[clause.local] = Val(f"{name}.p", BORROWED, True)
        return f"{name}.p != Py_None"

    def handler(self, clause: n.Catch, value: str, dest: Dest) -> None:
        if clause.kind != "cpp":
            super().handler(clause, value, dest)
            return
        self.line = 0
        self.into(clause.body, dest)
