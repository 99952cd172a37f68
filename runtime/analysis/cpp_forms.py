"""How C++ interop forms are analysed: they stay as written, in `Interop` nodes that inference resolves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.analysis import nodes as n
from runtime.analysis.cpp_names import type_text
from runtime.analysis.scope import Scope
from runtime.core.values import List
from runtime.errors import Span
from runtime.reader.forms import CppLiteral

if TYPE_CHECKING:
    from runtime.analysis.analyser import Analyser


def interop(
    a: Analyser, kind: str, text: str, form: List, scope: Scope, span: Span | None
) -> n.Node:
    """A list whose head means something in C++; `kind` and `text` are what `cpp_name` made of the head."""
    if kind == "special":
        return cpp_special(a, text, form, scope, span)
    args = a.items(form, scope, 1, span)
    match kind:
        case "entity":
            return n.Interop("call", text, args, span=span)
        case "construct":
            return n.Interop("construct", text, args, n.TypeName(text), span=span)
        case "operator":
            return n.Interop("operator", text, args, span=span)
    if not args:
        a.fail(f".{text} needs an object", span, f"(.{text} object …)", form)
    if kind.endswith("member") and len(args) != 1:
        a.fail(f".-{text} takes one object", span, f"(.-{text} object)", form)
    return n.Interop(kind, text, args, span=span)


def cpp_special(a: Analyser, name: str, form: List, scope: Scope, span: Span | None) -> n.Node:
    """`cpp/raw`, `cpp/cast` and their like: forms of fixed shapes."""
    count_ = len(form) - 1
    shapes = {
        "raw": ('(cpp/raw "…")', 1, 1),
        "cast": ("(cpp/cast type value)", 2, 2),
        "unsafe-cast": ("(cpp/unsafe-cast type value)", 2, 2),
        "new": ("(cpp/new type argument …)", 1, 1 << 20),
        "delete": ("(cpp/delete pointer)", 1, 1),
        "box": ("(cpp/box pointer)", 1, 1),
        "unbox": ("(cpp/unbox type? box)", 1, 2),
        "value": ('(cpp/value "…")', 1, 1),
    }
    if name not in shapes:
        a.fail(f"cpp/{name} cannot be called", span, found=form)
    shape, low, high = shapes[name]
    if not low <= count_ <= high:
        a.fail(f"cpp/{name} takes other arguments", span, shape, form)
    if name in ("raw", "value"):
        text = form[1].form if isinstance(form[1], CppLiteral) else form[1]
        if not isinstance(text, str):
            a.fail(f"cpp/{name} takes C++ as a literal string", span, shape, form)
        if name == "value":
            return n.Interop("name", text, (), span=span)
        a.raws.append(text)
        a.host.declare_cpp(text, a.item_span(form, 1, span))
        return n.CppRaw(text, span=span)
    if name in ("delete", "box") or (name == "unbox" and count_ == 1):
        return n.Interop(name, "", a.items(form, scope, 1, span), span=span)
    target = n.TypeName(type_text(form[1], a.ns, a.item_span(form, 1, span)))
    return n.Interop(name, target.text, a.items(form, scope, 2, span), target, span=span)
