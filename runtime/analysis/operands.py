"""Operands of C++ expressions: how they take part in questions, in text and in errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from sys import intern

from runtime.analysis import nodes as n
from runtime.analysis.types import BOOL, DOUBLE, INT, OBJECT, CppType, Flag, LispType
from runtime.native._support import CppValue

UNKNOWN = CppType("", Flag.CONVERTIBLE)  # stands in while an answer is missing
_PLACEHOLDER = re.compile(r"@(\d+)@")


def commas(texts: Sequence[str]) -> str:
    return ", ".join(texts)


def fill(text: str, parts: Sequence[str]) -> str:
    """`text` with `parts` in the place of its placeholders; one object for all that is the same."""
    return intern(_PLACEHOLDER.sub(lambda m: parts[int(m[1])], text))


def declval(op: n.Operand) -> str:
    """How an operand takes part in a question."""
    kind = op.native
    if kind is None:
        return "std::declval<ts::dyn>()"
    return f"std::declval<{kind.name}>()"


def operand_name(op: n.Operand) -> str:
    return op.native.name if op.native is not None else "a Lisp value"


def is_plain(node: n.Node) -> bool:
    """Whether evaluating it has no effect of its own, so that its text may move into its user's."""
    if isinstance(node, n.CppExpr):
        return node.simple
    return isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.VarRef))


def is_unknown(node: n.Node) -> bool:
    """Whether Clang has yet to tell its native type."""
    return isinstance(node.type, CppType) and node.type.unknown


def could_be_text(op: n.Operand) -> bool:
    if op.native is None:
        return True
    return op.native.has(Flag.POINTER | Flag.ARRAY) and "char" in op.native.name


def has_directive(node: n.Node) -> bool:
    return isinstance(node, n.NativeConst) and isinstance(node.value, str) and "%" in node.value


def lisp_type(kind: CppType) -> LispType:
    """What is known of the Lisp value that a native one becomes."""
    if kind.has(Flag.BOOL):
        return BOOL
    if kind.has(Flag.FLOAT):
        return DOUBLE
    if (
        kind.has(Flag.INTEGER) and kind.value != "char" and (kind.size < 8 or kind.has(Flag.SIGNED))
    ) or kind.has(Flag.ENUM):
        return INT
    return OBJECT


def boxed_now(node: n.Node) -> str:
    """The pointer type of the box that a var holds at this moment, or ""."""
    if isinstance(node, n.VarRef) and node.var.is_bound:
        value = node.var.root
        if isinstance(value, CppValue) and value.is_box:
            return value.type_name
    return ""


def class_name(kind: CppType) -> str:
    """The class whose members an object or pointer has."""
    name = kind.value
    if kind.has(Flag.POINTER):
        name = name.removesuffix("*").rstrip()
    return name.removeprefix("const ").removesuffix(" const")


def lisp_name(text: str) -> str:
    """How a script writes a C++ name or type."""
    name = text.replace("::", ".").replace(" *", "*")
    if "<" in name or " " in name:
        return f'(cpp/type "{text}")'
    return f"cpp/{name}" if name else ""
