"""Multimethods, protocols, records and types, by the core functions that the macros expand to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from runtime.core.equality import equal
from runtime.core.kinds import Map, vector
from runtime.core.printing import pr_str
from runtime.core.values import Keyword
from tests.core.lisp import evaluate, function

A, B, X = Keyword("a"), Keyword("b"), Keyword("x")


def var(name: str, **held: Any) -> Any:
    """What stands for a var: its names and, once there is one, its value as `root`."""
    return SimpleNamespace(ns="user", name=name, **held)


def multimethod(*options: Any) -> Any:
    return function("multi-fn*")(var("area"), Keyword("shape"), *options)


def add(f: Any, value: Any, method: Any) -> Any:
    return function("add-method*")(f, value, method)


def test_a_multimethod_calls_the_method_of_the_dispatch_value() -> None:
    area = multimethod()
    add(area, Keyword("square"), lambda m: m[X] ** 2)
    add(area, Keyword("default"), lambda _: 0)
    assert area(evaluate("{:shape :square :x 3}")) == 9
    assert area(evaluate("{:shape :unknown}")) == 0


def test_a_multimethod_without_a_method_says_for_what() -> None:
    with pytest.raises(ValueError, match="No method in multimethod 'area' for dispatch value: nil"):
        multimethod()(Map())


def test_methods_are_inherited_and_ambiguity_is_an_error_until_one_is_preferred() -> None:
    h = evaluate("(derive (derive (make-hierarchy) :c :a) :c :b)")
    f = function("multi-fn*")(var("f"), lambda x: x, Keyword("hierarchy"), function("atom")(h))
    c = Keyword("c")
    add(f, A, lambda _: "a")
    assert f(c) == "a"
    add(f, B, lambda _: "b")
    with pytest.raises(ValueError, match="neither is preferred"):
        f(c)
    function("prefer-method")(f, B, A)
    assert f(c) == "b"
    with pytest.raises(ValueError, match="Preference conflict"):
        function("prefer-method")(f, A, B)
    function("remove-method")(f, B)
    assert f(c) == "a"


def test_defining_a_multimethod_again_keeps_its_methods() -> None:
    f = multimethod()
    add(f, 1, lambda _: "one")
    again = function("multi-fn*")(var("area", root=f), lambda x: x)
    assert again is f
    assert f(1) == "one"


def test_a_change_of_the_hierarchy_is_seen_by_later_calls() -> None:
    h = function("atom")(evaluate("(make-hierarchy)"))
    f = function("multi-fn*")(var("f"), lambda x: x, Keyword("hierarchy"), h)
    add(f, A, lambda _: "a")
    add(f, Keyword("default"), lambda _: "other")
    assert f(B) == "other"
    h.value = function("derive")(h.value, B, A)
    assert f(B) == "a"


@pytest.fixture
def shape() -> Any:
    return function("protocol*")(var("Shape"), vector([A]), Map())


@pytest.fixture
def a(shape: Any) -> Any:
    return function("protocol-method*")(shape, A)


def extend(kind: Any, protocol: Any, method: Any) -> None:
    function("extend")(kind, protocol, Map({A: method}))


def test_a_protocol_method_is_chosen_by_type(shape: Any, a: Any) -> None:
    extend(str, shape, lambda x, n: f"{x}{n}")
    extend(None, shape, lambda x, n: n)
    assert a("s", 1) == "s1"
    assert a(None, 2) == 2
    with pytest.raises(TypeError, match="No implementation of method: :a of protocol: user/Shape"):
        a(1.5, 1)


def test_numbers_and_objects_are_fallbacks_and_booleans_no_numbers(shape: Any, a: Any) -> None:
    extend(object, shape, lambda _: "object")
    extend(function("Number"), shape, lambda _: "number")
    extend(int, shape, lambda _: "long")
    assert [a(1), a(1.5), a(True), a("s")] == ["long", "number", "object", "object"]
    with pytest.raises(TypeError, match="nil"):
        a(None)


def test_a_later_extension_replaces_what_calls_had_found(shape: Any, a: Any) -> None:
    extend(object, shape, lambda _: "object")
    assert a("s") == "object"
    extend(str, shape, lambda _: "string")
    assert a("s") == "string"


def test_defining_a_protocol_again_keeps_its_implementations(shape: Any, a: Any) -> None:
    extend(str, shape, lambda _: 1)
    again = function("protocol*")(var("Shape", root=shape), vector([A, B]), Map())
    assert again is shape
    assert a("s") == 1


def test_reified_objects_bring_their_own_methods(shape: Any, a: Any) -> None:
    reify = function("reify*")
    one = reify(shape, Map({A: lambda _: 1}))
    two = reify(shape, Map({A: lambda _: 2}), object, Map({Keyword("toString"): lambda _: "two"}))
    assert [a(one), a(two), str(two)] == [1, 2, "two"]
    assert function("satisfies?")(shape, one)
    assert not function("satisfies?")(shape, 1)


def test_a_protocol_can_be_implemented_by_metadata() -> None:
    options = Map({Keyword("extend-via-metadata"): True})
    shape = function("protocol*")(var("Shape"), vector([A]), options)
    a = function("protocol-method*")(shape, A)
    value = evaluate("(with-meta {} {'user/a (fn [this] :found)})")
    assert a(value) is Keyword("found")
    with pytest.raises(TypeError, match="No implementation"):
        a(Map())


@pytest.fixture
def point() -> Any:
    return function("record-type*")(var("Point"), evaluate("[:x :y]"))


def test_a_record_is_a_map_with_a_type(point: Any) -> None:
    make = function("positional-factory*")(point)
    p = make(1, 2)
    names = {"p": p, "q": make(1, 2)}
    for source, value in (
        ("(:x p)", 1),
        ("(get p :y)", 2),
        ("(get p :z :none)", Keyword("none")),
        ("(count p)", 2),
        ("(map? p)", True),
        ("(record? p)", True),
        ("(keys p)", evaluate("'(:x :y)")),
        ("(seq p)", evaluate("'([:x 1] [:y 2])")),
        ("(= p q)", True),
        ("(= p {:x 1 :y 2})", False),
        ("(= {:x 1 :y 2} p)", False),
        ("(= (hash p) (hash q))", True),
        ("(:z (assoc p :z 3))", 3),
        ("(record? (assoc p :z 3))", True),
        ("(record? (dissoc p :x))", False),
        ("(record? (dissoc (assoc p :z 3) :z))", True),
        ("(:x (update p :x inc))", 2),
        ("(:x (into p {:x 5}))", 5),
        ("(:x (merge p {:x 5}))", 5),
        ("(meta (with-meta p {:a 1}))", evaluate("{:a 1}")),
        ("(contains? p :x)", True),
        ("(select-keys p [:x])", evaluate("{:x 1}")),
        ("(reduce-kv (fn [acc k v] (+ acc v)) 0 p)", 3),
    ):
        assert equal(evaluate(source, **names), value), source
    assert pr_str(p) == "#user.Point{:x 1, :y 2}"
    assert p.x == 1
    assert {p: "key"}[make(1, 2)] == "key"


def test_factories_check_and_fill_fields(point: Any) -> None:
    with pytest.raises(TypeError, match=r"user\.Point has 2 fields, found 1"):
        function("positional-factory*")(point)(1)
    made = function("map-factory*")(point)(evaluate("{:y 2 :z 3}"))
    assert list(made.items()) == [(X, None), (Keyword("y"), 2), (Keyword("z"), 3)]


def test_defining_a_record_again_keeps_the_type_of_its_objects(point: Any) -> None:
    old = point(1, 2)
    again = function("record-type*")(var("Point", root=point), evaluate("[:x]"))
    assert isinstance(old, again)
    assert again(1).fields == Map({X: 1})


def test_an_object_type_equals_itself_only_and_shows_its_fields_to_methods() -> None:
    kind = function("object-type*")(var("Cell"), evaluate("[:x]"))
    one = kind(1)
    assert function("field*")(one, X) == 1
    assert one != kind(1)
    assert not function("map?")(one)
    extend_object = function("extend")
    extend_object(kind, object, Map({Keyword("toString"): lambda this: f"cell {this.x}"}))
    assert function("str")(one) == "cell 1"
