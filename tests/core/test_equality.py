"""`=`, `hash`, `compare` and `identical?`."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.collections import Set, SortedMap, SortedSet
from runtime.core.equality import compare, equal, hash_value
from runtime.core.kinds import Map, vector
from runtime.core.records import Record
from runtime.core.registry import TABLE
from runtime.core.sequences import Cons, IndexedSeq, LazySeq
from runtime.core.values import EMPTY_LIST, BigInt, Char, Keyword, List, Symbol

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-5, 5).map(BigInt),
    st.sampled_from([0.0, 1.0, 2.5, math.inf]),
    st.text(max_size=2),
    st.sampled_from(
        [Keyword("a"), Keyword("a", "n"), Symbol("a"), Char("a"), Fraction(1, 2), Decimal(1)]
    ),
)


def sequences(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One list of items as every type of sequence."""
    lists = st.lists(items, max_size=4)
    return lists.flatmap(
        lambda xs: st.sampled_from(
            [
                vector(xs),
                List.make(xs),
                LazySeq(lambda: List.make(xs)),
                IndexedSeq(vector([0, *xs]), 1),
            ]
        )
    )


values = st.recursive(scalars, sequences, max_leaves=6)


@given(a=values, b=values)
def test_equality_is_symmetric_and_equal_values_hash_alike(a: Any, b: Any) -> None:
    assert equal(a, b) == equal(b, a)
    assert equal(a, a)
    if equal(a, b):
        assert hash_value(a) == hash_value(b)


@given(xs=st.lists(scalars, max_size=40))
def test_sequences_are_equal_whatever_their_type(xs: list[Any]) -> None:
    kinds = [vector(xs), List.make(xs), LazySeq(lambda: List.make(xs)), List((0, *xs), start=1)]
    if xs:
        kinds.append(Cons(xs[0], List.make(xs[1:])))
    for a in kinds:
        for b in kinds:
            assert equal(a, b) and a == b and hash(a) == hash(b)
        assert not equal(a, vector([*xs, None]))


def test_numbers_are_equal_within_one_category() -> None:
    assert equal(1, BigInt(1)) and equal(Decimal("1.0"), Decimal("1.00"))
    assert not equal(1, 1.0) and not equal(1.0, Decimal(1)) and not equal(Fraction(1, 2), 0.5)
    assert not equal(True, 1) and not equal(0, False)
    assert equal(2**63 - 1, BigInt(2**63 - 1)) and not equal(0.0, 0)
    assert equal(0.0, -0.0)


def test_nan_equals_nothing_not_even_itself() -> None:
    assert not equal(math.nan, math.nan)
    assert not equal(vector([math.nan]), vector([math.nan]))


def test_kinds_of_values_are_never_confused() -> None:
    different: list[Any] = [
        None,
        False,
        0,
        "",
        EMPTY_LIST,
        Map(),
        Set.make([]),
        Keyword("a"),
        Symbol("a"),
        "a",
        Char("a"),
    ]
    for i, a in enumerate(different):
        for j, b in enumerate(different):
            assert equal(a, b) == (i == j), (a, b)


def test_maps_are_equal_by_content_and_find_equal_keys() -> None:
    assert equal(Map({1: List.of(1, 2)}), Map({1: vector([1, 2])}))
    assert not equal(Map({1: 2}), Map({1: 2.0})) and not equal(Map({1: 2}), Map({1: 2, 3: 4}))
    by_vector: Any = Map({vector([1, 2]): "found"})
    by_list: Any = Map({List.of(1, 2): "found"})
    assert by_vector[List.of(1, 2)] == by_list[vector([1, 2])] == "found"


def test_sorted_collections_equal_unsorted_ones_and_hash_alike() -> None:
    sorted_map = SortedMap.make([(2, "b"), (1, vector([1]))], compare)
    plain = Map({1: List.of(1), 2: "b"})
    assert equal(sorted_map, plain) and equal(plain, sorted_map)
    assert hash_value(sorted_map) == hash_value(plain)
    sorted_set = SortedSet.make([2, 1], compare)
    assert equal(sorted_set, Set.make([1, 2])) and hash_value(sorted_set) == hash_value(
        Set.make([2, 1])
    )


def test_a_record_equals_records_of_its_type_and_no_map() -> None:
    point = type(
        "Point", (Record,), {"__slots__": (), "basis": (Keyword("x"),), "lisp_name": "a.Point"}
    )
    assert equal(point(1), point(1)) and not equal(point(1), point(2))
    for fields in (Map({Keyword("x"): 1}), SortedMap.make([(Keyword("x"), 1)], compare)):
        assert not equal(point(1), fields) and not equal(fields, point(1))


def test_sets_are_equal_by_content() -> None:
    assert equal(Set.make([1, vector([2])]), Set.make([List.of(2), 1]))
    assert not equal(Set.make([1]), Set.make([2])) and not equal(Set.make([1]), vector([1]))


def test_long_sequences_cost_no_stack() -> None:
    def counting(n: int) -> LazySeq:
        return LazySeq(lambda: Cons(n, counting(n + 1)) if n < 100_000 else None)

    numbers = List.make(range(100_000))
    assert equal(counting(0), numbers) and equal(numbers, counting(0))
    assert hash(counting(0)) == hash(numbers)


def test_nesting_beyond_the_stack_is_a_clean_error() -> None:
    def nested() -> Any:
        inner: Any = List.of(1)
        for _ in range(100_000):
            inner = List.of(inner)
        return inner

    with pytest.raises(RecursionError):
        equal(nested(), nested())


def test_equality_takes_any_number_of_arguments() -> None:
    assert equal(1) and equal(1, 1, 1) and not equal(1, 1, 2)
    not_equal = TABLE["clojure.core", "not="].value
    assert not_equal(1, 1, 2) and not not_equal(1, 1, 1) and not not_equal(1)


def test_identity_does_not_depend_on_boxing() -> None:
    identical = TABLE["clojure.core", "identical?"].value
    assert identical(int("1000"), int("1000")) and identical(float("1.5"), float("1.5"))
    assert not identical(1, 1.0) and not identical(vector([1]), vector([1]))


def test_compare_orders_each_kind() -> None:
    ordered: list[list[Any]] = [
        [None, 1, 1.5, Fraction(7, 4), BigInt(2), Decimal("2.5")],
        [None, "", "a", "ab", "b"],
        [False, True],
        [Keyword("b"), Keyword("a", "n"), Keyword("b", "n")],
        [Symbol("b"), Symbol("a", "n"), Symbol("b", "n")],
        [Char("a"), Char("b")],
        [vector([9]), vector([1, 2]), vector([1, 3])],
    ]
    for kind in ordered:
        for i, a in enumerate(kind):
            for j, b in enumerate(kind):
                order = compare(a, b)
                assert (order > 0) - (order < 0) == (i > j) - (i < j), (a, b)


@pytest.mark.parametrize(
    ("a", "b"), [(1, "a"), (Keyword("a"), Symbol("a")), (Map(), Map({1: 2})), (True, 1)]
)
def test_compare_refuses_what_has_no_order(a: Any, b: Any) -> None:
    with pytest.raises(TypeError, match="compare expected two values with an order"):
        compare(a, b)
