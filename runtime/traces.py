"""Lisp stack traces out of Python tracebacks, and runtime exceptions as errors with a place."""

from __future__ import annotations

import re
from types import TracebackType

from runtime.core.exceptions import ExecutionError
from runtime.core.kinds import type_name
from runtime.core.registry import TABLE
from runtime.errors import (
    STACK_OVERFLOW,
    Frame,
    Interruption,
    LispError,
    LispErrors,
    Note,
    RuntimeFault,
    Span,
    found_text,
)
from runtime.process import faults
from runtime.process.interruption import Interrupted
from runtime.tiers.closures import CppException

_LOOP = re.compile(
    r"\$loop\d*$"
)  # what replaces a loop on the stack is called its function and this
_WRONG_CALL = re.compile(r"([\w.]+)\(\) (?:missing \d|takes )")
_places: dict[str, tuple[str, tuple[Span, ...]]] = {}  # of compiled functions, by symbol


def register(symbol: str, name: str, places: tuple[Span, ...]) -> None:
    """Tell which function runs the compiled code `symbol`, and where its calls stand."""
    _places[symbol] = name, places


def forget(symbol: str) -> None:
    """No function runs that code any more."""
    _places.pop(symbol, None)


MOST_FRAMES = 60  # of a stack that is shown; what a deep recursion leaves out is counted


def lisp_stack(trace: TracebackType | None) -> list[Frame]:
    """The Lisp calls that a traceback passed through, innermost first.

    Activations in tier 0 and compiled functions add traceback entries of their own, whose line is an index of
    places: those that are in its globals, or that `register` was told of its file, a C++ symbol.
    """
    frames: list[Frame] = []
    while trace is not None:
        entry = trace.tb_frame.f_code
        if "/" in entry.co_name:  # no Python function is called so
            known = (entry.co_name, trace.tb_frame.f_globals.get("places", ()))
            name, places = _places.get(entry.co_filename, known)
            span = places[trace.tb_lineno] if trace.tb_lineno < len(places) else None
            own = _LOOP.sub("", name)
            if own != name and frames:  # goes on where the frame before was
                frames.pop()
            frames.append(Frame(own, span))
        trace = trace.tb_next
    frames.reverse()
    left_out = len(frames) - MOST_FRAMES
    if left_out > 0:
        half = MOST_FRAMES // 2
        frames[half:-half] = [Frame(f"… {left_out} calls more", None)]
    return frames


def fault(error: BaseException) -> LispError:
    """An exception that left a script, as an error with position and Lisp stack; `__cause__` keeps it."""
    if isinstance(error, LispErrors):
        return error.errors[0]
    if isinstance(error, LispError):
        return error
    stack = lisp_stack(error.__traceback__)
    told = error
    while isinstance(told, ExecutionError) and told.__cause__ is not None:  # of a future
        told = told.__cause__
        stack[:0] = told.stack if isinstance(told, LispError) else lisp_stack(told.__traceback__)
    span = next((f.span for f in stack if f.span is not None), None)
    notes = [Note(text) for text in faults.notes_of(told)]
    if isinstance(error, Interrupted):
        made: RuntimeFault = Interruption(describe(error), span, error.expected, stack=stack)
        error.__traceback__ = None  # its frames hold what may have filled the memory
    else:
        made = RuntimeFault(describe(told), span, notes=notes, stack=stack)
    made.__cause__ = error
    return made


def describe(error: BaseException) -> str:
    """What people should read of an exception: its kind where the message alone does not tell."""
    text = str(error)
    if isinstance(error, CppException):
        return f"C++ exception {text}"
    if isinstance(error, RecursionError):
        return STACK_OVERFLOW
    if isinstance(error, MemoryError):
        return text or "out of memory"
    if isinstance(error, KeyError):
        return f"no such key: {text}"
    if isinstance(error, AttributeError) and error.obj is not None:
        return f"{type_name(error.obj)} {found_text(error.obj)} does not support this"
    if isinstance(error, TypeError) and (call := _WRONG_CALL.match(text)):
        return wrong_call(call[1], text)
    return text or type(error).__name__


def wrong_call(function: str, text: str) -> str:
    """What Python says of a wrong number of arguments, about the core function that Lisp knows."""
    for entry in TABLE.values():
        if getattr(entry.value, "__qualname__", "") == function:
            return f"{entry.ns}/{entry.name} was called with other arguments than {entry.arglists}"
    return text
