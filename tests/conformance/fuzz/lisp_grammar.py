"""The Lisp half of the generated programs: expressions of a wanted type, mostly well-typed."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.fuzz.cpp_grammar import CppGrammar
from tests.conformance.fuzz.scope import LISP, Scope, captured, names

INTS = (
    "0", "1", "2", "3", "-1", "7", "100", "255", "256", "-7", "2147483647", "2147483648", "-2147483648",
    "4611686018427387904", "9223372036854775806", "9223372036854775807", "-9223372036854775808",
    "9007199254740993",
)  # fmt: skip
FLOATS = (
    "0.0",
    "1.5",
    "-0.0",
    "2.0",
    "-3.25",
    "1e308",
    "1e-9",
    "0.1",
    "##Inf",
    "##-Inf",
    "##NaN",
    "4.0",
)
RATIOS = ("1/2", "-1/3", "7/2", "9223372036854775807/2")
STRINGS = ('""', '"a"', '"bc"', '"ünï"', '"x y"', r'"q\"\n"', '"12"')
KEYWORDS = (":a", ":b", ":c", ":n/d")


class LispGrammar(CppGrammar):
    """Rules by type; `expr` chooses one."""

    def expr(self, kind: str, scope: Scope, depth: int) -> str:
        if self.chance(40):  # a type error, or at least something unexpected
            kind = self.pick(LISP)
        if kind == "any":
            kind = self.pick(
                ("int", "kw", "str", "bool", "float", "vec", "map", "ratio", "set", "nil")
            )
        if kind == "nil":
            return "nil"
        leaf = depth <= 0 or self.upto(9) == 0
        known = names(scope, kind)
        if leaf and known:
            return str(self.pick(known))
        if leaf:
            return self.leaf(kind)
        if self.upto(2) == 2:
            return self.general(kind, scope, depth - 1)
        rule: Callable[[Scope, int], str] = getattr(self, f"{kind}_expr")
        if known and self.upto(3) == 0:
            return str(self.pick(known))
        return rule(scope, depth - 1)

    def leaf(self, kind: str) -> str:
        match kind:
            case "int":
                return str(self.pick(INTS))
            case "float":
                return str(self.pick(FLOATS))
            case "ratio":
                return str(self.pick(RATIOS))
            case "bool":
                return str(self.pick(("false", "true")))
            case "str":
                return str(self.pick(STRINGS))
            case "kw":
                return str(self.pick(KEYWORDS))
            case "vec":
                return str(self.pick(("[]", "[1 2 3]", "[:a nil]", "[9223372036854775807 -1]")))
            case "map":
                return str(self.pick(("{}", "{:a 1}", '{:a 2 :b "x"}', "{:c 9223372036854775807}")))
        return "#{1 :a}"

    def fill(self, text: str, scope: Scope, depth: int) -> str:
        """A template whose words in angle brackets are types: `(+ <int> <int>)`."""
        parts = text.split("<")
        made = [parts[0]]
        for part in parts[1:]:
            kind, end, rest = part.partition(">")
            known = end and kind in (*LISP, "nint", "eff", "fn", "num", "item")
            made.append(self.hole(kind, scope, depth) + rest if known else f"<{part}")
        return "".join(made)

    def hole(self, kind: str, scope: Scope, depth: int) -> str:
        match kind:
            case "eff":
                return self.effect(scope, depth)
            case "fn":
                return self.function(scope, depth)
            case "num":
                return self.expr(self.pick(("int", "int", "float", "ratio")), scope, depth)
            case "nint":
                return self.native_int(scope, depth)
            case "item":
                return self.item(scope, depth)
        return self.expr(kind, scope, depth)

    # --- by type ----------------------------------------------------------------------------------

    def int_expr(self, scope: Scope, depth: int) -> str:
        if self.functions and self.chance(8):
            name, count = self.pick(self.functions)
            return f"({name}{''.join(' ' + self.expr('int', scope, depth) for _ in range(count))})"
        if self.upto(3) == 3:
            return self.native_int(scope, depth)
        atoms = names(scope, "ref")
        if atoms and self.chance(4):
            return f"@{self.pick(atoms)}"
        return self.fill(self.pick((
            "(+ <int> <int>)", "(- <int> <int>)", "(* <int> <int>)", "(inc <int>)", "(dec <int>)", "(- <int>)",
            "(+ <int> <int> <int>)", "(quot <int> <int>)", "(rem <int> <int>)", "(mod <int> <int>)",
            "(max <int> <int>)", "(min <int> <int> <int>)", "(bit-and <int> <int>)", "(bit-xor <int> <int>)",
            "(bit-or <int> <int>)", "(bit-shift-left <int> <int>)", "(bit-shift-right <int> 3)",
            "(unchecked-add <int> <int>)", "(unchecked-multiply <int> <int>)", "(unchecked-inc <int>)",
            "(count <vec>)", "(count <str>)", "(get <map> <kw> <int>)", "(nth <vec> <int> <int>)",
            "(reduce + <int> <vec>)", "(apply + <vec>)", "(long <float>)", "(int <num>)", "(<fn> <int>)",
            "(+' <int> <int>)", "(*' <int> <int>)", "(abs <int>)", "(count <map>)", "(first <vec>)",
            "(reduce (fn [a b] (+ a b)) <int> <vec>)", "(compare <int> <int>)", "(or (:a <map>) <int>)",
            "(reduce (fn [a b] (if (< a 50) (+ a b) (reduced a))) <int> [<int> <int> <int>])",
            "(transduce (map <fn>) + <int> [<int> <int>])", "(reduce + (map <fn> (filter even? [<int> <int>])))",
            "(reduce-kv (fn [a k v] (+ a v)) <int> {:a <int> :b <int>})", "(:a {:a <int> :b <any>})",
            "(get-in {:a {:b <int>}} [:a <kw>] <int>)", "(:b (->Rec <any> <int>))", "(count (filter some? <vec>))",
            "(reduce (fn [a b] (println b) (+ a (count b))) 0 (map str <vec>))", "(-> {:a {:b <int>}} :a :b)",
        )), scope, depth)  # fmt: skip

    def float_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(+ <float> <num>)", "(* <float> <num>)", "(- <num> <float>)", "(/ <float> <num>)", "(double <num>)",
            "(z/half <num>)", "(max <float> <num>)", "(min <num> <float>)", "(cpp/double. <num>)", "(- <float>)",
            "(z/narrow <float>)", "(cpp/* (cpp/double. <num>) 2.0)", "(inc <float>)", "(rem <float> <num>)",
            "(cpp/float. <num>)", "(quot <float> <int>)", "(mod <float> <float>)",
        )), scope, depth)  # fmt: skip

    def ratio_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(/ <int> <int>)", "(+ <ratio> <num>)", "(* <ratio> <ratio>)", "(/ <num>)", "(- <ratio> <int>)",
        )), scope, depth)  # fmt: skip

    def bool_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(< <num> <num>)", "(<= <int> <int>)", "(> <int> <num>)", "(>= <float> <num>)", "(= <any> <any>)",
            "(= <int> <int>)", "(== <num> <num>)", "(not= <any> <any>)", "(not <bool>)", "(zero? <num>)",
            "(pos? <num>)", "(neg? <num>)", "(nil? <any>)", "(some? <any>)", "(even? <int>)", "(contains? <map> <kw>)",
            "(contains? <set> <any>)", "(and <bool> <bool>)", "(or <bool> <bool>)", "(< <int> <int> <int>)",
            "(string? <any>)", "(int? <any>)", "(identical? <kw> <kw>)", "(z/odd <nint>)", "(cpp/< <nint> <nint>)",
            "(cpp/! (z/odd <nint>))", "(cpp/bool. <bool>)", "(if (z/maybe <bool>) true <bool>)", "(not <any>)",
            "(cpp/== <nint> <nint>)", "(boolean <any>)", "(= <num> <num>)", "(not (z/odd <nint>))",
        )), scope, depth)  # fmt: skip

    def str_expr(self, scope: Scope, depth: int) -> str:
        if self.upto(2) == 2:
            return self.native_text(scope, depth)
        return self.fill(self.pick((
            "(str <any> <any>)", "(str <str> <int>)", "(pr-str <any>)", "(name <kw>)", "(apply str <vec>)",
            "(subs <str> <int>)", "(str <num>)", "(str <set> <map>)",
        )), scope, depth)  # fmt: skip

    def kw_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(
            self.pick(("(keyword <str>)", "(first (keys <map>))", "(if <bool> <kw> <kw>)")),
            scope,
            depth,
        )

    def vec_expr(self, scope: Scope, depth: int) -> str:
        if self.chance(5):
            return self.closures_in_loop(scope, depth)
        i = self.fresh("i")
        inner = (*captured(scope), (i, "int"))
        if self.chance(5):
            return f"(vec (for [{i} (range {self.upto(3)})] {self.expr('any', inner, depth)}))"
        return self.fill(self.pick((
            "[<any> <any>]", "[<int> <int> <int>]", "(conj <vec> <any>)", "(mapv <fn> <vec>)", "(vec (map inc <vec>))",
            "(subvec <vec> 0 <int>)", "(assoc <vec> <int> <any>)", "(into <vec> <vec>)", "(z/iota <nint>)",
            "(filterv some? <vec>)", "(vec (rest <vec>))", "(vec <map>)", "(vec (reverse <vec>))", "[(z/note 1) <any>]",
            "(let [[a b & more] <vec>] [a b more])", "(mapv <fn> [<int> <int>])",
            "[(:a <map>) (:c <map> <any>) (<kw> <any>) (:a nil)]", "(mapv :a [<map> <map> nil (->Rec 1 <any>)])",
            "(into [] (comp (map <fn>) (remove nil?) (take 2)) [<int> <int> <int>])", "(vec (map <fn> (range 3)))",
            "(vec (map-indexed (fn [i x] [i x]) <vec>))", "(mapv (fn [[k v]] [v k]) {:a <any>})",
            "[(:a (->Rec <any> 1)) (:zz (->Rec 1 2) <any>) (:b (assoc (->Rec 1 2) :b <any>))]",
            "(vec (take-while some? (map (fn [q] (println q) q) <vec>)))", "[(get <any> <kw>) (get-in <map> [<kw> :b])]",
            "(vec (sort-by <fn> [3 <int> 1]))", "(vec (mapcat (fn [q] [q q]) <vec>))", "(vec (partition 2 <vec>))",
        )), scope, depth)  # fmt: skip

    def map_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "{:a <any>}", "{:a <int> :b <any>}", "{<kw> <any>}", "(assoc <map> <kw> <any>)", "(dissoc <map> <kw>)",
            "(update <map> :a (fnil inc <int>))", "(merge <map> <map>)", "(assoc-in <map> [:b :c] <any>)",
            "{:b (->Rec <int> <any>)}", "(reduce (fn [m x] (assoc m x <int>)) {} [<kw> <kw>])",
            "{<kw> <int> <kw> <int>}", "(zipmap [:a :b] <vec>)", "{:k (z/note 2) :l (z/note 3)}",
        )), scope, depth)  # fmt: skip

    def set_expr(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(conj <set> <any>)", "(disj <set> <any>)", "(set <vec>)", "(hash-set <int> <any>)", "#{<any>}",
            "#{<int> <kw>}",
        )), scope, depth)  # fmt: skip

    def function(self, scope: Scope, depth: int) -> str:
        """A function that takes one integer."""
        known = names(scope, "fn")
        if known and self.upto(1):
            return str(self.pick(known))
        n = self.fresh("n")
        inner = (*captured(scope), (n, "int"))
        body = self.expr(self.pick(("int", "any")), inner, depth)
        return str(self.pick((
            "inc", "-", f"(fn [{n}] {body})", f"(fn ([] 0) ([{n}] {body}) ([{n} & more] [{n} more]))",
            f"(partial + {self.leaf('int')})", f"(fn [& [{n}]] {body})", "identity", "(comp str inc)",
            f"(fn self [{n}] (if (= 0 {n}) {body} (if (< 0 {n} 5) (self (dec {n})) :end)))",
        )))  # fmt: skip

    def closures_in_loop(self, scope: Scope, depth: int) -> str:
        i, fs = self.fresh("i"), self.fresh("fs")
        inner = (*captured(scope), (i, "int"))
        body = self.expr("any", inner, depth)
        return (
            f"(mapv (fn [g] (g)) (loop [{i} 0 {fs} []] (if (< {i} {1 + self.upto(2)}) "
            f"(recur (inc {i}) (conj {fs} (fn [] {body}))) {fs})))"
        )
