"""What the native extension calls in Python: set once, before any script runs."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from immutables import Map
from pyrsistent import pvector

from runtime import core
from runtime.core.functions import Rest
from runtime.core.invoke import as_fn
from runtime.core.kinds import type_name
from runtime.core.printing import pr_str, register_printer
from runtime.core.registry import TABLE
from runtime.core.sequences import seq
from runtime.core.values import BigInt, Char, Keyword, List
from runtime.namespaces import CORE, Var
from runtime.native import _support
from runtime.stubs.threads import WrongThread
from runtime.tiers.closures import CppException
from runtime.tiers.interpreter import pulse

# Python's own limit counts its frames, of which tier 0 needs several for a Lisp call. What guards the C
# stack is `ts::check_stack`.
RECURSION_LIMIT = 20_000

# Core functions that walk a sequence once: called with one that nobody else needs, they have it to themselves
# and let go of what they have seen.
CONSUMERS = ("reduce", "run!", "dorun", "last", "count", "some", "transduce", "into")
_CONSUMER_CALLS: tuple[Callable[..., Any], ...] = (
    lambda f, pop: f(),
    lambda f, pop: f(pop()),
    lambda f, pop: f(pop(), pop()),
    lambda f, pop: f(pop(), pop(), pop()),
    lambda f, pop: f(pop(), pop(), pop(), pop()),
)

_installed = False

# Who is told that the destructor of an object failed whose last reference went: its error, its type, where
# it was boxed. There is no caller to raise it to.
destructor_listeners: list[Callable[[BaseException, str, str], None]] = []


class ArityError(TypeError):
    """A function was called with a number of arguments that none of its arities takes."""


class ConversionError(TypeError):
    """A Lisp value that a C++ parameter cannot take."""


def install() -> None:
    """Load core and connect the native extension to it. A second call does nothing."""
    global _installed
    if _installed:
        return
    core.load_all()
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
    _support.set_function_hooks(List, _call_slow, _arity_error, _deref, Rest)
    _support.set_pulse(pulse)
    _support.set_text_function(TABLE[CORE, "str"].value)
    _support.set_consumers({TABLE[CORE, name].value for name in CONSUMERS}, _CONSUMER_CALLS)
    _support.set_interop_hooks(
        cpp_exception=CppException,
        conversion_error=_conversion_error,
        unbox_error=_unbox_error,
        make_char=Char,
        char_text=_char_text,
        make_bigint=BigInt,
        make_vector=pvector,
        make_map=Map,
        items_of=_items,
        entries_of=_entries,
        as_number=_number,
        wrong_thread=WrongThread,
    )
    _support.set_destructor_hook(_destructor_failed)
    atexit.register(_support.keep_everything)
    register_printer(_support.CppValue, lambda value, out: out.write(repr(value)))
    register_printer(Var, lambda value, out: out.write(repr(value)))
    _installed = True


def _call_slow(fn: Any, args: tuple[Any, ...]) -> Any:
    return as_fn(fn)(*args)


def _deref(var: Var) -> Any:
    return var.deref()  # as its own class does it


def _arity_error(fn: Any, count: int) -> ArityError:
    takes = []
    for arity in fn.code.node.arities:
        takes.append(f"{arity.required} or more" if arity.variadic else str(arity.required))
    return ArityError(
        f"{fn.code.name} was called with {count} arguments, but takes {' or '.join(takes)}"
    )


def _conversion_error(value: Any, wanted: str, callee: str, arg: int) -> ConversionError:
    where = f"argument {arg} of {callee}" if arg else callee
    return ConversionError(f"{where} must be {wanted}, found {type_name(value)} {shortened(value)}")


def _unbox_error(value: Any, wanted: str) -> ConversionError:
    if isinstance(value, _support.CppValue) and value.is_box:
        where = f", boxed at {value.place}" if value.place else ""
        if value.is_empty:
            return ConversionError(
                f"this box is empty: its {value.type_name.removesuffix('*').rstrip()} was deleted{where}"
            )
        return ConversionError(
            f"cpp/unbox wants a box of {wanted}, found a box of {value.type_name}{where}"
        )
    return ConversionError(
        f"cpp/unbox wants a box of {wanted}, found {type_name(value)} {shortened(value)}"
    )


def _destructor_failed(error: BaseException, kind: str, place: Any) -> None:
    if not destructor_listeners:
        print(f"the destructor of {kind} failed: {error}", file=sys.stderr)
    for told in list(destructor_listeners):
        told(error, kind, str(place or ""))


def shortened(value: Any, most: int = 60) -> str:
    """The value as Lisp prints it, at most `most` characters of it."""
    text = pr_str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def _char_text(value: Any) -> str | None:
    return value.text if type(value) is Char else None


def _items(value: Any) -> tuple[Any, ...] | None:
    if isinstance(value, (str, Keyword, Map)):
        return None
    try:
        return tuple(seq(value) or ())
    except TypeError:
        return None


def _entries(value: Any) -> tuple[Any, ...] | None:
    if value is not None and not hasattr(value, "items"):
        return None
    return tuple(x for pair in (value or {}).items() for x in pair)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (Fraction, Decimal)) else None
