"""The lowered AST: what tier 0 runs, with all that analysis leaves open decided.

Locals are slots of a frame, captures are numbers, C++ is calls of stubs, places are indices of a table. Each
record becomes a node of the same name in `runtime/native/tier0`, which reads the fields by their order.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Const(NamedTuple):
    value: Any


class Local(NamedTuple):
    slot: int


class Capture(NamedTuple):
    """What the function took from outside."""

    number: int


class This(NamedTuple):
    """The function itself, by its own name inside."""


class Root(NamedTuple):
    """The root of a var that has no thread's bindings."""

    var: Any


class Deref(NamedTuple):
    """The value of a dynamic var."""

    var: Any


class Vector(NamedTuple):
    items: tuple[Any, ...]
    make: Any  # of a list


class MakeFn(NamedTuple):
    code: Any
    captures: tuple[Any, ...]
    meta: Any


class LetFn(NamedTuple):
    """`patches`: (slot of a function, number of its capture, slot of what that is)."""

    slots: tuple[int, ...]
    makers: tuple[MakeFn, ...]
    patches: tuple[tuple[int, int, int], ...]
    body: Any


class If(NamedTuple):
    test: Any
    then: Any
    otherwise: Any


class Do(NamedTuple):
    statements: tuple[Any, ...]
    value: Any


class Binding(NamedTuple):
    slot: int
    init: Any
    ends: bool  # its C++ object is destroyed at the end of the scope


class Let(NamedTuple):
    bindings: tuple[Binding, ...]
    body: Any


class Loop(NamedTuple):
    """`replacement(values of state, rounds)` gives the compiled function to go on in, with those values."""

    bindings: tuple[Binding, ...]
    body: Any
    place: int
    replacement: Any
    state: tuple[Any, ...]


class Recur(NamedTuple):
    """`stubs` are those of native locals, whose objects are assigned to; None for others."""

    slots: tuple[int, ...]
    args: tuple[Any, ...]
    stubs: tuple[Any, ...]


class Case(NamedTuple):
    """`groups` are tuples of constants, or a function from a value to the number of its group, or -1."""

    test: Any
    groups: Any
    results: tuple[Any, ...]  # the last is the default


class Clause(NamedTuple):
    """`kind` as in `nodes.Catch`; `matches` are classes, or the stub that is a matcher."""

    kind: str
    matches: Any
    slot: int
    body: Any


class Try(NamedTuple):
    body: Any
    clauses: tuple[Clause, ...]
    at_end: Any


class CallVar(NamedTuple):
    var: Any
    args: tuple[Any, ...]
    place: int


class CallConst(NamedTuple):
    function: Any
    args: tuple[Any, ...]
    place: int


class Call(NamedTuple):
    callee: Any
    args: tuple[Any, ...]
    place: int


class KeywordCall(NamedTuple):
    keyword: Any
    coll: Any
    default: Any
    place: int


class Core(NamedTuple):
    """A core function that tier 0 does itself where the operands are usual."""

    name: str
    function: Any
    args: tuple[Any, ...]
    place: int


class Stub(NamedTuple):
    call: Any
    args: tuple[Any, ...]
    place: int
