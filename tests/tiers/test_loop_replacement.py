"""A long loop goes on in compiled code in the same call: whatever it holds, and wherever it stands."""

from __future__ import annotations

import threading
import time

import pytest

from runtime import Runtime
from tests.tiers.agreement import Program, agree, each, info

NEVER = 1_000_000  # calls: only the loops are compiled

DEFINITIONS = """
(defn sum [n k] (loop [i 0 s 0] (if (< i n) (recur (inc i) (+ s k)) s)))
(defn kinds [n]
  (let [flag true d 0.5 t "x"]
    (loop [i 0 s 0 f flag v [] last nil]
      (if (< i n)
        (recur (inc i)
               (if f (+ s d) (+ s i))
               (not f)
               (if (zero? (mod i 10000)) (conj v s t) v)
               (if (= i 20000) :set last))
        [i s f v last d]))))
(defn changes [n x]
  (loop [i 0 x x]
    (cond (>= i n) x
          (= i 20000) (recur (inc i) (str x))
          (= i 25000) (recur (inc i) (count x))
          :else (recur (inc i) x))))
(defn looks-up [n m]
  (loop [i 0 s 0] (if (< i n) (recur (inc i) (+ s (:v m) (nth [1 2.5] (mod i 2)))) s)))
(defn nested [n]
  (loop [i 0 s 0]
    (if (< i n)
      (recur (inc i) (+ s (loop [j 0 t 0] (if (< j 3) (recur (inc j) (+ t j)) t))))
      s)))
(defn prints [n] (dotimes [i n] (when (= i 25000) (println :here i))) :done)
(def k 1)
(defn redefines [n]
  (loop [i 0 s 0]
    (when (= i 18000) (def k 2))
    (when (= i 25000) (def k 0.5))
    (if (< i n) (recur (inc i) (+ s k)) (do (def k 1) s))))
(defn collects [n]
  (let [t (transient [])]
    (loop [i 0 t t] (if (< i n) (recur (inc i) (if (zero? (mod i 10000)) (conj! t i) t)) (persistent! t)))))
(defn overflows [n]
  (let [x (if (pos? n)
            (loop [i 0 s 9223372036854750000]
              (if (< i n)
                (recur (inc i) (+ s 1))
                s))
            (overflows (- n)))]
    (str x)))
(defn overflows-inside [n]
  (str
    (loop [i 0 s 0]
      (if (< i n)
        (recur (inc i)
               (loop [j 0 t s]
                 (if (< j 20000)
                   (recur (inc j) (+ t 300000000000000))
                   t)))
        s))))
(defn throws [n]
  (loop [i 0] (when (< i n) (if (= i 25000) (throw (ex-info "here" {:i i})) (recur (inc i))))))
(defn fails [n]
  (dotimes [i n]
    (when (= i 25000)
      (inc :k))))
"""


@pytest.mark.parametrize("threshold", [1, NEVER])
def test_a_loop_does_the_same_wherever_its_rounds_run(threshold: int) -> None:
    names = ("kinds", "nested", "prints", "redefines", "collects", "throws", "fails")
    calls = [each(name, "30000") for name in names]
    calls += [each("sum 30000", "1 0.5 1/2 nil"), each("changes 30000", "1 nil :a")]
    calls += [each("looks-up 30000", "{:v,1} {:v,0.5} {}")]
    calls += [each("overflows", "30000 -30000 60000 -60000"), each("overflows-inside", "1 2")]
    found = agree(Program(DEFINITIONS, "\n".join(calls)), threshold)
    replaced = {name for name, f in found.items() if "$loop" in name and f.tier == 2}
    if threshold == NEVER:
        assert {name.partition("$")[0] for name in replaced} > {"sum", *names}


ROUNDS = """
(defn counts [n s] (if (pos? n) (recur (dec n) (+ s 1)) s))
(defn turns [n s] (if (pos? n) (recur (dec n) (if (= n 20000) (+ s 0.5) (if (= n 9000) (str s) s))) s))
(defn rests [n & more] (if (pos? n) (recur (dec n) (cons n (take 1 more))) (vec more)))
(defn closes [n]
  (let [k 3 f (fn [i s] (if (< i n) (recur (inc i) (+ s k)) s))]
    (f 0 0)))
(defn breaks [n s] (if (= n 25) (throw (ex-info "here" {:s s})) (recur (dec n) (inc s))))
(defn slips [n s] (if (= n 25) (+ s :k) (recur (dec n) (inc s))))
(defn itself [n s]
  (when (= n 9000) (def itself (fn [n s] :another)))
  (if (pos? n) (recur (dec n) (inc s)) s))
"""


@pytest.mark.parametrize("threshold", [1, NEVER])
def test_a_function_that_goes_round_does_the_same_wherever_its_rounds_run(threshold: int) -> None:
    calls = [each(name, "30000 0") for name in ("counts", "turns", "breaks", "slips", "itself")]
    calls += [each("rests", "30000 1 2"), each("closes", "30000")]
    found = agree(Program(ROUNDS, "\n".join(calls)), threshold)
    if threshold == 1:
        assert found["counts"].tier == 2


HELD = """
(def wait nil)
(defn goes-round [n] (when (= n 20000) (wait)) (if (pos? n) (recur (dec n)) :end))
(defn called [x] (loop [i 0] (if (< i 10) (recur (inc i)) (+ i x))))
(defn frame [] (dotimes [_ 20] (called 1)) (wait) (dotimes [_ 20] (called 1)))
"""


@pytest.mark.parametrize("beside", [False, True], ids=["the thread that draws", "another thread"])
@pytest.mark.parametrize("name", ["goes-round", "called"])
def test_compiled_code_is_entered_in_the_midst_of_a_frame(name: str, beside: bool) -> None:
    rt = Runtime(strategy="tiered", threshold=5)
    rt.eval(HELD)
    loops: list[int] = []  # that tier 0 counted

    def wait() -> None:
        end = time.perf_counter() + 60
        while info(rt, f"user/{name}").tier == 0 and time.perf_counter() < end:
            time.sleep(0.001)
        loops.append(info(rt, f"user/{name}").loops)

    rt.namespaces.ensure("user").vars["wait"].bind(wait)
    call = ("user/frame",) if name == "called" else ("user/goes-round", 50_000)
    rt.tick()
    if beside:
        thread = threading.Thread(target=rt.call, args=call)
        thread.start()
        thread.join()
    else:
        rt.call(*call)
    [before] = loops
    assert info(rt, f"user/{name}").loops - before <= 1024  # until it looks for compiled code again
    assert info(rt, f"user/{name}").tier == 2
    rt.close()


def test_a_strategy_changed_meanwhile_changes_no_result() -> None:
    rt = Runtime(strategy="tiered", threshold=2)
    rt.eval(
        "(defn ^:jit f [x] (+ x 1)) (defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))"
    )
    for strategy in ("tiered", "inline-jit", "interpret", "stub-jit", "tiered"):
        rt.set_strategy(strategy)
        rt.eval("(defn g [x] (+ x (f 1)))")
        for _ in range(3):
            assert str(rt.eval("[(f 1) (f 1.5) (fib 10) (fib 5.5) (g 2) (g 1/2)]")) == str(
                rt.eval("[2 2.5 55 9.0 4 5/2]")
            )
        assert rt.wait_idle(120)
    assert not [f.error for f in rt.functions() if f.state == "failed"]
    rt.close()
