"""The memory of compiled code: what was compiled before is used again, what is replaced does not pile up."""

from __future__ import annotations

import gc
import time
from weakref import ref

import pytest

from runtime import Runtime, traces
from runtime.errors import RuntimeFault
from runtime.events import Compile, TierChange
from runtime.tiers.policy import Limits
from tests.tiers.agreement import info


def compiled(rt: Runtime, name: str, *args: object) -> object:
    """Make a function hot; the value of a call of its compiled code."""
    for _ in range(4):
        rt.call(name, *args)
    assert rt.wait_idle(120)
    assert info(rt, name).tier == 2, info(rt, name)
    return rt.call(name, *args)


def stack(rt: Runtime, name: str, *args: object) -> list[tuple[str, str]]:
    """The Lisp calls of the error that a call raises. The error keeps no function alive."""
    with pytest.raises(RuntimeFault) as fault:
        rt.call(name, *args)
    found = [(frame.function, str(frame.span)) for frame in fault.value.stack]
    del fault
    gc.collect()
    return found


UNDONE = [
    pytest.param("(defn f [x] (+ x 1))", "(defn f [x] (+ x 2))", id="arithmetic"),
    pytest.param(
        "(defn f [x] (let [[a b] [x (inc x)]] (or (:k {:k a}) (and b a))))",
        "(defn f [x] (let [[a b] [x (inc x)]] (or (:k {:k b}) (and b a))))",
        id="names made by macros",
    ),
    pytest.param(
        "(defn f [x] (reduce + (mapv (fn [i] (* i i)) [x x])))",
        "(defn f [x] (reduce + (mapv (fn [i] (* i x)) [1 x])))",
        id="anonymous functions",
    ),
    pytest.param(
        "(defn g [x] (* x x)) (defn f [x] (+ (g x) 1))",
        "(defn g [x] (* x 3)) (defn f [x] (+ (g x) 1))",
        id="a function that others call",
    ),
]


@pytest.mark.parametrize(("one", "other"), UNDONE)
def test_undoing_an_edit_compiles_nothing(rt: Runtime, one: str, other: str) -> None:
    def in_force(text: str) -> object:
        rt.eval(text, "undo.jank")
        return compiled(rt, "user/f", 5)

    first, second = in_force(one), in_force(other)
    compiles, transactions = len(rt.events.of(Compile)), rt.code_stats().transactions
    assert (in_force(one), in_force(other), in_force(one)) == (first, second, first)
    assert len(rt.events.of(Compile)) == compiles
    assert rt.code_stats().transactions == transactions
    changes = [e.cause for e in rt.events.of(TierChange) if e.function == "user/f" and e.new == 2]
    assert all("compiled before" in cause for cause in changes[-3:])
    assert rt.code_stats().reused >= 3


def test_code_is_known_whatever_constants_it_refers_to(rt: Runtime) -> None:
    for key in (":a", ":b", "'c", '"// no comment \\""'):
        rt.eval(f"(defn f [x] (str x {key}))")
        assert compiled(rt, "user/f", 5) == "5" + rt.eval(f"(str {key})")
    assert len(rt.events.of(Compile)) == 1


def test_shared_code_looks_up_the_key_of_the_function_that_runs_it(rt: Runtime) -> None:
    rt.eval("(def m {:a 1 :b 2 :c {:a 3}})")
    rt.eval("(defn f [k] (:a m))")
    assert compiled(rt, "user/f", 0) == 1
    rt.eval("(def old f)")
    rt.eval("(defn f [k] (:b m))")
    assert compiled(rt, "user/f", 0) == 2
    assert len(rt.events.of(Compile)) == 1
    assert (rt.call("user/old", 0), rt.call("user/f", 0), rt.call("user/old", 0)) == (1, 2, 1)


def test_code_that_is_used_again_has_the_places_of_the_form_that_uses_it(rt: Runtime) -> None:
    form = "(defn f [x]\n  (inc x))"
    for above in range(3):
        rt.eval("\n" * above + form, "moved.jank")
        compiled(rt, "user/f", 1)
        assert stack(rt, "user/f", "a") == [("user/f", f"moved.jank:{2 + above}:3")]
    assert sum("user/f" in e.functions for e in rt.events.of(Compile)) == 1


def test_code_is_not_shared_with_a_function_whose_places_differ(rt: Runtime) -> None:
    form = "(defn f [x]\n  (inc x))"
    rt.eval(form + "(def old f)", "one.jank")
    compiled(rt, "user/f", 1)
    rt.eval(form, "other.jank")
    compiled(rt, "user/f", 1)
    for name, file in (("user/old", "one.jank"), ("user/f", "other.jank")):
        assert stack(rt, name, "a") == [("user/f", f"{file}:2:3")]
    assert sum("user/f" in e.functions for e in rt.events.of(Compile)) == 2


def test_cpp_that_means_something_else_now_is_compiled_anew(rt: Runtime) -> None:
    rt.eval('(cpp/raw "inline int code_cache_fn(long x) { return 1; }")')
    form = "(defn f [x] (cpp/code_cache_fn (cpp/int. x)))"
    rt.eval(form)
    assert compiled(rt, "user/f", 5) == 1
    rt.eval('(cpp/raw "inline int code_cache_fn(int x) { return 2; }")')  # a better match
    rt.eval(form)
    assert compiled(rt, "user/f", 5) == 2


def test_back_to_the_interpreter_and_up_again_compiles_nothing(rt: Runtime) -> None:
    rt.eval("(defn f [x] (inc x))")
    compiled(rt, "user/f", 1)
    compiles = len(rt.events.of(Compile))
    for _ in range(5):
        rt.deoptimise("user/f")
        assert compiled(rt, "user/f", 1) == 2
    assert len(rt.events.of(Compile)) == compiles
    rt.engine.free_constants()
    assert rt.code_stats().outgoing == 0


def test_what_200_edits_leave_behind_is_bounded(rt: Runtime) -> None:
    counts, constants = [], []
    for i in range(200):
        rt.eval(f"(defn f [x] (str :key (map (fn [y] [y x {i % 4}]) [x])))")
        compiled(rt, "user/f", 1)
        rt.engine.look(0.0)
        counts.append(len(rt.functions()))
        constants.append(rt.code_stats().constants + rt.code_stats().outgoing)
    gc.collect()
    stats = rt.code_stats()
    assert counts[-1] == counts[10] and constants[-1] <= constants[10]
    assert stats.live + stats.dead <= 8 and stats.live <= 2
    assert stats.reused >= 190
    assert sum(len(e.functions) for e in rt.events.of(Compile)) <= 8


@pytest.mark.parametrize("strategy", ["tiered", "inline-jit"])
def test_places_of_code_that_nobody_runs_are_forgotten(strategy: str) -> None:
    rt = Runtime(strategy=strategy, threshold=1, limits=Limits(rest_s=0.0))
    for i in range(30):
        rt.eval(f"(defn f [x] (inc {'x' if i % 2 else '(dec x)'})) (f 1)")
        assert rt.wait_idle(120)
    gc.collect()
    rt.engine.look(time.perf_counter())
    known = len(traces._places)
    for i in range(30):
        rt.eval(f"(defn f [x] (inc {'x' if i % 2 else '(dec x)'})) (f 1)")
        assert rt.wait_idle(120)
    gc.collect()
    rt.engine.look(time.perf_counter())
    assert len(traces._places) <= known
    assert rt.code_stats().live <= 2
    rt.close()


def test_dead_code_is_counted_and_keeps_no_constants(rt: Runtime) -> None:
    rt.eval("(defn f [x] (str x :code-cache))")
    compiled(rt, "user/f", 1)
    code = ref(rt.table.get("user/f"))
    before = rt.code_stats()
    rt.eval("(defn f [x] x)")
    gc.collect()
    assert code() is None
    after = rt.code_stats()
    assert (after.live, after.dead) == (before.live - 1, before.dead + 1)
    assert after.constants < before.constants
    assert after.grown_mb >= 0 and after.code_mb >= 0
    assert rt.stats()["code_dead"] == after.dead


def test_constants_of_replaced_code_live_while_a_call_of_it_runs(rt: Runtime) -> None:
    rt.eval("(def during (atom nil)) (defn f [x] (do (@during) (str x :still-there)))")
    seen: list[int] = []
    rt.eval("(reset! during (fn [] nil))")
    compiled(rt, "user/f", 1)

    def replace_it() -> None:
        rt.deoptimise("user/f")
        rt.tier_up("user/f")
        assert rt.wait_idle(120)
        rt.engine.free_constants()
        seen.append(rt.code_stats().outgoing)

    rt.eval("(fn [g] (reset! during g))")(replace_it)
    assert rt.call("user/f", 7) == "7:still-there"
    assert seen[0] > 0
    rt.engine.free_constants()
    assert rt.code_stats().outgoing == 0
