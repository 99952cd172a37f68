"""Core functions that every tier does directly, with what is known of their results' types.

A program that redefines one of these in `clojure.core` itself does not change compiled calls of it, as in
Clojure, which inlines them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.analysis.types import BOOL, DOUBLE, INT, OBJECT, LispType

Rule = Callable[[Sequence[LispType]], LispType]


def _arithmetic(args: Sequence[LispType]) -> LispType:
    kinds = {a.kind for a in args}
    if kinds == {"int"}:
        return INT
    if kinds and kinds <= {"int", "double"}:
        return DOUBLE
    return OBJECT


def _division(args: Sequence[LispType]) -> LispType:
    kind = _arithmetic(args)
    return kind if kind == DOUBLE else OBJECT  # integers may give a ratio


def _integers(args: Sequence[LispType]) -> LispType:
    return INT if all(a.kind == "int" for a in args) else OBJECT


def _always(kind: LispType) -> Rule:
    return lambda args: kind


def _alike(args: Sequence[LispType]) -> LispType:
    return args[0] if args[0] == args[1] and args[0].kind in ("int", "double") else OBJECT


def _same(args: Sequence[LispType]) -> LispType:
    return args[0] if args[0].kind in ("int", "double") else OBJECT


# Calls with more than two arguments are done pairwise from the left.
FOLDED = frozenset(("+", "-", "*", "/", "bit-and", "bit-or", "bit-xor", "max", "min"))

# name -> (arities, rule). Arities beyond these stay ordinary calls.
INTRINSICS: dict[str, tuple[range, Rule]] = {
    **{name: (range(2, 3), _arithmetic) for name in ("+", "-", "*")},
    "/": (range(2, 3), _division),
    **{name: (range(1, 2), _same) for name in ("inc", "dec")},
    **{name: (range(2, 3), _arithmetic) for name in ("quot", "rem", "mod")},
    **{
        name: (range(2, 3), _always(BOOL))
        for name in ("<", "<=", ">", ">=", "==", "=", "identical?")
    },
    **{
        name: (range(1, 2), _always(BOOL))
        for name in ("not", "nil?", "some?", "zero?", "pos?", "neg?")
    },
    **{name: (range(2, 3), _integers) for name in ("bit-and", "bit-or", "bit-xor")},
    **{name: (range(2, 3), _integers) for name in ("bit-shift-left", "bit-shift-right")},
    **{name: (range(1, 2), _integers) for name in ("unchecked-inc", "unchecked-dec")},
    **{
        name: (range(2, 3), _integers)
        for name in ("unchecked-add", "unchecked-subtract", "unchecked-multiply")
    },
    **{name: (range(2, 3), _alike) for name in ("max", "min")},
    "double": (range(1, 2), _always(DOUBLE)),
    "long": (range(1, 2), _always(INT)),
    "int": (range(1, 2), _always(INT)),
    "get": (range(2, 4), _always(OBJECT)),
    "nth": (range(2, 4), _always(OBJECT)),
    "count": (range(1, 2), _always(INT)),
    "first": (range(1, 2), _always(OBJECT)),
}


def intrinsic_type(name: str, args: Sequence[LispType]) -> LispType | None:
    """The result's type of a call that is done directly, or None when it is an ordinary call."""
    entry = INTRINSICS.get(name)
    if entry is None or len(args) not in entry[0]:
        return None
    return entry[1](args)
