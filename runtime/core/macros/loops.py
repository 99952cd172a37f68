"""Loops: while, dotimes, doseq, for, areduce, amap.

The imperative ones are `loop*` forms in place, so their bodies may use native values around them.
`for` is a lazy sequence and its body a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.kinds import vector
from runtime.core.macros.destructure import destructure
from runtime.core.macros.forms import (
    DO,
    IF,
    LOOP,
    RECUR,
    call,
    check_count,
    check_symbol,
    core_symbol,
    fail,
    gensym,
    let_form,
    pairs_of,
    special,
)
from runtime.core.macros.functions import fn_form
from runtime.core.registry import macro
from runtime.core.values import Keyword, List

K_LET = Keyword("let")
K_WHEN = Keyword("when")
K_WHILE = Keyword("while")
SKIP = core_symbol("for-skip*")
STOP = core_symbol("for-stop*")


@macro("while", arglists="([test & body])")
def while_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body as long as the test is logical true; gives nil."""
    check_count(form, args, 1, None, "(while test body …)")
    turn = special(IF, args[0], special(DO, *args[1:], special(RECUR)), like=form)
    return special(LOOP, vector(), turn, like=form)


@macro("dotimes", arglists="([[name n] & body])")
def dotimes_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the name bound to 0, 1, … n-1; gives nil."""
    check_count(form, args, 1, None, "(dotimes [name n] body …)")
    pairs = list(pairs_of(form, args[0], "dotimes"))
    if len(pairs) != 1:
        fail(form, "dotimes binds exactly one name", "[name n]", args[0])
    name, count = check_symbol(form, pairs[0][0], "dotimes"), pairs[0][1]
    limit = count if type(count) is int else gensym("n")
    again = special(RECUR, call("unchecked-inc", name))
    turn = special(IF, call("<", name, limit), special(DO, *args[1:], again), like=form)
    loop = special(LOOP, vector([name, 0]), turn, like=form)
    return loop if limit is count else let_form([limit, call("long", count)], [loop], like=form)


@macro("doseq", arglists="([seq-exprs & body])")
def doseq_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body for every combination of items; :let, :when and :while as in for."""
    check_count(form, args, 1, None, "(doseq [name collection …] body …)")
    clauses = _clauses(form, args[0])
    forms = _doseq_forms(form, clauses, args[1:], None)
    return special(DO, *forms, None, like=form) if len(forms) != 1 else forms[0]


def _doseq_forms(
    form: List, clauses: Sequence[tuple[Any, Any]], body: Sequence[Any], again: List | None
) -> list[Any]:
    """What one turn evaluates; `again`, the recur of the loop around it, comes last."""
    last = [] if again is None else [again]
    if not clauses:
        return [*body, *last]
    (target, value), rest = clauses[0], clauses[1:]
    if target is K_LET:
        bindings = destructure(form, pairs_of(form, value, ":let"))
        return [let_form(bindings, _doseq_forms(form, rest, body, again))]
    if target is K_WHEN:
        return [special(IF, value, special(DO, *_doseq_forms(form, rest, body, again)), again)]
    if target is K_WHILE:
        return [special(IF, value, special(DO, *_doseq_forms(form, rest, body, again)))]
    walk, item = gensym("walk"), gensym("item")
    turn = _doseq_forms(form, rest, body, special(RECUR, call("advance*", walk)))
    bound = let_form(destructure(form, [(target, item)]), turn)
    ended = call("identical?", item, core_symbol("end*"))
    start = vector([item, call("advance*", walk)])
    loop = special(LOOP, start, special(IF, ended, None, bound), like=form)
    return [let_form([walk, call("walk*", value)], [loop], like=form), *last]


@macro("for", arglists="([seq-exprs body-expr])")
def for_macro(form: List, env: Any, *args: Any) -> List:
    """The lazy sequence of the body's values for every combination of items.

    :let binds names, :when skips items, :while ends the innermost collection before it.
    """
    check_count(form, args, 2, 2, "(for [name collection …] expression)")
    return _for_form(form, _clauses(form, args[0]), args[1])


def _for_form(form: List, clauses: Sequence[tuple[Any, Any]], body: Any) -> List:
    """`(for* step collection)`, or with several collections `(for-nested* step collection)`.

    A step is called with an item and gives its value (its sequence of values), or a mark to skip
    the item or to stop.
    """
    (target, collection), rest = clauses[0], clauses[1:]
    own = 0
    while own < len(rest) and isinstance(rest[own][0], Keyword):
        own += 1
    nested = own < len(rest)
    result = _for_form(form, rest[own:], body) if nested else body
    for modifier, value in reversed(rest[:own]):
        if modifier is K_LET:
            bindings = destructure(form, pairs_of(form, value, ":let"))
            result = let_form(bindings, [result])
        else:
            otherwise = SKIP if modifier is K_WHEN else STOP
            result = special(IF, value, result, otherwise)
    step = fn_form(form, (vector([target]), result))
    return List(
        (core_symbol("for-nested*" if nested else "for*"), step, collection), span=form.span
    )


def _clauses(form: List, bindings: Any) -> list[tuple[Any, Any]]:
    """The pairs of a doseq or for vector, checked: a collection first, then known modifiers."""
    what = str(form.first())
    clauses = list(pairs_of(form, bindings, what))
    if not clauses or isinstance(clauses[0][0], Keyword):
        fail(form, f"{what} needs a collection first", "[name collection …]", bindings)
    for target, _ in clauses:
        if isinstance(target, Keyword) and target not in (K_LET, K_WHEN, K_WHILE):
            fail(form, f"{what} does not know {target}", ":let, :when or :while", target)
    return clauses


@macro("areduce", arglists="([a idx ret init expr])")
def areduce_macro(form: List, env: Any, *args: Any) -> List:
    """Reduces an array: `expr` with `idx` and `ret` bound gives the next `ret`."""
    check_count(form, args, 5, 5, "(areduce array index result init expression)")
    array, index, result, init, expression = args
    source, size = gensym("array"), gensym("n")
    again = special(RECUR, call("unchecked-inc", index), expression)
    turn = special(IF, call("<", index, size), again, result)
    loop = special(LOOP, vector([index, 0, result, init]), turn, like=form)
    return let_form([source, array, size, call("alength", source)], [loop], like=form)


@macro("amap", arglists="([a idx ret expr])")
def amap_macro(form: List, env: Any, *args: Any) -> List:
    """A copy of an array whose items are the values of `expr` with `idx` and `ret` bound."""
    check_count(form, args, 4, 4, "(amap array index result expression)")
    array, index, result, expression = args
    source, size = gensym("array"), gensym("n")
    stored = call("aset", result, index, expression)
    again = special(RECUR, call("unchecked-inc", index))
    turn = special(IF, call("<", index, size), special(DO, stored, again), result)
    loop = special(LOOP, vector([index, 0]), turn, like=form)
    bindings = [source, array, size, call("alength", source), result, call("aclone", source)]
    return let_form(bindings, [loop], like=form)
