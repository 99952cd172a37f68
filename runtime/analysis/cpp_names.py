"""How interop is written: which symbols name C++, and the type language of `(:* t)`, `(tmpl a …)` …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from sys import intern
from typing import Any

from runtime.analysis.types import builtin
from runtime.core.kinds import PVector
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import AnalysisError, Span, found_text
from runtime.namespaces import Namespace
from runtime.reader.forms import CppLiteral

ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "++", "--")
OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", *ASSIGNMENTS)
) | frozenset(("&&", "||", "!", "&", "|", "^", "~", "<<", ">>", "aget"))
SPECIALS = frozenset(
    ("raw", "cast", "unsafe-cast", "new", "delete", "box", "unbox", "type", "value")
) | {
    "nullptr",
    "true",
    "false",
}
PREFIX_KEYWORDS = {
    "const": "{} const",
    "volatile": "{} volatile",
    "signed": "signed {}",
    "unsigned": "unsigned {}",
    "long": "long {}",
    "short": "short {}",
}
_TYPE_KEYWORDS = frozenset(
    ("*", "&", "const", "array", "fn", "unsigned", "signed", "long", "short")
)
_TYPE = Symbol("type", "cpp")
_SIMPLE = re.compile(r"^[\w:<>, ]+[\s*]*$")


@dataclass(frozen=True, slots=True)
class CppName:
    """What a symbol says in C++. `kind` is "entity", "construct", "method", "member", "operator",
    "special", or "any-method" and "any-member" of what may be a Lisp object too; `text` the qualified
    name, or the bare member, operator or special form."""

    kind: str
    text: str


def cpp_name(sym: Symbol, ns: Namespace) -> CppName | None:
    """How `sym` names C++ in `ns`, or None when it is a Lisp name."""
    name = sym.name
    if sym.ns is None:
        if name.startswith(".-") and len(name) > 2:
            return CppName("any-member", name[2:])
        if name.startswith(".") and len(name) > 1 and name != "..":
            return CppName("any-method", name[1:])
        if name in ns.cpp_globals:
            return CppName("entity", scoped(name))
        if name.endswith(".") and name[:-1] in ns.cpp_globals:
            return CppName("construct", scoped(name[:-1]))
        return None
    if sym.ns == "cpp":
        if name.startswith(".-"):
            return CppName("member", name[2:])
        if name in OPERATORS:
            return CppName("operator", name)
        if name in SPECIALS:
            return CppName("special", name)
        if name.startswith("."):
            return CppName("method", name[1:])
        scope = ""
    elif sym.ns in ns.cpp_aliases:
        scope = ns.cpp_aliases[sym.ns].scope
    else:
        return None
    kind = "construct" if name.endswith(".") else "entity"
    text = scoped(name.removesuffix("."))
    return CppName(kind, intern(f"{scope}::{text}" if scope else text))


def scoped(name: str) -> str:
    """`a.b.c` is `a::b::c`; a name of a builtin type's alias is that type."""
    text = name.replace(".", "::")
    stem = text.rstrip("*&")
    known = builtin(stem)
    return known.name + text[len(stem) :] if known and "::" not in stem else text


def pointer_to(text: str) -> str:
    return f"{text} *" if _SIMPLE.match(text) else f"std::add_pointer_t<{text}>"


def type_text(form: Any, ns: Namespace, span: Span | None) -> str:
    """The C++ spelling of a form of the type DSL. Raises AnalysisError for what is none."""
    if isinstance(form, CppLiteral):
        return form.form if isinstance(form.form, str) else type_text(form.form, ns, form.span)
    if type(form) is int:
        return str(int(form))
    if form is True or form is False:
        return "true" if form else "false"
    if type(form) is Symbol:
        named = cpp_name(form, ns)
        if named is None:
            return scoped(form.name)
        if named.kind in ("entity", "construct"):
            return named.text
        if named.kind == "special" and form.name in ("true", "false", "nullptr"):
            return form.name
    if type(form) is List and len(form):
        return _type_of_list(form, ns, form.span or span)
    raise AnalysisError(
        "this is not a C++ type",
        span,
        expected='a type\'s name, (:* t), (:& t), (:const t), (template t …) or (cpp/type "…")',
        found=found_text(form),
    )


def _type_of_list(form: List, ns: Namespace, span: Span | None) -> str:
    head, args = form.first(), list(form)[1:]

    def inner(index: int) -> str:
        if index >= len(args):
            raise AnalysisError(f"{head} needs a type", span, found=found_text(form))
        return type_text(args[index], ns, span)

    if type(head) is Keyword:
        match head.name:
            case "*":
                return pointer_to(inner(0))
            case "&":
                return (
                    f"{inner(0)} &"
                    if _SIMPLE.match(inner(0))
                    else f"std::add_lvalue_reference_t<{inner(0)}>"
                )
            case "&&":
                return f"std::add_rvalue_reference_t<{inner(0)}>"
            case "array":
                size = inner(1) if len(args) > 1 else ""
                return f"std::type_identity_t<{inner(0)}[{size}]>"
            case "fn":
                if len(args) != 2 or not isinstance(args[1], PVector):
                    raise AnalysisError(
                        "(:fn result [parameter …]) was expected", span, found=found_text(form)
                    )
                params = ", ".join(type_text(a, ns, span) for a in args[1])
                return f"{inner(0)} ({params})"
            case "member":
                return f"{inner(0)}::{args[1]}"
            case "member*":
                return f"std::type_identity_t<{inner(1)} {inner(0)}::*>"
            case "&member":
                return f"decltype(&{inner(0)}::{args[1]})"
            case name if name in PREFIX_KEYWORDS and len(args) == 1:
                return PREFIX_KEYWORDS[name].format(inner(0))
        raise AnalysisError(
            f"{head} is not part of the type language", span, found=found_text(form)
        )
    if type(head) is Symbol and head.ns == "cpp" and head.name == "type":
        if len(args) == 1 and isinstance(args[0], str):
            return args[0]
        raise AnalysisError('(cpp/type "…") takes one string', span, found=found_text(form))
    params = ", ".join(type_text(a, ns, span) for a in args)
    return f"{type_text(head, ns, span)}<{params}>"


def is_type_form(form: Any) -> bool:
    """Whether a list in call position is a type of the DSL that is constructed: `((:* t) x)`."""
    if type(form) is not List or not len(form):
        return isinstance(form, CppLiteral)
    head = form.first()
    if type(head) is Keyword:
        return head.name in _TYPE_KEYWORDS
    return head == _TYPE
