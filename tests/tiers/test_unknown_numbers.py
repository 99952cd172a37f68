"""Numbers whose kind shows only at run time: the same arithmetic, loops and values as in tier 0."""

from __future__ import annotations

import pytest

from runtime import Runtime
from tests.tiers.agreement import ANYTHING, THRESHOLDS, Program, agree, each

thresholds = pytest.mark.parametrize("threshold", THRESHOLDS)

OPERATIONS = """
    (defn sums [x y] [(+ x y) (- x y) (* x y)])
    (defn compared [x y] [(max x y) (min x y) (< x y) (<= x y) (> x y) (>= x y) (== x y) (= x y)])
    (defn quotient [x y] (quot x y))
    (defn remainder [x y] (rem x y))
    (defn modulus [x y] (mod x y))
    (defn divided [x y] (/ x y))
    (defn added [x] (+ x 0.5))
    (defn signs [x] [(zero? x) (pos? x) (neg? x)])
    (defn next-ones [x] [(inc x) (dec x) (- x)])
    (defn casts [x] [(double x) (long x) (int x)])
    (defn bits [x] [(bit-and x 3) (bit-shift-left x 2) (unchecked-inc x)])
    (defn three [x] [(+ x 1 x) (< 0 x 5)])"""


@pytest.mark.parametrize("other", ["1", "2.5", "0", "0.0", "3N", '"t"'])
def test_operations_on_numbers_of_unknown_kind(other: str) -> None:
    two = ("sums", "compared", "quotient", "remainder", "modulus", "divided")
    one = ("added", "signs", "next-ones", "casts", "bits", "three")
    calls = [each(name, ANYTHING, f" {other}") for name in two]
    calls += [each(f"{name} {other}", ANYTHING) for name in two]
    calls += [each(name, ANYTHING) for name in one]
    agree(Program(OPERATIONS, "\n".join(calls)), 1)


LOOPS = """
(defn sum [n k] (loop [i 0 s 1] (if (< i n) (recur (inc i) (+ s k)) s)))
(defn kinds [n]
  (loop [i 0 s 0 seen []]
    (if (< i n)
      (recur (inc i)
             (cond (= i 3) (+ s 0.5) (= i 6) (+ s 1/3) (= i 8) (str s) (= i 9) (count s)
                   (= i 10) nil (nil? s) :k (keyword? s) (* 2 i) :else (+ s 1))
             (conj seen s))
      [s seen])))
(defn factorial [n] (loop [i n a 1] (if (zero? i) a (recur (dec i) (* a i)))))
(defn halves [n] (loop [x n c 0] (if (< x 1) [x c] (recur (/ x 2) (inc c)))))
(defn nested [n]
  (loop [i 0 s 0]
    (if (< i n)
      (recur (inc i) (loop [j 0 t s] (if (< j i) (recur (inc j) (+ t (if (= j 2) 0.5 1))) t)))
      s)))
(defn swapped [a b n] (loop [a a b b n n] (if (zero? n) [a b (if a 1 2)] (recur b a (dec n)))))
(defn numbers [n] (loop [a 1 b 0.5 n n] (if (zero? n) [a b] (recur b a (dec n)))))
(defn truths [n] (loop [a true b 1 n n] (if (zero? n) [a b] (recur b a (dec n)))))
(defn again [n x] (if (zero? n) x (recur (dec n) (+ x (if (= n 2) 0.5 1)))))
(defn object [n x] (if (zero? n) x (recur (dec n) (if (= n 2) (str x) n))))
(defn flag [b n] (if (zero? n) b (recur (if (= n 2) 0 (not b)) (dec n))))
(defn closures [n]
  (loop [i 0 fs []] (if (< i n) (recur (inc i) (conj fs (fn [] (+ i 0.5)))) (mapv (fn [f] (f)) fs))))
(defn overflow [n] (loop [i 0 s 9223372036854775800] (if (< i n) (recur (inc i) (inc s)) s)))
(defn large [n] (loop [i 0 s 1N] (if (< i n) (recur (inc i) (* s 1000)) s)))
"""


@thresholds
def test_what_a_loop_holds_may_change_its_kind(threshold: int) -> None:
    calls = [
        each("sum 4", "1 0.5 1/2 nil 1M 5N 9223372036854775807"),
        each("kinds", "5 8 14"),
        each("factorial", "5 20 21 2.0 25N"),
        each("halves", "8 7.0 5"),
        each("numbers", "3 4"),
        each("truths", "3 4"),
        each("again 5", "0 0.5 :k"),
        each("flag true", "1 5"),
        "(nested 6)\n(swapped 1 nil 3)\n(swapped 0.5 :a 2)\n(object 4 0)\n(flag nil 1)",
        "(closures 3)\n(overflow 3)\n(overflow 9)\n(large 10)",
    ]
    usual = "(sum 5 1)\n(factorial 5)\n(halves 4)\n(again 4 4)\n(object 1 1)\n(flag true 3)"
    agree(Program(LOOPS, "\n".join(calls), usual), threshold)


@thresholds
def test_numbers_of_unknown_kind_are_values_like_others(threshold: int) -> None:
    definitions = """
        (defn shown [x]
          (let [y (+ x x)]
            [y {:a y y :b} #{y} (str y) (list y) (identical? y y) (= y (* x 2)) (if y 1 0) (nil? y)
             (some? y) (not y) (hash-map y 1) (vector y y) (meta y)]))
        (defn branches [x] (let [y (if (= x 1) 1 (if (= x 2) 2.5 (if (= x 3) nil "z")))] [y (if y :t :f)]))
        (defn few [x]
          (case (+ x 0) 0 :zero 1 :one 2.5 :double 1/2 :ratio 5N :large 7M :decimal nil :nil "s" :text :no))
        (defn many [x] (case (+ x 0) 0 :a 1 :b 2 :c 3 :d 4 :e 5 :f 6 :g 7 :h 8 :i 9 :j 10N :k 2.5 :l :none))
        (defn known [x] (case x 0 :zero 5N :large :no))
        (defn zeros [a n]
          (loop [a a n n]
            (if (zero? n)
              [a (identical? a -0.0) (identical? a 0.0) (= a 0) (= a 0.0) (get {a :y} a) (get {0 :z} a)]
              (recur (+ a 0) (dec n)))))
        (defn nans [n]
          (loop [x ##NaN n n] (if (zero? n) [(= x x) (identical? x x) (== x x)] (recur x (dec n)))))
        (defn returned [x] (let [y (+ x 1)] y))
        (defn thrown [x] (try (throw (+ x 1)) (catch Exception e [e (= e (inc x))])))
        (defn bound [x] (let [y (* x 2) f (fn [z] (+ y z))] (f y)))"""
    every = "0 1 2 3 2.5 5 5N 10 1/2 7M"
    names = ("shown", "branches", "few", "many", "known", "returned", "thrown", "bound")
    calls = [each(name, every) for name in names]
    calls += [each("zeros", "0 0.0 -0.0 1/2", " 2"), each("zeros", "-0.0", " 0"), "(nans 2)"]
    usual = "\n".join(f"({name} 1)" for name in names)
    agree(Program(definitions, "\n".join(calls), usual), threshold)


@pytest.mark.parametrize("strategy", ["interpret", "stub-jit", "inline-jit", "tiered"])
def test_a_big_integer_in_a_case_matches_an_integer(strategy: str) -> None:
    rt = Runtime(strategy=strategy, threshold=1)
    rt.eval("(defn f [x] (loop [n (+ 1 1)] (case n 5N [:large x] (recur (inc n)))))")
    for _ in range(3):
        assert str(rt.eval("(f 1)")[0]) == ":large"
        assert rt.wait_idle(30)
    rt.close()
