"""Calls of core functions that compiled code does itself: arithmetic, tests, look-ups."""

from __future__ import annotations

from abc import abstractmethod

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.types import OBJECT
from runtime.core.values import Keyword
from runtime.tiers.cpp_writer import Val
from runtime.tiers.entries import Entries
from runtime.tiers.representations import (
    ARITHMETIC,
    BOOL,
    BORROWED,
    DOUBLE,
    INT,
    INTEGERS_ONLY,
    NUM,
    OWNED,
    intrinsic_rep,
)

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
CALLED = "ts::called::"


class CoreCalls(Entries):
    """How each of them is written."""

    @abstractmethod
    def var_ref(self, node: n.VarRef) -> Val:
        """The value of a var."""

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
