"""Conditionals: when, if-let, cond, condp, case, and, or, and their relatives.

Each operand is evaluated at most once, and an operand's value is bound by `let*`, never passed to a
function, so that a native value can be tested without leaving C++.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.kinds import vector
from runtime.core.macros.destructure import destructure
from runtime.core.macros.forms import (
    IF,
    THROW,
    as_list,
    block,
    call,
    check_count,
    check_vector,
    fail,
    gensym,
    item_span,
    let_form,
    special,
)
from runtime.core.registry import macro
from runtime.core.values import Keyword, List, Symbol

CASE = Symbol("case*")
RESULT_OF_TEST = Keyword(">>")


@macro("when", arglists="([test & body])")
def when_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body if the test is logical true, else gives nil."""
    check_count(form, args, 1, None, "(when test body …)")
    return special(IF, args[0], block(args[1:], form), like=form)


@macro("when-not", arglists="([test & body])")
def when_not_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body if the test is logical false, else gives nil."""
    check_count(form, args, 1, None, "(when-not test body …)")
    return special(IF, args[0], None, block(args[1:], form), like=form)


@macro("if-not", arglists="([test then] [test then else])")
def if_not_macro(form: List, env: Any, *args: Any) -> List:
    """Like if, with the branches exchanged."""
    check_count(form, args, 2, 3, "(if-not test then else)")
    return special(IF, args[0], args[2] if len(args) > 2 else None, args[1], like=form)


@macro("if-let", arglists="([[name test] then] [[name test] then else])")
def if_let_macro(form: List, env: Any, *args: Any) -> List:
    """Binds the name to the test's value and evaluates `then` if it is logical true, else `else`."""
    check_count(form, args, 2, 3, "(if-let [name test] then else)")
    return _if_bound(form, args[0], args[1:2], args[2] if len(args) > 2 else None, some=False)


@macro("if-some", arglists="([[name test] then] [[name test] then else])")
def if_some_macro(form: List, env: Any, *args: Any) -> List:
    """Binds the name to the test's value and evaluates `then` if it is not nil, else `else`."""
    check_count(form, args, 2, 3, "(if-some [name test] then else)")
    return _if_bound(form, args[0], args[1:2], args[2] if len(args) > 2 else None, some=True)


@macro("when-let", arglists="([[name test] & body])")
def when_let_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the name bound to the test's value if that is logical true."""
    check_count(form, args, 1, None, "(when-let [name test] body …)")
    return _if_bound(form, args[0], args[1:], None, some=False)


@macro("when-some", arglists="([[name test] & body])")
def when_some_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the name bound to the test's value if that is not nil."""
    check_count(form, args, 1, None, "(when-some [name test] body …)")
    return _if_bound(form, args[0], args[1:], None, some=True)


@macro("when-first", arglists="([[name coll] & body])")
def when_first_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the name bound to the collection's first item, if it has one."""
    check_count(form, args, 1, None, "(when-first [name coll] body …)")
    name, coll = _one_pair(form, args[0])
    items = gensym("seq")
    inner = let_form(destructure(form, [(name, call("first", items))]), args[1:], like=form)
    return let_form([items, call("seq", coll)], [special(IF, items, inner)], like=form)


def _if_bound(form: List, bindings: Any, then: Sequence[Any], other: Any, some: bool) -> List:
    pattern, test = _one_pair(form, bindings)
    value = gensym("value")
    bound = let_form(destructure(form, [(pattern, value)]), then, like=form)
    if some:
        choice = special(IF, call("nil?", value), other, bound, like=form)
    else:
        choice = special(IF, value, bound, other, like=form)
    return let_form([value, test], [choice], like=form)


def _one_pair(form: List, bindings: Any) -> tuple[Any, Any]:
    what = str(form.first())
    check_vector(form, bindings, what)
    if len(bindings) != 2:
        fail(form, f"{what} binds exactly one name", "[name value]", bindings)
    return bindings[0], bindings[1]


@macro("cond", arglists="([& clauses])")
def cond_macro(form: List, env: Any, *args: Any) -> Any:
    """The expression after the first test that is logical true; nil if none is."""
    if len(args) % 2:
        fail(form, "cond needs an even number of forms", "(cond test expression …)", form)
    result: Any = None
    for index in range(len(args) - 2, -1, -2):
        test, expression = args[index], args[index + 1]
        last = index == len(args) - 2
        # A final :else is no `if`, so a native result needs no nil beside it.
        always = last and (isinstance(test, Keyword) or test is True)
        result = expression if always else special(IF, test, expression, result, like=form)
    return result


@macro("condp", arglists="([pred expr & clauses])")
def condp_macro(form: List, env: Any, *args: Any) -> List:
    """Calls `(pred test expr)` for each clause's test; `test :>> f` calls f with what that gave."""
    check_count(form, args, 2, None, "(condp pred expr test result … default)")
    predicate, value = gensym("pred"), gensym("expr")
    clauses: list[tuple[Any, Any, bool]] = []
    rest = list(args[2:])
    while len(rest) > 1:
        if rest[1] is RESULT_OF_TEST:
            if len(rest) < 3:
                fail(form, "nothing follows :>> in condp", "test :>> function", form)
            clauses.append((rest[0], rest[2], True))
            rest = rest[3:]
        else:
            clauses.append((rest[0], rest[1], False))
            rest = rest[2:]
    result = rest[0] if rest else no_match(value)
    for test, then, wants_result in reversed(clauses):
        tested = List((predicate, test, value))
        if wants_result:
            found = gensym("found")
            choice = special(IF, found, List((then, found)), result, like=form)
            result = let_form([found, tested], [choice])
        else:
            result = special(IF, tested, then, result, like=form)
    return let_form([predicate, args[0], value, args[1]], [result], like=form)


def no_match(value: Symbol) -> List:
    """The form that raises for a value that no clause covers."""
    message = call("str", "No matching clause: ", value)
    return special(THROW, call("ex-info", message, call("hash-map")))


@macro("case", arglists="([expr & clauses])")
def case_macro(form: List, env: Any, *args: Any) -> List:
    """The result whose constant equals the expression's value. Constants are not evaluated; a list of
    them shares one result."""
    check_count(form, args, 1, None, "(case expr constant result … default)")
    value = gensym("case")
    clauses: list[Any] = []
    seen: set[Any] = set()
    for index in range(1, len(args) - 1, 2):
        listed = as_list(args[index])
        constants = list(listed) if listed is not None else [args[index]]
        for constant in constants:
            # Python takes 1, 1.0 and true for equal; Clojure does not.
            key = (type(constant), constant)
            if key in seen:
                place = item_span(form, index + 1)
                fail(
                    form,
                    "this constant occurs twice in case",
                    "distinct constants",
                    constant,
                    place,
                )
            seen.add(key)
        clauses.append(vector([vector(constants), args[index + 1]]))
    default = args[-1] if len(args) % 2 == 0 else no_match(value)
    return let_form([value, args[0]], [special(CASE, value, default, *clauses, like=form)], form)


@macro("and", arglists="([] [x] [x & next])")
def and_macro(form: List, env: Any, *args: Any) -> Any:
    """The first value that is logical false, else the last; true without operands."""
    if not args:
        return True
    result = args[-1]
    for operand in reversed(args[:-1]):
        value = gensym("and")
        choice = special(IF, value, result, value, like=form)
        result = let_form([value, operand], [choice], like=form)
    return result


@macro("or", arglists="([] [x] [x & next])")
def or_macro(form: List, env: Any, *args: Any) -> Any:
    """The first value that is logical true, else the last; nil without operands."""
    if not args:
        return None
    result = args[-1]
    for operand in reversed(args[:-1]):
        value = gensym("or")
        choice = special(IF, value, value, result, like=form)
        result = let_form([value, operand], [choice], like=form)
    return result
