"""Gives every node its static type and turns interop as written into C++ expressions.

Works in rounds: a pass over the AST notes every question that Clang must answer before it can go on, one
transaction answers them all, and the next pass gets further. When all answers are known it is one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.interop import InteropRules
from runtime.analysis.intrinsics import FOLDED, intrinsic_type
from runtime.analysis.ownership import holds_of, reassigned
from runtime.analysis.temporaries import Temporaries
from runtime.analysis.types import (
    BOOL,
    BUILTIN,
    NEVER,
    OBJECT,
    OF_LITERALS,
    VOID,
    CppType,
    Flag,
    LispType,
    Type,
)
from runtime.cling.diagnostics import plain
from runtime.cling.oracle import TypeOracle
from runtime.core.values import Keyword
from runtime.errors import AnalysisError
from runtime.namespaces import Var

ANY, LISP, DISCARD = "any", "lisp", "discard"  # what the surroundings want of a value

MAX_ROUNDS = 200


def infer(node: n.Node, oracle: TypeOracle, core: Mapping[str, Var]) -> n.Node:
    """The typed AST of a top-level form. Raises AnalysisError and CppError. Blocks while Clang is asked.

    `core` are the vars of clojure.core: keyword calls become calls of its `get`.
    """
    for _ in range(MAX_ROUNDS):
        run = Inference(oracle, core)
        try:
            typed = run.visit(node, ANY)
        except AnalysisError:
            if run.questions:  # may be due to an answer that is still missing
                oracle.ask(run.questions)
                continue
            raise
        if not run.questions:
            return run.presentable(typed)
        oracle.ask(run.questions)
    raise AnalysisError("the types of this form cannot be settled", node.span)


class Inference(InteropRules, Temporaries):
    """One pass. `questions` collects what Clang has yet to answer; the AST is only good if it stays empty."""

    def __init__(self, oracle: TypeOracle, core: Mapping[str, Var]) -> None:
        super().__init__(oracle)
        self.core = core
        self.recurs: dict[int, list[tuple[Type, ...]]] = {}

    def presentable(self, node: n.Node) -> n.Node:
        """The value of a top-level form: Lisp where it can be, else the C++ value itself."""
        kind = node.type
        if isinstance(kind, CppType) and (kind.is_void or kind.has(Flag.CONVERTIBLE)):
            return self.to_lisp(node)
        return node

    def visit(self, node: n.Node, want: str) -> n.Node:
        """The typed node; with `want` LISP a Lisp value, with DISCARD anything."""
        rule = _RULES[type(node)]
        if self.temporaries is None or type(node) in _IN_CPP:
            made = rule(self, node, want)
        else:
            made = self.apart(lambda: rule(self, node, want))
        if want == LISP and isinstance(made.type, CppType):
            return self.to_lisp(made)
        return made

    def each(self, nodes: tuple[n.Node, ...], want: str = LISP) -> tuple[n.Node, ...]:
        return tuple(self.visit(node, want) for node in nodes)

    # --- bindings and control ---------------------------------------------------------------------

    def bind(self, local: n.Local, init: n.Node) -> n.Node:
        """The typed initial value of a local, whose type is set: a native one is a name for an object."""
        made = self.visit(init, ANY)
        kind = made.type
        if isinstance(kind, CppType) and kind.is_void:
            made = n.Do((made,), n.Const(None), span=made.span)
        elif isinstance(kind, CppType):
            op = (n.Operand(made),)
            if isinstance(made, n.NativeConst):
                made = self.expression(f"ts::id<{kind.name}>(@0@)", op, kind, made.span, "constant")
            elif kind.has(Flag.FUNCTION):
                made = self.expression("&@0@", op, kind.decayed(), made.span, "address")
            elif kind.has(Flag.RVALUE) or (local.assigned and kind.has(Flag.LVALUE)):
                made = self.copied(made)
            assert isinstance(made.type, CppType)
            local.type = made.type.lvalue()
            return made
        local.type = made.type if made.type != NEVER else OBJECT
        return made

    def bound(self, local: n.Local, init: n.Node, node: n.Let) -> list[tuple[n.Local, n.Node]]:
        """A binding of a `let`, after the boxes that a pointer or reference may need to stay alive."""
        made = self.bind(local, init)
        kind = made.type
        if not isinstance(kind, CppType) or not kind.has(Flag.POINTER | Flag.LVALUE):
            return [(local, made)]
        if kind.has(Flag.POINTER):
            holds = holds_of(made)
            local.holds = "" if holds == n.BORROW or reassigned(node, local) else holds
        bindings, value = (made.bindings, made.body) if isinstance(made, n.Let) else ((), made)
        value, held = self.kept(value)
        bindings += tuple(held)
        lisp = (isinstance(x.type, LispType) for x, _ in bindings)
        count = next((i for i, is_lisp in enumerate(lisp) if not is_lisp), len(bindings))
        if bindings[count:]:
            value = n.Let(bindings[count:], value, span=made.span, type=kind)
        return [*bindings[:count], (local, value)]

    def let(self, node: n.Let, want: str) -> n.Node:
        bound = tuple(
            pair for local, init in node.bindings for pair in self.bound(local, init, node)
        )
        body = self.visit(node.body, want)
        own = {
            x for x, init in bound if isinstance(init.type, CppType) and not init.type.is_reference
        }
        if want == ANY and isinstance(body, n.LocalRef) and body.local in own:
            body = self.copied(body)  # the object ends with this scope: its value goes on
        return n.Let(bound, body, span=node.span, type=body.type)

    def loop(self, node: n.Loop, want: str) -> n.Node:
        want = LISP if want == ANY else want
        bound = tuple((local, self.bind(local, init)) for local, init in node.bindings)
        while True:
            self.recurs[node.label] = []
            body = self.visit(node.body, want)
            settled = True
            for types in self.recurs[node.label]:
                for (local, _), given in zip(bound, types, strict=True):
                    if (
                        isinstance(local.type, LispType)
                        and local.type != OBJECT
                        and given != local.type
                    ):
                        local.type = OBJECT
                        settled = False
            if settled:
                break
        return n.Loop(node.label, bound, body, span=node.span, type=body.type)

    def recur(self, node: n.Recur, want: str) -> n.Node:
        args = []
        for local, arg in zip(node.locals, node.args, strict=True):
            if isinstance(local.type, CppType):
                made = self.visit(arg, ANY)
                target = local.type.decayed()
                args.append(self.convert(made, target, arg.span))
            else:
                args.append(self.visit(arg, LISP))
        types = tuple(a.type for a in args)
        self.recurs.setdefault(node.label, []).append(types)
        return n.Recur(node.label, node.locals, tuple(args), span=node.span, type=NEVER)

    def if_(self, node: n.If, want: str) -> n.Node:
        test = self.truth(self.visit(node.test, ANY))
        then, otherwise = self.visit(node.then, want), self.visit(node.otherwise, want)
        then, otherwise, kind = self.join(then, otherwise, want)
        return n.If(test, then, otherwise, span=node.span, type=kind)

    def join(self, a: n.Node, b: n.Node, want: str) -> tuple[n.Node, n.Node, Type]:
        """Two branches brought to one type: native only where both are of the same native type."""
        if want == DISCARD:
            return a, b, VOID
        if a.type == NEVER or b.type == NEVER or a.type == b.type:
            kind = b.type if a.type == NEVER else a.type
            if isinstance(kind, CppType) and kind.is_void:
                return self.to_lisp(a), self.to_lisp(b), OBJECT
            return a, b, kind
        if isinstance(a.type, CppType):
            a = self.to_lisp(a)
        if isinstance(b.type, CppType):
            b = self.to_lisp(b)
        return a, b, a.type if a.type == b.type else OBJECT

    def do(self, node: n.Do, want: str) -> n.Node:
        statements = self.each(node.statements, DISCARD)
        value = self.visit(node.value, want)
        return n.Do(statements, value, span=node.span, type=value.type)

    def case(self, node: n.Case, want: str) -> n.Node:
        want = LISP if want == ANY else want
        test = self.visit(node.test, LISP)
        clauses = tuple((constants, self.visit(result, want)) for constants, result in node.clauses)
        default = self.visit(node.default, want)
        return n.Case(test, clauses, default, span=node.span, type=OBJECT if want == LISP else VOID)

    def try_(self, node: n.Try, want: str) -> n.Node:
        want = LISP if want == ANY else want
        body = self.visit(node.body, want)
        catches = tuple(self.catch(c, want) for c in node.catches)
        finally_ = self.visit(node.finally_, DISCARD) if node.finally_ is not None else None
        return n.Try(body, catches, finally_, span=node.span, type=OBJECT if want == LISP else VOID)

    def catch(self, clause: n.Catch, want: str) -> n.Catch:
        matches = clause.matches
        clause.local.type = OBJECT
        if clause.kind == "cpp":
            matches = self.named_type(clause.matches.text, clause.span)
            clause.local.type = matches.lvalue() if matches is not None else OBJECT
        return n.Catch(
            clause.kind, matches, clause.local, self.visit(clause.body, want), clause.span
        )

    # --- functions and calls ----------------------------------------------------------------------

    def fn(self, node: n.Fn, want: str) -> n.Node:
        captures = []
        for outer, inner in node.captures:
            made = self.visit(outer, ANY)
            if isinstance(made.type, CppType):
                if not made.type.has(Flag.CONVERTIBLE) and made.type.name:
                    raise AnalysisError(
                        f"a function cannot capture the C++ object {inner.name}",
                        node.span,
                        expected="a Lisp value, or a box of a pointer to it",
                        found=made.type.name,
                    )
                made = self.to_lisp(made)
            inner.type = (
                LispType("object", made.type.boxed) if isinstance(made.type, LispType) else OBJECT
            )
            captures.append((made, inner))
        arities = []
        for arity in node.arities:
            for param in arity.params:
                param.type = OBJECT
            body = self.visit(arity.body, LISP)
            arities.append(n.Arity(arity.params, arity.variadic, arity.label, body))
        return n.Fn(
            node.name,
            node.this,
            tuple(arities),
            tuple(captures),
            node.key,
            node.meta,
            span=node.span,
        )

    def letfn(self, node: n.LetFn, want: str) -> n.Node:
        bound = tuple((local, self.fn(fn, LISP)) for local, fn in node.bindings)
        body = self.visit(node.body, want)
        return n.LetFn(bound, body, span=node.span, type=body.type)  # type: ignore[arg-type]

    def call(self, node: n.Call, want: str) -> n.Node:
        return self.whole(lambda: self.called(node))

    def called(self, node: n.Call) -> n.Node:
        (fn,) = self.operand_nodes((node.fn,), self.native)
        if isinstance(fn.type, CppType):
            fn, *args = self.operand_nodes(node.args, self.native, (fn,))
            return self.invoke_native(fn, args, node)
        return self.apart(lambda: self.lisp_call(fn, node))

    def lisp_call(self, fn: n.Node, node: n.Call) -> n.Node:
        core = fn.var.name if isinstance(fn, n.VarRef) and fn.var.ns == "clojure.core" else ""
        asked = self.null_test(node, core == "nil?") if core in ("nil?", "some?") else None
        if asked is not None:
            return asked
        args = self.each(node.args)
        if isinstance(fn, n.VarRef) and fn.var.ns == "clojure.core":
            made = self.intrinsic(fn.var, args, node)
            if made is not None:
                return made
        if isinstance(fn, n.Const) and type(fn.value) is Keyword and len(args) in (1, 2):
            return n.Intrinsic("get", (args[0], fn, *args[1:]), self.core["get"], span=node.span)
        return n.Call(fn, args, span=node.span)

    def intrinsic(self, var: Any, args: tuple[n.Node, ...], node: n.Call) -> n.Node | None:
        """A call of a core function that tiers do directly, or None."""
        if len(args) > 2 and var.name in FOLDED:
            first = self.intrinsic(var, args[:-1], node)
            assert first is not None
            return self.intrinsic(var, (first, args[-1]), node)
        kinds = [a.type if isinstance(a.type, LispType) else OBJECT for a in args]
        kind = intrinsic_type(var.name, kinds)
        return None if kind is None else n.Intrinsic(var.name, args, var, span=node.span, type=kind)

    def null_test(self, node: n.Call, wanted: bool) -> n.Node | None:
        """`nil?` or `some?` of a native value: only a null pointer is nil. None for a Lisp value."""
        value = self.visit(node.args[0], ANY) if len(node.args) == 1 else None
        if value is None or not isinstance(value.type, CppType) or value.type.is_void:
            return None
        if value.type.has(Flag.POINTER | Flag.NULLPTR) and not isinstance(value, n.NativeConst):
            sign = "==" if wanted else "!="
            op = (n.Operand(value),)
            test = self.expression(
                f"@0@ {sign} nullptr", op, BUILTIN["bool"], node.span, "nil?" if wanted else "some?"
            )
            return n.ToLisp(test, span=node.span, type=BOOL)
        null = isinstance(value, n.NativeConst) and value.value is None
        return n.Do((value,), n.Const(null is wanted, type=BOOL), span=node.span, type=BOOL)

    # --- values -----------------------------------------------------------------------------------

    def const(self, node: n.Const, want: str) -> n.Node:
        kind = OF_LITERALS.get(type(node.value), OBJECT)
        return node if kind is OBJECT else n.Const(node.value, span=node.span, type=kind)

    def local(self, node: n.LocalRef, want: str) -> n.Node:
        return n.LocalRef(node.local, span=node.span, type=node.local.type or OBJECT)

    def var_ref(self, node: n.VarRef, want: str) -> n.Node:
        boxed = node.var.boxed
        return n.VarRef(node.var, span=node.span, type=LispType("object", boxed)) if boxed else node

    def def_(self, node: n.Def, want: str) -> n.Node:
        init = self.visit(node.init, LISP) if node.init is not None else None
        if init is not None and isinstance(init.type, LispType):
            node.var.boxed = plain(init.type.boxed)  # which follows the type into other worlds
        meta = self.visit(node.meta, LISP) if node.meta is not None else None
        return n.Def(node.var, init, meta, span=node.span)

    def same(self, node: n.Node, want: str) -> n.Node:
        return node

    def set_var(self, node: n.SetVar, want: str) -> n.Node:
        return n.SetVar(node.var, self.visit(node.value, LISP), span=node.span)

    def throw(self, node: n.Throw, want: str) -> n.Node:
        value = self.visit(node.value, ANY)
        if isinstance(value.type, CppType):
            thrown = self.expression(
                "ts::throw_value(@0@)", (n.Operand(value),), VOID, node.span, "throw"
            )
            return n.Do((thrown,), n.Const(None), span=node.span)
        return n.Throw(value, span=node.span, type=NEVER)

    def with_meta(self, node: n.WithMeta, want: str) -> n.Node:
        return n.WithMeta(self.visit(node.value, LISP), self.visit(node.meta, LISP), span=node.span)

    def literal(self, node: Any, want: str) -> n.Node:
        return type(node)(self.each(node.items), span=node.span)

    def interop(self, node: n.Interop, want: str) -> n.Node:
        if node.op == "operator" and node.name == "&" and len(node.args) == 1:
            named = node.args[0]
            if isinstance(named, n.Interop) and named.op == "name":
                return self.address(named.name, node.span)

        def lowered() -> n.Node:
            return self.lower(node, self.operand_nodes(node.args, self.native))

        return self.whole(lowered)

    def native(self, node: n.Node) -> n.Node:
        """A typed operand of an interop form."""
        return self.visit(node, ANY)


_IN_CPP = (n.Interop, n.Call)  # what may be part of a C++ expression that is nested in another
_RULES: dict[type, Callable[[Inference, Any, str], n.Node]] = {
    n.Const: Inference.const,
    n.LocalRef: Inference.local,
    n.VarRef: Inference.var_ref,
    n.TheVar: Inference.same,
    n.CppRaw: Inference.same,
    n.Def: Inference.def_,
    n.SetVar: Inference.set_var,
    n.If: Inference.if_,
    n.Do: Inference.do,
    n.Let: Inference.let,
    n.Loop: Inference.loop,
    n.Recur: Inference.recur,
    n.Fn: Inference.fn,
    n.LetFn: Inference.letfn,
    n.Call: Inference.call,
    n.Throw: Inference.throw,
    n.Try: Inference.try_,
    n.Case: Inference.case,
    n.VectorLit: Inference.literal,
    n.MapLit: Inference.literal,
    n.SetLit: Inference.literal,
    n.WithMeta: Inference.with_meta,
    n.Interop: Inference.interop,
}
