"""Numbers whose kind shows only at run time: the same arithmetic, loops and values as in tier 0."""

from __future__ import annotations

import re

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
        assert rt.wait_idle(120)
    rt.close()


FORMS = """
(defn caught-in-loop [n]
  (loop [i 0 s 0]
    (if (< i n)
      (let [v (try (quot 10 (- i 2)) (catch ArithmeticException e 0.5) (finally i))]
        (recur (inc i) (+ s v)))
      s)))
(defn caught [x] (let [a (try (+ x 1) (catch Exception e nil))] (if a (+ a 1) :none)))
(defn finally-inside [x] (+ (try x (finally 1)) (if (nil? x) 0 1)))
(defn destructured [x] (let [[a b] (if (vector? x) x [x 1.5])] (+ a b)))
(defn stepwise [x] (cond-> x (> x 1) inc (< x 5) (* 2.0) (= x 3) str))
(defn threaded [x] (-> x (+ 1) (* 2) (max 3) (min 1/2) double long))
(defn all-of [x] (and (> x 1) (< x 5) (+ x 1)))
(defn any-of [x] (or (and (> x 1) nil) (if (= x 1) false) (+ x 0.5)))
(defn when-bound [x] (when-let [y (when (> x 1) (+ x 1))] (* y 2)))
(defn chosen-operator [x] (let [f (if (> x 1) + -)] (f x 1)))
(defn compared [x y] (if (= x y) (if (< x y) 1 2) (if (identical? x y) 3 (compare x y))))
(defn shadowed [x] (let [x (+ x 1) x (* x x) x (- x)] [x (let [x (str x)] x) x]))
(defn statements [x] (do (+ x 1) (* x x) nil (- x)))
(defn nested-tests [x] (if (if (> x 1) (< x 3) (nil? x)) :a (if (not (> x 1)) :b :c)))
(defn keyword-arguments [& {:keys [a b] :or {a 1 b 0.5}}] (+ a b))
(defn exchanged [x] (loop [a 1 b x] (if (> a 3) [a b] (let [c (+ a b)] (recur c (if (> c 2) (- c a) 0.5))))))
(defn cases [x] (case (mod x 3) 0 (+ x 1) 1 (* x 0.5) nil))
(defn mutual [x] (letfn [(f [a] (if (> a 10) a (g (* a 2)))) (g [a] (f (+ a 0.5)))] (f x)))
(defn rest-in-loop [xs] (loop [[x & more] xs acc 0] (if x (recur more (+ acc x)) acc)))
(defn in-volatile [n] (let [v (volatile! 0)] (dotimes [i n] (vswap! v + i)) @v))
(defn comprehension [n] (vec (for [i (range n) :when (odd? i) :let [j (* i 0.5)]] [i j])))
(defn asserted [x] (assert (pos? x) "positive") (bit-and x 7))
(defn made-map [x] (zipmap [:a :b] [(inc x) (dec x)]))
(defn while-some [x] (some-> x (+ 1) (/ 2)))
(defn casts-compared [x]
  (let [a (long x) b (double x) c (int x)]
    [(= a b) (== a b) (+ a b) (quot a 2) (rem b 2) (< a b c)]))
(defn thrown [x] (throw (if (> x 1) (ex-info "x" {:x x}) (+ x 1))))
(defn caught-thrown [x]
  (try (thrown x) (catch ExceptionInfo e (:x (ex-data e))) (catch Exception e [:other e])))
(defn nine [a b c d e f g h i] (+ a b c d e f g h (if i 1 2)))
(defn in-map [x] (let [m {:n x}] (+ (:n m) (get m :n) (m :n) (:z m 0.5))))
(defn recursive [x] (if (zero? x) 0 (+ x (recursive (dec x)) (if (= x 2) 0.5 0))))
(defn kind-by-recursion [x y] (if (zero? y) x (kind-by-recursion (if (= y 2) (str x) y) (dec y))))
(defn flag [b] (if b (flag false) b))
(defn grows [x] (if (> x 100) x (grows (* x 1.5))))
(defn ends-in-nil [n] (if (< n 1) nil (ends-in-nil (dec n))))
(defn ends-in-keyword [n] (if (< n 1) :end (ends-in-keyword (dec n))))
(defn to-the-end [n] (ends-in-keyword (+ n 1)))
(defn ackermann [n m]
  (cond (= n 0) (+ m 1)
        (= m 0) (ackermann (- n 1) 1)
        :else (ackermann (- n 1) (ackermann n (- m 1)))))
(defn largest [x] (max x 1 2.5))
(defn remainder [x y] (mod (* x y) 7))
(defn composed [x] (remainder (remainder x x) (largest x)))
"""


@thresholds
def test_forms_around_numbers(threshold: int) -> None:
    one = [*re.findall(r"^\(defn ([\w-]+) \[\w+\]", FORMS, re.MULTILINE), "mutual"]
    calls = [each(name, "1 2 3 5 0 nil :a 2.0") for name in one]
    calls += [each(name, "1.5 1/2 3N") for name in one if name != "recursive"]  # steps down to zero
    calls += ["(compared 1 1)\n(compared 1 1.0)\n(compared :a :a)\n(compared 2 1)"]
    calls += ["(keyword-arguments)\n(keyword-arguments :a 2.5)\n(keyword-arguments :b nil)"]
    calls += [each("rest-in-loop", "[1,2,3] [1,2.5,1/2] nil"), each("flag", "true 1 nil")]
    calls += [
        each("nine 1 2 3 4 5 6 7", "8 8.5 :a", " nil"),
        each("kind-by-recursion", "1 :a", " 4"),
    ]
    calls += [each("ackermann 2", "3 2.0 :a")]
    usual = [f"({name} 2)" for name in one if name not in ("thrown", "flag")]
    usual += ["(compared 1 2)\n(kind-by-recursion 1 1)\n(flag true)\n(ackermann 1 2)"]
    agree(Program(FORMS, "\n".join(calls), "\n".join(usual)), threshold)


INTEROP = r"""
(cpp/raw "#include <string>
#include <cstdint>
namespace unknown_numbers {
inline double half(double d) { return d / 2; }
inline int twice(int i) { return i * 2; }
inline bool negated(bool b) { return !b; }
inline std::int64_t large(std::int64_t i) { return i; }
inline unsigned char small(unsigned char c) { return c; }
inline float single(float f) { return f; }
inline std::string text(int i) { return std::to_string(i); }
struct point { int x; double y; };
inline double sum(point p) { return p.x + p.y; }
inline int with_default(int a, int b = 5) { return a + b; }
template<class T> T same(T t) { return t; }
}")
(defn half [x] (cpp/unknown_numbers.half (+ x 0)))
(defn twice [x] (cpp/unknown_numbers.twice (* x 1)))
(defn negated [x] (cpp/unknown_numbers.negated x))
(defn equal-negated [x] (cpp/unknown_numbers.negated (= x 1)))
(defn large [x] (cpp/unknown_numbers.large (+ x 0)))
(defn small [x] (cpp/unknown_numbers.small (+ x 0)))
(defn single [x] (cpp/unknown_numbers.single (+ x 0.1)))
(defn text [x] (cpp/unknown_numbers.text x))
(defn point [x] (let [p (cpp/unknown_numbers.point. x (+ x 0.5))] (cpp/unknown_numbers.sum p)))
(defn defaults [x] (+ (cpp/unknown_numbers.with_default x) (cpp/unknown_numbers.with_default x x)))
(defn templates [x] (+ (cpp/unknown_numbers.same (cpp/int. x)) (cpp/unknown_numbers.same (cpp/double. x))))
(defn summed [n]
  (loop [i 0 s 0]
    (if (< i 3) (recur (inc i) (+ s (cpp/unknown_numbers.half (+ n i)) (cpp/unknown_numbers.twice i))) s)))
(defn operators [x] (cpp/+ (cpp/int. x) (cpp/int. 1)))
(defn calls [x] (+ (half x) (twice x)))
"""


@thresholds
def test_numbers_as_arguments_of_cpp(threshold: int) -> None:
    names = re.findall(r"^\(defn ([\w-]+)", INTEROP, re.MULTILINE)
    calls = [each(name, f"{ANYTHING} 300 2147483648 1e300") for name in names]
    usual = "\n".join(f"({name} {'true' if name == 'negated' else 1})" for name in names)
    agree(Program(INTEROP, "\n".join(calls), usual), threshold)
