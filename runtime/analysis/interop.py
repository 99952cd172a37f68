"""From interop as written to C++ expressions: one rule per form, types by asking Clang.

A Lisp value among the operands takes part as `ts::dyn`, which converts to whatever the chosen parameter
is; literals take part with the C++ type they look like.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import NoReturn

from runtime.analysis import nodes as n
from runtime.analysis.printf import Directive, directives
from runtime.analysis.types import (
    BOOL,
    BUILTIN,
    C_STRING,
    DOUBLE,
    INT,
    NULLPTR,
    OBJECT,
    CppType,
    Flag,
    LispType,
    builtin,
)
from runtime.cling.diagnostics import notes_of, readable
from runtime.cling.oracle import Answer, Question, Rejected, TypeOracle
from runtime.errors import AnalysisError, CppError, Span
from runtime.native._support import CppValue

UNKNOWN = CppType("", Flag.CONVERTIBLE)  # stands in while an answer is missing
INT_MAX = (1 << 31) - 1
_PLACEHOLDER = re.compile(r"@(\d+)@")
_CALLABLE_TYPE = re.compile(r"[\w:]+(<.*>)?")  # `T(x)` needs a type of one word
_LIKE_CONSTANT = re.compile(r"(^|::)(k?[A-Z]\w*)$")  # asked for its value along with its type
_ABOUT_OPERANDS = ("no matching", "no viable", "ambiguous", "cannot", "drops", "too few", "too many", "invalid operands")
_ASSIGNMENTS = frozenset(["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="])
_PREFIX = frozenset(["*", "&", "!", "~", "-", "+", "++", "--"])


def commas(texts: Sequence[str]) -> str:
    return ", ".join(texts)


def fill(text: str, parts: Sequence[str]) -> str:
    """`text` with `parts` in the place of its placeholders."""
    return _PLACEHOLDER.sub(lambda m: parts[int(m[1])], text)


def c_string(text: str) -> str:
    """A C++ string literal."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\?':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


class InteropRules:
    """What `Inference` knows of C++. `questions` collects what Clang must be asked first."""

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

    def type_of(self, text: str, operands: Sequence[n.Operand], span: Span | None, label: str) -> CppType:
        """`decltype` of an expression; an unknown type while the answer, or one it depends on, is missing."""
        needs: list[Question] = []
        parts: list[str] = []
        for op in operands:
            kind = op.native
            if kind is not None and kind.unknown:
                if kind.pending is None:
                    return UNKNOWN
                parts.append(f"std::declval<${len(needs)}{'&' if kind.has(Flag.LVALUE) else ''}$>()")
                needs.append(kind.pending)
            else:
                parts.append(declval(op))
        return self.answered(Question("type", fill(text, parts), tuple(needs)), operands, span, label)

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
        return CppType(answer.name, answer.flags, answer.size)

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
            expected = "Lisp values cast to the parameter's type where overloads differ: (cpp/int x), (cpp/float x) …"
        raise CppError(message, span, expected=expected, found=found, notes=notes)

    # --- building ---------------------------------------------------------------------------------

    def expression(
        self, text: str, operands: Sequence[n.Operand], kind: CppType, span: Span | None, label: str,
        simple: bool = False,
    ) -> n.CppExpr:
        """A `CppExpr` into which its simple operands are written."""
        parts: list[str] = []
        flat: list[n.Operand] = []
        for op in operands:
            node = op.node
            if isinstance(node, n.CppExpr) and node.simple and not node.type.unknown:
                base = len(flat)
                parts.append("(" + _PLACEHOLDER.sub(lambda m: f"@{base + int(m[1])}@", node.text) + ")")
                flat += node.operands
            else:
                parts.append(f"@{len(flat)}@")
                flat.append(op)
        return n.CppExpr(fill(text, parts), tuple(flat), label, simple, span=span, type=kind)

    def question(
        self, text: str, operands: Sequence[n.Operand], span: Span | None, label: str, simple: bool = False,
        asked: str = "",
    ) -> n.CppExpr:
        """An expression whose type Clang tells; `asked` is the text to ask with where it is another."""
        kind = self.type_of(asked or text, operands, span, label)
        return self.expression(text, operands, kind, span, label, simple)

    def operands(self, args: Sequence[n.Node], callee: str, start: int = 1) -> list[n.Operand]:
        """The arguments of a call: Lisp literals as C++ ones, other Lisp values as conversions."""
        return [n.Operand(native_literal(a), callee, start + i) for i, a in enumerate(args)]

    def copied(self, node: n.Node) -> n.Node:
        """A native value of its own: a copy, or what was moved from an rvalue."""
        kind = node.type
        assert isinstance(kind, CppType)
        if kind.has(Flag.CLASS) and not kind.unknown:  # of a class's reference Clang did not say how it ends
            return self.question("ts::copy(@0@)", (n.Operand(node),), node.span, "copy")
        return self.expression("ts::copy(@0@)", (n.Operand(node),), kind.decayed(), node.span, "copy")

    def convert(self, node: n.Node, target: CppType, span: Span | None) -> n.Node:
        """`node` as a value of a C++ type, implicitly."""
        if isinstance(node.type, CppType) and node.type.name == target.name:
            return node
        op = n.Operand(native_literal(node), target.name, 1)
        if op.native is None:
            return self.expression(f"ts::construct<{target.name}>(@0@)", (op,), target, span, target.name, True)
        # Asked as a parameter of that type: Clang looks into `convert` only when it compiles it.
        asked = f"static_cast<ts::id<{target.name}> (*)(ts::id<{target.name}>)>(nullptr)(@0@)"
        return self.question(f"ts::convert<{target.name}>(@0@)", (op,), span, target.name, asked=asked)

    # --- to Lisp and to conditions ----------------------------------------------------------------

    def to_lisp(self, node: n.Node) -> n.Node:
        """A native value as a Lisp value. Raises AnalysisError where its type has none."""
        kind = node.type
        if not isinstance(kind, CppType):
            return node
        if kind.is_void:
            return n.Do((node,), n.Const(None, span=node.span), span=node.span)
        if isinstance(node, n.NativeConst):
            return n.Const(node.value, span=node.span)
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
                expected="a number, bool, string, enum or a container of them, or a box of a pointer: (cpp/box …)",
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
                "this C++ object cannot be a condition", node.span, expected="a conversion to bool", found=kind.name
            )
        return n.Do((node,), n.Const(True), span=node.span)

    # --- the forms --------------------------------------------------------------------------------

    def lower(self, node: n.Interop, args: tuple[n.Node, ...], discarded: bool) -> n.Node:
        """The rule of the form that `node.op` names."""
        rule = getattr(self, "_" + node.op.replace("-", "_"))
        return rule(node, args)  # type: ignore[no-any-return]

    def _name(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if node.name in ("true", "false"):
            return n.NativeConst(node.name == "true", node.name, span=node.span, type=BUILTIN["bool"])
        if node.name == "nullptr":
            return n.NativeConst(None, "nullptr", span=node.span, type=NULLPTR)
        if builtin(node.name) is not None:
            raise AnalysisError(
                f"{node.name} is a type, not a value", node.span, expected=f"({lisp_name(node.name)}. …)"
            )
        constant = bool(_LIKE_CONSTANT.search(node.name))
        try:
            question = Question("value" if constant else "type", node.name)
            kind = self.answered(question, (), node.span, node.name)
        except CppError:
            answer = self.ask("named", node.name)
            if isinstance(answer, Rejected):
                raise
            if answer is not None:
                raise AnalysisError(
                    f"{node.name} is a type, not a value", node.span, expected=f"({lisp_name(node.name)}. …)"
                ) from None
            kind = UNKNOWN
        if kind.has(Flag.ENUM | Flag.INTEGER | Flag.BOOL) and not kind.is_reference and not kind.unknown:
            answer = self.ask("value", node.name)
            if isinstance(answer, Answer):
                value = bool(answer.constant) if kind.has(Flag.BOOL) else answer.constant
                return n.NativeConst(value, node.name, span=node.span, type=kind)
        return self.expression(node.name, (), kind, node.span, node.name, simple=True)

    def _literal(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        return n.NativeConst(node.name, c_string(node.name), span=node.span, type=C_STRING)

    def _call(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if builtin(node.name) is not None or node.name.endswith(("*", "&")):
            return self._construct(node, args)
        ops = self.operands(args, node.name)
        if len(ops) == 1 and ops[0].native is None and self.is_rejected(node.name, ops):
            named = self.ask("named", node.name)
            if isinstance(named, Answer):  # `(T x)` constructs, as `(T. x)` does
                return self._construct(node, args)
        return self.call_text(node.name, node.name, ops, node, node.name, [])

    def is_rejected(self, callee: str, ops: Sequence[n.Operand]) -> bool:
        """Whether Clang is known to refuse a call of `callee` with one operand."""
        return isinstance(self.oracle.known(Question("type", f"{callee}({declval(ops[0])})")), Rejected)

    def call_text(
        self, callee: str, label: str, ops: list[n.Operand], node: n.Interop, address: str, before: list[n.Operand]
    ) -> n.Node:
        """A call of a function or member; `before` are operands inside the callee's text."""
        first = len(before)

        def text(count: int) -> str:
            return f"{callee}({commas([f'@{first + i}@' for i in range(count)])})"

        fixed = self.variadic(address, ops) if address else None
        asked = text(len(ops)).replace("(@0@)->", "(@0@).").replace("(@0@).", "ts::reach(@0@).") if before else text(len(ops))
        kind = self.type_of(asked, [*before, *ops], node.span, label)
        if fixed is not None and fixed >= 0:
            ops = self.printf_operands(ops, fixed, label, node.span)
        return self.expression(text(len(ops)), [*before, *ops], kind, node.span, label)

    def _construct(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        target = node.target.text if node.target is not None else node.name
        ops = self.operands(args, target)
        known = builtin(target)
        if known is not None:
            return self.scalar(known, ops, node)
        spelled = target if _CALLABLE_TYPE.fullmatch(target) else f"ts::id<{target}>"
        if len(ops) == 1 and ops[0].native is None and not isinstance(self.ask("named", target), Rejected):
            text = f"ts::construct<{target}>(@0@)"
        else:
            text = f"{spelled}({commas([f'@{i}@' for i in range(len(ops))])})"
        kind = self.type_of(text, ops, node.span, target)
        plain = not kind.unknown and kind.has(Flag.TRIVIAL_DESTRUCTOR) and all(is_plain(op.node) for op in ops)
        return self.expression(text, ops, kind, node.span, target, simple=plain)

    def scalar(self, kind: CppType, ops: Sequence[n.Operand], node: n.Interop) -> n.Node:
        """`(cpp/float. x)` and the like; constants fold."""
        if len(ops) > 1:
            raise AnalysisError(f"{kind.name} is made of one value", node.span, f"(cpp/{kind.name}. value)")
        if not ops:
            zero = False if kind.has(Flag.BOOL) else 0.0 if kind.has(Flag.FLOAT) else 0
            return n.NativeConst(zero, f"{kind.name}()", span=node.span, type=kind)
        value = ops[0].node
        if isinstance(value, n.NativeConst) and isinstance(value.value, (int, float)):
            folded = fold(kind, value.value)
            if folded is not None:
                return n.NativeConst(folded, native_text(kind, folded), span=node.span, type=kind)
        if ops[0].native is None:
            text = f"ts::construct<{kind.name}>(@0@)"
            return self.expression(text, ops, kind, node.span, kind.name, simple=True)
        text = f"static_cast<{kind.name}>(@0@)"
        self.type_of(text, ops, node.span, kind.name)
        return self.expression(text, ops, kind, node.span, kind.name, simple=is_plain(value))

    def _new(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        ops = self.operands(args, f"new {node.name}")
        if len(ops) == 1 and ops[0].native is None:
            text = f"new ts::id<{node.name}>(ts::construct<{node.name}>(@0@))"
        else:
            text = f"new ts::id<{node.name}>({commas([f'@{i}@' for i in range(len(ops))])})"
        return self.question(text, ops, node.span, f"new {node.name}")

    def _delete(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        self.need_native(args[0], "cpp/delete", "a pointer")
        return self.question("delete @0@", self.operands(args, "delete"), node.span, "delete")

    def _method(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        owner, access = self.owner(node, args[0])
        kind = owner.node.type
        assert isinstance(kind, CppType)
        ops = self.operands(args[1:], f"{class_name(kind)}::{node.name}")
        address = "" if kind.unknown else f"{class_name(kind)}::{node.name}"
        return self.call_text(f"(@0@){access}{node.name}", f"{class_name(kind)}::{node.name}", ops, node, address, [owner])

    def _member(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        owner, access = self.owner(node, args[0])
        kind = owner.node.type
        assert isinstance(kind, CppType)
        label = f"{class_name(kind)}::{node.name}"
        text, asked = f"(@0@){access}{node.name}", f"ts::reach(@0@).{node.name}"
        if kind.has(Flag.CLASS) and not kind.is_reference:  # a member of a temporary: its value
            return self.question(f"ts::copy({text})", (owner,), node.span, label, asked=f"ts::copy({asked})")
        return self.question(text, (owner,), node.span, label, simple=True, asked=asked)

    def owner(self, node: n.Interop, value: n.Node) -> tuple[n.Operand, str]:
        """The object of a member form, and how its member is reached."""
        self.need_native(value, f".{node.name}", "a C++ object or pointer")
        kind = value.type
        assert isinstance(kind, CppType)
        return n.Operand(value), "->" if kind.has(Flag.POINTER) else "."

    def need_native(self, value: n.Node, label: str, wanted: str) -> None:
        """Raises AnalysisError, which says how to get a native value, where `value` is a Lisp one."""
        if isinstance(value.type, LispType):
            target = lisp_name(value.type.boxed or boxed_now(value)) or "type"
            raise AnalysisError(
                f"{label} needs {wanted}", value.span, expected=f"{wanted}; of a box: (cpp/unbox {target} …)",
                found="a Lisp value",
            )

    def _operator(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        sign = node.name
        if not args:
            raise AnalysisError(f"cpp/{sign} needs operands", node.span, f"(cpp/{sign} a b)")
        if len(args) == 1:
            if sign not in _PREFIX:
                raise AnalysisError(f"cpp/{sign} takes two operands", node.span, f"(cpp/{sign} a b)")
            self.need_native(native_literal(args[0]), f"cpp/{sign}", "a C++ value")
            simple = sign not in ("++", "--") and is_plain(args[0])
            return self.question(f"{sign}@0@", self.operands(args, sign), node.span, f"operator{sign}", simple)
        if sign in ("!", "~", "++", "--"):
            raise AnalysisError(f"cpp/{sign} takes one operand", node.span, f"(cpp/{sign} a)")
        left = args[0]
        for right in args[1:]:
            left = self.binary(sign, left, right, node)
        return left

    def address(self, name: str, span: Span | None) -> n.Node:
        """`(cpp/& name)`: the address of a variable or function, or a pointer to a member."""
        return self.question(f"&{name}", (), span, f"&{name}")

    def binary(self, sign: str, left: n.Node, right: n.Node, node: n.Interop) -> n.Node:
        """One binary operator. A Lisp operand becomes the type of a number beside it."""
        a, b = self.operands((left, right), f"operator{sign}")
        text = "@0@[@1@]" if sign == "aget" else f"@0@ {sign} @1@"
        if a.native is None and b.native is None:
            raise AnalysisError(
                f"cpp/{sign} needs a C++ operand", node.span, expected="a native value, or Clojure's own operator",
                found="two Lisp values",
            )
        if b.native is None and a.native is not None and a.native.is_scalar:
            text = text.replace("@1@", f"ts::construct<{a.native.value}>(@1@)")
        elif a.native is None and b.native is not None and b.native.is_scalar:
            text = text.replace("@0@", f"ts::construct<{b.native.value}>(@0@)")
        if (a.native is None or b.native is None) and any(op.native and op.native.unknown for op in (a, b)):
            return self.expression(text, (a, b), UNKNOWN, node.span, f"operator{sign}")
        effect = sign in _ASSIGNMENTS
        numbers = all(op.native is None or op.native.is_scalar for op in (a, b))
        simple = not effect and numbers and is_plain(a.node) and is_plain(b.node)
        return self.question(text, (a, b), node.span, f"operator{sign}", simple)

    def _cast(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if isinstance(args[0].type, LispType) and not is_literal(args[0]):
            text = f"ts::construct<{node.name}>(@0@)"
        else:
            text = f"static_cast<{node.name}>(@0@)"
        return self.question(text, self.operands(args, "cpp/cast"), node.span, f"static_cast<{node.name}>")

    def _unsafe_cast(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        self.need_native(native_literal(args[0]), "cpp/unsafe-cast", "a C++ value")
        return self.question(f"(ts::id<{node.name}>)(@0@)", self.operands(args, "cpp/unsafe-cast"), node.span, node.name)

    def _box(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        value = args[0]
        self.need_native(value, "cpp/box", "a pointer")
        kind = value.type
        assert isinstance(kind, CppType)
        if not kind.unknown and not kind.has(Flag.POINTER):
            raise AnalysisError("cpp/box takes a pointer", node.span, expected="a pointer: (cpp/new T …) or (cpp/& x)", found=kind.name)
        return n.Box(value, span=node.span, type=LispType("object", kind.value))

    def _unbox(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        value = args[0]
        if isinstance(value.type, CppType):
            raise AnalysisError("cpp/unbox takes a box", node.span, expected="a Lisp value made by cpp/box", found=value.type.name)
        if node.target is None:
            target: str = value.type.boxed or boxed_now(value)
            if not target:
                raise AnalysisError(
                    "what this box holds is not known here", node.span, expected="(cpp/unbox type box)", found="(cpp/unbox box)"
                )
        else:
            target = node.target.text
        op = n.Operand(value, "cpp/unbox", 1)
        return self.question(f"ts::unbox<{target}>(@0@)", (op,), node.span, f"unbox<{target}>", simple=True)

    def invoke_native(self, fn: n.Node, args: Sequence[n.Node], node: n.Call) -> n.Node:
        """A call of a native function pointer, reference or object with `operator()`."""
        kind = fn.type
        assert isinstance(kind, CppType)
        ops = [n.Operand(fn), *self.operands(args, "this C++ value")]
        text = f"(@0@)({commas([f'@{i + 1}@' for i in range(len(args))])})"
        return self.question(text, ops, node.span, f"{kind.name} call")

    # --- C variadics ------------------------------------------------------------------------------

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
                return [*ops[: fixed - 1], n.Operand(safe), self.vararg(form, Directive("%s", "char const *"), span)]
            if any(op.native is None for op in rest):
                raise AnalysisError(
                    f"{label} takes Lisp values only after a literal format", span,
                    expected='a literal format: #cpp "…" or "…"', found="a format that is computed",
                )
            return ops
        wanted = directives(text)
        if isinstance(wanted, str):
            raise AnalysisError(f"bad format: {wanted}", form.node.span or span, found=repr(text))
        if len(wanted) != len(rest):
            raise AnalysisError(
                f"the format takes {len(wanted)} argument{'s' if len(wanted) != 1 else ''}", span,
                expected=f"{len(wanted)} after {c_string(text)}", found=f"{len(rest)}",
            )
        return [*ops[:fixed], *(self.vararg(op, d, span) for op, d in zip(rest, wanted, strict=True))]

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
        if isinstance(node, n.NativeConst) and node.lisp and wants is not None and not isinstance(node.value, str):
            folded = fold(wants, node.value) if node.value is not None else None
            if folded is not None and not (isinstance(node.value, float) and wants.has(Flag.INTEGER)):
                const = n.NativeConst(folded, native_text(wants, folded), span=node.span, type=wants)
                return n.Operand(const, op.callee, op.arg)
        raise AnalysisError(
            f"{directive.text} cannot print a {native.value}", node.span or span,
            expected=f"a {directive.wants} for {directive.text}", found=native.name,
        )


# --- operands in questions and errors -------------------------------------------------------------


def declval(op: n.Operand) -> str:
    """How an operand takes part in a question."""
    kind = op.native
    if kind is None:
        return "std::declval<ts::dyn>()"
    return f"std::declval<{kind.name}>()"


def operand_name(op: n.Operand) -> str:
    return op.native.name if op.native is not None else "a Lisp value"


def is_literal(node: n.Node) -> bool:
    return isinstance(node, n.Const) and (node.value is None or type(node.value) in (int, float, bool, str))


def native_literal(node: n.Node) -> n.Node:
    """A Lisp literal as the C++ constant it looks like; other nodes as they are."""
    if not is_literal(node):
        return node
    assert isinstance(node, n.Const)
    value = node.value
    if value is None:
        return n.NativeConst(None, "nullptr", True, span=node.span, type=NULLPTR)
    if isinstance(value, bool):
        return n.NativeConst(value, "true" if value else "false", True, span=node.span, type=BUILTIN["bool"])
    if isinstance(value, str):
        return n.NativeConst(value, c_string(value), True, span=node.span, type=C_STRING)
    kind = BUILTIN["double"] if isinstance(value, float) else BUILTIN["int" if -INT_MAX - 1 <= value <= INT_MAX else "long"]
    return n.NativeConst(value, native_text(kind, value), True, span=node.span, type=kind)


def native_text(kind: CppType, value: float | int) -> str:
    """A C++ literal of that type."""
    if kind.has(Flag.BOOL):
        return "true" if value else "false"
    if kind.has(Flag.FLOAT):
        if value != value:
            return f"static_cast<{kind.name}>(__builtin_nan(\"\"))"
        if value in (float("inf"), float("-inf")):
            return f"static_cast<{kind.name}>({'-' if value < 0 else ''}__builtin_inf())"
        return f"{value!r}f" if kind.name == "float" else repr(float(value))
    if kind.name == "int" and value > -INT_MAX:
        return repr(int(value))
    if kind.name in ("long", "long long") and value == -(1 << 63):
        return "(-9223372036854775807L - 1)"
    suffix = {"long": "L", "long long": "LL", "unsigned int": "u", "unsigned long": "UL", "unsigned long long": "ULL"}
    if kind.name in suffix:
        return f"{int(value)}{suffix[kind.name]}"
    return f"static_cast<{kind.name}>({int(value)})"


def fold(kind: CppType, value: float | int) -> float | int | bool | None:
    """The constant `value` as that arithmetic type, or None where C++ leaves it open."""
    if kind.has(Flag.BOOL):
        return bool(value)
    if kind.has(Flag.FLOAT):
        if kind.size == 4:
            try:
                return float(struct.unpack("f", struct.pack("f", float(value)))[0])
            except OverflowError:
                return None
        return float(value)
    if kind.name == "char" or value != value or value in (float("inf"), float("-inf")):
        return None
    whole = int(value)
    bits = 8 * kind.size
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.has(Flag.SIGNED) else (0, (1 << bits) - 1)
    if isinstance(value, float):
        return whole if low <= whole <= high else None
    wrapped = whole & ((1 << bits) - 1)
    return wrapped - (1 << bits) if wrapped > high else wrapped


def is_plain(node: n.Node) -> bool:
    """Whether evaluating it has no effect of its own, so that its text may move into its user's."""
    if isinstance(node, n.CppExpr):
        return node.simple
    return isinstance(node, (n.Const, n.NativeConst, n.LocalRef, n.VarRef))


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
    if (kind.has(Flag.INTEGER) and kind.value != "char" and (kind.size < 8 or kind.has(Flag.SIGNED))) or kind.has(Flag.ENUM):
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
