"""The tiers agree: on what was once found to differ, and on programs nobody has seen before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runtime.core.printing import pr_str
from tests.conformance.fuzz.agreement import FOLDER, RUNTIMES, Bench, replay
from tests.conformance.fuzz.programs import Program, programs
from tests.conformance.fuzz.restless import difference_in_unrest
from tests.lisp_cases import Case, read_cases

CORPUS = read_cases(FOLDER / "corpus.jank")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.mark.parametrize("label", RUNTIMES)
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.place)
def test_what_once_differed(bench: Bench, case: Case, label: str) -> None:
    found = replay(bench.runtimes[label], case.source)
    for outcome in found:
        assert case.marks.get("=>", outcome.value) == outcome.value
        assert case.marks.get("!>", "") in outcome.value
        assert case.marks.get("out>", pr_str(outcome.printed)) == pr_str(outcome.printed)
    assert len(set(found)) == 1


@pytest.mark.timeout(300)
def test_tiers_agree(bench: Bench) -> None:
    @settings(max_examples=40, derandomize=True, database=None, deadline=None,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
    @given(programs())
    def agree(program: Program) -> None:
        difference = bench.difference(program)
        assert difference is None, f"\n{difference}"

    agree()


@pytest.mark.timeout(300)
def test_a_change_of_tier_at_any_moment_changes_no_result(bench: Bench) -> None:
    @settings(max_examples=15, derandomize=True, database=None, deadline=None,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
    @given(programs(3), st.integers(0, 1000))
    def agree(program: Program, seed: int) -> None:
        difference = difference_in_unrest(bench, program, seed)
        assert difference is None, f"\n{difference}"

    agree()
    assert bench.runtimes["tiered"].wait_idle(120)
