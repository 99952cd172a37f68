"""Code that was compiled for what tier 0 saw means the same when something else comes."""

from __future__ import annotations

import gc
import sys
import threading

import pytest

from runtime import Runtime
from runtime.errors import LispError, RuntimeFault
from runtime.events import Deoptimised
from tests.tiers.agreement import ANYTHING, THRESHOLDS, Program, agree, each, info

thresholds = pytest.mark.parametrize("threshold", THRESHOLDS)


def compiled(rt: Runtime, *calls: str) -> None:
    for _ in range(2):
        for call in 4 * calls:
            rt.eval(call)
        assert rt.wait_idle(120)


# --- profiles that lie -------------------------------------------------------------------------------


@thresholds
@pytest.mark.parametrize("usual", ["1", "1.5", "true"])
def test_a_parameter_may_be_anything_whatever_it_was_seen_as(threshold: int, usual: str) -> None:
    definitions = """
        (defn square [x] (+ (* x x) 1))
        (defn compare-to [x y] (if (< x y) (- y x) (quot x y)))
        (defn branch [x] (if x [x 1] 2))
        (defn equal [x] [(= x true) (= x 1) (= 1.5 x)])
        (defn kept [x] (let [y x] [y (str y) (identical? x y)]))
        (defn halved [x] (* x 0.5))
        (defn calls [x] [(square x) (branch x)])
        (defn more [x] (+ 1 (square (+ x 1))))"""
    names = ("square", "branch", "equal", "kept", "halved", "calls", "more")
    calls = [each(name, ANYTHING) for name in names]
    calls += [each("compare-to", ANYTHING, " 2"), each("compare-to 1.5", ANYTHING)]
    known = [f"({name} {usual})" for name in names] + [f"(compare-to {usual} {usual})"]
    agree(Program(definitions, "\n".join(calls), "\n".join(known)), threshold)


def test_sixteen_calls_that_were_not_foreseen_end_the_speculation(rt: Runtime) -> None:
    rt.eval("(defn f [x] (* x x))")
    compiled(rt, "(f 3)")
    assert "std::int64_t x_1" in info(rt, "user/f").cpp
    for i in range(1, 17):
        assert rt.eval("(f 1.5)") == 2.25
        assert info(rt, "user/f").guard_failures == i
    assert (info(rt, "user/f").tier, info(rt, "user/f").deopts) == (0, 1)
    told = [e.reason for e in rt.events.of(Deoptimised) if e.function == "user/f"]
    assert told == ["16 calls did not meet what was assumed"]
    compiled(rt, "(f 3)", "(f 1/2)")
    assert info(rt, "user/f").tier == 2 and "PyObject* x_1" in info(rt, "user/f").cpp
    with pytest.raises(LispError, match="expected a number, found :k"):
        rt.eval("(f :k)")
    assert info(rt, "user/f").guard_failures == 16


def test_bools_and_doubles_are_unboxed_too(rt: Runtime) -> None:
    rt.eval("(defn f [b d] (if b (+ d 1.5) d))")
    compiled(rt, "(f true 2.5)", "(f false 2.5)")
    assert "bool b_1, double d_2" in info(rt, "user/f").cpp
    assert [rt.eval(f"(f true {d})") for d in ("0.5", "1", "1/2")] == [2.0, 2.5, 2.0]
    assert info(rt, "user/f").guard_failures == 2


def test_a_parameter_that_was_seen_as_several_kinds_is_an_object(rt: Runtime) -> None:
    rt.eval("(defn f [x] (* x x))")
    compiled(rt, "(f 3)", "(f 1.5)")
    assert "PyObject* x_1" in info(rt, "user/f").cpp
    assert [rt.eval(f"(f {x})") for x in ("4", "0.5")] == [16, 0.25]
    assert info(rt, "user/f").guard_failures == 0


# --- closed functions --------------------------------------------------------------------------------


CLOSED = """
(defn factorial [n] (if (< n 2) 1 (* n (factorial (dec n)))))
(defn fib [n]
  (if (< n 2)
    n
    (+ (fib (- n 1))
       (fib (- n 2)))))
(defn climb [n k] (if (< n 1) (+ k 9223372036854775800) (climb (dec n) (inc k))))
(defn fails [n] (if (< n 1) (quot 5 n) (+ 1 (fails (dec n)))))
(defn outside [n] (+ 2 (fails n)))
(defn looped [n] (loop [i 0 s 1] (if (< i n) (recur (inc i) (* s (factorial 20))) s)))
"""


@thresholds
def test_errors_in_closed_functions_have_the_whole_stack(threshold: int) -> None:
    calls = "\n".join(
        [
            each("factorial", "5 20 21 22 30 1.5 :a"),
            each("fib", "10 1.5 nil"),
            each("fails", "3 0 20 1.5"),
            each("outside", "7 -1 nil"),
            each("looped", "1 2"),
            "(climb 3 1)\n(climb 5 4)\n(climb 4 3)\n(climb 20 0)",
        ]
    )
    usual = "(factorial 5)\n(fib 5)\n(climb 3 1)\n(outside -1)\n(looped 1)"
    found = agree(Program(CLOSED, calls, usual), threshold)
    if threshold == 3:
        assert "L - 1" in found["fib"].cpp  # inlined into itself


@thresholds
def test_recursion_without_end_is_an_error(threshold: int) -> None:
    definitions = """
        (defn closed [n] (+ 1 (closed (inc n))))
        (defn open [n] (str n (open (inc n))))
        (declare b)
        (defn a [n] (b (inc n)))
        (defn b [n] (a (+ n 0.5)))
        (defn named [n] ((fn again [k] (+ k (again (inc k)))) n))
        (defn caught [n] (try (closed n) (catch Exception e (ex-message e))))"""
    calls = "(closed 0)\n(open 0)\n(a 0)\n(a :k)\n(named 0)\n(caught 0)"
    agree(Program(definitions, calls, "(caught 0)"), threshold)


def test_errors_in_threads_of_small_stacks_are_errors_too(rt: Runtime) -> None:
    rt.eval("(defn deep [n] (+ 1 (deep (inc n))))")
    compiled(rt, "(try (deep 0) (catch Exception e nil))")
    found: list[str] = []

    def run() -> None:
        with pytest.raises(RuntimeFault) as fault:
            rt.call("user/deep", 0)
        found.append(fault.value.message)

    before = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == ["stack overflow: calls are nested too deeply"]


# --- numbers in vars ---------------------------------------------------------------------------------


@thresholds
def test_vars_that_hold_numbers_may_get_other_values(threshold: int) -> None:
    definitions = """
        (def k 3) (def d 0.5) (def b true) (def big 5N)
        (defn add [x] (+ x k)) (defn times [x] (* x d)) (defn either [x] (if b (+ x k) (- x)))
        (defn large [x] (+ x big)) (defn same [x] (= x k)) (defn sum [] (+ k d))
        (defn steps [x] (loop [i 0 s x] (if (< i 3) (recur (inc i) (+ s d k)) s)))
        (defn nested [x] (if (= k x) (add x) (times x)))"""
    every = "(add 1)\n(times 3)\n(either 1)\n(large 1)\n(same 4)\n(steps 0)\n(nested 3)\n(sum)"
    changes = [
        *("(def k 4)", '(def k "s")', "(def k 1.5)", "(def d 1/2)", "(def b nil)", "(def b 5)"),
        *("(def k 9223372036854775807)", "(do (alter-var-root #'k dec) k)", "(def d nil)"),
        *("(intern 'user 'k 2)", "(def big 1)", "(ns-unmap 'user 'b)", "(def b true)"),
    ]
    back = "(def k 3)\n(def d 0.5)\n(def b true)\n(def big 5N)"
    bound = "(with-redefs [k 100 d 2] [(add 1) (nested 3) (sum)])"
    calls = "\n".join([every, *(f"{change}\n{every}" for change in changes), back, bound, every])
    agree(Program(definitions, calls, every), threshold)


@thresholds
def test_dynamic_vars_are_read_each_time(threshold: int) -> None:
    definitions = """
        (def ^:dynamic *k* 3) (def ^:dynamic *f* (fn [x] (+ x 1)))
        (defn add [x] (+ x *k*)) (defn call [x] (*f* x))
        (defn bound [x] (binding [*k* 10 *f* (fn [y] (* y 2))] [(add x) (call x)]))
        (defn changed [x] (binding [*k* 1] (set! *k* "a") (add x)))"""
    usual = "(add 1)\n(call 1)\n(bound 1)"
    calls = f"{usual}\n(binding [*k* 1.5] (add 1))\n(changed 1)\n(def ^:dynamic *k* :a)\n(add 1)"
    agree(Program(definitions, calls + "\n(def ^:dynamic *k* 3)", usual), threshold)


# --- places ------------------------------------------------------------------------------------------


PLACES = r"""
(cpp/raw "#include <stdexcept>
namespace speculation {
inline int boom(int n) { if(n > 2) throw std::out_of_range(\"far\"); return n; }
inline int same(int a) { return a; }
inline int sum(int a, int b) { return a + b; }
struct object { int v; int get(int i) { return v + i; } };
inline object make(int n) { return {boom(n)}; }
}")
(defn inner [x]
  (cpp/speculation.same
    (cpp/speculation.boom x)))
(defn second-one [x]
  (cpp/speculation.sum (cpp/speculation.boom 1)
    (cpp/speculation.boom x)))
(defn member [x]
  (.get
    (cpp/speculation.make x)
    (+ x
       9223372036854775806)))
(defn tested [x]
  (if
    (cpp/> (cpp/speculation.boom x) (cpp/int. 1)) 1
    2))
(defn operand [x]
  (cpp/speculation.sum
    (* x 1)
    (+ x 9223372036854775806)))
(defn negated [x]
  (not
    (pos?
      (quot 1 x))))
(defn looped [x]
  (loop [i 0
         s x]
    (if (< i 2)
      (recur
        (inc i)
        (+
          (* s s)
          (- s 1)))
      s)))
(defn parts [x]
  {:a (+ x 1)
   :b (- x
         1) :c [
    (* x 2)]})
"""


@thresholds
def test_errors_have_the_same_places_in_every_tier(threshold: int) -> None:
    names = ("inner", "second-one", "member", "tested", "operand", "negated", "looped", "parts")
    calls = [each(name, '1 5 0 nil "s" 9223372036854775807 1.5') for name in names]
    usual = "\n".join(f"({name} 1)" for name in names)
    agree(Program(PLACES, "\n".join(calls), usual), threshold)


# --- threads, memory ---------------------------------------------------------------------------------


def test_threads_call_what_is_compiled_redefined_and_sent_back_meanwhile(rt: Runtime) -> None:
    rt.eval("""
        (defn g [x] (+ x 1))
        (defn f [x y] (+ (* x 2) (g y)))
        (defn total [n] (reduce + 0 (map g (filter odd? (range n)))))
        (defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
        (def k 1)
        (defn h [x] (+ x k))""")
    wrong: list[object] = []
    done = threading.Event()

    def work(seed: int) -> None:
        i = seed
        while not done.is_set() and not wrong:
            i += 1
            x, y = (1, 2, 3, 1.5)[i % 4], 1 + i % 2
            results = {
                rt.call("user/f", x, y) in (2 * x + y + 1, 2 * x + y + 100),
                110 <= rt.call("user/total", 20) <= 1200,
                rt.call("user/fib", 10) == 55,
                rt.call("user/h", x) in (x + 1, x + 2),
            }
            try:
                rt.call("user/f", "a", 1)
                results.add(False)
            except LispError as e:
                results.add("expected a number" in e.message)
            if False in results:
                wrong.append((x, y, results))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for i in range(30):
            rt.eval(f"(defn g [x] (+ x {(1, 100)[i % 2]})) (def k {1 + i % 2})")
            for name in ("user/f", "user/fib") if i % 5 == 0 else ():
                rt.deoptimise(name)
            rt.wait_idle(120)
            done.wait(0.02)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(switching)
    assert not wrong
    assert rt.wait_idle(120)
    assert not [f.error for f in rt.functions() if f.state == "failed"]


class Sentinel:
    """An object whose references are counted."""


def test_compiled_code_keeps_no_references(rt: Runtime) -> None:
    rt.eval("""
        (defn same [x] x)
        (defn half [x] (+ x 0.5))
        (defn fails [x] (throw (ex-info "e" {:x x})))
        (defn value-of [m] (:a m))
        (defn looped [n v] (loop [i 0 s 0 o v] (if (< i n) (recur (inc i) (+ s (half i)) (same o)) o)))
        (defn swapped [n v] (loop [i 0 a v b nil] (if (< i n) (recur (inc i) b a) i)))
        (defn found [n m] (loop [i 0 x nil] (if (< i n) (recur (inc i) (value-of m)) x)))
        (defn fused [n v]
          (reduce (fn [a x] v) nil (map (fn [i] [v i]) (filter (fn [i] (same v)) (range n)))))
        (defn caught [n v] (dotimes [i n] (try (fails v) (catch Exception e nil))))
        (defn broken [n v]
          (dotimes [i n] (try (reduce (fn [a x] (fails v)) 0 [1 v]) (catch Exception e nil))))
        (defn early [v] (reduce (fn [a x] (reduced v)) 0 [1 2]))
        (defn unexpected [x] (* x x))""")
    sentinel = Sentinel()
    held = rt.eval("(fn [v] {:a v :b 1})")(sentinel)

    def step(n: int) -> None:
        for name in ("looped", "swapped", "fused", "caught", "broken"):
            rt.call(f"user/{name}", n, sentinel)
        rt.call("user/found", n, held)
        rt.call("user/early", sentinel)
        rt.call("user/unexpected", 3)

    for _ in range(8):
        step(3)
    assert rt.wait_idle(120)
    counts = []
    for n in (3, 1000):
        step(n)
        with pytest.raises(LispError):
            rt.call("user/unexpected", sentinel)
        gc.collect()  # errors and their traces are cycles
        counts.append((sys.getrefcount(sentinel), sys.getrefcount(held)))
    assert counts[0] == counts[1]
    assert {f.tier for f in rt.functions()} == {2}
