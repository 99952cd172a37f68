"""Tier 0's native nodes: what fails in the middle of one leaves nothing behind; how deep they may nest."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from runtime import Runtime
from runtime.errors import LispError
from runtime.process.interruption import Interrupted

ROUNDS = 1_000
DEEP = 200  # levels of forms
# What fails while `x`, the object whose references are counted, is in the hands of nodes.
FAILING = {
    "an argument": "(list x (nth [x] 5) x)",
    "the callee": "(x x)",
    "a core function on the right": "(+ (count [x]) (nth [x] 5))",
    "a core function's own error": "(+ 1 (get {:a x} :a))",
    "an overflow": "(let [y x] (* 9223372036854775807 (count [y y])))",
    "a binding": "(let [y x z [y] w (nth z 9)] w)",
    "a body": "(let [y x] (let [z [y x]] (nth z 2)))",
    "a loop": "(loop [i 0 y x] (if (< i 5) (recur (inc i) [y]) (nth y 1)))",
    "the second of two values for recur": "(loop [i 0 y x] (recur [y x] (nth [i x] 5)))",
    "a value for recur": "(loop [i 0 y x] (recur (inc (nth [i] i)) [y x]))",
    "a text": "(str \"a\" x nil (nth [x] 1))",
    "a keyword's map": "(get {:a x :b (nth [x] 1)} :a x)",
    "a vector literal": "[x [x] (nth [x] 1)]",
    "a map literal": "{:a x x [x] :b (nth [x] 1)}",
    "a closure's capture": "(let [f (fn [] [x])] (nth (f) 1))",
    "a function's arguments": "((fn [a b] (nth [a b] 2)) x [x])",
    "rest arguments": "((fn [a & more] (nth more 7)) x x x)",
    "an arity": "((fn [a] a) x x)",
    "a throw": "(throw (ex-info \"x\" {:x x}))",
    "a throw of the value itself": "(throw x)",
    "a handler": "(try (throw x) (catch :default e (nth [e x] 2)))",
    "finally": "(try [x] (finally (nth [x] 1)))",
    "finally after an error": "(try (nth [x] 1) (finally [x]))",
    "case": "(case (nth [x] 1) 1 x 2)",
    "a keyword's default": "(:a x (nth [x] 1))",
    "a C++ argument": "(let [y [x]] (cpp/std.abs (cpp/int. (first y))))",
    "a C++ exception": "(let [s (cpp/std.string. \"abc\") y [x]] (.at s (+ 7 (count y))))",
}  # fmt: skip


@pytest.fixture
def tier_0() -> Iterator[Runtime]:
    runtime = Runtime("interpret")
    runtime.eval('(cpp/raw "#include <string>\\n#include <cstdlib>")')
    yield runtime
    runtime.close()


@pytest.mark.parametrize("form", FAILING.values(), ids=list(FAILING))
def test_what_fails_leaves_no_reference_behind(tier_0: Runtime, form: str) -> None:
    tier_0.eval(f"(defn fails [x] {form})")
    fails = tier_0.namespaces.ensure("user").vars["fails"].root
    counted = object()

    def once() -> None:
        try:
            fails(counted)
        except Exception:
            return
        raise AssertionError("it does not fail")

    for _ in range(3):
        once()
    gc.collect()  # the traceback of what `throw` raises refers to it in turn
    before = sys.getrefcount(counted)
    for _ in range(ROUNDS):
        once()
    gc.collect()
    assert sys.getrefcount(counted) == before


def test_an_interrupt_leaves_no_reference_behind(tier_0: Runtime) -> None:
    counted = object()

    def stop(_: object) -> None:
        raise Interrupted

    var = tier_0.namespaces.ensure("user").intern("stop")
    var.bind(stop)
    tier_0.eval("(defn inner [x n] (if (= n 0) (stop x) (let [y [x]] (inner (first y) (dec n)))))")
    inner = tier_0.namespaces.ensure("user").vars["inner"].root
    before = sys.getrefcount(counted)
    for _ in range(ROUNDS // 10):
        with pytest.raises(Interrupted):
            inner(counted, 5)
    assert sys.getrefcount(counted) == before


def nested(levels: int) -> str:
    return "(inc " * levels + "n" + ")" * levels


@pytest.mark.parametrize("stack_kb", [256, 512, 1024, 8192])
def test_deep_nodes_are_an_error_or_a_value_on_any_stack(tier_0: Runtime, stack_kb: int) -> None:
    tier_0.eval(f"(defn deep [n] {nested(DEEP)})")
    tier_0.eval("(defn down [n] (if (= n 0) (deep 0) (+ 0 (down (dec n)))))")
    found: list[str] = []

    def run() -> None:
        for levels in (0, 10, 100, 1_000, 100_000):
            try:
                found.append(str(tier_0.call("user/down", levels)))
            except LispError as e:
                found.append(e.message)

    before = threading.stack_size(stack_kb * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert len(found) == 5
    assert set(found) <= {str(DEEP), "stack overflow: calls are nested too deeply"}
    assert found[-1] != str(DEEP)
    if stack_kb == 8192:
        assert found[0] == str(DEEP)


def test_functions_call_each_other_with_no_python_between_them(tier_0: Runtime) -> None:
    """A call of a tier 0 function hands its number over as it is."""
    tier_0.eval("(defn f [a b & more] [a b more (+ a b)])")
    tier_0.eval("(defn g [a] (f a 2.5 a :k))")
    assert str(tier_0.eval("(pr-str (g 1))")) == "[1 2.5 (1 :k) 3.5]"


CHANGING = """
(defn step [x] (+ x 1))
(defn other [x] (* x 10))
(def before step)
(defn calls [x] (step x))
(defn twice [x] [(step x) (do (def step other) (step x))])
(defn gone [x] (step (do (def step (fn [y] [:new y])) x)))
(defn itself [n] (if (pos? n) (do (when (= n 3) (def itself (fn [n] [:other n]))) (itself (dec n))) :end))
(defn shaped ([x] [:one x]) ([x y] [:two x y]) ([x y & more] [:more more]))
(defn shapes [] [(shaped 1) (shaped 1 2) (shaped 1 2 3)])
"""


def test_a_place_of_a_call_sees_whatever_its_var_is_given(tier_0: Runtime) -> None:
    tier_0.eval(CHANGING)

    def shown(form: str) -> str:
        return str(tier_0.eval(f"(pr-str {form})"))

    assert shown("[(calls 1) (calls 1)]") == "[2 2]"
    for given, found in (
        ("other", "10"), (":x", "nil"), ("{1 :found}", ":found"), ("(fn [& all] all)", "(1)"),
        ("[5 6]", "6"), ("(fn ([x] [:one x]) ([x y] :two))", "[:one 1]"), ("before", "2"),
    ):  # fmt: skip
        assert shown(f"(do (def step {given}) (calls 1))") == found
        assert (
            shown("(with-redefs [step (fn [x] :within)] [(calls 1) (calls 1)])")
            == "[:within :within]"
        )
        assert shown("(calls 1)") == found
    assert shown("(do (alter-var-root #'step (fn [_] other)) (calls 2))") == "20"
    tier_0.eval("(def step before)")
    assert shown("(twice 3)") == "[4 30]"
    tier_0.eval("(def step before)")
    assert shown("[(gone 1) (gone 1)]") == "[2 [:new 1]]"  # the callee comes before its arguments
    assert shown("[(itself 5) (itself 5)]") == "[[:other 2] [:other 5]]"
    assert shown("(shapes)") == "[[:one 1] [:two 1 2] [:more (3)]]"
    with pytest.raises(LispError):
        tier_0.eval("(do (def step (fn [x y] :two)) (calls 1))")


def test_a_function_that_is_redefined_while_it_runs_lives_to_its_end(tier_0: Runtime) -> None:
    tier_0.eval("""
        (defn inner [x] (do (def inner (fn [y] :new)) (let [z (vec (range x))] (conj z (count z)))))
        (defn outer [x] (inner x))
        (defn self [n] (if (= n 0) (do (def self nil) [n]) (conj (self (dec n)) n)))""")
    assert str(tier_0.eval("(pr-str [(outer 3) (outer 3)])")) == "[[0 1 2 3] :new]"
    assert str(tier_0.eval("(pr-str (self 4))")) == "[0 1 2 3 4]"
    gc.collect()


TEXTS = (
    "", '"a"', "nil", "1", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1N", "1.5",
    "true", ":k", "'s", "\\a", '"é"', '"🙂"', "[1 nil]", "{:a \"b\"}", "(list)", "(fn [x] x)",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_str_means_the_same_wherever_it_is_done(tier_0: Runtime, text: str) -> None:
    for args in (text, f"{text} 7", f'"<" {text} ">"', f"nil {text} {text}"):
        direct, applied = tier_0.eval(
            f"(let [f (fn [] [(str {args}) (apply str (list {args}))])] (f))"
        )
        assert direct == applied or "fn" in text
    assert tier_0.eval('(with-redefs [str (fn [& all] (count all))] (str 1 "a"))') == 2


@pytest.mark.parametrize(
    "coll", ["{:a 1}", "{:b 1}", "nil", "5", '"text"', "[:a]", "#{:a}", "(list :a)", "(range)", "{:a nil}",
             "(array-map :b 2 :a 3)", "(into {} (map (juxt (comp keyword str) identity) (range 100)))"],
)  # fmt: skip
def test_a_keyword_is_looked_up_alike_by_get_and_by_itself(tier_0: Runtime, coll: str) -> None:
    by_get, by_itself, found = tier_0.eval(f"""
        (let [c {coll} f (fn [c] [(get c :a) (get c :a :none)]) g (fn [c] [(:a c) (:a c :none)])]
          [[(f c) (f {{:a 0}}) (f c)] [(g c) (g {{:a 0}}) (g c)]
           (let [h (fn [c] [(apply get [c :a]) (apply get [c :a :none])])] [(h c) (h {{:a 0}}) (h c)])])""")
    assert by_get == by_itself == found
