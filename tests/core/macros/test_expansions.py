"""What macros expand to, compared as printed forms with the gensyms numbered in order of appearance."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import runtime.core.macros
from runtime.core.printing import pr_str
from runtime.core.registry import TABLE
from runtime.core.values import Keyword, List
from runtime.errors import AnalysisError
from runtime.reader.reader import read_one

EXPANSIONS = [
    ("(let [a 1 b a] b)", "(let* [a 1 b a] b)"),
    ("(loop [i 0] (recur i))", "(loop* [i 0] (recur i))"),
    ("(fn [a & b] b)", "(fn* ([a & b] b))"),
    ("(fn f ([] 1) ([a] 2))", "(fn* f ([] 1) ([a] 2))"),
    ("(when a b c)", "(if a (do b c))"),
    ("(when a b)", "(if a b)"),
    ("(when-not a b)", "(if a nil b)"),
    ("(if-not a b c)", "(if a c b)"),
    ("(if-let [x a] b c)", "(let* [value_1 a] (if value_1 (let* [x value_1] b) c))"),
    ("(cond a 1 :else 2)", "(if a 1 2)"),
    ("(cond a 1 b 2)", "(if a 1 (if b 2 nil))"),
    ("(and a b)", "(let* [and_1 a] (if and_1 b and_1))"),
    ("(or a b)", "(let* [or_1 a] (if or_1 or_1 b))"),
    ("(-> a (b c) d)", "(d (b a c))"),
    ("(->> a (b c) d)", "(d (b c a))"),
    ("(doto a (b c) d)", "(let* [doto_1 a] (b doto_1 c) (d doto_1) doto_1)"),
    ("(.. a (b c) -d)", "(.-d (.b a c))"),
    ("(memfn size)", "(fn* ([target_1] (.size target_1)))"),
    ("(while a b)", "(loop* [] (if a (do b (recur))))"),
    (
        "(dotimes [i 3] a)",
        "(loop* [i 0] (if (clojure.core/< i 3) (do a (recur (clojure.core/unchecked-inc i)))))",
    ),
    (
        "(dotimes [i n] a)",
        "(let* [n_1 (clojure.core/long n)] (loop* [i 0] (if (clojure.core/< i n_1)"
        " (do a (recur (clojure.core/unchecked-inc i))))))",
    ),
    (
        "(doseq [x xs] a b)",
        "(let* [walk_1 (clojure.core/walk* xs)] (loop* [item_2 (clojure.core/advance* walk_1)]"
        " (if (clojure.core/identical? item_2 clojure.core/end*) nil (let* [x item_2]"
        " a b (recur (clojure.core/advance* walk_1))))))",
    ),
    ("(for [x xs] a)", "(clojure.core/for* (fn* ([x] a)) xs)"),
    ("(lazy-seq a)", "(clojure.core/lazy-seq* (fn* ([] a)))"),
    (
        "(case a (1 2) b 3 c d)",
        "(let* [case_1 a] (case* case_1 d [[1 2] b] [[3] c]))",
    ),
    ("(declare a b)", "(do (def a) (def b))"),
    ("(defonce a b)", "(do (def a) (if (clojure.core/bound? (var a)) (var a) (def a b)))"),
    ("(defn f [a] b)", "(def f (fn* ([a] b)))"),
    ("(defmacro m [a] b)", "(def m (fn* ([&form &env a] b)))"),
    (
        "(binding [*a* 1] b)",
        "(do (clojure.core/push-thread-bindings (clojure.core/hash-map (var *a*) 1))"
        " (try b (finally (clojure.core/pop-thread-bindings))))",
    ),
    (
        "(defmulti m f :default 1)",
        "(def m (clojure.core/multi-fn* (var m) f :default 1))",
    ),
    ("(defmethod m :a [x] x)", "(clojure.core/add-method* m :a (fn* ([x] x)))"),
]


def read(text: str) -> List:
    form: List = read_one(text).form
    return form


def expand(form: List) -> Any:
    head = form.first()
    return TABLE[head.ns or "clojure.core", head.name].value(form, None, *list(form)[1:])


def printed(form: Any) -> str:
    numbers: dict[str, int] = {}

    def numbered(m: re.Match[str]) -> str:
        return f"{m[1]}_{numbers.setdefault(m[0], len(numbers) + 1)}"

    return re.sub(r"([\w-]+)__\d+__", numbered, pr_str(form))


@pytest.mark.parametrize(("source", "expansion"), EXPANSIONS, ids=[s for s, _ in EXPANSIONS])
def test_expands_to(source: str, expansion: str) -> None:
    assert printed(expand(read(source))) == expansion


def test_the_operands_stay_the_very_forms_that_were_read() -> None:
    form = read("(when (a b) (c d))")
    expanded = expand(form)
    assert expanded[1] is form[1]
    assert expanded[2] is form[2]
    assert expanded.span == form.span


def test_a_let_of_plain_names_keeps_its_vector() -> None:
    form = read("(let [a (f) b (g)] a)")
    assert expand(form)[1] is form[1]


def test_the_metadata_of_a_defined_name_is_kept() -> None:
    name = expand(read('(defn ^:frame ^:jit f "doc" {:added "1"} [x] x)'))[1]
    assert name.meta[Keyword("frame")] is True
    assert name.meta[Keyword("jit")] is True
    assert name.meta[Keyword("doc")] == "doc"
    assert name.meta[Keyword("added")] == "1"
    assert pr_str(name.meta[Keyword("arglists")]) == "(quote ([x]))"


def test_a_macro_is_a_def_whose_name_says_so() -> None:
    assert expand(read("(defmacro m [x] x)"))[1].meta[Keyword("macro")] is True


def test_map_patterns_expand_the_same_in_every_process() -> None:
    # The order of a map's entries depends on hashes, which differ between processes.
    text = printed(expand(read("(let [{:keys [a] b :b {c :c} :d :strs [e]} m] a)")))
    names = re.findall(r" (\w) \(clojure.core/get", text)
    assert names == ["a", "e", "b", "c"]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("(let [(a) 1] a)", (1, 7)),
        ("(if-let [a 1]\n  b c d)", (1, 1)),
        ("(letfn [(f [x] (g)) (h x)]\n 2)", (1, 24)),
        ("(case x 1 2 1 3)", (1, 13)),
        ("(for [:when x] y)", (1, 6)),
        ("(let [{:keys [1]} m] 1)", (1, 1)),
    ],
)
def test_errors_stand_where_the_mistake_is(source: str, place: tuple[int, int]) -> None:
    with pytest.raises(AnalysisError) as raised:
        expand(read(source))
    span = raised.value.span
    assert span is not None
    assert (span.line, span.col) == place


OF_THE_RUNTIME = {"*ns*", "all-ns", "the-ns"}  # they need to know which runtime is asking


def test_every_core_function_that_expansions_call_exists() -> None:
    for module in pkgutil.walk_packages(runtime.core.__path__, "runtime.core."):
        importlib.import_module(module.name)
    source = "\n".join(
        p.read_text("utf-8") for p in Path(runtime.core.macros.__path__[0]).glob("*.py")
    )
    called = set(re.findall(r'\b(?<!test_)(?:call|core_symbol)\(\s*"([^"]+)"[,)]', source))
    called -= set(re.findall(r'core_symbol\("([^"]+)", NS\)', source))
    missing = {name for name in called if ("clojure.core", name) not in TABLE}
    assert missing <= OF_THE_RUNTIME
