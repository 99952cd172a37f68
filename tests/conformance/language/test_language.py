"""The language, construct by construct: every `.jank` table here, under every way to run a form.

Each program has the namespace `t` to itself and finds the namespaces of `modules/` on its path.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import Frame, LispError, Span
from tests.lisp_cases import Case, read_cases

FOLDER = Path(__file__).parent
CASES = [case for table in sorted(FOLDER.glob("*.jank")) for case in read_cases(table)]
STRATEGIES: list[dict[str, Any]] = [
    {"strategy": "interpret"},
    {"strategy": "inline-jit"},
    {"strategy": "tiered", "threshold": 1},
]


@pytest.fixture(scope="module", params=STRATEGIES, ids=lambda given: given["strategy"])
def rt(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    runtime = Runtime(**request.param, include_dirs=[FOLDER / "modules"])
    yield runtime
    runtime.close()


def evaluate(rt: Runtime, case: Case) -> tuple[Any, str]:
    """The program's value and what it printed."""
    rt.eval("(in-ns 'user) (remove-ns 't) (ns t)")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = rt.eval(case.source, "t.jank")
        shown = pr_str(value)  # a lazy sequence may print while it is shown
    return shown, printed.getvalue()


def place(span: Span | None) -> str:
    return f"{span.line}:{span.col}" if span else "?"


def frames(stack: Any) -> str:
    return ", ".join(f"{f.function.split('/', 1)[1]} {place(f.span)}" for f in stack if isinstance(f, Frame))


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.rejected], ids=lambda c: f"{c.place} {c.source}"
)
def test_gives(rt: Runtime, case: Case) -> None:
    value, printed = evaluate(rt, case)
    if "=>" in case.marks:
        assert value == case.marks["=>"]
    if "out>" in case.marks:
        assert pr_str(printed) == case.marks["out>"]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.rejected], ids=lambda c: f"{c.place} {c.source}"
)
def test_rejects(rt: Runtime, case: Case) -> None:
    where, kind, message = case.error
    with pytest.raises(LispError) as raised:
        evaluate(rt, case)
    error = raised.value
    assert message in error.message
    if where:
        assert (place(error.span), error.kind) == (where, kind)
    assert case.marks.get("expected>", "") in error.expected
    assert case.marks.get("found>", "") in error.found
    if "expansion>" in case.marks:
        assert ", ".join(f"{name} {place(span)}" for name, span in error.expansion) == case.marks["expansion>"]
    if "stack>" in case.marks:
        assert frames(error.stack) == case.marks["stack>"]
