"""`docs/robustness.md`, made from the tests that name the slips: `python -m tests.robustness` writes it.

A test says with `slip` what it tries and what happens now; the page has nothing that stands nowhere else.
The soak's figures are those of the reports in `docs/soak/`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "robustness.md"
REPORTS = ROOT / "docs" / "soak"


class Where(Enum):
    """The sections of the page, in order."""

    FRAME = "In a frame: what ImGui is left with"
    ENDLESS = "What does not end"
    FAULTS = "C++ that faults"
    CPP = "C++ that is no program, and C++ that harms where it is declared"
    PROCESS = "The process is lost all the same"
    NREPL = "Over nREPL"
    THREADS = "Threads"
    COSTS = "Costs that must not grow"
    FILES = "Whatever a file holds"
    RELOAD = "What the window shows after a save"
    HEADERS = "Edited C++"
    AROUND = "Surroundings"


def slip(where: Where, names: str | Iterable[str], now: str) -> pytest.MarkDecorator:
    """Marks a test that tries slips; `names` are its cases or its only one, `now` says what happens."""
    return pytest.mark.slip(where, (names,) if isinstance(names, str) else tuple(names), now)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the page."""

    where: Where
    names: tuple[str, ...]
    now: str
    test: str


def rows() -> Iterator[Row]:
    """Every slip that a test names, in the order of the files and of the tests in them."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "robustness import" not in path.read_text(encoding="utf-8"):
            continue
        place = path.relative_to(ROOT).as_posix()
        module = importlib.import_module(place.removesuffix(".py").replace("/", "."))
        for name, test in vars(module).items():
            for mark in reversed(marks_of(test)):
                yield Row(*mark.args, test=f"{place}::{name}")


def marks_of(test: Any) -> list[pytest.Mark]:
    """The `slip` marks of a test function."""
    marks = getattr(test, "pytestmark", []) if isinstance(test, Callable) else []  # type: ignore[arg-type]
    return [mark for mark in marks if mark.name == "slip"]


def page() -> str:
    """The page."""
    found = list(rows())
    lines = [
        "# What goes wrong, and what happens then",
        "",
        "Each row is made from the test that tries it, by `python -m tests.robustness`: change it there.",
        "Where a row says that something is an error, it is shown with its place in the *Problems* panel,",
        "the last good definition keeps running, and the next sound save takes the error away.",
    ]
    for where in Where:
        lines += [
            "",
            f"## {where.value}",
            "",
            "| slip | what happens now | tried by |",
            "| --- | --- | --- |",
        ]
        for row in found:
            if row.where is where:
                file, _, name = row.test.partition("::")
                slips = "; ".join(map(_cell, row.names))
                lines.append(f"| {slips} | {_cell(row.now)} | [{name}](../{file}) |")
    lines += ["", *_soaks()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _soaks() -> Iterator[str]:
    yield "## An hour of carelessness"
    yield ""
    yield "`tierscope soak` lets a seeded monkey make these slips over the live app, mend them, click, type,"
    yield "evaluate, change strategies, and compare the state with that of a fresh load. Two minutes of it"
    yield "run in `make test`. The reports in `docs/soak/`:"
    yield ""
    heads = {
        "seed": "seed",
        "minutes": "minutes",
        "frames": "frames",
        "edits": "edits",
        "slips_survived": "faults and other slips survived",
        "restarts": "restarts",
        "expected_restarts": "asked for",
        "hangs": "hangs",
        "errors": "errors told",
        "states_compared": "states compared",
        "longest_frame_ms": "longest frame, ms",
    }
    yield f"| {' | '.join(heads.values())} | memory at first, at last, MB | failures |"
    yield f"|{' --- |' * (len(heads) + 2)}"
    reports = [json.loads(path.read_text("utf-8")) for path in sorted(REPORTS.glob("*.json"))]
    for report in reports:
        curve = [mb for _, mb in report["memory_mb"]]
        cells = [str(report[key]) for key in heads]
        cells[1] += " headless" if report["headless"] else " in a window"
        yield f"| {' | '.join(cells)} | {curve[0]:.0f}, {curve[-1]:.0f} | {len(report['failures'])} |"
    yield ""
    yield from (
        f"- Seed {report['seed']}: {report['note']}" for report in reports if "note" in report
    )


if __name__ == "__main__":
    from tests import robustness  # the module whose `Where` the tests import

    PAGE.write_text(robustness.page(), encoding="utf-8")
