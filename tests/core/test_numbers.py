"""Arithmetic by its Lisp names, against Python's unbounded integers and exact fractions as the model."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runtime.core.numbers
from runtime.core.kinds import vector
from runtime.core.registry import TABLE
from runtime.core.values import BigInt, Char, Keyword

LEAST, GREATEST = -(2**63), 2**63 - 1
EDGES = [LEAST, LEAST + 1, -(2**62), -(2**30), -1, 0, 1, 2**30, 2**62, GREATEST - 1, GREATEST]
int64s = st.one_of(st.sampled_from(EDGES), st.integers(LEAST, GREATEST))
doubles = st.floats(allow_nan=False)
numbers = st.one_of(
    int64s, doubles, st.integers().map(BigInt), st.fractions().filter(lambda f: f.denominator != 1)
)


def lisp(name: str) -> Any:
    return TABLE["clojure.core", name].value


def same(x: Any, y: Any) -> bool:
    """Equal and of one type, NaN included."""
    return type(x) is type(y) and (x == y or (x != x and y != y))


@pytest.mark.parametrize("name", ["+", "-", "*"])
@given(a=int64s, b=int64s)
def test_integers_compute_exactly_or_overflow_at_64_bits(name: str, a: int, b: int) -> None:
    exact = {"+": a + b, "-": a - b, "*": a * b}[name]
    if LEAST <= exact <= GREATEST:
        assert same(lisp(name)(a, b), exact)
        assert same(lisp(name + "'")(a, b), exact)
    else:
        with pytest.raises(OverflowError, match=r"^integer overflow$"):
            lisp(name)(a, b)
        assert same(lisp(name + "'")(a, b), BigInt(exact))


@given(a=int64s, b=int64s)
def test_unchecked_arithmetic_wraps_at_64_bits(a: int, b: int) -> None:
    def wrapped(n: int) -> int:
        return (n - LEAST) % 2**64 + LEAST

    assert lisp("unchecked-add")(a, b) == wrapped(a + b)
    assert lisp("unchecked-subtract")(a, b) == wrapped(a - b)
    assert lisp("unchecked-multiply")(a, b) == wrapped(a * b)
    assert lisp("unchecked-negate")(a) == wrapped(-a)


@given(
    a=st.one_of(int64s, st.integers().map(BigInt)), b=st.one_of(int64s, st.integers().map(BigInt))
)
def test_quot_rem_and_mod_follow_the_signs_of_dividend_and_divisor(a: int, b: int) -> None:
    if b == 0:
        for name in ("quot", "rem", "mod", "/"):
            with pytest.raises(ZeroDivisionError, match=r"^Divide by zero$"):
                lisp(name)(a, b)
        return
    if type(a) is int and type(b) is int and (a, b) == (LEAST, -1):
        with pytest.raises(OverflowError):
            lisp("quot")(a, b)
        return
    q, r, m = lisp("quot")(a, b), lisp("rem")(a, b), lisp("mod")(a, b)
    assert int(q) == abs(int(a)) // abs(int(b)) * (1 if (a < 0) == (b < 0) else -1)
    assert int(q) * int(b) + int(r) == int(a)
    assert int(m) == int(a) % int(b)


@given(a=int64s, b=int64s.filter(lambda n: n not in (0, -1)))
def test_division_of_integers_is_exact(a: int, b: int) -> None:
    quotient = lisp("/")(a, b)
    assert quotient == Fraction(a, b)
    assert isinstance(quotient, int) == (a % b == 0)


@given(a=numbers, b=numbers)
def test_a_double_makes_every_result_a_double(a: Any, b: Any) -> None:
    try:
        result = lisp("+")(a, b)
    except OverflowError:
        assert type(a) is int and type(b) is int
        return
    if float in (type(a), type(b)):
        assert type(result) is float
    elif Fraction in (type(a), type(b)):
        assert type(result) in (Fraction, BigInt)
    else:
        assert type(result) is (BigInt if BigInt in (type(a), type(b)) else int)


@given(a=numbers, b=numbers)
def test_numbers_are_ordered_exactly(a: Any, b: Any) -> None:
    assert lisp("<")(a, b) == (a < b)
    assert lisp("<=")(a, b) == (a <= b)
    assert lisp(">")(a, b) == (a > b)
    assert lisp(">=")(a, b) == (a >= b)
    assert lisp("==")(a, b) == (a == b)


def test_large_integers_do_not_equal_the_doubles_they_round_to() -> None:
    assert not lisp("==")(2**53 + 1, 2.0**53)
    assert lisp("<")(GREATEST, 2.0**63)
    assert lisp(">=")(LEAST, -(2.0**63))
    assert lisp("<")(1, math.inf) and lisp(">")(1, -math.inf)


def test_nothing_is_ordered_against_nan() -> None:
    for name in ("<", "<=", ">", ">=", "=="):
        for other in (1, 1.0, BigInt(1), Fraction(1, 2), math.nan):
            assert not lisp(name)(math.nan, other)
            assert not lisp(name)(other, math.nan)
    assert math.isnan(lisp("max")(1, math.nan, 2)) and math.isnan(lisp("min")(math.nan, 1))


def test_comparisons_take_any_number_of_arguments() -> None:
    assert lisp("<")(1) and lisp("<")(1, 2, 3) and not lisp("<")(1, 3, 2)
    assert lisp("<=")(1, 1, 2.5) and lisp("==")(1, 1.0, BigInt(1), Decimal(1))


def test_sums_and_products_of_none_one_and_many() -> None:
    assert (lisp("+")(), lisp("*")()) == (0, 1)
    assert (lisp("+")(5), lisp("-")(5), lisp("/")(5)) == (5, -5, Fraction(1, 5))
    assert (lisp("+")(1, 2, 3, 4), lisp("-")(10, 1, 2), lisp("/")(24, 2, 3)) == (10, 7, 4)


def test_ratios_that_come_out_whole_are_big_integers() -> None:
    assert same(lisp("+")(Fraction(1, 2), Fraction(1, 2)), BigInt(1))
    assert same(lisp("/")(4, 2), 2)
    assert same(lisp("/")(BigInt(4), 2), BigInt(2))


def test_doubles_divide_as_ieee_has_it() -> None:
    assert lisp("/")(1.0, 0) == math.inf and lisp("/")(-1, 0.0) == -math.inf
    assert same(lisp("-")(0.0), -0.0) and math.copysign(1, lisp("-")(0.0)) == -1
    with pytest.raises(ZeroDivisionError):
        lisp("quot")(1.0, 0.0)
    assert (lisp("quot")(7.5, 2), lisp("rem")(-7.5, 2), lisp("mod")(-7.5, 2)) == (3.0, -1.5, 0.5)


def test_big_decimals_are_exact() -> None:
    assert lisp("+")(Decimal(1), Decimal("1E-40")) == Decimal("1." + "0" * 39 + "1")
    assert str(lisp("/")(Decimal("1.0"), 8)) == "0.125"
    assert str(lisp("/")(Decimal("4.00"), 2)) == "2.00"
    assert str(lisp("*")(Decimal("1.50"), 2)) == "3.00"
    assert lisp("+")(Decimal("0.5"), Fraction(1, 4)) == Decimal("0.75")
    with pytest.raises(ArithmeticError, match="Non-terminating decimal expansion"):
        lisp("/")(Decimal(1), 3)
    assert lisp("<")(Fraction(1, 3), Decimal("0.5"), 0.75)


@pytest.mark.parametrize("found", [None, True, "1", Keyword("a"), Char("1"), [1]])
def test_what_is_no_number_is_named_in_the_error(found: Any) -> None:
    for name in ("+", "*", "<", "==", "max", "quot"):
        with pytest.raises(TypeError, match="expected a number, found"):
            lisp(name)(found, 1)
        with pytest.raises(TypeError, match="expected a number, found"):
            lisp(name)(1, found)


def test_errors_name_the_operation_and_the_value() -> None:
    with pytest.raises(TypeError, match=r"^\+ expected a number, found nil$"):
        lisp("+")(1, None)
    with pytest.raises(TypeError, match=r"^bit-and expected an integer, found 2.5 \(a double\)$"):
        lisp("bit-and")(1, 2.5)
    with pytest.raises(TypeError, match=r"^\+ expected a number, found \[1 1/2\] \(a vector\)$"):
        lisp("+")(1, vector([1, Fraction(1, 2)]))
    with pytest.raises(TypeError, match=r"^numerator expected a ratio, found \"1\" \(a string\)$"):
        lisp("numerator")("1")
    with pytest.raises(TypeError, match=r"^Wrong number of args \(0\) passed to: clojure.core/<$"):
        lisp("<")()


@pytest.mark.parametrize(
    ("cast", "low", "high"),
    [
        ("byte", -(2**7), 2**7),
        ("short", -(2**15), 2**15),
        ("int", -(2**31), 2**31),
        ("long", LEAST, 2**63),
    ],
)
def test_casts_check_their_range(cast: str, low: int, high: int) -> None:
    assert lisp(cast)(BigInt(low)) == low and lisp(cast)(high - 1) == high - 1
    for outside in (BigInt(low - 1), BigInt(high), math.nan, math.inf):
        with pytest.raises(ValueError, match=f"^Value out of range for {cast}: "):
            lisp(cast)(outside)


def test_casts_go_towards_zero() -> None:
    inexact = (2.9, -2.9, Fraction(-7, 2), Decimal("1.9"))
    assert [lisp("long")(x) for x in inexact] == [2, -2, -3, 1]
    assert lisp("long")(Char("a")) == 97
    assert same(lisp("double")(Fraction(1, 2)), 0.5)
    assert lisp("double")(BigInt(10**400)) == math.inf
    assert lisp("char")(97) is Char("a")
    assert same(lisp("bigint")(2.7), BigInt(2)) and same(lisp("bigint")("12"), BigInt(12))
    assert lisp("rationalize")(0.1) == Fraction(1, 10)
    assert lisp("bigdec")(0.1) == Decimal("0.1")
    assert lisp("unchecked-int")(2**31) == -(2**31) and lisp("unchecked-byte")(200) == -56


@given(a=int64s, n=st.integers(0, 63))
def test_bit_operations_see_64_bits(a: int, n: int) -> None:
    unsigned = a % 2**64
    assert lisp("bit-shift-left")(a, n) % 2**64 == (unsigned << n) % 2**64
    assert lisp("bit-shift-right")(a, n) == a >> n
    assert lisp("unsigned-bit-shift-right")(a, n) % 2**64 == unsigned >> n
    assert lisp("bit-test")(a, n) == bool(unsigned >> n & 1)
    assert lisp("bit-set")(lisp("bit-clear")(a, n), n) == lisp("bit-or")(
        a, lisp("bit-shift-left")(1, n)
    )
    assert lisp("bit-flip")(lisp("bit-flip")(a, n), n) == a
    assert lisp("bit-not")(a) == ~a
    assert lisp("bit-and-not")(a, a) == 0


def test_predicates_know_the_kinds_of_numbers() -> None:
    values = [1, BigInt(1), 1.5, Fraction(1, 2), Decimal("1"), True, None, "1"]
    expected = {
        "number?": [1, 1, 1, 1, 1, 0, 0, 0],
        "int?": [1, 0, 0, 0, 0, 0, 0, 0],
        "integer?": [1, 1, 0, 0, 0, 0, 0, 0],
        "pos-int?": [1, 0, 0, 0, 0, 0, 0, 0],
        "float?": [0, 0, 1, 0, 0, 0, 0, 0],
        "ratio?": [0, 0, 0, 1, 0, 0, 0, 0],
        "decimal?": [0, 0, 0, 0, 1, 0, 0, 0],
        "rational?": [1, 1, 0, 1, 1, 0, 0, 0],
    }
    for name, answers in expected.items():
        assert [int(lisp(name)(v)) for v in values] == answers, name
    assert lisp("even?")(BigInt(2**70)) and lisp("odd?")(-1)
    with pytest.raises(TypeError, match=r"even\? expected an integer"):
        lisp("even?")(1.0)
    assert lisp("zero?")(0.0) and lisp("neg?")(Fraction(-1, 2)) and lisp("pos?")(Decimal("0.1"))


def test_the_least_integer_is_its_own_absolute_value() -> None:
    assert lisp("abs")(LEAST) == LEAST
    negative = (-3, -2.5, BigInt(-4), Fraction(-1, 2))
    assert [lisp("abs")(x) for x in negative] == [3, 2.5, 4, Fraction(1, 2)]


def test_every_number_function_is_documented() -> None:
    for name, _, arglists in runtime.core.numbers.NATIVE:
        assert TABLE["clojure.core", name].doc and arglists
