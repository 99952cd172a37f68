"""clojure.math: the native functions by their Lisp names, the two constants and `random`."""

from __future__ import annotations

import math
import random as python_random

from runtime.core.registry import core, define
from runtime.native import _support

NS = "clojure.math"

define("E", math.e, NS, "The base of the natural logarithms.")
define("PI", math.pi, NS, "The circumference of a circle over its diameter.")

TWO = {
    "atan2": "([y x])",
    "hypot": "([x y])",
    "pow": "([a b])",
    "copy-sign": "([magnitude sign])",
    "next-after": "([start direction])",
    "IEEE-remainder": "([dividend divisor])",
    "scalb": "([d scale-factor])",
    "add-exact": "([x y])",
    "subtract-exact": "([x y])",
    "multiply-exact": "([x y])",
    "floor-div": "([x y])",
    "floor-mod": "([x y])",
}
ONE = (
    "sin cos tan asin acos atan sinh cosh tanh to-radians to-degrees exp expm1 log log10 log1p sqrt"
    " cbrt ceil floor rint round signum ulp get-exponent next-up next-down increment-exact"
    " decrement-exact negate-exact"
)

for _name, _arglists in {**dict.fromkeys(ONE.split(), "([a])"), **TWO}.items():
    _function = getattr(_support, "math_" + _name.lower().replace("-", "_"))
    define(_name, _function, NS, _function.__doc__ or "", _arglists)


@core("random", ns=NS, arglists="([])")
def random() -> float:
    """A double from 0.0 up to but not 1.0."""
    return python_random.random()
