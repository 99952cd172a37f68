"""`fn`, `let`, `loop`, `letfn`: the binding special forms with destructuring and conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.kinds import vector
from runtime.core.macros.destructure import destructure, is_plain
from runtime.core.macros.forms import (
    FN,
    LET,
    LETFN,
    LOOP,
    as_list,
    call,
    check_count,
    check_symbol,
    check_vector,
    fail,
    gensym,
    is_map,
    is_vector,
    let_form,
    pairs_of,
    special,
)
from runtime.core.meta import meta, with_meta
from runtime.core.registry import macro
from runtime.core.values import Keyword, List, Symbol

K_PRE = Keyword("pre")
K_POST = Keyword("post")
RESULT = Symbol("%")


@macro("let", arglists="([bindings & body])")
def let_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the names of the bindings, each of which sees those before it."""
    check_count(form, args, 1, None, "(let [name value …] body …)")
    pairs = list(pairs_of(form, args[0], "let"))
    if all(is_plain(pattern) for pattern, _ in pairs):
        for pattern, _ in pairs:
            check_symbol(form, pattern, "let")
        return special(LET, *args, like=form)
    return let_form(destructure(form, pairs), args[1:], like=form)


@macro("loop", arglists="([bindings & body])")
def loop_macro(form: List, env: Any, *args: Any) -> List:
    """Like let, and a target for recur. Destructures again on every turn."""
    check_count(form, args, 1, None, "(loop [name value …] body …)")
    pairs = list(pairs_of(form, args[0], "loop"))
    if all(is_plain(pattern) for pattern, _ in pairs):
        for pattern, _ in pairs:
            check_symbol(form, pattern, "loop")
        return special(LOOP, *args, like=form)
    # The first values are destructured outside too, so that later ones can refer to their names.
    first: list[tuple[Any, Any]] = []
    turn: list[Any] = []
    each: list[tuple[Any, Any]] = []
    for pattern, value in pairs:
        if is_plain(pattern):
            first.append((pattern, value))
            turn += (pattern, pattern)
        else:
            whole = gensym("loop")
            first += [(whole, value), (pattern, whole)]
            turn += (whole, whole)
            each.append((pattern, whole))
    inner = let_form(destructure(form, each), args[1:], like=form)
    return let_form(destructure(form, first), [special(LOOP, vector(turn), inner, like=form)], form)


@macro("fn", arglists="([name? params & body] [name? & arities])")
def fn_macro(form: List, env: Any, *args: Any) -> List:
    """A function. Parameters may be binding forms; a first map of :pre and :post are conditions."""
    made = fn_form(form, args)
    return List(made.items, meta=form.meta, span=form.span)


def fn_form(form: List, args: Sequence[Any]) -> List:
    """`args`, which are what may follow `fn`, as a `fn*` form that stands where `form` stands."""
    name: list[Symbol] = []
    if args and type(args[0]) is Symbol:
        name = [check_symbol(form, args[0], "fn")]
        args = args[1:]
    return special(FN, *name, *(arity_form(form, a) for a in arities_of(form, args)), like=form)


def arities_of(form: List, args: Sequence[Any]) -> list[List]:
    """What follows a function's name, as lists `(params body…)`."""
    if not args:
        fail(form, f"{form.first()} needs parameters", "a vector of parameters", form)
    if is_vector(args[0]):
        return [List(tuple(args), span=form.span)]
    arities = []
    for arg in args:
        arity = as_list(arg)
        if arity is None or not is_vector(arity.first()):
            fail(form, "this is not a function's arity", "([params …] body …)", arg)
        arities.append(arity)
    return arities


def arity_form(form: List, arity: List) -> List:
    """One arity with plain parameters: binding forms and conditions have become part of the body."""
    params, *body = arity
    conditions = meta(params)
    if len(body) > 1 and is_map(body[0]) and (K_PRE in body[0] or K_POST in body[0]):
        conditions = body.pop(0)
    if is_map(conditions) and (K_PRE in conditions or K_POST in conditions):
        body = _checked(form, conditions, body)
    elif all(is_plain(param) for param in params):
        for param in params:
            check_symbol(form, param, "fn")
        return arity
    plain: list[Any] = []
    bound: list[tuple[Any, Any]] = []
    for param in params:
        if is_plain(param):
            plain.append(check_symbol(form, param, "fn"))
        else:
            whole = gensym("p")
            plain.append(whole)
            bound.append((param, whole))
    if bound:
        body = [let_form(destructure(form, bound), body, like=arity)]
    if bound:
        params = with_meta(vector(plain), meta(params))
    return List((params, *body), span=arity.span)


def _checked(form: List, conditions: Any, body: Sequence[Any]) -> list[Any]:
    """`body` between the assertions of its :pre and :post vectors."""
    checks: dict[Keyword, list[Any]] = {}
    for kind in (K_PRE, K_POST):
        asserted = conditions.get(kind, vector())
        if not is_vector(asserted):
            fail(form, f"{kind} needs a vector of conditions", "[condition …]", asserted)
        checks[kind] = [call("assert", condition) for condition in asserted]
    if not checks[K_POST]:
        return [*checks[K_PRE], *body]
    value = body[0] if len(body) == 1 else let_form([], body)
    return [*checks[K_PRE], let_form([RESULT, value], [*checks[K_POST], RESULT], like=form)]


@macro("letfn", arglists="([fnspecs & body])")
def letfn_macro(form: List, env: Any, *args: Any) -> List:
    """Functions that see each other: `(letfn [(name [params] body …) …] body …)`."""
    check_count(form, args, 1, None, "(letfn [(name [params …] body …) …] body …)")
    check_vector(form, args[0], "letfn")
    bindings: list[Any] = []
    for item in args[0]:
        spec = as_list(item)
        if spec is None or type(spec.first()) is not Symbol:
            fail(form, "letfn binds functions", "(name [params …] body …)", item)
        bindings += (spec.first(), fn_form(spec, tuple(spec)))
    return special(LETFN, vector(bindings), *args[1:], like=form)
