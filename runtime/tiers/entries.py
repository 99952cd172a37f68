"""How compiled code is entered and how it calls other compiled code directly.

An arity with a `Plan` becomes a C++ function of its own with unboxed parameters and result. The entry that
everybody else calls guards what the plan takes for granted; a guard that fails leaves the call to tier 0.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.tiers.control_flow import ControlFlow
from runtime.tiers.cpp_writer import Dest, Val
from runtime.tiers.representations import BOOL, BORROWED, DOUBLE, INT, NUM, OWNED
from runtime.tiers.speculation import Callee, Direct, Plan, Speculation, loosened

if TYPE_CHECKING:
    from runtime.namespaces import Var

_SELF = "reinterpret_cast<PyObject*>(self)"
_ABI = {
    OWNED: "PyObject*",
    NUM: "ts::numv",
}  # what passes a value between functions; the rest is itself
_KIND = {INT: ("integer", "bits"), DOUBLE: ("real", "d()")}  # of a ts::numv

CALLED = "called"  # what variables are named that hold the result of a direct call


class Entries(ControlFlow):
    """Entries and direct calls of one function being written."""

    speculation: Speculation | None
    plan: Plan | None = None  # of the arity being written

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.functions: list[str] = []  # the C++ functions of arities with a plan
        self.plans: dict[int, Plan] = {}  # by number of parameters
        self.needs_floor = False  # whether arities without a plan call others directly
        self.counted_on: dict[Var, None] = {}  # vars whose values direct calls rely on

    def directs(self) -> dict[int, Direct]:
        """How others may call this function, by number of arguments."""
        return {
            count: Direct(
                self._direct_name(count),
                plan.params,
                plan.result,
                plan.closed,
                tuple(self.constants),
                tuple(plan.assumes.items()),
            )
            for count, plan in self.plans.items()
        }

    def assumed(self) -> tuple[Var, ...]:
        """The vars whose redefinition makes this code slow or useless."""
        own = (var for plan in self.plans.values() for var in plan.assumes)
        return tuple(dict.fromkeys((*self.counted_on, *own)))

    # --- entries ----------------------------------------------------------------------------------

    def _direct_name(self, count: int) -> str:
        return f"{self.symbol}_{count}"

    def direct_arity(self, arity: n.Arity, plan: Plan) -> None:
        """An arity as a function of its own, and its guarded entry."""
        count = len(arity.params)
        self.plans[count] = self.plan = plan
        self.reps = plan.reps
        outer, self.lines, depth, self.depth = self.lines, [], self.depth, 2
        guards, self.guards = self.guards, False
        self.span = None
        names = [self.fresh(p.name) for p in arity.params]
        incoming = [
            Val(name, BORROWED if rep == OWNED else rep, True)
            for name, rep in zip(names, plan.params, strict=True)
        ]
        self.body(arity, incoming, Dest("return", rep=plan.result))
        body, self.lines, self.depth = self.lines, outer, depth
        self.functions.append(self._function(count, plan, names, body))
        self.guards = guards
        self.plan = None
        self._entry(count, plan)

    def _function(self, count: int, plan: Plan, names: list[str], body: list[str]) -> str:
        result = _ABI.get(plan.result, plan.result)
        name = self._direct_name(count)
        typed = ", ".join(
            f"{_ABI.get(rep, rep)} {name}" for rep, name in zip(plan.params, names, strict=True)
        )
        params = f"ts::fn* self, PyObject* const* K, char* const* floor, {typed}"
        labels = f'{c_string(self.node.name)}, "{self.symbol}"'
        catches = any("ts::caught(here" in line for line in body)
        lines = [
            "  int at = 0;",
            *([f"  ts::activation here{{ {labels} }};"] if catches else []),
            *(["  ts::guard guard;"] if self.guards else []),
            "  (void)self; (void)K;",
            "  try {",
            *body,
            "  } catch(...) {",
            f"    ts::pass_on({'here' if catches else labels}, at);",
            "  }",
            "}",
        ]
        if not plan.levels:
            head = f"{'inline ' if plan.small else ''}{result} {name}({params}) {{"
            return "\n".join([head, "  ts::check_depth(floor);", *lines])
        args = ", ".join(["self", "K", "floor", *names])
        inlined = f"template<int L> [[gnu::always_inline]] inline {result} {name}_in({params})"
        return "\n".join(
            [
                f"{result} {name}({params});",
                f"{inlined};",
                f"template<> {result} {name}_in<-1>({params}) {{ return {name}({args}); }}",
                f"{inlined} {{ // once more in itself, L times",
                *lines,
                f"{result} {name}({params}) {{",
                "  ts::check_depth(floor);",
                f"  return {name}_in<{plan.levels}>({args});",
                "}",
            ]
        )

    def _entry(self, count: int, plan: Plan) -> None:
        self.open(f"if(count == {count})")
        args, tests = ["self", "K", "ts::stack_floor()"], []
        for index, rep in enumerate(plan.params):
            if rep == OWNED:
                args.append(f"args[{index}]")
                continue
            self.emit(f"{rep} a{index};")
            tests.append(f"!ts::is(args[{index}], a{index})")
            args.append(f"a{index}")
        for var, value in plan.assumes.items():
            tests.append(f"!ts::holds({self.constant(var)}, {self._assumed(value)})")
        if tests:
            self.emit(f"if({' || '.join(tests)}) return ts::guard_failed(self, args, count);")
        self.emit("try {")
        self.emit(f"  return ts::given({self._direct_name(count)}({', '.join(args)}));")
        self.emit("} catch(...) {")
        self.emit("  return ts::failed();")
        self.emit("}")
        self.close()

    def _assumed(self, value: Any) -> str:
        return _SELF if getattr(value, "code", None) is self._code else self.constant(value)

    @property
    def _code(self) -> Any:
        return self.table.by_key.get(self.node.key)

    @abstractmethod
    def body(self, arity: n.Arity, incoming: list[Val], dest: Dest) -> None:
        """An arity's parameters, from what comes in, and its body."""

    @abstractmethod
    def call_text(self, fn: str, values: list[Val], node: n.Node) -> Val:
        """A call of any Lisp value."""

    # --- calls ------------------------------------------------------------------------------------

    def direct_call(self, node: n.Call) -> Val | None:
        """A call of compiled code without a detour; None where there is no such way."""
        callee = self.speculation.callee(node) if self.speculation is not None else None
        if callee is None:
            return None
        direct = callee.direct or self._own(len(node.args))
        if direct is None:
            return None
        if self.plan is not None and self.plan.closed:
            return self._closed_call(node, callee, direct)
        return self._checked_call(node, callee, direct)

    def _own(self, count: int) -> Direct | None:
        """How this function calls itself."""
        plan = self.plans.get(count)
        if plan is None:
            return None
        return Direct(self._direct_name(count), plan.params, plan.result, plan.closed, (), ())

    def _closed_call(self, node: n.Call, callee: Callee, direct: Direct) -> Val:
        assert self.plan is not None
        name = direct.symbol
        if callee.direct is None and self.plan.levels:
            name = f"{name}_in<L - 1>"
        values = self.values(node.args)
        self.at(node)
        own = "" if callee.direct is None else self.constant(callee.function)
        return Val(
            f"{name}({self._arguments(direct, own, [v.text for v in values])})", direct.result
        )

    def _arguments(self, direct: Direct, own: str, texts: list[str]) -> str:
        """All that is passed to a function; `own` names the function object, "" is the caller itself."""
        self.needs_floor = self.needs_floor or self.plan is None
        if not own:
            return ", ".join(["self", "K", "floor", *texts])
        table = self.constant(direct.constants)
        return ", ".join([f"ts::as_fn({own})", f"ts::constants({table})", "floor", *texts])

    def _checked_call(self, node: n.Call, callee: Callee, direct: Direct) -> Val:
        """A call that looks whether the function and the arguments are still those it was written for."""
        before = ""  # the function, where evaluating the arguments might change what its name means
        if callee.var is not None and not all(harmless(a) for a in node.args):
            before = self.pointer(self.value(node.fn))
        values = self.values(node.args)
        tests: list[str] = []
        if callee.var is not None:
            self.counted_on[callee.var] = None
            own = self._assumed(callee.function)
            held = f"ts::holds({self.constant(callee.var)}, {own})"
            tests.append(f"{before} == {own}" if before else held)
        return self.dispatch(
            node,
            direct,
            values,
            tests,
            lambda: before or self.pointer(self.value(node.fn)),
            "" if callee.direct is None else self.constant(callee.function),
        )

    def dispatch(
        self,
        node: n.Call,
        direct: Direct,
        values: list[Val],
        tests: list[str],
        function: Callable[[], str],
        own: str,
    ) -> Val:
        """A direct call if all `tests` hold and the arguments are of the right kinds, else a call of what
        `function` names. `own` as in `_arguments`."""
        for var, value in direct.assumes:
            self.counted_on[var] = None
            tests.append(f"ts::holds({self.constant(var)}, {self._assumed(value)})")
        texts = []
        for value, param in zip(values, direct.params, strict=True):
            text = self._argument(value, param, tests)
            if text is None:
                return self.call_text(function(), values, node)
            texts.append(text)
        self.at(node)
        call = f"{direct.symbol}({self._arguments(direct, own, texts)})"
        held = loosened(direct.result)
        if held == NUM:
            made = f"ts::num::own({call})" if direct.result == NUM else f"ts::num({call})"
        else:
            made = f"ts::ref::own({call})" if direct.result == OWNED else f"ts::box({call})"
        if not tests:
            return Val(made, held)
        there = self.fresh(CALLED)
        self.emit(f"{held} {there}{{}};")
        self.open(f"if({' && '.join(tests)})")
        if own:
            self.emit(f"++ts::as_fn({own})->shared->calls;")
        self.emit(f"{there} = {made};")
        self.otherwise()
        span = self.span
        slow = self.call_text(function(), values, node)
        self.emit(f"{there} = {self.as_rep(slow, held)};")
        self.close()
        self.span = span
        return Val(there, held, True) if held == NUM else Val(f"{there}.p", BORROWED, True)

    def _argument(self, value: Val, param: str, tests: list[str]) -> str | None:
        """The text of an argument, with what must hold for it added to `tests`; None if it never does."""
        if param == OWNED:
            return self.pointer(value)
        if value.rep == param:
            return value.text
        if param == BOOL:
            if value.rep not in (OWNED, BORROWED):
                return None
            text = self.pointer(value)
            tests.append(f"({text} == Py_True || {text} == Py_False)")
            return f"({text} == Py_True)"
        if value.rep not in (NUM, OWNED, BORROWED):
            return None
        number = value.text
        if value.rep == NUM:
            number = f"{value.text}.v"
        else:
            kept = self.pointer(value)
            number = self.fresh("number")
            self.emit(f"ts::numv const {number}{{ {kept} }};")
        kind, part = _KIND[param]
        tests.append(f"{number}.kind == ts::numv::{kind}")
        return f"{number}.{part}"


def harmless(node: n.Node) -> bool:
    """Whether evaluating a node cannot change what any var means."""
    if isinstance(node, n.Intrinsic):
        return node.name not in ("get", "nth", "count", "first", "=") and all(
            map(harmless, node.args)
        )
    return isinstance(node, (n.Const, n.LocalRef, n.VarRef, n.TheVar))
