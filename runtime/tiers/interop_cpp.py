"""C++ in compiled code: expressions with their operands written in, the ways from Lisp to C++ and back."""

from __future__ import annotations

import re

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.operands import fill
from runtime.analysis.types import CppType, Flag, LispType
from runtime.process import faults
from runtime.tiers.control_flow import ControlFlow
from runtime.tiers.cpp_writer import GUARDED, GUARDED_BY, Dest, Val
from runtime.tiers.representations import BORROWED, NATIVE, NUM, OWNED, UNBOXED

# Arithmetic and casts of plain numbers, which have no way to fault.
_PLAIN = re.compile(
    r"\(*@0@ (?:[-+*<>&|^]|[<>!=]=) @1@\)*|\(*(?:static_cast<[\w ]+>|float|double|int)\(@0@\)\)*"
)


class InteropCpp(ControlFlow):
    """How each interop node is written."""

    def native_const(self, node: n.NativeConst) -> Val:
        kind = node.type
        assert isinstance(kind, CppType)
        if isinstance(node.value, str):
            return Val(f"static_cast<char const*>({node.text})", NATIVE, True)
        return Val(node.text, NATIVE, True)

    def cpp(self, node: n.CppExpr) -> Val:
        self.at(node)
        return Val(self.cpp_text(node), NATIVE)

    def cpp_statement(self, node: n.CppExpr) -> None:
        """An expression whose value nobody looks at."""
        self.at(node)
        text = self.cpp_text(node)
        wanted = isinstance(node.type, CppType) and node.type.is_number_prvalue
        self.emit(f"ts::used({text});" if wanted and GUARDED in text else f"{text};")

    def cpp_text(self, node: n.CppExpr) -> str:
        """The expression with its operands written in; those with effects are evaluated before, in order."""
        parts: list[str] = []
        last = max((i for i, op in enumerate(node.operands) if not quiet(op.node)), default=-1)
        # Lisp operands may fail to convert, which happens after all operands were evaluated
        converts = any(op.native is None for i, op in enumerate(node.operands) if i != last)
        for i, op in enumerate(node.operands):
            value = self.value(op.node)
            first = i < last or (i == last and (converts or separable(op)))
            if first and not value.stable:
                value = self.forwarded(value, op)
            parts.append(self.operand(value, op))
        self.at(node)
        return self.guarded_text(node, fill(node.text, parts))

    def guarded_text(self, node: n.CppExpr, text: str) -> str:
        """The expression, marked for the statement that it becomes part of to be guarded."""
        if not faults.enabled() or harmless(node):
            return text
        return f"{GUARDED}{self.constant(node.site)}{GUARDED_BY}{text}"

    def forwarded(self, value: Val, op: n.Operand) -> Val:
        """A named operand that is still the rvalue it was."""
        name = self.named(value)
        kind = op.native
        if kind is not None and not kind.has(Flag.LVALUE | Flag.FUNCTION):
            return Val(f"std::move({name.text})", NATIVE, True)
        return name

    def operand(self, value: Val, op: n.Operand) -> str:
        if op.native is not None:
            return value.text
        place = f"{{{c_string(op.callee)}, {op.arg}}}"
        if value.rep in (OWNED, NUM):
            value = Val(self.pointer(value), BORROWED, True)
        return f"ts::argument({value.text}, {place})"

    def to_lisp(self, node: n.ToLisp) -> Val:
        value = self.value(node.value)
        if isinstance(node.type, LispType) and node.type.unboxed:
            rep = UNBOXED[node.type.kind]
            return Val(
                f"static_cast<{rep}>({value.text})",
                rep,
                value.stable and isinstance(node.value, n.NativeConst),
            )
        return Val(f"ts::ref::own(ts::to_lisp({value.text}))", OWNED)

    def truth(self, node: n.Truth) -> Val:
        value = self.value(node.value)
        return Val(f"static_cast<bool>({value.text})", "bool")

    def box(self, node: n.Box) -> Val:
        pointer = self.value(node.value)
        place = self.constant(str(node.span) if node.span else "")
        place = f'ts::dyn({place}, {{"cpp/box", 2}})'
        return Val(f"ts::{node.holds}({pointer.text}, {place})", OWNED)

    def native_result(self, node: n.Node, kind: CppType) -> Val:
        """A native value that several branches give: through a pointer for references, else a variable."""
        name = self.fresh("native")
        if kind.is_reference:
            self.emit(f"std::remove_reference_t<{kind.name}>* {name} = nullptr;")
            self.into(node, Dest("address", name, NATIVE))
            return Val(f"(*{name})", NATIVE, True)
        if kind.is_scalar or kind.has(Flag.POINTER):
            self.emit(f"{kind.value} {name}{{}};")
            self.into(node, Dest("assign", name, NATIVE))
            return Val(name, NATIVE, True)
        self.emit(f"ts::later<{kind.value}> {name};")
        self.into(node, Dest("assign", name, NATIVE))
        return Val(f"std::move(*{name})", NATIVE, True)


def harmless(node: n.CppExpr) -> bool:
    """Whether an expression cannot fault."""
    return _PLAIN.fullmatch(node.text) is not None and all(
        op.native is not None and op.native.is_scalar for op in node.operands
    )


def separable(op: n.Operand) -> bool:
    """Whether an operand can be evaluated by itself, and its errors have their place; objects would move."""
    kind = op.native
    return kind is None or (not kind.is_reference and (kind.is_scalar or kind.has(Flag.POINTER)))


def quiet(node: n.Node) -> bool:
    """Whether evaluating it later than written makes no difference."""
    if isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.TheVar)):
        return True
    if isinstance(node, n.CppExpr):
        return node.simple and all(quiet(op.node) for op in node.operands)
    return isinstance(node, (n.ToLisp, n.Truth)) and quiet(node.value)
