"""`reduce` over `map`, `filter` and `remove` in compiled code does what the lazy calls do, in their order."""

from __future__ import annotations

import pytest

from runtime import Runtime
from tests.tiers.agreement import THRESHOLDS, Program, agree, each

thresholds = pytest.mark.parametrize("threshold", THRESHOLDS)

SOURCES = [
    *("nil", "[]", "[1]", "[1 2 3 4]", "'(1 2 3)", "(range 6)", "[1 2.5 3]", "[1/2 3N]", "[nil]"),
    *("[1 :a 3]", "{:a 1 :b 2}", "{}", "#{1}", '"abc"', "5", ":k", "\\a", "(lazy-seq [1 2 3])"),
    *("[{:v 1 :ok 1} {:v 2.5} {:x 1}]", "(map inc [1 2 3])", "[[1 2] [3 4]]", "[true false]"),
    *(
        "[9223372036854775807 1]",
        "(sorted-map :a 1)",
        "(to-array [1 2 3])",
        "(cons 1 (cons 3 nil))",
    ),
    "[(reduced 1) 2]",
]

REDUCTIONS = {
    "sum": "(reduce + c)",
    "sum-of-0": "(reduce + 0 c)",
    "product": "(reduce * 1.5 c)",
    "largest": "(reduce max c)",
    "smallest": "(reduce min 5 c)",
    "difference": "(reduce - c)",
    "by-own": "(reduce add c)",
    "squares": "(reduce + 0 (map square c))",
    "squares-alone": "(reduce + (map square c))",
    "odd-squares": "(reduce + 0 (map square (filter uneven c)))",
    "after-even": "(reduce + 0 (map inc (remove uneven c)))",
    "core-stages": "(reduce + 0 (filter odd? (map inc c)))",
    "values": "(reduce + 0 (map :v c))",
    "kept": "(reduce (fn [a m] (conj a (:v m))) [] (filter :ok c))",
    "firsts": "(reduce + 0 (map first c))",
    "destructured": "(reduce + 0 (map (fn [[a b]] (* a b)) c))",
    "entries": "(reduce (fn [a [k v]] (conj a k v)) [] c)",
    "entry-values": "(reduce + 0 (map val c))",
    "text": '(reduce str "" (map said-a c))',
    "collected": "(reduce conj [] (map square c))",
    "table": "(reduce (fn [m x] (assoc m x (square x))) {} c)",
    "state": "(reduce (fn [{:keys [s n]} x] {:s (+ s x) :n (inc n)}) {:s 0 :n 0} c)",
    "from-nil": "(reduce + nil c)",
    "conj-nil": "(reduce conj nil c)",
    "keeps-nil": "(reduce (fn [a x] a) nil c)",
    "from-reduced": "(reduce add (reduced 4) c)",
    "twice-reduced": "(reduce (fn [a x] (reduced (reduced a))) 1 c)",
    "variadic": "(reduce (fn [& xs] (apply + xs)) 0 c)",
    "none-given": "(reduce (fn ([] :none) ([a b] [a b])) c)",
    "wrong-arity": "(reduce (fn [a] a) c)",
    "in-set": "(reduce + 0 (filter #{1 3} c))",
    "in-map": "(reduce + 0 (map {1 10 2 20} c))",
}

PRELUDE = """
(defn square [x] (* x x))
(defn add [a b] (+ a b))
(defn uneven [x] (odd? x))
(defn said [tag x] (println tag x) x)
(defn said-a [x] (said :a x))
(defn said-b [x] (said :b x))
(defn said-odd [x] (said :odd x) (odd? x))
(defn said-sum [a x] (println :sum a x) (+ a x))
"""


@thresholds
@pytest.mark.parametrize("first", range(0, len(REDUCTIONS), 11))
def test_every_reduction_of_every_source(threshold: int, first: int) -> None:
    some = dict(list(REDUCTIONS.items())[first : first + 11])
    definitions = PRELUDE + "\n".join(f"(defn {name} [c] {body})" for name, body in some.items())
    calls = [f"({name} {source})" for name in some for source in SOURCES]
    usual = "\n".join(f"({name} [1 2])" for name in some)
    found = agree(Program(definitions, "\n".join(calls), usual), threshold)
    assert all("ts::cursor" in found[name].cpp for name in some)


@thresholds
def test_effects_happen_in_the_order_of_lazy_sequences(threshold: int) -> None:
    definitions = (
        PRELUDE
        + """
        (defn all [c] (reduce said-sum 0 (map said-a (filter said-odd (map said-b c)))))
        (defn without-init [c] (reduce said-sum (map said-a (remove said-odd (map said-b c)))))
        (defn operands [c]
          (reduce (do (println :f) said-sum) (do (println :init) 0)
                  (map (do (println :map) said-a)
                       (filter (do (println :filter) uneven) (do (println :c) c)))))
        (defn ends [n c] (reduce (fn [a x] (if (> x n) (reduced [:at x]) (+ a x))) 0 (map said-a c)))
        (defn ends-alone [n c] (reduce (fn [a x] (if (> x n) (reduced [:at x]) (+ a x))) (map said-a c)))
        (defn fails [c]
          (try
            (reduce (fn [a x] (if (= x 3) (throw (ex-info "three" {:x a})) (+ a x))) 0 (map said-a c))
            (catch Exception e (ex-data e))
            (finally (println :done))))
        (defn endless [n]
          (reduce (fn [a x] (if (> x n) (reduced a) (+ a x))) 0 (map square (filter odd? (range)))))
        (defn iterated [n] (reduce (fn [a x] (if (> a n) (reduced a) (+ a x))) 0 (map inc (iterate inc 1))))
        (def state (atom [1 2 3]))
        (defn changing []
          (reset! state [1 2 3])
          (reduce (fn [a x] (swap! state conj x) (+ a x))
                  0
                  (map (fn [y] (reset! state []) (+ 1 y)) @state)))"""
    )
    calls = [each(name, "[1,2,3,4] nil (range,5) [] [nil] [2]") for name in ("all", "fails")]
    calls += [each("without-init", "[1,2,3,4] [] [2] [:a]"), each("operands", "[1,2,3] 5")]
    calls += [
        each("ends 3", "[1,2,3,4,5] (range) [9] []"),
        each("ends-alone 3", "[1,5] [9] [] (range)"),
    ]
    calls += ["(endless 11)\n(iterated 100)\n(changing)"]
    usual = "(all [1 2])\n(fails [1])\n(ends 3 [1 2])\n(endless 3)\n(changing)"
    agree(Program(definitions, "\n".join(calls), usual), threshold)


@thresholds
def test_nested_reductions_closures_and_errors(threshold: int) -> None:
    definitions = (
        PRELUDE
        + """
        (defn nested [n]
          (reduce + 0 (map (fn [i] (reduce + i (map (fn [j] (* i j)) (range i)))) (range n))))
        (defn inside [cs] (reduce (fn [a c] (reduce (fn [b x] (if (nil? x) (reduced b) (+ b x))) a c)) 0 cs))
        (defn scaled [k c] (reduce (fn [a x] (+ a (* k x))) 0 (filter (fn [x] (> x k)) c)))
        (defn given [f c] (reduce + 0 (map f c)))
        (defn all-given [f p c] (reduce f 0 (filter p c)))
        (defn two-sources [a b] (reduce + 0 (map + a b)))
        (defn large [n] (reduce + 0 (map square (range n))))
        (defn overflow [n] (reduce * (range 1 n)))
        (defn ratios [c] (reduce / c))
        (defn in-loop [n]
          (loop [i 0 s 0] (if (< i n) (recur (inc i) (+ s (reduce + (map square (range i))))) s)))
        (defn late
          [c]
          (reduce +
                  0
                  (map (fn [x]
                         (/ 6
                            x))
                       (filter (fn [x]
                                 (pos? x))
                               c))))"""
    )
    calls = [
        each("nested", "0 1 5"),
        "(inside [[1 2 nil 4] [3] nil])",
        each("scaled", "2 1.5 nil :a", " [1 2 3]"),
        each("given", "inc :v 5 nil {1,2} square (fn,[x],[x])", " [1]"),
        "(given 5 [])\n(given :v [{:v 1} {:v 2.5}])",
        each("all-given +", "odd? :k nil 5 #{1} (constantly,true)", " [1 2 3]"),
        each("all-given 5", "odd? nil", " [1 2]"),
        "(all-given 5 nil [])\n(all-given (fn [a b] (reduced b)) identity [1 2])",
        "(two-sources [1 2] [3 4])\n(large 3000)\n(overflow 10)\n(overflow 30)\n(in-loop 20)",
        each("ratios", "[1,2,3] [1,0] [] [1,:a]"),
        each("late", "[1,2,3] [1,0] [:a] [1,nil] 5 {:a,1}"),
    ]
    usual = "(nested 3)\n(scaled 1 [1 2])\n(given square [1])\n(all-given + odd? [1])\n(late [1])"
    usual += "\n(in-loop 2)"
    agree(Program(definitions, "\n".join(calls), usual), threshold)


@thresholds
def test_functions_redefined_before_and_while_they_are_used(threshold: int) -> None:
    definitions = (
        PRELUDE
        + """
        (defn anew [] (defn stage [x] (+ x 1)))
        (anew)
        (defn by-function [c]
          (reduce (fn [a x] (when (= x 3) (def stage (fn [y] (* y 100)))) (+ a x)) 0 (map stage c)))
        (defn by-stage [c]
          (reduce + 0 (map stage (map (fn [x] (when (= x 2) (def stage (fn [y] [:no y]))) x) c))))
        (defn between [c]
          [(reduce + 0 (map stage c)) (do (def stage (fn [y] (* y 10))) (reduce + 0 (map stage c)))])
        (defn total [c] (reduce + 0 (map square c)))
        (defn own [c] (reduce square c))
        (defn largest [c] (reduce max 0 c))
        (def lazy-map map)
        (defn core-meanwhile [c]
          [(reduce + 0 (map square c))
           (do (alter-var-root #'clojure.core/map (fn [o] (fn [f c] (lazy-map inc c))))
               (reduce + 0 (map square c)))
           (do (alter-var-root #'clojure.core/map (fn [o] lazy-map)) (reduce + 0 (map square c)))])"""
    )
    calls = "\n".join(
        [
            "(by-function [1 2 3 4 5])\n(stage 1)\n(anew)\n(by-stage [1 2 3])",
            "(anew)\n(between [1 2])\n(anew)",
            "(total [1 2])",
            "(with-redefs [clojure.core/map (fn [f c] [7])] (total [1 2]))",
            "(with-redefs [clojure.core/reduce (fn [f i c] :other)] (total [1 2]))",
            "(with-redefs [clojure.core/+ -] (total [1 2]))",
            "(with-redefs [clojure.core/max min] (largest [1 2]))",
            "(with-redefs [clojure.core/filter 5] (total [1 2]))",
            each("with-redefs", "[square,5] [square,:a] [square,nil] [square,-]", " (total [])"),
            each("with-redefs", "[square,5] [square,:a] [square,nil] [square,-]", " (total [1])"),
            each(
                "with-redefs",
                "[square,nil] [square,+]",
                " [(own [1]) (try (own []) (catch Exception e 1))]",
            ),
            "(core-meanwhile [1 2])\n(total [1 2])\n(largest [1 2])",
        ]
    )
    usual = (
        "(by-function [1 2])\n(by-stage [1])\n(total [1 2])\n(largest [1])\n(core-meanwhile [1])"
    )
    agree(Program(definitions, calls, usual), threshold)


def test_core_functions_with_new_roots_take_the_loops_out_of_use() -> None:
    rt = Runtime(strategy="tiered", threshold=2)
    rt.eval(
        "(defn total [c] (reduce + 0 (map inc (filter odd? c)))) (defn other [c] (reduce * 1 c))"
    )
    for _ in range(4):
        rt.eval("[(total [1 2]) (other [1 2])]")
    assert rt.wait_idle(120)
    rt.eval("(with-redefs [clojure.core/filter remove] (total [1 2]))")
    tiers = {f.name: f.tier for f in rt.functions()}
    assert tiers == {"user/total": 0, "user/other": 2}
    rt.close()
