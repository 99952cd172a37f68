"""How each special form is analysed: one function per form, found by its name."""

from __future__ import annotations

import builtins
from dataclasses import replace
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.analyser import K_DYNAMIC, K_MACRO, Analyser, special
from runtime.analysis.cpp_names import cpp_name, type_text
from runtime.analysis.scope import RecurTarget, Scope, new_label
from runtime.core.exceptions import ExInfo
from runtime.core.kinds import Map, PVector
from runtime.core.sequences import Seq
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import Span
from runtime.namespaces import CORE, Var

# What catch clauses may name besides C++ types. Everything Lisp throws is caught by the general ones.
LISP_EXCEPTIONS: dict[str, tuple[type[BaseException], ...]] = {
    "ExceptionInfo": (ExInfo,),
    "clojure.lang.ExceptionInfo": (ExInfo,),
    "ArithmeticException": (ArithmeticError,),
    "IllegalArgumentException": (ValueError, TypeError),
    "IndexOutOfBoundsException": (IndexError,),
    "ClassCastException": (TypeError,),
    "NumberFormatException": (ValueError,),
    "StackOverflowError": (RecursionError,),
    "AssertionError": (AssertionError,),
}
ANY_EXCEPTION = {
    "Exception",
    "Throwable",
    "Error",
    "RuntimeException",
    "Object",
    "java.lang.Exception",
    "java.lang.Throwable",
    "jank.runtime.object_ref",
    "object_ref",
    "_",
}


@special("quote")
def quote(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    if len(form) != 2:
        a.fail("quote takes one form", span, "(quote form)", form)
    return n.Const(form[1], span=span)


@special("if")
def if_(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    if not 3 <= len(form) <= 4:
        a.fail(
            "if takes a condition, a value and perhaps another",
            span,
            "(if condition then else?)",
            form,
        )
    test = a.analyse(form[1], scope.not_tail(), a.item_span(form, 1, span))
    then = a.analyse(form[2], scope.inner(), a.item_span(form, 2, span))
    otherwise: n.Node = n.Const(None, span=span)
    if len(form) == 4:
        otherwise = a.analyse(form[3], scope.inner(), a.item_span(form, 3, span))
    return n.If(test, then, otherwise, span=span)


@special("do")
def do(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    return a.body(list(form)[1:], scope, span, form)


def bindings(a: Analyser, form: List, span: Span | None) -> list[tuple[Symbol, Any, Span | None]]:
    """The pairs of `(let* [name value …] …)`, checked."""
    vector = form[1] if len(form) > 1 else None
    if not isinstance(vector, PVector):
        shape = f"({form.first()} [name value …] body …)"
        a.fail(f"{form.first()} needs a vector of bindings", span, shape, form)
    if len(vector) % 2:
        a.fail("a binding has no value", a.place(vector, span), "an even number of forms", vector)
    spans = a.table.items(vector) if a.table else None
    found = []
    for i in range(0, len(vector), 2):
        name = vector[i]
        if type(name) is not Symbol or name.ns is not None:
            place = a.traced(spans[i]) if spans else a.place(name, span)
            a.fail("a binding must name a plain symbol", place, "a symbol", name)
        found.append((name, vector[i + 1], spans[i + 1] if spans else a.place(vector[i + 1], span)))
    return found


@special("let*")
def let(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    bound: list[tuple[n.Local, n.Node]] = []
    scope = scope.inner()
    for name, value, place in bindings(a, form, span):
        init = a.analyse(value, scope.not_tail(), place)
        local = n.Local(name.name)
        bound.append((local, init))
        scope = scope.bind(local)
    body = a.body(list(form)[2:], scope, span, form)
    return n.Let(tuple(bound), body, span=span) if bound else body


@special("loop*")
def loop(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    bound: list[tuple[n.Local, n.Node]] = []
    inner = scope.inner()
    for name, value, place in bindings(a, form, span):
        init = a.analyse(value, inner.not_tail(), place)
        local = n.Local(name.name, assigned=True)
        bound.append((local, init))
        inner = inner.bind(local)
    label = new_label()
    target = RecurTarget(label, tuple(local for local, _ in bound))
    inner = replace(inner, recur=target, in_try=False)
    return n.Loop(label, tuple(bound), a.body(list(form)[2:], inner, span, form), span=span)


@special("recur")
def recur(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    target = scope.recur
    if target is None and scope.in_try:
        a.fail(
            "recur cannot leave a try",
            span,
            "a loop or function inside the try, or around it",
            form,
        )
    if target is None:
        a.fail(
            "recur must be the last thing its loop or function does", span, "a tail position", form
        )
    if len(form) - 1 != len(target.locals):
        a.fail(
            f"recur gives {len(form) - 1} values to {len(target.locals)} names",
            span,
            f"{len(target.locals)} values",
            form,
        )
    return n.Recur(target.label, target.locals, a.items(form, scope, 1, span), span=span)


@special("fn*")
def fn(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    return a.fn(form, scope, span)


@special("letfn*")
def letfn(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    pairs = bindings(a, form, span)
    scope = scope.inner()
    locals_ = [n.Local(name.name, n.OBJECT) for name, _, _ in pairs]
    for local in locals_:
        scope = scope.bind(local)
    bound = []
    for local, (name, value, place) in zip(locals_, pairs, strict=True):
        node = a.analyse(value, scope.not_tail(), place)
        if not isinstance(node, n.Fn):
            a.fail(f"letfn binds {name} to something that is no function", place, "(fn …)", value)
        bound.append((local, node))
    return n.LetFn(tuple(bound), a.body(list(form)[2:], scope, span, form), span=span)


@special("def")
def def_(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    if not 2 <= len(form) <= 4:
        a.fail(
            "def takes a name, perhaps documentation, and a value",
            span,
            "(def name doc? value?)",
            form,
        )
    name = form[1]
    if type(name) is not Symbol:
        a.fail("def needs a symbol to define", a.item_span(form, 1, span), "a symbol", name)
    if name.ns is not None and name.ns != a.ns.name:
        a.fail(
            f"{name} belongs to another namespace",
            name.span or span,
            f"a name of {a.ns.name}",
            name,
        )
    m = name.meta or {}
    if len(form) == 4:
        if not isinstance(form[2], str):
            a.fail(
                "documentation must be a string", a.item_span(form, 2, span), "a string", form[2]
            )
        m = {**m, Keyword("doc"): form[2]}
    var = a.ns.intern(name.name)
    a.host.namespaces.hidden.discard(var)
    before = var.is_macro, var.is_dynamic, var.span
    var.is_dynamic = var.is_dynamic or bool(m.get(K_DYNAMIC))
    var.is_macro = bool(m.get(K_MACRO)) or (var.is_macro and len(form) == 2)
    var.span = name.span or span
    try:
        meta = a.analyse(Map(m), scope.not_tail(), span) if m else None
        init = init_of(a, form, scope, span, var) if len(form) > 2 else None
    except BaseException:
        var.is_macro, var.is_dynamic, var.span = (
            before  # what fails leaves the old definition alone
        )
        raise
    return n.Def(var, init, meta, span=span)


def init_of(a: Analyser, form: List, scope: Scope, span: Span | None, var: Var) -> n.Node:
    """The value of a `def`; a function gets the var's name."""
    last = len(form) - 1
    place = a.item_span(form, last, span)
    value = expanded_head(a, form[last], scope, place)
    if type(value) is List and len(value) and value.first() == Symbol("fn*"):
        return a.fn(value, scope.not_tail(), value.span or place, var.full_name)
    return a.analyse(value, scope.not_tail(), place)


def expanded_head(a: Analyser, form: Any, scope: Scope, span: Span | None) -> Any:
    """`form` with the macros at its head expanded, so that `(def f (fn [] …))` is seen as a function."""
    while (var := a.macro_of(form, scope)) is not None and var.name in ("fn", "fn*"):
        form = a.expand(var, form, scope, form.span or span)
    return form


@special("var")
def var_(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    if len(form) != 2 or type(form[1]) is not Symbol:
        a.fail("var takes one symbol", span, "(var name)", form)
    var = a.host.namespaces.resolve(form[1], a.ns)
    if var is None:
        a.unknown(form[1], a.item_span(form, 1, span))
    return n.TheVar(var, span=span)


@special("throw")
def throw(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    if len(form) != 2:
        a.fail("throw takes one value", span, "(throw value)", form)
    return n.Throw(a.analyse(form[1], scope.not_tail(), a.item_span(form, 1, span)), span=span)


def _clause(form: Any) -> str:
    head = form.first() if isinstance(form, (List, Seq)) and len(List.make(form)) else None
    return head.name if type(head) is Symbol and head.ns is None else ""


@special("try")
def try_(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    inner = replace(scope, recur=None, in_try=True, top=False)
    body: list[Any] = []
    catches: list[n.Catch] = []
    finally_: n.Node | None = None
    for index in range(1, len(form)):
        item, place = form[index], a.item_span(form, index, span)
        kind = _clause(item)
        if kind == "catch":
            if finally_ is not None:
                a.fail("catch must stand before finally", place)
            catches.append(
                _catch(
                    a,
                    List(
                        tuple(item),
                        span=getattr(item, "span", None),
                        spans=getattr(item, "spans", None),
                    ),
                    inner,
                    place,
                )
            )
        elif kind == "finally":
            if finally_ is not None:
                a.fail("a try has one finally", place)
            finally_ = a.body(list(item)[1:], inner, place)
        elif catches or finally_ is not None:
            a.fail(
                "only catch and finally may follow a catch", place, "(catch …) or (finally …)", item
            )
        else:
            body.append(item)
    prefix = List((form.first(), *body), span=form.span, spans=form.spans)
    node = a.body(body, inner, span, prefix)
    if not catches and finally_ is None:
        return node
    return n.Try(node, tuple(catches), finally_, span=span)


@special("catch")
@special("finally")
def clause_alone(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    a.fail(
        f"{form.first()} stands outside of try", span, "(try body … (catch …) (finally …))", form
    )


def _catch(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Catch:
    if len(form) < 3 or type(form[2]) is not Symbol:
        a.fail(
            "catch needs what it catches and a name for it", span, "(catch type name body …)", form
        )
    what, name = form[1], form[2]
    local = n.Local(name.name)
    kind = "any"
    matches: Any = None
    if type(what) is Symbol:
        if what.ns == CORE:  # a syntax quote qualifies the names of core's classes
            what = Symbol(what.name)
        text = what.name.rstrip("*&") if what.ns in (None, "cpp") else None
        if text in ANY_EXCEPTION:
            kind = "any"
        elif what.ns is None and what.name in LISP_EXCEPTIONS:
            kind, matches = "lisp", LISP_EXCEPTIONS[what.name]
        elif what.ns is None and isinstance(getattr(builtins, what.name, None), type):
            kind, matches = "lisp", (getattr(builtins, what.name),)
        elif (named := cpp_name(what, a.ns)) is not None and named.kind == "entity":
            kind, matches = "cpp", n.TypeName(named.text)
        else:
            place = a.item_span(form, 1, span)
            a.fail(f"{what} cannot be caught", place, "Exception, :default or a C++ type", what)
    elif type(what) is Keyword and what.name == "default":
        kind = "any"
    else:
        kind, matches = "cpp", n.TypeName(type_text(what, a.ns, span))
    body = a.body(list(form)[3:], scope.bind(local), span, form)
    return n.Catch(kind, matches, local, body, span)


@special("case*")
def case(a: Analyser, form: List, scope: Scope, span: Span | None) -> n.Node:
    test = a.analyse(form[1], scope.not_tail(), a.item_span(form, 1, span))
    default = a.analyse(form[2], scope.inner(), a.item_span(form, 2, span))
    clauses = []
    for clause in list(form)[3:]:
        constants, result = clause[0], clause[1]
        spans = a.table.items(clause) if a.table else None
        node = a.analyse(result, scope.inner(), spans[1] if spans else a.place(result, span))
        clauses.append((tuple(constants), node))
    return n.Case(test, tuple(clauses), default, span=span)
