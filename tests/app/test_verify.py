"""Comparing what strategies draw: differences are found, and named by frame, strategy, window and widget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from imgui_bundle import imgui

from app import verify
from app.environment import ASSETS
from app.headless import Headless
from app.rasterise import VERTEX, DrawList, draw_lists
from app.settings import Settings
from app.verify import Work, compare, digest

HEAD = '(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'


def drawn(color: int = 255, count: int = 4) -> DrawList:
    vertices = np.zeros(count, VERTEX)
    vertices["pos"] = np.arange(count)[:, None] * (1, 2)
    vertices["color"] = color
    return DrawList("Tool", vertices, np.arange(count, dtype=np.uint32), ())


def test_equal_lists_have_equal_digests_and_others_do_not():
    assert digest(drawn()) == digest(drawn())
    assert digest(drawn()) != digest(drawn(color=254))


def test_the_first_other_vertex_in_a_widget_is_told():
    other = drawn()
    other.vertices["color"][1:3, 1] = 7
    widget, told = compare(drawn(), other, [("Second", (1.9, 3.9, 9.0, 9.0))])
    assert widget == "Second"
    assert "vertex 2" in told
    assert "color" in told


def test_where_no_widget_differs_the_one_nearest_to_the_first_other_vertex_is_told():
    other = drawn()
    other.vertices["pos"][1, 0] = 7
    widgets = [("Far", (50.0, 50.0, 60.0, 60.0)), ("Near", (10.0, 10.0, 20.0, 20.0))]
    widget, told = compare(drawn(), other, widgets)
    assert widget == "Near"
    assert "vertex 1: pos" in told
    assert compare(drawn(), other, [])[0] == "at 1, 2"


def test_missing_vertices_are_told():
    button = ("Button", (2.5, 5.5, 3.5, 6.5))
    assert compare(drawn(count=4), drawn(count=3), [button]) == (
        "Button",
        "3 vertices instead of 4",
    )
    assert compare(drawn(count=3), drawn(count=4), [button]) == (
        "Button",
        "4 vertices instead of 3",
    )
    assert compare(drawn(count=4), drawn(count=0), [button])[1] == "one of them is empty"


def test_widgets_are_found_by_their_place():
    surface = Headless((400, 300), Settings(), None)

    def entry() -> None:
        imgui.set_next_window_pos((20, 20))
        imgui.begin("Tool")
        imgui.button("Push me")
        imgui.checkbox("Check", True)
        imgui.end()

    for _ in range(3):
        surface.begin()
        entry()
        surface.draw()
    widgets = verify._widgets(surface, [entry], draw_lists(imgui.get_draw_data()))
    assert [label for label, _ in widgets] == ["Push me", "Check"]
    _, (left, top, right, bottom) = widgets[1]
    assert verify._around(widgets, ((left + right) / 2, (top + bottom) / 2)) == "Check"
    assert verify._around(widgets, (390.0, 290.0)) is None


@pytest.mark.timeout(300)
def test_the_example_is_drawn_alike_by_every_strategy():
    said: list[str] = []
    work = Work(ASSETS / "scripts" / "draw_debug_ui.jank", "", 90)
    assert verify.verify(work, said.append) == 0, said
    assert [line.split(":")[0] for line in said] == [
        "interpret",
        "tiered",
        "stub-jit",
        "inline-jit",
    ]


@pytest.mark.timeout(300)
def test_a_difference_is_named_with_its_window_and_widget(tmp_path: Path):
    script = tmp_path / "tool.jank"
    script.write_text(
        HEAD + '(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Button "Same")\n'
        '  (imgui/Button (str (rand-int 1000000) "###changing")) (imgui/End))\n'
    )
    said: list[str] = []
    assert verify.verify(Work(script, "", 12), said.append) == 1
    assert "frame " in said[-1]
    assert "window “Tool”" in said[-1]
    assert "###changing" in said[-1]


@pytest.mark.timeout(300)
def test_a_script_that_every_strategy_refuses_is_no_success(tmp_path: Path):
    script = tmp_path / "tool.jank"
    script.write_text(HEAD + "(defn ^:frame draw! [] (no-such))\n")
    said: list[str] = []
    assert verify.verify(Work(script, "", 3), said.append) == 1
    assert "no-such" in said[-1]
