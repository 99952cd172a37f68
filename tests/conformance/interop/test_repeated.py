"""The programs of all modules here, called again and again: before, while and after they are compiled."""

from __future__ import annotations

import importlib

import pytest

from tests.conformance.interop.programs import FOLDER, TABLES
from tests.conformance.repeated import Program, disagreements, restless_disagreements
from tests.conformance.unrest import Definition

for path in sorted(FOLDER.glob("test_*.py")):
    if path.stem != "test_repeated":
        importlib.import_module(f"tests.conformance.interop.{path.stem}")
SAMPLE = (
    5  # one program in so many is run in unrest here; `python -m tests.conformance` runs them all
)
PRELUDES = {prelude.split()[1].rstrip(")"): prelude for prelude in TABLES}  # by namespace


def programs_of(ns: str) -> list[Program]:
    texts = enumerate(TABLES[PRELUDES[ns]])
    return [
        Program(source, ns, (), Definition(ns, f"(defn program-{i} [] {source}\n)", 1))
        for i, source in texts
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ns", PRELUDES)
def test_a_program_does_the_same_while_it_warms_up(ns: str) -> None:
    found = disagreements(programs_of(ns), FOLDER, PRELUDES[ns])
    assert not found, "\n\n".join(found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ns", PRELUDES)
def test_a_program_does_the_same_in_unrest(ns: str) -> None:
    found = restless_disagreements(programs_of(ns)[::SAMPLE], FOLDER, PRELUDES[ns])
    assert not found, "\n\n".join(found)
