"""Lisp values to C++ and back: every convertible type, and what wrong values say."""

from __future__ import annotations

import pytest

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench(
    """(ns conformance.conversions
         (:require ["conversions.hpp" :as v :scope "conversions"]))
       (def int-box (cpp/box (cpp/new cpp/int 5)))"""
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a_bool", "true false"),
        ("a_char", "\\a \\space"),
        ("a_schar", "-128 127"),
        ("a_uchar", "0 255"),
        ("a_short", "-32768 32767"),
        ("a_ushort", "0 65535"),
        ("a_int", "-2147483648 2147483647"),
        ("a_uint", "0 4294967295"),
        ("a_long", "-9223372036854775808 9223372036854775807"),
        ("a_ulong", "0 9223372036854775807"),
        ("a_llong", "-1 1"),
        ("a_ullong", "0 7"),
        ("a_float", "1.5 -0.25"),
        ("a_double", "0.1 1.0E300"),
        ("a_size", "0 12"),
        ("a_cstring", '"text" "" "ünï"'),
        ("a_string", '"text" "" "ünï"'),
        ("a_string_ref", '"text"'),
        ("a_view", '"text"'),
        ("ints", "[1 2 3] []"),
        ("doubles", "[1.5 2.5]"),
        ("strings", '["a" "b"]'),
        ("bools", "[true false]"),
        ("nested", "[[1] [] [2 3]]"),
        ("a_map", '{"a" 1}'),
        ("a_hash", '{1 "a"}'),
        ("map_of_vectors", '{"a" [1 2]}'),
        ("a_color", "0 5"),
        ("a_level", "-3 3"),
    ],
)
def test_there_and_back(bench: Bench, name: str, values: str) -> None:
    source = f"(mapv (fn [x] (v/{name} x)) [{values}])"
    assert bench.value(source) == f"[{values}]"


@each(
    [
        ("(v/a_double 1)", "1.0"),
        ("(v/a_double (identity 1))", "1.0"),
        ("(v/a_double (identity 1/4))", "0.25"),
        ("(v/a_double (identity 1.5M))", "1.5"),
        ("(v/a_float (identity 2))", "2.0"),
        ("(v/a_ullong (identity 18446744073709551615))", "18446744073709551615N"),
        ("(v/a_bool (identity nil))", "false"),
        ("(v/a_cstring (identity nil))", "nil"),
        ("(v/a_cstring nil)", "nil"),
        ("(v/ints (identity '(1 2)))", "[1 2]"),
        ("(v/ints (map inc [1 2]))", "[2 3]"),
        ("(v/ints (identity nil))", "[]"),
        ("(v/ints (range 4))", "[0 1 2 3]"),
        ("(v/doubles (identity [1 1/2]))", "[1.0 0.5]"),
        ("(v/a_map (identity nil))", "{}"),
        ("(v/a_color (identity 5))", "5"),
        ("(v/null)", "nil"),
        ("(v/no_text)", "nil"),
        ("(count (v/latin))", "1"),
        ("(nil? (v/a_pointer nil))", "true"),
        ("(nil? (v/a_pointer (identity nil)))", "true"),
        ("(cpp/* (v/a_pointer (identity int-box)))", "5"),
        ("v/buffer", '"in a buffer"'),
        ('(let [s (v/a_string "x")] (identity s))', '"x"'),
        ("(let [xs (v/ints [1 2])] (conj xs 3))", "[1 2 3]"),
        ("(let [xs (v/ints [1 2])] (.push_back xs 3) (count xs))", "3"),
        ("(:k {:k (v/a_int 3)})", "3"),
        ('(str (v/a_char \\x) (v/a_string "y"))', '"xy"'),
        ("(= (v/a_int 3) 3)", "true"),
        ("(+ (v/a_int 3) (v/a_double 0.5))", "3.5"),
        ('[(v/a_bool true) (v/a_int 1) (v/a_cstring "z")]', '[true 1 "z"]'),
        ('(get (v/a_map {"a" 1}) "a")', "1"),
        ("(vector? (v/ints [1]))", "true"),
        ("(map? (v/a_map {}))", "true"),
        ("(double? (v/a_float 1.0))", "true"),
        ("(int? (v/a_uchar 1))", "true"),
        ("(char? (v/a_char \\a))", "true"),
        ('(string? (v/a_cstring "a"))', "true"),
        ("(let [f (fn [] (v/a_int 4))] (f))", "4"),
        ("(let [x (v/a_int 4)] ((fn [] (+ x 1))))", "5"),
        ('(let [s (v/a_string "cap")] ((fn [] s)))', '"cap"'),
        ("(reduce + (v/ints [1 2 3]))", "6"),
        ("(case (v/a_int 2) 1 :a 2 :b)", ":b"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@pytest.mark.parametrize(
    ("call", "texts"),
    [
        (
            "(v/a_int (identity :k))",
            ("argument 1 of conversions::a_int must be an integer of 32 bits", "Keyword :k"),
        ),
        ('(v/a_int (identity "1"))', ("argument 1 of conversions::a_int", "string")),
        ("(v/a_int (identity 1.5))", ("an integer of 32 bits", "1.5")),
        ("(v/a_int (identity nil))", ("argument 1 of conversions::a_int", "nil")),
        ("(v/a_int (identity true))", ("argument 1 of conversions::a_int", "true")),
        ("(v/a_int (identity 2147483648))", ("an integer of 32 bits", "2147483648")),
        ("(v/a_uint (identity -1))", ("an unsigned integer of 32 bits", "-1")),
        ("(v/a_uchar (identity 256))", ("an integer from 0 to 255", "256")),
        ("(v/a_schar (identity -129))", ("an integer from -128 to 127", "-129")),
        ("(v/a_long (identity 9223372036854775808N))", ("an integer of 64 bits",)),
        ("(v/a_ulong (identity -1))", ("an unsigned integer of 64 bits",)),
        ("(v/a_bool (identity 1))", ("argument 1 of conversions::a_bool must be a boolean",)),
        ("(v/a_float (identity :x))", ("argument 1 of conversions::a_float must be a number",)),
        (
            '(v/a_double (identity "1.5"))',
            ("argument 1 of conversions::a_double must be a number",),
        ),
        ('(v/a_char (identity "ab"))', ("argument 1 of conversions::a_char must be a character",)),
        ("(v/a_char (identity \\ü))", ("a character that is one byte",)),
        ("(v/a_cstring (identity 1))", ("argument 1 of conversions::a_cstring must be a string",)),
        ("(v/a_cstring (identity :k))", ("must be a string", ":k")),
        (
            "(v/a_string (identity nil))",
            ("argument 1 of conversions::a_string must be a string", "nil"),
        ),
        ("(v/a_string (identity [1]))", ("must be a string",)),
        ("(v/ints (identity 5))", ("argument 1 of conversions::ints must be a sequence",)),
        ("(v/ints (identity [1 :b]))", ("argument 1 of conversions::ints", "Keyword :b")),
        ("(v/ints (identity {:a 1}))", ("must be a sequence",)),
        ("(v/a_map (identity [1]))", ("argument 1 of conversions::a_map must be a map",)),
        ("(v/a_map (identity {:a 1}))", ("argument 1 of conversions::a_map must be a string",)),
        (
            '(v/a_map (identity {"a" "b"}))',
            ("argument 1 of conversions::a_map must be an integer",),
        ),
        ("(v/a_color (identity :red))", ("argument 1 of conversions::a_color",)),
        (
            "(v/a_pointer (identity 5))",
            ("argument 1 of conversions::a_pointer must be nil or a box of int *",),
        ),
        ("(v/two (identity 1) (identity 2))", ("argument 2 of conversions::two must be a string",)),
        (
            '(v/two (identity "a") (identity "b"))',
            ("argument 1 of conversions::two must be an integer",),
        ),
        (
            "(.take (v/taker. 1) (identity 1) (identity :f))",
            ("argument 2 of conversions::taker::take",),
        ),
        ("(v/taker. (identity :x))", ("argument 1 of conversions::taker",)),
        ("(cpp/int. (identity :x))", ("argument 1 of int must be an integer",)),
        ('(cpp/cast cpp/float (identity "x"))', ("must be a number",)),
        ("(let [x (cpp/int. 1)] (cpp/+= x (identity :k)))", ("Keyword :k",)),
        ('(cpp/+ (cpp/int. 1) (identity "s"))', ("string",)),
    ],
)
def test_wrong_values(bench: Bench, call: str, texts: tuple[str, ...]) -> None:
    shown = bench.fault(f"(do {call} nil)")
    for text in texts:
        assert text in shown
    assert "<eval>:1" in shown


@each_rejected(
    [
        ('«(v/a_int "x")»', CppError, ("const char", "int")),
        ("«(v/a_int nil)»", CppError, ("nullptr",)),
        ("«(v/a_cstring 1)»", CppError, ("char const", "int")),
        ("«(v/a_string 1.5)»", CppError, ("double",)),
        ("(str «(v/give_opaque)»)", AnalysisError, ("no Lisp value", "conversions::opaque")),
        ("(count «(v/opaques)»)", AnalysisError, ("no Lisp value", "vector")),
        ("(def o «(v/give_opaque)»)", AnalysisError, ("no Lisp value",)),
        ("(atom «(v/give_opaque)»)", AnalysisError, ("no Lisp value",)),
        ("(let [f (fn [] «(v/give_opaque)»)] 1)", AnalysisError, ("no Lisp value",)),
        (
            "(let [o (v/give_opaque)] «(fn [] (.-v o))»)",
            AnalysisError,
            ("cannot capture", "conversions::opaque"),
        ),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)
