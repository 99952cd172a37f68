"""The C++ half of the generated programs: native values, objects with a life, references, exceptions."""

from __future__ import annotations

from tests.conformance.fuzz.control_grammar import ControlGrammar
from tests.conformance.fuzz.scope import Scope, names


class CppGrammar(ControlGrammar):
    """Expressions over fuzz.hpp. Nothing here overflows or reads what is not there: that has no meaning."""

    def small(self, scope: Scope, depth: int) -> str:
        """A native integer between -99 and 99."""
        if depth <= 0:
            return f"(cpp/int. {self.upto(9)})"
        return f"(z/small {self.native_int(scope, depth - 1)})"

    def native_int(self, scope: Scope, depth: int) -> str:
        known = names(scope, "nint")
        if known and self.upto(1):
            return str(self.pick(known))
        if depth <= 0:
            return self.fill(
                str(self.pick(("(z/note 1)", "(cpp/int. 5)", "z/counter", "(cpp/int.)"))), scope, 0
            )
        depth -= 1
        if self.chance(4):
            return self.object_int(scope, depth)
        if self.chance(6):
            pointed = names(scope, "nint")
            if pointed:
                return f"(z/read (cpp/& {self.pick(pointed)}))"
        a, b = self.small(scope, depth), self.small(scope, depth)
        text = self.pick((
            "(z/add <nint> <nint>)", "(z/mul <int> <nint>)", "(z/note <nint>)", "(z/three <nint> <int> <nint>)",
            "(cpp/int. <int>)", "(cpp/int. 2.75)", f"(cpp/+ {a} {b})", f"(cpp/* {a} {b})", f"(cpp/- {a})", "(cpp/^ <nint> <nint>)",
            "(cpp/& <nint> 255)", "((z/pick <bool>) <nint> <nint>)", "((z/adder. <int>) <nint>)", "(z/sum <vec>)",
            "(if <bool> <nint> <nint>)", "(do <eff> <nint>)", "(z/byte_of <int>)", "(cpp/cast cpp/int <int>)",
            "(z/raise_if <bool>)", "(z/raise_range <nint>)", "(z/length <str>)", "(cpp/int. (z/next z/green))",
            "(cpp/int. (z/other z/level.low))", "(.at (z/iota <nint>) <nint>)", "(cpp/~ <nint>)",
            "(z/add (z/note 1) (z/note 2))", "(z/note (z/note <int>))", "(cpp/short. <nint>)", "(cpp/int. (cpp/char. 65))",
            "(z/read (z/maybe <bool>))", f"(cpp/% {a} (cpp/int. 7))", "(cpp/>> <nint> 2)", "(z/wide <int>)",
        ))  # fmt: skip
        return self.fill(text, scope, depth)

    def object_int(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(z/use <item>)", "(.get <item>)", "(z/use (z/pass <item>))", "(z/pair <item> <item>)", "(.get (.self <item>))",
            "(z/fail <item>)", "(z/area (z/square. <nint>))", "(.area (z/square. <int>))", "(z/area (z/line.))",
            "(z/length (.text <item>))", "(let [q (cpp/new z/item <str> <nint>) v (cpp/int. (.get q))] (cpp/delete q) v)",
            "(.-v <item>)", "(.get (.put <item> <nint>))", "(z/use (z/make <str> <int>))", "(z/add (z/use <item>) (z/note 3))",
            "(z/three (z/note 1) (z/use <item>) (z/note 2))", "(z/use (if <bool> <item> <item>))",
        )), scope, depth)  # fmt: skip

    def item(self, scope: Scope, depth: int) -> str:
        known = names(scope, "item")
        if known and self.upto(2):
            return str(self.pick(known))
        if depth <= 0:
            return f'(z/item. "t{self.upto(2)}" {self.upto(3)})'
        return self.fill(self.pick((
            '(z/item. "t" <nint>)', "(z/item. <str> <int>)", '(z/make "m" <nint>)', "(z/item. (z/pass <item>))",
            '(z/make "n" (z/use <item>))',
        )), scope, depth - 1)  # fmt: skip

    def native_text(self, scope: Scope, depth: int) -> str:
        known = names(scope, "nstr")
        if known and self.upto(1):
            return str(self.pick(known))
        lvalues = names(scope, "nint")
        if lvalues and self.chance(4):
            return f"(z/ref_kind {self.pick(lvalues)})"
        return self.fill(self.pick((
            "(z/join <str> <str>)", "(.title <item>)", "(z/kind <nint>)", "(z/kind (cpp/double. <num>))",
            "(z/kind (cpp/bool. <bool>))", "(z/color_name (z/next z/red))", "(z/color_name z/blue)", "(z/kind true)",
            "(cpp/std.string. <str>)", "(z/join (.-name <item>) <str>)", "(.c_str (cpp/std.string. <str>))",
            "(z/ref_kind (cpp/int. <int>))", "(.text <item>)", "(if <bool> (cpp/std.string. <str>) (cpp/std.string. \"e\"))",
        )), scope, depth)  # fmt: skip

    # --- native locals ----------------------------------------------------------------------------

    def native_binding(self, scope: Scope, depth: int) -> tuple[str, Scope]:
        """A binding of `let` and the scope after it."""
        kind = self.pick(("nint", "nint", "item", "item", "nstr", "nvec", "adder", "alias"))
        if kind == "alias":
            target = [(n, k) for n, k in dict(scope).items() if k in ("nint", "item", "nstr")]
            kind, init = "nint", "(cpp/int. 3)"
            if target:
                name, kind = self.pick(target)
                reference = {"nint": f"(z/same {name})", "item": f"(.self {name})", "nstr": name}[
                    kind
                ]
                init = self.pick((name, reference))
        else:
            template = {
                "nint": ("(cpp/int. <int>)", "(z/add <nint> <nint>)", "(if <bool> (cpp/int. 1) (cpp/int. 2))"),
                "item": ('(z/item. "i" <nint>)', '(z/make "k" <nint>)', "(z/item. <str> <int>)", "(z/item. <item>)",
                         '(if <bool> (z/item. "y" 1) (z/item. "x" 2))', '(do <eff> (z/item. "d" 3))'),
                "nstr": ("(cpp/std.string. <str>)", '(cpp/std.string. "s")', "(z/join <str> <str>)"),
                "nvec": ("(z/iota <nint>)", "(#cpp (cpp/std.vector cpp/int) 2 7)"),
                "adder": ("(z/adder. <nint>)",),
            }[kind]  # fmt: skip
            init = self.fill(self.pick(template), scope, depth)
        name = self.fresh(kind[0])
        return f"{name} {init}", (*scope, (name, kind))

    def native_effect(self, scope: Scope, depth: int) -> str:
        """A statement that changes a native local, or tells of one."""
        options = ["(z/note <nint>)", "(z/use <item>)", "(cpp/= z/counter (z/small <nint>))", "(z/join <str> <str>)",
                   "(z/raise_if <bool>)"]  # fmt: skip
        for name in names(scope, "nint"):
            options += [f"(cpp/= {name} <nint>)", f"(z/bump {name})", f"(z/bump_ptr (cpp/& {name}))",
                        f"(cpp/= {name} (z/add {name} <int>))", f"(z/swap {name} {self.pick(names(scope, 'nint'))})",
                        f"(cpp/= (cpp/* (cpp/& {name})) <nint>)", f"(cpp/^= {name} <nint>)"]  # fmt: skip
        for name in names(scope, "item"):
            options += [f"(.put {name} <nint>)", f"(cpp/= (.-v {name}) <int>)", f"(z/use {name})",
                        f"(cpp/= {name} <item>)"]  # fmt: skip
        for name in names(scope, "nstr"):
            options += [f'(.append {name} "+")', f"(cpp/= {name} (cpp/std.string. <str>))"]
        for name in names(scope, "nvec"):
            options += [
                f"(.push_back {name} <nint>)",
                f"(cpp/= (.at {name} <nint>) <nint>)",
                f"(z/sum {name})",
            ]
        for name in names(scope, "adder"):
            options += [f"(cpp/= (.-by {name}) <nint>)", f"({name} <nint>)"]
        return self.fill(str(self.pick(options)), scope, depth)

    def native_loop(self, kind: str, scope: Scope, depth: int) -> str:
        """A loop whose counter is native, perhaps with an object that each round assigns anew."""
        i, acc = self.fresh("j"), self.fresh("acc")
        rounds = 1 + self.upto(2)
        inner = (*scope, (acc, kind))
        if self.chance(2):
            it = self.fresh("o")
            return (
                f'(loop [{it} (z/item. "l" 0) {acc} {self.expr(kind, scope, depth)} {i} 0] (if (< {i} {rounds}) '
                f'(recur (z/make "r" {self.native_int((*inner, (it, "item")), depth)}) '
                f"{self.expr(kind, (*inner, (it, 'item'), (i, 'int')), depth)} (inc {i})) "
                f"{self.expr(kind, (*inner, (it, 'item')), depth)}))"
            )
        return (
            f"(loop [{i} (cpp/int. 0) {acc} {self.expr(kind, scope, depth)}] (if (cpp/< {i} {rounds}) "
            f"(do {self.effect(inner, depth)} (recur (cpp/+ {i} 1) {self.expr(kind, inner, depth)})) "
            f"{self.expr(kind, inner, depth)}))"
        )

    def native_throw(self, scope: Scope, depth: int) -> str:
        return self.fill(self.pick((
            "(throw (cpp/int. <int>))", '(throw (cpp/std.runtime_error. "mine"))', "(throw (z/derived_error. <int>))",
            "(z/raise_int <nint>)", "(z/raise_text <str>)", "(z/raise_derived <nint>)", "(z/raise_range <int>)",
            "(z/fail <item>)",
        )), scope, depth)  # fmt: skip
