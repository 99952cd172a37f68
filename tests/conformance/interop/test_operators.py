"""Every C++ operator, on built-in types and overloaded."""

from __future__ import annotations

import pytest

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench('(ns conformance.operators (:require ["operators.hpp" :as o :scope "operators"]))')

BUILTIN = {
    "+": "15",
    "-": "9",
    "*": "36",
    "/": "4",
    "%": "0",
    "==": "false",
    "!=": "true",
    "<": "false",
    ">": "true",
    "<=": "false",
    ">=": "true",
    "&&": "true",
    "||": "true",
    "&": "0",
    "|": "15",
    "^": "15",
    "<<": "96",
    ">>": "1",
}  # of 12 and 3
ASSIGNED = {
    "=": "3",
    "+=": "15",
    "-=": "9",
    "*=": "36",
    "/=": "4",
    "%=": "0",
    "&=": "0",
    "|=": "15",
    "^=": "15",
    "<<=": "96",
    ">>=": "1",
}


@pytest.mark.parametrize(("sign", "expected"), BUILTIN.items())
def test_builtin(bench: Bench, sign: str, expected: str) -> None:
    assert bench.value(f"(cpp/{sign} (cpp/int. 12) (cpp/int. 3))") == expected


@pytest.mark.parametrize(("sign", "expected"), BUILTIN.items())
def test_with_a_lisp_value_beside(bench: Bench, sign: str, expected: str) -> None:
    assert bench.value(f"(let [x (identity 3)] (cpp/{sign} (cpp/int. 12) x))") == expected
    assert bench.value(f"(let [x (identity 12)] (cpp/{sign} x (cpp/int. 3)))") == expected


@pytest.mark.parametrize(("sign", "expected"), ASSIGNED.items())
def test_assignment(bench: Bench, sign: str, expected: str) -> None:
    assert bench.value(f"(let [x (cpp/int. 12)] (cpp/{sign} x 3) x)") == expected
    assert bench.value(f"(let [x (cpp/int. 12)] (cpp/{sign} x 3))") == expected
    assert bench.value(f"(let [x (cpp/int. 12)] (cpp/{sign} x (identity 3)) x)") == expected


@pytest.mark.parametrize(("sign", "expected"), BUILTIN.items())
def test_overloaded(bench: Bench, sign: str, expected: str) -> None:
    right = "3" if sign in ("<<", ">>") else "(o/num. 3)"
    source = f"(cpp/{sign} (o/num. 12) {right})"
    gives_bool = expected in ("true", "false")
    assert bench.value(source if gives_bool else f"(.-v {source})") == expected


@pytest.mark.parametrize(("sign", "expected"), ASSIGNED.items())
def test_overloaded_assignment(bench: Bench, sign: str, expected: str) -> None:
    right = "3" if sign in ("<<=", ">>=", "=") else "(o/num. 3)"
    assert bench.value(f"(let [x (o/num. 12)] (cpp/{sign} x {right}) (.-v x))") == expected


@each(
    [
        ("(cpp/- (cpp/int. 5))", "-5"),
        ("(cpp/+ (cpp/int. 5))", "5"),
        ("(cpp/! (cpp/bool. true))", "false"),
        ("(cpp/~ (cpp/int. 0))", "-1"),
        ("(let [x (cpp/int. 5)] (cpp/++ x) x)", "6"),
        ("(let [x (cpp/int. 5)] (cpp/++ x))", "6"),
        ("(let [x (cpp/int. 5)] (cpp/-- x) x)", "4"),
        ("(let [x (cpp/int. 5)] (cpp/* (cpp/& x)))", "5"),
        ("(.-v (cpp/- (o/num. 5)))", "-5"),
        ("(.-v (cpp/+ (o/num. 5)))", "105"),
        ("(cpp/! (o/num. 0))", "true"),
        ("(.-v (cpp/~ (o/num. 0)))", "-1"),
        ("(let [x (o/num. 5)] (cpp/++ x) (.-v x))", "6"),
        ("(let [x (o/num. 5)] (cpp/-- x) (.-v x))", "4"),
        ("(cpp/* (o/num. 5))", "5000"),
        # more than two operands
        ("(cpp/+ (cpp/int. 1) 2 3 4)", "10"),
        ("(cpp/- (cpp/int. 10) 2 3)", "5"),
        ("(.-v (cpp/+ (o/num. 1) (o/num. 2) (o/num. 3)))", "6"),
        ("(cpp/| (cpp/int. 1) 2 4)", "7"),
        # C++'s own arithmetic
        ("(cpp// (cpp/int. 7) 2)", "3"),
        ("(cpp// (cpp/double. 7) 2)", "3.5"),
        ("(cpp/+ (cpp/int. 1) 0.5)", "1.5"),
        ("(cpp/+ (cpp/float. 1.5) (cpp/int. 1))", "2.5"),
        ("(cpp/% (cpp/int. -7) 3)", "-1"),
        ("(cpp/* (cpp/short. 200) 200)", "40000"),
        ("(cpp/< (cpp/int. 1) 2)", "true"),
        ("(cpp/== (cpp/int. 1) (cpp/double. 1.0))", "true"),
        ("(let [x (cpp/uint. 0)] (cpp/- x 1))", "4294967295"),
        # aget
        ("(cpp/aget o/row 2)", "30"),
        ("(let [i (identity 1)] (cpp/aget o/row i))", "20"),
        ("(cpp/aget o/grid 1 2)", "6"),
        ("(cpp/aget (cpp/aget o/grid 0) 1)", "2"),
        ("(cpp/aget o/items 1)", "6"),
        ('(cpp/aget o/ages "ann")', "30"),
        ('(cpp/aget o/ages (cpp/std.string. "ann"))', "30"),
        ("(cpp/aget o/triple 2)", "3.5"),
        ("(cpp/aget (o/first) 3)", "40"),
        ("(cpp/aget o/words 1)", '"one"'),
        ("(cpp/aget o/constants 1)", "8"),
        ("(cpp/aget (o/num. 4) 2)", "42"),
        (
            "(do (cpp/= (cpp/aget o/row 0) 11) (let [v (identity (cpp/aget o/row 0))] (cpp/= "
            "(cpp/aget o/row 0) 10) v))",
            "11",
        ),
        (
            "(do (cpp/+= (cpp/aget o/items 0) 1) (let [v (identity (cpp/aget o/items 0))] "
            "(cpp/-= (cpp/aget o/items 0) 1) v))",
            "6",
        ),
        ("(let [p (cpp/+ (o/first) 1)] (cpp/* p))", "20"),
        ("(cpp/- (cpp/+ (o/first) 3) (o/first))", "3"),
        # free operators
        ("(.-v (cpp/+ (o/plain. 1) 2))", "3"),
        ("(.-v (cpp/+ 2 (o/plain. 1)))", "201"),
        ('(cpp/+ (o/plain. 1) #cpp "x")', '"1x"'),
        ('(cpp/+ (cpp/std.string. "a") "b")', '"ab"'),
        ('(cpp/== (cpp/std.string. "a") "a")', "true"),
        ('(let [s (cpp/std.string. "a")] (cpp/+= s "bc") s)', '"abc"'),
        ("(do (cpp/+= o/counter 2) (cpp/-= o/counter 2) o/counter)", "3"),
        ("(let [a (cpp/int. 1) b (cpp/int. 2)] (cpp/= a (cpp/= b 7)) (+ a b))", "14"),
        ("(let [x (cpp/int. 1)] (set! x 5) x)", "5"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ("«(cpp/+)»", AnalysisError, ("cpp/+ needs operands",)),
        ("«(cpp/% (cpp/int. 1))»", AnalysisError, ("cpp/% takes two operands",)),
        ("«(cpp/= (cpp/int. 1))»", AnalysisError, ("cpp/= takes two operands",)),
        ("«(cpp/! (cpp/int. 1) 2)»", AnalysisError, ("cpp/! takes one operand",)),
        ("«(cpp/++ (cpp/int. 1) 2)»", AnalysisError, ("cpp/++ takes one operand",)),
        (
            "«(cpp/+ (identity 1) (identity 2))»",
            AnalysisError,
            ("cpp/+ needs a C++ operand", "two Lisp values"),
        ),
        ("(cpp/- «(identity 1)»)", AnalysisError, ("cpp/- needs a C++ value",)),
        ("(cpp/* «(identity 1)»)", AnalysisError, ("cpp/* needs a C++ value", "cpp/unbox")),
        ("(let [x 1] (cpp/++ «x»))", AnalysisError, ("cpp/++ needs a C++ value",)),
        ("«(cpp/++ (cpp/int. 1))»", CppError, ("not assignable",)),
        ("«(cpp/= (cpp/int. 1) 2)»", CppError, ("not assignable",)),
        ("«(cpp/* (cpp/int. 1))»", CppError, ("indirection requires pointer operand",)),
        ("«(cpp/& (cpp/int. 1))»", CppError, ("address",)),
        (
            "«(cpp/+ (o/plain. 1) (o/plain. 2))»",
            CppError,
            ("invalid operands", "operator+(plain a, int b)"),
        ),
        ("«(cpp/- (o/plain. 1) 2)»", CppError, ("invalid operands", "operators::plain", "int")),
        ("«(cpp/== (o/plain. 1) (o/plain. 1))»", CppError, ("invalid operands",)),
        ("«(cpp/< (o/plain. 1) 1)»", CppError, ("invalid operands",)),
        ("«(cpp/% (cpp/double. 1.0) 2)»", CppError, ("invalid operands",)),
        ("«(cpp/~ (cpp/double. 1.0))»", CppError, ("invalid argument type 'double'",)),
        ("«(cpp/<< (cpp/float. 1.0) 2)»", CppError, ("invalid operands",)),
        ("«(cpp/+= (o/plain. 1) 2)»", CppError, ("no viable overloaded '+='",)),
        ("«(cpp/aget (cpp/int. 1) 0)»", CppError, ("subscripted value is not an array",)),
        ("«(cpp/aget (o/plain. 1) 0)»", CppError, ("does not provide a subscript operator",)),
        ("«(cpp/= (cpp/aget o/constants 0) 1)»", CppError, ("const",)),
        ("(let [x (cpp/int. 1)] «(cpp/+= x (o/num. 1))»)", CppError, ("invalid operands",)),
        ('(let [x (cpp/int. 1)] «(cpp/= x "text")»)', CppError, ("incompatible",)),
        ("(let [x (cpp/int. 1)] (cpp/+ x «(cpp/nope 1)»))", CppError, ("nope",)),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)
