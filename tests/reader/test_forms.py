"""What each piece of syntax reads as."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import inf, isnan
from typing import Any

import pytest

from runtime.core.collections import Set
from runtime.core.kinds import Map, vector
from runtime.core.meta import meta
from runtime.core.printing import pr_str
from runtime.core.values import BigInt, Char, Keyword, List, Symbol
from runtime.reader import CppLiteral, read_all, read_one


def read(text: str) -> Any:
    return read_one(text).form


def written(text: str) -> str:
    """The form of `text` written again."""
    return pr_str(read(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0x1F", 31),
        ("-0X10", -16),
        ("017", 15),
        ("2r1010", 10),
        ("36rZz", 1295),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-2.5E-3", -0.0025),
        ("1/2", Fraction(1, 2)),
        ("-3/6", Fraction(-1, 2)),
        ("1M", Decimal(1)),
        ("1.50M", Decimal("1.50")),
        ("1N", BigInt(1)),
        ("0x1FN", BigInt(31)),
        ("##Inf", inf),
        ("##-Inf", -inf),
        ("nil", None),
        ("true", True),
        ("false", False),
        ('"a\\tb\\n\\"\\\\\\u00e9\\101\\0"', 'a\tb\n"\\éA\0'),
        ('"\\ud83d\\ude00"', "😀"),
        ('"two\nlines"', "two\nlines"),
        ("\\a", Char("a")),
        ("\\newline", Char("\n")),
        ("\\u00e9", Char("é")),
        ("\\o101", Char("A")),
        ("\\(", Char("(")),
        ("\\\\", Char("\\")),
        ("\\ ", Char(" ")),
        ("\\u", Char("u")),
        (":a", Keyword("a")),
        (":n/a", Keyword("a", "n")),
        ("::a", Keyword("a", "user")),
        (":a.b:c", Keyword("a.b:c")),
        ("x", Symbol("x")),
        ("n/x", Symbol("x", "n")),
        ("/", Symbol("/")),
        ("clojure.core//", Symbol("/", "clojure.core")),
        ("cpp//=", Symbol("/=", "cpp")),
        ("cpp/^", Symbol("^", "cpp")),
        ("cpp/~", Symbol("~", "cpp")),
        ("cpp/||", Symbol("||", "cpp")),
        ("cpp/.-x", Symbol(".-x", "cpp")),
        ("x'", Symbol("x'")),
        ("-", Symbol("-")),
        ("-a", Symbol("-a")),
        ("%", Symbol("%")),
        ("[1 [2]]", vector([1, vector([2])])),
        ("{:a 1, :b 2}", Map({Keyword("a"): 1, Keyword("b"): 2})),
        ("#{1 2}", Set.make([1, 2])),
        ("#:n{:a 1 :_/b 2 :m/c 3 4 5}", read("{:n/a 1 :b 2 :m/c 3 4 5}")),
        ("#::{:a 1}", read("{:user/a 1}")),
        ('#inst "2024-02-29"', datetime(2024, 2, 29, tzinfo=UTC)),
        ('#inst "2024-02-29T12:30:01.5+01:30"', datetime(2024, 2, 29, 11, 0, 1, 500_000, UTC)),
        ('#uuid "550e8400-e29b-41d4-a716-446655440000"', uuid.UUID(int=0x550E8400E29B41D4A716446655440000)),
        ("#_ignored 1", 1),
        ("#_#_ a b 1", 1),
        ("; nothing\n#! nothing\n,1", 1),
        ("#?(:jank 1 :default 2)", 1),
        ("#?(:default 2 :jank 1)", 2),
        ("#?(:clj #unknown x :jank 1)", 1),
        ("#?(:clj 0) 1", 1),
        ("[#?@(:jank [1 2]) #?@(:clj [0]) #?@(:jank (3))]", vector([1, 2, 3])),
        ("[#?(:clj ::no/alias :default #?(:jank 5))]", vector([5])),
    ],
)  # fmt: skip
def test_a_literal_reads_as_its_value(text: str, value: Any) -> None:
    found = read(text)
    assert found == value
    assert type(found) is type(value)


def test_an_integer_beyond_64_bits_becomes_a_big_one() -> None:
    assert type(read("9223372036854775808")) is BigInt
    assert type(read("9223372036854775808/2")) is int
    assert read("1" * 6000) == BigInt((10**6000 - 1) // 9)


def test_nan_reads_as_nan() -> None:
    assert isnan(read("##NaN"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'x", "(quote x)"),
        ("@x", "(clojure.core/deref x)"),
        ("#'n/x", "(var n/x)"),
        ("~x", "(clojure.core/unquote x)"),
        ("~@x", "(clojure.core/unquote-splicing x)"),
        ("''x", "(quote (quote x))"),
        ('(a(b)"c"\'d)', '(a (b) "c" (quote d))'),
        ("()", "()"),
        ("(cpp/~ x)", "(cpp/~ x)"),
        ('#cpp "a"', '#cpp "a"'),
        ("#cpp (:* int)", "#cpp (:* int)"),
    ],
)
def test_a_prefix_reads_as_a_list(text: str, expected: str) -> None:
    assert written(text) == expected


def test_an_anonymous_function_names_its_parameters_up_to_the_highest() -> None:
    names = re.sub(r"__\d+#", "", written("#(+ % %3 %&)"))
    assert names == "(fn* [p1 p2 p3 & rest] (+ p1 p3 rest))"
    assert written("#(a)") == "(fn* [] (a))"


def test_each_occurrence_of_a_symbol_is_an_object_of_its_own() -> None:
    form = read("(x x)")
    assert form[0] == form[1]
    assert form[0] is not form[1]


def test_metadata_is_merged_and_the_outer_one_wins() -> None:
    sym = read("^:a ^{:a 1 :b 2} ^Tag x")
    assert pr_str(sym.meta[Keyword("a")]) == "true"
    assert sym.meta[Keyword("b")] == 2
    assert sym.meta[Keyword("tag")] == Symbol("Tag")
    for text in ("^:frame [1]", "^:frame {:a 1}", "^:frame #{1}", "^:frame (a)", "#^:frame [1]"):
        assert meta(read(text)) == Map({Keyword("frame"): True})
    assert meta(read('^"str" x')) == Map({Keyword("tag"): "str"})


def test_metadata_of_an_empty_vector_does_not_reach_other_empty_vectors() -> None:
    read("^:a []")
    assert meta(read("[]")) is None


def test_a_native_literal_keeps_its_form_and_place() -> None:
    literal = read('#cpp "text"')
    assert type(literal) is CppLiteral
    assert literal.form == "text"
    assert (literal.span.col, literal.span.end_col) == (1, 12)


@pytest.mark.parametrize(
    ("source", "matching", "other"),
    [
        ("(?<n>a)\\k<n>", "aa", "ab"),
        ("\\Qa.b\\E", "a.b", "axb"),
        ("[a-z&&[^aeiou]]+", "xyz", "abc"),
        ("[a-c[x-z]]+", "axz", "m"),
        ("\\p{L}+", "äö", "1"),
        ("\\p{Punct}", "!", "a"),
        ("a++b", "aab", "ac"),
        ("(?i)abc", "ABC", "abd"),
        ('\\"', '"', "a"),
        ("\\d", "1", "\u0661"),
    ],
)  # fmt: skip
def test_a_regular_expression_means_what_it_does_in_java(
    source: str, matching: str, other: str
) -> None:
    pattern = read(f'#"{source}"')
    assert pattern.fullmatch(matching)
    assert not pattern.fullmatch(other)
    assert pr_str(pattern) == f'#"{source}"'


class Names:
    """A resolver whose namespace changes while a text is read."""

    ns = "user"

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        return Symbol(sym.name, sym.ns or self.ns)

    def resolve_alias(self, name: str) -> str | None:
        return {"st": "viewer.state"}.get(name)

    def current_ns(self) -> str:
        return self.ns


def test_reading_is_lazy_so_a_form_changes_how_the_next_is_read() -> None:
    names = Names()
    keywords = []
    for form in read_all("::a ::a ::st/b #::st{:c 1}", resolver=names):
        keywords.append(pr_str(form.form))
        names.ns = "other"
    assert keywords == [":user/a", ":other/a", ":viewer.state/b", "{:viewer.state/c 1}"]


def test_lists_are_read_with_their_places() -> None:
    (form,) = read_all('\n (a\n  [b {:k "v"\n}] \'c)', "f.jank")
    top = form.form
    assert type(top) is List
    assert str(top.span) == "f.jank:2:2"
    assert (top.span.end_line, top.span.end_col) == (4, 7)
    assert [(s.line, s.col, s.end_line, s.end_col) for s in top.spans] == [
        (2, 3, 2, 4),
        (3, 3, 4, 3),
        (4, 4, 4, 6),
    ]
    assert top[2].span == top.spans[2]
    assert top[2][1].span.col == 5


def test_the_table_places_collections_and_keeps_the_order_of_their_items() -> None:
    (form,) = read_all("{:z 1 :y 2 :x #{3 4}}")
    table = form.table
    assert pr_str(table.forms(form.form)) == "(:z 1 :y 2 :x #{3 4})"
    assert [s.col for s in table.items(form.form) or ()] == [2, 5, 7, 10, 12, 15]
    assert table.of(form.form) == form.span
    inner = form.form[Keyword("x")]
    assert table.of(inner).col == 15  # type: ignore[union-attr]
    assert table.of(vector([1])) is None


def test_a_top_level_form_has_its_text_with_metadata_and_without_comments() -> None:
    forms = list(read_all("; c\n^:a (b) #_ x (c\n) d"))
    assert [f.text for f in forms] == ["^:a (b)", "(c\n)", "d"]
    assert [(f.span.line, f.span.col, f.span.end_line, f.span.end_col) for f in forms] == [
        (2, 1, 2, 8),
        (2, 14, 3, 2),
        (3, 3, 3, 4),
    ]


def test_a_text_may_begin_in_the_middle_of_a_file() -> None:
    (a, b) = read_all("a\nb", "f", line=10, col=5)
    assert (str(a.span), str(b.span)) == ("f:10:5", "f:11:1")


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_forms() -> None:
    (a, b) = read_all(b"\xef\xbb\xbf(a)\r\n(b)\r\n")
    assert (a.text, b.text) == ("(a)", "(b)")
    assert str(b.span) == "<string>:2:1"
