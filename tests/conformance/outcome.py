"""What running a program comes to, as text by which two runtimes can be compared."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.core.exceptions import original
from runtime.core.printing import pr_str
from runtime.errors import Frame, LispError, LispErrors
from runtime.tiers.closures import CppException
from runtime.traces import fault

# Addresses, serial numbers, times.
_VARYING = re.compile(
    r"0x[0-9a-f]{6,}|(?<=__)\d+|(?<=#)\d+|(?<=[$/]fn)\d+|[\d.]+(?= msecs)|(?<=… )\d+"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did. `stack` are the Lisp calls that an error went through, with their lines."""

    value: str
    printed: str
    log: str = ""
    stack: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.value, f"  printed {self.printed!r}" if self.printed else ""]
        parts.append(f"  C++ did {self.log}" if self.log else "")
        parts.append(f"  in {' < '.join(self.stack)}" if self.stack else "")
        return "\n".join(part for part in parts if part)


def observed(run: Callable[[], Any], log: Callable[[], str] = str) -> Outcome:
    """What `run` does; `log` tells what C++ did meanwhile."""
    printed = io.StringIO()
    stack: tuple[str, ...] = ()
    with contextlib.redirect_stdout(printed):
        try:
            shown = pr_str(run())  # a lazy sequence may print or fail while it is shown
        except Exception as e:
            error = fault(e)
            shown = f"raised {told(error)}"
            stack = tuple(map(_place, error.stack))
            if isinstance(original(error), RecursionError):  # its depth is how large calls are
                stack = tuple(dict.fromkeys(stack))
    return Outcome(_VARYING.sub("…", shown), _VARYING.sub("…", printed.getvalue()), log(), stack)


def told(error: BaseException) -> str:
    """An error's class and message."""
    cause = original(error)
    if isinstance(cause, CppException):
        return f"C++ {cause}"
    if isinstance(error, LispErrors):
        return "; ".join(told(e) for e in error.errors)
    message = error.message if isinstance(error, LispError) else str(error)
    return f"{type(cause).__name__}: {message}"


def _place(frame: Frame) -> str:
    return f"{_VARYING.sub('…', frame.function)}:{frame.span.line if frame.span else '?'}"
