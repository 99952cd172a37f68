"""The special forms about places and members: `set!`, `.`, `new`, and the mutable fields of a method."""

from __future__ import annotations

from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.analyser import Analyser, special
from runtime.analysis.scope import FieldName, Scope
from runtime.core.sequences import Seq
from runtime.core.values import List, Symbol
from runtime.errors import Span


@special("set!")
def set_(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    """`(set! place value)` of a dynamic var, a mutable field or a C++ place."""
    if len(form) != 3:
        a.fail("set! takes a place and a value", span, "(set! place value)", form)
    name, place = form[1], a.item_span(form, 1, span)
    local = scope.find(name.name) if type(name) is Symbol and name.ns is None else None
    target = None
    if not isinstance(local, FieldName):
        target = a.analyse(name, scope.not_tail(), place)
    value = a.analyse(form[2], scope.not_tail(), a.item_span(form, 2, span))
    if isinstance(local, FieldName):
        owner = n.LocalRef(local.owner, span=place)
        return n.Interop("set-member", local.name, (owner, value), span=span)
    if isinstance(target, n.VarRef):
        if not target.var.is_dynamic:
            a.fail(
                f"{name} is not dynamic: set! cannot change it", target.span, "a dynamic var", name
            )
        return n.SetVar(target.var, value, span=span)
    if isinstance(target, n.Interop) and target.op == "any-member":
        return n.Interop("set-member", target.name, (target.args[0], value), span=span)
    if isinstance(target, (n.Interop, n.LocalRef)):
        return n.Interop("operator", "=", (target, value), span=span)
    wanted = "a dynamic var, a ^:mutable field or a C++ place"
    a.fail("set! cannot change this", place, wanted, name)


@special("fields*")
def fields(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    """`(fields* [field object …] body …)`: the names of mutable fields; `deftype` makes it."""
    pairs = list(form[1])
    for name, owner in zip(pairs[::2], pairs[1::2], strict=True):
        found = scope.find(owner.name)
        assert found is not None
        scope = scope.bind(FieldName(name.name, owner=found))
    return a.body(list(form)[2:], scope, span, form)


@special(".")
def dot(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    """`(. object member argument …)`."""
    if len(form) < 3:
        a.fail(". needs an object and a member", span, "(. object member argument …)", form)
    member = form[2]
    args: tuple[Any, ...] = tuple(form)[3:]
    if isinstance(member, (List, Seq)):
        member, *rest = member
        args = (*rest, *args)
    if type(member) is not Symbol:
        a.fail("a member is named by a symbol", span, "a symbol", member)
    head = Symbol(f".{member.name}", None, None, member.span)
    return a.analyse(List((head, form[1], *args), span=form.span), scope, span)


@special("new")
def new(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    """`(new T x …)` is `(T. x …)`."""
    if len(form) < 2 or type(form[1]) is not Symbol:
        a.fail("new needs a type", span, "(new Type argument …)", form)
    head = Symbol(f"{form[1].name}.", form[1].ns, None, form[1].span)
    return a.analyse(List((head, *list(form)[2:]), span=form.span), scope, span)
