"""Inline C++: a function's typed AST as one C++ function, every interop call written out where it stands.

`generate` reads like a table from node to C++. Values that are not used at once get a name of their own, in
the order of evaluation, so the C++ reads from top to bottom like the Lisp. A Lisp value is a `ts::ref`
(owned), a `PyObject*` (borrowed) or an unboxed number; a native value is what C++ makes of it. Lisp
constants, vars and inner functions' codes are reached through the table `K`, so the text has no addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.types import CppType
from runtime.errors import Span
from runtime.tiers import literals
from runtime.tiers.cpp_writer import (
    BORROWED,
    NATIVE,
    NUM,
    OWNED,
    RETURN,
    Dest,
    Unsupported,
    Val,
)
from runtime.tiers.entries import CALLED
from runtime.tiers.functions import FunctionTable
from runtime.tiers.fused import Fused
from runtime.tiers.interop_cpp import InteropCpp
from runtime.tiers.reductions import core_name
from runtime.tiers.representations import (
    Representations,
    rep_of,
)
from runtime.tiers.speculation import Direct, Speculation

if TYPE_CHECKING:
    from runtime.namespaces import Var

_UNWRITTEN = {"inf": "__builtin_inf()", "-inf": "-__builtin_inf()", "nan": '__builtin_nan("")'}
# What macros of the core library expand to, which nobody redefines.
RUNTIME = {"walk*": "walk", "advance*": "advance"}


@dataclass(frozen=True, slots=True)
class Generated:
    """The text of a function, the objects that its `K` holds, the places that its `at` counts, how others
    call it directly, and the vars whose values it counts on."""

    cpp: str
    constants: tuple[Any, ...]
    symbol: str
    spans: tuple[Span, ...]
    directs: dict[int, Direct] = field(default_factory=dict)
    assumes: tuple[Var, ...] = ()

    def directs_in(self, symbol: str) -> dict[int, Direct]:
        """How others call the same code where it was compiled as `symbol`."""
        return {
            count: replace(d, symbol=f"ts_{symbol.rpartition('_')[0]}::{symbol}_{count}")
            for count, d in self.directs.items()
        }


def generate(
    node: n.Fn,
    symbol: str,
    table: FunctionTable,
    speculation: Speculation | None = None,
) -> Generated:
    """The C++ of a function, whose entry point is called `symbol`. Raises Unsupported."""
    return InlineFunction(node, symbol, table, speculation).generate()


class InlineFunction(Fused, InteropCpp):
    """One function being written."""

    def __init__(
        self,
        node: n.Fn,
        symbol: str,
        table: FunctionTable,
        speculation: Speculation | None = None,
    ) -> None:
        super().__init__(node, symbol, table)
        self.speculation = speculation

    # --- the function -----------------------------------------------------------------------------

    def generate(self) -> Generated:
        node = self.node
        if node.span is not None:
            self.spans.append(node.span)
        for index, (_, inner) in enumerate(node.captures):
            self.names[inner] = Val(f"self->captures[{index}]", BORROWED, True)
        self.names[node.this] = Val("reinterpret_cast<PyObject*>(self)", BORROWED, True)
        self.depth = 2
        plain = []
        for arity in node.arities:
            plan = self.speculation.plan(arity) if self.speculation is not None else None
            if plan is not None:
                self.depth = 1
                self.direct_arity(arity, plan)
            else:
                plain.append(arity)
        entries, self.lines, self.depth = self.lines, [], 2
        for arity in plain:
            self.arity(arity)
        head = [
            f"// {node.name}{f'  {Path(node.span.file).name}:{node.span.line}' if node.span else ''}",
            *self.functions,
            f"static PyObject* {self.symbol}(ts::fn* self, PyObject* const* args, Py_ssize_t count) {{",
            "  PyObject* const* const K = ts::constants(self);",
            "  (void)K; (void)args;",
            *entries,
        ]
        if plain:
            head += [
                "  int at = 0; // an index of the function's places",
                f'  ts::activation here{{ {c_string(node.name)}, "{self.symbol}" }};',
                *(["  ts::guard guard;"] if self.guards else []),
                *(["  char* const* const floor = ts::stack_floor();"] if self.needs_floor else []),
                "  try {",
                *self.lines,
                "  } catch(...) {",
                "    return ts::leave(here, at);",
                "  }",
            ]
        tail = [
            "  return ts::wrong_arity(self, count); // the caller's error: no place of this function",
            "}",
        ]
        text = "\n".join([*head, *tail])
        return Generated(
            text,
            tuple(self.constants),
            self.symbol,
            tuple(self.spans),
            self.directs(),
            self.assumed(),
        )

    def arity(self, arity: n.Arity) -> None:
        """An arity in the entry itself, its arguments as they come."""
        test = f"count >= {arity.required}" if arity.variadic else f"count == {arity.required}"
        self.open(f"if({test})")
        self.span = None
        self.reps = (
            self.speculation.plain(arity)
            if self.speculation is not None
            else Representations(arity, {})
        )
        incoming = []
        for index, param in enumerate(arity.params):
            rep = rep_of(param.type)
            if rep != OWNED:  # a loop's replacement enters with what tier 0 had
                incoming.append(Val(f"ts::entering<{rep}>(args[{index}])", rep))
            elif arity.variadic and index == arity.required:
                incoming.append(Val(f"ts::rest_args(args, {index}, count)", OWNED))
            else:
                incoming.append(Val(f"args[{index}]", BORROWED, True))
        self.body(arity, incoming, RETURN)
        self.close()

    def body(self, arity: n.Arity, incoming: list[Val], dest: Dest) -> None:
        """An arity's parameters, from what comes in, and its body."""
        again = any(isinstance(x, n.Recur) and x.label == arity.label for x in n.walk(arity.body))
        for param, value in zip(arity.params, incoming, strict=True):
            if not again:
                if value.text.startswith("args["):
                    name = self.fresh(param.name)
                    self.emit(f"PyObject* const {name} = {value.text};")
                    value = Val(name, BORROWED, True)
                self.names[param] = self.named(value, param.name)
                continue
            rep = self.reps.locals[param]
            name = self.fresh(param.name)
            self.emit(f"{rep} {name} = {self.as_rep(value, rep)};")
            self.names[param] = Val(f"{name}.p", BORROWED) if rep == OWNED else Val(name, rep)
        if again:
            self.open_round(self.node.span)
        self.loops += again
        self.into(arity.body, dest)
        self.loops -= again
        if again:
            self.close()

    def into(self, node: n.Node, dest: Dest) -> None:
        rule = _STATEMENTS.get(type(node))
        if rule is not None:
            getattr(self, rule)(node, dest)
            return
        if dest.kind == "discard" and isinstance(node, n.CppExpr):
            self.cpp_statement(node)
            return
        self.deliver(self.value(node), dest)

    # --- values -----------------------------------------------------------------------------------

    def value(self, node: n.Node) -> Val:
        """An expression for `node`; statements that must come first are emitted."""
        rule = _VALUES.get(type(node))
        if rule is not None:
            made: Val = getattr(self, rule)(node)
            return made
        kind = node.type
        if isinstance(kind, CppType) and not kind.is_void:
            return self.native_result(node, kind)
        rep = self.reps.of(node) or OWNED
        name = self.fresh()
        self.emit(f"{rep} {name}{{}};")
        self.into(node, Dest("assign", name, rep))
        return Val(f"{name}.p", BORROWED, True) if rep == OWNED else Val(name, rep, True)

    def const(self, node: n.Const) -> Val:
        value = node.value
        if value is None:
            return Val("Py_None", BORROWED, True)
        if value is True or value is False:
            return Val("true" if value else "false", "bool", True)
        if type(value) is int:
            text = f"std::int64_t{{{value}}}" if value != -(1 << 63) else "INT64_MIN"
            return Val(text, "std::int64_t", True)
        if type(value) is float:
            return Val(_UNWRITTEN.get(repr(value), repr(value)), "double", True)
        return Val(self.constant(value), BORROWED, True)

    def local(self, node: n.LocalRef) -> Val:
        value = self.names[node.local]
        if node.local.rvalue:
            return Val(f"std::move({value.text})", NATIVE, True)
        return value

    def var_ref(self, node: n.VarRef) -> Val:
        if self.plan is not None and self.plan.closed:
            return self.const(n.Const(self.plan.assumes[node.var]))
        place = f"reinterpret_cast<ts::var*>({self.constant(node.var)})"
        if node.var.is_dynamic:
            return Val(f"ts::deref_dynamic({place})", OWNED)
        if self.reps.of(node) == NUM:
            return Val(f"ts::num(ts::root({place}))", NUM)
        return Val(f"ts::ref::share(ts::root({place}))", OWNED)

    def the_var(self, node: n.TheVar) -> Val:
        return Val(self.constant(node.var), BORROWED, True)

    def python_call(self, function: Callable[..., Any], values: list[Val], node: n.Node) -> Val:
        """A call of something of ours that stays Python."""
        return self.call_text(self.constant(function), values, node)

    def given(self, nodes: Sequence[n.Node]) -> tuple[list[Val], list[str]]:
        """Operands in order of evaluation, and the variables of those that nobody needs after the call."""
        values, given = [], []
        for node in nodes:
            value = self.value(node)
            if value.rep == OWNED and not value.stable:
                name = self.fresh()
                self.emit(f"ts::ref {name} = {value.text};")
                value = Val(f"{name}.p", BORROWED, True)
                given.append(name)
            elif value.text.endswith(".p") and (
                type(node) in _STATEMENTS
                or (isinstance(node, n.Call) and value.text.startswith(CALLED))
            ):
                given.append(value.text.removesuffix(".p"))
            values.append(self.named(value))
        return values, given

    def call_text(self, fn: str, values: list[Val], node: n.Node, given: Sequence[str] = ()) -> Val:
        """A call; what is `given` is let go of right after it."""
        args = [self.pointer(v) for v in values]
        self.at(node)
        if not args:
            name = self.fresh("none")
            self.emit(f"PyObject* {name}[] = {{ nullptr }};")
            return Val(f"ts::call({fn}, {name} + 1, 0)", OWNED)
        name = self.fresh("args")
        self.emit(f"PyObject* {name}[] = {{ nullptr, {', '.join(args)} }};")
        more = f", {{ {', '.join('&' + variable for variable in given)} }}" if given else ""
        return Val(f"ts::call({fn}, {name} + 1, {len(args)}{more})", OWNED)

    def call(self, node: n.Call) -> Val:
        quicker = self.direct_call(node) or self.reduce(node)
        return quicker if quicker is not None else self.plain_call(node)

    def plain_call(self, node: n.Call) -> Val:
        if (made := RUNTIME.get(core_name(node.fn))) is not None:
            values, given = self.given(node.args)
            args = [self.pointer(v) for v in values]
            self.at(node)
            text = f"ts::{made}({', '.join(args)})"
            if given:
                variables = ", ".join("&" + variable for variable in given)
                text = f"ts::released({text}, {{ {variables} }})"
            return Val(text, OWNED)
        fn = self.pointer(self.value(node.fn))
        values, given = self.given(node.args)
        return self.call_text(fn, values, node, given)

    def literal(self, node: n.VectorLit | n.MapLit | n.SetLit) -> Val:
        maker = literals.MAKERS[type(node)]
        values, given = self.given(node.items)
        return self.call_text(self.constant(maker), values, node, given)

    def with_meta(self, node: n.WithMeta) -> Val:
        return self.python_call(literals.with_meta, self.values((node.value, node.meta)), node)

    def def_(self, node: n.Def) -> Val:
        parts = [p for p in (node.init, node.meta) if p is not None]
        define = literals.definer(self.table, node)
        return self.python_call(define, self.values(tuple(parts)), node)

    def set_var(self, node: n.SetVar) -> Val:
        return self.python_call(node.var.set, self.values((node.value,)), node)

    def fn(self, node: n.Fn) -> Val:
        code = self.table.by_key.get(node.key)
        if code is None:
            raise Unsupported(f"the inner function {node.name} is gone")
        shared = f"reinterpret_cast<ts::code*>({self.constant(code)})"
        captured = [self.pointer(self.value(outer)) for outer, _ in node.captures]
        args = "nullptr"
        if captured:
            args = self.fresh("captured")
            self.emit(f"PyObject* const {args}[] = {{ {', '.join(captured)} }};")
        if node.meta is not None:
            meta = self.constant(node.meta)
            return Val(f"ts::make_fn_with_meta({shared}, {args}, {len(captured)}, {meta})", OWNED)
        return Val(f"ts::make_fn({shared}, {args}, {len(captured)})", OWNED)

    def raw(self, node: n.CppRaw) -> Val:
        return Val("Py_None", BORROWED, True)


_VALUES: dict[type, str] = {
    n.Const: "const",
    n.NativeConst: "native_const",
    n.LocalRef: "local",
    n.VarRef: "var_ref",
    n.TheVar: "the_var",
    n.Call: "call",
    n.Intrinsic: "intrinsic",
    n.VectorLit: "literal",
    n.MapLit: "literal",
    n.SetLit: "literal",
    n.WithMeta: "with_meta",
    n.Def: "def_",
    n.SetVar: "set_var",
    n.Fn: "fn",
    n.CppExpr: "cpp",
    n.ToLisp: "to_lisp",
    n.Truth: "truth",
    n.Box: "box",
    n.CppRaw: "raw",
}
_STATEMENTS: dict[type, str] = {
    n.If: "if_",
    n.Do: "do",
    n.Let: "let",
    n.Loop: "loop",
    n.Recur: "recur",
    n.LetFn: "letfn",
    n.Case: "case",
    n.Throw: "throw",
    n.Try: "try_",
}
