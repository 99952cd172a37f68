"""After a save the program is what loading its files afresh gives, but for what `defonce` keeps."""

from __future__ import annotations

import pytest

from tests.loading.conftest import STRATEGIES
from tests.robustness import Where, slip

NS = "(ns main)\n"
# name: file before, file after, expression, its value after; `reasons` of what was evaluated, "…" for any
EDITS: dict[str, tuple[str, str, str, str]] = {
    "a def that reads another": (
        "(def base 10) (def derived (* 2 base))",
        "(def base 50) (def derived (* 2 base))",
        "derived",
        "100",
    ),
    "a function's value in a map": (
        "(defn scale [x] (* 2 x)) (def table {:f scale})",
        "(defn scale [x] (* 3 x)) (def table {:f scale})",
        "((:f table) 7)",
        "21",
    ),
    "a composed function": (
        "(defn scale [x] (* 2 x)) (def both (comp inc scale))",
        "(defn scale [x] (* 3 x)) (def both (comp inc scale))",
        "(both 7)",
        "22",
    ),
    "what a function read that was called at load": (
        "(def k 2) (defn f [x] (* k x)) (defn g [x] (f x)) (def derived (g 5))",
        "(def k 3) (defn f [x] (* k x)) (defn g [x] (f x)) (def derived (g 5))",
        "derived",
        "15",
    ),
    "a function far below": (
        "(defn h [] 1) (defn f [] (h)) (defn g [] (f)) (def derived [(g) (g)])",
        "(defn h [] 2) (defn f [] (h)) (defn g [] (f)) (def derived [(g) (g)])",
        "derived",
        "[2 2]",
    ),
    "a lazy sequence that nobody has looked at": (
        "(def k 2) (def xs (map (fn [x] (* k x)) [1 2 3]))",
        "(def k 3) (def xs (map (fn [x] (* k x)) [1 2 3]))",
        "xs",
        "(3 6 9)",
    ),
    "a delay": (
        "(def k 2) (defn f [] k) (def d (delay (f)))",
        "(def k 3) (defn f [] k) (def d (delay (f)))",
        "@d",
        "3",
    ),
    "a memoised function": (
        "(def k 2) (defn f [x] (* k x)) (def m (memoize f)) (def seen (m 1))",
        "(def k 3) (defn f [x] (* k x)) (def m (memoize f)) (def seen (m 1))",
        "[(m 1) seen]",
        "[3 3]",
    ),
    "a macro": (
        "(defmacro twice [x] `(* 2 ~x)) (defn f [] (twice 4))",
        "(defmacro twice [x] `(* 3 ~x)) (defn f [] (twice 4))",
        "(f)",
        "12",
    ),
    "a macro's helper": (
        "(defn factor [] 2) (defmacro times [x] (list '* (factor) x)) (defn f [] (times 4))",
        "(defn factor [] 3) (defmacro times [x] (list '* (factor) x)) (defn f [] (times 4))",
        "(f)",
        "12",
    ),
    "a value that a macro read": (
        "(def factor 2) (defmacro times [x] (list '* factor x)) (defn f [] (times 4))",
        "(def factor 3) (defmacro times [x] (list '* factor x)) (defn f [] (times 4))",
        "(f)",
        "12",
    ),
    "a macro that defines": (
        "(defmacro deftwo [n v] `(do (def ~n ~v) (def ~(symbol (str n 2)) (* 2 ~v)))) (deftwo a 1)",
        "(defmacro deftwo [n v] `(do (def ~n ~v) (def ~(symbol (str n 2)) (* 3 ~v)))) (deftwo a 1)",
        "[a a2]",
        "[1 3]",
    ),
    "a function that became a macro": (
        "(defn m [x] [:fn x]) (defn f [] (m (+ 1 2)))",
        "(defmacro m [x] `[:macro '~x]) (defn f [] (m (+ 1 2)))",
        "(f)",
        "[:macro (+ 1 2)]",
    ),
    "a macro that became a function": (
        "(defmacro m [x] `[:macro '~x]) (defn f [] (m (+ 1 2)))",
        "(defn m [x] [:fn x]) (defn f [] (m (+ 1 2)))",
        "(f)",
        "[:fn 3]",
    ),
    "a var that became dynamic": (
        "(def level 1) (defn f [] level)",
        "(def ^:dynamic level 1) (defn f [] level)",
        "(binding [level 5] (f))",
        "5",
    ),
    "a var that is dynamic no more": (
        "(def ^:dynamic level 1) (defn f [] level)",
        "(def level 1) (defn f [] level)",
        "[(f) (try (binding [level 5] (f)) (catch Exception e :static))]",
        "[1 :static]",
    ),
    "two defs swapped": ("(def x 1)\n(def x 2)", "(def x 2)\n(def x 1)", "x", "1"),
    "the second def removed": ("(def x 1)\n(def x 2)", "(def x 1)", "x", "1"),
    "a def between": (
        "(def x 1)\n(def y x)\n(def x 2)",
        "(def x 3)\n(def y x)\n(def x 2)",
        "[x y]",
        "[2 3]",
    ),
    "a form written twice": (
        "(def log (atom []))\n(swap! log conj :a)",
        "(def log (atom []))\n(swap! log conj :a)\n(swap! log conj :a)",
        "@log",
        "[:a :a]",
    ),
    "an effect replaced": (
        "(def reg (atom {}))\n(swap! reg assoc :a 1)\n(swap! reg assoc :b 2)",
        "(def reg (atom {}))\n(swap! reg assoc :a 1)\n(swap! reg assoc :c 3)",
        "(= @reg {:a 1 :c 3})",
        "true",
    ),
    "an effect removed": (
        "(def reg (atom #{}))\n(defn add! [x] (swap! reg conj x))\n(add! 1)\n(add! 2)",
        "(def reg (atom #{}))\n(defn add! [x] (swap! reg conj x))\n(add! 1)",
        "@reg",
        "#{1}",
    ),
    "effects swapped": (
        "(def log (atom []))\n(swap! log conj 1)\n(swap! log conj 2)",
        "(def log (atom []))\n(swap! log conj 2)\n(swap! log conj 1)",
        "@log",
        "[2 1]",
    ),
    "an effect that depends on a value": (
        "(def k 1) (def log (atom [])) (swap! log conj k) (swap! log conj :end)",
        "(def k 2) (def log (atom [])) (swap! log conj k) (swap! log conj :end)",
        "@log",
        "[2 :end]",
    ),
    "a defonce": (
        "(defonce state (atom 1)) (swap! state inc)",
        "(defonce state (atom 7)) (swap! state inc)",
        "@state",
        "2",
    ),
    "what is made of a defonce": (
        "(def k 1) (defonce state (atom 5)) (def view [k @state])",
        "(def k 2) (defonce state (atom 6)) (def view [k @state])",
        "view",
        "[2 5]",
    ),
    "a var removed": (
        "(def a 1) (def b 2)",
        "(def a 1)",
        "[a (resolve 'b) (contains? (ns-publics 'main) 'b)]",
        "[1 nil false]",
    ),
    "a var removed that is to be kept": (
        "(def a 1) (def ^:keep b 2)",
        "(def a 1)",
        "[a (some? (resolve 'b))]",
        "[1 true]",
    ),
    "a var that hid core's removed": (
        "(defn inc [x] (* 10 x)) (defn f [x] (inc x))",
        "(defn f [x] (inc x))",
        "(f 1)",
        "2",
    ),
    "a var that hides core's": (
        "(defn f [x] (inc x))",
        "(defn inc [x] (* 10 x)) (defn f [x] (inc x))",
        "(f 1)",
        "10",
    ),
    "a method removed": (
        "(defmulti area :k) (defmethod area :a [_] 1) (defmethod area :default [_] 0)",
        "(defmulti area :k) (defmethod area :default [_] 0)",
        "(area {:k :a})",
        "0",
    ),
    "a method changed that was called at load": (
        "(defmulti area :k) (defmethod area :a [_] 1) (def x (area {:k :a}))",
        "(defmulti area :k) (defmethod area :a [_] 2) (def x (area {:k :a}))",
        "x",
        "2",
    ),
    "a method added that is called at load": (
        "(defmulti area :k) (defmethod area :default [_] 0) (def x (area {:k :a}))",
        "(defmulti area :k) (defmethod area :default [_] 0) (defmethod area :a [_] 2)"
        " (def x (area {:k :a}))",
        "x",
        "2",
    ),
    "a dispatch changed": (
        "(defmulti area :k) (defmethod area :a [_] 1) (defmethod area :b [_] 2)"
        " (def x (area {:k :a :l :b}))",
        "(defmulti area :l) (defmethod area :a [_] 1) (defmethod area :b [_] 2)"
        " (def x (area {:k :a :l :b}))",
        "x",
        "2",
    ),
    "a preference and a derivation removed": (
        "(derive ::sq ::shape) (defmulti f identity) (defmethod f ::shape [_] 1)"
        " (defmethod f :default [_] 0) (def x (f ::sq))",
        "(defmulti f identity) (defmethod f ::shape [_] 1)"
        " (defmethod f :default [_] 0) (def x (f ::sq))",
        "[x (isa? ::sq ::shape)]",
        "[0 false]",
    ),
    "a protocol's extension changed": (
        '(defprotocol P (m [x])) (extend-type String P (m [x] 1)) (def x (m "s"))',
        '(defprotocol P (m [x])) (extend-type String P (m [x] 2)) (def x (m "s"))',
        "x",
        "2",
    ),
    "a protocol's extension removed": (
        "(defprotocol P (m [x])) (extend-type String P (m [x] 1)) (extend-type nil P (m [x] 0))",
        "(defprotocol P (m [x])) (extend-type nil P (m [x] 0))",
        '[(m nil) (satisfies? P "s")]',
        "[0 false]",
    ),
    "a record's field added": (
        "(defrecord R [a]) (def r (->R 1))",
        "(defrecord R [a b]) (def r (->R 1 2))",
        "(:b r)",
        "2",
    ),
    "a record's method changed": (
        "(defprotocol P (m [x])) (defrecord R [a] P (m [x] a)) (def x (m (->R 1)))",
        "(defprotocol P (m [x])) (defrecord R [a] P (m [x] (* 5 a))) (def x (m (->R 1)))",
        "x",
        "5",
    ),
    "alter-var-root": (
        "(def x 1)\n(alter-var-root #'x + 10)",
        "(def x 2)\n(alter-var-root #'x + 10)",
        "x",
        "12",
    ),
    "alter-var-root changed": (
        "(def x 1)\n(alter-var-root #'x + 10)",
        "(def x 1)\n(alter-var-root #'x + 20)",
        "x",
        "21",
    ),
    "an alias moved to another namespace": (
        "(require '[clojure.string :as s]) (defn f [] (s/join [1 2]))",
        "(require '[clojure.set :as s]) (defn f [] (s/union #{1} #{1}))",
        "(f)",
        "#{1}",
    ),
    "metadata": ("(def ^{:k 1} x 1)", "(def ^{:k 2} x 1)", "(:k (meta #'x))", "2"),
    "a conditional definition": (
        "(def on true) (when on (def x 1)) (when-not on (def x 2))",
        "(def on false) (when on (def x 1)) (when-not on (def x 2))",
        "x",
        "2",
    ),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(Where.RELOAD, EDITS, "What the files say is in force, and so is all that was made of it.")
def test_edits(files, strategy):
    wrong = {}
    for name, (before, after, expression, value) in EDITS.items():
        program = files(strategy)
        errors = [*program.save(NS + before), *program.save(NS + after)]
        found = errors or program.value(expression)
        if found != value:
            wrong[name] = (found, value, program.reasons())
        program.runtime.eval("(in-ns 'main) (underive ::sq ::shape)")
    assert wrong == {}
