"""Reads tables of small Lisp programs: source lines, then lines that say what is expected of them.

    (+ 1 2)
    ;=> 3

`;=>`      the value of the last form, as `pr-str` prints it
`;out>`    all that was printed, as `pr-str` prints a string
`;!>`      the program is rejected: `[line:col kind:] a part of the message`; lines count from the
           case's first
`;expected>` `;found>`  a part of what the error says there
`;expansion>` the macros the form came from, innermost first: `name line:col, …`
`;stack>`  the Lisp stack, innermost call first: `name line:col, …`, names without their namespace

Lines that begin with `;;` before a case are remarks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_MARK = re.compile(r";(=>|!>|\w+>) ?(.*)")
_PLACED = re.compile(r"(\d+:\d+) ([\w+ ]*error): (.*)")
_MARKS = ("=>", "!>", "out>", "expected>", "found>", "expansion>", "stack>")


@dataclass(frozen=True, slots=True)
class Case:
    """One program and what is expected of it: `marks` maps a mark such as "=>" to its text."""

    source: str
    place: str  # file:line in the table
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def rejected(self) -> bool:
        return "!>" in self.marks

    @property
    def error(self) -> tuple[str, str, str]:
        """Of a rejected one: position, kind (both "" where any will do) and a part of the message."""
        found = _PLACED.fullmatch(self.marks["!>"])
        return (found[1], found[2], found[3]) if found else ("", "", self.marks["!>"])


def read_cases(path: Path) -> list[Case]:
    """The cases of a table. Raises ValueError where a program has no expectation."""
    cases: list[Case] = []
    source: list[str] = []
    start = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        mark = _MARK.fullmatch(line)
        if mark and mark[1] in _MARKS:
            if any(part.strip() for part in source):
                cases.append(Case("\n".join(source).strip("\n"), f"{path.name}:{start}"))
                source = []
            cases[-1].marks[mark[1]] = mark[2]
        elif source or (line.strip() and not line.startswith(";;")):
            if not source:
                start = number
            source.append(line)
    if any(part.strip() for part in source):
        raise ValueError(f"{path.name}:{start}: a program without an expectation")
    return cases
