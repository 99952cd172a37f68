"""The macros of clojure.test: deftest, is, are, testing, run-tests, use-fixtures.

Assertions evaluate in place, within `let*` and `try`, so that native values can be compared in them.
A test is the function of a var whose metadata has :test; counting and printing is in `reporting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core.collections import Set
from runtime.core.kinds import Map, vector
from runtime.core.macros.definitions import merged
from runtime.core.macros.forms import (
    CATCH,
    DEF,
    DO,
    FN,
    IF,
    K_ANY,
    TRY,
    VAR,
    as_list,
    call,
    check_count,
    check_symbol,
    check_vector,
    core_symbol,
    fail,
    gensym,
    is_map,
    is_vector,
    let_form,
    quoted,
    special,
    symbol_with_meta,
)
from runtime.core.macros.state import guarded
from runtime.core.meta import keep
from runtime.core.registry import TABLE, macro
from runtime.core.values import Keyword, List, Symbol

NS = "clojure.test"
CURRENT_NS = core_symbol("*ns*")
FIXTURES = {
    Keyword("each"): Keyword("each-fixtures", NS),
    Keyword("once"): Keyword("once-fixtures", NS),
}


def test_call(name: str, *args: Any) -> List:
    """A call of the clojure.test function `name`."""
    return List((core_symbol(name, NS), *args))


@macro("deftest", ns=NS, arglists="([name & body])")
def deftest_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a test: a function without parameters that run-tests finds."""
    return _deftest(form, args, Map())


@macro("deftest-", ns=NS, arglists="([name & body])")
def deftest_private_macro(form: List, env: Any, *args: Any) -> List:
    """Like deftest, private to its namespace."""
    return _deftest(form, args, Map({Keyword("private"): True}))


def _deftest(form: List, args: Sequence[Any], data: Map[Any, Any]) -> List:
    check_count(form, args, 1, None, "(deftest name body …)")
    name = check_symbol(form, args[0], "deftest", qualified=True)
    body = List((vector(), *args[1:]), span=form.span)
    named = symbol_with_meta(name, merged(name.meta, data))
    define = special(DEF, named, special(FN, body, like=form), like=form)
    this = special(VAR, symbol_with_meta(name, None))
    return special(DO, define, test_call("add-test*", this), like=form)


@macro("testing", ns=NS, arglists="([string & body])")
def testing_macro(form: List, env: Any, *args: Any) -> List:
    """Adds a text to the context that reports of failures within the body show."""
    check_count(form, args, 1, None, "(testing text body …)")
    body = guarded(args[1:], [test_call("leave-context*")], form)
    return special(DO, test_call("enter-context*", args[0]), body, like=form)


@macro("is", ns=NS, arglists="([form] [form message])")
def is_macro(form: List, env: Any, *args: Any) -> List:
    """Asserts that the form is logical true; gives its value.

    `(thrown? C body …)` asserts that the body throws a C, `(thrown-with-msg? C re body …)` also that
    its message contains a match. Calls of core functions report the values of their arguments.
    """
    check_count(form, args, 1, 2, "(is form message?)")
    tested, message = args[0], args[1] if len(args) > 1 else None
    where = f"{form.span.file}:{form.span.line}" if form.span else ""
    listed = as_list(tested)
    head = listed.first() if listed is not None else None
    if listed is not None and type(head) is Symbol and head.name in ("thrown?", "thrown-with-msg?"):
        return _thrown(form, listed, message, where)
    if listed is not None and type(head) is Symbol and _is_core_function(head):
        names = [gensym("arg") for _ in range(len(listed) - 1)]
        bindings = [part for pair in zip(names, listed.rest(), strict=True) for part in pair]
        found = call("list", quoted(head), *names)
        value: Any = List((head, *names), span=listed.span)
    else:
        bindings, value, found = [], tested, None
    result = gensym("result")
    actual = result if found is None else call("list", quoted(Symbol("not")), found)
    passed = test_call("pass*")
    failed = test_call("fail*", where, message, quoted(tested), actual)
    inner = [special(IF, result, passed, failed), result]
    return _or_error(
        form, [let_form([*bindings, result, value], inner, form)], message, tested, where
    )


def _thrown(form: List, tested: List, message: Any, where: str) -> List:
    """The body of `(thrown? C body …)` in a `try` for which the exception is a success."""
    wants_text = tested.first().name == "thrown-with-msg?"
    _, *parts = tested
    if len(parts) < 1 + wants_text:
        fail(form, f"{tested.first()} needs a class", "(thrown? Class body …)", tested)
    kind, body = parts[0], parts[1 + wants_text :]
    failed = test_call("fail*", where, message, quoted(tested), quoted(Symbol("nothing-thrown")))
    error = gensym("error")
    # A C++ exception is a native value: it has `what`, and cannot leave the catch.
    native = type(kind) is not Keyword and not (type(kind) is Symbol and kind.ns is None)
    text = List((Symbol(".what"), error)) if native else call("ex-message", error)
    passed: Any = test_call("pass*")
    if wants_text:
        found = gensym("message")
        matched = call("re-find", parts[1], found)
        other = test_call("fail*", where, message, quoted(tested), found)
        choice = special(IF, matched, passed, other)
        passed = let_form([found, call("str", text)], [choice])
    caught = special(CATCH, kind, error, passed, True if native else error)
    inner = special(TRY, *body, failed, None, caught, like=form)
    return _or_error(form, [inner], message, tested, where)


def _or_error(form: List, body: Sequence[Any], message: Any, tested: Any, where: str) -> List:
    error = gensym("error")
    report = test_call("error*", where, message, quoted(tested), error)
    return special(TRY, *body, special(CATCH, K_ANY, error, report, None), like=form)


def _is_core_function(head: Symbol) -> bool:
    entry = TABLE.get((head.ns or "clojure.core", head.name))
    return entry is not None and not entry.is_macro


@macro("are", ns=NS, arglists="([argv expr & args])")
def are_macro(form: List, env: Any, *args: Any) -> List:
    """One `is` of the expression for each group of values, put in for the names."""
    check_count(form, args, 2, None, "(are [name …] expression value …)")
    names, expression, *values = args
    check_vector(form, names, "are")
    if not len(names) or len(values) % len(names):
        fail(form, "are needs a value for every name in every row", f"rows of {len(names)}", form)
    rows = [values[i : i + len(names)] for i in range(0, len(values), len(names))]
    asserted = []
    for row in rows:
        replaced = substitute(expression, dict(zip(names, row, strict=True)))
        asserted.append(List((core_symbol("is", NS), replaced), span=form.span))
    return special(DO, *asserted, like=form)


def substitute(form: Any, values: dict[Any, Any]) -> Any:
    """`form` with the symbols that are keys of `values` replaced, in all its collections."""
    if type(form) is Symbol:
        return values.get(form, form)
    listed = as_list(form)
    if listed is not None:
        items = tuple(substitute(item, values) for item in listed)
        return List(items, meta=listed.meta, span=listed.span, spans=listed.spans)
    if is_vector(form):
        return keep(form, vector(substitute(item, values) for item in form))
    if is_map(form):
        pairs = ((substitute(k, values), substitute(v, values)) for k, v in form.items())
        return keep(form, Map(pairs))
    if type(form) is Set:
        return Set.make(substitute(item, values) for item in form)
    return form


@macro("use-fixtures", ns=NS, arglists="([fixture-type & fixtures])")
def use_fixtures_macro(form: List, env: Any, *args: Any) -> List:
    """Wraps each test of this namespace (:each), or the run of all (:once), in functions of a function."""
    if not args or args[0] not in FIXTURES:
        fail(
            form, "use-fixtures needs :each or :once first", "(use-fixtures :each function …)", form
        )
    functions = call("list", *args[1:])
    assoc = core_symbol("assoc")
    return call("alter-meta!", CURRENT_NS, assoc, FIXTURES[args[0]], functions)


@macro("run-tests", ns=NS, arglists="([& namespaces])")
def run_tests_macro(form: List, env: Any, *args: Any) -> List:
    """Runs the tests of the namespaces, this one by default; prints and gives a summary."""
    return test_call("run*", *(call("the-ns", ns) for ns in args or (CURRENT_NS,)))


@macro("run-all-tests", ns=NS, arglists="([] [re])")
def run_all_tests_macro(form: List, env: Any, *args: Any) -> List:
    """Runs the tests of all namespaces, or of those whose name matches; prints and gives a summary."""
    check_count(form, args, 0, 1, "(run-all-tests regex?)")
    return test_call("run-matching*", args[0] if args else None, call("all-ns"))


@macro("run-test", ns=NS, arglists="([test-symbol])")
def run_test_macro(form: List, env: Any, *args: Any) -> List:
    """Runs one test with its fixtures; prints and gives a summary."""
    check_count(form, args, 1, 1, "(run-test name)")
    name = check_symbol(form, args[0], "run-test", qualified=True)
    return test_call("run-var*", call("the-ns", CURRENT_NS), special(VAR, name))
