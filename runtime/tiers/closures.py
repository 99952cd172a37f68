"""What all closures of tier 0 are built with: frames and their slots, stubs of native values, exceptions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag, LispType
from runtime.core.exceptions import Thrown
from runtime.errors import Span
from runtime.native import _support
from runtime.stubs.bodies import DISCARD
from runtime.stubs.cache import StubCache

Run = Callable[[list[Any]], Any]
RECUR = object()  # what a body returns whose loop or function goes round again
Place = tuple[str, Span | None]  # function and span, for stack traces


class Host(Protocol):
    """What building and running closures needs of the runtime."""

    stubs: StubCache

    def code_of(self, node: n.Fn) -> _support.Code:
        """The shared part of a function's closures, made when it is first asked for."""

    def count_loops(self, name: str) -> Callable[[int], None]:
        """What a loop of the function `name` tells its iterations to."""

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


class ClosureBuilder(ABC):
    """Builds the closures of one function, or of a top-level form, whose locals share a frame."""

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name
        self.slots: dict[n.Local, int] = {}

    def slot(self, local: n.Local) -> int:
        """The local's place in the frame."""
        return self.slots.setdefault(local, len(self.slots))

    # --- dispatch ---------------------------------------------------------------------------------

    def effect(self, node: n.Node) -> Run:
        """The closure of a node whose value nobody looks at."""
        kind = node.type
        if isinstance(node, n.CppExpr) and isinstance(kind, CppType) and not kind.is_number_prvalue:
            return self.stub_call(node, DISCARD)
        return self.build(node)

    def place(self, node: n.Node) -> Place:
        return (self.name, node.span)

    def each(self, nodes: tuple[n.Node, ...]) -> list[Run]:
        return [self.build(node) for node in nodes]

    def unary(
        self, text: str, operand: CppType, gives: str, kind: CppType, node: n.Node
    ) -> _support.Stub:
        op = n.Operand(n.LocalRef(n.Local("value"), type=operand))
        return self.host.stubs.get(text, (op,), gives, kind, kind.name, node.span)

    # --- what the subclasses build ----------------------------------------------------------------

    @abstractmethod
    def build(self, node: n.Node) -> Run:
        """The closure of a node that gives a Lisp value, or a native one as tier 0 holds it."""

    @abstractmethod
    def stub_call(self, node: n.CppExpr, gives: str) -> Run:
        """The closure of a C++ expression."""


NOT_CAUGHT = object()


def thrown_value(error: Exception) -> Any:
    """What `catch` binds: the Lisp value that was thrown, or the exception itself."""
    return error.value if isinstance(error, Thrown) else error


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
