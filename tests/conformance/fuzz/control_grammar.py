"""Control flow of the generated programs: what may stand for an expression of any type, and effects."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tests.conformance.fuzz.scope import Drawer, Scope, captured, names

CASES = (
    "0",
    "1",
    ":a",
    '"a"',
    "nil",
    "(2 3)",
    "true",
    "1.5",
    "9223372036854775807",
    "\\x",
    "[1 2]",
    ":c",
)
MANY_CASES = "4 :four 5 :five 6 :six 7 :seven 8 :eight 9 :nine 10 :ten 11 :eleven"  # a table, not comparisons
LISP_CLASSES = ("Exception", "ExceptionInfo", ":default", "ArithmeticException", "ClassCastException",
                "IllegalArgumentException", "IndexOutOfBoundsException")  # fmt: skip
CPP_CLASSES = ("cpp/std.exception", "cpp/std.runtime_error", "cpp/std.logic_error", "cpp/int", "z/base_error",
               "z/derived_error")  # fmt: skip


class ControlGrammar(Drawer, ABC):
    """Branches, bindings, loops, closures, exceptions, state."""

    @abstractmethod
    def expr(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of a type."""

    @abstractmethod
    def leaf(self, kind: str) -> str:
        """A literal of a type."""

    @abstractmethod
    def fill(self, text: str, scope: Scope, depth: int) -> str:
        """A template with its holes filled."""

    @abstractmethod
    def function(self, scope: Scope, depth: int) -> str:
        """A function of one integer."""

    @abstractmethod
    def native_binding(self, scope: Scope, depth: int) -> tuple[str, Scope]:
        """A binding of a native local and the scope after it."""

    @abstractmethod
    def native_effect(self, scope: Scope, depth: int) -> str:
        """A statement about native values."""

    @abstractmethod
    def native_loop(self, kind: str, scope: Scope, depth: int) -> str:
        """A loop over native values."""

    @abstractmethod
    def native_throw(self, scope: Scope, depth: int) -> str:
        """An expression that throws a C++ exception."""

    def general(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of any type."""
        rules = (self.if_, self.let, self.do, self.cond, self.loop, self.case, self.try_, self.let, self.native_let,
                 self.native_let, self.native_loop, self.call, self.letfn, self.binding, self.atom, self.try_,
                 self.throwing, self.dotimes)  # fmt: skip
        return str(self.pick(rules)(kind, scope, depth))

    def if_(self, kind: str, scope: Scope, depth: int) -> str:
        test = self.pick(("<bool>", "<bool>", "<any>", "<nint>", "(z/maybe <bool>)"))
        return self.fill(f"(if {test} <{kind}> <{kind}>)", scope, depth)

    def do(self, kind: str, scope: Scope, depth: int) -> str:
        return self.fill(f"(do <eff> <eff> <{kind}>)", scope, depth)

    def cond(self, kind: str, scope: Scope, depth: int) -> str:
        return self.fill(f"(cond <bool> <{kind}> <bool> <{kind}> :else <{kind}>)", scope, depth)

    def let(self, kind: str, scope: Scope, depth: int) -> str:
        bindings = []
        for _ in range(1 + self.upto(2)):
            its = self.pick(("int", kind, "any", "fn", "float", "vec", "map", "bool"))
            value = self.function(scope, depth) if its == "fn" else self.expr(its, scope, depth)
            shadowed = names(scope, its)
            name = self.pick(shadowed) if shadowed and self.chance(5) else self.fresh(its[0])
            bindings.append(f"{name} {value}")
            scope = (*scope, (name, its))
        return f"(let [{' '.join(bindings)}] {self.body(kind, scope, depth)})"

    def native_let(self, kind: str, scope: Scope, depth: int) -> str:
        bindings = []
        for _ in range(1 + self.upto(2)):
            text, scope = self.native_binding(scope, depth)
            bindings.append(text)
        return f"(let [{' '.join(bindings)}] {self.body(kind, scope, depth)})"

    def body(self, kind: str, scope: Scope, depth: int) -> str:
        effects = "".join(self.effect(scope, depth) + "\n" for _ in range(self.upto(2)))
        return effects + self.expr(kind, scope, depth)

    def loop(self, kind: str, scope: Scope, depth: int) -> str:
        i, acc = self.fresh("i"), self.fresh("acc")
        inner = (*scope, (i, "int"), (acc, kind))
        return (
            f"(loop [{i} 0 {acc} {self.expr(kind, scope, depth)}] (if (< {i} {1 + self.upto(3)}) "
            f"(do {self.effect(inner, depth)} (recur (inc {i}) {self.expr(kind, inner, depth)})) "
            f"{self.expr(kind, inner, depth)}))"
        )

    def dotimes(self, kind: str, scope: Scope, depth: int) -> str:
        i = self.fresh("i")
        inner = (*scope, (i, "int"))
        return f"(do (dotimes [{i} {1 + self.upto(3)}] {self.effect(inner, depth)}) {self.expr(kind, scope, depth)})"

    def case(self, kind: str, scope: Scope, depth: int) -> str:
        tested = self.expr(self.pick(("int", "any", "kw", "str", "bool", "float")), scope, depth)
        clauses = [
            f"{c} {self.expr(kind, scope, depth)}"
            for c in dict.fromkeys(self.pick(CASES) for _ in range(3))
        ]
        if self.chance(5):
            clauses.append(MANY_CASES)
        default = self.expr(kind, scope, depth) if self.upto(4) else ""
        return f"(case {tested} {' '.join(clauses)} {default})"

    def try_(self, kind: str, scope: Scope, depth: int) -> str:
        clauses = []
        for _ in range(self.upto(2)):
            e = self.fresh("e")
            cpp = self.upto(1)
            its = self.pick(CPP_CLASSES if cpp else LISP_CLASSES)
            tells = {
                "cpp/int": f"(z/note {e})", "z/base_error": f"(cpp/= (.-code {e}) (z/note (.-code {e})))",
            }.get(its, f"(println (.what {e}))" if cpp else f"(println (ex-message {e}) (ex-data {e}))")  # fmt: skip
            again = f"(throw {e})" if not cpp and self.chance(6) else self.expr(kind, scope, depth)
            clauses.append(
                f"(catch {its} {e} {tells if self.upto(2) else self.effect(scope, depth)} {again})"
            )
        if self.upto(2) == 2:
            clauses.append(f"(finally {self.effect(scope, depth)})")
        return f"(try {self.body(kind, scope, depth)} {' '.join(clauses)})"

    def throwing(self, kind: str, scope: Scope, depth: int) -> str:
        if self.upto(1):
            return self.native_throw(scope, depth)
        return self.fill(self.pick((
            '(throw (ex-info "info" {:a <any>}))', "(throw <kw>)", "(throw <int>)", '(throw (ex-info "c" {} (ex-info "d" {})))',
        )), scope, depth)  # fmt: skip

    def call(self, kind: str, scope: Scope, depth: int) -> str:
        """A function called where it stands: captures, several arities, rest arguments."""
        a, b = self.fresh("a"), self.fresh("b")
        inner = (*captured(scope), (a, "int"), (b, "any"))
        arguments = " ".join(self.expr("int", scope, depth) for _ in range(self.upto(3)))
        body = self.body(kind, inner, depth)
        more = self.expr(kind, (*captured(scope), (b, "vec")), depth)
        return (
            f"((fn ([] {self.expr(kind, captured(scope), depth)}) ([{a}] (let [{b} nil] {body})) "
            f"([{a} {b}] {body}) ([{a} {b} & more] (let [{b} (vec more)] {more}))) {arguments})"
        )

    def letfn(self, kind: str, scope: Scope, depth: int) -> str:
        f, g, n = self.fresh("f"), self.fresh("g"), self.fresh("n")
        inner = (*captured(scope), (n, "int"))
        return (
            f"(letfn [({f} [{n}] (if (< 0 {n} 9) ({g} (- {n} 1)) {self.expr(kind, inner, depth)})) "
            f"({g} [{n}] (if (< 0 {n} 9) ({f} (- {n} 2)) {self.expr(kind, inner, depth)}))] "
            f"({f} {self.upto(6)}))"
        )

    def binding(self, kind: str, scope: Scope, depth: int) -> str:
        value, body = self.expr("any", scope, depth), self.body(kind, scope, depth)
        return f"(binding [*dyn* {value}] (println *dyn*) {body})"

    def atom(self, kind: str, scope: Scope, depth: int) -> str:
        a = self.fresh("r")
        inner = (*scope, (a, "ref"))
        return f"(let [{a} (atom {self.leaf('int')})] {self.body(kind, inner, depth)})"

    def effect(self, scope: Scope, depth: int) -> str:
        """A statement; its value is not looked at."""
        if depth <= 0:
            return f"(z/note {self.upto(9)})"
        depth -= 1
        if self.upto(1):
            return self.native_effect(scope, depth)
        options = ["(println <any>)", "(when <bool> <eff>)", "(pr <any> <int>)", "(when-not <any> <eff> <eff>)",
                   "(let [x <any>] <eff>)", "(if <bool> <eff> <eff>)", "(set! *dyn* <any>)", "(doseq [x <vec>] (prn x))",
                   "(do <eff> <any>)", "(when (= *dyn* <any>) <eff>)", "<any>", "(try <eff> (finally <eff>))",
                   "(swap! shared + <int>)", "(println @shared)"]  # fmt: skip
        for name in names(scope, "ref"):
            options += [f"(swap! {name} + <int>)", f"(swap! {name} (fn [x] (* 2 x)))", f"(reset! {name} <int>)",
                        f"(println @{name})", f"(swap! {name} <fn>)"]  # fmt: skip
        return self.fill(str(self.pick(options)), scope, depth)
