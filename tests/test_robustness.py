"""docs/robustness.md says what the tests say, and nothing else."""

from __future__ import annotations

from tests import robustness


def test_the_page_is_what_would_be_made() -> None:
    assert robustness.PAGE.read_text(encoding="utf-8") == robustness.page(), (
        "run python -m tests.robustness"
    )


def test_every_section_has_rows() -> None:
    assert {row.where for row in robustness.rows()} == set(robustness.Where)
