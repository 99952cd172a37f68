"""Numbers of a million digits: quick, without keeping other threads waiting, the same as by Python's way."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import Runtime
from runtime.core import huge
from runtime.core.values import BigInt
from runtime.errors import LispError
from tests.robustness import Where, slip

DIGITS = 1_000_000
SEVENS = 7 * (10**DIGITS - 1) // 9  # what Python can make of that quickly

# What is done to `b`, a number of a million digits whose text is `s`, and a check of the outcome.
WORK = {
    "(*' b b)": lambda found: found == SEVENS * SEVENS,
    "(* b b)": lambda found: found == SEVENS * SEVENS,
    "(quot (*' b b) b)": lambda found: found == SEVENS,
    "(rem (*' b b) (inc' b))": lambda found: found == 1,
    "(mod (- (*' b b)) b)": lambda found: found == 0,
    "(/ b (inc' b))": lambda found: found == Fraction(SEVENS, SEVENS + 1),
    "(- (/ b (inc' b)) (/ b (dec' b)))": lambda found: found < 0,
    "(= s (str b))": lambda found: found is True,
    "(= (str s \"N\") (pr-str b))": lambda found: found is True,
    "(= s (format \"%d\" b))": lambda found: found is True,
    "(= b (bigint s))": lambda found: found is True,
    "(= b (read-string s))": lambda found: found is True,
    "(read-string (str \"16r\" s))": lambda found: found.bit_length() == 4 * DIGITS - 1,
    "(= b (bigint (bigdec s)))": lambda found: found is True,
    "(compare b (bigdec s))": lambda found: found == 0,
    "(= (quot (bigdec s) 1M) (bigdec s))": lambda found: found is True,
    "(mod (bigdec s) 7M)": lambda found: found == 0,
    "(bigint (bigdec \"1e1000000\"))": lambda found: found.bit_length() == 3321929,
}  # fmt: skip

# What no memory is wasted on.
BEYOND = (
    "(reduce (fn [x _] (*' x x)) 3 (range 60))",
    '(bigint (bigdec "1e300000000"))',
    '(quot (bigdec "1e300000000") 3M)',
    '(rationalize (bigdec "1e-300000000"))',
)


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    made = Runtime(strategy="interpret")
    made.eval(f'(def s (apply str (repeat {DIGITS} "7"))) (def b (bigint s))')
    yield made
    made.close()


@pytest.mark.parametrize("source", WORK)
@slip(
    Where.COSTS,
    "numbers of a million digits",
    "Read, computed and printed by GMP, without the GIL.",
)
def test_a_million_digits(runtime: Runtime, source: str) -> None:
    assert WORK[source](runtime.eval(source)), source


@pytest.mark.parametrize("source", BEYOND)
@slip(Where.COSTS, BEYOND, "An error: more digits than the limit.")
def test_what_has_no_room_is_refused(runtime: Runtime, source: str) -> None:
    with pytest.raises(LispError, match="80 million digits, the limit"):
        runtime.eval(source)


def test_other_threads_go_on_meanwhile(runtime: Runtime) -> None:
    """Turns of another thread while one product of some seconds is made."""
    runtime.eval("(def large (reduce (fn [x _] (*' x x)) b (range 3)))")
    turns, over = 0, threading.Event()
    before = sys.getswitchinterval()

    def work() -> None:
        runtime.eval("(*' large large)")
        over.set()

    thread = threading.Thread(target=work)
    sys.setswitchinterval(1e-4)
    try:
        thread.start()
        while not over.wait(0.001):
            turns += 1
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert turns > 5


@pytest.mark.parametrize("text", ["long", "int", "short", "byte"])
def test_a_decimal_beyond_all_sizes_is_out_of_range(runtime: Runtime, text: str) -> None:
    with pytest.raises(LispError, match="out of range"):
        runtime.eval(f'({text} (bigdec "1e300000000"))')


SIZES = st.integers(0, 5000).flatmap(lambda n: st.integers(-(1 << n * 40), 1 << n * 40))


@settings(max_examples=60, deadline=None)
@given(SIZES, SIZES)
def test_the_same_as_by_python(a: int, b: int) -> None:
    assert huge.multiply(a, b) == a * b
    if b:
        assert huge.quotient(a, b) == (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)
        for op, wanted in (("+", Fraction(a) + Fraction(1, b)), ("/", Fraction(a, b))):
            made = huge.ratio(op, a, Fraction(1, b) if op == "+" else b)
            assert made is None or (made == wanted and made.denominator > 0)
    assert huge.parsed(huge.text(abs(a))) == abs(a)
    assert huge.whole(huge.decimal(a)) == a
    assert huge.exact(huge.decimal(b).scaleb(-3, huge._AS_IT_IS)) == Fraction(b, 1000)
    assert BigInt(a) == a and huge.decimal(a) == Decimal(huge.text(a))
