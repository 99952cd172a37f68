"""Whom the parent of a lost process blames."""

from __future__ import annotations

from app.process.deaths import blamed
from app.process.logbook import Doing
from tests.robustness import Where, slip

FORM = (7, Doing("load", "main.jank", "(defonce scale 1)", 3))
FRAME = (1, Doing("frame", "main.jank", "main/draw!"))


def test_the_thread_that_the_report_names_is_to_blame() -> None:
    report = "signal 11\nCurrent thread 0x0000000000000001 (most recent call first):"
    assert blamed([FORM, FRAME], report) is FRAME[1]
    assert blamed([FORM], report) is None


@slip(
    Where.PROCESS,
    "SIGKILL while a form is evaluated and a frame is drawn",
    "Neither is left out by the next process: nobody knows which of them it was, if any.",
)
def test_without_a_report_one_of_two_cannot_be_blamed() -> None:
    assert blamed([FORM, FRAME], "") is None
    assert blamed([FRAME], "") is FRAME[1]
    assert blamed([], "") is None
