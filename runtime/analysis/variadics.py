"""Calls of C variadics: arguments behind the ellipsis as the directives of a literal format want them."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string, fold, native_text
from runtime.analysis.expressions import Expressions
from runtime.analysis.operands import could_be_text, has_directive
from runtime.analysis.printf import Directive, directives
from runtime.analysis.types import BUILTIN, C_STRING, CppType, Flag
from runtime.cling.oracle import Rejected
from runtime.errors import AnalysisError, Span


class Variadics(Expressions):
    """What `Inference` knows of printf and its like."""

    def variadic(self, callee: str, ops: Sequence[n.Operand]) -> int | None:
        """How many parameters stand before the ellipsis of a printf-like callee; None or -1 when it is none.

        Only asked where it can matter: a string that could be a format has something behind it or is
        itself unknown text.
        """
        suspicious = any(
            could_be_text(op) and (i < len(ops) - 1 or op.native is None or has_directive(op.node))
            for i, op in enumerate(ops)
        )
        if not suspicious:
            return None
        answer = self.ask("variadic", callee)
        if answer is None:
            return None
        return None if isinstance(answer, Rejected) else answer.fixed

    def printf_operands(
        self, ops: list[n.Operand], fixed: int, label: str, span: Span | None
    ) -> list[n.Operand]:
        """A variadic call's operands, those behind the ellipsis converted by the format's directives."""
        if not 0 < fixed <= len(ops):
            return ops
        form, rest = ops[fixed - 1], ops[fixed:]
        text = form.node.value if isinstance(form.node, n.NativeConst) else None
        if not isinstance(text, str):
            if not rest and could_be_text(form):  # text, not a format: printed as it is
                safe = n.NativeConst("%s", '"%s"', span=span, type=C_STRING)
                return [
                    *ops[: fixed - 1],
                    n.Operand(safe),
                    self.vararg(form, Directive("%s", "char const *"), span),
                ]
            if any(op.native is None for op in rest):
                raise AnalysisError(
                    f"{label} takes Lisp values only after a literal format",
                    span,
                    expected='a literal format: #cpp "…" or "…"',
                    found="a format that is computed",
                )
            return ops
        wanted = directives(text)
        if isinstance(wanted, str):
            raise AnalysisError(f"bad format: {wanted}", form.node.span or span, found=repr(text))
        if len(wanted) != len(rest):
            raise AnalysisError(
                f"the format takes {len(wanted)} argument{'s' if len(wanted) != 1 else ''}",
                span,
                expected=f"{len(wanted)} after {c_string(text)}",
                found=f"{len(rest)}",
            )
        return [
            *ops[:fixed],
            *(self.vararg(op, d, span) for op, d in zip(rest, wanted, strict=True)),
        ]

    def vararg(self, op: n.Operand, directive: Directive, span: Span | None) -> n.Operand:
        """One argument behind the ellipsis as its directive wants it."""
        native, wants, node = op.native, BUILTIN.get(directive.wants), op.node
        if native is None:
            kind = BUILTIN.get(directive.of_lisp) or CppType(directive.of_lisp, C_STRING.flags, 8)
            text = f"ts::construct<{directive.of_lisp}>(@0@)"
            made = self.expression(text, (op,), kind, node.span or span, op.callee, simple=True)
            return n.Operand(made, op.callee, op.arg)
        if native.unknown or directive.accepts(native):
            return op
        if (
            isinstance(node, n.NativeConst)
            and node.lisp
            and wants is not None
            and not isinstance(node.value, str)
        ):
            folded = fold(wants, node.value) if node.value is not None else None
            if folded is not None and not (
                isinstance(node.value, float) and wants.has(Flag.INTEGER)
            ):
                const = n.NativeConst(
                    folded, native_text(wants, folded), span=node.span, type=wants
                )
                return n.Operand(const, op.callee, op.arg)
        raise AnalysisError(
            f"{directive.text} cannot print a {native.value}",
            node.span or span,
            expected=f"a {directive.wants} for {directive.text}",
            found=native.name,
        )
