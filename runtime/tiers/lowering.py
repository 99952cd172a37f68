"""The typed AST lowered to what tier 0 runs: slots, stubs, places, conversions, ends of scopes.

Native values are held as `runtime.stubs.bodies.gives_of` says: numbers as Lisp numbers, the rest as CppValue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyrsistent import pvector

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag
from runtime.core.values import Keyword
from runtime.errors import Span
from runtime.native._support import ANYWHERE, Code, StubCall
from runtime.stubs.bodies import DISCARD, LISP, MATCHER, VALUE, gives_of
from runtime.stubs.threads import quick
from runtime.tiers import literals
from runtime.tiers import lowered as low
from runtime.tiers.closures import BOX_TYPE, Host, box_operands, needs_end
from runtime.tiers.osr import LoopReplacement

SCANNED_CASES = 8  # a case with more constants looks its value up in a table
NO_PLACE = -1


class Lowering:
    """Lowers one arity of a function, or a top-level form, whose locals share a frame."""

    def __init__(
        self, host: Host, name: str, fn: n.Fn | None, code_of: Callable[[n.Fn], Code]
    ) -> None:
        self.host = host
        self.name = name
        self.code_of = code_of  # of an inner function, able to run
        self.slots: dict[n.Local, int] = {}
        self.outer: dict[n.Local, Any] = {}  # locals that are in no slot
        if fn is not None:
            self.outer = {inner: low.Capture(i) for i, (_, inner) in enumerate(fn.captures)}
            self.outer[fn.this] = low.This()
        self.places: dict[Span, int] = {}

    def arity(self, arity: n.Arity) -> Any:
        """What an arity runs; its parameters have the first slots."""
        for param in arity.params:
            self.slot(param)
        return self.lower(arity.body)

    def lower(self, node: n.Node) -> Any:
        return _RULES[type(node)](self, node)

    # --- locals and places ------------------------------------------------------------------------

    def slot(self, local: n.Local) -> int:
        """The local's place in the frame."""
        return self.slots.setdefault(local, len(self.slots))

    def read(self, local: n.Local) -> Any:
        found = self.outer.get(local)
        return low.Local(self.slot(local)) if found is None else found

    def place(self, span: Span | None) -> int:
        """The index of a place for stack traces."""
        if span is None:
            return NO_PLACE
        return self.places.setdefault(span, len(self.places))

    def each(self, nodes: tuple[n.Node, ...]) -> tuple[Any, ...]:
        return tuple([self.lower(node) for node in nodes])

    def effect(self, node: n.Node) -> Any:
        """A node whose value nobody looks at."""
        kind = node.type
        if isinstance(node, n.CppExpr) and isinstance(kind, CppType) and not kind.is_number_prvalue:
            return self.expression(node, DISCARD)
        return self.lower(node)

    def branch(self, node: n.Node) -> Callable[[n.Node], Any]:
        """How the parts are lowered whose value is that of `node`."""
        discarded = isinstance(node.type, CppType) and node.type.is_void
        return self.effect if discarded else self.lower

    def python_call(
        self, function: Callable[..., Any], args: tuple[n.Node, ...], span: Span | None
    ) -> Any:
        """A call of something of ours that is Python."""
        return low.CallConst(function, self.each(args), self.place(span))

    # --- values -----------------------------------------------------------------------------------

    def const(self, node: n.Const | n.NativeConst) -> Any:
        return low.Const(node.value)

    def local(self, node: n.LocalRef) -> Any:
        return self.read(node.local)

    def var_ref(self, node: n.VarRef) -> Any:
        return low.Deref(node.var) if node.var.is_dynamic else low.Root(node.var)

    def the_var(self, node: n.TheVar) -> Any:
        return low.Const(node.var)

    def def_(self, node: n.Def) -> Any:
        parts = tuple(part for part in (node.init, node.meta) if part is not None)
        return self.python_call(literals.definer(self.host, node), parts, None)

    def set_var(self, node: n.SetVar) -> Any:
        return self.python_call(node.var.set, (node.value,), node.span)

    def vector(self, node: n.VectorLit) -> Any:
        return low.Vector(self.each(node.items), pvector)

    def map(self, node: n.MapLit) -> Any:
        return self.python_call(literals.make_map, node.items, node.span)

    def set(self, node: n.SetLit) -> Any:
        return self.python_call(literals.make_set, node.items, node.span)

    def with_meta(self, node: n.WithMeta) -> Any:
        return self.python_call(literals.with_meta, (node.value, node.meta), None)

    # --- functions and calls ----------------------------------------------------------------------

    def fn(self, node: n.Fn) -> low.MakeFn:
        captures = tuple([self.lower(outer) for outer, _ in node.captures])
        return low.MakeFn(self.code_of(node), captures, node.meta)

    def letfn(self, node: n.LetFn) -> Any:
        slots = {local: self.slot(local) for local, _ in node.bindings}
        patches = []
        makers = []
        for local, fn in node.bindings:
            made = self.fn(fn)
            captures = list(made.captures)
            for index, (outer, _) in enumerate(fn.captures):
                if isinstance(outer, n.LocalRef) and outer.local in slots:
                    captures[index] = low.Const(None)  # until all of them are there
                    patches.append((slots[local], index, slots[outer.local]))
            makers.append(made._replace(captures=tuple(captures)))
        body = self.lower(node.body)
        return low.LetFn(tuple(slots.values()), tuple(makers), tuple(patches), body)

    def call(self, node: n.Call) -> Any:
        fn, args, place = node.fn, node.args, self.place(node.span)
        if isinstance(fn, n.VarRef) and not fn.var.is_dynamic:
            return low.CallVar(fn.var, self.each(args), place)
        if isinstance(fn, n.Const):
            if type(fn.value) is Keyword and len(args) in (1, 2):
                return self.keyword_call(fn.value, args, place)
            return low.CallConst(fn.value, self.each(args), place)
        return low.Call(self.lower(fn), self.each(args), place)

    def keyword_call(self, key: Keyword, args: Sequence[n.Node], place: int) -> low.KeywordCall:
        default = self.lower(args[1]) if len(args) == 2 else None
        return low.KeywordCall(key, self.lower(args[0]), default, place)

    def intrinsic(self, node: n.Intrinsic) -> Any:
        if node.name == "get" and len(node.args) in (2, 3):
            coll, key, *default = node.args
            if isinstance(key, n.Const) and type(key.value) is Keyword:
                return self.keyword_call(key.value, (coll, *default), self.place(node.span))
        return low.Core(node.name, node.var.root, self.each(node.args), self.place(node.span))

    # --- branches, scopes, loops ------------------------------------------------------------------

    def if_(self, node: n.If) -> Any:
        lower = self.branch(node)
        return low.If(self.lower(node.test), lower(node.then), lower(node.otherwise))

    def do(self, node: n.Do) -> Any:
        return low.Do(tuple([self.effect(s) for s in node.statements]), self.lower(node.value))

    def bindings(self, node: n.Let | n.Loop) -> tuple[low.Binding, ...]:
        return tuple(
            [
                low.Binding(self.slot(local), self.binding(local, init), needs_end(local, init))
                for local, init in node.bindings
            ]
        )

    def let(self, node: n.Let) -> Any:
        lower = self.branch(node)
        return low.Let(self.bindings(node), lower(node.body))

    def binding(self, local: n.Local, init: n.Node) -> Any:
        """What a local is bound to; a native one becomes an object of its own or a reference."""
        kind = init.type
        if not isinstance(kind, CppType) or (local.rvalue and kind.is_number_prvalue):
            return self.lower(init)
        if isinstance(init, n.CppExpr) and not kind.has(Flag.LVALUE):
            return self.expression(init, VALUE)
        if kind.is_number_prvalue:  # held as a Lisp number: give it an address
            return self.unary(init, VALUE, kind, None)
        return self.lower(init)

    def loop(self, node: n.Loop) -> Any:
        lower = self.branch(node)
        bindings = self.bindings(node)
        body = lower(node.body)
        replacement = LoopReplacement(node, self.name, self.host.compile_loop)
        state = tuple([self.read(local) for local in replacement.locals])
        enter = replacement.enter if replacement.possible else None
        return low.Loop(bindings, body, self.place(node.span), enter, state)

    def recur(self, node: n.Recur) -> Any:
        args = self.each(node.args)
        stubs = tuple(
            [self.assignment(*pair, node.span) for pair in zip(node.locals, node.args, strict=True)]
        )
        return low.Recur(tuple([self.slot(local) for local in node.locals]), args, stubs)

    def assignment(self, local: n.Local, arg: n.Node, span: Span | None) -> StubCall | None:
        """What assigns its next value to the object of a native local."""
        if not isinstance(local.type, CppType):
            return None
        operands = (n.Operand(n.LocalRef(local, type=local.type)), n.Operand(arg))
        stub = self.host.stubs.get("@0@ = @1@", operands, DISCARD, local.type, "recur", span)
        return StubCall(stub, ANYWHERE)

    def case(self, node: n.Case) -> Any:
        groups = tuple(constants for constants, _ in node.clauses)
        few = sum(map(len, groups)) <= SCANNED_CASES
        test = self.lower(node.test)
        results = (*[self.lower(result) for _, result in node.clauses], self.lower(node.default))
        return low.Case(test, groups if few else literals.case_index(node), results)

    # --- exceptions -------------------------------------------------------------------------------

    def throw(self, node: n.Throw) -> Any:
        return self.python_call(literals.throw, (node.value,), node.span)

    def try_(self, node: n.Try) -> Any:
        lower = self.branch(node)
        body = lower(node.body)
        clauses = tuple(
            [
                low.Clause(c.kind, self.matches(c), self.slot(c.local), lower(c.body))
                for c in node.catches
            ]
        )
        at_end = self.effect(node.finally_) if node.finally_ is not None else None
        return low.Try(body, clauses, at_end)

    def matches(self, clause: n.Catch) -> Any:
        if clause.kind != "cpp":
            return clause.matches
        kind: CppType = clause.matches
        return self.host.stubs.get(kind.name, (), MATCHER, kind, f"catch {kind.name}", clause.span)

    # --- C++ --------------------------------------------------------------------------------------

    def cpp(self, node: n.CppExpr) -> Any:
        assert isinstance(node.type, CppType)
        return self.expression(node, gives_of(node.type))

    def expression(self, node: n.CppExpr, gives: str) -> Any:
        """A call of the stub of a C++ expression."""
        kind = node.type
        assert isinstance(kind, CppType)
        stub = self.host.stubs.get(
            node.text, node.operands, gives, kind, node.label, node.span, quick(node)
        )
        args = self.each(tuple([op.node for op in node.operands]))
        return low.Stub(StubCall(stub, node.site), args, self.place(node.span))

    def unary(self, node: n.Node, gives: str, kind: CppType, span: Span | None) -> Any:
        """A native value given in another way."""
        op = n.Operand(n.LocalRef(n.Local("value"), type=kind))
        stub = self.host.stubs.get("@0@", (op,), gives, kind, kind.name, node.span)
        return low.Stub(StubCall(stub, ANYWHERE), (self.lower(node),), self.place(span))

    def to_lisp(self, node: n.ToLisp | n.Truth) -> Any:
        value = node.value
        kind = value.type
        if not isinstance(kind, CppType):
            return self.lower(value)
        if isinstance(value, n.CppExpr):
            return self.expression(value, LISP)
        if kind.is_number_prvalue:
            return self.lower(value)
        return self.unary(value, LISP, kind, node.span)

    def box(self, node: n.Box) -> Any:
        text, operands, label = box_operands(node)
        stub = self.host.stubs.get(text, operands, LISP, BOX_TYPE, label, node.span)
        args = self.each(tuple([op.node for op in operands]))
        return low.Stub(StubCall(stub, ANYWHERE), args, self.place(node.span))

    def raw(self, node: n.CppRaw) -> Any:
        return low.Const(None)


_RULES: dict[type, Callable[[Lowering, Any], Any]] = {
    n.Const: Lowering.const,
    n.NativeConst: Lowering.const,
    n.LocalRef: Lowering.local,
    n.VarRef: Lowering.var_ref,
    n.TheVar: Lowering.the_var,
    n.Def: Lowering.def_,
    n.SetVar: Lowering.set_var,
    n.If: Lowering.if_,
    n.Do: Lowering.do,
    n.Let: Lowering.let,
    n.Loop: Lowering.loop,
    n.Recur: Lowering.recur,
    n.Fn: Lowering.fn,
    n.LetFn: Lowering.letfn,
    n.Call: Lowering.call,
    n.Intrinsic: Lowering.intrinsic,
    n.Throw: Lowering.throw,
    n.Try: Lowering.try_,
    n.Case: Lowering.case,
    n.VectorLit: Lowering.vector,
    n.MapLit: Lowering.map,
    n.SetLit: Lowering.set,
    n.WithMeta: Lowering.with_meta,
    n.CppExpr: Lowering.cpp,
    n.ToLisp: Lowering.to_lisp,
    n.Truth: Lowering.to_lisp,
    n.Box: Lowering.box,
    n.CppRaw: Lowering.raw,
}
