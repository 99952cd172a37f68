"""Random programs over C++ of their own, and random edits of them: headers, raw text, a companion's source.

Every C++ name has the word NAME in it. A program is loaded afresh, in a process whose Cling forgets
nothing, by giving it names that were never heard of there.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from random import Random

MOST = 4  # names of each kind


@dataclass
class Cpp:
    """Definitions by name, in order: `macros`, `fields` of the struct, functions of two headers, of which
    the second includes the first, of raw text, and of a companion's source; and Lisp forms by name."""

    macros: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    second: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    built: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)


class CppPrograms:
    """A program that changes. `files` are its texts by name; `companion` has some functions built."""

    def __init__(self, rng: Random, companion: bool) -> None:
        self.rng = rng
        self.now = Cpp(fields={"x0": "1"})
        if companion:
            self.now.built["c0"] = "1"
        for kind in ("macros", "fields", "first", "first", "second", "raw", "raw"):
            self._add(kind)
        for _ in range(6):
            self._add("forms")
        self.before = copy.deepcopy(self.now)

    def files(self) -> dict[str, str]:
        """The texts, by file name."""
        now = self.now
        macros = "".join(f"#define NAME_{name} {value}\n" for name, value in now.macros.items())
        fields = " ".join(f"int {name} = {value};" for name, value in now.fields.items())
        struct = f"struct S {{ {fields} }};"
        found = {
            "NAME_a.hpp": f"#pragma once\n{macros}namespace NAME {{\n{struct}\n{_inline(now.first)}}}\n",
            "NAME_b.hpp": f'#include "NAME_a.hpp"\nnamespace NAME {{\n{_inline(now.second)}}}\n',
        }
        headers = ["NAME_a", "NAME_b"]
        if now.built:
            declared = " ".join(f"int {name}();" for name in now.built)
            defined = "".join(
                f"int NAME::{name}() {{ return {value}; }}\n" for name, value in now.built.items()
            )
            found["NAME_c.hpp"] = f"#pragma once\nnamespace NAME {{ {declared} }}\n"
            found["NAME_c.cpp"] = f'#include "NAME_c.hpp"\n{defined}'
            headers.append("NAME_c")
        required = " ".join(f'["{h}.hpp" :as {h[-1]} :scope "NAME"]' for h in headers)
        raws = [
            f'(cpp/raw "inline int NAME_{name}() {{ return {value}; }}")'
            for name, value in now.raw.items()
        ]
        box = [
            "(defonce once-box (cpp/box (cpp/new a/S)))",
            "(defn once-read [x] (cpp/.-x0 (cpp/unbox once-box)))",
        ]
        lines = [f"(ns main (:require {required}))", *raws, *box, *now.forms.values()]
        return found | {"main.jank": "\n".join(lines) + "\n"}

    def edit(self) -> None:
        """Change a few definitions."""
        self.before = copy.deepcopy(self.now)
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            kinds = ["macros", "fields", "first", "second", "raw", "forms", "forms"]
            kind = self.rng.choice([*kinds, "built", "built"] if self.now.built else kinds)
            known = getattr(self.now, kind)
            match self.rng.randrange(6):
                case 0 if len(known) > 1:  # not the first, which boxes and other things need
                    del known[self.rng.choice(list(known)[1:])]
                case 1 | 2:
                    self._add(kind)
                case _ if known:
                    self._set(kind, self.rng.choice(list(known)))

    def undo(self) -> None:
        """Take the last edit back."""
        self.now = copy.deepcopy(self.before)

    def _add(self, kind: str) -> None:
        prefixes = {"macros": "M", "fields": "x", "first": "f", "second": "g", "raw": "r"}
        prefix = prefixes.get(kind, "c" if kind == "built" else "v")
        self._set(kind, f"{prefix}{self.rng.randrange(MOST)}")

    def _set(self, kind: str, name: str) -> None:
        match kind:
            case "forms":
                getattr(self.now, kind)[name] = self._form(name)
            case "macros" | "fields" | "built":
                getattr(self.now, kind)[name] = str(self.rng.randrange(1, 90))
            case _:
                getattr(self.now, kind)[name] = self._cpp(kind, name)

    def _cpp(self, kind: str, name: str) -> str:
        """The body of a function: of what stands above it, unless that is gone later."""
        now, number = self.now, str(self.rng.randrange(1, 90))
        above = {"first": (now.first,), "second": (now.first, now.second)}
        places = above.get(kind, (now.first, now.second))
        known = [
            f"NAME::{n}()" for place in places for n in place if n < name or place is now.first
        ]
        known = [n for n in known if kind != "first" or n < f"NAME::{name}"]
        known += [f"NAME_{n}" for n in now.macros] + [f"NAME::S().{n}" for n in now.fields]
        if kind == "raw":
            known += [f"NAME_{n}()" for n in now.raw if n < name]
        return f"{self.rng.choice(known)} + {number}" if self.rng.random() < 0.7 else number

    def _form(self, name: str) -> str:
        rng, now, number = self.rng, self.now, self.rng.randrange(1, 90)
        uses = [f"(a/{n})" for n in now.first] + [f"(b/{n})" for n in now.second]
        uses += [f"(cpp/NAME_{n})" for n in now.raw] + [f"(c/{n})" for n in now.built]
        uses += [f"cpp/NAME_{n}" for n in now.macros]
        uses += [f"(let [s (a/S.)] (+ 0 (cpp/.-{n} s)))" for n in now.fields]
        uses += [f"({n} 2)" for n in now.forms if n < name and "defn" in now.forms[n]]
        uses += [n for n in now.forms if n < name and "defn" not in now.forms[n]]
        use = rng.choice(uses)
        if rng.random() < 0.5:
            return f"(def {name} (+ {number} {use}))"
        return f"(defn {name} [x] (+ x {number} {use}))"


def _inline(functions: dict[str, str]) -> str:
    order = sorted(functions.items())
    return "".join(f"inline int {name}() {{ return {value}; }}\n" for name, value in order)
