"""Native values in let and loop: identity, mutation, moves, and when what is destroyed."""

from __future__ import annotations

import pytest

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench(
    """(ns conformance.lifetimes
         (:require ["objects.hpp" :as o :scope "objects"]
                   ["log.hpp" :as log :scope "tslog"]))"""
)


@each(
    [
        # a local is a name for an object
        ("(let [x (cpp/int. 1) p (cpp/& x)] (cpp/= (cpp/* p) 9) x)", "9"),
        ("(let [x (cpp/int. 1) y x] (cpp/= y 5) x)", "5"),
        ("(let [x (cpp/int. 1)] (cpp/++ x) (cpp/++ x) x)", "3"),
        ("(let [x (cpp/int. 1)] (let [x (cpp/int. 5)] (cpp/++ x)) x)", "1"),
        ("(let [x (cpp/int. 1)] (let [y x] (cpp/+= y 10)) x)", "11"),
        ("(let [x 1.5 y (cpp/float. x)] (cpp/*= y 2) y)", "3.0"),
        ("(let [x (cpp/bool. true)] (cpp/= x false) x)", "false"),
        ("(let [x (cpp/int. 3)] (if true x 4))", "3"),
        ("(let [x (if (identity true) (cpp/int. 3) (cpp/int. 4))] (cpp/++ x) x)", "4"),
        ("(let [x (do (cpp/int. 3))] (cpp/++ x) x)", "4"),
        ("(let [x (let [y (cpp/int. 3)] y)] (cpp/++ x) x)", "4"),
        ('(let [s (cpp/std.string. "ab")] (.append s "cd") s)', '"abcd"'),
        ('(let [s (cpp/std.string. "ab") t s] (.append t "cd") (.size s))', "4"),
        ('(let [s (cpp/std.string. "ab") t (cpp/std.string. s)] (.append t "cd") (.size s))', "2"),
        (
            "(let [v (#cpp (cpp/std.vector cpp/int))] (.push_back v 1) (.push_back v (identity 2)) v)",
            "[1 2]",
        ),
        ("(let [v (#cpp (cpp/std.vector cpp/int) 3 7)] [(.size v) (cpp/aget v 2)])", "[3 7]"),
        ("(let [[a b] [1 2] p (o/point. a b)] (.sum p))", "3"),
        ("(let [p (o/point. 1 2) {:keys [k]} {:k 5}] (+ k (.sum p)))", "8"),
        # loop and recur
        ("(loop [i (cpp/int. 0) n 0] (if (cpp/< i 5) (recur (cpp/+ i 1) (inc n)) [i n]))", "[5 5]"),
        ("(loop [i 0 x (cpp/double. 1.0)] (if (< i 4) (recur (inc i) (cpp/* x 2.0)) x))", "16.0"),
        ("(loop [p (o/point. 0 0) i 0] (if (< i 3) (recur (.moved p 1 2) (inc i)) (.sum p)))", "9"),
        (
            "(loop [a (cpp/int. 1) b (cpp/int. 2) i 0] (if (< i 3) (recur b a (inc i)) [a b]))",
            "[2 1]",
        ),
        ("(loop [x (cpp/int. 0)] (if (cpp/< x 3) (do (cpp/++ x) (recur x)) x))", "3"),
        ("(let [x (cpp/int. 0)] (loop [i 0] (when (< i 4) (cpp/+= x i) (recur (inc i)))) x)", "6"),
        ("(let [x (cpp/int. 0)] (dotimes [i 5] (cpp/+= x i)) x)", "10"),
        ("(let [x (cpp/int. 0)] (doseq [i [1 2 3]] (cpp/+= x i)) x)", "6"),
        ("(let [x (cpp/int. 0)] (while (cpp/< x 7) (cpp/++ x)) x)", "7"),
        # moves
        ("(.get (o/make_moving 4))", "4"),
        ("(let [m (o/make_moving 4)] (.get m))", "4"),
        ("(let [m (o/only_moves. 4)] (cpp/= (cpp/* (.-value m)) 6) (.get m))", "6"),
        ("(let [m (o/make_moving 4)] [(o/take (cpp/std.move m)) (.get m)])", "[4 -1]"),
        ("(o/take (o/make_moving 8))", "8"),
        ("(o/take (o/only_moves. (identity 8)))", "8"),
        ("(let [p (o/pinned. 3)] (o/use_pinned p))", "3"),
        ("(o/use_pinned (o/pinned. 3))", "3"),
        ("(let [w (o/owner.)] (cpp/= (cpp/aget (.-row w) 2) 5) (cpp/aget (.-row w) 2))", "5"),
        (
            "(let [w (o/owner.)] (cpp/= (cpp/aget (cpp/aget (.-grid w) 1) 2) 9) (cpp/aget "
            "(cpp/aget (.-grid w) 1) 2))",
            "9",
        ),
        # conditions
        ("(if (cpp/bool. true) 1 2)", "1"),
        ("(if (cpp/bool. false) 1 2)", "2"),
        ("(if (cpp/int. 0) 1 2)", "1"),
        ("(if (cpp/float. 0.0) 1 2)", "1"),
        ("(if cpp/nullptr 1 2)", "2"),
        ("(if (o/point_ptr) 1 2)", "1"),
        ("(if (o/null_point) 1 2)", "2"),
        ("(if (o/truthy. true) 1 2)", "1"),
        ("(if (o/truthy. false) 1 2)", "2"),
        ("(let [b (cpp/bool. false)] (if b 1 2))", "2"),
        ("(let [b (cpp/bool. false)] (cpp/= b true) (if b 1 2))", "1"),
        ("(when-not (cpp/bool. false) :yes)", ":yes"),
        ("(cond (cpp/bool. false) 1 (cpp/> (cpp/int. 2) 1) 2)", "2"),
        ("(and (cpp/bool. true) 5)", "5"),
        ("(or (cpp/bool. false) 6)", "6"),
        ("(not (cpp/bool. false))", "true"),
        ("(if (cpp/short. 0) 1 2)", "1"),
        ("(let [p (o/null_point)] (if-not p :null :there))", ":null"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


def logged(bench: Bench, source: str) -> str:
    """What the C++ of a program did, in order."""
    return bench.value(f"(do (log/take) {source} (log/take))").strip('"')


@each(
    [
        # the end of a scope, in reverse order
        ('(let [a (o/traced. "a")] nil)', "+a -a"),
        ('(let [a (o/traced. "a") b (o/traced. "b")] nil)', "+a +b -b -a"),
        (
            '(let [a (o/traced. "a")] (let [b (o/traced. "b")] nil) (o/note 1))',
            "+a +b -b note 1 -a",
        ),
        ('(let [a (o/traced. "a") x 1 b (o/traced. "b")] (o/note x))', "+a +b note 1 -b -a"),
        ('(let [a (o/traced. "a") r (.self a)] (o/use r))', "+a use a -a"),
        ('(let [a (o/make_traced "m")] nil)', "+m -m"),
        ('(let [a (o/traced. "a") b (o/traced. a)] nil)', "+a copy a' -a' -a"),
        ('(let [a (o/traced. "a") b (cpp/std.move a)] nil)', "+a -a"),
        ('(let [p (cpp/new o/traced "h")] (o/note 1) (cpp/delete p))', "+h note 1 -h"),
        (
            '(let [p (cpp/box (cpp/new o/traced "k"))] (o/note 1) (cpp/delete (cpp/unbox p)))',
            "+k note 1 -k",
        ),
        ('(if (identity true) (let [a (o/traced. "a")] nil) 1)', "+a -a"),
        ('(dotimes [i 2] (let [a (o/traced. (str "i" i))] nil))', "+i0 -i0 +i1 -i1"),
        ('((fn [] (let [a (o/traced. "f")] (o/use a))))', "+f use f -f"),
        (
            '(loop [i 0] (when (< i 2) (let [a (o/traced. "l")] (o/note i)) (recur (inc i))))',
            "+l note 0 -l +l note 1 -l",
        ),
        # leaving by an exception
        (
            '(try (let [a (o/traced. "a")] (throw (ex-info "x" {}))) (catch Exception e (o/note 1)))',
            "+a -a note 1",
        ),
        (
            '(try (let [a (o/traced. "a") b (o/traced. "b")] (o/fail_with b)) (catch '
            "cpp/std.exception e (o/note 2)))",
            "+a +b -b -a note 2",
        ),
        (
            '(let [a (o/traced. "a")] (try (throw (ex-info "x" {})) (catch Exception e (o/use a))))',
            "+a use a -a",
        ),
        ('(try (let [a (o/traced. "a")] (o/use a)) (finally (o/note 3)))', "+a use a -a note 3"),
        # so do Lisp strings that C++ points into
        ('(o/use_text (o/same_text (str "lisp" (o/note 1))))', "note 1 use lisp1"),
        ('(o/two_texts (o/same_text (str "a" 1)) (o/same_text (str "b" 2)))', "use a1b2"),
        # temporaries live to the end of the outermost interop form
        ('(o/use (o/traced. "t"))', "+t use t -t"),
        ('(.size (o/traced. "t"))', "+t -t"),
        ('(o/use (o/pass (o/traced. "t")))', "+t pass t use t -t"),
        ('(o/use_text (.text (o/traced. "t")))', "+t use t -t"),
        ('(o/use_text (.c_str (.get (o/traced. "t"))))', "+t use t -t"),
        ('(o/pair (o/traced. "a") (o/traced. "b"))', "+a +b pair ab -b -a"),
        ('(o/note (o/use (o/traced. "t")))', "+t use t note 1 -t"),
        ('(do (o/use (o/traced. "a")) (o/use (o/traced. "b")))', "+a use a -a +b use b -b"),
        ('(let [n (o/use (o/traced. "a"))] (o/note n))', "+a use a -a note 1"),
        ('(str (o/use (o/traced. "a")) (o/note 2))', "+a use a -a note 2"),
        (
            '(o/note (o/mixed (o/note 1) (o/traced. "t") (o/note 2)))',
            "note 1 +t note 2 mixed note 4 -t",
        ),
        ('(if (cpp/== (o/use (o/traced. "a")) 1) (o/note 1) (o/note 2))', "+a use a -a note 1"),
        (
            '(try (o/fail_with (o/traced. "t")) (catch cpp/std.exception e (o/note 1)))',
            "+t -t note 1",
        ),
        ('(o/note (if (identity true) (o/use (o/traced. "a")) 5))', "+a use a -a note 1"),
        ('(o/use (if (identity true) (o/traced. "a") (o/traced. "b")))', "+a use a -a"),
    ]
)
def test_log(bench: Bench, source: str, expected: str) -> None:
    assert logged(bench, source) == expected


@each_rejected(
    [
        ("(let [m (o/make_moving 4)] «(o/take m)»)", CppError, ("deleted",)),
        ("(let [m (o/make_moving 4) n «(o/only_moves. m)»] 1)", CppError, ("deleted",)),
        ("(let [p (o/pinned. 1)] «(o/pinned. p)»)", CppError, ("deleted",)),
        (
            '(loop [p (o/point. 0 0)] (if true 1 (recur «(o/traced. "x")»)))',
            CppError,
            ("no viable conversion",),
        ),
        (
            "(loop [x (cpp/int. 0)] (if true 1 (recur «(o/point. 1 2)»)))",
            CppError,
            ("no viable conversion",),
        ),
        ('(let [a (o/traced. "a")] [«a»])', AnalysisError, ("this C++ value has no Lisp value",)),
        (
            '(let [a (o/traced. "a")] {:a «a»})',
            AnalysisError,
            ("this C++ value has no Lisp value",),
        ),
        ("(if «(o/point. 1 2)» 1 2)", AnalysisError, ("cannot be a condition",)),
        ('(let [a (o/traced. "a")] (if «a» 1 2))', AnalysisError, ("cannot be a condition",)),
        ("(while «(o/point. 1 2)» 1)", AnalysisError, ("cannot be a condition",)),
        ("«(and (o/point. 1 2) 1)»", AnalysisError, ()),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)


@pytest.mark.parametrize("rounds", [1, 50])
def test_nothing_is_left_behind(bench: Bench, rounds: int) -> None:
    bench.runtime.eval("(log/take)")
    text = (
        '(let [a (o/traced. "a") b (o/make_traced "b")] (o/use (o/pass a)) (o/use (o/traced. a)))'
    )
    bench.runtime.eval(f"(dotimes [_ {rounds}] {text})")
    words = str(bench.runtime.eval("(log/take)")).split()
    made = sum(w.startswith("+") or w == "copy" for w in words)
    assert made == sum(w.startswith("-") for w in words) == 3 * rounds
