"""Sequence and collection functions against their Python models, on generated input."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.core.kinds import Map, vector
from runtime.core.sequences import iterate
from tests.core.lisp import function

numbers = st.lists(st.integers(-50, 50), max_size=80)
small = st.integers(0, 12)


def call(name: str, *args: Any) -> Any:
    return function(name)(*args)


def plain(value: Any) -> list[Any]:
    return list(iterate(value))


@given(numbers, small)
def test_take_and_drop_part_a_sequence(xs: list[int], n: int) -> None:
    v = vector(xs)
    assert plain(call("take", n, v)) == xs[:n]
    assert plain(call("drop", n, v)) == xs[n:]
    assert plain(call("drop-last", n, v)) == xs[: max(0, len(xs) - n)]
    assert plain(call("take-last", n, v)) == (xs[-n:] if n else [])


@given(numbers, st.integers(1, 6), st.integers(1, 6))
def test_partition_gives_the_windows(xs: list[int], n: int, step: int) -> None:
    windows = [xs[i : i + n] for i in range(0, len(xs), step)]
    full = [w for w in windows if len(w) == n]
    assert [plain(w) for w in plain(call("partition", n, step, vector(xs)))] == full
    assert [plain(w) for w in plain(call("partition-all", n, step, vector(xs)))] == windows


@given(numbers, st.integers(1, 6))
def test_transducers_do_what_the_sequence_functions_do(xs: list[int], n: int) -> None:
    v = vector(xs)
    for name, args in (
        ("map", [lambda x: x * 2]),
        ("filter", [lambda x: x % 2 == 0]),
        ("remove", [lambda x: x % 2 == 0]),
        ("take", [n]),
        ("drop", [n]),
        ("take-nth", [n]),
        ("partition-all", [n]),
        ("partition-by", [lambda x: x % 3]),
        ("take-while", [lambda x: x > 0]),
        ("drop-while", [lambda x: x > 0]),
        ("interpose", [None]),
        ("dedupe", []),
        ("distinct", []),
    ):
        lazily = [str(x) for x in plain(call("map", vector_if_seq, call(name, *args, v)))]
        eagerly = [str(x) for x in call("into", vector([]), call(name, *args), v)]
        assert lazily == eagerly, name


def vector_if_seq(x: Any) -> Any:
    return vector(plain(x)) if call("sequential?", x) else x


@given(numbers)
def test_groupings_are_those_of_python(xs: list[int]) -> None:
    v = vector(xs)
    assert dict(call("frequencies", v).items()) == Counter(xs)
    runs = [list(run) for _, run in groupby(xs, lambda x: x % 2)]
    assert [plain(r) for r in plain(call("partition-by", lambda x: x % 2, v))] == runs
    assert plain(call("distinct", v)) == list(dict.fromkeys(xs))
    assert plain(call("sort", v)) == sorted(xs)


@given(numbers, numbers)
def test_sorted_collections_are_the_sorted_distinct_items(
    xs: list[int], removed: list[int]
) -> None:
    s = call("disj", call("into", call("sorted-set"), vector(xs)), *removed)
    assert plain(s) == sorted(set(xs) - set(removed))
    m = call("into", call("sorted-map"), call("map", lambda x: vector([x, -x]), vector(xs)))
    m = call("dissoc", m, *removed)
    assert [tuple(e) for e in m] == [(x, -x) for x in sorted(set(xs) - set(removed))]


@given(st.lists(st.lists(st.integers(), max_size=4), max_size=30))
def test_concat_joins_however_it_is_nested(parts: list[list[int]]) -> None:
    expected = [x for part in parts for x in part]
    assert plain(call("concat", *map(vector, parts))) == expected
    left = call("reduce", function("concat"), vector([]), vector(map(vector, parts)))
    assert plain(left) == expected
    s, walked = call("seq", left), []
    while s is not None:
        walked.append(s.first())
        s = call("next", s)
    assert walked == expected


@given(
    st.dictionaries(st.text(max_size=3), st.integers()),
    st.dictionaries(st.text(max_size=3), st.integers()),
)
def test_merging_is_that_of_dictionaries(a: dict[str, int], b: dict[str, int]) -> None:
    assert dict(call("merge", Map(a), Map(b)).items()) == {**a, **b}
    summed = call("merge-with", lambda x, y: x + y, Map(a), Map(b))
    assert dict(summed.items()) == {k: a.get(k, 0) + b.get(k, 0) for k in {*a, *b}}
