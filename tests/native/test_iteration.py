"""Cursors see what a Python loop over a collection sees, and evaluate no more than they are asked for."""

from __future__ import annotations

import ctypes
import gc
import itertools
import subprocess
import sysconfig
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runtime.core.fast_paths  # noqa: F401  # sets the slow paths
from runtime.core.collections import Set, SortedMap
from runtime.core.equality import compare
from runtime.core.generators import range_
from runtime.core.kinds import Map, PVector, Reduced, vector
from runtime.core.lazy import filter_, map_, take
from runtime.core.reducing import reduce, reduce_kv
from runtime.core.sequences import Concat, Cons, IndexedSeq, IterSeq, LazySeq, cons, rest
from runtime.core.values import Char, Keyword, List
from runtime.native import _support, build

HERE = Path(__file__).parent
SIZES = (0, 1, 2, 31, 32, 33, 64, 65, 1024, 1056, 1057, 1058, 33_000)
A, B = Keyword("a"), Keyword("b")


class Native:
    """A cursor as compiled code uses it."""

    def __init__(self, library: ctypes.PyDLL) -> None:
        for name in ("items", "integers"):
            function = getattr(library, name)
            function.argtypes, function.restype = [ctypes.py_object], ctypes.py_object
            setattr(self, name, function)

    items: Callable[[Any], list[Any]]
    integers: Callable[[Any], list[Any]]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    library = tmp_path_factory.mktemp("cursor") / "iteration.so"
    includes = [f"-I{build.HERE}", f"-I{sysconfig.get_paths()['include']}"]
    command = [*build.compiler(), *build.FLAGS, *includes, "-shared", str(HERE / "iteration.cpp")]
    subprocess.run([*command, "-o", str(library)], check=True)
    ctypes.CDLL(_support.__file__, mode=ctypes.RTLD_GLOBAL)
    return Native(ctypes.PyDLL(str(library)))


COLLECTIONS: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "nil": (lambda: None, []),
    **{f"vector of {n}": (partial(vector, range(n)), list(range(n))) for n in SIZES},
    "list": (lambda: List.of(1, None, 3), [1, None, 3]),
    "empty list": (lambda: List(), []),
    "rest of a list": (lambda: List((1, 2, 3), start=2), [3]),
    "tuple": (lambda: (1, 2), [1, 2]),
    "array": (lambda: [1, 2], [1, 2]),
    "string": (lambda: "ab", [Char("a"), Char("b")]),
    "map": (lambda: Map({A: 1}), [vector((A, 1))]),
    "empty map": (lambda: Map(), []),
    "sorted map": (
        lambda: SortedMap.make([(2, 3), (1, 2)], compare),
        [vector((1, 2)), vector((2, 3))],
    ),
    "set": (lambda: Set.make([A]), [A]),
    "dict": (lambda: {1: 2}, [vector((1, 2))]),
    "range": (lambda: range_(3, 9, 2), [3, 5, 7]),
    "falling range": (lambda: range_(3, -3, -2), [3, 1, -1]),
    "range to the last integer": (lambda: range_(2**63 - 3, 2**63 - 1), [2**63 - 3, 2**63 - 2]),
    "rest of a range": (lambda: rest(range_(4)), [1, 2, 3]),
    "endless range": (lambda: IterSeq.over(itertools.islice(range_(), 40)), list(range(40))),
    "rest of a vector": (lambda: rest(vector(range(70))), list(range(1, 70))),
    "sequence over an array": (lambda: IndexedSeq([1, 2, 3], 1), [2, 3]),
    "sequence over a tuple": (lambda: IndexedSeq((1, 2, 3), 1), [2, 3]),
    "generated": (lambda: IterSeq.over(x for x in range(100)), list(range(100))),
    "rest of generated": (lambda: rest(IterSeq.over(iter(range(100)))), list(range(1, 100))),
    "cons": (lambda: Cons(1, Cons(None, None)), [1, None]),
    "cons onto a vector": (lambda: cons(0, vector(range(1, 40))), list(range(40))),
    "lazy": (lambda: LazySeq(lambda: LazySeq(lambda: List.of(1, 2))), [1, 2]),
    "lazy nothing": (lambda: LazySeq(lambda: None), []),
    "concatenation": (
        lambda: Concat.of((vector((1, 2)), None, Concat.of((List.of(3), (), range_(4, 6))), "")),
        [1, 2, 3, 4, 5],
    ),
    "iterator": (lambda: iter((1, 2)), [1, 2]),
}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_kind_is_walked_to_its_end(name: str, native: Native) -> None:
    make, expected = COLLECTIONS[name]
    assert native.items(make()) == expected
    assert list(_support.walk(make())) == expected
    assert list(_support.walk(_support.walk(make()))) == expected
    again = make()
    if name != "iterator":
        assert native.items(again) == native.items(again) == expected


def test_ranges_give_unboxed_integers(native: Native) -> None:
    assert native.integers(range_(3, 9, 2)) == [3, 5, 7]
    assert native.integers(rest(range_(2, -3, -1))) == [1, 0, -1, -2]
    assert native.integers(range_(2**63 - 2, 2**63 - 1)) == [2**63 - 2]
    assert native.integers(vector((1, 2))) == []


@given(
    keys=st.sets(st.one_of(st.integers(-300, 300), st.text(max_size=2), st.booleans(), st.none()))
)
def test_maps_are_read_as_the_library_reads_them(keys: set[Any]) -> None:
    m = Map({key: [key] for key in keys})
    assert {entry[0]: entry[1] for entry in _support.walk(m)} == {key: [key] for key in keys}
    for key in (*keys, "absent", 1000):
        assert _support.get(m, key, "no") == m.get(key, "no")
        assert _support.contains(m, key) == (key in m)
    for key in list(keys)[::2]:
        m = m.delete(key)
    assert {entry[0]: entry[1] for entry in _support.walk(m)} == dict(m.items())


def test_keys_of_one_hash_are_told_apart() -> None:
    class Same:
        def __hash__(self) -> int:
            return 7

    keys = [Same() for _ in range(40)]
    m = Map({key: i for i, key in enumerate(keys)} | {A: "a"})
    assert [_support.get(m, key) for key in keys] == list(range(40))
    assert _support.get(m, Same()) is None and _support.get(m, 7) is None
    assert len(list(_support.walk(m))) == 41


def test_errors_of_keys_come_through() -> None:
    class Bad:
        def __hash__(self) -> int:
            return hash(5)

        def __eq__(self, other: object) -> bool:
            raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        _support.get(Map({5: 1}), Bad())
    with pytest.raises(TypeError, match="unhashable"):
        _support.get(Map({5: 1}), [])


def test_an_entry_is_a_vector_like_any_other() -> None:
    (entry,) = _support.walk(Map({A: 1}))
    assert type(entry) is PVector and entry == vector((A, 1)) and len(entry) == 2
    assert entry.append(2) == vector((A, 1, 2)) and entry.set(0, B) == vector((B, 1))
    assert entry.extend(range(100)) == vector((A, 1, *range(100))) and entry[:1] == vector((A,))
    value = ["held"]
    m = Map({A: value})
    held = [next(_support.walk(m)) for _ in range(100)]
    assert gc.get_referents(held[0]).count(value) == 1
    assert vector() == vector([]) and len(vector()) == 0


def test_items_are_evaluated_when_asked_for(native: Native) -> None:
    seen: list[int] = []

    def note(x: int) -> int:
        seen.append(x)
        return x

    made = map_(note, vector(range(100)))
    walk = _support.walk(made)
    assert seen == []
    assert _support.advance(walk) == 0 and seen == [0]
    assert _support.advance(walk) == 1 and seen == [0, 1]
    assert native.items(made) == list(range(100)) == seen
    assert _support.advance(walk) == 2 and len(seen) == 100
    seen.clear()
    assert reduce(lambda _, x: Reduced(x) if x == 5 else x, 0, map_(note, vector(range(100)))) == 5
    assert seen == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("coll", "expected"),
    [
        (Map({A: 1, B: 2}), {(A, 1), (B, 2)}),
        (vector((7, None)), {(0, 7), (1, None)}),
        (SortedMap.make([(2, 3), (1, 2)], compare), {(1, 2), (2, 3)}),
        (List.of(vector((1, 2)), vector((3, 4))), {(1, 2), (3, 4)}),
        ({1: 2}, {(1, 2)}),
        (None, set()),
        (Map(), set()),
    ],
)
def test_keys_and_values_are_reduced(coll: Any, expected: set[Any]) -> None:
    assert set(reduce_kv(lambda acc, k, v: (*acc, (k, v)), (), coll)) == expected
    stopped = reduce_kv(lambda acc, k, v: Reduced((*acc, k)), (), coll)
    assert len(stopped) == min(1, len(expected))
    untouched = Reduced(1)
    assert reduce_kv(lambda acc, k, v: 1, untouched, Map()) is untouched


def test_the_end_stays_the_end() -> None:
    walk = _support.walk(vector((1,)))
    assert _support.advance(walk) == 1
    assert _support.advance(walk) is _support.END and _support.advance(walk) is _support.END
    with pytest.raises(TypeError):
        _support.advance([1])


@pytest.mark.parametrize("coll", [5, A, 1.5, True])
def test_what_is_not_seqable_raises_at_once(coll: Any, native: Native) -> None:
    for walk in (_support.walk, native.items):
        with pytest.raises(TypeError, match="cannot make a sequence from"):
            walk(coll)


def test_an_error_ends_a_walk_and_is_kept_by_the_sequence(native: Native) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    s = IterSeq.over(items())
    for _ in range(2):
        walk = _support.walk(s)
        assert _support.advance(walk) == 1
        with pytest.raises(ValueError, match="broken"):
            _support.advance(walk)
        assert _support.advance(walk) is _support.END
        with pytest.raises(ValueError, match="broken"):
            native.items(s)


def test_a_sequence_that_walks_itself_is_an_error() -> None:
    walks: list[Any] = []
    walks.append(_support.walk(map_(lambda x: _support.advance(walks[0]), vector((1, 2)))))
    with pytest.raises(ValueError, match="being walked already"):
        _support.advance(walks[0])


def test_what_was_walked_is_freed() -> None:
    class Item:
        pass

    made: list[weakref.ref[Item]] = []

    def make(_: Any) -> Item:
        item = Item()
        made.append(weakref.ref(item))
        return item

    def half() -> Any:
        return map_(make, range_(500))

    for sequence in (
        lambda: map_(make, range_(1000)),
        lambda: LazySeq(lambda: map_(make, range_(1000))),
        lambda: filter_(lambda _: True, Concat.of((half(), half()))),
    ):
        made.clear()
        walk = _support.walk(sequence())
        for _ in range(600):
            _support.advance(walk)
        assert sum(item() is not None for item in made) < 70


@pytest.mark.parametrize("nest", [partial(map_, str), partial(filter_, str), partial(take, 3)])
def test_nesting_beyond_the_stack_is_a_clean_error(nest: Callable[[Any], Any]) -> None:
    s: Any = vector((1, 2))
    for _ in range(100_000):
        s = nest(s)
    for walk in (list, lambda s: reduce(max, s), lambda s: s.first()):
        with pytest.raises(RecursionError):
            walk(s)


def test_walks_in_cycles_are_collected() -> None:
    class Item:
        walk: Any

    class Pred(Item):
        def __call__(self, x: Any) -> Any:
            return x

    def cycle() -> weakref.ref[Item]:
        item, pred = Item(), Pred()
        item.walk = _support.walk(vector((item, pred)))
        pred.walk = _support.filtered(pred, [item], True)
        return weakref.ref(item)

    gone = cycle()
    gc.collect()
    assert gone() is None


def test_filters_take_lisps_truth() -> None:
    assert list(_support.filtered(lambda x: x, [0, "", None, False, True], True)) == [0, "", True]
    assert list(_support.filtered(lambda x: x, [0, "", None, False, True], False)) == [None, False]


def test_the_libraries_are_read_in_place() -> None:
    assert _support.readable_layouts() == {"immutables.Map": True, "pyrsistent.PVector": True}
