"""Which C++ matters on threads other than the window's: what may take long, what belongs to the window."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag

# What belongs to the thread that draws: the functions, and the methods of the objects behind them.
_FUNCTIONS = re.compile(r"\b(ImGui|ImPlot3D|ImPlot|ImNodes|ImGuizmo)::(?!ColorConvert|GetVersion)")
_OBJECTS = re.compile(
    r"\bIm(DrawList\w*|DrawData|Font(Atlas|Baked)?|Gui(IO|Style|Context|Window|Viewport|Storage))\b"
)

_CALL = re.compile(r"[\w>\])]\s*[({]|\bnew\b|\bdelete\b")
_CAST = re.compile(r"\b(static_cast|ts::id)<[^<>()]*>\s*\(")


class WrongThread(RuntimeError):
    """Something of the window's was called on another thread; the argument is the stub's signature."""

    def __init__(self, signature: str) -> None:
        called = signature.partition("(")[0]
        super().__init__(
            f"ImGui belongs to the window's thread; {called} was called on another one"
        )


def quick(node: n.Node) -> bool:
    """Whether an expression is over at once, so that the GIL need not be given up: member access, casts,
    operators of plain values. Constructors and calls may take any time."""
    kind = node.type
    if not isinstance(node, n.CppExpr) or not isinstance(kind, CppType):
        return True
    if node.simple:
        return kind.has(Flag.LVALUE) or not kind.has(Flag.CLASS)
    if any(op.native is None or op.native.has(Flag.CLASS) for op in node.operands):
        return False
    return not kind.has(Flag.CLASS) and not _CALL.search(_CAST.sub("(", node.text))


def draws(text: str, operands: Iterable[n.Operand]) -> bool:
    """Whether a C++ expression works on Dear ImGui's state."""
    if _FUNCTIONS.search(text):
        return True
    kinds = (op.native for op in operands)
    return any(kind is not None and _OBJECTS.search(kind.name) for kind in kinds)
