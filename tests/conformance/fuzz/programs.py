"""Generated programs: some functions, and the arguments with which the last of them is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from hypothesis import strategies as st

from tests.conformance.fuzz.call_grammar import CallGrammar
from tests.conformance.fuzz.scope import LISP
from tests.conformance.unrest import Definition

PRELUDE = """(ns fuzz
  (:require ["fuzz.hpp" :as z :scope "fuzz"]
            ["fuzz.hpp" :as log :scope "tslog"]))
(def ^:dynamic *dyn* :root)
(def shared (atom 0))
(defrecord Rec [a b])
(defn ^:interpret anew! [] (reset! shared 0) (cpp/= z/counter 0) (log/take) nil)
(defn ^:interpret done-by-cpp [] (log/take))"""
ENTRY = "fuzz/main"


@dataclass(frozen=True, slots=True)
class Program:
    """Definitions, the last of them `main`, and argument lists for it as a vector of vectors."""

    definitions: tuple[str, ...]
    arguments: str

    @property
    def names(self) -> list[str]:
        return [f"fuzz/{text.split()[1]}" for text in self.definitions]

    @property
    def text(self) -> str:
        """One form that makes all the definitions, each on lines of its own."""
        return "\n".join(["(let []", *self.definitions, ")"])

    @property
    def parts(self) -> list[Definition]:
        """Each function's definition where it stands in the text; none where the program itself redefines."""
        if any("alter-var-root" in text for text in self.definitions):
            return []
        lines = accumulate((text.count("\n") + 1 for text in self.definitions), initial=2)
        return [
            Definition("fuzz", text, line)
            for text, line in zip(self.definitions, lines, strict=False)
            if text.startswith("(defn ")
        ]

    def __str__(self) -> str:
        return "\n".join([*self.definitions, f";; main is called with each of {self.arguments}"])


@st.composite
def programs(draw: Callable[[st.SearchStrategy[Any]], Any], depth: int = 4) -> Program:
    """Programs whose expressions nest up to `depth` deep, and one level less in helpers."""
    grammar = CallGrammar(draw)
    definitions = []
    for i in range(grammar.upto(2)):
        name, count = f"helper-{i}", 1 + grammar.upto(1)
        scope = tuple((f"p{k}", "int") for k in range(count))
        definitions.append(define(name, scope, grammar.body("int", scope, depth - 1)))
        grammar.functions.append((name, count))
    for _ in range(grammar.upto(2)):
        definitions += grammar.group(depth - 2)
    scope = (("a", "int"), ("b", "int"), ("c", "any"))
    body = grammar.body(grammar.pick(LISP), scope, depth)
    if grammar.functions:
        uses = "\n".join(grammar.use(scope, 1) for _ in range(2 + grammar.upto(4)))
        body = f"[{uses}\n(do {body})]"
    definitions.append(define("main", scope, body))
    rows = []
    for i in range(1 + grammar.upto(3)):
        kinds = ["int", "int", grammar.pick(LISP[:-1])]
        if i and grammar.chance(3):  # what was learnt of the first calls does not hold
            kinds[grammar.upto(1)] = grammar.pick(LISP[:-1])
        rows.append(f"[{' '.join(grammar.leaf(kind) for kind in kinds)}]")
    return Program(tuple(definitions), f"[{' '.join(rows)}]")


def define(name: str, scope: tuple[tuple[str, str], ...], body: str) -> str:
    return f"(defn {name} [{' '.join(n for n, _ in scope)}] {body})"
