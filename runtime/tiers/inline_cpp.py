"""Inline C++: a function's typed AST as one C++ function, every interop call written out where it stands.

`generate` reads like a table from node to C++. Values that are not used at once get a name of their own, in
the order of evaluation, so the C++ reads from top to bottom like the Lisp. A Lisp value is a `ts::ref`
(owned), a `PyObject*` (borrowed) or an unboxed number; a native value is what C++ makes of it. Lisp
constants, vars and inner functions' codes are reached through the table `K`, so the text has no addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.interop import c_string, fill
from runtime.analysis.types import CppType, Flag, LispType, Type
from runtime.errors import Span
from runtime.tiers import literals
from runtime.tiers.functions import FunctionTable
from runtime.tiers.names import munge

OWNED, BORROWED, NATIVE = "ts::ref", "PyObject*", "native"
UNBOXED = {"int": "std::int64_t", "double": "double", "bool": "bool"}
INLINE_CASES = 8  # a case with more constants looks its value up in a table

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
# Those with no version for boxed integers: called through their var unless all is unboxed.
INTEGERS_ONLY = frozenset(
    ("bit-and", "bit-or", "bit-xor", "bit-shift-left", "bit-shift-right", "unchecked-inc", "unchecked-dec",
     "unchecked-add", "unchecked-subtract", "unchecked-multiply")
)  # fmt: skip
OBJECTS_ONLY = frozenset(("get", "count", "first"))


class Unsupported(Exception):
    """A construct that compiled code does not have; the function stays in tier 0."""


@dataclass(frozen=True, slots=True)
class Val:
    """A C++ expression and what it is: OWNED, BORROWED, NATIVE or the C++ type of an unboxed number.

    `stable` ones may be written where they are used: evaluating them later changes nothing.
    """

    text: str
    rep: str
    stable: bool = False


@dataclass(frozen=True, slots=True)
class Dest:
    """Where a value goes: "return", "discard", "assign" to the variable `name` of kind `rep`, or its
    "address" to the pointer `name`."""

    kind: str
    name: str = ""
    rep: str = OWNED


RETURN, DISCARD = Dest("return"), Dest("discard")


@dataclass(frozen=True, slots=True)
class Generated:
    """The text of a function, the objects that its `K` holds, and the places that its `at` counts."""

    cpp: str
    constants: tuple[Any, ...]
    symbol: str
    spans: tuple[Span, ...]


def generate(node: n.Fn, symbol: str, table: FunctionTable) -> Generated:
    """The C++ of a function, whose entry point is called `symbol`. Raises Unsupported."""
    return InlineFunction(node, symbol, table).generate()


class InlineFunction:
    """One function being written. `stub_cpp` changes how it reaches C++."""

    native_catch = True  # whether C++ exceptions are caught by C++ catch clauses

    def __init__(self, node: n.Fn, symbol: str, table: FunctionTable) -> None:
        self.node = node
        self.symbol = symbol
        self.table = table
        self.lines: list[str] = []
        self.depth = 1
        self.serial = 0
        self.constants: list[Any] = []
        self.names: dict[n.Local, Val] = {}
        self.span: Span | None = None  # what `at` stands at, where that is known
        self.spans: list[Span] = []

    # --- text -----------------------------------------------------------------------------------------------

    def emit(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def open(self, head: str) -> None:
        self.emit(f"{head} {{")
        self.depth += 1

    def close(self, tail: str = "") -> None:
        self.depth -= 1
        self.emit("}" + tail)

    def fresh(self, hint: str = "t") -> str:
        self.serial += 1
        return f"{munge(hint)}_{self.serial}"

    def constant(self, value: Any) -> str:
        """`value`'s place in K."""
        for i, known in enumerate(self.constants):
            if known is value:
                return f"K[{i}]"
        self.constants.append(value)
        return f"K[{len(self.constants) - 1}]"

    def at(self, node: n.Node) -> None:
        """Keep the place for stack traces."""
        if node.span is not None and node.span != self.span:
            self.span = node.span
            self.emit(f"at = {len(self.spans)}; // line {node.span.line}")
            self.spans.append(node.span)

    # --- the function ---------------------------------------------------------------------------------------

    def generate(self) -> Generated:
        node = self.node
        if node.span is not None:
            self.spans.append(node.span)
        for index, (_, inner) in enumerate(node.captures):
            self.names[inner] = Val(f"self->captures[{index}]", BORROWED, True)
        self.names[node.this] = Val("reinterpret_cast<PyObject*>(self)", BORROWED, True)
        self.depth = 2
        for arity in node.arities:
            self.arity(arity)
        head = [
            f"// {node.name}  {node.span or ''}",
            f"static PyObject* {self.symbol}(ts::fn* self, PyObject* const* args, Py_ssize_t count) {{",
            "  PyObject* const* const K = ts::constants(self);",
            "  int at = 0; // an index of the function's places",
            "  (void)K; (void)args;",
            "  try {",
        ]
        tail = [
            "  } catch(...) {",
            "    ts::set_python_error();",
            f'    ts::add_trace({c_string(node.name)}, "{self.symbol}", at);',
            "    return nullptr;",
            "  }",
            "  return ts::wrong_arity(self, count); // the caller's error: no place of this function",
            "}",
        ]
        text = "\n".join([*head, *self.lines, *tail])
        return Generated(text, tuple(self.constants), self.symbol, tuple(self.spans))

    def arity(self, arity: n.Arity) -> None:
        test = f"count >= {arity.required}" if arity.variadic else f"count == {arity.required}"
        self.open(f"if({test})")
        self.span = None
        again = any(isinstance(x, n.Recur) and x.label == arity.label for x in n.walk(arity.body))
        for index, param in enumerate(arity.params):
            name = self.fresh(param.name)
            if arity.variadic and index == arity.required:
                self.emit(f"ts::ref {name} = ts::rest_args(args, {index}, count);")
                self.names[param] = Val(f"{name}.p", BORROWED, not again)
            elif again:
                self.emit(f"ts::ref {name} = ts::ref::share(args[{index}]);")
                self.names[param] = Val(f"{name}.p", BORROWED, False)
            else:
                self.emit(f"PyObject* const {name} = args[{index}];")
                self.names[param] = Val(name, BORROWED, True)
        if again:
            self.open("while(true)")
        self.into(arity.body, RETURN)
        if again:
            self.close()
        self.close()

    # --- destinations ---------------------------------------------------------------------------------------

    def into(self, node: n.Node, dest: Dest) -> None:
        """Statements that evaluate `node` and bring its value to `dest`."""
        rule = _STATEMENTS.get(type(node))
        if rule is not None:
            rule(self, node, dest)
            return
        if dest.kind == "discard" and isinstance(node, n.CppExpr):
            self.cpp_statement(node)
            return
        self.deliver(self.value(node), dest)

    def deliver(self, value: Val, dest: Dest) -> None:
        match dest.kind:
            case "discard":
                if not value.stable:
                    self.emit(f"(void)({value.text});")
            case "return":
                self.emit(f"return {self.owned(value)}.release();")
            case "address":
                self.emit(f"{dest.name} = std::addressof({value.text});")
            case _:
                self.emit(f"{dest.name} = {self.as_rep(value, dest.rep)};")

    def as_rep(self, value: Val, rep: str) -> str:
        if rep == OWNED:
            return self.owned(value)
        if rep in (NATIVE, value.rep):
            return value.text
        raise Unsupported(f"a {value.rep} where a {rep} was expected")

    def owned(self, value: Val) -> str:
        """The value as a `ts::ref`."""
        if value.rep == OWNED:
            return value.text
        if value.rep == BORROWED:
            return f"ts::ref::share({value.text})"
        return f"ts::box({value.text})"

    def named(self, value: Val, hint: str = "t") -> Val:
        """The value in a variable of its own, unless it is stable."""
        if value.stable:
            return value
        name = self.fresh(hint)
        if value.rep == NATIVE:
            self.emit(f"auto&& {name} = {value.text};")
            return Val(name, NATIVE, True)
        if value.rep in (OWNED, BORROWED):
            self.emit(f"ts::ref const {name} = {self.owned(value)};")
            return Val(f"{name}.p", BORROWED, True)
        self.emit(f"{value.rep} const {name} = {value.text};")
        return Val(name, value.rep, True)

    def values(self, nodes: tuple[n.Node, ...]) -> list[Val]:
        """Operands in order of evaluation: all but the last are named, so that the order holds."""
        return [self.named(self.value(node)) for node in nodes]

    def pointer(self, value: Val) -> str:
        """A Lisp value as a `PyObject*` that stays alive for the rest of the block."""
        if value.rep == BORROWED and value.stable:
            return value.text
        return self.named(Val(self.owned(value), OWNED)).text

    # --- values ---------------------------------------------------------------------------------------------

    def value(self, node: n.Node) -> Val:
        """An expression for `node`; statements that must come first are emitted."""
        rule = _VALUES.get(type(node))
        if rule is not None:
            return rule(self, node)
        kind = node.type
        if isinstance(kind, CppType) and not kind.is_void:
            return self.native_result(node, kind)
        rep = rep_of(kind)
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
        if type(value) is float and value == value and abs(value) != float("inf"):
            return Val(repr(value), "double", True)
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
        place = f"reinterpret_cast<ts::var*>({self.constant(node.var)})"
        if node.var.is_dynamic:
            return Val(f"ts::deref_dynamic({place})", OWNED)
        return Val(f"ts::ref::share(ts::root({place}))", OWNED)

    def the_var(self, node: n.TheVar) -> Val:
        return Val(self.constant(node.var), BORROWED, True)

    def python_call(self, function: Callable[..., Any], values: list[Val], line: n.Node) -> Val:
        """A call of something of ours that stays Python."""
        return self.call_text(self.constant(function), values, line)

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
        fn = self.pointer(self.value(node.fn))
        return self.call_text(fn, self.values(node.args), node)

    def intrinsic(self, node: n.Intrinsic) -> Val:
        name = node.name
        rep = rep_of(node.type)
        if name in ("not", "nil?", "some?", "identical?"):
            return self.test_intrinsic(node)
        values = self.values(node.args)
        boxed = [v for v in values if v.rep in (OWNED, BORROWED)]
        if any(v.rep == "bool" for v in values) or name in OBJECTS_ONLY:
            values = [Val(self.pointer(v), BORROWED, True) for v in values]
            boxed = values
        if name == "nth":
            values = [Val(self.pointer(values[0]), BORROWED, True), values[1],
                      *(Val(self.pointer(v), BORROWED, True) for v in values[2:])]  # fmt: skip
            if values[1].rep == "double":
                values[1] = Val(self.pointer(values[1]), BORROWED, True)
        elif (name in INTEGERS_ONLY and (boxed or any(v.rep == "double" for v in values))) or (
            name in ("max", "min") and len({v.rep for v in values}) > 1 and not boxed
        ):
            return self.call_text(self.pointer(self.var_ref(n.VarRef(node.var))), values, node)
        self.at(node)
        return Val(f"ts::{INTRINSICS[name]}({', '.join(v.text for v in values)})", rep)

    def test_intrinsic(self, node: n.Intrinsic) -> Val:
        if node.name == "not":
            return Val(f"!({self.condition(node.args[0])})", "bool")
        values = self.values(node.args)
        if node.name == "identical?":
            a, b = values
            return Val(f"ts::identical({self.pointer(a)}, {self.pointer(b)})", "bool")
        value = values[0]
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

    # --- C++ --------------------------------------------------------------------------------------------------

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
        effects = [i for i, op in enumerate(node.operands) if not quiet(op.node)]
        for i, op in enumerate(node.operands):
            value = self.value(op.node)
            if effects and i < effects[-1] and not value.stable:
                value = self.forwarded(value, op)
            parts.append(self.operand(value, op))
        self.at(node)
        return fill(node.text, parts)

    def forwarded(self, value: Val, op: n.Operand) -> Val:
        """A named operand that is still the rvalue it was."""
        name = self.named(value)
        kind = op.native
        if kind is not None and not kind.has(Flag.LVALUE) and kind.has(Flag.CLASS):
            return Val(f"std::move({name.text})", NATIVE, True)
        return name

    def operand(self, value: Val, op: n.Operand) -> str:
        if op.native is not None:
            return value.text
        place = f"{{{c_string(op.callee)}, {op.arg}}}"
        if value.rep == OWNED:
            value = self.named(value)
        return f"ts::argument({value.text}, {place})"

    def to_lisp(self, node: n.ToLisp) -> Val:
        value = self.value(node.value)
        if isinstance(node.type, LispType) and node.type.unboxed:
            rep = UNBOXED[node.type.kind]
            return Val(f"static_cast<{rep}>({value.text})", rep, value.stable and isinstance(node.value, n.NativeConst))
        return Val(f"ts::ref::own(ts::to_lisp({value.text}))", OWNED)

    def truth(self, node: n.Truth) -> Val:
        value = self.value(node.value)
        return Val(f"static_cast<bool>({value.text})", "bool")

    # --- control: statements --------------------------------------------------------------------------------

    def condition(self, node: n.Node) -> str:
        """A C++ condition for a Lisp or native test."""
        if isinstance(node, n.Truth):
            return self.value(node.value).text
        value = self.value(node)
        if value.rep == "bool":
            return value.text
        if value.rep in UNBOXED.values():
            return "true" if value.stable else f"(({value.text}), true)"
        if value.rep == OWNED:
            value = self.named(value)
        return f"ts::truthy({value.text})"

    def if_(self, node: n.If, dest: Dest) -> None:
        test = self.condition(node.test)
        self.open(f"if({test})")
        span = self.span
        self.into(node.then, dest)
        if dest.kind == "discard" and isinstance(node.otherwise, (n.Const, n.NativeConst)):
            self.close()
            self.span = None
            return
        self.depth -= 1
        self.emit("} else {")
        self.depth += 1
        self.span = span
        self.into(node.otherwise, dest)
        self.close()
        self.span = None

    def do(self, node: n.Do, dest: Dest) -> None:
        for statement in node.statements:
            self.into(statement, DISCARD)
        self.into(node.value, dest)

    def block(self, node: n.Node, dest: Dest) -> None:
        """A scope of its own, unless the enclosing one ends here anyway."""
        self.open("")
        self.into(node, dest)
        self.close()

    def let(self, node: n.Let, dest: Dest) -> None:
        if dest.kind != "return":
            self.open("")
        for local, init in node.bindings:
            self.bind(local, init)
        self.into(node.body, dest)
        if dest.kind != "return":
            self.close()

    def bind(self, local: n.Local, init: n.Node) -> None:
        """A local's variable; one that recur changes is not const."""
        if isinstance(init.type, CppType) and isinstance(local.type, CppType):
            self.bind_native(local, init, init.type)
            return
        name = self.fresh(local.name)
        value = self.value(init)
        rep = rep_of(local.type)
        if rep == OWNED and not local.assigned and value.stable and value.rep == BORROWED:
            self.names[local] = value
            return
        if not local.assigned:
            self.names[local] = self.named(value, local.name)
            return
        text = self.owned(value) if rep == OWNED else value.text
        self.emit(f"{rep} {name} = {text};")
        self.names[local] = Val(f"{name}.p" if rep == OWNED else name, BORROWED if rep == OWNED else rep, False)

    def bind_native(self, local: n.Local, init: n.Node, kind: CppType) -> None:
        """A C++ object or reference under the local's name."""
        value = self.value(init)
        name = self.fresh(local.name)
        self.emit(f"{'auto&&' if kind.has(Flag.LVALUE) else 'auto'} {name} = {value.text};")
        self.names[local] = Val(name, NATIVE, True)

    def loop(self, node: n.Loop, dest: Dest) -> None:
        self.open("")
        for local, init in node.bindings:
            self.bind(local, init)
        self.open("while(true)")
        self.span = None
        self.into(node.body, dest)
        if dest.kind != "return":
            self.emit("break;")
        self.close()
        self.close()
        self.span = None

    def recur(self, node: n.Recur, dest: Dest) -> None:
        moves = []
        for local, arg in zip(node.locals, node.args, strict=True):
            if isinstance(arg, n.LocalRef) and arg.local is local:
                continue
            target = self.names[local]
            if isinstance(local.type, CppType):
                moves.append(self.next_native(local, arg))
                continue
            value = self.value(arg)
            name = self.fresh("next")
            if target.rep == BORROWED:
                self.emit(f"ts::ref {name} = {self.owned(value)};")
                moves.append(f"{target.text.removesuffix('.p')} = std::move({name});")
            else:
                self.emit(f"{target.rep} const {name} = {self.as_rep(value, target.rep)};")
                moves.append(f"{target.text} = {name};")
        for move in moves:
            self.emit(move)
        self.emit("continue;")

    def next_native(self, local: n.Local, arg: n.Node) -> str:
        """Evaluates a native local's next value; gives the statement that assigns it."""
        name = self.fresh("next")
        self.emit(f"auto {name} = {self.value(arg).text};")
        return f"{self.names[local].text} = std::move({name});"

    def letfn(self, node: n.LetFn, dest: Dest) -> None:
        self.open("")
        order: dict[n.Local, str] = {}
        for local, _ in node.bindings:
            name = self.fresh(local.name)
            self.emit(f"ts::ref {name} = ts::ref::share(Py_None);")
            self.names[local] = Val(f"{name}.p", BORROWED, False)
            order[local] = name
        for local, fn in node.bindings:
            self.emit(f"{order[local]} = {self.owned(self.fn(fn))};")
        for local, fn in node.bindings:
            for index, (outer, _) in enumerate(fn.captures):
                if isinstance(outer, n.LocalRef) and outer.local in order:
                    self.emit(f"ts::set_capture({order[local]}.p, {index}, {order[outer.local]}.p);")
        self.into(node.body, dest)
        self.close()

    def case(self, node: n.Case, dest: Dest) -> None:
        self.open("")
        test = self.named(self.value(node.test), "case")
        constants = sum(len(c) for c, _ in node.clauses)
        if constants <= INLINE_CASES:
            branches = [
                (" || ".join(self.equals(test, c) for c in group), result) for group, result in node.clauses
            ]
        else:
            index = self.named(self.python_call(literals.case_index(node), [test], node))
            number = self.fresh("clause")
            self.emit(f"std::int64_t const {number} = ts::to_int64({index.text}, \"case\");")
            branches = [(f"{number} == {i}", result) for i, (_, result) in enumerate(node.clauses)]
        for i, (condition, result) in enumerate(branches):
            self.open(f"if({condition})" if i == 0 else f"else if({condition})")
            self.span = None
            self.into(result, dest)
            self.close()
        if branches:
            self.open("else")
        self.span = None
        self.into(node.default, dest)
        if branches:
            self.close()
        self.close()
        self.span = None

    def equals(self, test: Val, constant: Any) -> str:
        if constant is None:
            return f"({test.text} == Py_None)" if test.rep == BORROWED else "false"
        if test.rep in UNBOXED.values():
            value = self.const(n.Const(constant))
            if value.rep != test.rep:
                return "false"
            return f"ts::equal({test.text}, {value.text})"
        return f"ts::equal({test.text}, {self.constant(constant)})"

    def throw(self, node: n.Throw, dest: Dest) -> None:
        value = self.python_call(literals.throw, self.values((node.value,)), node)
        self.emit(f"{value.text};")
        self.emit("__builtin_unreachable();")

    def try_(self, node: n.Try, dest: Dest) -> None:
        if node.finally_ is None:
            self.guarded(node, dest)
            return
        result = ""
        inner = dest
        if dest.kind == "return":  # the value waits until `finally` has run
            result = self.fresh("result")
            self.emit(f"ts::ref {result};")
            inner = Dest("assign", result, OWNED)
        self.open("try")
        self.guarded(node, inner)
        self.depth -= 1
        self.emit("} catch(...) {")
        self.depth += 1
        pending = self.fresh("pending")
        self.emit(f"ts::ref {pending} = ts::caught();")
        self.span = None
        self.into(node.finally_, DISCARD)
        self.emit(f"ts::throw_again(std::move({pending}));")
        self.close()
        self.span = None
        self.into(node.finally_, DISCARD)
        if result:
            self.emit(f"return {result}.release();")

    def guarded(self, node: n.Try, dest: Dest) -> None:
        """The body with its catch clauses: C++ ones natively, Lisp ones by what Python's error holds."""
        if not node.catches:
            self.into(node.body, dest)
            return
        self.open("try")
        self.span = None
        self.into(node.body, dest)
        self.depth -= 1
        before_any: list[n.Catch] = []
        general: n.Catch | None = None
        for clause in node.catches:
            if clause.kind == "any":
                general = clause
                break
            before_any.append(clause)
        self.catch_cpp([c for c in before_any if c.kind == "cpp"], dest)
        if general is None and all(c.kind == "cpp" for c in before_any) and self.native_catch:
            self.emit("}")
            return
        self.emit("} catch(...) {")
        self.depth += 1
        error, value = self.fresh("error"), self.fresh("thrown")
        self.emit(f"ts::ref {error} = ts::caught();")
        self.emit(f"ts::ref const {value} = ts::thrown_value({error});")
        self.span = None
        for clause in before_any:
            if clause.kind == "cpp" and self.native_catch:
                continue
            test = self.matches(clause, error, value)
            self.open(f"if({test})")
            self.handler(clause, value, dest)
            self.depth -= 1
            self.emit("} else")
        self.open("")
        if general is not None:
            self.handler(general, value, dest)
        else:
            self.emit(f"ts::throw_again(std::move({error}));")
        self.close()
        self.close()

    def catch_cpp(self, clauses: list[n.Catch], dest: Dest) -> None:
        """Catch clauses for C++ types, which C++ itself matches; the `try` block is still open."""
        for clause in clauses:
            name = self.fresh(clause.local.name)
            kind: CppType = clause.matches
            self.emit(f"}} catch({kind.lvalue().name} {name}) {{")
            self.depth += 1
            self.names[clause.local] = Val(name, NATIVE, True)
            self.span = None
            self.into(clause.body, dest)
            self.depth -= 1

    def matches(self, clause: n.Catch, error: str, value: str) -> str:
        """Whether a clause takes the caught exception."""
        return f"ts::is_instance({value}.p, {self.constant(clause.matches)})"

    def handler(self, clause: n.Catch, value: str, dest: Dest) -> None:
        self.names[clause.local] = Val(f"{value}.p", BORROWED, True)
        self.span = None
        self.into(clause.body, dest)


def rep_of(kind: Type | None) -> str:
    """How compiled code holds a Lisp value of that type."""
    return UNBOXED.get(kind.kind, OWNED) if isinstance(kind, LispType) else OWNED


def quiet(node: n.Node) -> bool:
    """Whether evaluating it later than written makes no difference."""
    if isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.TheVar)):
        return True
    if isinstance(node, n.CppExpr):
        return node.simple and all(quiet(op.node) for op in node.operands)
    return isinstance(node, (n.ToLisp, n.Truth)) and quiet(node.value)



_VALUES: dict[type, Callable[[InlineFunction, Any], Val]] = {
    n.Const: InlineFunction.const,
    n.NativeConst: InlineFunction.native_const,
    n.LocalRef: InlineFunction.local,
    n.VarRef: InlineFunction.var_ref,
    n.TheVar: InlineFunction.the_var,
    n.Call: InlineFunction.call,
    n.Intrinsic: InlineFunction.intrinsic,
    n.VectorLit: InlineFunction.literal,
    n.MapLit: InlineFunction.literal,
    n.SetLit: InlineFunction.literal,
    n.WithMeta: InlineFunction.with_meta,
    n.Def: InlineFunction.def_,
    n.SetVar: InlineFunction.set_var,
    n.Fn: InlineFunction.fn,
    n.CppExpr: InlineFunction.cpp,
    n.ToLisp: InlineFunction.to_lisp,
    n.Truth: InlineFunction.truth,
    n.Box: InlineFunction.box,
    n.CppRaw: InlineFunction.raw,
}
_STATEMENTS: dict[type, Callable[[InlineFunction, Any, Dest], None]] = {
    n.If: InlineFunction.if_,
    n.Do: InlineFunction.do,
    n.Let: InlineFunction.let,
    n.Loop: InlineFunction.loop,
    n.Recur: InlineFunction.recur,
    n.LetFn: InlineFunction.letfn,
    n.Case: InlineFunction.case,
    n.Throw: InlineFunction.throw,
    n.Try: InlineFunction.try_,
}

