"""What programs made of core's macros give, the same under every strategy.

Each case is a source text and its last value as `pr-str` prints it. The cases share one runtime and
one namespace, so each defines names of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.core.registry import TABLE
from runtime.errors import AnalysisError

pytest.importorskip("runtime.runtime")

LET = [
    ("(let [] 1)", "1"),
    ("(let [a 1])", "nil"),
    ("(let [a 1 b (+ a 1)] [a b])", "[1 2]"),
    ("(let [a 1 a (inc a)] a)", "2"),
    ("(let [[a b] [1 2]] (+ a b))", "3"),
    ("(let [[a b c] [1 2]] [a b c])", "[1 2 nil]"),
    ("(let [[a] nil] a)", "nil"),
    ("(let [[a [b [c]]] [1 [2 [3]]]] [c b a])", "[3 2 1]"),
    ("(let [[a & more] [1 2 3]] [a more])", "[1 (2 3)]"),
    ("(let [[a & more] [1]] more)", "nil"),
    ("(let [[a & [b & more]] (list 1 2 3 4)] [a b more])", "[1 2 (3 4)]"),
    ("(let [[a :as all] [1 2]] [a all])", "[1 [1 2]]"),
    ("(let [[a & more :as all] '(1 2 3)] [a more all])", "[1 (2 3) (1 2 3)]"),
    ("(let [[_ _ c] [1 2 3]] c)", "3"),
    ('(let [[a b] "hi"] [a b])', "[\\h \\i]"),
    ("(let [[a b] (range)] [a b])", "[0 1]"),
    ("(let [[[k v]] (seq {:a 1})] [k v])", "[:a 1]"),
    ("(let [{a :a} {:a 1}] a)", "1"),
    ("(let [{:keys [a b]} {:a 1 :b 2}] (+ a b))", "3"),
    ("(let [{:keys [a b]} {:a 1}] [a b])", "[1 nil]"),
    ("(let [{:keys [:a :b]} {:a 1 :b 2}] [a b])", "[1 2]"),
    ('(let [{:strs [a b]} {"a" 1 "b" 2}] [a b])', "[1 2]"),
    ("(let [{:syms [a]} {'a 7}] a)", "7"),
    ("(let [{:keys [x/a y/b]} {:x/a 1 :y/b 2}] [a b])", "[1 2]"),
    ("(let [{:x/keys [a b]} {:x/a 1 :x/b 2 :a 3}] [a b])", "[1 2]"),
    ("(let [{:x/syms [a]} {'x/a 1}] a)", "1"),
    ("(let [{:keys [a] :or {a 5}} {}] a)", "5"),
    ("(let [{:keys [a] :or {a 5}} {:a nil}] a)", "nil"),
    ("(let [{:keys [a] :or {a 5}} {:a false}] a)", "false"),
    ("(let [{a :k :or {a 9}} nil] a)", "9"),
    ("(let [{:x/keys [a] :or {a 4}} {}] a)", "4"),
    ("(let [{:keys [a] :as m} {:a 1}] [a m])", "[1 {:a 1}]"),
    ("(let [{{:keys [c]} :b [x y] :p} {:b {:c 1} :p [2 3]}] [c x y])", "[1 2 3]"),
    ('(let [{s "s" n 1} {"s" 2 1 3}] [s n])', "[2 3]"),
    ("(let [{[a & more] :v} {:v [1 2 3]}] [a more])", "[1 (2 3)]"),
    ("(let [{:keys [a b]} '(:a 1 :b 2)] [a b])", "[1 2]"),
    ("(let [{a 0 c 2} [:x :y :z]] [a c])", "[:x :z]"),
    ("(let [k :dyn {v k} {:dyn 3}] v)", "3"),
]

FN = [
    ("((fn [] 1))", "1"),
    ("((fn [x]) 1)", "nil"),
    ("((fn [x y] (- x y)) 5 3)", "2"),
    ("((fn f [n] (if (zero? n) 1 (* n (f (dec n))))) 5)", "120"),
    ("(map (fn ([x] x) ([x y] (+ x y))) [1 2] [10 20])", "(11 22)"),
    ("((fn [& xs] xs))", "nil"),
    ("((fn [a & xs] [a xs]) 1 2 3)", "[1 (2 3)]"),
    ("((fn [[a b] {:keys [c]}] [a b c]) [1 2] {:c 3})", "[1 2 3]"),
    ("((fn [a & [b c]] [a b c]) 1 2)", "[1 2 nil]"),
    ("((fn [& {:keys [a b] :or {b 9}}] [a b]) :a 1)", "[1 9]"),
    ("((fn [& {:keys [a b]}] [a b]) {:a 1 :b 2})", "[1 2]"),
    ("((fn [& {:keys [a b]}] [a b]) :a 1 {:b 2})", "[1 2]"),
    ("((fn [n acc] (if (zero? n) acc (recur (dec n) (+ acc n)))) 10 0)", "55"),
    ("((fn [[n acc]] (if (zero? n) acc (recur [(dec n) (+ acc n)]))) [10 0])", "55"),
    ("((fn [x] {:pre [(pos? x)]} (* 2 x)) 4)", "8"),
    ("((fn [x] {:a x}) 4)", "{:a 4}"),
    ("((fn [x] {:post [(= % 8)]} (* 2 x)) 4)", "8"),
    ("(#(+ %1 %2) 1 2)", "3"),
    ("(letfn [(ev? [n] (if (zero? n) true (od? (dec n)))) (od? [n] (if (zero? n) false (ev? (dec n))))] (ev? 10))", "true"),
    ("(letfn [(f ([x] (f x 1)) ([x [y]] [x y]))] (f 1 [2]))", "[1 2]"),
    ("(loop [i 0 acc []] (if (< i 3) (recur (inc i) (conj acc i)) acc))", "[0 1 2]"),
    ("(loop [[x & xs] [1 2 3] sum 0] (if x (recur xs (+ sum x)) sum))", "6"),
    ("(loop [{:keys [n]} {:n 3} out ()] (if (pos? n) (recur {:n (dec n)} (cons n out)) out))", "(1 2 3)"),
    ("(loop [a 1 [b] [a]] [a b])", "[1 1]"),
]

DEFINITIONS = [
    ("(def d1 5) d1", "5"),
    ('(def d2 "doc" 6) d2', "6"),
    ("(defn d3 [x] (inc x)) (d3 1)", "2"),
    ('(defn d4 "doc" {:added "1"} ([x] x) ([x y] [x y])) (d4 1 2)', "[1 2]"),
    ('(defn d5 "the doc" [a & b] 1) (:doc (meta #\'d5))', '"the doc"'),
    ("(defn d6 ([a] 1) ([a {:keys [b]}] 2)) (:arglists (meta #'d6))", "([a] [a {:keys [b]}])"),
    ("(defn ^:frame d7 [] 1) (:frame (meta #'d7))", "true"),
    ("(defn ^{:n 3} d8 {:m 4} [] 1) [(:n (meta #'d8)) (:m (meta #'d8))]", "[3 4]"),
    ("(defn- d9 [] 1) (:private (meta #'d9))", "true"),
    ("(defn d10 [{:keys [a]} [b]] [a b]) (d10 {:a 1} [2])", "[1 2]"),
    ("(defn d11 ([] 1) {:x 5}) (:x (meta #'d11))", "5"),
    ("(defonce d12 1) (defonce d12 2) d12", "1"),
    ("(declare d13 d14) (defn d15 [] (d13)) (defn d13 [] 7) (d15)", "7"),
    ("(defmacro d16 [a b] `(- ~b ~a)) (d16 1 10)", "9"),
    ("(defmacro d17 [& body] `(let [x# 1] (+ x# ~@body))) (d17 2 3)", "6"),
    ('(defmacro d18 "doc" ([a] `(list ~a)) ([a & b] `(list ~a ~@b))) [(d18 1) (d18 1 2 3)]', "[(1) (1 2 3)]"),
    ("(defmacro d19 [] (count &form)) (d19)", "1"),
    ("(defmacro d20 [test & body] `(if ~test nil (do ~@body))) (d20 false 1 2)", "2"),
    ("(defmacro d21 [bs & body] `(let [~@bs] ~@body)) (d21 [a 1 b 2] (+ a b))", "3"),
    ("(defmacro d22 [] `(defn d23 [x#] (* x# 3))) (d22) (d23 4)", "12"),
    ("(defmacro d24 [n & clauses] `(case ~n ~@clauses)) (d24 2 (1 2) :low :high)", ":low"),
    ("(macroexpand-1 '(when a b c))", "(if a (do b c))"),
    ("(macroexpand '(-> a (when b)))", "(if a b)"),
]

CONDITIONS = [
    ("(when true 1 2)", "2"),
    ("(when nil 1)", "nil"),
    ("(when false)", "nil"),
    ("(when-not nil 1 2)", "2"),
    ("(when-not 0 1)", "nil"),
    ("(if-not false 1 2)", "1"),
    ("(if-not true 1)", "nil"),
    ("(if-let [a 1] (inc a) :no)", "2"),
    ("(if-let [a nil] a :no)", ":no"),
    ("(let [a 5] (if-let [a nil] a a))", "5"),
    ("(if-let [[a b] [1 2]] (+ a b))", "3"),
    ("(if-let [[a] nil] 1 2)", "2"),
    ("(if-some [a false] [a] :none)", "[false]"),
    ("(if-some [a nil] [a] :none)", ":none"),
    ("(when-let [{:keys [a]} {:a 1}] a)", "1"),
    ("(when-let [a false] 1)", "nil"),
    ("(when-some [a false] 1 [a])", "[false]"),
    ("(when-some [a nil] 1)", "nil"),
    ("(when-first [a [nil 1]] [a])", "[nil]"),
    ("(when-first [a []] 1)", "nil"),
    ("(when-first [[k v] {:a 1}] [v k])", "[1 :a]"),
    ("(cond)", "nil"),
    ("(cond false 1)", "nil"),
    ("(cond false 1 nil 2 :else 3)", "3"),
    ("(cond (= 1 1) :a :else :b)", ":a"),
    ("(cond :x 1 :y 2)", "1"),
    ("(condp = 3 1 :one 3 :three)", ":three"),
    ("(condp < 3 5 :big 2 :small :none)", ":small"),
    ("(condp some [1 2 3] #{9} :>> inc #{2} :>> (fn [x] (* x 10)) :none)", "20"),
    ("(condp = 7 1 :one :none)", ":none"),
    ("(case 2 1 :one 2 :two :other)", ":two"),
    ("(case 5 1 :one :other)", ":other"),
    ("(case :b (:a :b) 1 :c 2)", "1"),
    ('(case "x" "x" 1 2)', "1"),
    ("(case \\a \\a 1 2)", "1"),
    ("(case 'foo foo 1 2)", "1"),
    ("(case nil nil 1 2)", "1"),
    ("(case true false 1 true 2)", "2"),
    ("(case 1 1.0 :double true :boolean 1 :integer)", ":integer"),
    ("(case [1 2] [1 2] :yes :no)", ":yes"),
    ("(case {:a 1} {:a 1} :yes :no)", ":yes"),
    ("(case '(1) ((1)) :yes :no)", ":yes"),
    ("(case 3 :only)", ":only"),
    ("(and)", "true"),
    ("(and 1)", "1"),
    ("(and 1 nil 2)", "nil"),
    ("(and 1 2 3)", "3"),
    ("(and false (throw (ex-info \"no\" {})))", "false"),
    ("(or)", "nil"),
    ("(or nil false)", "false"),
    ("(or nil 2 3)", "2"),
    ("(let [n (atom 0) f (fn [v] (swap! n inc) v)] [(or (f nil) (f 1) (f 2)) @n])", "[1 2]"),
    ("(let [n (atom 0) f (fn [v] (swap! n inc) v)] [(and (f 1) (f nil) (f 2)) @n])", "[nil 2]"),
]  # fmt: skip

THREADING = [
    ("(-> 1)", "1"),
    ("(-> 5 inc (- 2))", "4"),
    ("(-> {:a {:b 1}} :a :b)", "1"),
    ("(->> [1 2 3] (map inc) (reduce +))", "9"),
    ("(->> 5 (- 2))", "-3"),
    ("(-> [1 2] (conj 3) (->> (map inc)))", "(2 3 4)"),
    ("(some-> {:a {:b 1}} :a :b inc)", "2"),
    ("(some-> {:a 1} :x inc)", "nil"),
    ("(some-> 1)", "1"),
    ("(some-> false not)", "true"),
    ("(some->> [1 2] (map inc) (reduce +))", "5"),
    ("(some->> nil (map inc))", "nil"),
    ("(cond-> 1)", "1"),
    ("(cond-> 1 true inc false (* 100) :always (+ 10))", "12"),
    ("(cond->> [1 2] true (map inc) nil (map dec))", "(2 3)"),
    ("(as-> 1 x (+ x 1) [x x])", "[2 2]"),
    ("(as-> 1 x)", "1"),
    ("(doto 5 (+ 1))", "5"),
    ("@(doto (atom 1) (swap! inc) (swap! * 10))", "20"),
    ("(let [n (atom 0)] [(-> (swap! n inc) (+ 1)) @n])", "[2 1]"),
]

LOOPS = [
    ("(let [a (atom 0)] [(while (< @a 3) (swap! a inc)) @a])", "[nil 3]"),
    ("(let [a (atom [])] [(dotimes [i 3] (swap! a conj i)) @a])", "[nil [0 1 2]]"),
    ("(let [a (atom 0)] (dotimes [_ 0] (swap! a inc)) @a)", "0"),
    ("(let [a (atom 0) n 4] (dotimes [i (inc n)] (swap! a + i)) @a)", "10"),
    ("(let [a (atom [])] [(doseq [x [1 2 3]] (swap! a conj x)) @a])", "[nil [1 2 3]]"),
    ("(let [a (atom [])] (doseq [x [1 2] y [:a :b]] (swap! a conj [x y])) @a)", "[[1 :a] [1 :b] [2 :a] [2 :b]]"),
    ("(let [a (atom [])] (doseq [x (range 10) :when (even? x) :let [y (* x x)] :while (< y 40)] (swap! a conj y)) @a)", "[0 4 16 36]"),
    ("(let [a (atom [])] (doseq [x [1 2 3] :while (< x 3) y (range x) :when (odd? (+ x y))] (swap! a conj [x y])) @a)", "[[1 0] [2 1]]"),
    ("(let [a (atom [])] (doseq [[k v] (sorted-map :a 1 :b 2)] (swap! a conj k v)) @a)", "[:a 1 :b 2]"),
    ("(let [a (atom [])] (doseq [x nil] (swap! a conj x)) @a)", "[]"),
    ("(let [a (atom 0)] (doseq [x [1 2] y []] (swap! a inc)) @a)", "0"),
    ("(let [a (atom [])] (doseq [{:keys [n]} [{:n 1} {:n 2}]] (swap! a conj n)) @a)", "[1 2]"),
    ("(for [x [1 2 3]] (* x x))", "(1 4 9)"),
    ("(for [x []] x)", "()"),
    ("(for [x nil] x)", "()"),
    ("(for [x [1 2] y [:a :b]] [x y])", "([1 :a] [1 :b] [2 :a] [2 :b])"),
    ("(for [x (range 6) :when (odd? x)] x)", "(1 3 5)"),
    ("(for [x (range) :while (< x 4)] x)", "(0 1 2 3)"),
    ("(for [x (range 4) :let [y (* x 2)] :when (> y 2)] [x y])", "([2 4] [3 6])"),
    ("(for [x (range 3) y (range x) :let [z (+ x y)]] z)", "(1 2 3)"),
    ("(for [x [1 2 3] :when (odd? x) y [x (* 10 x)] :while (< y 20)] y)", "(1 10 3)"),
    ("(for [[a b] [[1 2] [3 4]] {:keys [c]} [{:c 5}]] (+ a b c))", "(8 12)"),
    ("(for [x [nil false 1]] x)", "(nil false 1)"),
    ("(let [n (atom 0) s (for [x (range 100)] (swap! n inc))] (first s) (< @n 50))", "true"),
    ("(take 2 (for [x (range) y [x x]] y))", "(0 0)"),
    ("(count (for [x (range 100) y (range 100)] 1))", "10000"),
    ("(let [fs (for [i (range 3)] (fn [] i))] (map (fn [f] (f)) fs))", "(0 1 2)"),
    ("(let [fs (atom [])] (dotimes [i 3] (swap! fs conj (fn [] i))) (map (fn [f] (f)) @fs))", "(0 1 2)"),
]  # fmt: skip

CONTEXT = [
    ("(comment (this is not evaluated))", "nil"),
    ("(def ^:dynamic *c1* 1) (defn c2 [] *c1*) [(binding [*c1* 2] (c2)) (c2)]", "[2 1]"),
    ("(def ^:dynamic *c3* 1) (try (binding [*c3* 2] (throw (ex-info \"x\" {}))) (catch :default _ *c3*))", "1"),
    ("(def ^:dynamic *c4* 1) (binding [*c4* 2] (binding [*c4* (inc *c4*)] (set! *c4* (* *c4* 10)) *c4*))", "30"),
    ("(defn c5 [] 1) [(with-redefs [c5 (fn [] 2)] (c5)) (c5)]", "[2 1]"),
    ('(with-out-str (print "a" 1) (print :b))', '"a 1:b"'),
    ('(with-out-str (println "x") (prn "y"))', '"x\\n\\"y\\"\\n"'),
    ("(let [n (atom 0) d (delay (swap! n inc) :v)] [@n (force d) @d @n])", "[0 :v :v 1]"),
    ("(let [n (atom 0) s (lazy-seq (swap! n inc) [1 2])] [@n (first s) (rest s) @n])", "[0 1 (2) 1]"),
    ("(take 3 ((fn nat [n] (lazy-seq (cons n (nat (inc n))))) 5))", "(5 6 7)"),
    ("(lazy-cat [1] nil [2 3])", "(1 2 3)"),
    ("(def c6 (lazy-cat [0 1] (map + c6 (rest c6)))) (take 8 c6)", "(0 1 1 2 3 5 8 13)"),
    ("@(future (+ 1 2))", "3"),
    ("(let [v (volatile! 1)] (vswap! v + 2 3) @v)", "6"),
    ("(assert true)", "nil"),
    ('(try (assert (= 1 2) "sums") (catch :default e (ex-message e)))', '"Assert failed: sums\\n(= 1 2)"'),
    ("(try (assert (= 1 2)) (catch :default e (ex-message e)))", '"Assert failed: (= 1 2)"'),
    ("(defn c7 [x] {:pre [(pos? x)]} x) (try (c7 -1) (catch :default e :raised))", ":raised"),
    ("(defn c8 [x] {:post [(pos? %)]} x) (try (c8 -1) (catch :default e :raised))", ":raised"),
    ("(locking [1] 1 2)", "2"),
    ("(let [r (ref 1)] (dosync (alter r + 2) (ref-set r (* 10 @r))) @r)", "30"),
    ("(io! 1)", "1"),
    ("(pvalues 1 (+ 1 1))", "(1 2)"),
    ('(with-out-str (time 1))', None),
    ("(try (case 5 1 2) (catch :default e (ex-message e)))", '"No matching clause: 5"'),
    ("(try (condp = 5 1 2) (catch :default e (ex-message e)))", '"No matching clause: 5"'),
    ("(with-precision 3 (/ 1M 3M))", "0.333M"),
    ("(let [a (int-array [1 2 3])] (areduce a i r 0 (+ r (aget a i))))", "6"),
]  # fmt: skip

TYPES = [
    ("(defmulti t1 :shape) (defmethod t1 :sq [{:keys [w]}] (* w w)) (defmethod t1 :default [_] :none) [(t1 {:shape :sq :w 3}) (t1 {})]", "[9 :none]"),
    ("(defmulti t3 identity :default :zzz) (defmethod t3 :zzz [x] [:other x]) (t3 4)", "[:other 4]"),
    ("(derive ::sq ::shape) (defmulti t4 identity) (defmethod t4 ::shape [_] :shape) (t4 ::sq)", ":shape"),
    ("(defmulti t5 identity) (defmethod t5 1 ([x] :one)) (defmulti t5 inc) (t5 0)", ":one"),
    ("(defprotocol P1 (p1a [this]) (p1b [this x] [this x y])) (extend-type String P1 (p1a [s] (count s)) (p1b ([s x] [s x]) ([s x y] [s x y]))) [(p1a \"abc\") (p1b \"a\" 1) (p1b \"a\" 1 2)]", '[3 ["a" 1] ["a" 1 2]]'),
    ("(defprotocol P2 (p2 [this])) (extend-protocol P2 nil (p2 [_] :nil) Long (p2 [n] [:n n]) Object (p2 [_] :any)) [(p2 nil) (p2 1) (p2 :k)]", "[:nil [:n 1] :any]"),
    ('(defprotocol P3 "doc" (p3 [this] "its doc")) (:doc (meta #\'p3))', '"its doc"'),
    ("(defprotocol P4 (p4 [this])) (try (p4 1) (catch :default e :missing))", ":missing"),
    ("(defrecord R1 [a b]) (let [r (->R1 1 2)] [(:a r) (:b r) (:c r) (get r :c 3)])", "[1 2 nil 3]"),
    ("(defrecord R2 [a b]) (let [r (assoc (->R2 1 2) :b 5 :c 6)] [(:b r) (:c r) (count r)])", "[5 6 3]"),
    ("(defrecord R3 [a]) [(= (->R3 1) (->R3 1)) (= (->R3 1) (->R3 2)) (= (->R3 1) {:a 1})]", "[true false false]"),
    ("(defrecord R4 [a b]) (map->R4 {:a 1})", "#user.R4{:a 1, :b nil}"),
    ("(defrecord R5 [a]) (let [{:keys [a]} (R5. 7)] a)", "7"),
    ("(defprotocol P6 (p6 [this x])) (defrecord R6 [a] P6 (p6 [this x] (+ a x))) (p6 (->R6 1) 5)", "6"),
    ("(defprotocol P7 (p7 [this a])) (defrecord R7 [a] P7 (p7 [this a] [a (:a this)])) (p7 (->R7 1) 5)", "[5 1]"),
    ("(defprotocol P8 (p8 [this n])) (deftype T8 [k] P8 (p8 [_ n] (if (pos? n) (recur (dec n)) [k n]))) (p8 (->T8 :k) 3)", "[:k 0]"),
    ("(defprotocol P9 (p9 [this] [this y])) (let [z 3] (let [o (reify P9 (p9 [_] z) (p9 [_ y] (+ z y)))] [(p9 o) (p9 o 4)]))", "[3 7]"),
    ("(defprotocol PA (pa [this])) (defrecord RA [] PA (pa [_] 1)) [(satisfies? PA (->RA)) (satisfies? PA 1)]", "[true false]"),
    ("(defrecord RB [a]) [(instance? RB (->RB 1)) (record? (->RB 1)) (instance? RB {})]", "[true true false]"),
    ("(defprotocol PC (pc [this])) (extend-protocol PC nil (pc [_] 0)) (extend-type Object PC (pc [_] 1)) (pc nil)", "0"),
    ("(defrecord RD [a b]) (-> (->RD 1 2) (update :a inc) (dissoc :b))", "{:a 2}"),
]  # fmt: skip

TESTS = [
    ("(ns b.t1 (:require [clojure.test :refer [deftest is testing]])) (deftest one (is (= 1 1)) (testing \"x\" (is (pos? 2)))) ((juxt :test :pass :fail :error) (clojure.test/run-tests 'b.t1))", "[1 2 0 0]"),
    ("(ns b.t2 (:require [clojure.test :refer :all])) (deftest one (is (= 1 2)) (is (throw (ex-info \"x\" {}))) (is (thrown? Exception (throw (ex-info \"boom\" {})))) (is (thrown-with-msg? Exception #\"bo+\" (throw (ex-info \"boom\" {}))))) (with-out-str (run-tests 'b.t2)) ((juxt :test :pass :fail :error) (run-tests 'b.t2))", "[1 2 1 1]"),
    ("(ns b.t3 (:require [clojure.test :refer :all])) (deftest one (are [x y] (= x (inc y)) 1 0 2 1 3 3)) ((juxt :pass :fail) (run-tests 'b.t3))", "[2 1]"),
    ("(ns b.t4 (:require [clojure.test :refer :all])) (def log (atom [])) (use-fixtures :each (fn [f] (swap! log conj :in) (f) (swap! log conj :out))) (use-fixtures :once (fn [f] (swap! log conj :once) (f))) (deftest one (swap! log conj 1)) (deftest two (swap! log conj 2)) (run-tests 'b.t4) @log", "[:once :in 1 :out :in 2 :out]"),
]  # fmt: skip

CASES = [*LET, *FN, *DEFINITIONS, *CONDITIONS, *THREADING, *LOOPS, *CONTEXT, *TYPES, *TESTS]

REJECTED = [
    ("(let [a] a)", "even number"),
    ("(let (a 1) a)", "vector"),
    ("(let [1 2] 3)", "binding form"),
    ("(let [a/b 2] 3)", "qualified"),
    ("(let [[a & b c] [1]] 3)", ":as may follow"),
    ("(let [{:keyz [a]} {}] a)", ":keyz"),
    ("(let [{:keys a} {}] a)", "vector of names"),
    ("(loop [x] x)", "even number"),
    ("(fn 5)", "arity"),
    ("(fn)", "parameters"),
    ("(defn 5 [] 1)", "name"),
    ("(defn a/b [] 1)", "qualified"),
    ("(defn nothing)", "parameters"),
    ("(letfn [x 1] 2)", "functions"),
    ("(when)", "wrong number"),
    ("(if-let [a 1 b 2] a)", "exactly one"),
    ("(if-not 1)", "wrong number"),
    ("(cond 1)", "even number"),
    ("(case 1 1 2 1 3)", "twice"),
    ("(case 1 (1 2) 2 2 3)", "twice"),
    ("(condp = 1 2 :>>)", ":>>"),
    ("(cond-> 1 true)", "test"),
    ("(-> 1 ())", "empty list"),
    ("(dotimes [a 1 b 2] a)", "exactly one"),
    ("(doseq [:when 1] 2)", "collection first"),
    ("(for [x [1] :foo 2] x)", ":foo"),
    ("(for [x [1]] 1 2)", "wrong number"),
    ("(defonce x)", "wrong number"),
    ("(defprotocol P (m []))", "first parameter"),
    ("(defrecord R a)", "vector of fields"),
    ("(defrecord R [a] (m [this] 1))", "protocol before"),
    ("(deftype T [^:unsynchronized-mutable a])", "cannot change"),
    ("(gen-class)", "not part"),
    ("(proxy [Object] [])", "reify"),
]


@pytest.fixture(scope="module", params=["interpret", "inline-jit"])
def rt(request: pytest.FixtureRequest) -> Iterator[object]:
    from runtime import Runtime

    runtime = Runtime(strategy=request.param)
    yield runtime
    runtime.close()


@pytest.fixture(autouse=True)
def back_to_user(rt) -> Iterator[None]:
    yield
    rt.eval("(in-ns 'user)")


@pytest.mark.parametrize(("source", "printed"), CASES, ids=[source for source, _ in CASES])
def test_value_of(rt, source: str, printed: str | None) -> None:
    value = rt.eval(source)
    if printed is not None:
        assert TABLE["clojure.core", "pr-str"].value(value) == printed


@pytest.mark.parametrize(("source", "message"), REJECTED, ids=[source for source, _ in REJECTED])
def test_is_rejected_with_its_place(rt, source: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as raised:
        rt.eval(source)
    assert raised.value.span is not None
