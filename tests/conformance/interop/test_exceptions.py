"""C++ exceptions in Lisp: caught by reference and base class, thrown, and shown when nobody catches them."""

from __future__ import annotations

import pytest

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench(
    """(ns conformance.exceptions
         (:require ["conversions.hpp" :as v :scope "conversions"]))
       (defn thrower [] (v/raise_runtime "deep"))"""
)


@each(
    [
        ('(try (v/raise_runtime "x") (catch cpp/std.runtime_error e (.what e)))', '"x"'),
        ('(try (v/raise_runtime "x") (catch cpp/std.exception e (.what e)))', '"x"'),
        ("(try (v/raise_range) (catch cpp/std.logic_error e (.what e)))", '"range"'),
        (
            "(try (v/raise_range) (catch cpp/std.runtime_error e 1) (catch cpp/std.out_of_range e 2))",
            "2",
        ),
        (
            "(try (v/raise_range) (catch cpp/std.exception e 1) (catch cpp/std.out_of_range e 2))",
            "1",
        ),
        ("(try (v/raise_derived 4) (catch v/base_error e [(.-code e) (.say e)]))", '[4 "derived"]'),
        ("(try (v/raise_derived 4) (catch v/derived_error e (.-extra e)))", "7"),
        ("(try (v/raise_derived 4) (catch v/base_error e (cpp/= (.-code e) 9) (.-code e)))", "9"),
        ("(try (v/raise_int 5) (catch cpp/int e (+ e 1)))", "6"),
        ("(try (v/raise_int 5) (catch cpp/std.exception e 1) (catch cpp/int e 2))", "2"),
        ('(try (v/raise_text "t") (catch #cpp (:* (:const cpp/char)) e e))', '"t"'),
        ('(try (v/raise_runtime "x") (catch Exception e 3))', "3"),
        ('(try (v/raise_runtime "x") (catch :default e 3))', "3"),
        ("(try (v/raise_if false) (catch cpp/std.exception e 2))", "1"),
        ("[(v/caught_inside true) (v/caught_inside false)]", "[-1 1]"),
        ("(try (thrower) (catch cpp/std.exception e (.what e)))", '"deep"'),
        ("(try ((fn [] (thrower))) (catch cpp/std.runtime_error e (.what e)))", '"deep"'),
        # native values thrown from Lisp
        ("(try (throw (cpp/int. 7)) (catch cpp/int e (+ e 1)))", "8"),
        (
            '(try (throw (cpp/std.runtime_error. "mine")) (catch cpp/std.exception e (.what e)))',
            '"mine"',
        ),
        ('(try (throw (cpp/std.string. "text")) (catch cpp/std.string e (.size e)))', "4"),
        ("(try (throw (v/other_error. 3)) (catch v/other_error e (.-v e)))", "3"),
        ("(try (throw (v/derived_error.)) (catch v/base_error e (.say e)))", '"derived"'),
        # Lisp values
        (
            '(try (throw (ex-info "i" {:a 1})) (catch cpp/std.exception e 1) (catch '
            "ExceptionInfo e (:a (ex-data e))))",
            "1",
        ),
        ("(try (throw :k) (catch cpp/std.exception e 1) (catch Exception e e))", ":k"),
        ("(try (throw 5) (catch cpp/int e :native) (catch Exception e [:lisp e]))", "[:lisp 5]"),
        # nesting, rethrowing, finally
        (
            '(try (try (v/raise_runtime "x") (catch cpp/int e 1)) (catch cpp/std.exception e 2))',
            "2",
        ),
        (
            '(try (try (v/raise_runtime "x") (catch cpp/std.exception e (throw (cpp/int. '
            "9)))) (catch cpp/int e e))",
            "9",
        ),
        (
            '(try (try (v/raise_range) (catch cpp/std.exception e (v/raise_runtime "again")))'
            " (catch cpp/std.runtime_error e (.what e)))",
            '"again"',
        ),
        (
            "(let [a (atom 0)] (try (try (v/raise_int 1) (finally (swap! a inc))) (catch "
            "cpp/int e (swap! a + 10))) @a)",
            "11",
        ),
        (
            "(try (try (v/raise_derived 4) (catch Exception e (throw e))) (catch "
            "v/derived_error e (.-code e)))",
            "4",
        ),
        (
            "(loop [i 0 n 0] (if (< i 4) (recur (inc i) (+ n (try (v/raise_int i) (catch "
            "cpp/int e (+ e 0))))) n))",
            "6",
        ),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ("(try 1 «(catch cpp/nowhere.error e 2)»)", CppError, ("nowhere",)),
        ("(try 1 (catch «nothing-known» e 2))", AnalysisError, ("nothing-known cannot be caught",)),
        ("(try 1 «(catch cpp/int)»)", AnalysisError, ("(catch type name body …)",)),
        ("(try 1 (catch cpp/std.exception e «(.nope e)»))", CppError, ("no member named 'nope'",)),
        ("(try 1 (catch v/base_error e [«e»]))", AnalysisError, ("no Lisp value",)),
        ("(try 1 (catch v/base_error e «(fn [] (.say e))»))", AnalysisError, ("cannot capture",)),
        ("(try (v/raise_int 1) (catch v/base_error e «e»))", AnalysisError, ("no Lisp value",)),
        ("«(throw)»", AnalysisError, ("throw takes one value",)),
        ("(throw «(cpp/nope 1)»)", CppError, ("nope",)),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)


def test_what_nobody_catches_names_its_type_and_text(bench: Bench) -> None:
    shown = bench.fault('(v/raise_runtime "uncaught")')
    assert "std::runtime_error" in shown
    assert "uncaught" in shown
    shown = bench.fault("(v/raise_derived 4)")
    assert "conversions::derived_error" in shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("(v/raise_int 5)", "int: 5"),
        ("(throw (cpp/int. -7))", "int: -7"),
        ("(throw (cpp/bool. true))", "bool: true"),
        ("(throw (cpp/double. 2.5))", "double: 2.5"),
        ('(throw (cpp/std.string. "text"))', ": text"),
        ("(v/raise_letters)", "char const*: letters"),
        ("(v/raise_wild_letters)", "char const*: (its text cannot be read)"),
    ],
)
def test_a_thrown_value_that_nobody_catches_shows_what_it_holds(
    bench: Bench, source: str, shown: str
) -> None:
    assert shown in bench.fault(source)


def test_a_c_plus_plus_exception_carries_the_lisp_stack(bench: Bench) -> None:
    bench.runtime.eval("(defn outer [] (inc (thrower)))", filename="stack.jank", line=20)
    shown = bench.fault("(outer)")
    assert "conformance.exceptions/thrower" in shown
    assert "conformance.exceptions/outer (stack.jank:20:" in shown
