"""The programs of the tables, called again and again: before, while and after they are compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.repeated import Program, disagreements, restless_disagreements, split
from tests.lisp_cases import read_cases

SAMPLE = (
    5  # one program in so many is run in unrest here; `python -m tests.conformance` runs them all
)
FOLDER = Path(__file__).parent
TABLES = sorted(path.stem for path in FOLDER.glob("*.jank") if path.stem != "reading")


def programs_of(table: str) -> list[Program]:
    """What a table lists, but for what is no program."""
    cases = read_cases(FOLDER / f"{table}.jank")
    running = [
        case for case in cases if not case.rejected or case.error[1] in ("", "runtime error")
    ]
    found = [split(case.source, f"t{i}", case.place) for i, case in enumerate(running)]
    return [program for program in found if program is not None]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("table", TABLES)
def test_a_program_does_the_same_while_it_warms_up(table: str) -> None:
    found = disagreements(programs_of(table), FOLDER / "modules")
    assert not found, "\n\n".join(found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("table", TABLES)
def test_a_program_does_the_same_in_unrest(table: str) -> None:
    found = restless_disagreements(programs_of(table)[::SAMPLE], FOLDER / "modules")
    assert not found, "\n\n".join(found)
