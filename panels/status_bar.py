"""The bar along the bottom: scripts, strategy, threshold, tiers at a glance, frame rate.

It is at the bottom because the top left corner belongs to the scripts: they place windows there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from imgui_bundle import imgui

from panels import theme
from panels.model import STRATEGIES, Commands, PanelState, Snapshot
from panels.widgets import dot

TITLE = "##status"


def draw(snapshot: Snapshot, state: PanelState, commands: Commands, titles: Sequence[str]) -> None:
    """Draw the bar at the bottom of the main viewport; `titles` are the panels it can show and hide."""
    flags = imgui.WindowFlags_.no_scrollbar | imgui.WindowFlags_.menu_bar
    flags |= imgui.WindowFlags_.no_saved_settings
    high = imgui.get_frame_height()
    viewport = imgui.get_main_viewport()
    shown = imgui.internal.begin_viewport_side_bar(TITLE, viewport, imgui.Dir.down, high, flags)
    if shown and imgui.begin_menu_bar():
        _scripts(snapshot, commands)
        _panels_menu(state, titles)
        imgui.separator()
        _strategy(snapshot, commands)
        _summary(snapshot)
        imgui.end_menu_bar()
    imgui.end()


def _scripts(snapshot: Snapshot, commands: Commands) -> None:
    names = ", ".join(os.path.basename(script) for script in snapshot.scripts) or "no script"
    if imgui.begin_menu(f"{names}###scripts"):
        for script in snapshot.scripts:
            imgui.text_colored(theme.DIM, script)
        imgui.separator()
        if imgui.menu_item("Reload", "F5", False)[0]:
            commands.reload()
        imgui.end_menu()
    if imgui.shortcut(imgui.Key.f5, imgui.InputFlags_.route_global):
        commands.reload()


def _panels_menu(state: PanelState, titles: Sequence[str]) -> None:
    if imgui.begin_menu("Panels"):
        _, state.show_panels = imgui.menu_item("Show panels", "F10", state.show_panels)
        imgui.separator()
        for title in titles:
            _, state.open[title] = imgui.menu_item(title, "", state.open.get(title, True))
        imgui.end_menu()
    if imgui.shortcut(imgui.Key.f10, imgui.InputFlags_.route_global):
        state.show_panels = not state.show_panels


def _strategy(snapshot: Snapshot, commands: Commands) -> None:
    em = imgui.get_font_size()
    imgui.set_next_item_width(7.5 * em)
    if imgui.begin_combo("##strategy", snapshot.strategy):
        for name in STRATEGIES:
            if imgui.selectable(name, name == snapshot.strategy)[0]:
                commands.set_strategy(name)
        imgui.end_combo()
    imgui.set_item_tooltip("Strategy: how functions are run from now on")
    imgui.set_next_item_width(4.5 * em)
    flags = imgui.SliderFlags_.logarithmic | imgui.SliderFlags_.always_clamp
    moved, calls = imgui.drag_int("##threshold", snapshot.threshold, 1.0, 1, 100_000, "≥ %d", flags)
    if moved:
        commands.set_threshold(calls)
    imgui.set_item_tooltip("Threshold: calls and loop iterations until a function tiers up")
    imgui.set_next_item_width(4.5 * em)
    limited = f"{snapshot.limit_s:g} s" if snapshot.limit_s else "no limit"
    flags = imgui.SliderFlags_.always_clamp
    moved, seconds = imgui.drag_float("##limit", snapshot.limit_s, 0.1, 0.0, 60.0, limited, flags)
    if moved:
        commands.set_limit(round(seconds, 1))
    imgui.set_item_tooltip("Limit: what a call of a script may take before it is interrupted")
    if imgui.shortcut(imgui.Key.escape, imgui.InputFlags_.route_global):
        commands.interrupt()


def _summary(snapshot: Snapshot) -> None:
    parts = [(theme.tier_color(t), f"{n} {theme.tier_name(t)}") for t, n in snapshot.tiers]
    if snapshot.paused:
        parts.append((theme.BAD, f"{len(snapshot.paused)} paused"))
    if snapshot.damaged:
        parts.append((theme.BAD, "memory may be damaged"))
    count = snapshot.problem_count
    if count:
        parts.append((theme.BAD, f"{count} problem{'s' if count > 1 else ''}"))
    frames = snapshot.frames
    work = float(frames.total[-60:].mean()) if len(frames.total) else 0.0
    speed = f"{work:5.2f} ms   {frames.fps:4.0f} fps"
    dot_width = imgui.get_font_size() + 2 * imgui.get_style().frame_padding.x
    gap = 14.0
    width = sum(imgui.calc_text_size(text).x + dot_width + gap for _, text in parts)
    width += imgui.calc_text_size(speed).x + gap
    left = imgui.get_window_width() - width
    imgui.set_cursor_pos_x(max(imgui.get_cursor_pos_x(), left))
    for color, text in parts:
        dot(color)
        imgui.text(text)
        imgui.same_line(0, gap)
    imgui.text_colored(theme.DIM, speed)
