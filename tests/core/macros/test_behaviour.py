"""The cases of `behaviour.jank`, each evaluated under strategies that run it in different tiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.core.printing import pr_str
from runtime.errors import LispError
from tests.lisp_cases import Case, read_cases

pytest.importorskip("runtime.runtime")

CASES = read_cases(Path(__file__).with_name("behaviour.jank"))


@pytest.fixture(scope="module", params=["interpret", "stub-jit", "inline-jit"])
def rt(request: pytest.FixtureRequest) -> Iterator[Any]:
    from runtime import Runtime

    runtime = Runtime(strategy=request.param)
    yield runtime
    runtime.close()


@pytest.fixture(autouse=True)
def in_user(rt: Any) -> None:
    rt.eval("(in-ns 'user)")


@pytest.mark.parametrize("case", [c for c in CASES if not c.rejected], ids=lambda c: c.source)
def test_value(rt: Any, case: Case) -> None:
    assert pr_str(rt.eval(case.source)) == case.marks["=>"]


@pytest.mark.parametrize("case", [c for c in CASES if c.rejected], ids=lambda c: c.source)
def test_is_rejected_with_its_place(rt: Any, case: Case) -> None:
    with pytest.raises(LispError, match=re.escape(case.marks["!>"])) as raised:
        rt.eval(case.source)
    assert raised.value.span is not None
