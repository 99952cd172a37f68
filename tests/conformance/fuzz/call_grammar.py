"""Functions that call functions: recursion, helpers in loops, arguments that change type once their caller is
hot, vars that get a new root in the middle of a call, exceptions through several calls.
"""

from __future__ import annotations

from tests.conformance.fuzz.lisp_grammar import LispGrammar
from tests.conformance.fuzz.scope import Scope

OPERATORS = ("+", "-", "*", "max", "quot", "bit-xor", "unchecked-add", "+'", "/", "compare")
OTHERS = ("1.5", "nil", '"s"', ":k", "[1]", "1/2", "9223372036854775807", "\\c", "##NaN", "true",
          "{:a 1}", "-0.0", "9223372036854775808N")  # fmt: skip
RECURSIONS = (
    "(self (- n 1) <int>)", "(+ <int> (self (- n 1) acc))", "(let [r (self (- n 1) <int>)] <eff> (max r acc))",
    "(reduce + (map (fn [q] (self (- n 2) q)) [1 2]))", "(if <bool> (self (- n 1) acc) (self (- n 2) <int>))",
    "(recur (- n 1) <any>)", "(try (self (- n 1) <int>) (finally <eff>))",
)  # fmt: skip
STEPS = (  # of an accumulator, which changes type on the way
    "(+ acc 1)", "(+ acc i)", "(* acc 2)", "(if (= i 3) 0.5 (+ acc 1))", "(if (= i 4) <any> acc)",
    "(if (number? acc) (+ acc <num>) <int>)", "(if (< i 5) (inc acc) (str acc))", "(max acc <num>)",
    "(if (= i 5) (double i) acc)", "(- acc)", "(/ acc 2)", "(if (= i 2) nil i)",
)  # fmt: skip
ARITHMETIC = (
    "(+ # #)", "(- # #)", "(* # #)", "(quot # #)", "(rem # #)", "(mod # #)", "(min # #)", "(max # # #)", "(inc #)",
    "(dec #)", "(- #)", "(bit-and # #)", "(bit-xor # 7)", "(if (< # #) # #)", "(if (zero? #) # #)", "(/ # #)",
    "(let [v #] (+ v #))", "(if (and (< # #) (pos? #)) # #)", "(double #)", "(if (= # #) # #)", "(bit-shift-left # 3)",
    "(loop [i 0 s #] (if (< i 6) (recur (inc i) (+ s #)) s))", "(unchecked-multiply # #)", "(abs #)", "(long #)",
    "(loop [n 5 s #] (if (pos? n) (recur (dec n) (if (even? n) (* s 2) #)) s))", "(if (not= # #) # #)", "(do # #)",
)  # fmt: skip
THROWS = (
    '(throw (ex-info "deep" {:x x}))', "(throw x)", "(z/raise_range x)", "(quot 1 0)", "(throw (cpp/int. x))",
    "(.at (z/iota 2) x)", "(nth [] x)", "(throw (z/derived_error. x))", "((identity 5) x)", "(+ nil x)",
)  # fmt: skip

Group = tuple[
    list[str], list[tuple[str, int]]
]  # definitions; which may be called, with how many integers


class CallGrammar(LispGrammar):
    """`group` gives definitions that belong together; what they define is called as helpers are."""

    def group(self, depth: int) -> list[str]:
        """Some functions; the last of them may be called with one or two integers."""
        rules = (self.closed, self.helper, self.recursive, self.mutual, self.drifting, self.chain, self.changing,
                 self.new_root, self.deep_new_root, self.closed)  # fmt: skip
        definitions, functions = self.pick(rules)(self.fresh(""), depth)
        self.functions += functions
        return list(definitions)

    def use(self, scope: Scope, depth: int) -> str:
        """A call of some function, whose error is a value too."""
        name, count = self.pick(self.functions)
        kinds = ("int", "int", "int", "float", "bool", "any")
        arguments = [
            self.pick(("a", "b", self.expr(self.pick(kinds), scope, depth))) for _ in range(count)
        ]
        call = f"({name} {' '.join(arguments)})"
        return call if self.chance(4) else f"(try {call} (catch Exception e (ex-message e)))"

    def filled(self, text: str, names: str, depth: int) -> str:
        """A template whose holes may use the integers `names`."""
        return self.fill(text, tuple((name, "int") for name in names.split()), depth)

    def closed(self, serial: str, depth: int) -> Group:
        """Functions that do nothing but arithmetic and call each other, and a number that changes."""
        k, inner, outer, deep = (f"{hint}-{serial}" for hint in ("k", "inner", "outer", "down"))
        a, b, c = (
            self.arithmetic(names, 2)
            for names in (("x", "y", k), ("x", f"({inner} x 2)"), ("n", "x"))
        )
        uses = f"[({outer} x) ({deep} 9 x)]"
        definitions = [
            f"(def {k} {self.pick(('3', '2.5', '9223372036854775807', 'true'))})",
            f"(defn {inner} [x y]\n{a})", f"(defn {outer} [x]\n{b})",
            f"(defn {deep} [n x] (if (< 0 n 30)\n(+ ({deep} (- n {self.pick((1, 2))}) x) {c})\nx))",
            f"(defn sets-{serial} [x] (let [before {k} old {inner}] (try [{uses}\n"
            f"(do (alter-var-root (var {k}) (constantly {self.pick(('4', '0.5', 'nil'))})) {uses})\n"
            f"(do (alter-var-root (var {inner}) (constantly {self.pick(('+', '(fn [x y] (- x y))', 'vector'))})) {uses})]"
            f"\n(finally (alter-var-root (var {k}) (constantly before))\n"
            f"(alter-var-root (var {inner}) (constantly old))))))",
        ]  # fmt: skip
        return definitions, [(inner, 2), (outer, 1), (deep, 2)] + [
            (f"sets-{serial}", 1)
        ] * self.upto(1)

    def arithmetic(self, names: tuple[str, ...], depth: int) -> str:
        if depth == 0 or self.chance(5):
            return str(self.pick((*names, *names, self.leaf(self.pick(("int", "int", "float"))))))
        head, *rest = str(self.pick(ARITHMETIC)).split("#")
        return head + "".join(self.arithmetic(names, depth - 1) + text for text in rest)

    def helper(self, serial: str, depth: int) -> Group:
        """A small function called in a loop."""
        body = self.pick(
            (
                f"({self.pick(OPERATORS)} x y)",
                "(if (< x y) x (- x y))",
                "(do <eff> (+ x y))",
                "<int>",
            )
        )
        tiny = f"tiny-{serial}"
        step = self.pick((f"({tiny} acc i)", f"({tiny} i acc)", f"(max acc ({tiny} i x))"))
        definitions = [
            f"(defn {tiny} [x y] {self.filled(body, 'x y', depth)})",
            f"(defn sums-{serial} [x] (loop [i 0 acc x] (if (< i 40)\n(recur (inc i) {step})\nacc)))",
        ]
        return definitions, [(tiny, 2), (f"sums-{serial}", 1)]

    def recursive(self, serial: str, depth: int) -> Group:
        name = f"again-{serial}"
        step = self.filled(self.pick(RECURSIONS), "n acc", depth).replace("(self ", f"({name} ")
        definitions = [
            f"(defn {name} [n acc] (if (< 0 n 9)\n{step}\n{self.filled('<int>', 'n acc', depth)}))"
        ]
        return definitions, [(name, 2)]

    def mutual(self, serial: str, depth: int) -> Group:
        ping, pong = f"ping-{serial}", f"pong-{serial}"
        definitions = [
            f"(declare {pong})",
            f"(defn {ping} [n x] (if (< 0 n 9)\n({pong} (- n 1) {self.filled('<int>', 'n x', depth)})\nx))",
            f"(defn {pong} [n x] (if (< 0 n 9)\n(+ 1 ({ping} (- n 1) x))\n{self.filled('<int>', 'n x', depth)}))",
        ]
        return definitions, [(ping, 2)]

    def drifting(self, serial: str, depth: int) -> Group:
        """A function that is called with integers for long, and then with something else."""
        name, others = f"taker-{serial}", " ".join(self.pick(OTHERS) for _ in range(3))
        body = self.pick(("(+ x 1)", "(* x x)", "(< x 3)", "[x (inc x)]", "<any>", "(z/add x 1)", "(str x)", "(:a x)",
                          "(if x (count x) 0)", "(loop [i 0 s x] (if (< i 3) (recur (inc i) (+ s x)) s))"))  # fmt: skip
        call = self.pick((f"({name} x)", f"(inc ({name} x))", f"(let [y ({name} x)] [y x])"))
        definitions = [
            f"(defn {name} [x] {self.filled(body, 'x', depth)})",
            f"(defn gives-{serial} [x] {call})",
            f"(defn drift-{serial} [many] (dotimes [i (min 150 (max 3 many))] (gives-{serial} i))\n"
            f"(mapv (fn [x] (dotimes [_ 20] (try (gives-{serial} x) (catch Exception e nil)))\n"
            f"(try (gives-{serial} x) (catch Exception e (ex-message e)))) [{others} 7]))",
        ]
        return definitions, [(f"drift-{serial}", 1)]

    def chain(self, serial: str, depth: int) -> Group:
        """An exception that passes Lisp calls and the ends of C++ objects."""
        throws = self.pick(THROWS)
        middle = self.pick((
            f'(let [it (z/item. "m" 1)] (+ (.get it) (throws-{serial} x)))', f"(+ 1 (throws-{serial} x))",
            f"(try (throws-{serial} x) (finally <eff>))", f"(mapv throws-{serial} [x x])",
            f"(loop [i 0] (if (< i 3) (do (throws-{serial} (+ x i)) (recur (inc i))) i))",
            f"(try (throws-{serial} x) (catch cpp/std.logic_error e (println (.what e)) 3))",
            f"(z/add (z/note 1) (throws-{serial} x))", f"(reduce (fn [a b] (throws-{serial} b)) 0 [1 x 3])",
        ))  # fmt: skip
        definitions = [
            f"(defn throws-{serial} [x] (if {self.filled('<bool>', 'x', depth)}\n{throws}\nx))",
            f"(defn middle-{serial} [x]\n{self.filled(middle, 'x', depth)})",
            f"(defn outer-{serial} [x]\n(middle-{serial} {self.filled('<int>', 'x', depth)}))",
        ]
        return definitions, [(f"outer-{serial}", 1)]

    def changing(self, serial: str, depth: int) -> Group:
        """A loop whose accumulator changes type."""
        first = self.filled(self.pick(("x", "0", "1", "0.0", "nil", "<num>")), "x", depth)
        step = self.filled(self.pick(STEPS), "i x", depth)
        definitions = [
            f"(defn loops-{serial} [x] (loop [i 0 acc {first}] (if (< i 8)\n(recur (inc i)\n{step})\nacc)))"
        ]
        return definitions, [(f"loops-{serial}", 1)]

    # --- new roots in the middle of a call; undone at its end -------------------------------------

    def new_root(self, serial: str, depth: int) -> Group:
        """A function that gives another a new definition and goes on calling it."""
        name, new = f"callee-{serial}", self.filled("<int>", "z x", depth)
        change = self.pick((
            f"(alter-var-root (var {name}) (constantly (fn [z] {new})))", f"(def {name} (fn [z] {new}))",
            f"(eval '(defn {name} [z] (+ z 5)))", f"(alter-var-root (var {name}) (fn [old] (fn [z] (old (inc z)))))",
            f"(alter-var-root (var {name}) (constantly inc))",
        ))  # fmt: skip
        definitions = [
            f"(defn {name} [z] {self.filled('<int>', 'z', depth)})",
            f"(defn calls-{serial} [x] (+ ({name} x) ({name} (inc x))))",
            f"(defn changes-{serial} [x] (let [before {name} a (calls-{serial} x)]\n(try {change}\n"
            f"[a ({name} x) (calls-{serial} x)]\n"
            f"(finally (alter-var-root (var {name}) (constantly before))))))",
        ]
        return definitions, [(f"changes-{serial}", 1)]

    def deep_new_root(self, serial: str, depth: int) -> Group:
        """A recursive function that is given a new definition in the middle of its recursion."""
        name = f"deep-{serial}"
        change = f"(alter-var-root (var {name}) (constantly (fn [n x] (+ n x 100))))"
        definitions = [
            f"(defn {name} [n x] (if (< 0 n 9)\n(do (when (= n 4) {change})\n"
            f"(+ {self.filled('<int>', 'n x', depth)} ({name} (- n 1) x)))\n0))",
            f"(defn starts-{serial} [x] (let [before {name}] (try [({name} 7 x) ({name} 3 x)]\n"
            f"(finally (alter-var-root (var {name}) (constantly before))))))",
        ]
        return definitions, [(f"starts-{serial}", 1)]
