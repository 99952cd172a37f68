"""The typed AST that every tier consumes. Nodes are immutable; `type` is filled in by `inference`.

Interop has one node, `CppExpr`: a C++ expression with operands. That is enough for calls, construction,
members, operators, casts and the rest, because all of them are text to Clang and a stub to tier 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from runtime.analysis.types import OBJECT, CppType, Type
from runtime.errors import Span
from runtime.native._support import CallSite

if TYPE_CHECKING:
    from runtime.namespaces import Var


@dataclass(eq=False, slots=True)
class Local:
    """A name bound by let, loop, fn, letfn or catch. Compared by identity: shadowing makes a new one."""

    name: str
    type: Type | None = None  # None until inference reaches its binding
    assigned: bool = False  # a loop's local: recur gives it new values
    rvalue: bool = False  # a hoisted temporary: its one use may move from it
    holds: str = ""  # of a pointer: what a box of it does, as in `Box`


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span | None = None
    type: Type = OBJECT


@dataclass(frozen=True, slots=True)
class Const(Node):
    """A Lisp value known now: a literal or something quoted."""

    value: Any


@dataclass(frozen=True, slots=True)
class NativeConst(Node):
    """A C++ number, enum constant, string literal or nullptr known now; `text` is its C++ spelling.

    `lisp` says that it was written as a plain Lisp literal, which may become another type yet.
    """

    value: Any
    text: str
    lisp: bool = False


@dataclass(frozen=True, slots=True)
class LocalRef(Node):
    local: Local


@dataclass(frozen=True, slots=True)
class VarRef(Node):
    """The value of a var."""

    var: Var


@dataclass(frozen=True, slots=True)
class TheVar(Node):
    """`#'x`: the var itself."""

    var: Var


@dataclass(frozen=True, slots=True)
class Def(Node):
    """`def`: binds the var's root to `init`, when there is one, and its metadata; gives the var."""

    var: Var
    init: Node | None
    meta: Node | None


@dataclass(frozen=True, slots=True)
class SetVar(Node):
    """`set!` of a dynamic var."""

    var: Var
    value: Node


@dataclass(frozen=True, slots=True)
class If(Node):
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Do(Node):
    """Statements for their effect, then the value."""

    statements: tuple[Node, ...]
    value: Node


@dataclass(frozen=True, slots=True)
class Let(Node):
    """Bindings in order, then the body. Native locals are destroyed in reverse order at its end."""

    bindings: tuple[tuple[Local, Node], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """A let to which `Recur`s of the same `label` return."""

    label: int
    bindings: tuple[tuple[Local, Node], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Recur(Node):
    """New values for a loop's or arity's locals; always in tail position."""

    label: int
    locals: tuple[Local, ...]
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Arity:
    """One parameter list of a function; a variadic one's last parameter is the rest seq."""

    params: tuple[Local, ...]
    variadic: bool
    label: int  # what `Recur`s to the arity carry
    body: Node

    @property
    def required(self) -> int:
        return len(self.params) - self.variadic


@dataclass(frozen=True, slots=True)
class Fn(Node):
    """`fn*`. `name` is the full name people see; `this` its own name inside; `captures` pairs what is taken
    from outside with the local that stands for it inside."""

    name: str
    this: Local
    arities: tuple[Arity, ...]
    captures: tuple[tuple[Node, Local], ...]
    key: int  # identifies the form: closures of one `Fn` share their code
    meta: Any = None


@dataclass(frozen=True, slots=True)
class LetFn(Node):
    """Functions that may refer to each other."""

    bindings: tuple[tuple[Local, Fn], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call of a Lisp value."""

    fn: Node
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Intrinsic(Node):
    """A call of a core function that every tier does directly; `name` is its clojure.core name."""

    name: str
    args: tuple[Node, ...]
    var: Var


@dataclass(frozen=True, slots=True)
class Throw(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class Catch:
    """`kind` is "any", "lisp" or "cpp"; `matches` names a C++ type or holds Python exception classes."""

    kind: str
    matches: Any
    local: Local
    body: Node
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Try(Node):
    body: Node
    catches: tuple[Catch, ...]
    finally_: Node | None


@dataclass(frozen=True, slots=True)
class Case(Node):
    """`clauses` pairs constants with results."""

    test: Node
    clauses: tuple[tuple[tuple[Any, ...], Node], ...]
    default: Node


@dataclass(frozen=True, slots=True)
class VectorLit(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapLit(Node):
    """`items` alternates keys and values in source order."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetLit(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class WithMeta(Node):
    value: Node
    meta: Node


# --- C++ ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operand:
    """What a placeholder of a `CppExpr` stands for.

    A native operand enters with its static type. A Lisp one converts to whatever type the chosen
    parameter has; `callee` and `arg` (from 1) say whose argument it is.
    """

    node: Node
    callee: str = ""
    arg: int = 0

    @property
    def native(self) -> CppType | None:
        return self.node.type if isinstance(self.node.type, CppType) else None


@dataclass(frozen=True, slots=True)
class CppExpr(Node):
    """A C++ expression: `text` with `@0@`, `@1@` … for its operands. `label` is how people call it.

    `simple` expressions have no effect of their own and may be written into the text of the expression
    that uses them: member access, dereference, casts, construction of plain values. `site` is
    the same in every tier: a fault closes it.
    """

    text: str
    operands: tuple[Operand, ...]
    label: str
    simple: bool = False
    site: CallSite = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToLisp(Node):
    """A native value where a Lisp value is wanted."""

    value: Node


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """A native value as a condition: its C++ truth."""

    value: Node


@dataclass(frozen=True, slots=True)
class CppRaw(Node):
    """`cpp/raw`: a declaration at global scope, made when the form is analysed; its value is nil."""

    text: str


BORROW, OWN, SHARE = (
    "box",
    "own",
    "share",
)  # whose object a box holds: functions of native/interop.hpp


@dataclass(frozen=True, slots=True)
class Box(Node):
    """`cpp/box`: a pointer in an opaque Lisp value that remembers its type and where it was boxed.

    `holds` is OWN for what `cpp/new` gave, SHARE for what came out of another box, else BORROW.
    """

    value: Node
    holds: str


# --- interop as written, before inference ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypeName:
    """A C++ type as the script writes it: C++ text, perhaps with the operands of a `decltype`."""

    text: str


@dataclass(frozen=True, slots=True)
class Interop(Node):
    """An interop form as written; inference turns it into a `CppExpr`, a constant or a `Box`.

    `op` is "name", "call", "new", "construct", "method", "member", "any-method", "any-member",
    "set-member", "operator", "cast", "unsafe-cast", "delete", "box", "unbox", "invoke" or "literal";
    `name` the callee, member, operator or text. Of "any-…" and "set-member" the object may be Lisp's.
    """

    op: str
    name: str
    args: tuple[Node, ...]
    target: TypeName | None = None


_PARTS: dict[type, tuple[str, ...] | None] = {}  # by class


def _parts(kind: type) -> tuple[str, ...] | None:
    """The fields of a class that may lead to nodes, the last first; None where there are none."""
    if kind not in _PARTS:
        made = issubclass(kind, (Node, Arity, Catch, Operand))
        names = [f.name for f in fields(kind) if f.name not in ("span", "type")] if made else []
        _PARTS[kind] = tuple(reversed(names)) if made else None
    return _PARTS[kind]


def walk(node: Any) -> Iterator[Node]:
    """A node and all nodes below it."""
    left = [node]
    while left:
        item = left.pop()
        if type(item) is tuple:
            left += reversed(item)
        elif (names := _parts(type(item))) is not None:
            if isinstance(item, Node):
                yield item
            left += [getattr(item, name) for name in names]
