"""Runs programs in tier 0 and under `tiered` and compares every call: value, output, error and Lisp stack."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from functools import cache

from runtime import Runtime
from runtime.core.exceptions import original
from runtime.core.printing import pr_str
from runtime.errors import LispError
from runtime.snapshots import FunctionInfo

THRESHOLDS = (1, 3)
ANYTHING = (
    '1 -1 1.5 5N 1/2 nil "s" :k true [1] 9223372036854775807 1M \\a ##NaN'  # separated by spaces
)
ROUNDS = 3  # of all calls, the background work finished between them
_VARYING = re.compile(r"0x[0-9a-f]{6,}|(?<=fn)\d+")  # addresses, serial numbers of functions


@dataclass(frozen=True, slots=True)
class Program:
    """`definitions`, then `usual` calls until all they use is compiled for them, then the `calls`, one a line
    each, which are compared."""

    definitions: str
    calls: str
    usual: str = ""


def observed(runtime: Runtime, call: str) -> str:
    """What a call does. Of a stack overflow only the error: how deep a stack goes depends on the tier."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            shown = pr_str(runtime.eval(call, "call.jank"))
        except LispError as e:
            shown = f"{type(original(e)).__name__}: {e.message}"
            if "stack overflow" not in shown:
                shown += "".join(f"\n  in {f.function} {f.span}" for f in e.stack)
    return _VARYING.sub("…", "\n".join(filter(None, (printed.getvalue(), shown))))


def _run(runtime: Runtime, program: Program) -> list[tuple[str, str]]:
    runtime.eval(program.definitions, "program.jank")
    for _ in range(2):
        for call in 4 * program.usual.splitlines():
            observed(runtime, call)
        assert runtime.wait_idle(120)
    found = []
    for _ in range(ROUNDS):
        found += [(call, observed(runtime, call)) for call in program.calls.splitlines()]
        assert runtime.wait_idle(120)
    return found


@cache
def _expected(program: Program) -> list[tuple[str, str]]:
    runtime = Runtime(strategy="interpret")
    try:
        return _run(runtime, program)
    finally:
        runtime.close()


def agree(program: Program, threshold: int) -> dict[str, FunctionInfo]:
    """Assert that a program does the same under `tiered`; gives its functions by name."""
    runtime = Runtime(strategy="tiered", threshold=threshold)
    try:
        found = _run(runtime, program)
        functions = {f.name.removeprefix("user/"): f for f in runtime.functions()}
    finally:
        runtime.close()
    failed = {name: f.error for name, f in functions.items() if f.state in ("failed", "refused")}
    assert not failed, failed
    pairs = zip(found, _expected(program), strict=True)
    different = [
        f"{call}\n{now}\n-- tier 0:\n{then}" for (call, now), (_, then) in pairs if now != then
    ]
    assert not different, "\n\n".join(different[:5])
    return functions


def each(function: str, arguments: str, rest: str = "") -> str:
    """Calls of a function, one for each of the arguments, which are separated by spaces."""
    return "\n".join(f"({function} {argument}{rest})" for argument in arguments.split())


def info(rt: Runtime, name: str) -> FunctionInfo:
    """What the runtime says of the function of that full name."""
    return next(f for f in rt.functions() if f.name == name)
