"""Integers of many digits: what would keep the GIL for long is done by GMP, which is quick and gives it up.

Python's own way takes time by the square, with frames and interruption waiting. What these give is what
Python gives; a result that would have more than `MOST_BITS` is refused before anything is computed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any

from runtime.native import _support

# From there on of both operands: below, Python takes a millisecond or two at most.
HUGE_BITS = 1 << 16
MOST_BITS = 1 << 28  # 32 MB; a product of two halves takes GMP a second or two, without the GIL
SOME_DIGITS = 2000  # Python's own way is quick up to there
CHUNK_DIGITS = 50_000  # what GMP reads or writes at once, with the GIL: a millisecond or two


_AS_IT_IS = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


class TooManyDigits(ArithmeticError):
    """A number that no memory is wasted on."""

    def __init__(self) -> None:
        most = int(MOST_BITS * math.log10(2)) // 1_000_000
        super().__init__(f"the result would have more than {most} million digits, the limit")


def both_huge(a: int, b: int) -> bool:
    """Whether an operation that takes time by the product of its operands' sizes is not Python's to do."""
    return a.bit_length() > HUGE_BITS and b.bit_length() > HUGE_BITS


def multiply(a: int, b: int) -> int:
    """The product."""
    if a.bit_length() + b.bit_length() > MOST_BITS and a and b:
        raise TooManyDigits
    if not both_huge(a, b):
        return a * b
    with _without_gil() as gmp:
        return int(gmp.mpz(a) * gmp.mpz(b))


def quotient(a: int, b: int) -> int:
    """`a / b` towards zero. Raises ZeroDivisionError."""
    size = b.bit_length()
    if size < 64 or (a.bit_length() - size) * size < HUGE_BITS * HUGE_BITS // 4:
        found = abs(a) // abs(b)
        return -found if (a < 0) != (b < 0) else found
    with _without_gil() as gmp:
        return int(gmp.t_div(gmp.mpz(a), gmp.mpz(b)))


def ratio(op: str, a: Any, b: Any) -> Fraction | None:
    """`a op b` for "+", "-", "*" and "/" of ratios and integers; None where Python is to do it."""
    parts = [p for x in (a, b) for p in (x.numerator, x.denominator)]
    if max(p.bit_length() for p in parts) < HUGE_BITS:
        return None
    if sum(p.bit_length() for p in parts) > MOST_BITS:
        raise TooManyDigits
    with _without_gil() as gmp:
        x, y = gmp.mpq(parts[0], parts[1]), gmp.mpq(parts[2], parts[3])
        made = {"+": x.__add__, "-": x.__sub__, "*": x.__mul__, "/": x.__truediv__}[op](y)
        return _fraction(int(made.numerator), int(made.denominator))


def exact(x: Any) -> Fraction:
    """An exact number as a ratio. A decimal may stand for more digits than there is memory for."""
    if not isinstance(x, Decimal):
        return Fraction(x)
    if abs(x.adjusted()) * math.log2(10) > MOST_BITS:
        raise TooManyDigits
    _, digits, exponent = x.as_tuple()
    assert isinstance(exponent, int), "big decimals are finite"
    if len(digits) < SOME_DIGITS and abs(exponent) < SOME_DIGITS:
        return Fraction(x)
    whole = parsed(f"{x.copy_abs().scaleb(-exponent, _AS_IT_IS):f}") * (-1 if x < 0 else 1)
    with _without_gil() as gmp:
        scale = _power(10, abs(exponent))
        made = gmp.mpq(whole * scale) if exponent >= 0 else gmp.mpq(whole, scale)
        return _fraction(int(made.numerator), int(made.denominator))


def decimal(value: int) -> Decimal:
    """The integer as a decimal, which Python makes of it by the square too."""
    return Decimal(value) if value.bit_length() < HUGE_BITS else Decimal(text(value))


def whole(x: Any) -> int:
    """An exact number as an integer, towards zero."""
    if isinstance(x, int):
        return int(x)
    found = exact(x)
    return quotient(found.numerator, found.denominator)


def text(value: int) -> str:
    """The decimal digits."""
    sign = "-" if value < 0 else ""
    parts: list[str] = []
    with _without_gil() as gmp:
        _write(gmp, gmp.mpz(abs(value)), int(value.bit_length() * math.log10(2)) + 1, parts)
    return sign + ("".join(parts).lstrip("0") or "0")


def _write(gmp: Any, value: Any, digits: int, parts: list[str]) -> None:
    """The digits of a part of a number, with the zeros in front of it."""
    _support.check()
    if digits <= CHUNK_DIGITS:
        parts.append(value.digits().rjust(digits, "0"))
        return
    low = digits // 2
    high, rest = gmp.t_divmod(value, _power(10, low))
    _write(gmp, high, digits - low, parts)
    _write(gmp, rest, low, parts)


def parsed(digits: str, radix: int = 10) -> int:
    """The number that `digits` write. Raises ValueError for those that are none of the radix."""
    if len(digits) * math.log2(radix) > MOST_BITS:
        raise TooManyDigits
    with _without_gil() as gmp:
        return int(_read(gmp, digits, radix))


def _read(gmp: Any, digits: str, radix: int) -> Any:
    _support.check()
    if len(digits) <= CHUNK_DIGITS:
        return gmp.mpz(digits, radix)
    low = len(digits) // 2
    return _read(gmp, digits[:-low], radix) * _power(radix, low) + _read(gmp, digits[-low:], radix)


@functools.lru_cache(maxsize=64)
def _power(radix: int, exponent: int) -> Any:
    """By halves, each of which gives the GIL up."""
    import gmpy2

    if exponent < 10_000:
        return gmpy2.mpz(radix) ** exponent
    half = _power(radix, exponent // 2)
    return half * half * (radix if exponent % 2 else 1)


def _fraction(numerator: int, denominator: int) -> Fraction:
    """Of numbers that have no common divisor: looking for one takes as long as the rest."""
    made = Fraction()
    object.__setattr__(made, "_numerator", numerator)
    object.__setattr__(made, "_denominator", denominator)
    return made


@contextmanager
def _without_gil() -> Iterator[Any]:
    """GMP, whose operations give up the GIL here. It is loaded by the first number that needs it."""
    import gmpy2

    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):
        yield gmpy2
