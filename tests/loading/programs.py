"""Random programs of several namespaces, and random edits of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

NAMES = 6  # of each kind, in each namespace
QUOTED = '"s"'


@dataclass
class Module:
    """A namespace: what it requires, and its forms."""

    name: str
    requires: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        clauses = " ".join(f"[{name} :as {name}]" for name in self.requires)
        head = f"(ns {self.name} (:require {clauses}))" if clauses else f"(ns {self.name})"
        return "\n".join([head, *self.forms]) + "\n"


class Programs:
    """A program that grows and changes. `edit` gives the modules that it changed."""

    def __init__(self, rng: Random, modules: int = 3, forms: int = 9) -> None:
        self.rng = rng
        self.modules: list[Module] = []
        for number in range(modules):
            earlier = [m.name for m in self.modules]
            required = [name for name in earlier if rng.random() < 0.7]
            module = Module(f"m{number}", required)
            self.modules.append(module)
            for _ in range(forms):
                module.forms.append(self.form(module))
        main = Module("main", [m.name for m in self.modules])
        self.modules.append(main)
        main.forms = [self.form(main) for _ in range(3)]
        self.before: list[tuple[Module, list[str], list[str]]] = []

    # --- forms ------------------------------------------------------------------------------------

    def number(self) -> str:
        return str(self.rng.randrange(10))

    def known(self, module: Module, kind: str) -> str | None:
        """A name of that kind that some form defines above, or in what is required; None for none."""
        places = [module, *(m for m in self.modules if m.name in module.requires)]
        found = []
        for place in places:
            prefix = "" if place is module else f"{place.name}/"
            for form in place.forms[: self.above] if place is module else place.forms:
                words = form.replace("(", " ").replace("^:dynamic", "").split()
                if len(words) > 1 and words[0].startswith("def"):
                    name = words[1]
                    if kind == "pm" and name.startswith("Pr"):
                        name = "pm" + name[2:]
                    if name.startswith(kind) and words[0] != "defmethod":
                        found.append(prefix + name)
        return self.rng.choice(found) if found else None

    def expr(self, module: Module, depth: int = 2, local: str = "") -> str:
        """An expression whose value is a number, most of the time."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.2:
            return local if local and rng.random() < 0.6 else self.number()

        def sub() -> str:
            return self.expr(module, depth - 1, local)

        def known(kind: str, shape: str) -> str:
            name = self.known(module, kind)
            return shape.format(name) if name is not None else self.number()

        match rng.randrange(13):
            case 0 | 1 | 2:
                return known("v", "{}")
            case 3 | 4:
                return known("f", f"({{}} {sub()})")
            case 5:
                return f"(+ {sub()} {sub()})"
            case 6:
                return f"(* {sub()} {sub()})"
            case 7:
                return known("mac", f"({{}} {sub()})")
            case 8:
                return known("f", f"(reduce + 0 (map {{}} [{sub()} {sub()}]))")
            case 9:
                return known("mul", f"({{}} {rng.choice(('1', '2', ':k'))})")
            case 10:
                return known("pm", f"({{}} {rng.choice(('nil', QUOTED))})")
            case 11:
                return f"(let [y {sub()}] {self.expr(module, depth - 1, 'y')})"
            case _:
                return known("d", f"(if (even? {sub()}) {sub()} {{}})")

    def name(self, kind: str) -> str:
        return f"{kind}{self.rng.randrange(NAMES)}"

    def form(self, module: Module, above: int | None = None) -> str:
        """A top-level form that stands below the first `above` forms of a module."""
        self.above = len(module.forms) if above is None else above
        while (made := self._form(module)) is None:
            pass
        return made

    def _form(self, module: Module) -> str | None:
        rng, expr, number = self.rng, self.expr, self.number
        v = self.name("v")

        def known(kind: str, shape: str) -> str | None:
            name = self.known(module, kind)
            return shape.format(name) if name is not None else None

        match rng.randrange(21):
            case 0 | 1 | 2:
                return f"(def {v} {expr(module)})"
            case 3 | 4 | 5:
                return f"(defn {self.name('f')} [x] {expr(module, 2, 'x')})"
            case 6:
                return f"(defmacro {self.name('mac')} [x] `(+ ~x {number()}))"
            case 7:
                name = self.name("mac")
                return known("f", f"(defmacro {name} [x] (list '+ x ({{}} {number()})))")
            case 8:
                return f"(def ^:dynamic {self.name('d')} {expr(module)})"
            case 9:
                return f"(def {self.name('d')} {expr(module)})"
            case 10:
                return known("d", f"(def {v} (with-redefs [{{}} {number()}] {expr(module)}))")
            case 11 | 12:
                name = self.name("mul")
                how = rng.choice(("identity", "even?", "str"))
                return f"(defmulti {name} {how}) (defmethod {name} :default [x] {expr(module)})"
            case 13 | 14:
                value = rng.choice(("1", "2", ":k", "true"))
                name = self.known(module, "mul")
                return name and f"(defmethod {name} {value} [x] {expr(module)})"
            case 15:
                i = rng.randrange(NAMES)
                return (
                    f"(defprotocol Pr{i} (pm{i} [x])) (extend-type nil Pr{i} (pm{i} [x] {number()}))"
                    f" (extend-type String Pr{i} (pm{i} [x] {expr(module)}))"
                )
            case 16:
                name = self.known(module, "Pr")
                if name is None or "/" in name:
                    return None
                kind = rng.choice(("nil", "String"))
                return f"(extend-type {kind} {name} (pm{name[2:]} [x] {expr(module)}))"
            case 17:
                return f"(def reg{rng.randrange(2)} (atom []))"
            case 18:
                name = self.known(module, "reg")
                return name and f"(swap! {name} conj {expr(module)})"
            case 19:
                name = self.known(module, "f")
                return name and f"(def {v} (+ ({name} 1) (count {{:f {name}}})))"
            case _:
                return f"(defonce once{rng.randrange(3)} (atom {number()}))"

    # --- edits ------------------------------------------------------------------------------------

    def edit(self) -> list[Module]:
        """Change one or two modules at random."""
        rng = self.rng
        changed = rng.sample(self.modules, 1 if rng.random() < 0.8 else 2)
        self.before = [(m, list(m.forms), list(m.requires)) for m in changed]
        for module in changed:
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                self._edit(module)
        return changed

    def undo(self) -> list[Module]:
        """Take the last edit back."""
        for module, forms, requires in self.before:
            module.forms, module.requires = forms, requires
        return [module for module, _, _ in self.before]

    def _edit(self, module: Module) -> None:
        rng, forms = self.rng, module.forms
        at = rng.randrange(len(forms)) if forms else 0
        match rng.randrange(9):
            case 0 | 1:
                place = rng.randrange(len(forms) + 1)
                forms.insert(place, self.form(module, place))
            case 2 if len(forms) > 1:
                del forms[at]
            case 3 if len(forms) > 1:
                other = rng.randrange(len(forms))
                forms[at], forms[other] = forms[other], forms[at]
            case 4 if forms:
                forms.insert(rng.randrange(len(forms) + 1), forms[at])
            case 5 if forms:
                forms[at] = self.form(module, at)
            case 6 if forms and "^:dynamic " in forms[at]:
                forms[at] = forms[at].replace("^:dynamic ", "")
            case 7 if forms and forms[at].startswith("(defn "):
                forms[at] = forms[at].replace("(defn f", "(defmacro f", 1)
            case _ if forms:
                digits = [i for i, c in enumerate(forms[at]) if c.isdigit() and i > 8]
                if digits:
                    i = rng.choice(digits)
                    forms[at] = forms[at][:i] + self.number() + forms[at][i + 1 :]
