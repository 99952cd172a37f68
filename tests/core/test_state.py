"""Watches, delays, transactions, agents, output: what a table of calls cannot show."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from runtime.core import output
from runtime.core.exceptions import ExecutionError
from runtime.core.kinds import EMPTY_MAP, vector
from runtime.core.meta import TABLE
from runtime.core.values import Keyword
from tests.core.lisp import evaluate, function


def call(name: str, *args: Any) -> Any:
    return function(name)(*args)


def test_watches_see_old_and_new_value_until_they_are_removed() -> None:
    atom, seen = call("atom", 1), []
    call("add-watch", atom, Keyword("k"), lambda key, ref, old, new: seen.append((old, new)))
    call("swap!", atom, lambda x: x + 1)
    call("reset!", atom, 5)
    call("remove-watch", atom, Keyword("k"))
    call("swap!", atom, lambda x: x + 1)
    assert seen == [(1, 2), (2, 5)]
    assert call("deref", atom) == 6


def test_a_refused_value_changes_nothing() -> None:
    atom = call("atom", 1)
    call("set-validator!", atom, lambda x: x > 0)
    with pytest.raises(RuntimeError, match="Invalid reference state"):
        call("reset!", atom, -1)
    with pytest.raises(RuntimeError, match="Invalid reference state"):
        call("set-validator!", atom, lambda x: x > 10)
    assert call("reset!", atom, 2) == 2


def test_no_swap_is_lost_among_threads() -> None:
    atom, swap = call("atom", 0), function("swap!")

    def count() -> None:
        for _ in range(20_000):
            swap(atom, lambda x: x + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert atom.value == 80_000


def test_a_delay_runs_once_and_keeps_its_exception() -> None:
    runs: list[int] = []

    def thunk() -> Any:
        runs.append(1)
        raise ValueError("no")

    delay = call("delay*", thunk)
    assert not call("realized?", delay)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            call("deref", delay)
    assert len(runs) == 1


def test_a_promise_takes_its_first_value_only() -> None:
    promise = call("promise")
    call("deliver", promise, 1)
    assert call("deliver", promise, 2) is None
    assert call("deref", promise) == 1


def test_a_future_raises_with_what_its_function_raised_as_the_cause() -> None:
    future = call("future-call", lambda: evaluate("(/ 1 0)"))
    for _ in range(2):  # a new one for each who asks
        with pytest.raises(ExecutionError, match="ArithmeticException: Divide by zero") as raised:
            call("deref", future)
        assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_refs_change_in_transactions_only() -> None:
    ref = call("ref", 1)
    with pytest.raises(RuntimeError, match="No transaction running"):
        call("ref-set", ref, 2)
    call("enter-transaction*")
    call("alter", ref, lambda x: x + 1)
    with pytest.raises(RuntimeError, match="I/O in transaction"):
        call("check-no-transaction*")
    call("leave-transaction*")
    assert call("deref", ref) == 2


def test_an_agent_does_its_actions_in_order() -> None:
    agent = call("agent", vector([]))
    for n in range(5):
        call("send", agent, function("conj"), n)
    call("await", agent)
    assert list(call("deref", agent)) == [0, 1, 2, 3, 4]


def test_memoized_functions_tell_one_and_true_apart() -> None:
    seen: list[Any] = []
    f = call("memoize", lambda x: seen.append(x) or x)
    assert [f(1), f(1), f(True), f(1.0)] == [1, 1, True, 1.0]
    assert [type(x) for x in seen] == [int, bool, float]


def test_metadata_of_dead_collections_is_forgotten() -> None:
    before = len(TABLE)
    kept = call("with-meta", vector([1]), EMPTY_MAP.set(1, 2))
    for _ in range(100):
        call("with-meta", vector([1]), EMPTY_MAP.set(1, 2))
    assert len(TABLE) == before + 1
    del kept
    assert len(TABLE) == before


def test_printing_goes_where_out_says(capsys: pytest.CaptureFixture[str]) -> None:
    writer = call("string-writer*")
    values = {**output.DYNAMIC, "*out*": writer}
    before = output.read
    output.use_vars(values.__getitem__)
    try:
        call("println", "a", Keyword("b"), evaluate('["c"]'))
        call("prn", "a", evaluate(r"\b"), None)
        call("printf", "%d", 5)
    finally:
        output.use_vars(before)
    call("print", "seen")
    assert str(writer) == 'a :b [c]\n"a" \\b nil\n5'
    assert capsys.readouterr().out == "seen"


def test_taps_get_what_is_tapped_and_cannot_fail_the_caller() -> None:
    seen: list[Any] = []

    def failing(_: Any) -> None:
        raise ValueError("ignored")

    for f in (failing, seen.append):
        call("add-tap", f)
    assert call("tap>", 1) is True
    for f in (failing, seen.append):
        call("remove-tap", f)
    call("tap>", 2)
    assert seen[:1] == [1]


def test_the_core_has_most_of_clojures_names() -> None:
    from runtime.core.registry import TABLE as CORE

    assert sum(ns == "clojure.core" for ns, _ in CORE) >= 580
