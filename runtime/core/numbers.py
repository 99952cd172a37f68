"""Numbers: the Lisp names of the native functions, and the parts of the tower that need no speed.

Integers and doubles are done in `runtime/native`; ratios, big decimals and the division of big integers
come back here, to `arithmetic` and `ordering`.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact
from fractions import Fraction
from typing import Any

from runtime.core import huge, output
from runtime.core.printing import integer_text, pr_str
from runtime.core.registry import core, define
from runtime.core.values import BigInt, Char
from runtime.native import _support

# Big decimals are exact, as Java's BigDecimal is; only division can fail to be.
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

ONE = "([x])"
TWO = "([x y])"
FOLDED = "([x] [x y] [x y & more])"
SUMMED = "([] [x] [x y] [x y & more])"
BITS = "([x y] [x y & more])"

NATIVE: tuple[tuple[str, Any, str], ...] = (
    ("+", _support.add, SUMMED),
    ("-", _support.sub, FOLDED),
    ("*", _support.mul, SUMMED),
    ("/", _support.div, FOLDED),
    ("+'", _support.add_promoting, SUMMED),
    ("-'", _support.sub_promoting, FOLDED),
    ("*'", _support.mul_promoting, SUMMED),
    ("inc", _support.inc, ONE),
    ("dec", _support.dec, ONE),
    ("inc'", _support.inc_promoting, ONE),
    ("dec'", _support.dec_promoting, ONE),
    ("quot", _support.quot, TWO),
    ("rem", _support.rem, TWO),
    ("mod", _support.mod, TWO),
    ("abs", _support.abs, ONE),
    ("max", _support.max, FOLDED),
    ("min", _support.min, FOLDED),
    ("<", _support.lt, FOLDED),
    ("<=", _support.le, FOLDED),
    (">", _support.gt, FOLDED),
    (">=", _support.ge, FOLDED),
    ("==", _support.num_eq, FOLDED),
    ("zero?", _support.is_zero, ONE),
    ("pos?", _support.is_pos, ONE),
    ("neg?", _support.is_neg, ONE),
    ("even?", _support.is_even, ONE),
    ("odd?", _support.is_odd, ONE),
    ("number?", _support.is_number, ONE),
    ("int?", _support.is_int, ONE),
    ("integer?", _support.is_integer, ONE),
    ("pos-int?", _support.is_pos_int, ONE),
    ("neg-int?", _support.is_neg_int, ONE),
    ("nat-int?", _support.is_nat_int, ONE),
    ("float?", _support.is_float, ONE),
    ("double?", _support.is_double, ONE),
    ("ratio?", _support.is_ratio, ONE),
    ("decimal?", _support.is_decimal, ONE),
    ("rational?", _support.is_rational, ONE),
    ("NaN?", _support.is_nan, ONE),
    ("infinite?", _support.is_infinite, ONE),
    ("num", _support.num, ONE),
    ("long", _support.to_long, ONE),
    ("int", _support.to_int, ONE),
    ("short", _support.to_short, ONE),
    ("byte", _support.to_byte, ONE),
    ("double", _support.to_double, ONE),
    ("float", _support.to_float, ONE),
    ("unchecked-add", _support.unchecked_add, TWO),
    ("unchecked-subtract", _support.unchecked_sub, TWO),
    ("unchecked-multiply", _support.unchecked_mul, TWO),
    ("unchecked-inc", _support.unchecked_inc, ONE),
    ("unchecked-dec", _support.unchecked_dec, ONE),
    ("unchecked-negate", _support.unchecked_neg, ONE),
    ("unchecked-add-int", _support.unchecked_add_int, TWO),
    ("unchecked-subtract-int", _support.unchecked_sub_int, TWO),
    ("unchecked-multiply-int", _support.unchecked_mul_int, TWO),
    ("unchecked-inc-int", _support.unchecked_inc_int, ONE),
    ("unchecked-dec-int", _support.unchecked_dec_int, ONE),
    ("unchecked-negate-int", _support.unchecked_neg_int, ONE),
    ("unchecked-divide-int", _support.quot, TWO),
    ("unchecked-remainder-int", _support.rem, TWO),
    ("unchecked-long", _support.unchecked_long, ONE),
    ("unchecked-int", _support.unchecked_int, ONE),
    ("unchecked-short", _support.unchecked_short, ONE),
    ("unchecked-byte", _support.unchecked_byte, ONE),
    ("unchecked-double", _support.to_double, ONE),
    ("unchecked-float", _support.to_double, ONE),
    ("bit-and", _support.bit_and, BITS),
    ("bit-or", _support.bit_or, BITS),
    ("bit-xor", _support.bit_xor, BITS),
    ("bit-and-not", _support.bit_and_not, BITS),
    ("bit-not", _support.bit_not, ONE),
    ("bit-shift-left", _support.bit_shift_left, "([x n])"),
    ("bit-shift-right", _support.bit_shift_right, "([x n])"),
    ("unsigned-bit-shift-right", _support.unsigned_bit_shift_right, "([x n])"),
    ("bit-set", _support.bit_set, "([x n])"),
    ("bit-clear", _support.bit_clear, "([x n])"),
    ("bit-flip", _support.bit_flip, "([x n])"),
    ("bit-test", _support.bit_test, "([x n])"),
)

for _name, _function, _arglists in NATIVE:
    define(_name, _function, doc=_function.__doc__ or "", arglists=_arglists)


def arithmetic(op: str, a: Any, b: Any) -> Any:
    """`a op b` for numbers that are not both integers or doubles, and for quotients that are no integer."""
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        limited = output.read("*math-context*")
        if limited is not None:
            return _limited(op, a, b, limited)
        return _DECIMAL[op](decimal_of(a), decimal_of(b))
    result: Any = huge.ratio(op, a, b) if op in "+-/" and (b or op != "/") else None
    if result is None:
        result = _RATIO[op](a, b)
    if isinstance(result, Fraction) and result.denominator == 1:
        result = result.numerator
    return BigInt(result) if isinstance(result, int) else result


def ordering(a: Any, b: Any) -> int:
    """-1, 0 or 1 as `a` is below, equal to or above `b`, exactly."""
    if isinstance(a, Decimal) and isinstance(b, Fraction):
        a = huge.exact(a)
    elif isinstance(a, Fraction) and isinstance(b, Decimal):
        b = huge.exact(b)
    elif isinstance(a, Decimal) and isinstance(b, int):
        b = huge.decimal(b)
    elif isinstance(a, int) and isinstance(b, Decimal):
        a = huge.decimal(a)
    return (a > b) - (a < b)


def shown(value: Any) -> str:
    """`value` as an error shows it: short, however long it is."""
    text = pr_str(value, length=8, level=3)
    return text if len(text) <= 60 else text[:59] + "…"


_support.set_slow("arithmetic", arithmetic)
_support.set_slow("ordering", ordering)
_support.set_slow("show", shown)


def _truncated(a: Any, b: Any) -> int:
    """The integer quotient of integers, ratios or decimals, towards zero."""
    if not b:
        raise ZeroDivisionError("Divide by zero")
    if isinstance(a, int) and isinstance(b, int):
        return huge.quotient(a, b)
    return huge.whole(_ratio(a, b))


def _ratio(a: Any, b: Any) -> Fraction:
    if not b:
        raise ZeroDivisionError("Divide by zero")
    a, b = huge.exact(a), huge.exact(b)
    divided = huge.ratio("/", a, b)
    return a / b if divided is None else divided


def _modulus(a: Any, b: Any, remainder: Any) -> bool:
    """Whether `remainder` has the other sign than the divisor `b`, so that `mod` must add it."""
    return bool(remainder) and (remainder < 0) != (b < 0)


def _rem(a: Any, b: Any) -> Any:
    return a - _times(_truncated(a, b), b)


def _times(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return huge.multiply(a, b)
    product = huge.ratio("*", a, b)
    return a * b if product is None else product


def _mod(a: Any, b: Any) -> Any:
    r = _rem(a, b)
    return r + b if _modulus(a, b, r) else r


_RATIO: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": _times,
    "/": _ratio,
    "quot": _truncated,
    "rem": _rem,
    "mod": _mod,
}


def decimal_of(x: Any) -> Decimal:
    """An exact number as a decimal. Raises ArithmeticError for a ratio such as 1/3."""
    if isinstance(x, Fraction):
        return divide(huge.decimal(x.numerator), huge.decimal(x.denominator))
    return x if isinstance(x, Decimal) else huge.decimal(x)


def divide(a: Decimal, b: Decimal) -> Decimal:
    """The exact quotient, with the scale that Java's `BigDecimal.divide` prefers.

    Raises ArithmeticError when its expansion does not end.
    """
    quotient = _ratio(a, b)
    rest, twos, fives = quotient.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        raise ArithmeticError(
            "Non-terminating decimal expansion; no exact representable decimal result."
        )
    scale = max(twos, fives)
    if scale == 0 and quotient:  # zeros at the end need no digits
        digits = integer_text(abs(quotient.numerator))
        scale = len(digits.rstrip("0")) - len(digits)
    scale = max(scale, _exponent(b) - _exponent(a))
    shifted = huge.whole(_times(quotient, Fraction(10) ** scale))
    return huge.decimal(shifted).scaleb(-scale, EXACT)


_ROUNDING = (
    "CEILING", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "HALF_EVEN", "UNNECESSARY",
)  # fmt: skip


@core("math-context*", arglists="([precision rounding])")
def math_context(precision: int, rounding: Any) -> Context:
    """What `*math-context*` is bound to: so many digits, rounded so; `with-precision` expands to this."""
    mode = "HALF_UP" if rounding is None else str(rounding)
    if mode not in _ROUNDING:
        raise ValueError(f"{mode} is no rounding: {', '.join(_ROUNDING)}")
    if mode == "UNNECESSARY":
        return Context(prec=precision, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
    rounded = f"ROUND_{mode}"
    return Context(prec=precision, rounding=rounded, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def _limited(op: str, a: Any, b: Any, context: Context) -> Decimal:
    """`a op b` to the digits of a math context."""
    a, b = (
        context.divide(Decimal(x.numerator), Decimal(x.denominator))
        if isinstance(x, Fraction)
        else decimal_of(x)
        for x in (a, b)
    )
    if op == "/" and not b:
        raise ZeroDivisionError("Divide by zero")
    plain = {"+": context.add, "-": context.subtract, "*": context.multiply, "/": context.divide}
    try:
        return plain[op](a, b) if op in plain else context.plus(_DECIMAL[op](a, b))
    except Inexact:
        raise ArithmeticError("Rounding necessary") from None


def _exponent(x: Decimal) -> int:
    exponent = x.as_tuple().exponent
    assert isinstance(exponent, int), "big decimals are finite"
    return exponent


def _decimal_rem(a: Decimal, b: Decimal) -> Decimal:
    return EXACT.subtract(a, EXACT.multiply(huge.decimal(_truncated(a, b)), b))


def _decimal_mod(a: Decimal, b: Decimal) -> Decimal:
    r = _decimal_rem(a, b)
    return EXACT.add(r, b) if _modulus(a, b, r) else r


_DECIMAL: dict[str, Any] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
    "/": divide,
    "quot": lambda a, b: huge.decimal(_truncated(a, b)),
    "rem": _decimal_rem,
    "mod": _decimal_mod,
}


def _number(who: str, x: Any) -> Any:
    if not _support.is_number(x):
        _support.wrong(who, "a number", x)
    return x


@core("bigint", arglists="([x])")
def bigint(x: Any) -> BigInt:
    """The number or the text of one as a big integer, towards zero."""
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        raise ValueError(f"Value out of range for bigint: {x}")
    if isinstance(x, str) and len(x) > 4000 and re.fullmatch(r"[+-]?[0-9]+", x, re.ASCII):
        value = huge.parsed(x.lstrip("+-"))
        return BigInt(-value if x[0] == "-" else value)
    return BigInt(int(x) if isinstance(x, str | float) else huge.whole(_number("bigint", x)))


define("biginteger", bigint, doc=bigint.__doc__ or "", arglists="([x])")


@core("bigdec", arglists="([x])")
def bigdec(x: Any) -> Decimal:
    """The number or the text of one as a big decimal; a double by its shortest decimal digits."""
    if isinstance(x, str):
        return Decimal(x)
    if isinstance(x, float):
        if x != x or x in (float("inf"), float("-inf")):
            raise ValueError(f"Value out of range for bigdec: {x}")
        return Decimal(repr(x))
    return decimal_of(_number("bigdec", x))


@core("rationalize", arglists="([num])")
def rationalize(x: Any) -> Any:
    """The number as a ratio or integer; a double by its shortest decimal digits."""
    if not isinstance(x, float | Decimal):
        return _number("rationalize", x)
    ratio = huge.exact(bigdec(x))
    return BigInt(ratio.numerator) if ratio.denominator == 1 else ratio


@core("numerator", arglists="([r])")
def numerator(r: Any) -> int:
    """The numerator of a ratio."""
    return _sized(_as_ratio("numerator", r).numerator)


@core("denominator", arglists="([r])")
def denominator(r: Any) -> int:
    """The denominator of a ratio."""
    return _sized(_as_ratio("denominator", r).denominator)


def _as_ratio(who: str, r: Any) -> Fraction:
    if not isinstance(r, Fraction):
        _support.wrong(who, "a ratio", r)
    return r


def _sized(n: int) -> int:
    return n if -(2**63) <= n < 2**63 else BigInt(n)


@core("char", arglists="([x])")
def char(x: Any) -> Char:
    """The character of a code point. Raises ValueError outside Unicode's range."""
    if isinstance(x, Char):
        return x
    code = _support.to_long(x)
    if not 0 <= code <= 0x10FFFF:
        raise ValueError(f"Value out of range for char: {code}")
    return Char(chr(code))


define("unchecked-char", char, doc=char.__doc__ or "", arglists="([x])")
