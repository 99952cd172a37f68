"""From interop as written to C++ expressions: one rule per form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string, fold, is_literal, native_literal, native_text
from runtime.analysis.operands import (
    UNKNOWN,
    boxed_now,
    class_name,
    commas,
    declval,
    is_plain,
    lisp_name,
)
from runtime.analysis.ownership import holds_of
from runtime.analysis.types import (
    BUILTIN,
    C_STRING,
    NULLPTR,
    OBJECT,
    CppType,
    Flag,
    LispType,
    builtin,
)
from runtime.analysis.variadics import Variadics
from runtime.cling.oracle import Answer, Question, Rejected
from runtime.core.records import Fields
from runtime.core.values import Keyword
from runtime.errors import AnalysisError, CppError, Span
from runtime.namespaces import Var

_CALLABLE_TYPE = re.compile(r"[\w:]+(<.*>)?")  # `T(x)` needs a type of one word
_LIKE_CONSTANT = re.compile(r"(^|::)(k?[A-Z]\w*)$")  # asked for its value along with its type
_ASSIGNMENTS = frozenset(["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="])
_PREFIX = frozenset(["*", "&", "!", "~", "-", "+", "++", "--"])


class InteropRules(Variadics):
    """What `Inference` knows of the interop forms."""

    core: Mapping[str, Var]

    def lower(self, node: n.Interop, args: tuple[n.Node, ...]) -> n.Node:
        """The rule of the form that `node.op` names."""
        rule = getattr(self, "_" + node.op.replace("-", "_"))
        return rule(node, args)

    def _name(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if node.name in ("true", "false"):
            return n.NativeConst(
                node.name == "true", node.name, span=node.span, type=BUILTIN["bool"]
            )
        if node.name == "nullptr":
            return n.NativeConst(None, "nullptr", span=node.span, type=NULLPTR)
        if builtin(node.name) is not None:
            raise AnalysisError(
                f"{node.name} is a type, not a value",
                node.span,
                expected=f"({lisp_name(node.name)}. …)",
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
                    f"{node.name} is a type, not a value",
                    node.span,
                    expected=f"({lisp_name(node.name)}. …)",
                ) from None
            kind = UNKNOWN
        if (
            kind.has(Flag.ENUM | Flag.INTEGER | Flag.BOOL)
            and not kind.is_reference
            and not kind.unknown
        ):
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
        return isinstance(
            self.oracle.known(Question("type", f"{callee}({declval(ops[0])})")), Rejected
        )

    def call_text(
        self,
        callee: str,
        label: str,
        ops: list[n.Operand],
        node: n.Interop,
        address: str,
        before: list[n.Operand],
    ) -> n.Node:
        """A call of a function or member; `before` are operands inside the callee's text."""
        first = len(before)

        def text(count: int) -> str:
            return f"{callee}({commas([f'@{first + i}@' for i in range(count)])})"

        fixed = self.variadic(address, ops) if address else None
        asked = (
            text(len(ops)).replace("(@0@)->", "(@0@).").replace("(@0@).", "ts::reach(@0@).")
            if before
            else text(len(ops))
        )
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
        if (
            len(ops) == 1
            and ops[0].native is None
            and not isinstance(self.ask("named", target), Rejected)
        ):
            text = f"ts::construct<{target}>(@0@)"
        else:
            text = f"{spelled}({commas([f'@{i}@' for i in range(len(ops))])})"
        kind = self.type_of(text, ops, node.span, target)
        plain = (
            not kind.unknown
            and kind.has(Flag.TRIVIAL_DESTRUCTOR)
            and all(is_plain(op.node) for op in ops)
        )
        return self.expression(text, ops, kind, node.span, target, simple=plain)

    def scalar(self, kind: CppType, ops: Sequence[n.Operand], node: n.Interop) -> n.Node:
        """`(cpp/float. x)` and the like; constants fold."""
        if len(ops) > 1:
            raise AnalysisError(
                f"{kind.name} is made of one value", node.span, f"(cpp/{kind.name}. value)"
            )
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
        ops = self.operands(args, "delete")  # the boxes of the object are emptied
        text = "delete ts::given_up(@0@)"
        return self.question(text, ops, node.span, "delete", asked="delete @0@")

    def _method(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        owner, access = self.owner(node, args[0])
        kind = owner.node.type
        assert isinstance(kind, CppType)
        ops = self.operands(args[1:], f"{class_name(kind)}::{node.name}")
        address = "" if kind.unknown else f"{class_name(kind)}::{node.name}"
        return self.call_text(
            f"(@0@){access}{node.name}",
            f"{class_name(kind)}::{node.name}",
            ops,
            node,
            address,
            [owner],
        )

    def _member(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        owner, access = self.owner(node, args[0])
        kind = owner.node.type
        assert isinstance(kind, CppType)
        label = f"{class_name(kind)}::{node.name}"
        text, asked = f"(@0@){access}{node.name}", f"ts::reach(@0@).{node.name}"
        if kind.has(Flag.CLASS) and not kind.is_reference:  # a member of a temporary: its value
            return self.question(
                f"ts::copy({text})", (owner,), node.span, label, asked=f"ts::copy({asked})"
            )
        return self.question(text, (owner,), node.span, label, simple=True, asked=asked)

    def _any_method(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if self.is_lisp_object(args[0]):
            return self.core_call("method*", node, args)
        return self._method(node, args)

    def _any_member(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if self.is_lisp_object(args[0]):
            return self.core_call("member*", node, args)
        return self._member(node, args)

    def _set_member(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        if self.is_lisp_object(args[0]):
            return self.core_call("set-member*", node, args)
        return self.binary("=", self._member(node, args[:1]), args[1], node)

    @staticmethod
    def is_lisp_object(value: n.Node) -> bool:
        """Whether it may be a record or an object of a type."""
        if isinstance(value, n.Const):
            return isinstance(value.value, Fields)
        return value.type == OBJECT and not boxed_now(value)

    def core_call(self, name: str, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        """A call of a core function with the object, the member's name and the rest."""
        owner, *rest = [self.to_lisp(arg) for arg in args]
        var = n.VarRef(self.core[name], span=node.span)
        called = n.Const(Keyword(node.name), span=node.span)
        return n.Call(var, (owner, called, *rest), span=node.span)

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
                f"{label} needs {wanted}",
                value.span,
                expected=f"{wanted}; of a box: (cpp/unbox {target} …)",
                found="a Lisp value",
            )

    def _operator(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        sign = node.name
        if not args:
            raise AnalysisError(f"cpp/{sign} needs operands", node.span, f"(cpp/{sign} a b)")
        if len(args) == 1:
            if sign not in _PREFIX:
                raise AnalysisError(
                    f"cpp/{sign} takes two operands", node.span, f"(cpp/{sign} a b)"
                )
            self.need_native(native_literal(args[0]), f"cpp/{sign}", "a C++ value")
            simple = sign not in ("++", "--") and is_plain(args[0])
            return self.question(
                f"{sign}@0@", self.operands(args, sign), node.span, f"operator{sign}", simple
            )
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
        if sign in _ASSIGNMENTS and isinstance(left.type, LispType):
            raise AnalysisError(
                "a Lisp value cannot be assigned to",
                left.span or node.span,
                expected="a C++ place; of set! also a dynamic var or a ^:mutable field",
                found="a Lisp value",
            )
        a, b = self.operands((left, right), f"operator{sign}")
        text = "@0@[@1@]" if sign == "aget" else f"@0@ {sign} @1@"
        if a.native is None and b.native is None:
            raise AnalysisError(
                f"cpp/{sign} needs a C++ operand",
                node.span,
                expected="a native value, or Clojure's own operator",
                found="two Lisp values",
            )
        if b.native is None and a.native is not None and a.native.is_scalar:
            text = text.replace("@1@", f"ts::construct<{a.native.value}>(@1@)")
        elif a.native is None and b.native is not None and b.native.is_scalar:
            text = text.replace("@0@", f"ts::construct<{b.native.value}>(@0@)")
        if (a.native is None or b.native is None) and any(
            op.native and op.native.unknown for op in (a, b)
        ):
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
        return self.question(
            text, self.operands(args, "cpp/cast"), node.span, f"static_cast<{node.name}>"
        )

    def _unsafe_cast(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        self.need_native(native_literal(args[0]), "cpp/unsafe-cast", "a C++ value")
        return self.question(
            f"(ts::id<{node.name}>)(@0@)",
            self.operands(args, "cpp/unsafe-cast"),
            node.span,
            node.name,
        )

    def _box(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        value = args[0]
        self.need_native(value, "cpp/box", "a pointer")
        kind = value.type
        assert isinstance(kind, CppType)
        if not kind.unknown and not kind.has(Flag.POINTER):
            raise AnalysisError(
                "cpp/box takes a pointer",
                node.span,
                expected="a pointer: (cpp/new T …) or (cpp/& x)",
                found=kind.name,
            )
        return n.Box(value, holds_of(value), span=node.span, type=LispType("object", kind.value))

    def _unbox(self, node: n.Interop, args: Sequence[n.Node]) -> n.Node:
        value = args[0]
        if isinstance(value.type, CppType):
            raise AnalysisError(
                "cpp/unbox takes a box",
                node.span,
                expected="a Lisp value made by cpp/box",
                found=value.type.name,
            )
        if node.target is None:
            target: str = value.type.boxed or boxed_now(value)
            if not target:
                raise AnalysisError(
                    "what this box holds is not known here",
                    node.span,
                    expected="(cpp/unbox type box)",
                    found="(cpp/unbox box)",
                )
        else:
            target = node.target.text
        op = n.Operand(value, "cpp/unbox", 1)
        return self.question(
            f"ts::unbox<{target}>(@0@)", (op,), node.span, f"unbox<{target}>", simple=True
        )

    def invoke_native(self, fn: n.Node, args: Sequence[n.Node], node: n.Call) -> n.Node:
        """A call of a native function pointer, reference or object with `operator()`."""
        kind = fn.type
        assert isinstance(kind, CppType)
        ops = [n.Operand(fn), *self.operands(args, "this C++ value")]
        text = f"(@0@)({commas([f'@{i + 1}@' for i in range(len(args))])})"
        return self.question(text, ops, node.span, f"{kind.name} call")
