"""Compiled functions call each other directly, and mean the same as in tier 0."""

from __future__ import annotations

import pytest

from runtime import Runtime
from runtime.events import Deoptimised
from runtime.snapshots import FunctionInfo
from tests.tiers.agreement import THRESHOLDS, Program, agree, each

thresholds = pytest.mark.parametrize("threshold", THRESHOLDS)


def info(rt: Runtime, name: str) -> FunctionInfo:
    return next(f for f in rt.functions() if f.name == f"user/{name}")


# --- redefinition ------------------------------------------------------------------------------------


REDEFINED = """
(defn anew [] (defn g [x] (+ x 1)))
(anew)
(defn f [x] (+ (g x) 10))
(defn h [x] (f (+ 1 x)))
(defn by-argument [x] (+ (g (do (def g (fn [y] (* y 100))) x)) (g x)))
(defn between [x] (g x) (def g (fn [y] (str y))) (g x))
(defn altered [x] (+ (g (do (alter-var-root #'g (fn [old] (fn [y] (- (old y) 5)))) x)) (g x)))
(defn for-a-while [x] [(with-redefs [g (fn [y] :other)] (g x)) (g x)])
(defn below [x] [(with-redefs [g (fn [y] 7)] (f x)) (f x)])
(defn interned [x] (intern 'user 'g (fn [y] (* 3 y))) (g x))
"""


@thresholds
def test_a_callee_may_be_redefined_at_any_moment(threshold: int) -> None:
    changes = [
        *("(by-argument 2)", "(between 3)", "(altered 1)", "(for-a-while 1)", "(below 1)"),
        *("(interned 4)", "(def g :k)", "(def g 5)", "(def g nil)", "(def f g)", "(declare g)"),
        '(with-redefs [g (fn [x] (throw (ex-info "no" {})))] (h 1))',
        "(with-redefs [f :k] (h 1))",
        "(defn g [x y] x)",
        "(defn g ([x] [x]) ([x & more] more))",
    ]
    after = "(f 1)\n(h 1.5)\n(anew)\n(f 1)\n(h 1)"
    again = "(defn f [x] (+ (g x) 10))"
    calls = "\n".join(f"{change}\n{after}\n{again}" for change in changes)
    agree(Program(REDEFINED, calls, "(f 1)\n(h 1)\n(below 1)"), threshold)


@thresholds
def test_a_function_may_redefine_itself_or_its_callee_while_it_runs(threshold: int) -> None:
    definitions = """
        (defn anew []
          (defn self [n]
            (if (< n 1)
              (do (def self (fn [m] (* m 1000))) 1)
              (+ n (self (dec n)) (self n))))
          (defn leaf [z] (+ z 1)))
        (anew)
        (def steps (atom 0))
        (defn step [k] (swap! steps inc) (when (zero? (mod @steps 5)) (def leaf (fn [z] (- z)))) k)
        (defn walk [k] (if (< k 1) 0 (+ (leaf (step k)) (walk (dec k)))))
        (def through (fn [x] (if (> x 3) (do (def through (fn [y] [:new y])) (through x)) (inc x))))
        (defn again [] (def through (fn [x] (if (> x 3) (do (def through str) (through x)) (inc x)))))
        (defn use-through [x] (through x))"""
    calls = "(self 3)\n(self 3)\n(anew)\n(self 4)\n(walk 4)\n(walk 10)\n(anew)\n(walk 3)"
    calls += "\n(use-through 1)\n(use-through 5)\n(use-through 1)\n(again)\n(use-through 5)"
    agree(Program(definitions, calls, "(walk 1)\n(use-through 1)"), threshold)


def test_a_redefinition_sends_back_exactly_those_who_called(rt: Runtime) -> None:
    rt.eval("""
        (defn g [x] (+ x 1)) (defn other [x] (str x))
        (defn f [x] [(g x)]) (defn h [x] (g (g x))) (defn unrelated [x] (other x))
        (defn closed [x] (if (< x 1) 0 (closed (- x 1)))) (defn inlines [x] (+ (g x) 1))""")
    for _ in range(2):
        for _ in range(4):
            rt.eval("[(f 1) (h 1) (unrelated 1) (closed 3) (inlines 1)]")
        assert rt.wait_idle(120)
    assert info(rt, "f").assumes == info(rt, "h").assumes == ("user/g",)
    rt.eval("(defn g [x] (- x 1))")
    back = {e.function for e in rt.events.of(Deoptimised)}
    assert back == {"user/f", "user/h", "user/inlines"}
    assert info(rt, "unrelated").tier == info(rt, "closed").tier == 2
    assert str(rt.eval("[(f 1) (h 1) (inlines 1)]")) == str(rt.eval("[[0] -1 1]"))


def test_calls_through_a_var_are_counted(rt: Runtime) -> None:
    rt.eval(
        "(defn g [x] (+ x 1)) (defn f [n] (loop [i 0 s []] (if (< i n) (recur (inc i) (conj s (g i))) s)))"
    )
    for _ in range(2):
        for _ in range(4):
            rt.eval("[(g 1) (f 2)]")
        assert rt.wait_idle(120)
    before = info(rt, "g").calls
    assert len(rt.eval("(f 1000)")) == 1000
    assert info(rt, "g").calls == before + 1000


# --- shapes of functions -----------------------------------------------------------------------------


@thresholds
def test_functions_of_every_shape(threshold: int) -> None:
    definitions = """
        (declare odd)
        (defn even [n] (if (zero? n) true (odd (dec n))))
        (defn odd [n] (if (zero? n) false (even (dec n))))
        (defn named [n] ((fn go [k acc] (if (zero? k) acc (go (dec k) (+ acc k)))) n 0))
        (defn inner [n] (let [go (fn go [k] (if (zero? k) 0 (+ 1.5 (go (dec k)))))] (go n)))
        (defn mutual [n]
          (letfn [(a [k] (if (zero? k) :a (b (dec k)))) (b [k] (if (zero? k) :b (a (dec k))))] (a n)))
        (defn arities
          ([x] (arities x 1)) ([x y] (arities x y 2)) ([x y z] (+ x y z))
          ([x y z & more] (reduce + (+ x y z) more)))
        (defn backwards ([x y] (+ x y)) ([x] (backwards x 2)))
        (defn variadic [& xs] (if (seq xs) (+ (first xs) (apply variadic (rest xs))) 0))
        (defn optional [x & [y]] (if y (optional y) x))
        (defn ten [a b c d e f g h i j] (+ a b c d e f g h i j))
        (defn tens [x] (ten x x x x x x x x x 0.5))
        (defn hinted [^long x] (+ x 1))
        (defn ^double gives [x] (* 2 (hinted x)))
        (defn shadows [inc] (let [+ -] (+ inc 1)))
        (defn checked [x] {:pre [(pos? x)] :post [(> % 1)]} (+ x 1))
        (defmulti by-kind number?)
        (defmethod by-kind true [x] (+ x 1))
        (defmethod by-kind false [x] :no-number)
        (defn dispatched [x] (by-kind x))
        (defprotocol Scaled (scaled [this x]))
        (defrecord Factor [k] Scaled (scaled [this x] (* x k)))
        (extend-type nil Scaled (scaled [this x] [:nil x]))
        (extend-type Number Scaled (scaled [this x] (* this x)))
        (defn scale [k x] (scaled (->Factor k) x))
        (defn scale-by [a x] (scaled a x))"""
    calls = [
        each("even", "10 7 2000 1.0 :a"),
        each("odd", "7"),
        each("named", "10 3000 2.0"),
        each("inner", "10"),
        each("mutual", "5 6"),
        "(arities 1)\n(arities 1 2.5)\n(arities 1 2 3 4)\n(arities)",
        "(backwards 3)\n(backwards :a)\n(backwards)",
        "(variadic)\n(variadic 1 2.5 3)\n(optional 1 2)\n(optional 1 nil)",
        each("tens", "1 1/2 nil"),
        each("gives", '1 1.5 "a"'),
        each("shadows", "1 1.5"),
        each("checked", "1 0 -1 0.5"),
        each("dispatched", "1 1.5 :a"),
        each("scale", "1 0.5", " 2"),
        each("scale-by", "nil 3 1.5 :k", " 2"),
    ]
    usual = [f"({name} 2)" for name in ("even", "named", "inner", "mutual", "arities", "backwards")]
    usual += [f"({name} 1)" for name in ("tens", "gives", "shadows", "checked", "dispatched")]
    agree(Program(definitions, "\n".join(calls), "\n".join([*usual, "(scale 1 1)"])), threshold)


@thresholds
def test_closures_keep_their_own_captures(threshold: int) -> None:
    definitions = """
        (defn adder [k] (fn [x] (+ x k)))
        (def add5 (adder 5)) (def add-half (adder 0.5)) (def add-text (adder "s"))
        (defn both [x] [(add5 x) (add-half x)])
        (defn text [x] (add-text x))
        (defn twice [x] (let [g (adder x)] (g (g 1))))
        (defn computed [x] (let [k (* x 2) g (fn [y] (+ y k))] (g x)))
        (defn constants [x] (let [k 3 t true g (fn [y] (if t (* y k) y))] (g x)))
        (defn down-to [k] (fn go [n] (if (< n 1) k (+ 1 (go (dec n))))))
        (def to10 (down-to 10)) (def to-half (down-to 0.5))
        (defn downs [n] [(to10 n) (to-half n)])
        (def by-var (let [b 7] (fn [n] (if (< n 1) b (by-var (dec n))))))
        (def alias by-var)
        (defn aliased [n] [(by-var n) (alias n)])
        (def with-more (with-meta adder {:a 1}))
        (defn through-more [x] ((with-more x) 1))
        (defn mutual [n]
          (letfn [(even [k] (if (zero? k) true (odd (- k 1)))) (odd [k] (if (zero? k) false (even (- k 1))))]
            [(even n) (odd n)]))
        (let [k 5] (defn captures-a-number [x] (+ x k)))"""
    names = ("both", "twice", "computed", "constants", "through-more", "captures-a-number")
    calls = [each(name, '1 1.5 "q" nil') for name in names]
    calls += ["(text 1)", each("downs", "3 0 1.5"), each("aliased", "3 0"), each("mutual", "6 7")]
    calls += ["(def by-var 5)\n(aliased 3)\n(def by-var alias)\n(aliased 2)"]
    usual = "\n".join(f"({name} 2)" for name in (*names, "downs", "aliased", "mutual"))
    agree(Program(definitions, "\n".join(calls), usual), threshold)


@thresholds
def test_calls_with_the_wrong_number_of_arguments(threshold: int) -> None:
    definitions = """
        (defn one [x] (+ x 1))
        (defn some-more ([] 0) ([x] (+ x 1)) ([x & xs] (reduce + x xs)))
        (defn too-many [x] (one x x))
        (defn too-few [] (one))
        (defn caught [x] (try (one x x) (catch Exception e (ex-message e))))
        (defn fine [a b] [(some-more) (some-more a) (some-more a b) (some-more a b a)])
        (defn itself [x] ((fn self [a] (if (< a 1) (self) (self (dec a)))) x))
        (defn recursive [x] (if (< x 1) (recursive) (recursive (dec x))))
        (defn made [x] ((fn [a b] a) x))
        (defn applied [xs] [(apply some-more xs) (apply one xs)])
        (defn keyword-calls [m] (:a m m))
        (defn keyword-wrong [m] (:a))"""
    calls = [
        each("too-many", "1 nil"),
        "(too-few)\n(caught 1)\n(fine 1 2)\n(fine 1.5 2)\n(fine nil 1)\n(itself 2)\n(recursive 2)\n(made 1)",
        "(applied [1])\n(applied [])\n(applied [1 2])\n(keyword-calls {})\n(keyword-wrong {})",
    ]
    usual = "(one 1)\n(caught 1)\n(fine 1 2)\n(applied [1])\n(keyword-calls {:a 1})"
    agree(Program(definitions, "\n".join(calls), usual), threshold)


@thresholds
def test_values_that_are_no_functions_are_called_too(threshold: int) -> None:
    definitions = """
        (defn of-map [x] ({1 :one} x :none))
        (defn of-set [x] (#{1 2.5} x))
        (defn of-vector [x] ([:a :b] x))
        (defn of-symbol [x] ('a x))
        (defn plus [x] (+ x 1))
        (defn of-var [x] (#'plus x))
        (defn given [f x] (f x))
        (defn composed [x] [((partial plus) x) ((comp plus plus) x) ((juxt plus inc dec) x)])"""
    calls = [each(name, "1 1.0 2 2.5 0 nil") for name in ("of-map", "of-set", "of-vector")]
    calls += [each("of-var", "1 nil"), each("composed", "1 0.5"), "(of-symbol {'a 1})"]
    calls += [each("given", ":a 5 nil {1,2} inc #'plus plus \\\\a", " 1"), "(given :a {:a 1})"]
    agree(Program(definitions, "\n".join(calls), "(of-var 1)\n(given inc 1)"), threshold)


# --- exceptions --------------------------------------------------------------------------------------


EXCEPTIONS = r"""
(cpp/raw "#include <stdexcept>
namespace direct_calls {
inline int boom(int n) { if(n > 2) throw std::out_of_range(\"far\"); if(n < 0) throw 7; return n; }
struct tracked {
  static inline int alive = 0;
  int n;
  tracked(int n) : n(n) { ++alive; }
  tracked(tracked const& o) : n(o.n) { ++alive; }
  ~tracked() { --alive; }
  int get() const { return n; }
};
inline int alive() { return tracked::alive; }
}")
(def log (atom []))
(defn note [x] (swap! log conj x) x)
(defn taken [] (let [all @log] (reset! log []) all))
(defn native [x] (cpp/direct_calls.boom x))
(defn above [x] (+ 1 (native x)))
(defn by-type [x]
  (try (above x)
    (catch cpp/std.exception e (str "std " (.what e)))
    (catch cpp/int e [:int (+ e 1)])
    (finally (note :typed))))
(defn by-lisp [x] (try (above x) (catch Exception e [:lisp (ex-message e)]) (finally (note :lisp))))
(defn throws [x] (if (> x 2) (throw (ex-info "big" {:x x})) (* x 2)))
(defn cleans [x] (try (throws x) (finally (note [:cleaned x]))))
(defn nested [x]
  (try (try (cleans x) (catch cpp/std.exception e :no) (finally (note :inner)))
    (catch ExceptionInfo e (:x (ex-data e)))
    (finally (note :outer))))
(defn locals [x]
  (let [a (cpp/direct_calls.tracked. 1) b (cpp/direct_calls.tracked. 2)] (+ (cleans x) (.get a) (.get b))))
(defn locals-caught [x] (try (locals x) (catch Exception e (cpp/direct_calls.alive))))
(defn locals-around [x]
  (let [a (cpp/direct_calls.tracked. 1)]
    (try (above x)
      (catch cpp/std.out_of_range e (+ (.get a) (locals 1)))
      (finally (note (cpp/direct_calls.alive))))))
(defn again [x] (try (throws x) (catch Exception e (throw e))))
(defn wrapped [x] (try (again x) (catch Exception e (throw (ex-info "wrap" {} e)))))
(defn divided [x] (try (quot 5 x) (catch ArithmeticException e (note :divided) -1) (finally (note :done))))
(defn recursive [n] (try (if (zero? n) (throw :end) (recursive (dec n))) (finally (note n))))
(defn keyword-thrower [] (throw :k))
(defn keyword-caught [x] (try (if x (keyword-thrower) 1) (catch Exception e e)))
(defn in-finally [x] (try (+ x 1) (finally (throws x))))
(defn in-loop [n]
  (loop [i 0 a []]
    (if (< i n)
      (recur (inc i) (conj a (try (throws i) (catch Exception e (note i) (ex-data e)))))
      a)))
"""


@thresholds
def test_exceptions_pass_direct_calls(threshold: int) -> None:
    names = ("by-type", "by-lisp", "above", "nested", "cleans", "locals", "locals-caught")
    names += ("locals-around", "again", "wrapped", "divided", "in-finally")
    calls = [f"{each(name, '1 3 9 -1 0 :a nil 1.5')}\n(taken)" for name in names]
    calls += [
        "(recursive 5)\n(taken)\n(keyword-caught true)\n(keyword-caught nil)\n(in-loop 6)\n(taken)"
    ]
    calls += ["(cpp/direct_calls.alive)"]
    calls += ["(try (above 5) (catch cpp/std.out_of_range e (.what e)))"]
    calls += ["(try (locals 3) (catch Exception e (ex-message e)))"]
    usual = "\n".join(f"({name} 1)" for name in (*names, "in-loop", "keyword-caught nil"))
    agree(Program(EXCEPTIONS, "\n".join(calls), usual + "\n(taken)"), threshold)


# --- look-ups ----------------------------------------------------------------------------------------


LOOK_UPS = """
(defrecord R [a b])
(deftype Field [^:unsynchronized-mutable a])
(defprotocol Cell (put [this v]) (held [this]))
(deftype Mutable [^:volatile-mutable a] Cell (put [this v] (set! a v) this) (held [this] a))
(defn at [c i] (nth c i))
(defn at-or [c i] (nth c i :none))
(defn at-1 [c] (nth c 1))
(defn at-40 [c] (nth c 40 :none))
(defn before [c] (nth c -1))
(defn of [c k] (get c k))
(defn a-of [c] (:a c))
(defn a-or [c] (:a c :none))
(defn one-of [c] (get c 1))
(defn sum-of [c] (+ (:a c) (:b c 10)))
(defn counted [c] [(count c) (first c)])
(defn transient-map [t] (let [v (get t :a)] (assoc! t :a (str "new" (count t))) [v (get t :a)]))
(defn transient-vector [t] (let [v (nth t 0)] (assoc! t 0 (str "x" v)) [v (nth t 0)]))
(defn mutable [m] (let [v (held m)] (put m (str v "y")) [v (held m)]))
(defn growing [m n]
  (loop [m m i 0 out []]
    (if (< i n)
      (recur (assoc m (keyword (str "k" i)) i) (inc i) (conj out (:a m) (:k2 m)))
      out)))
(defn large [n] (reduce (fn [m i] (assoc m (keyword (str "k" i)) i)) {} (range n)))
(defn keys-of [m] [(:k0 m) (:k1 m) (:k7 m) (:k31 m) (:k99 m) (:k500 m :none)])
(defn parts [{:keys [a b] :or {b 5}} [x y & z]] [a b x y z])
(def described (with-meta {:a 1 :b 2} {:doc "x"}))
"""
INDICES = "0 2 3 -1 1.0 1.7 nil :a 5N 9223372036854775807 -9223372036854775808 1/2"
COLLECTIONS = [
    *(
        "nil",
        "[]",
        "[5 6]",
        '"abc"',
        "'(1 2)",
        "(list)",
        "(range 5)",
        "(map inc [1 2])",
        "{:a 1}",
        "{}",
    ),
    *("{:a 1 :b 2}", "{:a nil}", "{1 :one}", "{:a 1.5}", "#{:a}", "#{1}", "(->R 1 2)", "5", ":a"),
    *("(assoc (->R 1 2) 1 5)", "(transient {:a 7})", "(transient [1 2])", "(sorted-map :a 1)"),
    *("(vec (range 100))", "(subvec [1 2 3] 1)", "(with-meta [1 2] {:a 1})", "(first {:a 1})"),
    *(
        "described",
        "(with-meta {:a 3} {:q 1})",
        "(large 40)",
        "(assoc (large 100) :a 3)",
        "(Field. 5)",
    ),
    *(
        "(lazy-seq [1 2])",
        "(object-array 3)",
        "(zipmap (range 40) (range))",
        "(with-meta {} {:a 1})",
    ),
]


@thresholds
def test_look_ups_in_anything(threshold: int) -> None:
    names = ("at-1", "at-40", "before", "a-of", "a-or", "one-of", "sum-of", "counted")
    calls = [f"({name} {coll})" for name in names for coll in COLLECTIONS]
    calls += [each(f"{name} [1 2 3]", INDICES) for name in ("at", "at-or", "of")]
    calls += ["(of {1.5 2} 1.5)\n(of {nil 2} nil)\n(of {[1] 2} [1])\n(of {5N 1} 5)"]
    calls += ["(transient-map (transient {:a (str 1)}))\n(transient-vector (transient [(str 2)]))"]
    calls += ["(mutable (Mutable. (str 3)))\n(growing {:a 0} 5)\n(growing {} 40)"]
    calls += [f"(keys-of (large {n}))" for n in (0, 1, 8, 32, 33, 600)]
    calls += ["(parts {:a 1} [1 2 3])\n(parts nil nil)\n(parts {:b nil} '(1))\n(meta described)"]
    usual = (
        "(at [1 2] 1)\n(a-of {:a 1})\n(sum-of {:a 1 :b 2})\n(keys-of (large 8))\n(growing {:a 1} 2)"
    )
    agree(Program(LOOK_UPS, "\n".join(calls), usual), threshold)
