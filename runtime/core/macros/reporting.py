"""The functions of clojure.test: running the tests of namespaces, counting, printing what failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from runtime.core.exceptions import original
from runtime.core.kinds import EMPTY_MAP, Map
from runtime.core.macros.testing import FIXTURES, NS
from runtime.core.printing import pr_str
from runtime.core.registry import TABLE, core
from runtime.core.values import Keyword
from runtime.namespaces import Namespace, Var

COUNTED = ("test", "pass", "fail", "error")
K_TEST = Keyword("test")
K_ORDER = Keyword("order", NS)
K_TYPE = Keyword("type")

_order = count()
_contexts: list[Any] = []
_running: list[str] = []  # names of the tests under way
_counters: list[dict[str, int]] = []  # of the runs under way; a test may run tests


@core("add-test*", ns=NS)
def add_test(var: Var) -> Var:
    """Mark a var's function as a test; the order of marking is the order of running."""
    var.meta = Map(var.meta or EMPTY_MAP).set(K_TEST, True).set(K_ORDER, next(_order))
    return var


@core("enter-context*", ns=NS)
def enter_context(text: Any) -> None:
    """Begin a `testing` body."""
    _contexts.append(text)


@core("leave-context*", ns=NS)
def leave_context() -> None:
    """End a `testing` body."""
    _contexts.pop()


@core("pass*", ns=NS)
def count_pass() -> None:
    """An assertion held."""
    _count("pass")


@core("fail*", ns=NS)
def report_fail(where: str, message: Any, expected: Any, actual: Any) -> None:
    """An assertion did not hold."""
    _count("fail")
    _print_problem("FAIL", where, message, expected, pr_str(actual))


@core("error*", ns=NS)
def report_error(where: str, message: Any, expected: Any, error: Any) -> None:
    """An assertion, or with no place a whole test, threw."""
    _count("error")
    cause = original(error)
    shown = (
        f"{type(cause).__name__}: {cause}" if isinstance(cause, BaseException) else pr_str(cause)
    )
    _print_problem("ERROR", where, message, expected, shown)


@core("run*", ns=NS)
def run(*namespaces: Namespace) -> Map[Any, Any]:
    """Run the tests of namespaces in the order of their definition; print and return the summary."""
    return _summary([(ns, list(ns.vars.values())) for ns in namespaces])


@core("run-matching*", ns=NS)
def run_matching(pattern: Any, namespaces: Any) -> Map[Any, Any]:
    """`run` for the namespaces whose whole name matches the regular expression; nil means all."""
    return run(*(ns for ns in namespaces if pattern is None or pattern.fullmatch(ns.name)))


@core("run-var*", ns=NS)
def run_var(namespace: Namespace, var: Var) -> Map[Any, Any]:
    """Run one test with the fixtures of the namespace; print and return the summary."""
    return _summary([(namespace, [var])])


@core("successful?", ns=NS)
def successful(summary: Any) -> bool:
    """Whether a summary has no failures and no errors."""
    return not summary.get(Keyword("fail"), 0) and not summary.get(Keyword("error"), 0)


@core("compose-fixtures", ns=NS)
def compose_fixtures(outer: Any, inner: Any) -> Any:
    """One fixture of two."""
    return lambda body: outer(lambda: inner(body))


@core("join-fixtures", ns=NS)
def join_fixtures(fixtures: Any) -> Any:
    """One fixture of many, the first one outermost."""
    return lambda body: _within(list(fixtures or ()), body)()


def _summary(tests: list[tuple[Namespace, list[Var]]]) -> Map[Any, Any]:
    """Run the tests among the vars of namespaces, count what they assert, print and return the totals."""
    _counters.append(dict.fromkeys(COUNTED, 0))
    try:
        for namespace, candidates in tests:
            _run_vars(namespace, candidates)
    finally:
        totals = _counters.pop()
    asserted = totals["pass"] + totals["fail"] + totals["error"]
    _print(f"\nRan {totals['test']} tests containing {asserted} assertions.")
    _print(f"{totals['fail']} failures, {totals['error']} errors.")
    summary: dict[Any, Any] = {Keyword(name): n for name, n in totals.items()}
    return Map({**summary, K_TYPE: Keyword("summary")})


def _run_vars(namespace: Namespace, candidates: list[Var]) -> None:
    found = [var for var in candidates if (var.meta or EMPTY_MAP).get(K_TEST)]
    if not found:
        return
    _print(f"\nTesting {namespace.name}")
    meta = namespace.meta or EMPTY_MAP
    once, each = (list(meta.get(FIXTURES[Keyword(kind)]) or ()) for kind in ("once", "each"))
    found.sort(key=lambda var: var.meta.get(K_ORDER, 0))

    def run_all() -> None:
        for var in found:
            _within(each, partial(_run_test, var))()

    _within(once, run_all)()


def _within(fixtures: list[Any], body: Callable[[], Any]) -> Callable[[], Any]:
    for fixture in reversed(fixtures):
        body = partial(fixture, body)
    return body


def _run_test(var: Var) -> None:
    _count("test")
    _running.append(var.name)
    try:
        var.deref()()
    except Exception as error:
        report_error("", "Uncaught exception, not in assertion.", None, error)
    finally:
        _running.pop()


def _count(kind: str) -> None:
    if _counters:
        _counters[-1][kind] += 1


def _print_problem(kind: str, where: str, message: Any, expected: Any, actual: str) -> None:
    names = " ".join(_running)
    lines = [f"\n{kind} in ({names})" + (f" ({where})" if where else "")]
    if _contexts:
        lines.append(" ".join(str(text) for text in _contexts))
    if message is not None:
        lines.append(str(message))
    lines += [f"expected: {pr_str(expected)}", f"  actual: {actual}"]
    _print("\n".join(lines))


def _print(text: str) -> None:
    TABLE["clojure.core", "println"].value(text)
