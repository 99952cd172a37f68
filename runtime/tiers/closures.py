"""What lowering needs of the runtime, C++ exceptions, and which locals' ends have something to do."""

from __future__ import annotations

from typing import Any, Protocol

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag, LispType
from runtime.native import _support
from runtime.stubs.cache import StubCache


class Host(Protocol):
    """What lowering and running needs of the runtime."""

    stubs: StubCache

    def code_of(self, node: n.Fn) -> _support.Code:
        """The shared part of a function's closures, made when it is first asked for."""

    def compile_loop(self, node: n.Fn) -> _support.Code | None:
        """Have a loop compiled that runs in tier 0 now; None under a strategy that does not."""

    def on_def(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """A `def` ran: bind the var and tell who depends on it."""


class CppException(Exception):
    """A C++ exception on its way through Python. `capsule` holds it for C++ to catch again."""

    def __init__(self, what: str, type_name: str, capsule: Any) -> None:
        super().__init__(what)
        self.what = what
        self.type_name = type_name
        self.capsule = capsule

    def __str__(self) -> str:
        return f"{self.type_name}: {self.what}" if self.what else self.type_name


BOX_TYPE = CppType("ts::ref", Flag.CONVERTIBLE | Flag.CLASS, 8)


def box_operands(node: n.Box) -> tuple[str, tuple[n.Operand, ...], str]:
    """The expression that boxes a pointer, its operands (the pointer and the place), and its label."""
    kind = node.value.type
    assert isinstance(kind, CppType)
    where = n.Const(str(node.span) if node.span else "", span=node.span)
    operands = (n.Operand(node.value), n.Operand(where, "cpp/box", 2))
    return f"ts::{node.holds}(@0@, @1@)", operands, f"{node.holds}<{kind.value}>"


def holds_memory(local: n.Local, init: n.Node) -> bool:
    """Whether what a `let` binds is a Lisp value that may hold much: it goes when its scope ends."""
    if isinstance(init, (n.Const, n.NativeConst, n.Fn)):
        return False
    return isinstance(init.type, LispType) and not init.type.unboxed


def needs_end(local: n.Local, init: n.Node) -> bool:
    """Whether a local owns a C++ object that has something to do when it is destroyed."""
    kind = init.type
    if (
        not isinstance(kind, CppType)
        or kind.has(Flag.LVALUE)
        or not isinstance(local.type, CppType)
    ):
        return False
    return kind.has(Flag.CLASS) and not kind.has(Flag.TRIVIAL_DESTRUCTOR)
