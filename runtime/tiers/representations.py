"""What compiled code holds each value of one function as: an unboxed number, a `ts::num` or an object.

Inference settles types by what the text says, once for all tiers. Compiled code knows more: the types that a
function's parameters were seen with, and what the functions give that it calls directly. From there the
representations follow as types do, with `ts::num` for numbers whose kind shows only at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import NEVER, CppType, LispType, Type

OWNED, BORROWED, NATIVE = "ts::ref", "PyObject*", "native"
INT, DOUBLE, BOOL, NUM = "std::int64_t", "double", "bool", "ts::num"
UNBOXED = {"int": INT, "double": DOUBLE, "bool": BOOL}
NOWHERE = ""  # the representation of what gives no value: recur and throw

NUMBERS = frozenset((INT, DOUBLE, NUM))
# Core functions of numbers. REAL ones give a double as soon as one operand is one.
REAL = frozenset(("+", "-", "*", "/", "quot", "rem", "mod"))
ARITHMETIC = REAL | {"inc", "dec", "max", "min"}


def rep_of(kind: Type | None) -> str:
    """How a Lisp value of that type is held."""
    return UNBOXED.get(kind.kind, OWNED) if isinstance(kind, LispType) else OWNED


def join(a: str, b: str) -> str:
    """What holds the values of two branches."""
    if a == b or b == NOWHERE:
        return a
    if a == NOWHERE:
        return b
    return NUM if a in NUMBERS and b in NUMBERS else OWNED


class Representations:
    """The representations in one arity. `params` are those of its parameters, where they are not by type;
    `called` gives that of a call's result, from those of its arguments, and `var` that of a var's value."""

    def __init__(
        self,
        arity: n.Arity,
        params: Mapping[n.Local, str],
        called: Callable[[n.Call, list[str]], str] = lambda node, args: OWNED,
        var: Callable[[n.VarRef], str] = lambda node: OWNED,
    ) -> None:
        self._called = called
        self._var = var
        self._nodes: dict[int, str] = {}
        self._recurs: dict[int, list[list[str]]] = {}
        self.locals: dict[n.Local, str] = {p: params.get(p, rep_of(p.type)) for p in arity.params}
        self.result = self._round(arity.label, arity.params, arity.body)

    def of(self, node: n.Node) -> str:
        """A node's representation."""
        return self._nodes.get(id(node), OWNED)

    # --- the rules --------------------------------------------------------------------------------

    def visit(self, node: n.Node) -> str:
        rule = _RULES.get(type(node))
        rep = rule(self, node) if rule is not None else self.other(node)
        if isinstance(node.type, CppType):
            rep = NATIVE
        self._nodes[id(node)] = rep
        return rep

    def each(self, nodes: Iterable[n.Node]) -> list[str]:
        return [self.visit(node) for node in nodes]

    def other(self, node: n.Node) -> str:
        """A node whose own rule is its type."""
        for f in fields(node):
            self._below(getattr(node, f.name))
        return NOWHERE if node.type == NEVER else rep_of(node.type)

    def _below(self, value: object) -> None:
        if isinstance(value, n.Node):
            self.visit(value)
        elif isinstance(value, n.Operand):
            self.visit(value.node)
        elif isinstance(value, tuple):
            for item in value:
                self._below(item)

    def local(self, node: n.LocalRef) -> str:
        return self.locals.get(node.local) or rep_of(node.local.type)

    def var(self, node: n.VarRef) -> str:
        return self._var(node)

    def if_(self, node: n.If) -> str:
        self.visit(node.test)
        return join(self.visit(node.then), self.visit(node.otherwise))

    def do(self, node: n.Do) -> str:
        self.each(node.statements)
        return self.visit(node.value)

    def bind(self, bindings: Iterable[tuple[n.Local, n.Node]]) -> None:
        for local, init in bindings:
            self.locals[local] = self.visit(init) or OWNED

    def let(self, node: n.Let) -> str:
        self.bind(node.bindings)
        return self.visit(node.body)

    def loop(self, node: n.Loop) -> str:
        self.bind(node.bindings)
        return self._round(node.label, tuple(local for local, _ in node.bindings), node.body)

    def _round(self, label: int, own: tuple[n.Local, ...], body: n.Node) -> str:
        """The body of what `recur` goes back to, until its locals' representations hold for every round."""
        while True:
            self._recurs[label] = []
            result = self.visit(body)
            settled = True
            for given in self._recurs[label]:
                for local, rep in zip(own, given, strict=True):
                    held = self.locals[local]
                    if NATIVE in (held, rep):
                        continue
                    wanted = NUM if held == OWNED and rep in NUMBERS else join(held, rep)
                    if held != wanted and held != NUM:
                        self.locals[local] = wanted
                        settled = False
            if settled:
                return result

    def recur(self, node: n.Recur) -> str:
        self._recurs.setdefault(node.label, []).append(self.each(node.args))
        return NOWHERE

    def case(self, node: n.Case) -> str:
        self.visit(node.test)
        rep = self.visit(node.default)
        for _, result in node.clauses:
            rep = join(rep, self.visit(result))
        return rep

    def try_(self, node: n.Try) -> str:
        self.visit(node.body)
        for clause in node.catches:
            self.locals[clause.local] = OWNED
            self.visit(clause.body)
        if node.finally_ is not None:
            self.visit(node.finally_)
        return OWNED

    def letfn(self, node: n.LetFn) -> str:
        for local, _ in node.bindings:
            self.locals[local] = OWNED
        for _, fn in node.bindings:
            self.visit(fn)
        return self.visit(node.body)

    def fn(self, node: n.Fn) -> str:
        self.each(outer for outer, _ in node.captures)
        return OWNED

    def call(self, node: n.Call) -> str:
        self.visit(node.fn)
        return self._called(node, self.each(node.args))

    def intrinsic(self, node: n.Intrinsic) -> str:
        args = self.each(node.args)
        return intrinsic_rep(node.name, node.type, args)


def intrinsic_rep(name: str, kind: Type, args: list[str]) -> str:
    """What a core function whose result is of type `kind` gives of operands that are held so."""
    if NOWHERE in args:
        return NOWHERE
    if name in REAL and DOUBLE in args and BOOL not in args:
        return DOUBLE
    if name in ARITHMETIC:
        exact = set(args) == {INT} or (set(args) == {DOUBLE})
        return args[0] if exact and name != "/" else NUM
    if name in INTEGERS_ONLY and set(args) == {INT}:
        return INT
    return rep_of(kind)


# Those with no version for boxed integers: called through their var unless all is unboxed.
INTEGERS_ONLY = frozenset(
    ("bit-and", "bit-or", "bit-xor", "bit-shift-left", "bit-shift-right", "unchecked-inc", "unchecked-dec",
     "unchecked-add", "unchecked-subtract", "unchecked-multiply")
)  # fmt: skip

_RULES: dict[type, Callable[[Representations, Any], str]] = {
    n.LocalRef: Representations.local,
    n.VarRef: Representations.var,
    n.If: Representations.if_,
    n.Do: Representations.do,
    n.Let: Representations.let,
    n.Loop: Representations.loop,
    n.Recur: Representations.recur,
    n.Case: Representations.case,
    n.Try: Representations.try_,
    n.LetFn: Representations.letfn,
    n.Fn: Representations.fn,
    n.Call: Representations.call,
    n.Intrinsic: Representations.intrinsic,
}
