"""Functions tier up when they are hot, go back when they are redefined, and mean the same in every tier."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest

from runtime import Runtime
from runtime.events import Compile, TierChange
from runtime.tiers import engine
from tests.tiers.agreement import info


@pytest.fixture
def rt() -> Iterator[Runtime]:
    runtime = Runtime(strategy="tiered", threshold=5)
    yield runtime
    runtime.close()


def test_a_function_called_often_is_compiled_in_the_background_and_swapped_in(rt: Runtime) -> None:
    rt.eval("(defn twice [x] (* 2 x))")
    for _ in range(5):
        assert rt.call("user/twice", 4) == 8
    assert rt.wait_idle(120)
    assert info(rt, "user/twice").tier == 2
    assert rt.call("user/twice", 21) == 42
    assert "mul(" in info(rt, "user/twice").cpp
    changes = [e for e in rt.events.of(TierChange) if e.function == "user/twice"]
    assert [(e.old, e.new) for e in changes] == [(0, 2)]


def test_a_function_that_is_not_called_is_never_compiled(rt: Runtime) -> None:
    rt.eval("(defn cold [x] x) (defn hot [x] x)")
    for _ in range(20):
        rt.call("user/hot", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/cold").tier == 0
    assert not any("user/cold" in e.functions for e in rt.events.of(Compile))


def test_a_redefinition_starts_in_tier_0_and_is_what_callers_see(rt: Runtime) -> None:
    rt.eval("(defn f [x] (+ x 1)) (defn g [x] (f x))")
    for _ in range(10):
        assert rt.call("user/g", 1) == 2
    assert rt.wait_idle(120)
    rt.eval("(defn f [x] (+ x 10))")
    assert info(rt, "user/f").tier == 0
    assert rt.call("user/g", 1) == 11
    assert [e.cause for e in rt.events.of(TierChange) if e.function == "user/f"][
        -1
    ] == "redefinition"


def test_a_hot_loop_makes_its_function_hot(rt: Runtime) -> None:
    rt.eval("(defn sum [n] (loop [i 0 s 0] (if (< i n) (recur (inc i) (+ s i)) s)))")
    rt.call("user/sum", 10_000)
    rt.call("user/sum", 10)
    assert rt.wait_idle(120)
    assert info(rt, "user/sum").tier == 2
    assert rt.call("user/sum", 100) == 4950


def test_a_function_whose_cpp_does_not_compile_stays_in_tier_0_and_says_why(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.tiers import inline_cpp

    def broken(*args: object) -> inline_cpp.Generated:
        return inline_cpp.Generated("static int no_such_thing = nothing_like_it;", (), "f", ())

    monkeypatch.setattr(inline_cpp, "generate", broken)
    rt.eval("(defn f [x] (inc x))")
    for _ in range(10):
        assert rt.call("user/f", 1) == 2
    assert rt.wait_idle(120)
    assert info(rt, "user/f").state == "failed"
    assert "nothing_like_it" in info(rt, "user/f").error
    assert rt.call("user/f", 41) == 42


def test_functions_that_become_hot_together_are_compiled_in_one_transaction(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "GATHER_S", 0.5)
    rt.eval("(defn a [] 1) (defn b [] 2) (defn c [] 3)")
    for _ in range(6):
        rt.eval("[(a) (b) (c)]")
    assert rt.wait_idle(120)
    batches = [set(e.functions) for e in rt.events.of(Compile) if not e.error]
    assert batches == [{"user/a", "user/b", "user/c"}]


def test_deoptimising_goes_back_to_tier_0_and_may_tier_up_again(rt: Runtime) -> None:
    rt.eval("(defn f [x] (inc x))")
    for _ in range(6):
        rt.call("user/f", 1)
    assert rt.wait_idle(120)
    rt.deoptimise("user/f")
    assert (info(rt, "user/f").tier, info(rt, "user/f").deopts) == (0, 1)
    for _ in range(6):
        assert rt.call("user/f", 1) == 2
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2


def test_metadata_decides_for_single_functions(rt: Runtime) -> None:
    rt.eval("(defn ^:jit now [x] x) (defn ^:interpret never [x] x)")
    assert rt.wait_idle(120)
    assert info(rt, "user/now").tier == 2
    for _ in range(20):
        rt.call("user/never", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/never").tier == 0


def test_the_interpreter_strategy_never_compiles_a_function() -> None:
    rt = Runtime(strategy="interpret", threshold=1)
    rt.eval("(defn f [x] (inc x))")
    for _ in range(50):
        rt.call("user/f", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 0 and not rt.events.of(Compile)
    rt.close()


def test_inline_jit_compiles_on_definition_and_makes_no_stubs() -> None:
    rt = Runtime(strategy="inline-jit")
    rt.eval('(cpp/raw "inline int tiering_add(int a, int b) { return a + b; }")')
    rt.eval("(defn f [x] (cpp/tiering_add x 1))")
    assert info(rt, "user/f").tier == 2
    assert rt.call("user/f", 1) == 2
    assert rt.stubs.stats().entries == 0
    rt.set_strategy("interpret")
    assert info(rt, "user/f").tier == 0
    assert rt.call("user/f", 2) == 3
    rt.close()


def test_stub_jit_compiles_on_definition_and_reaches_cpp_through_stubs() -> None:
    rt = Runtime(strategy="stub-jit")
    rt.eval("""(cpp/raw "#include <stdexcept>
struct StubJit {
  static inline int ended = 0;
  int n;
  ~StubJit() { ended += n; }
  int get() const { return n; }
};
inline int stub_jit_fails(int n) { if(n > 2) throw std::out_of_range(\\"far\\"); return n; }")""")
    rt.eval("""(defn f [x]
                 (let [a (cpp/StubJit. x)
                       b (if (pos? x) (cpp/StubJit. 10) (cpp/StubJit. 20))]
                   (cpp/+= (cpp/.-n a) 4)
                   (loop [i (cpp/int. 0)]
                     (when (< i 3) (recur (cpp/+ i (cpp/int. 1)))))
                   (try (cpp/stub_jit_fails x)
                        (catch cpp/std.exception e (str (cpp/.what e) (+ 1 (cpp/.get a)))))))""")
    assert info(rt, "user/f").tier == 1, info(rt, "user/f").error
    code = re.sub("//.*", "", info(rt, "user/f").cpp)
    assert "f.stub(" in code and "StubJit" not in code
    assert rt.call("user/f", 1) == 1
    assert rt.call("user/f", 5) == "far10"
    assert rt.eval("cpp/StubJit.ended") == (1 + 4) + 10 + (5 + 4) + 10
    rt.close()


def test_stack_traces_name_functions_and_lines_in_every_tier(rt: Runtime) -> None:
    from runtime.errors import RuntimeFault

    rt.eval("(defn inner [x]\n  (inc x))\n(defn outer [x]\n  [(inner x)])", "trace.jank")
    for _ in range(6):
        rt.call("user/outer", 1)
    with pytest.raises(RuntimeFault) as interpreted:
        rt.call("user/outer", "a")
    assert rt.wait_idle(120)
    assert info(rt, "user/outer").tier == info(rt, "user/inner").tier == 2
    with pytest.raises(RuntimeFault) as compiled:
        rt.call("user/outer", "a")
    places = [[(f.function, str(f.span)) for f in x.value.stack] for x in (interpreted, compiled)]
    assert (
        places[0]
        == places[1]
        == [("user/inner", "trace.jank:2:3"), ("user/outer", "trace.jank:4:4")]
    )
    assert interpreted.value.message == compiled.value.message


def test_the_figures_of_the_stub_cache_are_calls_and_compiled_stubs() -> None:
    rt = Runtime(strategy="interpret")
    rt.eval('(cpp/raw "inline int stub_figures(int a) { return a * 2; }")')
    rt.eval("(defn f [x] (cpp/stub_figures x))")
    assert (rt.stubs.stats().misses, rt.stubs.stats().hits) == (1, 0)
    for _ in range(10):
        rt.call("user/f", 2)
    rt.eval("(defn f [x] (inc (cpp/stub_figures x)))")
    assert (rt.stubs.stats().misses, rt.stubs.stats().hits) == (1, 10)
    rt.close()


def test_a_long_loop_goes_on_in_compiled_code_in_the_same_call(rt: Runtime) -> None:
    rt.threshold = 1_000_000
    rt.eval(
        """(defn long-loop [limit step]
             (let [start 5 weights [1 2 3]]
               (loop [i 0 sum start parts []]
                 (if (< i limit)
                   (recur (inc i)
                          (+ sum (* step (nth weights (mod i 3))))
                          (if (zero? (mod i 400000)) (conj parts i) parts))
                   [i sum parts (fn [] (+ i sum))]))))"""
    )
    value = rt.eval("(let [[i sum parts f] (long-loop 60000000 2)] [i sum parts (f)])")
    assert list(value[:2]) == [60_000_000, 240_000_005] and value[3] == 300_000_005
    assert list(value[2]) == list(range(0, 60_000_000, 400_000))
    replaced = [f for f in rt.functions() if "$loop" in f.name]
    assert [f.tier for f in replaced] == [2] and replaced[0].calls == 1


def test_a_loop_for_its_effect_and_one_with_an_error_are_replaced_too(rt: Runtime) -> None:
    from runtime.errors import RuntimeFault

    rt.threshold = 1_000_000
    rt.eval("(def seen (atom 0)) (defn effects [n] (dotimes [i n] (swap! seen + i)) @seen)")
    assert rt.call("user/effects", 400_000) == sum(range(400_000))
    rt.eval("(defn fails [n] (loop [i 0] (if (= i n) (inc :no) (recur (inc i)))))", "fails.jank")
    with pytest.raises(RuntimeFault) as fault:
        rt.call("user/fails", 2_000_000)
    assert fault.value.span is not None and str(fault.value.span) == "fails.jank:1:41"


@pytest.mark.parametrize("strategy", ["interpret", "stub-jit", "inline-jit"])
def test_an_exception_keeps_the_place_where_it_was_first_thrown(strategy: str) -> None:
    from runtime.errors import RuntimeFault

    rt = Runtime(strategy=strategy)
    rt.eval(
        "(defn cleans [x]\n (try (/ x 0)\n  (finally (str x))))\n"
        "(defn passes [x]\n (try (/ x 0)\n  (catch Exception e (throw e))))",
        "again.jank",
    )
    for name, place in (("user/cleans", "again.jank:2:7"), ("user/passes", "again.jank:5:7")):
        with pytest.raises(RuntimeFault) as fault:
            rt.call(name, 1)
        assert [(f.function, str(f.span)) for f in fault.value.stack] == [(name, place)]
    rt.close()


@pytest.mark.parametrize("strategy", ["tiered", "inline-jit"])
def test_an_endless_loop_in_compiled_code_can_be_interrupted(strategy: str) -> None:
    runtime = Runtime(strategy=strategy, threshold=2)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        runtime.eval("(defn f [x n] (loop [i 0] (if (= i n) x (recur (bit-xor i 1)))))")
        for _ in range(4):
            assert runtime.call("user/f", 1, 0) == 1
        assert runtime.wait_idle(120)
        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(KeyboardInterrupt):
                runtime.call("user/f", 1, 5)
        finally:
            signal.signal(signal.SIGALRM, before)
    finally:
        runtime.close()
