"""C variadics: literal formats convert their arguments, computed strings are printed as they are."""

from __future__ import annotations

from runtime.errors import AnalysisError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench('(ns conformance.printf (:require ["conversions.hpp" :as v :scope "conversions"]))')


@each(
    [
        ('(v/format "plain")', '"plain"'),
        ('(v/format #cpp "plain")', '"plain"'),
        ('(v/format "100%%")', '"100%"'),
        ('(v/format "%d" 5)', '"5"'),
        ('(v/format "%d" (identity 5))', '"5"'),
        ('(v/format "%i" (cpp/int. 5))', '"5"'),
        ('(v/format "%5d|%-5d|" 1 2)', '"    1|2    |"'),
        ('(v/format "%05d" 42)', '"00042"'),
        ('(v/format "%+d" 3)', '"+3"'),
        ('(v/format "%u" (identity 7))', '"7"'),
        ('(v/format "%x %X %o" 255 255 8)', '"ff FF 10"'),
        ('(v/format "%ld" (identity 5000000000))', '"5000000000"'),
        ('(v/format "%ld" 5)', '"5"'),
        ('(v/format "%lld" (identity -1))', '"-1"'),
        ('(v/format "%zu" (identity 3))', '"3"'),
        ('(v/format "%hd" (identity 3))', '"3"'),
        ('(v/format "%c" 65)', '"A"'),
        ('(v/format "%c" \\a)', '"a"'),
        ('(v/format "%c" (identity \\a))', '"a"'),
        ('(v/format "%s" "text")', '"text"'),
        ('(v/format "%s" (str "a" 1))', '"a1"'),
        ('(v/format #cpp "%s" #cpp "native")', '"native"'),
        ('(v/format "%10s|%-4s|%.2s" "a" "b" "cdef")', '"         a|b   |cd"'),
        ('(v/format "%f" 1.5)', '"1.500000"'),
        ('(v/format "%.1f" (identity 2))', '"2.0"'),
        ('(v/format "%.2f" (identity 1/4))', '"0.25"'),
        ('(v/format "%.1f" 3)', '"3.0"'),
        ('(v/format "%g %e" 0.5 1.0)', '"0.5 1.000000e+00"'),
        ('(v/format "%.1f" (cpp/float. 2.5))', '"2.5"'),
        ('(v/format "%d" (cpp/short. 3))', '"3"'),
        ('(v/format "%d" (cpp/bool. true))', '"1"'),
        ('(v/format "%d" v/green)', '"5"'),
        ('(v/format "%*d" 4 7)', '"   7"'),
        ('(v/format "%.*f" 1 (identity 2.25))', '"2.2"'),
        ('(v/format "%d %s %.1f" (identity 1) (identity "b") (identity 2.5))', '"1 b 2.5"'),
        ('(let [x (cpp/int. 4)] (v/format "%d" x))', '"4"'),
        ('(let [x 4.5] (v/format "%.1f" x))', '"4.5"'),
        ('(let [s (cpp/std.string. "own")] (v/format "%s" (.c_str s)))', '"own"'),
        ('(= "(nil)" (v/format "%p" (cpp/cast cpp/void* cpp/nullptr)))', "true"),
        # a computed string is text
        ('(v/format (str "50" "%"))', '"50%"'),
        ('(v/format (identity "%s %d %n"))', '"%s %d %n"'),
        ('(let [s "100%"] (v/format s))', '"100%"'),
        ('(v/format (if (identity true) "a%" "b"))', '"a%"'),
        # the format need not come first, nor the callee be free
        ('(v/tagged 1 "%d" 5)', '"1:5"'),
        ('(v/tagged (identity 1) "%s" (identity "x"))', '"1:x"'),
        ('(v/tagged 1 (str "%" "d"))', '"1:%d"'),
        (
            '(let [s (v/sink.)] (.print s "%d-" (identity 1)) (.print s "%s" "b") (.-got s))',
            '"1-b"',
        ),
        ('(let [s (v/sink.)] (.print s (str "5" "%")) (.-got s))', '"5%"'),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ('(v/format "%d" «"text"»)', AnalysisError, ("%d cannot print", "a int for %d")),
        ('(v/format "%d" «1.5»)', AnalysisError, ("%d cannot print a double",)),
        ('(v/format "%s" «1»)', AnalysisError, ("%s cannot print a int", "char const *")),
        ('(v/format "%s" «(cpp/int. 1)»)', AnalysisError, ("%s cannot print a int",)),
        ('(v/format "%f" «(cpp/int. 1)»)', AnalysisError, ("%f cannot print a int", "double")),
        ('(v/format "%d" «(cpp/double. 1)»)', AnalysisError, ("%d cannot print a double",)),
        ('(v/format "%d" «(cpp/long. 1)»)', AnalysisError, ("%d cannot print a long",)),
        ('(v/format "%ld" «(cpp/int. 1)»)', AnalysisError, ("%ld cannot print a int",)),
        (
            '(let [x (cpp/float. 1)] (v/format "%d" «x»))',
            AnalysisError,
            ("%d cannot print a float",),
        ),
        ('(v/format "%s" «(v/a_string "x")»)', AnalysisError, ("%s cannot print", "char const *")),
        ('(v/format "%p" «(cpp/int. 1)»)', AnalysisError, ("%p cannot print a int",)),
        ('«(v/format "%d")»', AnalysisError, ("the format takes 1 argument", "0")),
        ('«(v/format "%d" 1 2)»', AnalysisError, ("the format takes 1 argument", "2")),
        ('«(v/format "none" 1)»', AnalysisError, ("the format takes 0 arguments",)),
        ('«(v/format "%*d" 1)»', AnalysisError, ("the format takes 2 arguments",)),
        ('(v/format «"%q"» 1)', AnalysisError, ("bad format", "%q is not a directive")),
        ('(v/format «"50%"»)', AnalysisError, ("bad format", "ends in the middle of a directive")),
        (
            '«(v/format (str "%" "d") (identity 1))»',
            AnalysisError,
            ("only after a literal format",),
        ),
        ('(let [s (v/sink.)] (.print s "%d" «"x"»))', AnalysisError, ("%d cannot print",)),
        ('«(v/tagged 1 "%d")»', AnalysisError, ("the format takes 1 argument",)),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)


def test_a_lisp_value_of_the_wrong_kind_is_named(bench: Bench) -> None:
    assert "argument 2 of conversions::format must be" in bench.fault(
        '(v/format "%d" (identity :k))'
    )
    assert "argument 2 of conversions::format must be a string" in bench.fault(
        '(v/format "%s" (identity 1))'
    )
    assert "argument 3 of conversions::tagged" in bench.fault('(v/tagged 1 "%f" (identity "x"))')
