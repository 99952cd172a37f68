"""Calls of C++ functions, and names of variables, constants and macros."""

from __future__ import annotations

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench(
    """(ns conformance.calls
         (:require ["calls.hpp" :as c :scope "calls"]
                   ["calls.hpp" :as g :scope ""]
                   ["calls.hpp" :as inner :scope "calls::inner"]
                   ["log.hpp" :as log :scope "tslog"]))"""
)


@each(
    [
        # overloads
        ("(c/kind 1)", '"int"'),
        ("(c/kind 1.5)", '"double"'),
        ('(c/kind "x")', '"text"'),
        ('(c/kind #cpp "x")', '"text"'),
        ("(c/kind true)", '"bool"'),
        ("(c/kind false)", '"bool"'),
        ("(c/kind cpp/true)", '"bool"'),
        ("(c/kind (cpp/short. 1))", '"int"'),
        ("(c/kind (cpp/float. 1.0))", '"double"'),
        ("(let [x (cpp/int. 1)] (c/kind x))", '"int"'),
        ("(c/one 1)", '"one"'),
        ("(c/one 1 2)", '"two"'),
        ("(c/one 1 2 3)", '"three"'),
        ("(c/one (identity 1) (identity 2))", '"two"'),
        ("(c/sign (cpp/uint. 1))", '"unsigned"'),
        ("(c/sign (cpp/long. 1))", '"long"'),
        ("(let [x (cpp/int. 1)] (c/ref_kind x))", '"lvalue"'),
        ("(c/ref_kind (cpp/int. 1))", '"rvalue"'),
        ("(c/const_kind c/counter)", '"mutable"'),
        ("(c/const_kind (c/fixed_ref))", '"const"'),
        # arguments
        ("(c/defaults 1)", "111"),
        ("(c/defaults 1 2)", "103"),
        ("(c/defaults 1 2 3)", "6"),
        ("(c/greeting)", '"hello world"'),
        ('(c/greeting "you")', '"hello you"'),
        ("(c/greeting (str 1 2))", '"hello 12"'),
        ("(c/many 1 2 3 4 5 6 7 8)", "36"),
        ("(apply + (map (fn [x] (c/defaults x)) [1 2 3]))", "336"),
        ("(let [f (fn [a b] (c/order a b))] (f 1 2))", '"1,2"'),
        # templates
        ("(c/twice 21)", "42"),
        ("(c/twice 1.25)", "2.5"),
        ("(c/twice (cpp/float. 1.5))", "3.0"),
        ('(c/twice (cpp/std.string. "ab"))', '"abab"'),
        ("(#cpp (c/times cpp/int 3) 5)", "15"),
        ("(#cpp (c/size_of_type cpp/double))", "8"),
        ("(#cpp (c/twice cpp/long) 4)", "8"),
        ("(c/pair_text 1 (cpp/long. 2))", '"1/2"'),
        ('(c/count_args 1 2.0 "x")', "3"),
        ("(c/count_args)", "0"),
        ("#cpp (c/constant cpp/int)", "3"),
        # namespaces and argument-dependent look-up
        ("(c/visible 4)", "4"),
        ("(let [t (c/inner.make 5)] (cpp/visible t))", "15"),
        ("(let [t (c/inner.make 5)] (cpp/hidden t))", "10"),
        ("(let [t (inner/token. 6)] (cpp/hidden t))", "12"),
        ("(c/inner.deep.depth)", "3"),
        ("(cpp/calls.inner.deep.depth)", "3"),
        ("c/inner.deep.level", "3"),
        ("(inner/deep.depth)", "3"),
        ("(c/renamed.value)", "8"),
        ("(c/versioned)", "1"),
        ("(cpp/calls_global_fn 1)", "1001"),
        ("(g/calls_global_fn 2)", "1002"),
        ("g/calls_global_var", "7"),
        ("cpp/calls_global_var", "7"),
        # variables
        ("c/fixed", "5"),
        ("c/pi", "3.25"),
        ("c/title", '"calls"'),
        ("c/name", '"global"'),
        ("(do (c/reset) (c/next) (c/next) c/counter)", "2"),
        ("(do (cpp/= c/counter 41) (c/bump c/counter) c/counter)", "42"),
        ("(do (cpp/= (c/counter_ref) 5) c/counter)", "5"),
        ("(do (cpp/= c/counter 5) (c/bump_ptr (cpp/& c/counter)) c/counter)", "15"),
        ("(do (cpp/= (cpp/* (c/counter_ptr)) 8) c/counter)", "8"),
        ("(c/read_const 9)", "9"),
        ("(let [x (cpp/int. 9)] (c/bump x) (c/bump x) x)", "11"),
        ("(c/bump_ptr nil)", "nil"),
        ("(c/bump_ptr cpp/nullptr)", "nil"),
        ('(c/consume (cpp/std.string. "four"))', "4"),
        ("(let [s c/name] (cpp/.size s))", "6"),
        # enums
        ("c/red", "0"),
        ("c/blue", "6"),
        ("(c/color_name c/green)", '"green"'),
        ("(c/color_name (cpp/cast c/color 6))", '"blue"'),
        ("(c/color_name (identity 5))", '"green"'),
        ("(c/shape_name c/shape.square)", '"square"'),
        ("c/shape.square", "2"),
        ("(c/other c/shape.circle)", "2"),
        ("(c/shape_name (c/other c/shape.circle))", '"square"'),
        ("(c/flags (cpp/| c/flags_a c/flags_b))", "3"),
        ("(c/flags c/flags_big)", "1073741824"),
        ("c/wide_high", "1099511627776"),
        ("c/wide_low", "-5"),
        ("(= c/blue 6)", "true"),
        ("(let [c c/green] (c/color_name c))", '"green"'),
        ("(+ c/green 1)", "6"),
        # static members and nested types
        ("c/holder.shared", "11"),
        ("c/holder.limit", "99"),
        ("(c/holder.add 1 2)", "3"),
        ("(c/holder.add 1)", "12"),
        ("c/holder.fast", "2"),
        ("c/holder.level.low", "7"),
        ("(c/holder.nested.made)", "44"),
        ("(cpp/.-value (c/holder.nested.))", "4"),
        ("(c/holder.same 6)", "6"),
        ("(c/namespace_alias_type.add 2 2)", "4"),
        # functions as values
        ("((c/pick true) 5 3)", "8"),
        ("((c/pick false) 5 3)", "2"),
        ("(let [f (c/pick false)] (f 9 4))", "5"),
        ("(let [f c/add] (f 9 4))", "13"),
        ("(c/chosen 1 2)", "3"),
        ("(c/apply c/sub 7 2)", "5"),
        ("(c/apply (cpp/& c/add) 7 2)", "9"),
        ("(c/apply (c/pick true) 7 2)", "9"),
        ("(let [f (cpp/& c/add)] (c/apply f 1 1))", "2"),
        ("((c/make_adder 10) 5)", "15"),
        ("((c/adder. 1) 2 3)", "6"),
        ("(let [a (c/make_adder 3)] [(a 1) (a 1 1)])", "[4 5]"),
        ("(c/five 1)", "6"),
        ("(c/lambda 7)", "49"),
        ("(let [n (c/counting.)] (n) (n) [(n) (cpp/.-calls n)])", "[3 3]"),
        ("(let [a (c/make_adder 3)] (a (identity 4)))", "7"),
        # void, order
        ("(c/nothing)", "nil"),
        ("(do (log/take) (c/nothing) (log/take))", '"nothing"'),
        ("[(c/nothing)]", "[nil]"),
        ("(let [x (c/nothing)] x)", "nil"),
        ("(if (c/nothing) 1 2)", "2"),
        ("(do (log/take) (c/order (c/log_int 1) (do (c/log_int 2) 5)) (log/take))", '"1 2"'),
        ("(nil? (c/no_ptr))", "true"),
        # macros as values
        ("g/CALLS_LIMIT", "42"),
        ("cpp/CALLS_LIMIT", "42"),
        ("g/CALLS_NAME", '"limit"'),
        ("g/CALLS_RATIO", "2.5"),
        ("g/CALLS_SUM", "43"),
        ("(c/defaults g/CALLS_LIMIT)", "152"),
        # special names
        ("cpp/true", "true"),
        ("cpp/false", "false"),
        ("cpp/nullptr", "nil"),
        ('(cpp/value "1 + 2")', "3"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ("«(c/nope 1)»", CppError, ("nope",)),
        ("«(cpp/calls.nope)»", CppError, ("nope",)),
        ("«c/nope»", CppError, ("nope",)),
        ("«(cpp/undeclared_everywhere 1)»", CppError, ("undeclared_everywhere",)),
        ("«cpp/nowhere.name»", CppError, ("nowhere",)),
        ("«(c/nowhere.f 1)»", CppError, ("nowhere",)),
        (
            '«(c/one "x")»',
            CppError,
            ("no matching function", "calls::one with (char const *)", "one(int, int)"),
        ),
        (
            "«(c/one 1 2 3 4)»",
            CppError,
            ("no matching function", "candidate", "one(int, int, int)"),
        ),
        ("«(c/one)»", CppError, ("no matching function", "requires 1 argument")),
        (
            "«(c/kind cpp/nullptr cpp/nullptr)»",
            CppError,
            ("no matching function", "kind(char const*)"),
        ),
        (
            "«(c/kind (identity 1))»",
            CppError,
            ("ambiguous", "Lisp value", "(cpp/int x)", "kind(double)"),
        ),
        ("«(c/sign 1)»", CppError, ("ambiguous", "sign(unsigned)", "sign(long)")),
        (
            "«(c/bump 1)»",
            CppError,
            ("cannot bind to a temporary", "calls::bump with (int)", "bump(int& x)"),
        ),
        ("(let [x 1] «(c/bump x)»)", CppError, ("bump(int& x)",)),
        ("«(c/defaults)»", CppError, ("defaults(int a, int b = 10, int c = 100)",)),
        ("«(c/twice)»", CppError, ("no matching function", "twice(T x)")),
        (
            "«(c/shape_name 1)»",
            CppError,
            ("cannot initialize a parameter of type 'shape'", "shape_name(shape s)"),
        ),
        (
            "«(c/shape_name c/red)»",
            CppError,
            ("cannot initialize a parameter of type 'shape'", "(calls::color)"),
        ),
        (
            "«(c/color_name c/shape.circle)»",
            CppError,
            ("cannot initialize a parameter of type 'color'",),
        ),
        ("«c/shape.triangle»", CppError, ("triangle",)),
        ("«c/holder.absent»", CppError, ("absent",)),
        ("«(c/holder.absent 1)»", CppError, ("absent",)),
        ("«(c/fixed 1)»", CppError, ("not a function",)),
        ("(let [x (cpp/int. 1)] «(x 2)»)", CppError, ("not a function",)),
        ("«((c/pick true) 1)»", CppError, ("too few arguments",)),
        ("«((c/make_adder 1) 1 2 3)»", CppError, ("no matching function", "operator()")),
        ("(c/greeting «(c/nope)»)", CppError, ("nope",)),
        ("«(c/consume c/name)»", CppError, ("cannot bind to lvalue", "consume(std::string&& s)")),
        ("«(c/never_defined 1)»", CppError, ("no loaded library defines it", "--lib")),
        ("«cpp/int»", AnalysisError, ("int is a type, not a value", "(cpp/int. …)")),
        ("«c/holder»", AnalysisError, ("is a type", "(cpp/calls.holder. …)")),
        ("«(c/inner 1)»", CppError, ("inner",)),
        ("«missing/f»", AnalysisError, ("there is no namespace or alias missing",)),
        ("(do\n  «(c/nope 1)»)", CppError, ("nope",)),
        ('(let [a 1]\n    (str\n   «(c/one "x")»))', CppError, ("no matching function",)),
        ("«cpp/raw»", AnalysisError, ("only meaningful at the head of a list",)),
        ("«cpp/+»", AnalysisError, ("only meaningful at the head of a list",)),
        ("«cpp/.size»", AnalysisError, ("only meaningful at the head of a list",)),
        ('«(cpp/type "int")»', AnalysisError, ("cpp/type",)),
        ("«(cpp/nullptr 1)»", AnalysisError, ("cannot be called",)),
        ("«(cpp/value 1)»", AnalysisError, ("literal string",)),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)


def test_the_candidates_are_shown_with_their_signatures_and_places(bench: Bench) -> None:
    bench.rejection(
        Rejected(
            "«(c/one 1 2 3 4)»", CppError, ("calls.hpp:", "one(int, int)", "one(int, int, int)")
        )
    )
