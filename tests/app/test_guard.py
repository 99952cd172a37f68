"""A script's error never ends the app or leaves ImGui unbalanced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imgui_bundle import imgui

from app import guard
from app.headless import Headless
from app.settings import Settings


@pytest.fixture
def surface() -> Iterator[Headless]:
    surface = Headless((400, 300), Settings(), None)
    yield surface
    surface.close()


def frame(surface: Headless, entry) -> Exception | None:
    surface.begin()
    problem = guard.run(entry)
    imgui.begin("After")
    imgui.text("still drawn")
    imgui.end()
    surface.draw()
    surface.swap()
    return problem


def test_a_sound_entry_has_no_problem(surface):
    def entry():
        imgui.begin("Sound")
        imgui.end()

    assert frame(surface, entry) is None


def test_an_exception_is_returned_and_the_stacks_are_repaired(surface):
    def entry():
        imgui.begin("Broken")
        imgui.push_id("a")
        imgui.begin_child("inner")
        raise ValueError("boom")

    for _ in range(3):
        problem = frame(surface, entry)
        assert isinstance(problem, ValueError)


def test_a_missing_end_is_named_with_its_window(surface):
    def entry():
        imgui.begin("Left open")

    problem = frame(surface, entry)
    assert "Missing End()" in str(problem)
    assert "Left open" in str(problem)
    assert frame(surface, lambda: None) is None


@pytest.mark.parametrize(
    ("call", "closer"),
    [
        (lambda: imgui.push_style_color(imgui.Col_.text, (1, 0, 0, 1)), "PopStyleColor()"),
        (lambda: imgui.push_style_var(imgui.StyleVar_.alpha, 0.5), "PopStyleVar()"),
        (lambda: imgui.push_id("x"), "PopID()"),
        (imgui.begin_group, "EndGroup()"),
        (imgui.begin_disabled, "EndDisabled()"),
        (lambda: imgui.tree_push("t"), "TreePop()"),
    ],
)
def test_what_was_left_pushed_is_named(surface, call, closer):
    problem = frame(surface, call)
    assert closer in problem.expected
    assert frame(surface, lambda: None) is None


def test_one_end_too_many_is_the_scripts_error_and_frames_go_on(surface):
    problem = frame(surface, imgui.end)
    assert problem is not None
    assert frame(surface, lambda: None) is None


def test_an_unbalanced_table_is_repaired(surface):
    def entry():
        imgui.begin("Table")
        imgui.begin_table("t", 2)
        imgui.table_next_column()
        raise RuntimeError("inside a table")

    assert isinstance(frame(surface, entry), RuntimeError)
    assert frame(surface, lambda: None) is None
