"""What compiled code takes for granted about a function, from what tier 0 saw of it.

Parameters that were always integers (doubles, bools) become unboxed ones; a guard at the entry sends every
other call to tier 0. A call of a function that is compiled already, or of itself, becomes a direct call.
A function is *closed* when all it does is arithmetic and calls of closed functions: nothing can be redefined
while it runs, so what it assumes about vars is checked where it is entered and nowhere inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType
from runtime.native import _support
from runtime.tiers.functions import TOP_LEVEL, FnCode
from runtime.tiers.reductions import reduction
from runtime.tiers.representations import (
    BOOL,
    DOUBLE,
    INT,
    NOWHERE,
    NUM,
    NUMBERS,
    OWNED,
    Representations,
)

if TYPE_CHECKING:
    from runtime.namespaces import Var

SEEN = {1: INT, 2: DOUBLE, 4: BOOL}  # a profile's byte with one bit set
STATIC = frozenset((INT, DOUBLE, BOOL))
INLINED_NODES = 256  # to so many nodes a function that calls itself is inlined into itself
INLINED_LEVELS = 4
SMALL_NODES = 40  # of a function that is inlined into its callers


@dataclass(frozen=True, slots=True)
class Direct:
    """How other compiled code calls one arity of a compiled function.

    `assumes` pairs the vars that a closed function and all that it calls take for constant with their values.
    """

    symbol: str
    params: tuple[str, ...]
    result: str
    closed: bool
    constants: tuple[Any, ...]
    assumes: tuple[tuple[Var, Any], ...]


@dataclass(slots=True)
class Plan:
    """How one arity is compiled: as a function of its own, which the entry and direct calls share."""

    params: tuple[str, ...]
    result: str
    closed: bool
    reps: Representations
    levels: int = 0  # of inlining into itself
    small: bool = False  # worth inlining into those that call it
    assumes: dict[Var, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom a call calls. `var` is None where nothing can change that: a function's own name inside."""

    var: Var | None
    function: Any  # the function object; None for itself under its own name
    direct: Direct | None  # None for itself


class Speculation:
    """What is known of one function's calls. `fresh` are functions of the same batch.

    Vars and other functions are seen as they were when they were first asked for: all that is written agrees.
    """

    def __init__(self, code: FnCode, fresh: Mapping[FnCode, Mapping[int, Direct]]) -> None:
        self._code = code
        self._fresh = fresh
        self._node = code.node
        self._possible = code.node.key != TOP_LEVEL and bool(code.arities)
        self._seen = code.seen if code.speculate else b""
        self._roots: dict[Var, Any] = {}
        self._directs: dict[FnCode, Mapping[int, Direct]] = {}

    def root(self, var: Var) -> Any:
        """A var's root value."""
        return self._roots.setdefault(var, var.root)

    # --- calls ------------------------------------------------------------------------------------

    def callee(self, node: n.Call) -> Callee | None:
        """Whom a call calls, if that can be called directly."""
        fn = node.fn
        if not self._possible:
            return None
        if isinstance(fn, n.LocalRef) and fn.local is self._node.this:
            return Callee(None, None, None)
        if not isinstance(fn, n.VarRef) or fn.var.is_dynamic:
            return None
        function = self.root(fn.var)
        if type(function) is not _support.Fn:
            return None
        if function.code is self._code:
            return Callee(fn.var, function, None)
        code = function.code
        direct = self.direct(code if isinstance(code, FnCode) else None, len(node.args))
        return Callee(fn.var, function, direct) if direct is not None else None

    def direct(self, code: FnCode | None, count: int) -> Direct | None:
        """How functions of that code are called, if it is compiled already."""
        if code is None or not self._possible:
            return None
        known = self._directs.setdefault(code, self._fresh.get(code) or code.directs)
        return known.get(count)

    # --- plans ------------------------------------------------------------------------------------

    def plan(self, arity: n.Arity) -> Plan | None:
        """How an arity is compiled; None for the plain way, where nothing is gained."""
        if not self._possible or arity.variadic or not arity.params:
            return None
        params = tuple(self._param(arity, i) for i in range(len(arity.params)))
        plan = self._closed(arity, params) or self._open(arity, params)
        plan.small = sum(1 for _ in n.walk(arity.body)) <= SMALL_NODES
        return plan

    def plain(self, arity: n.Arity) -> Representations:
        """The representations of an arity that has no plan."""
        return Representations(arity, {}, partial(self._open_call, arity, OWNED), self._kept_number)

    def _param(self, arity: n.Arity, index: int) -> str:
        seen = self._seen[index] if index < len(self._seen) else 0
        rep = SEEN.get(seen, OWNED)
        return rep if rep != OWNED and used_as_number(arity.params[index], arity.body) else OWNED

    def _closed(self, arity: n.Arity, params: tuple[str, ...]) -> Plan | None:
        if not STATIC.issuperset(params):
            return None
        result = NOWHERE
        for _ in range(3):
            called = partial(self._closed_call, arity, params, result)
            reps = Representations(
                arity, dict(zip(arity.params, params, strict=True)), called, self._number
            )
            if reps.result == result:
                break
            result = reps.result
        plan = Plan(params, result, True, reps)
        if result not in STATIC or not self._is_closed(arity.body, plan):
            return None
        size = sum(1 for _ in n.walk(arity.body))
        calls = sum(
            1
            for x in n.walk(arity.body)
            if isinstance(x, n.Call) and (c := self.callee(x)) is not None and c.direct is None
        )
        while calls and plan.levels < INLINED_LEVELS and size * calls <= INLINED_NODES:
            plan.levels += 1
            size *= calls
        return plan

    def _closed_call(
        self, arity: n.Arity, params: tuple[str, ...], result: str, node: n.Call, args: list[str]
    ) -> str:
        callee = self.callee(node)
        if callee is None:
            return OWNED
        if callee.direct is not None:
            wanted, result = callee.direct.params, callee.direct.result
            if not callee.direct.closed:
                return OWNED
        else:
            wanted = params
        same = len(args) == len(wanted) and all(
            a in (w, NOWHERE) for a, w in zip(args, wanted, strict=True)
        )
        return result if same else OWNED

    def _number(self, node: n.VarRef) -> str:
        """The representation of a var's value while it is a number."""
        value = None if node.var.is_dynamic else self.root(node.var)
        return {int: INT, float: DOUBLE, bool: BOOL}.get(type(value), OWNED)

    def _is_closed(self, node: n.Node, plan: Plan) -> bool:
        """Whether a node does nothing but arithmetic and closed calls; fills `plan.assumes`."""
        if isinstance(node.type, CppType):
            return False
        reps = plan.reps
        match node:
            case n.Const():
                return node.value is None or type(node.value) in (int, float, bool)
            case n.LocalRef():
                return reps.of(node) in STATIC
            case n.VarRef():
                plan.assumes[node.var] = self.root(node.var)
                return reps.of(node) in STATIC
            case n.If() | n.Do() | n.Let() | n.Loop() | n.Recur():
                return all(self._is_closed(x, plan) for x in below(node))
            case n.Intrinsic():
                static = all(reps.of(a) in STATIC for a in node.args) and reps.of(node) in STATIC
                return static and all(self._is_closed(x, plan) for x in node.args)
            case n.Call():
                callee = self.callee(node)
                if callee is None or reps.of(node) not in STATIC:
                    return False
                if callee.var is not None:
                    plan.assumes[callee.var] = callee.function
                if callee.direct is not None:
                    plan.assumes.update(callee.direct.assumes)
                return all(self._is_closed(x, plan) for x in node.args)
        return False

    def _open(self, arity: n.Arity, params: tuple[str, ...]) -> Plan:
        result = NOWHERE
        for _ in range(4):
            called = partial(self._open_call, arity, result)
            reps = Representations(
                arity, dict(zip(arity.params, params, strict=True)), called, self._kept_number
            )
            if reps.result == result:
                break
            result = reps.result
        return Plan(params, result or OWNED, False, reps)

    def _open_call(self, arity: n.Arity, result: str, node: n.Call, args: list[str]) -> str:
        found = reduction(node)
        if found is not None and found.fold:
            return NUM
        callee = self.callee(node)
        if callee is None:
            return OWNED
        if callee.direct is None:
            return loosened(result) if len(args) == len(arity.params) else OWNED
        return loosened(callee.direct.result)

    def _kept_number(self, node: n.VarRef) -> str:
        return NUM if self._number(node) in (INT, DOUBLE) else OWNED


def loosened(result: str) -> str:
    """What holds a call's result where the function may turn out to be another one."""
    if result in NUMBERS:
        return NUM
    return result if result == NOWHERE else OWNED


def below(node: n.Node) -> Iterable[n.Node]:
    """The nodes right below one of control flow."""
    for f in fields(node):
        value = getattr(node, f.name)
        if isinstance(value, n.Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, n.Node):
                    yield item
                elif isinstance(item, tuple):  # a binding
                    yield from (x for x in item if isinstance(x, n.Node))


_NO_NUMBERS = frozenset(("get", "first", "count", "identical?", "nil?", "some?"))


def used_as_number(local: n.Local, body: n.Node) -> bool:
    """Whether something is done with a parameter that is quicker unboxed."""

    def named(nodes: Iterable[n.Node]) -> bool:
        return any(isinstance(x, n.LocalRef) and x.local is local for x in nodes)

    for node in n.walk(body):
        match node:
            case n.Intrinsic() if node.name not in _NO_NUMBERS and named(node.args):
                return True
            case n.CppExpr() if named(op.node for op in node.operands):
                return True
            case n.Let() | n.Loop() if named(init for _, init in node.bindings):
                return True
            case n.Recur() if named(node.args):
                return True
            case n.If() if named((node.test,)):
                return True
    return False


def callees_first(codes: Iterable[FnCode]) -> list[FnCode]:
    """Functions in an order in which those that are called come before those that call them."""
    wanted = set(codes)
    ordered: dict[FnCode, None] = {}
    for code in codes:
        _after_callees(code, wanted, ordered)
    return list(ordered)


def _after_callees(code: FnCode, wanted: set[FnCode], ordered: dict[FnCode, None]) -> None:
    if code not in wanted:
        return
    wanted.remove(code)
    for node in n.walk(code.node):
        called = None
        if isinstance(node, n.Call) and isinstance(node.fn, n.VarRef):
            called = getattr(node.fn.var.root, "code", None)
        elif isinstance(node, n.Fn):
            called = next((c for c in wanted if c.node.key == node.key), None)
        if called in wanted:
            _after_callees(called, wanted, ordered)
    ordered[code] = None
