"""Each line of `functions.txt`: a call and what it gives, or the exception it raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.core.equality import equal
from runtime.core.printing import pr_str
from tests.core.lisp import evaluate, function

CASES = [
    line.split(" => ", 1)
    for line in Path(__file__).with_name("functions.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith(";")
]


def kind(value: Any) -> Any:
    """What must be the same besides the value: sequence or vector, and so inside vectors."""
    if function("vector?")(value):
        return [kind(item) for item in value]
    return "seq" if function("seq?")(value) else type(value) is bool


@pytest.mark.parametrize(
    ("source", "expected"), [case for case in CASES if not case[1].startswith("!")]
)
def test_gives(source: str, expected: str) -> None:
    value, wanted = evaluate(source), evaluate(expected)
    assert equal(value, wanted), pr_str(value)
    assert kind(value) == kind(wanted), pr_str(value)


@pytest.mark.parametrize(("source", "error"), [case for case in CASES if case[1].startswith("!")])
def test_raises(source: str, error: str) -> None:
    name, _, message = error[1:].partition(" ")
    with pytest.raises(Exception) as raised:
        evaluate(source)
    assert message in str(raised.value)
    assert type(raised.value).__name__ == name
