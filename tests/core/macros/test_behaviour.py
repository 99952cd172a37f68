"""The cases of `behaviour.jank`, each evaluated under strategies that run it in different tiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.core.printing import pr_str
from runtime.errors import LispError

pytest.importorskip("runtime.runtime")

FILE = Path(__file__).with_name("behaviour.jank")
CASE = re.compile(r"^((?:(?!;).*\n)+);([=!])> (.*)$", re.MULTILINE)


def cases(mark: str) -> list[Any]:
    """The source and what is expected of it, for each case with that mark."""
    return [
        pytest.param(m[1].strip(), m[3], id=m[1].strip())
        for m in CASE.finditer(FILE.read_text(encoding="utf-8"))
        if m[2] == mark
    ]


@pytest.fixture(scope="module", params=["interpret", "inline-jit"])
def rt(request: pytest.FixtureRequest) -> Iterator[Any]:
    from runtime import Runtime

    runtime = Runtime(strategy=request.param)
    yield runtime
    runtime.close()


@pytest.fixture(autouse=True)
def in_user(rt: Any) -> None:
    rt.eval("(in-ns 'user)")


@pytest.mark.parametrize(("source", "printed"), cases("="))
def test_value(rt: Any, source: str, printed: str) -> None:
    assert pr_str(rt.eval(source)) == printed


@pytest.mark.parametrize(("source", "message"), cases("!"))
def test_is_rejected_with_its_place(rt: Any, source: str, message: str) -> None:
    with pytest.raises(LispError, match=re.escape(message)) as raised:
        rt.eval(source)
    assert raised.value.span is not None
