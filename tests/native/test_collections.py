"""The native look-ups answer as the Python functions they stand before, and leave errors to them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runtime.core.fast_paths  # noqa: F401  # sets the slow paths
from runtime.core import lookup, sequences, updating
from runtime.core.collections import Set
from runtime.core.kinds import Map, vector
from runtime.core.meta import attach, meta
from runtime.core.records import record_type
from runtime.core.registry import TABLE
from runtime.core.values import Keyword, List, Symbol
from runtime.native import _support

A, B = Keyword("a"), Keyword("b")
collections = st.sampled_from(
    [
        *(None, Map(), Map({A: 1, 2: 3, "s": None, List.of(1): 4}), Set.make([A, 2]), "héllo", ""),
        *(
            vector(),
            vector([7, 8, 9]),
            vector(range(100)),
            List(),
            List.of(1, 2, 3),
            List((1, 2, 3), start=2),
        ),
        *(5, A, sequences.LazySeq(lambda: List.of(1, 2))),
    ]
)
keys = st.sampled_from(
    [None, True, A, B, -1, 0, 1, 2, 3, 99, 100, 2**70, 1.0, "s", List.of(1), vector([1])]
)


def outcome(f: Any, *args: Any) -> Any:
    """The value, or the error's type and text."""
    try:
        return "value", f(*args)
    except (TypeError, IndexError, ValueError) as error:
        return type(error), str(error)


@given(coll=collections, key=keys)
def test_look_ups_agree_with_python(coll: Any, key: Any) -> None:
    for native, python in (
        (_support.get, lookup.get),
        (_support.nth, lookup.nth),
        (_support.contains, lookup.contains),
    ):
        assert outcome(native, coll, key) == outcome(python, coll, key)
    for native, python in ((_support.get, lookup.get), (_support.nth, lookup.nth)):
        assert outcome(native, coll, key, B) == outcome(python, coll, key, B)
    assert outcome(_support.count, coll) == outcome(lookup.count, coll)
    assert outcome(_support.first, coll) == outcome(sequences.first, coll)


@given(coll=collections, key=keys)
def test_assoc_agrees_with_python(coll: Any, key: Any) -> None:
    assert outcome(_support.assoc, coll, key, B) == outcome(updating.assoc, coll, key, B)


def test_records_and_sets_look_up_in_their_maps() -> None:
    kind = record_type(Symbol("R", "test"), vector((A, B)))
    made = kind(1, None)
    assert A(made) == 1 and _support.get(made, B, 5) is None and _support.get(made, 3, 5) == 5
    assert _support.contains(made, B) and not _support.contains(made, 3)
    own = type("Own", (kind,), {"__slots__": (), "get": lambda self, key, default: "own"})
    assert _support.get(own(1, 2), A) == "own"
    assert _support.get(Set.make([A, None]), None, 5) is None
    assert _support.get(Set.make([A]), B, 5) == 5 and _support.contains(Set.make([A]), A)


@given(coll=collections, path=st.one_of(st.none(), st.lists(keys, max_size=3).map(vector)))
def test_paths_agree_with_python(coll: Any, path: Any) -> None:
    def count_up(old: Any, *args: Any) -> Any:
        return (old, *args)

    nested = Map({A: coll, 2: vector((coll, Map({None: 1})))})
    for m in (coll, nested):
        assert outcome(_support.get_in, m, path, B) == outcome(lookup.get_in, m, path, B)
        assert outcome(_support.get_in, m, path) == outcome(lookup.get_in, m, path)
        for native, python, args in (
            (_support.assoc_in, updating.assoc_in, (B,)),
            (_support.update_in, updating.update_in, (count_up, 1, 2)),
            (_support.update_in, updating.update_in, (Map({1: 2}),)),
            (_support.update_in, updating.update_in, (5,)),
        ):
            assert outcome(native, m, path, *args) == outcome(python, m, path, *args)


@given(coll=collections, key=keys)
def test_update_and_conj_agree_with_python(coll: Any, key: Any) -> None:
    for args in ((lambda *found: found, 1), (lambda old: old,), (Map({1: 2}),), (A,), (None,)):
        assert outcome(_support.update, coll, key, *args) == outcome(
            updating.update, coll, key, *args
        )
    for items in ((), (key,), (key, vector((1, 2)))):
        assert outcome(_support.conj, coll, *items) == outcome(updating.conj, coll, *items)


def test_changes_keep_metadata() -> None:
    marked = attach(vector((1,)), Map({B: True}))
    assert meta(_support.conj(marked, 2)) == Map({B: True})
    marked = attach(Map({A: 1}), Map({B: True}))
    assert meta(_support.update(marked, A, lambda x: x)) == Map({B: True})
    assert meta(_support.assoc_in(marked, vector((A,)), 5)) == Map({B: True})


def test_assoc_takes_many_pairs_and_keeps_metadata() -> None:
    assert _support.assoc(Map(), A, 1, B, 2) == Map({A: 1, B: 2})
    marked = attach(Map({A: 1}), Map({B: True}))
    assert meta(_support.assoc(marked, A, 2)) == Map({B: True})
    assert meta(_support.assoc(Map(), A, 2)) is None


def test_keywords_look_themselves_up() -> None:
    assert A(Map({A: 1})) == 1 and A(Map()) is None and A(None, 5) == 5 and A(Set.make([A])) is A
    with pytest.raises(TypeError, match=r"Wrong number of args \(3\) passed to: :a"):
        A(1, 2, 3)


def test_core_offers_the_native_functions() -> None:
    assert TABLE["clojure.core", "get"].value is _support.get
    assert TABLE["clojure.core", "get"].doc and TABLE["clojure.core", "get"].arglists
