"""Objects: construction, members, calls, inheritance, heap and boxes."""

from __future__ import annotations

from runtime.errors import AnalysisError, CppError
from tests.conformance.interop.programs import Bench, Rejected, bench, each, each_rejected

fixture = bench(
    """(ns conformance.objects
         (:require ["objects.hpp" :as o :scope "objects"]
                   ["log.hpp" :as log :scope "tslog"]))
       (defonce point-box (cpp/box (cpp/new o/point 7 8)))
       (defonce float-box (cpp/box (cpp/new cpp/float 1.5)))
       (defonce shape-box (cpp/box (o/new_square)))
       (defn boxed-point [x y] (cpp/box (cpp/new o/point x y)))"""
)


@each(
    [
        # construction
        ("(cpp/.sum (o/point. 1 2))", "3"),
        ("(cpp/.sum (o/point 1 2))", "3"),
        ("(cpp/.sum (o/point. (identity 1) (identity 2)))", "3"),
        ("(cpp/.-y (o/point. 1))", "0"),
        ("(cpp/.-x (o/point.))", "0"),
        ("(.sum (o/point. 1 2))", "3"),
        ("(.-x (o/point. 9 2))", "9"),
        ("(. (o/point. 1 2) sum)", "3"),
        ("(.sum (new o/point 4 5))", "9"),
        ("(cpp/.sum (cpp/objects.point. 1 2))", "3"),
        ("(.-name (o/line.))", '"line"'),
        ("(.-x (.-to (o/line. (o/point. 1 2) (o/point. 3 4))))", "3"),
        ("(.cents (o/account.))", "0"),
        ("(.cents (o/account. 12))", "12"),
        ("(.cents (o/account. (identity 12)))", "12"),
        ('(.text (o/account. "ann" 5))', '"ann:5"'),
        ('(.text (o/account. (str "a" "b") (identity 5)))', '"ab:5"'),
        ("(.v (o/private_ctor.make))", "5"),
        # members
        ("(let [p (o/point. 1 2)] (cpp/= (.-x p) 10) [(.-x p) (.sum p)])", "[10 12]"),
        ("(let [p (o/point. 1 2)] (set! (.-x p) 5) (.sum p))", "7"),
        ("(let [p (o/point. 1 2)] (cpp/+= (.-x p) 10) (cpp/++ (.-y p)) (.sum p))", "14"),
        (
            "(let [l (o/line. (o/point. 1 2) (o/point. 3 4))] (cpp/= (.-y (.-to l)) 50) (.sum (.-to l)))",
            "53",
        ),
        (
            "(let [l (o/line. (o/point. 1 2) (o/point. 3 4)) t (.-to l)] (cpp/= (.-x t) 30) (.-x (.-to l)))",
            "30",
        ),
        ('(let [a (o/account.)] (cpp/= (.-owner a) (cpp/std.string. "z")) (.-owner a))', '"z"'),
        ("(.-x (o/the_origin))", "0"),
        ("(.sum (o/const_origin))", "0"),
        ("(.sum o/fixed)", "7"),
        ("(let [p o/fixed] (.-y p))", "4"),
        ("(let [b (o/bits. 5 17)] (+ (.-low b) (.-high b)))", "22"),
        ("(let [n (o/number.)] (cpp/= (.-i n) 77) (.-i n))", "77"),
        # members through pointers
        ("(.-x (o/point_ptr))", "0"),
        ("(.sum (o/point_ptr))", "0"),
        (
            "(do (cpp/= (.-x (o/point_ptr)) 6) (let [x (+ (.-x o/origin))] (o/reset o/origin) x))",
            "6",
        ),
        ("(let [n (o/node. 1 cpp/nullptr) m (o/node. 2 (cpp/& n))] (.-value (.-next m)))", "1"),
        ("(let [n (o/node. 1 nil)] (if (.-next n) :more :end))", ":end"),
        ("(let [p (o/point. 1 2) q (cpp/& p)] (cpp/= (.-x q) 40) (.sum p))", "42"),
        ("(let [p (o/point. 1 2)] (.-x (cpp/* (cpp/& p))))", "1"),
        # member calls
        ("(let [p (o/point. 1 2)] (.move p 10 20) (.sum p))", "33"),
        ("(let [p (o/point. 1 2)] (.sum (.move (.move p 1 1) 1 1)))", "7"),
        ("(let [p (o/point. 1 2)] [(.sum (.moved p 5)) (.sum p)])", "[8 3]"),
        ("(let [a (o/account. 1)] (.add a 2) (.add a 3 4) (.cents a))", "15"),
        ("(let [a (o/account. 1)] (cpp/= (.raw a) 9) (.cents a))", "9"),
        ("(.label (o/account.) 1)", '"int"'),
        ("(.label (o/account.) 1.0)", '"double"'),
        ("(let [a (o/account.)] (.which a))", '"mutable"'),
        ("(.which o/frozen)", '"const"'),
        ("(o/account.twice 4)", "8"),
        ("(let [a (o/account. 5)] (.twice a 4))", "8"),
        ("(let [a (o/account. 5)] ((fn [x] x) (.cents a)))", "5"),
        # arguments by value, reference and pointer
        ("(o/manhattan (o/point. -3 4))", "7"),
        ("(let [p (o/point. 1 2)] [(o/by_value p) (.-x p)])", "[1002 1]"),
        ("(let [p (o/point. 1 2)] (o/reset p) (.sum p))", "0"),
        ("(let [p (o/point. 1 2)] (o/reset_ptr (cpp/& p)) (.sum p))", "-2"),
        ("(.sum (o/make_point 3 4))", "7"),
        # inheritance and virtual calls
        ("(o/describe (o/square.))", '"square/4"'),
        ("(o/describe (o/disc.))", '"shape/0"'),
        ("(let [s (o/square.)] (o/describe s))", '"square/4"'),
        ("(.name (cpp/unbox shape-box))", '"square"'),
        ("(.plain (cpp/unbox shape-box))", '"plain shape"'),
        ("(.plain (o/square.))", '"plain square"'),
        ("(.-id (o/square.))", "1"),
        ("(let [s (o/square.)] (cpp/= (.-id s) 8) (.-id s))", "8"),
        ("(.-side (cpp/cast (:* o/square) (cpp/unbox shape-box)))", "2"),
        ("(let [d (o/new_disc) n (.sides d)] (cpp/delete d) n)", "0"),
        ("(do (log/take) (cpp/delete (o/new_square)) (log/take))", '"~shape"'),
        ("(let [s (o/square.) r (cpp/cast (:& o/shape) s)] (.plain r))", '"plain shape"'),
        # new, delete, box, unbox
        ("(let [p (cpp/new o/point 1 2) s (.sum p)] (cpp/delete p) s)", "3"),
        ("(let [p (cpp/new cpp/int 5) v (identity (cpp/* p))] (cpp/delete p) v)", "5"),
        ("(let [p (cpp/new cpp/int) v (identity (cpp/* p))] (cpp/delete p) v)", "0"),
        (
            "(let [p (cpp/new cpp/float (identity 2)) v (identity (cpp/* p))] (cpp/delete p) v)",
            "2.0",
        ),
        (
            '(let [p (cpp/new cpp/std.string "heap") v (identity (cpp/* p))] (cpp/delete p) v)',
            '"heap"',
        ),
        (
            '(let [p (cpp/new cpp/std.string (str "he" "ap")) v (identity (.size p))] (cpp/delete p) v)',
            "4",
        ),
        ("(.sum (cpp/unbox point-box))", "15"),
        ("(.sum (cpp/unbox (:* o/point) point-box))", "15"),
        ("(.-x (cpp/unbox o/point* point-box))", "7"),
        ("(cpp/* (cpp/unbox float-box))", "1.5"),
        ("(cpp/* (cpp/unbox cpp/float* float-box))", "1.5"),
        (
            "(let [f (cpp/unbox float-box)] (cpp/= (cpp/* f) 2.5) (let [v (identity (cpp/* "
            "f))] (cpp/= (cpp/* f) 1.5) v))",
            "2.5",
        ),
        ("(let [b (boxed-point 1 2)] (.sum (cpp/unbox o/point* b)))", "3"),
        ("(let [b (cpp/box (cpp/new o/point 1 2))] (.sum (cpp/unbox b)))", "3"),
        ("(let [a (atom (boxed-point 3 4))] (.sum (cpp/unbox o/point* @a)))", "7"),
        ("(.sum (cpp/unbox o/point* (first [(boxed-point 5 4)])))", "9"),
        ("(.sum (cpp/unbox o/point* (:p {:p (boxed-point 5 5)})))", "10"),
        ("(o/reset_ptr point-box)", "nil"),
        (
            "(do (cpp/= (cpp/* (cpp/unbox point-box)) (o/point. 7 8)) (.sum (cpp/unbox point-box)))",
            "15",
        ),
        ("(let [b point-box] (identical? b point-box))", "true"),
        ("(cpp/delete (o/null_point))", "nil"),
        ("(nil? (o/null_point))", "true"),
        ("(some? (o/point_ptr))", "true"),
        ("(if (o/null_point) 1 2)", "2"),
    ]
)
def test_value(bench: Bench, source: str, expected: str) -> None:
    assert bench.value(source) == expected


@each_rejected(
    [
        ("«(o/point. 1 2 3)»", CppError, ("point",)),
        ('«(o/point. "x" 2)»', CppError, ("cannot initialize", "int")),
        (
            "«(o/account. 1 2 3)»",
            CppError,
            ("no matching constructor", "account(std::string name, int cents)"),
        ),
        ("«(o/no_default.)»", CppError, ("no matching constructor", "no_default(int)")),
        ("«(o/abstract.)»", CppError, ("abstract",)),
        ("«(o/private_ctor.)»", CppError, ("private",)),
        ("«(cpp/new o/abstract)»", CppError, ("abstract",)),
        ("«(cpp/new o/nowhere 1)»", CppError, ("nowhere",)),
        ("«(o/nowhere. 1)»", CppError, ("nowhere",)),
        ("«(.-z (o/point. 1 2))»", CppError, ("no member named 'z' in 'objects::point'",)),
        ("(let [p (o/point. 1 2)] «(.-z p)»)", CppError, ("no member named 'z'",)),
        ("(let [p (o/point. 1 2)] «(.jump p)»)", CppError, ("no member named 'jump'",)),
        (
            "(let [p (o/point. 1 2)] «(.move p 1)»)",
            CppError,
            ("too few arguments", "move(int dx, int dy)"),
        ),
        ("(let [p (o/point. 1 2)] «(.sum p 1)»)", CppError, ("too many arguments", "sum()")),
        ("(let [p (o/point. 1 2)] (.move p 1 «(.-q p)»))", CppError, ("no member named 'q'",)),
        (
            '(let [a (o/account. 1)] «(.label a "x")»)',
            CppError,
            ("no matching member function", "label(int) const", "label(double) const"),
        ),
        ("(let [a (o/account. 1)] «(.secret a)»)", CppError, ("private",)),
        ("«(.-cents_ (o/account. 1))»", CppError, ("private",)),
        ("«(.add o/frozen 1)»", CppError, ("const",)),
        ("«(cpp/= (.-x o/fixed) 1)»", CppError, ("const",)),
        ("«(cpp/= (.-x (o/const_origin)) 1)»", CppError, ("const",)),
        ("«(o/reset o/fixed)»", CppError, ("const",)),
        ("«(o/reset (o/point. 1 2))»", CppError, ("cannot bind to a temporary",)),
        (
            "«(o/reset_ptr (o/point. 1 2))»",
            CppError,
            ("no viable conversion", "reset_ptr(point* p)"),
        ),
        (
            "(let [p (o/point. 1 2)] «(o/reset_ptr p)»)",
            CppError,
            ("objects::reset_ptr with (objects::point &)",),
        ),
        ("«(o/describe (o/point. 1 2))»", CppError, ("describe",)),
        ("«(cpp/cast (:* o/point) (o/new_square))»", CppError, ("static_cast",)),
        (
            "(let [x 1] (.-x «x»))",
            AnalysisError,
            (".x needs a C++ object or pointer", "a Lisp value", "cpp/unbox"),
        ),
        ("(.sum «point-box»)", AnalysisError, ("(cpp/unbox cpp/objects.point* …)",)),
        ("(cpp/.sum «(identity 1)»)", AnalysisError, ("a C++ object or pointer", "cpp/unbox")),
        ("(cpp/* «float-box»)", AnalysisError, ("(cpp/unbox cpp/float* …)",)),
        ("(cpp/delete «point-box»)", AnalysisError, ("(cpp/unbox cpp/objects.point* …)",)),
        ("«(cpp/delete (o/point. 1 2))»", CppError, ("cannot delete", "objects::point")),
        ("«(cpp/delete cpp/nullptr)»", CppError, ("cannot delete",)),
        ("(cpp/delete «(identity 3)»)", AnalysisError, ("cpp/delete needs a pointer",)),
        (
            "«(cpp/box (o/point. 1 2))»",
            AnalysisError,
            ("cpp/box takes a pointer", "objects::point"),
        ),
        ("(cpp/box «1»)", AnalysisError, ("cpp/box needs a pointer",)),
        ("(fn [x] (cpp/box «x»))", AnalysisError, ("cpp/box needs a pointer",)),
        (
            "(fn [x] «(cpp/unbox x)»)",
            AnalysisError,
            ("what this box holds is not known here", "(cpp/unbox type box)"),
        ),
        (
            "«(cpp/unbox (o/point_ptr))»",
            AnalysisError,
            ("cpp/unbox takes a box", "objects::point *"),
        ),
        ("«(cpp/unbox cpp/nowhere* point-box)»", CppError, ("nowhere",)),
        ("«(cpp/box)»", AnalysisError, ("(cpp/box pointer)",)),
        ("«(cpp/new)»", AnalysisError, ("(cpp/new type argument …)",)),
        ("«(cpp/delete)»", AnalysisError, ("(cpp/delete pointer)",)),
        ("«(cpp/unbox 1 2 3)»", AnalysisError, ("(cpp/unbox type? box)",)),
        ("«(cpp/.-x)»", AnalysisError, (".x needs an object",)),
        ("«(cpp/.-x (o/point_ptr) 1)»", AnalysisError, (".-x takes one object",)),
        ("«(cpp/.sum)»", AnalysisError, (".sum needs an object",)),
        (
            "[«(o/make_point 1 2)»]",
            AnalysisError,
            ("this C++ value has no Lisp value", "objects::point", "cpp/box"),
        ),
        ("(str «(o/make_point 1 2)»)", AnalysisError, ("this C++ value has no Lisp value",)),
        (
            "(let [p (o/point. 1 2)] (identity «p»))",
            AnalysisError,
            ("this C++ value has no Lisp value",),
        ),
        (
            "(let [p (o/point. 1 2)] «(fn [] (.sum p))»)",
            AnalysisError,
            ("cannot capture the C++ object p",),
        ),
        (
            "«(o/point_ptr)»",
            AnalysisError,
            ("this C++ value has no Lisp value", "objects::point *"),
        ),
        (
            "(if «(o/untruthy. 1)» 1 2)",
            AnalysisError,
            ("cannot be a condition", "objects::untruthy"),
        ),
    ]
)
def test_rejected(bench: Bench, program: Rejected) -> None:
    bench.rejection(program)


def test_a_box_of_another_type_names_both_types_and_both_places(bench: Bench) -> None:
    shown = bench.fault("(let [b (identity point-box)] (cpp/* (cpp/unbox cpp/float* b)))")
    assert "float *" in shown
    assert "objects::point *" in shown
    assert "prelude.jank:4" in shown
    assert "<eval>:1" in shown


def test_what_is_no_box_is_named(bench: Bench) -> None:
    assert "a box of int *, found" in bench.fault(
        "(let [b (identity :k)] (cpp/* (cpp/unbox cpp/int* b)))"
    )
    assert "nil" in bench.fault("(let [b (identity nil)] (cpp/* (cpp/unbox cpp/int* b)))")


def test_a_pointer_parameter_takes_only_a_box_of_its_type(bench: Bench) -> None:
    shown = bench.fault("(let [b (identity float-box)] (o/reset_ptr b))")
    assert "argument 1 of objects::reset_ptr" in shown
    assert "a box of objects::point *" in shown


def test_a_boxs_print_names_its_type(bench: Bench) -> None:
    assert "float" in bench.value("(str float-box)")
