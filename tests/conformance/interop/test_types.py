"""The type language, casts, member pointers and function types."""

from __future__ import annotations

import pytest

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench('(ns conformance.types (:require ["types.hpp" :as t :scope "types"]))')


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("cpp/int", "int"),
        ("int", "int"),
        ("(:* cpp/int)", "int*"),
        ("cpp/int*", "int*"),
        ("(:& cpp/int)", "int&"),
        ("cpp/int&", "int&"),
        ("(:&& cpp/int)", "int&&"),
        ("(:const cpp/int)", "int const"),
        ("(:volatile cpp/int)", "int volatile"),
        ("(:* (:const cpp/int))", "int const*"),
        ("(:const (:* cpp/int))", "int* const"),
        ("(:* (:* cpp/int))", "int**"),
        ("cpp/int**", "int**"),
        ("(:unsigned cpp/int)", "unsigned int"),
        ("(:unsigned cpp/char)", "unsigned char"),
        ("(:signed cpp/char)", "signed char"),
        ("(:unsigned cpp/long)", "unsigned long"),
        ("(:unsigned cpp/short)", "unsigned short"),
        ("(:long cpp/int)", "long"),
        ("(:long cpp/long)", "long long"),
        ("(:long cpp/double)", "long double"),
        ("(:short cpp/int)", "short"),
        ("(:array cpp/int 3)", "int[3]"),
        ("(:array cpp/int)", "int[]"),
        ("(:array (:array cpp/int 3) 2)", "int[2][3]"),
        ("(:fn cpp/int [cpp/int cpp/float])", "int(int, float)"),
        ("(:fn cpp/void [])", "void()"),
        ("(:* (:fn cpp/int [cpp/int cpp/float]))", "int(*)(int, float)"),
        ("(cpp/std.vector cpp/int)", "vector<int>"),
        ("(std.vector int)", "vector<int>"),
        ("(:* (cpp/std.vector cpp/int))", "vector<int>*"),
        ("(cpp/std.map cpp/std.string (cpp/std.vector cpp/int))", "map<string, vector<int>>"),
        ("(t/duo cpp/int (t/wrap cpp/float))", "duo<int, wrap<float>>"),
        ("(:member* t/derived cpp/int)", "int derived::*"),
        ("(:&member t/derived field)", "int derived::*"),
        ("(:&member t/derived get)", "int (derived::*)() const"),
        ("(:member (t/wrap cpp/float) inner)", "float"),
        ('(cpp/type "unsigned int")', "unsigned int"),
        ('(cpp/type "char const*")', "char const*"),
        ("(cpp/std.function (:fn cpp/int [cpp/int]))", "function<int(int)>"),
        ("(:* cpp/void)", "void*"),
        ("cpp/void*", "void*"),
        ("cpp/uint", "unsigned int"),
        ("cpp/size_t", "unsigned long"),
        ("cpp/int64_t", "long"),
        ("cpp/uint8_t", "unsigned char"),
    ],
)
def test_type(bench: Bench, form: str, expected: str) -> None:
    assert bench.value(f"(#cpp (t/name_of {form}))") == f'"{expected}"'


@each(
    [
        # construction of named types
        ("(cpp/int.)", "0"),
        ("(cpp/double.)", "0.0"),
        ("(cpp/bool.)", "false"),
        ("(cpp/int. 3.7)", "3"),
        ("(cpp/int 3.7)", "3"),
        ("(cpp/int. (identity 3))", "3"),
        ("(cpp/float. 1)", "1.0"),
        ("(cpp/float. 0.1)", "0.10000000149011612"),
        ("(cpp/double. (identity 1/2))", "0.5"),
        ("(cpp/bool. 3)", "true"),
        ("(cpp/long. 5000000000)", "5000000000"),
        ("(cpp/uint8_t. 300)", "44"),
        ("(cpp/int8_t. 200)", "-56"),
        ("(cpp/size_t. 7)", "7"),
        ("(cpp/char. \\a)", "\\a"),
        ("((:unsigned cpp/int) 7)", "7"),
        ("(let [p ((:* cpp/int) cpp/nullptr)] (nil? p))", "true"),
        ("(#cpp (cpp/std.vector cpp/int) 2 9)", "[9 9]"),
        ("(let [v (#cpp (cpp/std.vector cpp/int))] (.push_back v 4) v)", "[4]"),
        ("(#cpp (cpp/std.vector cpp/int) [1 2 3])", "[1 2 3]"),
        ("(#cpp (cpp/std.vector cpp/double) (map inc [1 2]))", "[2.0 3.0]"),
        ("(.-value (#cpp (t/wrap cpp/int)))", "0"),
        ("(.get (#cpp (t/wrap cpp/float) 2.5))", "2.5"),
        ("(.-b (#cpp (t/duo cpp/int cpp/float) 1 2.5))", "2.5"),
        ("#cpp (:member (t/fixed_array cpp/int 4) size)", "4"),
        ("(cpp/* (cpp/new (cpp/std.vector cpp/int) 1 8))", "[8]"),
        # casts
        ("(cpp/cast cpp/int 3.9)", "3"),
        ("(cpp/cast cpp/float (cpp/int. 3))", "3.0"),
        ("(cpp/cast cpp/int (identity 4))", "4"),
        ("(cpp/cast cpp/double (identity 4))", "4.0"),
        ('(cpp/cast cpp/std.string (str "a" 1))', '"a1"'),
        ("(cpp/cast cpp/bool (identity nil))", "false"),
        ("(cpp/cast cpp/int t/green)", "5"),
        ("(cpp/cast t/color 5)", "5"),
        ("(cpp/cast t/level (identity -3))", "-3"),
        ("(cpp/cast cpp/int t/level.high)", "3"),
        ("(.-d (cpp/cast (:* t/derived) (t/as_base)))", "2"),
        ("(.-b (cpp/cast (:* t/base) (cpp/& t/the_derived)))", "1"),
        ("(.-b (cpp/cast (:& t/base) t/the_derived))", "1"),
        ("(.-d (cpp/cast (:* t/derived) (t/opaque)))", "2"),
        ("(let [x (cpp/int. 5) r (cpp/cast (:& (:const cpp/int)) x)] (cpp/= x 6) r)", "6"),
        ("(.-d (cpp/unsafe-cast (:* t/derived) (t/const_derived)))", "2"),
        ("(.-d (cpp/unsafe-cast t/derived* (t/opaque)))", "2"),
        ("(cpp/unsafe-cast cpp/int 3.9)", "3"),
        ("(cpp/unsafe-cast cpp/char 65)", "\\A"),
        ("(pos? (cpp/unsafe-cast cpp/long (t/as_base)))", "true"),
        ("(let [x (cpp/float. 1.0)] (cpp/* (cpp/unsafe-cast cpp/int* (cpp/& x))))", "1065353216"),
        # member pointers and functions
        ("(t/read t/the_derived (cpp/& t/derived.field))", "5"),
        ("(t/invoke t/the_derived (cpp/& t/derived.get))", "2"),
        ("(let [m (cpp/& t/derived.field)] (t/read t/the_derived m))", "5"),
        ("((t/negate) 4)", "-4"),
        ("(let [f (t/negate)] (f (identity 4)))", "-4"),
        ("(t/call_function (t/negate) 6)", "-6"),
        ("(let [f (#cpp (cpp/std.function (:fn cpp/int [cpp/int])) (t/negate))] (f 3))", "-3"),
        ("(cpp/* (t/const_int))", "9"),
        ("(t/address_of nil)", "0"),
        ("(t/address_of cpp/nullptr)", "0"),
        ("(.value (#cpp (cpp/std.optional cpp/int) 4))", "4"),
        ("(if (#cpp (cpp/std.optional cpp/int)) 1 2)", "2"),
        (
            "(let [t (#cpp (cpp/std.tuple cpp/int cpp/float) 1 2.5)] (#cpp (cpp/std.get 1) t))",
            "2.5",
        ),
        ("(.-first (cpp/std.make_pair 1 2.5))", "1"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ("(cpp/cast «:nope» 1)", AnalysisError, ("not a C++ type",)),
        (
            "(cpp/cast «(:nope cpp/int)» 1)",
            AnalysisError,
            (":nope is not part of the type language",),
        ),
        ("(cpp/cast «(:*)» 1)", AnalysisError, (":* needs a type",)),
        ("(cpp/cast «(:fn cpp/int)» 1)", AnalysisError, ("(:fn result [parameter …])",)),
        ("(cpp/cast «(cpp/type 1)» 1)", AnalysisError, ('(cpp/type "…")',)),
        ("(cpp/cast «[1]» 1)", AnalysisError, ("not a C++ type",)),
        ('(cpp/cast «"int"» 1)', AnalysisError, ("not a C++ type", '(cpp/type "…")')),
        ("«(cpp/cast cpp/int)»", AnalysisError, ("(cpp/cast type value)",)),
        ("«(cpp/cast cpp/int 1 2)»", AnalysisError, ("(cpp/cast type value)",)),
        ("«(cpp/unsafe-cast cpp/int)»", AnalysisError, ("(cpp/unsafe-cast type value)",)),
        (
            "(cpp/unsafe-cast cpp/int «(identity 1)»)",
            AnalysisError,
            ("cpp/unsafe-cast needs a C++ value",),
        ),
        ("«(cpp/cast cpp/nowhere (cpp/int. 1))»", CppError, ("nowhere",)),
        ("«(cpp/cast (:* cpp/int) (cpp/int. 1))»", CppError, ("cannot cast",)),
        (
            "«(cpp/cast (:* cpp/int) (t/as_base))»",
            CppError,
            ("static_cast from 'types::base *' to 'int *'",),
        ),
        ("«(cpp/cast (:* t/derived) (t/const_derived))»", CppError, ("const",)),
        ("«(cpp/cast (:& t/derived) (cpp/int. 1))»", CppError, ("cannot bind",)),
        ("«(cpp/cast t/derived 1)»", CppError, ("no matching conversion",)),
        ('«(cpp/cast cpp/int "text")»', CppError, ("static_cast from 'const char *' to 'int'",)),
        ("«(cpp/int. 1 2)»", AnalysisError, ("int is made of one value",)),
        ('«(cpp/int. "x")»', CppError, ("int",)),
        ("«(cpp/float. (t/as_base))»", CppError, ("is not allowed",)),
        ("«(#cpp (cpp/std.vector cpp/int) 1 2 3 4 5)»", CppError, ("no matching",)),
        (
            "«(#cpp (cpp/std.vector cpp/int cpp/int cpp/int) 1)»",
            CppError,
            ("too many template arguments",),
        ),
        ("«(#cpp (t/wrap))»", CppError, ("template",)),
        ("«(#cpp (t/nowhere cpp/int) 1)»", CppError, ("nowhere",)),
        (
            "«(t/read t/the_derived 1)»",
            CppError,
            ("no matching function", "read(T const& object, M T::*member)"),
        ),
        ("«(cpp/& t/derived.absent)»", CppError, ("absent",)),
        ("«#cpp (t/constant cpp/int)»", CppError, ("constant",)),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)
