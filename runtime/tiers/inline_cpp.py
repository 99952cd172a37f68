"""Inline C++: a function's typed AST as one C++ function, every interop call written out where it stands.

`generate` reads like a table from node to C++. Values that are not used at once get a name of their own, in
the order of evaluation, so the C++ reads from top to bottom like the Lisp. A Lisp value is a `ts::ref`
(owned), a `PyObject*` (borrowed) or an unboxed number; a native value is what C++ makes of it. Lisp
constants, vars and inner functions' codes are reached through the table `K`, so the text has no addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.operands import fill
from runtime.analysis.types import OBJECT, CppType, Flag, LispType
from runtime.core.values import Keyword
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
from runtime.tiers.functions import FunctionTable
from runtime.tiers.fused import Fused
from runtime.tiers.reductions import core_name
from runtime.tiers.representations import (
    ARITHMETIC,
    BOOL,
    DOUBLE,
    INT,
    INTEGERS_ONLY,
    UNBOXED,
    Representations,
    intrinsic_rep,
    rep_of,
)
from runtime.tiers.speculation import Direct, Speculation

if TYPE_CHECKING:
    from runtime.namespaces import Var

# Core functions that are C++ functions of the support library.
INTRINSICS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "inc": "inc", "dec": "dec", "quot": "quot", "rem": "rem",
    "mod": "mod", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "num_eq", "=": "equal",
    "zero?": "zero_p", "pos?": "pos_p", "neg?": "neg_p", "max": "max", "min": "min", "double": "cast_double",
    "long": "cast_long", "int": "cast_int", "get": "get", "nth": "nth", "count": "count", "first": "first",
    "bit-and": "bit_and", "bit-or": "bit_or", "bit-xor": "bit_xor", "bit-shift-left": "shift_left",
    "bit-shift-right": "shift_right", "unchecked-inc": "unchecked_inc", "unchecked-dec": "unchecked_dec",
    "unchecked-add": "unchecked_add", "unchecked-subtract": "unchecked_sub",
    "unchecked-multiply": "unchecked_mul",
}  # fmt: skip
_UNWRITTEN = {"inf": "__builtin_inf()", "-inf": "-__builtin_inf()", "nan": '__builtin_nan("")'}
# What macros of the core library expand to, which nobody redefines.
RUNTIME = {"walk*": "walk", "advance*": "advance"}
CALLED = "ts::called::"
OBJECTS_ONLY = frozenset(("get", "count", "first"))
# Those that `ts::dynamic` has for operands whose kind shows at run time.
DYNAMIC = ARITHMETIC | {
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "zero?",
    "pos?",
    "neg?",
    "double",
    "long",
    "int",
}


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


class InlineFunction(Fused):
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
                *(["  char const* const floor = ts::stack_floor();"] if self.needs_floor else []),
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
            self.open("while(true)")
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

    def native_result(self, node: n.Node, kind: CppType) -> Val:
        """A native value that several branches give: through a pointer for references, else a variable."""
        name = self.fresh("native")
        if kind.is_reference:
            self.emit(f"std::remove_reference_t<{kind.name}>* {name} = nullptr;")
            self.into(node, Dest("address", name, NATIVE))
            return Val(f"(*{name})", NATIVE, True)
        if kind.is_scalar or kind.has(Flag.POINTER):
            self.emit(f"{kind.value} {name}{{}};")
            self.into(node, Dest("assign", name, NATIVE))
            return Val(name, NATIVE, True)
        self.emit(f"ts::later<{kind.value}> {name};")
        self.into(node, Dest("assign", name, NATIVE))
        return Val(f"std::move(*{name})", NATIVE, True)

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

    def native_const(self, node: n.NativeConst) -> Val:
        kind = node.type
        assert isinstance(kind, CppType)
        if isinstance(node.value, str):
            return Val(f"static_cast<char const*>({node.text})", NATIVE, True)
        return Val(node.text, NATIVE, True)

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

    def call_text(self, fn: str, values: list[Val], node: n.Node) -> Val:
        args = [self.pointer(v) for v in values]
        self.at(node)
        if not args:
            name = self.fresh("none")
            self.emit(f"PyObject* {name}[] = {{ nullptr }};")
            return Val(f"ts::call({fn}, {name} + 1, 0)", OWNED)
        name = self.fresh("args")
        self.emit(f"PyObject* {name}[] = {{ nullptr, {', '.join(args)} }};")
        return Val(f"ts::call({fn}, {name} + 1, {len(args)})", OWNED)

    def call(self, node: n.Call) -> Val:
        quicker = self.direct_call(node) or self.reduce(node)
        return quicker if quicker is not None else self.plain_call(node)

    def plain_call(self, node: n.Call) -> Val:
        if (made := RUNTIME.get(core_name(node.fn))) is not None:
            values = [self.pointer(v) for v in self.values(node.args)]
            self.at(node)
            return Val(f"ts::{made}({', '.join(values)})", OWNED)
        fn = self.pointer(self.value(node.fn))
        return self.call_text(fn, self.values(node.args), node)

    def intrinsic(self, node: n.Intrinsic) -> Val:
        name = node.name
        if name in ("not", "nil?", "some?", "identical?"):
            return self.test_intrinsic(node)
        values = [
            Val(self.pointer(v), BORROWED, True)
            if v.rep == BOOL
            or name in OBJECTS_ONLY
            or (name == "nth" and (i != 1 or v.rep in (DOUBLE, NUM)))
            else v
            for i, v in enumerate(self.values(node.args))
        ]
        reps = [OWNED if v.rep == BORROWED else v.rep for v in values]
        if name == "get" or (name == "nth" and reps[1:] == [INT]):
            return self.look_up(node, values)
        if name in INTEGERS_ONLY and set(reps) != {INT}:
            return self.call_text(self.pointer(self.var_ref(n.VarRef(node.var))), values, node)
        return self.numeric(name, values, intrinsic_rep(name, node.type, reps), node)

    def number(self, name: str, values: list[Val], node: n.Node) -> Val:
        values = [Val(self.pointer(v), BORROWED, True) if v.rep == BOOL else v for v in values]
        reps = [OWNED if v.rep == BORROWED else v.rep for v in values]
        return self.numeric(name, values, intrinsic_rep(name, OBJECT, reps), node)

    def numeric(self, name: str, values: list[Val], rep: str, node: n.Node) -> Val:
        """A function of numbers on operands none of which is an unboxed bool."""
        reps = [OWNED if v.rep == BORROWED else v.rep for v in values]
        texts = [v.text for v in values]
        scope = "ts::"
        if (name in DYNAMIC and (NUM in reps or OWNED in reps or rep == NUM)) or NUM in reps:
            if name in ARITHMETIC and rep == DOUBLE:
                texts = [
                    t if r in (INT, DOUBLE) else f"{self.numbers}real({t}, {c_string(name)})"
                    for t, r in zip(texts, reps, strict=True)
                ]
            else:
                scope = self.numbers
        self.at(node)
        text = f"{scope}{INTRINSICS[name]}({', '.join(texts)})"
        return Val(f"ts::num::own({text})" if rep == NUM and scope == CALLED else text, rep)

    @property
    def numbers(self) -> str:
        """The namespace of operations on numbers of unknown kind: inline where it is worth the compiling."""
        inlined = self.loops or (self.plan is not None and self.plan.small)
        return "ts::dynamic::" if inlined else CALLED

    def look_up(self, node: n.Intrinsic, values: list[Val]) -> Val:
        """`get` or `nth` with no reference counted: the collection, which is held, holds the value."""
        values = [v if v.rep == INT else Val(self.pointer(v), BORROWED, True) for v in values]
        if node.name == "get" and len(values) == 2:
            values.append(Val("Py_None", BORROWED, True))
        self.at(node)
        texts = [v.text for v in values]
        if isinstance(node.args[1], n.Const) and type(node.args[1].value) is Keyword:
            return self.get_keyword(*texts)
        made, name = self.fresh("made"), self.fresh("found")
        self.emit(f"ts::ref {made};")
        look_up = "nth_item" if node.name == "nth" and self.loops else f"{node.name}_borrowed"
        self.emit(f"PyObject* const {name} = ts::{look_up}({', '.join(texts)}, {made});")
        return Val(name, BORROWED, True)

    def keyword_call(self, keyword: str, value: Val, node: n.Node) -> Val:
        self.at(node)
        return self.get_keyword(self.pointer(value), keyword, "Py_None")

    def get_keyword(self, coll: str, key: str, fallback: str) -> Val:
        """A look-up that remembers where it found the key last."""
        made, hint, name = self.fresh("made"), self.fresh("hint"), self.fresh("found")
        self.emit(f"ts::ref {made};")
        self.emit(f"static ts::hint {hint};")
        self.emit(
            f"PyObject* const {name} = ts::get_keyword{'_inline' if self.loops else ''}"
            f"({coll}, {key}, {fallback}, {hint}, {made});"
        )
        return Val(name, BORROWED, True)

    def test_intrinsic(self, node: n.Intrinsic) -> Val:
        if node.name == "not":
            return Val(f"!({self.condition(node.args[0])})", "bool")
        values = self.values(node.args)
        if node.name == "identical?":
            a, b = values
            return Val(f"ts::identical({self.pointer(a)}, {self.pointer(b)})", "bool")
        value = values[0]
        if value.rep == NUM:
            value = Val(self.pointer(value), BORROWED, True)
        if value.rep not in (OWNED, BORROWED):
            return Val("false" if node.name == "nil?" else "true", "bool", True)
        sign = "==" if node.name == "nil?" else "!="
        return Val(f"({value.text} {sign} Py_None)", "bool", value.stable)

    def literal(self, node: n.VectorLit | n.MapLit | n.SetLit) -> Val:
        maker = literals.MAKERS[type(node)]
        return self.python_call(maker, self.values(node.items), node)

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

    def box(self, node: n.Box) -> Val:
        pointer = self.value(node.value)
        place = self.constant(str(node.span) if node.span else "")
        return Val(f'ts::box({pointer.text}, ts::dyn({place}, {{"cpp/box", 2}}))', OWNED)

    def raw(self, node: n.CppRaw) -> Val:
        return Val("Py_None", BORROWED, True)

    # --- C++ --------------------------------------------------------------------------------------

    def cpp(self, node: n.CppExpr) -> Val:
        self.at(node)
        return Val(self.cpp_text(node), NATIVE)

    def cpp_statement(self, node: n.CppExpr) -> None:
        """An expression whose value nobody looks at."""
        self.at(node)
        self.emit(f"{self.cpp_text(node)};")

    def cpp_text(self, node: n.CppExpr) -> str:
        """The expression with its operands written in; those with effects are evaluated before, in order."""
        parts: list[str] = []
        last = max((i for i, op in enumerate(node.operands) if not quiet(op.node)), default=-1)
        # Lisp operands may fail to convert, which happens after all operands were evaluated
        converts = any(op.native is None for i, op in enumerate(node.operands) if i != last)
        for i, op in enumerate(node.operands):
            value = self.value(op.node)
            first = i < last or (i == last and (converts or separable(op)))
            if first and not value.stable:
                value = self.forwarded(value, op)
            parts.append(self.operand(value, op))
        self.at(node)
        return fill(node.text, parts)

    def forwarded(self, value: Val, op: n.Operand) -> Val:
        """A named operand that is still the rvalue it was."""
        name = self.named(value)
        kind = op.native
        if kind is not None and not kind.has(Flag.LVALUE | Flag.FUNCTION):
            return Val(f"std::move({name.text})", NATIVE, True)
        return name

    def operand(self, value: Val, op: n.Operand) -> str:
        if op.native is not None:
            return value.text
        place = f"{{{c_string(op.callee)}, {op.arg}}}"
        if value.rep in (OWNED, NUM):
            value = Val(self.pointer(value), BORROWED, True)
        return f"ts::argument({value.text}, {place})"

    def to_lisp(self, node: n.ToLisp) -> Val:
        value = self.value(node.value)
        if isinstance(node.type, LispType) and node.type.unboxed:
            rep = UNBOXED[node.type.kind]
            return Val(
                f"static_cast<{rep}>({value.text})",
                rep,
                value.stable and isinstance(node.value, n.NativeConst),
            )
        return Val(f"ts::ref::own(ts::to_lisp({value.text}))", OWNED)

    def truth(self, node: n.Truth) -> Val:
        value = self.value(node.value)
        return Val(f"static_cast<bool>({value.text})", "bool")


def separable(op: n.Operand) -> bool:
    """Whether an operand can be evaluated by itself, and its errors have their place; objects would move."""
    kind = op.native
    return kind is None or (not kind.is_reference and (kind.is_scalar or kind.has(Flag.POINTER)))


def quiet(node: n.Node) -> bool:
    """Whether evaluating it later than written makes no difference."""
    if isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.TheVar)):
        return True
    if isinstance(node, n.CppExpr):
        return node.simple and all(quiet(op.node) for op in node.operands)
    return isinstance(node, (n.ToLisp, n.Truth)) and quiet(node.value)


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
