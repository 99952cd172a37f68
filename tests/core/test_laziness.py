"""Lazy sequences evaluate only what is asked for, only once, and without using up the stack."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import pytest

from runtime.core.sequences import Cons, LazySeq, iterate, seq
from tests.core.lisp import evaluate, function

MANY = 100_000


class Recorder:
    """A function that records what it was called with."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, x: Any) -> Any:
        self.seen.append(x)
        return x


@pytest.fixture
def f() -> Recorder:
    return Recorder()


@pytest.mark.parametrize(
    "source",
    [
        "(map f [1 2 3])",
        "(filter f [1 2 3])",
        "(remove f [1 2 3])",
        "(keep f [1 2 3])",
        "(mapcat f [1 2 3])",
        "(take-while f [1 2 3])",
        "(drop-while f [1 2 3])",
        "(drop 2 (map f [1 2 3]))",
        "(concat (map f [1]) (map f [2]))",
        "(partition 2 (map f [1 2]))",
        "(partition-by f [1 2])",
        "(interleave (map f [1]) (map f [2]))",
        "(distinct (map f [1]))",
        "(reductions f 1 [2])",
        "(sequence (map f) [1 2])",
        "(iterate f 1)",
        "(repeatedly f)",
        "(tree-seq f f 1)",
        "(lazy-seq* f)",
    ],
)
def test_nothing_is_evaluated_before_it_is_asked_for(source: str, f: Recorder) -> None:
    evaluate(source, f=f)
    assert f.seen == []


def test_items_are_evaluated_one_at_a_time(f: Recorder) -> None:
    assert evaluate("(first (map f [1 2 3]))", f=f) == 1
    assert f.seen == [1]


def test_items_are_evaluated_once(f: Recorder) -> None:
    s = evaluate("(map f [1 2 3])", f=f)
    assert list(s) == list(s) == [1, 2, 3]
    assert f.seen == [1, 2, 3]


def test_two_walks_at_once_see_the_same_items(f: Recorder) -> None:
    s = evaluate("(map f (range 100))", f=f)
    a, b = iter(s), iter(s)
    for _ in range(40):
        assert next(a) == next(b)
    assert list(itertools.chain([next(b)], b)) == list(range(40, 100))
    assert list(a) == list(range(40, 100))
    assert f.seen == list(range(100))


def test_walking_by_rest_and_by_iteration_agree_at_every_place() -> None:
    s = evaluate("(map inc (range 200))")
    for at in range(200):
        assert s.first() == at + 1
        if at in (0, 31, 32, 33, 64, 199):
            assert list(s) == list(range(at + 1, 201))
        s = s.rest()
    assert seq(s) is None


def test_an_exception_in_a_lazy_sequence_is_raised_each_time_and_ends_nothing() -> None:
    s = evaluate("(map (fn [x] (if (= x 3) (/ x 0) x)) [1 2 3 4])")
    for _ in range(2):
        items = iter(s)
        assert [next(items), next(items)] == [1, 2]
        with pytest.raises(ZeroDivisionError):
            next(items)


def test_a_lazy_seq_whose_thunk_raised_tries_again() -> None:
    attempts: list[int] = []

    def thunk() -> Any:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("not yet")
        return evaluate("[1]")

    s = LazySeq(thunk)
    with pytest.raises(ValueError, match="not yet"):
        seq(s)
    assert list(s) == [1]
    assert len(attempts) == 2


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("(last (take 100000 (iterate inc 0)))", 99_999),
        ("(count (filter even? (range 1000000)))", 500_000),
        ("(count (reduce concat [] (map vector (range 10000))))", 10_000),
        ("(first (reduce concat [] (map vector (range 10000))))", 0),
        ("(nth (cycle [1 2 3]) 100000)", 2),
        ("(count (flatten (reduce (fn [acc x] [acc x]) [] (range 10000))))", 10_000),
        ("(reduce + (mapcat list (range 100000)))", MANY * (MANY - 1) // 2),
        ("(= (range 100000) (map identity (range 100000)))", True),
    ],
)
def test_long_and_deep_sequences_use_no_stack(source: str, value: Any) -> None:
    assert evaluate(source) == value


def test_lazy_recursion_in_tail_position_uses_no_stack() -> None:
    concat = function("concat")

    def numbers(n: int) -> Any:
        return concat([n], LazySeq(lambda: numbers(n + 1)))

    assert function("nth")(numbers(0), 20_000) == 20_000

    def cells(n: int) -> Any:
        return LazySeq(lambda: Cons(n, cells(n + 1)))

    assert function("nth")(cells(0), 20_000) == 20_000

    def skipping(n: int) -> Any:
        return LazySeq(lambda: skipping(n + 1) if n < 20_000 else evaluate("[:end]"))

    assert function("first")(skipping(0)) == evaluate(":end")


def test_walking_by_rest_down_a_chain_of_drops_uses_no_stack() -> None:
    drop, s = function("drop"), evaluate("(range)")
    for _ in range(5_000):
        s = drop(2, s)
        seq(s)
    assert s.first() == 10_000


def test_what_was_consumed_is_freed() -> None:
    class Item:
        pass

    items = iterate(evaluate("(map f (range 1000))", f=lambda _: Item()))
    walked = iter(items)
    del items
    early = weakref.ref(next(walked))
    for _ in range(100):
        next(walked)
    gc.collect()
    assert early() is None


def test_a_sequence_may_refer_to_itself() -> None:
    fibs = LazySeq(lambda: function("concat")([0, 1], LazySeq(summed)))

    def summed() -> Any:
        return function("map")(function("+"), fibs, fibs.rest())

    assert list(itertools.islice(fibs, 10)) == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
