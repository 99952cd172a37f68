"""What every typed AST must be, whatever form it came from. Tests check it for each form they evaluate, and
`TIERSCOPE_VERIFY=1` does in the app; elsewhere it costs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.scope import FieldName, RecurTarget
from runtime.analysis.types import NEVER, CppType, LispType

enabled = bool(os.environ.get("TIERSCOPE_VERIFY"))
_PLACEHOLDER = re.compile(r"@(\d+)@")
# Of these, all parts that are nodes must be Lisp values.
_LISP_PARTS = (
    n.Call,
    n.Intrinsic,
    n.VectorLit,
    n.MapLit,
    n.SetLit,
    n.WithMeta,
    n.Throw,
    n.Def,
    n.SetVar,
)


class Malformed(Exception):
    """A typed AST that no tier need understand: a defect of the analysis. `faults` says what is wrong."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def verify(node: n.Node) -> None:
    """Raise Malformed unless all interop is resolved, every type known, every local bound where it is used,
    every `recur` in the tail of the loop or arity it names, and every Lisp value wanted a Lisp value."""
    faults: list[str] = []
    _check(node, _Scope(frozenset(), None, True), faults)
    if faults:
        raise Malformed(faults)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is visible. `target` is where a `recur` may go from here, once the position is `tail`."""

    bound: frozenset[n.Local]
    target: RecurTarget | None
    tail: bool

    def binding(self, *locals: n.Local) -> _Scope:
        return replace(self, bound=self.bound.union(locals))

    @property
    def inner(self) -> _Scope:
        return replace(self, tail=False)


def _check(node: n.Node, scope: _Scope, faults: list[str]) -> None:
    place = f" at {node.span.line}:{node.span.col}" if node.span is not None else ""

    def fault(text: str) -> None:
        faults.append(f"{type(node).__name__}{place}: {text}")

    if isinstance(node.type, CppType) and node.type.unknown:
        fault("its C++ type is not known")
    rule = _RULES.get(type(node))
    if rule is not None:
        rule(node, scope, faults, fault)
        return
    if isinstance(node, _LISP_PARTS):
        for part in _below(node):
            if not isinstance(part.type, LispType):
                fault(f"{type(part).__name__} is no Lisp value but {part.type}")
    for part in _below(node):
        _check(part, scope.inner, faults)


def _below(node: n.Node) -> Iterable[n.Node]:
    for f in fields(node):
        value = getattr(node, f.name)
        if isinstance(value, n.Node):
            yield value
        elif type(value) is tuple:
            yield from (part for part in value if isinstance(part, n.Node))


Fault = Callable[[str], None]


def _local_ref(node: n.LocalRef, scope: _Scope, _faults: list[str], fault: Fault) -> None:
    local = node.local.owner if isinstance(node.local, FieldName) else node.local
    if local not in scope.bound:
        fault(f"{local.name} is not bound here")
    elif local.type is None:
        fault(f"{local.name} has no type")


def _let(node: n.Let, scope: _Scope, faults: list[str], fault: Fault) -> None:
    for local, init in node.bindings:
        _check(init, scope.inner, faults)
        scope = scope.binding(local)
    _check(node.body, scope, faults)


def _loop(node: n.Loop, scope: _Scope, faults: list[str], fault: Fault) -> None:
    for local, init in node.bindings:
        _check(init, scope.inner, faults)
        scope = scope.binding(local)
    names = tuple(local for local, _ in node.bindings)
    _check(node.body, replace(scope, target=RecurTarget(node.label, names), tail=True), faults)


def _recur(node: n.Recur, scope: _Scope, faults: list[str], fault: Fault) -> None:
    if not scope.tail or scope.target is None:
        fault("it is not in tail position")
    elif (node.label, node.locals) != (scope.target.label, scope.target.locals):
        fault(f"it names {node.label}, and {scope.target.label} is around it")
    if len(node.args) != len(node.locals):
        fault(f"{len(node.args)} values for {len(node.locals)} locals")
    if node.type != NEVER:
        fault("control comes back from it")
    for arg in node.args:
        _check(arg, scope.inner, faults)


def _if(node: n.If, scope: _Scope, faults: list[str], fault: Fault) -> None:
    _check(node.test, scope.inner, faults)
    _check(node.then, scope, faults)
    _check(node.otherwise, scope, faults)


def _do(node: n.Do, scope: _Scope, faults: list[str], fault: Fault) -> None:
    for statement in node.statements:
        _check(statement, scope.inner, faults)
    _check(node.value, scope, faults)


def _case(node: n.Case, scope: _Scope, faults: list[str], fault: Fault) -> None:
    _check(node.test, scope.inner, faults)
    for _, result in node.clauses:
        _check(result, scope, faults)
    _check(node.default, scope, faults)


def _try(node: n.Try, scope: _Scope, faults: list[str], fault: Fault) -> None:
    around = replace(scope, target=None, tail=False)  # a recur cannot leave it
    _check(node.body, around, faults)
    for clause in node.catches:
        _check(clause.body, around.binding(clause.local), faults)
    if node.finally_ is not None:
        _check(node.finally_, around, faults)


def _fn(node: n.Fn, scope: _Scope, faults: list[str], fault: Fault) -> None:
    for taken, _ in node.captures:
        _check(taken, scope.inner, faults)
        if not isinstance(taken.type, LispType):
            fault(f"it captures no Lisp value but {taken.type}")
    for arity in node.arities:
        visible = frozenset({node.this, *arity.params, *(inner for _, inner in node.captures)})
        inside = _Scope(visible, RecurTarget(arity.label, arity.params), True)
        _check(arity.body, inside, faults)
        if not isinstance(arity.body.type, LispType):
            fault(f"its value is no Lisp value but {arity.body.type}")


def _letfn(node: n.LetFn, scope: _Scope, faults: list[str], fault: Fault) -> None:
    scope = scope.binding(*(local for local, _ in node.bindings))
    for _, fn in node.bindings:
        _check(fn, scope.inner, faults)
    _check(node.body, scope, faults)


def _cpp(node: n.CppExpr, scope: _Scope, faults: list[str], fault: Fault) -> None:
    used = {int(i) for i in _PLACEHOLDER.findall(node.text)}
    if any(i >= len(node.operands) for i in used):
        fault(f"{node.text} has {len(node.operands)} operands")
    for operand in node.operands:
        _check(operand.node, scope.inner, faults)


def _to_lisp(node: n.ToLisp, scope: _Scope, faults: list[str], fault: Fault) -> None:
    if not isinstance(node.value.type, CppType) and node.value.type != NEVER:
        fault("its value is a Lisp value already")
    _check(node.value, scope.inner, faults)


def _unresolved(node: n.Interop, scope: _Scope, faults: list[str], fault: Fault) -> None:
    fault(f"{node.op} {node.name} was never resolved")


_RULES: dict[type, Callable[[Any, _Scope, list[str], Fault], None]] = {
    n.LocalRef: _local_ref,
    n.Let: _let,
    n.Loop: _loop,
    n.Recur: _recur,
    n.If: _if,
    n.Do: _do,
    n.Case: _case,
    n.Try: _try,
    n.Fn: _fn,
    n.LetFn: _letfn,
    n.CppExpr: _cpp,
    n.ToLisp: _to_lisp,
    n.Interop: _unresolved,
}
