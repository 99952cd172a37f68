"""The language, construct by construct: every `.jank` table here, under every way to run a form.

Each program has the namespace `t` to itself and finds the namespaces of `modules/` on its path. What the
reader does is the same for every strategy: its table runs once.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import Frame, LispError, Span
from tests.lisp_cases import Case, read_cases

FOLDER = Path(__file__).parent
STRATEGIES: list[dict[str, Any]] = [
    {"strategy": "interpret"},
    {"strategy": "stub-jit"},
    {"strategy": "inline-jit"},
    {"strategy": "tiered", "threshold": 1},
]


def cases(rejected: bool) -> list[Any]:
    """Every program under every strategy, those of one strategy together."""
    found = [case for table in sorted(FOLDER.glob("*.jank")) for case in read_cases(table)]
    return [
        pytest.param(given, case, id=f"{given['strategy']} {case.place} {case.source}")
        for given in STRATEGIES
        for case in found
        if case.rejected == rejected
        and (given["strategy"] == "interpret" or not case.place.startswith("reading"))
    ]


@pytest.fixture(scope="module")
def runtimes() -> Iterator[Callable[..., Runtime]]:
    """Gives the runtime of a strategy, made when it is first asked for."""
    made: dict[str, Runtime] = {}

    def get(strategy: str, **more: Any) -> Runtime:
        if strategy not in made:
            made[strategy] = Runtime(strategy, include_dirs=[FOLDER / "modules"], **more)
        return made[strategy]

    yield get
    for runtime in made.values():
        runtime.close()


def evaluate(rt: Runtime, case: Case) -> tuple[str, str]:
    """The program's value as `pr-str` prints it, and what it printed itself."""
    rt.namespaces.all.pop("t", None)
    rt.namespaces.current = rt.namespaces.ensure("t")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = rt.eval(case.source, "t.jank")
        shown = pr_str(value)  # a lazy sequence may print while it is shown
    return shown, printed.getvalue()


def place(span: Span | None) -> str:
    return f"{span.line}:{span.col}" if span else "?"


def frames(stack: Sequence[Frame]) -> str:
    return ", ".join(f"{f.function.split('/', 1)[-1]} {place(f.span)}" for f in stack)


@pytest.mark.parametrize(("given", "case"), cases(rejected=False))
def test_gives(runtimes: Callable[..., Runtime], given: dict[str, Any], case: Case) -> None:
    value, printed = evaluate(runtimes(**given), case)
    if "=>" in case.marks:
        assert value == case.marks["=>"]
    if "out>" in case.marks:
        assert pr_str(printed) == case.marks["out>"]


@pytest.mark.parametrize(("given", "case"), cases(rejected=True))
def test_rejects(runtimes: Callable[..., Runtime], given: dict[str, Any], case: Case) -> None:
    where, kind, message = case.error
    with pytest.raises(LispError) as raised:
        evaluate(runtimes(**given), case)
    error = raised.value
    assert message in error.message
    if where:
        assert (place(error.span), error.kind) == (where, kind)
    assert case.marks.get("expected>", "") in error.expected
    assert case.marks.get("found>", "") in error.found
    if "expansion>" in case.marks:
        calls = [f"{name} {place(span)}" for name, span in error.expansion]
        assert ", ".join(calls) == case.marks["expansion>"]
    if "stack>" in case.marks:
        assert frames(error.stack) == case.marks["stack>"]
