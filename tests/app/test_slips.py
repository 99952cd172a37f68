"""Every slip of a frame function leaves the app alive, is told once by name, and is gone once mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.frame_loop import PATIENCE, FrameLoop
from app.headless import Headless
from app.settings import Settings
from runtime.errors import LispError, LispErrors, render
from runtime.runtime import Runtime
from tests.app.slips import LATER, MISSING, SURPLUS, WILD, Slip
from tests.robustness import Where, slip

HEAD = '(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'
SOUND = '(imgui/Begin "Tool") (imgui/Text "sound") (imgui/End)'
NEIGHBOUR = '(defn ^:frame other! [] (imgui/Begin "Other") (imgui/Text "x") (imgui/End))\n'


class Loop:
    """Frames of one script in memory, as the app draws them; the panel is a window."""

    def __init__(self, script: Path, strategy: str) -> None:
        self.script = script
        self.surface = Headless((400, 300), Settings(), None)
        self.panels = 0
        self.loop = FrameLoop(self.surface, [str(script)], (), self._panel)
        self.runtime = Runtime(strategy=strategy, threshold=2)
        self.runtime.start_imgui()
        self.load(SOUND)
        self.loop.start(self.runtime)
        self.loop.step()

    def _panel(self) -> None:
        from imgui_bundle import imgui

        imgui.begin("Panel")
        imgui.text("panel")
        imgui.end()
        self.panels += 1

    def load(self, body: str, rest: str = NEIGHBOUR) -> None:
        self.script.write_text(f"{HEAD}{rest}(defn ^:frame draw! []\n  {body})\n", encoding="utf-8")
        try:
            self.runtime.load(self.script)
        except (LispError, LispErrors) as error:
            pytest.fail(render(error))
        assert self.runtime.wait_idle(120)

    def frames(self, count: int) -> None:
        before = self.panels
        for _ in range(count):
            assert self.loop.step()
        assert self.panels >= before + count  # the panels draw in each

    def texts(self) -> list[str]:
        return [render(problem.error) for problem in self.runtime.problems()]

    def close(self) -> None:
        self.runtime.close()
        self.surface.close()


@pytest.fixture(scope="module", params=["interpret", "stub-jit", "inline-jit", "tiered"])
def loop(request: Any, tmp_path_factory: Any) -> Iterator[Loop]:
    """One app for all slips: what one of them leaves behind, the next one meets."""
    made = Loop(tmp_path_factory.mktemp("slips") / "tool.jank", request.param)
    yield made
    made.close()


OPENS = re.compile(r"\(imgui/(?:Begin|Push|TreePush)")


def check(loop: Loop, slip: Slip, openers: bool = False) -> None:
    """`openers`: what is missing is told at forms that open something."""
    loop.load(slip.body)
    loop.frames(6)
    texts = loop.texts()
    assert any(all(word in text for word in slip.says) for text in texts), texts
    assert len(texts) == len({text.split("\n")[0] for text in texts}), texts  # each once
    lines = loop.script.read_text(encoding="utf-8").splitlines()
    errors = [problem.error for problem in loop.runtime.problems()]
    for error in [e for e in errors if openers and e.message.startswith("Missing")]:
        assert error.span is not None, error.message
        form = lines[error.span.line - 1][error.span.col - 1 :]
        assert OPENS.match(form), (error.message, form)
    loop.load(slip.sound)
    loop.frames(3)
    assert loop.texts() == []
    assert loop.loop.paused == {}


@pytest.mark.parametrize("name", MISSING)
@slip(
    Where.FRAME,
    MISSING,
    "ImGui recovers by itself; the missing end is told once, at the form that opened it, with the "
    "window and the frame function, and is gone once it is mended. Panels and other scripts are drawn.",
)
def test_a_missing_end_or_pop(loop: Loop, name: str) -> None:
    check(loop, MISSING[name], openers=True)


IN_MANY_PLACES = """(imgui/Begin "Tool")
  (dotimes [i 3] (imgui/PushID (cpp/int i)) (row i) (imgui/PopID))
  (imgui/PushStyleColor cpp/ImGuiCol_Text (cpp/ImU32 7)) (imgui/PopStyleColor)
  (imgui/End)"""
ROW = """(defn row [i]
  (when (imgui/BeginTable "t" 2)
    (imgui/TableNextColumn)
    (when (= i 2) (imgui/BeginGroup) (imgui/Text "x"))
    (imgui/EndTable)))
"""


def test_the_form_that_opened_is_found_in_other_functions(loop: Loop) -> None:
    loop.load(IN_MANY_PLACES, ROW)
    loop.frames(4)
    (problem,) = loop.runtime.problems()
    span = problem.error.span
    assert span is not None
    assert (
        loop.script.read_text()
        .splitlines()[span.line - 1][span.col - 1 :]
        .startswith("(imgui/BeginGroup)")
    )
    assert [frame.function for frame in problem.error.stack] == ["tool/row"]
    loop.load(SOUND)
    loop.frames(3)
    assert loop.texts() == []


@pytest.mark.parametrize("name", SURPLUS)
@slip(
    Where.FRAME,
    SURPLUS,
    "An error of the call that is once too many, at its place; the frame goes on.",
)
def test_a_surplus_end_or_pop_has_its_place(loop: Loop, name: str) -> None:
    check(loop, SURPLUS[name])


@pytest.mark.parametrize("name", LATER)
@slip(
    Where.FRAME,
    LATER,
    "What the script broke in style, io or fonts is put back at once and told by name; a lost "
    "context is made again.",
)
def test_what_imgui_asserts_on_later(loop: Loop, name: str) -> None:
    check(loop, LATER[name])


@pytest.mark.parametrize("name", WILD)
@slip(
    Where.FRAME,
    WILD,
    "An error of the call, which is closed until its source changes; the frame goes on.",
)
def test_a_fault_within_imgui(loop: Loop, name: str) -> None:
    check(loop, WILD[name])


@slip(
    Where.COSTS,
    'an error whose text changes in each frame ("boom 21", "boom 22")',
    "One problem with a count; it shows the newest text.",
)
def test_an_error_whose_numbers_change_is_one_problem(loop: Loop) -> None:
    loop.load('(throw (ex-info (str "boom " (swap! n inc)) {}))', "(defonce n (atom 20))\n")
    loop.frames(30)
    problems = loop.runtime.problems()
    assert len(problems) == 1
    assert problems[0].count == 30
    assert f"boom {loop.runtime.eval('@tool/n')}" in problems[0].error.message
    loop.load(SOUND)
    loop.frames(2)
    assert loop.texts() == []


@slip(
    Where.COSTS,
    "infinite recursion in each frame",
    '"stack overflow" with its place; after three such frames the entry is paused until its '
    "source changes or it is resumed.",
)
def test_a_recursion_that_overflows_in_each_frame_is_paused_until_it_is_mended(loop: Loop) -> None:
    loop.load(
        "(down 1)", "(defonce calls (atom 0)) (defn down [n] (swap! calls inc) (+ 1 (down n)))"
    )
    loop.frames(PATIENCE)
    calls = loop.runtime.eval("@tool/calls")
    loop.frames(5)
    assert loop.runtime.eval("@tool/calls") == calls
    texts = loop.texts()
    assert any("stack overflow" in text for text in texts), texts
    assert any("tool/draw! is paused" in text for text in texts), texts
    loop.load(SOUND)
    loop.frames(2)
    assert loop.texts() == []
    assert loop.loop.paused == {}


def test_a_paused_entry_draws_again_when_it_is_resumed(loop: Loop) -> None:
    loop.load("(swap! n inc)", "(defonce n (atom 0))\n")
    loop.frames(2)
    script = str(loop.script)
    loop.loop.pause(script, "tool/draw!", "asked for")
    drawn = loop.runtime.eval("@tool/n")
    loop.frames(3)
    assert loop.runtime.eval("@tool/n") == drawn
    loop.loop.resume(script)
    loop.frames(3)
    assert loop.runtime.eval("@tool/n") == drawn + 3
    loop.load(SOUND)


def test_a_sound_change_of_style_stays(loop: Loop) -> None:
    from imgui_bundle import imgui

    body = "(cpp/= (.-FrameRounding (imgui/GetStyle)) (cpp/float. 9.0))"
    loop.load(body)
    loop.frames(2)
    loop.load("(imgui/EndFrame)")  # the context is lost: the next one has it too
    loop.frames(2)
    loop.load(SOUND)
    loop.frames(2)
    assert imgui.get_style().frame_rounding == 9.0
    assert loop.texts() == []
