"""What is compiled and what is not: heat that cools down, limits, compiles that no longer matter."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from runtime import Runtime
from runtime.cling.session import Session
from runtime.errors import LispError
from runtime.events import Compile, Dropped, Event, Refused, SlowCompile, TierChange
from runtime.tiers.policy import Limits
from tests.tiers.agreement import info


@pytest.fixture
def rt() -> Iterator[Runtime]:
    runtime = Runtime(strategy="tiered", threshold=10)
    yield runtime
    runtime.close()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Cling waits before it compiles functions, until what is given is called."""
    go_on = threading.Event()
    declare = Session.declare

    def waiting(self: Session, code: str, *more: object) -> object:
        if "namespace ts_f" in code:
            assert go_on.wait(150)
        return declare(self, code, *more)

    monkeypatch.setattr(Session, "declare", waiting)
    yield go_on.set
    go_on.set()


def call(rt: Runtime, name: str, times: int) -> None:
    for _ in range(times):
        rt.call(name, 1)


def causes(rt: Runtime, kind: type[Event], name: str) -> list[str]:
    field = "reason" if kind is Refused else "cause"
    return [getattr(e, field) for e in rt.events.of(kind) if e.function == name]  # type: ignore[attr-defined]


def until(condition: Callable[[], object]) -> None:
    end = time.perf_counter() + 150
    while not condition():
        assert time.perf_counter() < end, "it did not come to that"
        time.sleep(0.001)


# --- heat ----------------------------------------------------------------------------------------


def test_what_is_called_once_a_minute_is_never_compiled(rt: Runtime) -> None:
    rt.eval("(defn f [x] (inc x))")
    now = time.perf_counter()
    for minute in range(1, 200):
        call(rt, "user/f", 1)
        rt.engine.look(now + 60 * minute)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").state == "interpreted" and info(rt, "user/f").calls == 199
    assert not rt.events.of(Compile)


def test_what_is_called_once_a_frame_is_compiled_although_it_cools_down(rt: Runtime) -> None:
    rt.threshold = 100
    rt.eval("(defn f [x] (inc x))")
    now = time.perf_counter()
    for second in range(1, 10):
        call(rt, "user/f", 30)
        rt.engine.look(now + second)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2


def test_progress_to_the_threshold_cools_down_too(rt: Runtime) -> None:
    rt.eval("(defn f [x] (loop [i 0] (if (< i 32) (recur (inc i)) x)))")
    call(rt, "user/f", 2)
    at_once = info(rt, "user/f")
    assert at_once.heat == pytest.approx(2 + at_once.loops // 16, abs=0.5)
    rt.engine.look(time.perf_counter() + 60)
    rt.engine.look(time.perf_counter() + 120)
    assert info(rt, "user/f").heat < 0.2 and info(rt, "user/f").calls == 2


def test_a_threshold_of_one_compiles_at_the_first_call_however_long_it_took_to_come(
    rt: Runtime,
) -> None:
    rt.threshold = 1
    rt.eval("(defn f [x] (inc x))")
    rt.engine.look(time.perf_counter() + 1e6)
    call(rt, "user/f", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2


def test_a_lower_threshold_counts_what_was_called_before(rt: Runtime) -> None:
    rt.threshold = 1000
    rt.eval("(defn f [x] (inc x))")
    call(rt, "user/f", 50)
    rt.threshold = 20
    call(rt, "user/f", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2


def test_the_cause_of_a_tier_up_says_what_was_counted(rt: Runtime) -> None:
    rt.eval(
        "(defn f [x] (inc x)) (defn ^:jit g [x] x) (defn h [x] (loop [i 0] (if (< i 600) (recur (inc i)) i)))"
    )
    call(rt, "user/f", 10)
    call(rt, "user/h", 2)
    assert rt.wait_idle(120)
    assert causes(rt, TierChange, "user/f") == ["hot: 10 calls"]
    assert causes(rt, TierChange, "user/g") == ["^:jit"]
    assert causes(rt, TierChange, "user/h") == ["hot: 2 calls, 601 loop iterations"]


# --- limits --------------------------------------------------------------------------------------


def test_only_small_functions_are_compiled_where_that_is_asked_for(rt: Runtime) -> None:
    rt.limits = Limits(only_small=20)
    large = " ".join(f"(str x {i})" for i in range(20))
    rt.eval(f"(defn small [x] (inc x)) (defn large [x] {large}) (defn ^:jit asked [x] {large})")
    call(rt, "user/small", 20)
    call(rt, "user/large", 20)
    assert rt.wait_idle(120)
    assert (info(rt, "user/small").tier, info(rt, "user/asked").tier) == (2, 2)
    found = info(rt, "user/large")
    assert (found.tier, found.state) == (0, "refused") and "at most 20" in found.error
    assert causes(rt, Refused, "user/large") == [found.error]
    rt.tier_up("user/large")  # who asks for it gets it
    assert rt.wait_idle(120)
    assert info(rt, "user/large").tier == 2 and not info(rt, "user/large").error


def test_a_function_that_was_too_large_is_compiled_once_the_limit_is_gone(rt: Runtime) -> None:
    rt.limits = Limits(only_small=5)
    rt.eval("(defn f [x] (str (inc x) (dec x) (inc x)))")
    call(rt, "user/f", 20)
    assert rt.wait_idle(120) and info(rt, "user/f").state == "refused"
    rt.limits = Limits()
    call(rt, "user/f", 20)
    assert rt.wait_idle(120) and info(rt, "user/f").tier == 2


def test_cpp_that_is_too_long_is_not_compiled_but_its_long_loops_are(rt: Runtime) -> None:
    rt.limits = Limits(cpp_chars=12_000)
    lines = " ".join(f"(str x {i})" for i in range(200))
    rt.eval(f"(defn f [x] {lines} (loop [i 0] (if (< i 200000) (recur (inc i)) i)))")
    call(rt, "user/f", 20)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").state == "refused"
    assert "at most 12000 are compiled" in info(rt, "user/f").error
    assert [f.tier for f in rt.functions() if "$loop" in f.name] == [2]


def test_a_slow_compile_says_so_while_it_goes_on_and_is_used(rt: Runtime) -> None:
    rt.limits = Limits(slow_s=0.001)
    rt.eval("(defn f [x] (inc x)) (defn g [x] (dec x))")
    rt.engine.request([rt.table.get("user/f"), rt.table.get("user/g")], "asked for")
    assert rt.wait_idle(120)
    [slow] = rt.events.of(SlowCompile)
    [done] = rt.events.of(Compile)
    assert set(slow.functions) == set(done.functions) == {"user/f", "user/g"}
    assert slow.at < done.at
    assert info(rt, "user/f").tier == info(rt, "user/g").tier == 2
    rt.limits = replace(rt.limits, slow_s=60.0)
    rt.eval("(defn f [x] (+ x 2)) (defn g [x] (- x 2)) (defn h [x] x)")
    rt.engine.request([rt.table.get(f"user/{name}") for name in "fgh"], "asked for")
    assert rt.wait_idle(120)
    assert sorted(e.functions for e in rt.events.of(Compile)[1:]) == [
        ("user/f",),
        ("user/g",),
        ("user/h",),
    ]


def test_nothing_new_is_compiled_once_the_memory_for_code_is_used_up(rt: Runtime) -> None:
    rt.eval("(defn f [x] (inc x)) (defn g [x] (dec x))")
    call(rt, "user/f", 20)
    assert rt.wait_idle(120)
    rt.limits = Limits(code_mb=-1.0)
    rt.deoptimise("user/f")
    call(rt, "user/f", 20)
    call(rt, "user/g", 20)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2  # that code is there already
    assert info(rt, "user/g").state == "refused" and "limit" in info(rt, "user/g").error


# --- compiles that no longer matter --------------------------------------------------------------


def queue_two(rt: Runtime, second: str) -> None:
    """Have `first` compile, which `held` delays, and `second` wait behind it."""
    rt.eval(f"(defn first-one [x] x) {second}")
    rt.tier_up("user/first-one")
    until(lambda: info(rt, "user/first-one").state == "compiling")
    call(rt, "user/second", 20)
    assert info(rt, "user/second").state == "queued"


def test_a_queued_function_that_is_redefined_is_dropped(
    rt: Runtime, held: Callable[[], None]
) -> None:
    queue_two(rt, "(defn second [x] (inc x)) (def kept second)")
    rt.eval("(defn second [x] (dec x))")
    held()
    assert rt.wait_idle(120)
    assert causes(rt, Dropped, "user/second") == ["redefined"]
    assert not any("user/second" in e.functions for e in rt.events.of(Compile))


def test_a_queued_function_that_nobody_refers_to_is_dropped(
    rt: Runtime, held: Callable[[], None]
) -> None:
    queue_two(rt, "(defn second [x] (inc x))")
    rt.eval("(def second nil)")
    gc.collect()
    held()
    assert rt.wait_idle(120)
    assert causes(rt, Dropped, "user/second") == ["nothing refers to it any more"]
    assert "user/second" not in [f.name for f in rt.functions()]


def test_a_queued_function_that_cools_down_is_dropped_and_may_get_hot_again(
    rt: Runtime, held: Callable[[], None]
) -> None:
    queue_two(rt, "(defn second [x] (inc x))")
    rt.limits = Limits(half_life_s=0.01)
    until(lambda: info(rt, "user/second").heat < 1)
    held()
    assert rt.wait_idle(120)
    assert causes(rt, Dropped, "user/second") == ["cooled down"]
    assert info(rt, "user/second").state == "interpreted"
    rt.limits = Limits()
    call(rt, "user/second", 20)
    assert rt.wait_idle(120)
    assert info(rt, "user/second").tier == 2


def test_a_function_that_is_redefined_while_it_is_compiled_is_dropped(
    rt: Runtime, held: Callable[[], None]
) -> None:
    rt.eval("(defn f [x] (inc x)) (def kept f)")
    rt.tier_up("user/f")
    until(lambda: info(rt, "user/f").state == "compiling")
    rt.eval("(defn f [x] (dec x))")
    held()
    assert rt.wait_idle(120)
    assert causes(rt, Dropped, "user/f") == ["redefined while it was compiled"]
    assert info(rt, "user/f").tier == 0 and not rt.events.of(TierChange)
    assert (rt.call("user/f", 1), rt.call("user/kept", 1)) == (0, 2)


def test_the_strategy_interpret_drops_what_is_queued_and_what_is_being_compiled(
    rt: Runtime, held: Callable[[], None]
) -> None:
    queue_two(rt, "(defn second [x] (inc x))")
    rt.set_strategy("interpret")
    held()
    assert rt.wait_idle(120)
    for name in ("user/first-one", "user/second"):
        assert causes(rt, Dropped, name) == ["strategy interpret"]
        assert info(rt, name).tier == 0
    rt.set_strategy("tiered")
    call(rt, "user/second", 20)
    assert rt.wait_idle(120)
    assert info(rt, "user/second").tier == 2


# --- edits ---------------------------------------------------------------------------------------


def edit(rt: Runtime, times: int, body: str = "(+ x {})") -> None:
    rt.limits = replace(rt.limits, rest_s=1e6)  # nothing is forgotten while a test runs
    for i in range(times):
        rt.eval(f"(defn f [x] {body.format(i)})")


def test_a_function_that_is_edited_again_and_again_waits_and_says_so(rt: Runtime) -> None:
    for i in range(12):
        edit(rt, 1, f"(+ x {i} {{}})")
        call(rt, "user/f", 20)  # twice the threshold
        assert rt.wait_idle(30)
    assert len(rt.events.of(Compile)) <= 5
    found = info(rt, "user/f")
    assert found.tier == 0 and found.state == "interpreted" and found.threshold > 100
    assert "redefined 8 times lately" in found.waits and "instead of 10" in found.waits


def test_an_edited_function_is_compiled_once_it_rests(rt: Runtime) -> None:
    edit(rt, 12)
    call(rt, "user/f", 20)
    assert rt.wait_idle(30) and info(rt, "user/f").tier == 0
    assert info(rt, "user/f").tier == 0
    rt.limits = replace(rt.limits, rest_s=1e-9)  # now it has rested
    rt.engine.look(time.perf_counter())
    call(rt, "user/f", 20)
    assert rt.wait_idle(30)
    assert info(rt, "user/f").tier == 2 and not info(rt, "user/f").waits


def test_functions_within_an_edited_one_wait_with_it(rt: Runtime) -> None:
    edit(rt, 12, "(mapv (fn [y] (+ y {})) [x])")
    call(rt, "user/f", 20)
    assert rt.wait_idle(30)
    assert not rt.events.of(Compile)
    [within] = [f for f in rt.functions() if f.name.startswith("user/f$")]
    assert within.threshold > 100 and within.heat > 10


def test_an_edited_function_whose_interpreting_costs_time_is_compiled(rt: Runtime) -> None:
    for body, tier in (("(+ x {})", 0), ("(count (vec (range (+ {} 50000))))", 2)):
        edit(rt, 12, body)
        call(rt, "user/f", 100)
        rt.engine.look(time.perf_counter())
        call(rt, "user/f", 100)
        assert rt.wait_idle(60)
        assert info(rt, "user/f").tier == tier


def test_other_functions_do_not_wait(rt: Runtime) -> None:
    rt.eval("(defn g [x] (inc x))")
    edit(rt, 12)
    call(rt, "user/g", 20)
    assert rt.wait_idle(30)
    assert info(rt, "user/g").tier == 2


# --- definitions ---------------------------------------------------------------------------------


def test_a_definition_that_fails_takes_nothing_from_the_function_in_force(rt: Runtime) -> None:
    rt.eval('(defn f [x] (inc x)) (defn no [] (throw (ex-info "no" {})))')
    call(rt, "user/f", 5)
    for _ in range(2):
        with pytest.raises(LispError, match="no"):
            rt.eval("(def ^{:doc (no)} f (fn [x] (dec x)))")
        assert (info(rt, "user/f").calls, info(rt, "user/f").state) == (5, "interpreted")
    call(rt, "user/f", 5)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2 and rt.call("user/f", 1) == 2


def test_another_name_for_a_function_leaves_what_its_metadata_says(rt: Runtime) -> None:
    rt.eval("(defn ^:interpret f [x] (inc x)) (def g f)")
    call(rt, "user/g", 50)
    assert rt.wait_idle(120)
    assert (info(rt, "user/f").tier, info(rt, "user/f").policy) == (0, "interpret")
    assert info(rt, "user/f").calls == 50


def test_functions_keep_their_places_when_they_are_redefined_and_go_when_they_are_gone(
    rt: Runtime,
) -> None:
    rt.eval("(defn a [x] x) (defn b [x] (fn [] x)) (defn c [x] x)")
    rt.eval("(defn b [x] x) (defn a [x] x)")
    assert [f.name for f in rt.functions()] == ["user/a", "user/b", "user/c"]
    rt.eval("(ns-unmap 'user 'a)")
    assert [f.name for f in rt.functions()] == ["user/b", "user/c"]
