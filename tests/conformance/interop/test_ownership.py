"""Who owns what a box holds: it is destroyed with the last box, once, in every strategy."""

from __future__ import annotations

import gc

from runtime.errors import render
from tests.conformance.interop.programs import Bench, bench, each
from tests.robustness import Where, slip

fixture = bench(
    """(ns conformance.ownership
         (:require ["ownership.hpp" :as o :scope "ownership"]
                   ["log.hpp" :as log :scope "tslog"]))
       (o/global)
       (defn make [n] (cpp/box (cpp/new o/thing (cpp/int. n))))"""
)

NEW = "(cpp/new o/thing 1)"
IT = "#cpp (:* o/thing)"


def logged(bench: Bench, source: str) -> str:
    """What the C++ of a program did, in order."""
    return bench.value(f"(do (log/take) {source} (o/note 9) (log/take))").strip('"')


@each(
    [
        # a box of cpp/new owns
        (f"(let [b (cpp/box {NEW})] (o/note 1))", "+1 note 1 -1 note 9"),
        (f"(let [p {NEW} b (cpp/box p)] (o/note 1))", "+1 note 1 -1 note 9"),
        (f"(let [p {NEW} q p b (cpp/box q)] (o/note 1))", "+1 note 1 -1 note 9"),
        (f"(let [b (cpp/box (do (o/note 2) {NEW}))] (o/note 1))", "note 2 +1 note 1 -1 note 9"),
        (
            f"(let [b (cpp/box (if (identity true) {NEW} (cpp/new o/thing 2)))] (o/note 1))",
            "+1 note 1 -1 note 9",
        ),
        (
            f"(let [b (cpp/box (let [p {NEW}] (o/note 2) p))] (o/note 1))",
            "+1 note 2 note 1 -1 note 9",
        ),
        (f"((fn [] (cpp/box {NEW}) (o/note 1)))", "+1 -1 note 1 note 9"),
        ("(let [b (make 1)] (o/note (o/number_of b)) nil)", "+1 note 1 -1 note 9"),
        (
            "(dotimes [i 2] (let [b (cpp/box (cpp/new o/thing (cpp/int. i)))] (o/note 1)))",
            "+0 note 1 -0 +1 note 1 -1 note 9",
        ),
        # with its last reference, wherever that is
        (
            "(let [a (atom nil)] (reset! a (make 1)) (o/note 1) (reset! a nil) (o/note 2))",
            "+1 note 1 -1 note 2 note 9",
        ),
        (
            "(let [f (let [b (make 1)] (fn [] (o/number_of b)))] (o/note (f)) nil)",
            "+1 note 1 -1 note 9",
        ),
        # boxes share
        (f"(let [p {NEW} b (cpp/box p) c (cpp/box p)] (o/note 1))", "+1 note 1 -1 note 9"),
        (f"(let [b (cpp/box {NEW}) c (cpp/box (cpp/unbox b))] (o/note 1))", "+1 note 1 -1 note 9"),
        (
            f"(let [a (atom (let [b (cpp/box {NEW})] (cpp/box (cpp/unbox b))))] (o/note 1) "
            "(reset! a nil) (o/note 2))",
            "+1 note 1 -1 note 2 note 9",
        ),
        # what does not own leaves it
        (
            f"(let [p {NEW} b (cpp/box (cpp/& (cpp/* p)))] (o/note 1) (cpp/delete p))",
            "+1 note 1 -1 note 9",
        ),
        (
            f"(let [p {NEW}] (let [b (cpp/box (o/hand p))] nil) (o/note 1) (cpp/delete p))",
            "+1 note 1 -1 note 9",
        ),
        ("(let [b (cpp/box (o/global))] (o/note (o/number_of b)) nil)", "note 0 note 9"),
        (
            f"(let [p {NEW} d (cpp/new o/thing 2)] (cpp/= p (o/global)) (let [b (cpp/box p)] nil) "
            "(cpp/delete d))",
            "+1 +2 -2 note 9",
        ),
        # deleted once
        (f"(let [b (cpp/box {NEW})] (cpp/delete (cpp/unbox b)) (o/note 1))", "+1 -1 note 1 note 9"),
        (
            f"(let [p {NEW} b (cpp/box p) c (cpp/box p)] (cpp/delete p) (o/note 1))",
            "+1 -1 note 1 note 9",
        ),
        (
            f"(let [b (cpp/box {NEW})] (let [p (cpp/unbox b)] (cpp/delete p)) (o/note 1))",
            "+1 -1 note 1 note 9",
        ),
        # a pointer out of a box keeps it
        (
            f"(let [p (cpp/unbox {IT} (make 1))] (o/note 1) (o/note (.get p)))",
            "+1 note 1 note 1 -1 note 9",
        ),
        (f"(o/note (.get (cpp/unbox {IT} (make 1))))", "+1 note 1 -1 note 9"),
        (
            f"(let [p (.itself (cpp/unbox {IT} (make 1)))] (o/note 2) (o/note (.get p)))",
            "+1 note 2 note 1 -1 note 9",
        ),
        # leaving by an exception
        (
            f'(try (let [b (cpp/box {NEW})] (throw (ex-info "x" {{}}))) (catch Exception e nil))',
            "+1 -1 note 9",
        ),
    ]
)
def test_log(bench: Bench, source: str, expected: str) -> None:
    gc.collect()
    assert logged(bench, source).replace("-0 elsewhere", "-0") == expected


@each(
    [
        (f'(boolean (re-find #" owned>" (str (cpp/box {NEW}))))', "true"),
        ('(boolean (re-find #" not owned>" (str (cpp/box (o/global)))))', "true"),
        (
            '(let [x (cpp/int. 1)] (boolean (re-find #" not owned>" (str (cpp/box (cpp/& x))))))',
            "true",
        ),
        (
            f"(let [b (cpp/box {NEW})] (cpp/delete (cpp/unbox b)) (str b))",
            '"#<cpp box ownership::thing * deleted>"',
        ),
        ("(.-number (cpp/unbox (cpp/box (cpp/new o/kept))))", "3"),  # which nobody may destroy
    ]
)
@slip(
    Where.COSTS,
    "`(cpp/box (cpp/new …))` that is never freed",
    "What a box owns is destroyed with its last reference; a box says whether it owns.",
)
def test_a_box_says_whether_it_owns(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


def test_an_emptied_box_says_so(bench: Bench) -> None:
    emptied = f"(let [b (cpp/box {NEW})] (cpp/delete (cpp/unbox b))"
    assert "this box is empty: its ownership::thing was deleted, boxed at" in bench.fault(
        f"{emptied} (.get (cpp/unbox b)))"
    )
    assert "deleted" in bench.fault(f"{emptied} (o/number_of b))")
    assert "this box is empty" in bench.fault(f"{emptied} (cpp/delete (cpp/unbox b)))")


def test_a_var_that_is_defined_again_lets_go_of_its_box(bench: Bench) -> None:
    run = bench.runtime.eval
    run("(log/take)")
    run(f"(def held (cpp/box {NEW}))")
    run("(defonce once (cpp/box (cpp/new o/thing 5)))")
    run("(def other held)")
    run("(def held (cpp/box (cpp/new o/thing 2)))")
    run("(defonce once (cpp/box (cpp/new o/thing 6)))")
    assert run("(log/take)") == "+1 +5 +2"
    run("(def other nil)")
    run("(def held nil)")
    run("(def once nil)")
    assert run("(log/take)") == "-1 -2 -5"


def test_what_another_thread_lets_go_of_is_destroyed_on_the_windows(bench: Bench) -> None:
    run = bench.runtime.eval
    run("(log/take)")
    run(f"(def held (atom (cpp/box {NEW})))")
    run("@(future (reset! held nil))")
    bench.runtime.tick()
    assert run("(log/take)") == "+1 -1"


@slip(Where.FAULTS, "a destructor that throws", "A problem that names the type.")
def test_a_destructor_that_throws_becomes_a_problem(bench: Bench) -> None:
    run = bench.runtime.eval
    run("(def bad (cpp/box (cpp/new o/hostile)))", filename="hostile.jank")
    run("(def bad 1)")
    (problem,) = [p for p in bench.runtime.problems() if p.script == "hostile.jank"]
    assert "the destructor of ownership::hostile * failed: std::runtime_error: not now" in render(
        problem.error, lambda file: None
    )
    assert run("bad") == 1


def test_a_local_whose_destructor_throws_is_an_error_of_its_scope(bench: Bench) -> None:
    assert "not now" in bench.fault("(let [h (o/hostile.)] (o/note 1))")
    assert (
        bench.value("(try (let [h (o/hostile.)] 1) (catch cpp/std.exception e (.what e)))")
        == '"not now"'
    )
    assert bench.value("(+ 1 1)") == "2"
