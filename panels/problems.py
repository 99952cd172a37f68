"""Problems: the errors that still stand, each with its place, its source lines and what is known."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, ProblemView, Snapshot
from panels.widgets import badge, empty_note, u32

TITLE = "Problems"


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """One card for each problem; a click copies its whole text."""
    for script, entry, reason in snapshot.paused:
        if imgui.button(f"Resume##{script} {entry}"):
            commands.resume(script, entry)
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        imgui.text_wrapped(f"{entry} is paused: {reason}")
    if not snapshot.problems:
        empty_note("No problems." if snapshot.scripts else "No script is open.")
        return
    for index, view in enumerate(snapshot.problems):
        imgui.push_id(index)
        _card(view, state)
        imgui.pop_id()
        imgui.spacing()
    if snapshot.more_problems:
        imgui.text_colored(theme.DIM, f"… and {snapshot.more_problems} more")


def _card(view: ProblemView, state: PanelState) -> None:
    error = view.problem.error
    flags = imgui.ChildFlags_.auto_resize_y | imgui.ChildFlags_.always_use_window_padding
    imgui.push_style_color(imgui.Col_.child_bg, theme.faded(theme.BAD, 0.06))
    if imgui.begin_child("card", (0, 0), flags):
        badge(error.kind, theme.BAD)
        imgui.same_line()
        place = (
            f"{Path(error.span.file).name}:{error.span.line}:{error.span.col}" if error.span else ""
        )
        imgui.text_colored(theme.DIM, place or view.problem.script)
        if view.problem.count > 1:
            imgui.same_line()
            imgui.text_colored(theme.DIM, f"× {view.problem.count}")
        imgui.same_line(imgui.get_content_region_avail().x - imgui.calc_text_size("Copy").x)
        if imgui.small_button("Copy"):
            imgui.set_clipboard_text(view.text)
        imgui.push_text_wrap_pos(0.0)
        imgui.text(error.message)
        for heading, text in (("expected", error.expected), ("found", error.found)):
            if text:
                imgui.text_colored(theme.DIM, f"{heading}:")
                imgui.same_line()
                imgui.text(text)
        imgui.pop_text_wrap_pos()
        imgui.push_font(state.fonts.mono, 0.0)
        for line in view.lines:
            caret = line.lstrip().startswith("|") and not line.strip(" |\t^")
            imgui.text_colored(theme.BAD if caret else theme.TEXT, line)
        imgui.pop_font()
        _remarks(view)
    imgui.end_child()
    imgui.pop_style_color()
    low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
    imgui.get_window_draw_list().add_rect_filled(low, (low.x + 3, high.y), u32(theme.BAD), 2.0)


def _remarks(view: ProblemView) -> None:
    error = view.problem.error
    imgui.push_text_wrap_pos(0.0)
    imgui.push_style_color(imgui.Col_.text, theme.DIM)
    for name, span in error.expansion:
        imgui.text(f"in the expansion of {name}" + (f" at {span}" if span else ""))
    for note in error.notes:
        imgui.text(f"{note.message}" + (f" ({note.span})" if note.span else ""))
    for frame in error.stack:
        imgui.text(f"at {frame.function}" + (f" ({frame.span})" if frame.span else ""))
    imgui.pop_style_color()
    imgui.pop_text_wrap_pos()
