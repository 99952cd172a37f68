"""How values are written, and that the reader reads them back."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.collections import Set
from runtime.core.kinds import Map, vector
from runtime.core.printing import Output, pr_str, print_str, register_printer, str_value
from runtime.core.sequences import Cons
from runtime.core.values import BigInt, Char, Keyword, List, Symbol
from runtime.errors import ReaderError
from runtime.reader import read_all, read_one

A = Keyword("a")
ONE = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("value", "readable", "shown", "as_str"),
    [
        (None, "nil", "nil", ""),
        (True, "true", "true", "true"),
        (12, "12", "12", "12"),
        (BigInt(1), "1N", "1N", "1"),
        (Fraction(1, 2), "1/2", "1/2", "1/2"),
        (Decimal("1.50"), "1.50M", "1.50M", "1.50"),
        (1.0, "1.0", "1.0", "1.0"),
        (inf, "##Inf", "##Inf", "Infinity"),
        (-inf, "##-Inf", "##-Inf", "-Infinity"),
        (nan, "##NaN", "##NaN", "NaN"),
        ('a"\\\n\té', '"a\\"\\\\\\n\\té"', 'a"\\\n\té', 'a"\\\n\té'),
        (Char("a"), "\\a", "a", "a"),
        (Char("\n"), "\\newline", "\n", "\n"),
        (Keyword("b", "a"), ":a/b", ":a/b", ":a/b"),
        (Symbol("b", "a"), "a/b", "a/b", "a/b"),
        (vector(["a", Char("b"), None]), '["a" \\b nil]', "[a b nil]", '["a" \\b nil]'),
        (List.of(1, "a"), '(1 "a")', "(1 a)", '(1 "a")'),
        (Cons(1, Cons(2, None)), "(1 2)", "(1 2)", "(1 2)"),
        (List(), "()", "()", "()"),
        (Map({A: "x"}), '{:a "x"}', "{:a x}", '{:a "x"}'),
        (Set.make([1]), "#{1}", "#{1}", "#{1}"),
        (re.compile("a"), '#"a"', '#"a"', "a"),
        (
            datetime(2024, 2, 29, 1, 2, 3, 4000, UTC),
            '#inst "2024-02-29T01:02:03.004-00:00"',
            '#inst "2024-02-29T01:02:03.004-00:00"',
            "2024-02-29T01:02:03.004-00:00",
        ),
        (uuid.UUID(ONE), f'#uuid "{ONE}"', f'#uuid "{ONE}"', ONE),
        (ValueError("x"), '#error {:type IllegalArgumentException, :message "x"}',
         "#error {:type IllegalArgumentException, :message x}", "IllegalArgumentException: x"),
        (max, "#<fn max>", "#<fn max>", "#<fn max>"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_in_clojure(
    value: Any, readable: str, shown: str, as_str: str
) -> None:
    assert pr_str(value) == readable
    assert print_str(value) == shown
    assert str_value(value) == as_str


def test_the_entries_of_a_map_are_separated_by_commas() -> None:
    assert sorted(pr_str(Map({A: 1, Keyword("b"): 2}))[1:-1].split(", ")) == [":a 1", ":b 2"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (1e-5, "1.0E-5"),
        (1.5e-10, "1.5E-10"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-12345678.9, "-1.23456789E7"),
        (1e10, "1.0E10"),
        (1e16, "1.0E16"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
    ],
)
def test_a_double_is_written_as_in_java(value: float, text: str) -> None:
    assert pr_str(value) == text


def test_integers_may_have_any_number_of_digits() -> None:
    assert pr_str(BigInt(10**6000)) == "1" + "0" * 6000 + "N"
    assert str_value(BigInt(-(10**6000))) == "-1" + "0" * 6000


def test_length_and_level_limit_what_is_shown() -> None:
    nested = vector([1, vector([2, vector([3])]), 4, 5])
    assert pr_str(nested, length=2) == "[1 [2 [3]] ...]"
    assert pr_str(nested, level=2) == "[1 [2 #] 4 5]"
    assert pr_str(Map({A: 1}), length=0) == "{...}"
    assert pr_str(vector([1, 2]), length=2) == "[1 2]"


def test_a_type_may_register_how_it_is_written_and_its_subclasses_follow() -> None:
    class Box:
        def __init__(self, item: Any) -> None:
            self.item = item

    class SmallBox(Box):
        pass

    assert pr_str(Box(1)).startswith("#<")

    def print_box(box: Box, out: Output) -> None:
        out.write("#box ")
        out.put(box.item)

    register_printer(Box, print_box)
    assert pr_str(vector([SmallBox("a")])) == '[#box "a"]'
    assert print_str(SmallBox("a")) == "#box a"


NAMES = st.from_regex(r"[a-z*+!?<>=_-][a-z0-9*+!?<>='#_.-]{0,5}", fullmatch=True).filter(
    lambda name: name not in ("nil", "true", "false") and not re.match(r"[+-]\d", name)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.integers(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.fractions().filter(lambda ratio: ratio.denominator != 1),
    st.decimals(allow_nan=False, allow_infinity=False),
    TEXT,
    st.characters(exclude_categories=["Cs"]).map(Char),
    st.builds(Keyword, NAMES, st.none() | NAMES),
    st.builds(Symbol, NAMES, st.none() | NAMES),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)
FORMS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(List.make),
        st.lists(inner, max_size=4).map(vector),
        st.lists(inner, max_size=4).map(Set.make),
        st.dictionaries(inner, inner, max_size=4).map(Map),
    ),
    max_leaves=15,
)


@given(FORMS)
def test_what_is_written_readably_reads_back_as_the_same_value(form: Any) -> None:
    assert read_one(pr_str(form)).form == form


@given(st.floats(allow_nan=False))
def test_a_double_reads_back_with_its_type_and_sign(value: float) -> None:
    found = read_one(pr_str(value)).form
    assert type(found) is float
    assert repr(found) == repr(value)


@given(st.text(max_size=40) | st.text("()[]{}#'`~@^\"\\;:%?_a1 \n", max_size=40))
def test_any_text_reads_or_is_an_error_with_a_place(text: str) -> None:
    errors: list[ReaderError] = []
    for form in read_all(text, errors=errors):
        pr_str(form.form)
    assert all(error.span is not None for error in errors)
