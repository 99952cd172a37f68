"""Every panel draws every kind of record, and what is computed for them is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from app.headless import Headless
from app.settings import Settings
from panels import events, functions, lisp_text
from panels.desk import Desk
from panels.model import FrameTimes, PanelState, ProblemView, Snapshot, matches
from panels.widgets import number
from runtime.errors import AnalysisError, Frame, Note, RuntimeFault, Span
from runtime.events import (
    Analysed,
    BoxesCarried,
    Compile,
    CppReload,
    Deoptimised,
    Dropped,
    Fault,
    LibraryBuilt,
    Refused,
    Reload,
    SlowCompile,
    StubMiss,
    TierChange,
    TypeQuery,
)
from runtime.snapshots import CodeStats, FunctionInfo, Problem, StubInfo, StubStats


class Asked:
    """Records the commands that panels give."""

    def __init__(self) -> None:
        self.commands: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.commands.append((name, *arguments))


def function(
    name: str = "a/f", tier: int = 0, state: str = "interpreted", **more: Any
) -> FunctionInfo:
    values: dict[str, Any] = {
        "calls": 30,
        "loops": 20,
        "deopts": 0,
        "compile_ms": 0.0,
        "us_per_call": 1.5,
        "threshold": 100,
        "file": "a.jank",
        "line": 3,
        "source": '(defn f [x]\n  (str "é\\n" x)) ; twice',
        "cpp": "",
        "error": "",
    }
    return FunctionInfo(name=name, tier=tier, state=state, **{**values, **more})


def times(count: int) -> FrameTimes:
    one = np.ones(count)
    return FrameTimes(one, one, one, 3 * one, 16 * one)


FULL = Snapshot(
    frames=times(50),
    functions=(
        function(),
        function("a/queued", state="queued"),
        function("a/stub", 1, "compiled", cpp="int x;", compile_ms=3.0),
        function("a/inline", 2, "compiled", cpp="int y;", deopts=2, guard_failures=16),
        function("a/never", policy="interpret"),
        function("a/large", state="refused", error="400 nodes"),
        function("a/failed", state="failed", error="no such overload"),
        function("a/later", 7, "compiled"),
    ),
    stub_stats=StubStats(90, 10, 10, 12.5),
    stubs=tuple(StubInfo(f"ImGui::F{i}(int)", i, 1, 0.5, "code") for i in range(100)),
    problems=(
        ProblemView.of(
            Problem(
                "a.jank",
                AnalysisError(
                    "wrong 100%",
                    Span(__file__, 1, 1, 1, 4, via=("when", None)),
                    "this",
                    "that",
                    (Note("a candidate"),),
                    (Frame("a/f", None),),
                ),
                3,
            )
        ),
        ProblemView.of(Problem("b.jank", RuntimeFault("no place"))),
    ),
    events=(
        Reload(file="/x/a.jank", forms_total=3, forms_evaluated=1, latency_ms=2.0, ok=False),
        StubMiss(signature="f()", batch=2, compile_ms=1.0),
        Analysed(file="a.jank", forms=3, ms=1.0),
        TypeQuery(questions=4, compile_ms=1.0),
        LibraryBuilt(file="/x/scene.cpp", compile_ms=900.0, cached=False),
        CppReload(files=("/x/scene.hpp",), headers=("scene.hpp",), latency_ms=9.0, ok=False),
        BoxesCarried(type="scene::camera", boxes=2, lost=("fov",)),
        Compile(functions=("a/f", "a/g"), tier=2, compile_ms=9.0, error="bad"),
        TierChange(function="a/f", old=0, new=2, cause="threshold"),
        Deoptimised(function="a/f", reason="a string came"),
        Dropped(function="a/f", cause="cooled down"),
        Refused(function="a/f", reason="400 nodes"),
        SlowCompile(functions=("a/f", "a/g"), limit_s=10.0),
        Fault(error=RuntimeFault("line one\nline two")),
    ),
    scripts=("/x/a.jank",),
    code=CodeStats(3, 4, 2, 1, 99, 12.5, 1024.0, 1.5, 30, 2),
)


@pytest.fixture
def surface() -> Iterator[Headless]:
    surface = Headless((1280, 800), Settings(), None)
    yield surface
    surface.close()


@pytest.mark.parametrize("selected", ["", "a/f", "a/queued", "a/stub", "a/failed", "gone/gone"])
@pytest.mark.parametrize("snapshot", [FULL, Snapshot(times(0)), Snapshot(times(1), loading=True)])
def test_every_panel_draws_whatever_there_is(surface, snapshot, selected):
    desk = Desk(PanelState(surface.fonts, selected=selected))
    for frame in range(2 + len(desk.panels)):
        surface.begin()
        if frame >= 2:  # each tab comes to the front once
            imgui.set_window_focus(list(desk.panels)[frame - 2])
        desk.draw(snapshot, Asked())
        surface.draw()


def test_the_first_layout_leaves_the_top_left_to_the_scripts(surface):
    desk = Desk(PanelState(surface.fonts))
    for _ in range(3):
        surface.begin()
        desk.draw(FULL, Asked())
        surface.draw()
    for title in ("Functions", "Frame time", "Generated C++"):
        window = imgui.internal.find_window_by_name(title)
        inside = window.pos.x < 690 and window.pos.y < 460
        assert not inside, title


def test_a_new_problem_comes_to_the_front_of_its_tabs(surface):
    desk = Desk(PanelState(surface.fonts))
    for frame in range(6):
        surface.begin()
        desk.draw(FULL if frame > 2 else Snapshot(times(5)), Asked())
        surface.draw()
    assert imgui.internal.find_window_by_name("###Problems").hidden is False
    assert imgui.internal.find_window_by_name("Generated C++").hidden is True


def test_progress_is_heat_up_to_the_threshold():
    assert functions.heat(function(calls=3000, heat=50.0)) == 0.5
    assert functions.heat(function(heat=500.0)) == 1.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (7.0, "7"), (0.042, "0.04"), (12.34, "12.3"), (45_200, "45.2k"), (6e6, "6.0M")],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_filters_want_every_word_somewhere():
    assert matches("draw UI", "viewer.ui/draw-debug-ui!")
    assert not matches("draw state", "viewer.ui/draw-debug-ui!")
    assert matches("", "anything")


def test_an_event_is_one_line():
    for event in FULL.events:
        text = events.describe(event)
        assert text
        assert "\n" not in text


def test_lisp_is_colored_without_losing_a_character():
    source = '(ns a/b "s;\\"" #_x)\n; note\n(f :k 1.5 \\a ##Inf #"re" #(+ %1 2) ~@x "open\n'
    lines = lisp_text.colored_lines(source)
    assert "\n".join("".join(text for _, text in line) for line in lines) == source
