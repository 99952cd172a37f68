"""C++ expressions and their types, by asking Clang; how they become Lisp values and conditions.

A Lisp value among the operands takes part as `ts::dyn`, which converts to whatever the chosen parameter
is; literals take part with the C++ type they look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import native_literal
from runtime.analysis.operands import (
    UNKNOWN,
    commas,
    declval,
    fill,
    is_unknown,
    lisp_type,
    operand_name,
)
from runtime.analysis.types import (
    BUILTIN,
    OBJECT,
    OF_LITERALS,
    CppType,
    Flag,
    builtin,
    known_type,
)
from runtime.cling.diagnostics import notes_of, readable
from runtime.cling.oracle import Answer, Question, Rejected, TypeOracle
from runtime.errors import AnalysisError, CppError, Span
from runtime.native._support import CallSite

_ABOUT_OPERANDS = (
    "no matching", "no viable", "ambiguous", "cannot", "drops", "too few", "too many", "invalid operands",
)  # fmt: skip
_NAMELESS = ("(lambda at ", "(unnamed ")  # how Clang spells such types


class Expressions:
    """What `Inference` knows of C++ expressions. `questions` collects what Clang must be asked first."""

    def __init__(self, oracle: TypeOracle) -> None:
        self.oracle = oracle
        self.questions: list[Question] = []

    # --- asking -----------------------------------------------------------------------------------

    def ask(self, kind: str, text: str) -> Answer | Rejected | None:
        question = Question(kind, text)
        known = self.oracle.known(question)
        if known is None:
            self.questions.append(question)
        return known

    def type_of(
        self, text: str, operands: Sequence[n.Operand], span: Span | None, label: str
    ) -> CppType:
        """`decltype` of an expression; an unknown type while the answer, or one it depends on, is missing."""
        needs: list[Question] = []
        parts: list[str] = []
        for op in operands:
            kind = op.native
            if kind is not None and kind.unknown:
                if kind.pending is None:
                    return UNKNOWN
                parts.append(
                    f"std::declval<${len(needs)}{'&' if kind.has(Flag.LVALUE) else ''}$>()"
                )
                needs.append(kind.pending)
            else:
                parts.append(declval(op))
        question = Question("type", fill(text, parts), tuple(needs))
        found = self.answered(question, operands, span, label)
        if not found.unknown:
            self.refuse_null_texts(text, operands, label)
        return found

    def answered(
        self, question: Question, operands: Sequence[n.Operand], span: Span | None, label: str
    ) -> CppType:
        """The type that answers a question, or one that waits for it."""
        answer = self.oracle.known(question)
        if answer is None:
            self.questions.append(question)
            return CppType("", Flag.CONVERTIBLE, 0, question)
        if isinstance(answer, Rejected):
            self.reject(answer, operands, span, label)
        if any(mark in answer.name for mark in _NAMELESS):
            raise AnalysisError(
                "this C++ value's type has no name",
                span,
                expected="a function or class with a name: (cpp/raw …) declares one",
                found=answer.name,
            )
        return known_type(answer.name, answer.flags, answer.size)

    def named_type(self, text: str, span: Span | None) -> CppType | None:
        """The type that `text` names, or None while unknown."""
        known = builtin(text)
        if known is not None:
            return known
        answer = self.ask("named", text)
        if answer is None:
            return None
        if isinstance(answer, Rejected):
            self.reject(answer, (), span, text)
        return CppType(answer.name, answer.flags, answer.size)

    def reject(
        self, answer: Rejected, operands: Sequence[n.Operand], span: Span | None, label: str
    ) -> NoReturn:
        """Clang's words about an expression as an error at the Lisp form."""
        first = answer.diagnostics[0]
        message = readable(first.message)
        notes = notes_of(answer.diagnostics)
        found = ""
        if operands and any(words in message for words in _ABOUT_OPERANDS):
            found = f"{label} with ({commas([operand_name(op) for op in operands])})"
        expected = ""
        if "ambiguous" in message and any(op.native is None for op in operands):
            expected = (
                "Lisp values cast to the type where overloads differ: (cpp/int x), (cpp/float x) …"
            )
        raise CppError(message, span, expected=expected, found=found, notes=notes)

    # --- building ---------------------------------------------------------------------------------

    def expression(
        self,
        text: str,
        operands: Sequence[n.Operand],
        kind: CppType,
        span: Span | None,
        label: str,
        simple: bool = False,
    ) -> n.CppExpr:
        """A `CppExpr` into which its simple operands are written."""
        parts: list[str] = []
        flat: list[n.Operand] = []
        for op in operands:
            node = op.node
            if isinstance(node, n.CppExpr) and node.simple and not is_unknown(node):
                moved = [f"@{len(flat) + i}@" for i in range(len(node.operands))]
                parts.append(f"({fill(node.text, moved)})")
                flat += node.operands
            else:
                parts.append(f"@{len(flat)}@")
                flat.append(op)
        return n.CppExpr(
            fill(text, parts),
            tuple(flat),
            label,
            simple,
            site=CallSite(label),
            span=span,
            type=kind,
        )

    def question(
        self,
        text: str,
        operands: Sequence[n.Operand],
        span: Span | None,
        label: str,
        simple: bool = False,
        asked: str = "",
    ) -> n.CppExpr:
        """An expression whose type Clang tells; `asked` is the text to ask with where it is another."""
        kind = self.type_of(asked or text, operands, span, label)
        return self.expression(text, operands, kind, span, label, simple)

    def refuse_null_texts(self, text: str, operands: Sequence[n.Operand], label: str) -> None:
        """A literal nil or null pointer for a parameter that a string would be made of. Raises CppError."""
        for i, op in enumerate(operands):
            if not isinstance(op.node, n.NativeConst) or op.node.value is not None:
                continue
            taken: list[bool | None] = []
            for instead in ("ts::text_only", "ts::pointer_only"):
                parts = [declval(other) for other in operands]
                parts[i] = f"std::declval<{instead}>()"
                answer = self.ask("type", fill(text, parts))
                taken.append(None if answer is None else isinstance(answer, Answer))
            if taken == [True, False]:
                said = "nil" if op.node.lisp else "a null pointer"
                raise CppError(
                    f"argument {op.arg or i + 1} of {label} must be a string, found {said}",
                    op.node.span,
                )

    def operands(self, args: Sequence[n.Node], callee: str, start: int = 1) -> list[n.Operand]:
        """The arguments of a call: Lisp literals as C++ ones, other Lisp values as conversions."""
        return [n.Operand(native_literal(a), callee, start + i) for i, a in enumerate(args)]

    def copied(self, node: n.Node) -> n.Node:
        """A native value of its own: a copy, or what was moved from an rvalue."""
        kind = node.type
        assert isinstance(kind, CppType)
        if (
            kind.has(Flag.CLASS) and not kind.unknown
        ):  # of a class's reference Clang did not say how it ends
            return self.question("ts::copy(@0@)", (n.Operand(node),), node.span, "copy")
        return self.expression(
            "ts::copy(@0@)", (n.Operand(node),), kind.decayed(), node.span, "copy"
        )

    def convert(self, node: n.Node, target: CppType, span: Span | None) -> n.Node:
        """`node` as a value of a C++ type, implicitly."""
        if isinstance(node.type, CppType) and node.type.name == target.name:
            return node
        op = n.Operand(native_literal(node), target.name, 1)
        if op.native is None:
            return self.expression(
                f"ts::construct<{target.name}>(@0@)", (op,), target, span, target.name, True
            )
        # Asked as a parameter of that type: Clang looks into `convert` only when it compiles it.
        asked = f"static_cast<ts::id<{target.name}> (*)(ts::id<{target.name}>)>(nullptr)(@0@)"
        return self.question(
            f"ts::convert<{target.name}>(@0@)", (op,), span, target.name, asked=asked
        )

    # --- to Lisp and to conditions ----------------------------------------------------------------

    def to_lisp(self, node: n.Node) -> n.Node:
        """A native value as a Lisp value. Raises AnalysisError where its type has none."""
        kind = node.type
        if not isinstance(kind, CppType):
            return node
        if kind.is_void:
            return n.Do((node,), n.Const(None, span=node.span), span=node.span)
        if isinstance(node, n.NativeConst):
            known = OF_LITERALS.get(type(node.value), OBJECT)
            return n.Const(node.value, span=node.span, type=known)
        if isinstance(node, n.If):
            then, otherwise = self.to_lisp(node.then), self.to_lisp(node.otherwise)
            return n.If(node.test, then, otherwise, span=node.span)
        if isinstance(node, n.Let):
            return n.Let(node.bindings, self.to_lisp(node.body), span=node.span)
        if isinstance(node, n.Do):
            return n.Do(node.statements, self.to_lisp(node.value), span=node.span)
        if not kind.has(Flag.CONVERTIBLE):
            raise AnalysisError(
                "this C++ value has no Lisp value",
                node.span,
                expected="a number, bool, string, enum or a container of them, "
                "or a box of a pointer: (cpp/box …)",
                found=kind.name,
            )
        return n.ToLisp(node, span=node.span, type=lisp_type(kind))

    def truth(self, node: n.Node) -> n.Node:
        """A value as a condition."""
        kind = node.type
        if not isinstance(kind, CppType):
            return node
        if kind.unknown:
            return n.Truth(node, span=node.span)
        if kind.is_void:
            return self.to_lisp(node)
        if isinstance(node, n.NativeConst) and kind.has(Flag.BOOL | Flag.NULLPTR):
            return n.Const(bool(node.value), span=node.span)
        if kind.has(Flag.BOOL):
            return n.Truth(node, span=node.span)
        if kind.has(Flag.POINTER | Flag.CONTEXTUAL_BOOL):
            made = self.expression(
                "static_cast<bool>(@0@)", (n.Operand(node),), BUILTIN["bool"], node.span, "bool"
            )
            return n.Truth(made, span=node.span)
        if kind.has(Flag.CLASS):
            raise AnalysisError(
                "this C++ object cannot be a condition",
                node.span,
                expected="a conversion to bool",
                found=kind.name,
            )
        return n.Do((node,), n.Const(True), span=node.span)
