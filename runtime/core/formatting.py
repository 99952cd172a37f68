"""`format`: Java's format strings (java.util.Formatter) for Lisp values."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from runtime.core.equality import hash_value
from runtime.core.kinds import type_name
from runtime.core.printing import integer_text, str_value
from runtime.core.registry import core
from runtime.core.values import Char

SPEC = re.compile(r"%(?:(\d+)\$|(<))?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


@core("format", arglists="([fmt & args])")
def format_(text: str, *args: Any) -> str:
    """The text with its %-directives replaced by the arguments, as Java does it.

    Raises ValueError for an unknown directive, a missing argument or one of the wrong kind.
    """
    used = 0
    last = 0

    def replace(m: re.Match[str]) -> str:
        nonlocal used, last
        index, again, flags, width, precision, kind = m.groups()
        if kind == "%":
            return _padded("%", flags, width)
        if kind == "n":
            return "\n"
        if index:
            last = int(index)
        elif not again:
            used += 1
            last = used
        if not 1 <= last <= len(args):
            raise ValueError(f"format: no argument for {m[0]}")
        made = _convert(
            m[0],
            args[last - 1],
            kind.lower(),
            flags,
            width,
            None if precision is None else int(precision),
        )
        return made.upper() if kind.isupper() else made

    made = SPEC.sub(replace, text)
    stray = SPEC.sub("", text).find("%")
    if stray >= 0:
        raise ValueError(f"format: unknown directive in {text!r}")
    return made


def _convert(
    spec: str, value: Any, kind: str, flags: str, width: str | None, precision: int | None
) -> str:
    if kind in "sbhc" or value is None:
        shown = _general(spec, value, kind)
        return _padded(shown if precision is None else shown[:precision], flags, width)
    if kind in "dxo":
        body, negative = _integer(spec, value, kind, flags)
    elif kind in "feg":
        body, negative = _real(spec, value, kind, flags, precision)
    else:
        raise ValueError(f"format: unknown directive {spec}")
    return _signed(body, negative, flags, width)


def _general(spec: str, value: Any, kind: str) -> str:
    if kind == "b":
        return "false" if value is None or value is False else "true"
    if value is None:
        return "null"
    if kind == "h":
        return f"{hash_value(value) & 0xFFFFFFFF:x}"
    if kind == "c":
        if isinstance(value, Char):
            return value.text
        if type(value) is int:
            return chr(value)
        raise ValueError(f"format: {spec} takes a character, found {type_name(value)}")
    return str_value(value)


def _integer(spec: str, value: Any, kind: str, flags: str) -> tuple[str, bool]:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"format: {spec} takes an integer, found {type_name(value)}")
    if kind == "d":
        digits = integer_text(abs(value))
        if "," in flags:
            first = len(digits) % 3
            groups = [digits[i : i + 3] for i in range(first, len(digits), 3)]
            digits = ",".join([digits[:first], *groups] if first else groups)
        return digits, value < 0
    number = value & 0xFFFFFFFFFFFFFFFF if value < 0 else value
    prefix = {"x": "0x", "o": "0"}[kind] if "#" in flags else ""
    return prefix + format(number, kind), False


def _real(spec: str, value: Any, kind: str, flags: str, precision: int | None) -> tuple[str, bool]:
    if isinstance(value, Fraction):
        value = float(value)
    if not isinstance(value, float | Decimal):
        raise ValueError(f"format: {spec} takes a double, found {type_name(value)}")
    if value != value:
        return "NaN", False
    if value in (float("inf"), float("-inf")):
        return "Infinity", value < 0
    digits = 6 if precision is None else precision
    negative = value < 0 or str(value).startswith("-")
    exact = abs(value) if isinstance(value, Decimal) else Decimal(repr(abs(value)))
    if kind == "g":
        digits = max(digits, 1)
        fixed = exact == 0 or Decimal("0.0001") <= exact < Decimal(10) ** digits
        kind = "f" if fixed else "e"
        digits = digits - 1 - (exact.adjusted() if fixed and exact else 0)
    if kind == "e":
        mantissa, exponent = f"{exact:.{digits}e}".split("e")
        power = int(exponent) if exact else 0
        return f"{mantissa}e{power:+03d}", negative
    # Java rounds the decimal digits it would print half up; Python rounds the binary value.
    rounded = (
        exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        if exact.adjusted() < 20
        else exact
    )
    return format(rounded, f",.{digits}f" if "," in flags else f".{digits}f"), negative


def _signed(body: str, negative: bool, flags: str, width: str | None) -> str:
    before, after = ("(", ")") if negative and "(" in flags else ("-" if negative else "", "")
    if not negative:
        before = "+" if "+" in flags else " " if " " in flags else ""
    if "0" in flags and width and body[-1:].isalnum() and body not in ("NaN", "Infinity"):
        body = body.zfill(int(width) - len(before) - len(after))
    return _padded(before + body + after, flags, width)


def _padded(text: str, flags: str, width: str | None) -> str:
    if not width:
        return text
    return text.ljust(int(width)) if "-" in flags else text.rjust(int(width))
