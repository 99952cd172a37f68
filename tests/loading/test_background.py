"""Saves while a reload goes on, very many of them, and loads that do not end."""

from __future__ import annotations

import os
import time

import pytest

from runtime.events import Reload
from runtime.process.interruption import CallLimits
from tests.robustness import Where, slip

TEXT = "(ns main)\n(defonce state (atom 0))\n(def n {})\n(defn f [] [n (+ n 1)])\n"


def until(program, holds, seconds: float = 150.0) -> None:
    """Tick until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, program.runtime.problems()
        program.runtime.tick()
        program.runtime.frame_done()
        time.sleep(0.0005)


def write(program, text: str) -> None:
    """As editors do it: a new file takes the old one's place."""
    fresh = program.folder / "fresh"
    fresh.write_text(text)
    os.replace(fresh, program.path("main"))


@slip(Where.FILES, "a file that changes a thousand times", "What it says at last is in force.")
def test_a_thousand_saves(files):
    program = files("interpret")
    program.save(TEXT.format(0))
    seen = set()
    for number in range(1, 1001):
        write(program, TEXT.format(number))
        program.runtime.load_async(program.path("main"))
        program.runtime.tick()
        seen.add(program.value("(apply - (f))"))
    until(program, lambda: program.runtime.wait_idle(0))
    assert program.value("[n (f)]") == "[1000 [1000 1001]]"
    assert seen == {"-1"}, "no frame sees half a save"
    assert program.runtime.problems() == []


@slip(Where.RELOAD, "a save in the middle of a reload", "It is taken after that.")
def test_a_save_in_the_middle_of_a_reload(files):
    program = files("interpret")
    many = "".join(f"(defn g{i} [] (+ {i} n))\n" for i in range(300))
    program.save(TEXT.format(0) + many)
    known = len(program.runtime.events.of(Reload))
    write(program, (TEXT.format(1) + many).replace("defn g", "defn  g"))
    program.runtime.load_async(program.path("main"))
    time.sleep(0.005)
    write(program, TEXT.format(2) + many)
    program.runtime.load_async(program.path("main"))
    until(program, lambda: program.runtime.wait_idle(0))
    assert program.value("[n (g299)]") == "[2 301]"
    assert len(program.runtime.events.of(Reload)) > known


@pytest.mark.parametrize(
    "endless",
    [
        "(defmacro m [] (while true)) (m)",
        "(while true)",
        "(def x (loop [] (recur)))",
        "(def x (count (iterate inc 0)))",
    ],
)
@slip(Where.ENDLESS, "a load that does not end", "Interrupted; later saves go on.")
def test_a_load_that_does_not_end_is_interrupted_and_later_saves_go_on(files, endless):
    program = files("tiered")
    program.runtime.call_limits = CallLimits(seconds=0.3)
    program.save(TEXT.format(1))
    write(program, TEXT.format(2) + endless + "\n(def after 3)\n")
    program.runtime.load_async(program.path("main"))
    until(program, lambda: program.runtime.wait_idle(0) and program.runtime.problems())
    assert "interrupted" in str(program.runtime.problems()[0].error)
    assert program.value("[n after]") == "[2 3]"
    write(program, TEXT.format(4))
    program.runtime.load_async(program.path("main"))
    until(program, lambda: program.runtime.wait_idle(0) and not program.runtime.problems())
    assert program.value("(f)") == "[4 5]"
