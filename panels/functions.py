"""Functions: every function of the scripts with its tier, its calls and what its C++ cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, Snapshot, matches
from panels.widgets import badge, empty_note, filter_box, meter, number, right_aligned
from runtime.snapshots import FunctionInfo

TITLE = "Functions"

# Heading, width (0 stretches), and what the column sorts by.
COLUMNS: tuple[tuple[str, float, Callable[[FunctionInfo], Any]], ...] = (
    ("Function", 0, lambda f: f.name),
    ("Tier", 88, lambda f: (f.tier, f.state)),
    ("Calls", 54, lambda f: f.calls),
    ("To tier up", 78, lambda f: (f.tier, heat(f))),
    ("µs/call", 58, lambda f: f.us_per_call),
    ("C++ ms", 56, lambda f: f.compile_ms),
)


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """The sortable table; a click selects a function, a right click offers what can be done to it."""
    state.functions_filter = filter_box("Filter functions", state.functions_filter)
    shown = [f for f in snapshot.functions if matches(state.functions_filter, f.name, f.state)]
    if not snapshot.functions:
        empty_note("Reading the script…" if snapshot.loading else "The scripts define no function.")
        return
    flags = imgui.TableFlags_
    style = flags.sortable | flags.scroll_y | flags.row_bg | flags.resizable | flags.hideable
    if not imgui.begin_table("functions", len(COLUMNS), style | flags.borders_inner_v):
        return
    imgui.table_setup_scroll_freeze(0, 1)
    for heading, width, _ in COLUMNS:
        column = imgui.TableColumnFlags_
        kind = column.width_fixed if width else column.width_stretch
        if heading in ("Calls", "µs/call", "C++ ms"):
            kind |= column.prefer_sort_descending
        if heading == "Calls":
            kind |= column.default_sort
        imgui.table_setup_column(heading, kind, width * imgui.get_style().font_scale_dpi)
    imgui.table_headers_row()
    ordered = _sorted(shown)
    clipper = imgui.ListClipper()
    clipper.begin(len(ordered))
    while clipper.step():
        for function in ordered[clipper.display_start : clipper.display_end]:
            _row(function, state, commands)
    imgui.end_table()


def heat(function: FunctionInfo) -> float:
    """How far an interpreted function is on its way to the threshold, 0 to 1."""
    return min(1.0, function.heat / max(1, function.threshold))


def _sorted(functions: Sequence[FunctionInfo]) -> list[FunctionInfo]:
    specs = imgui.table_get_sort_specs()
    if specs is None or specs.specs_count == 0:
        return list(functions)
    spec = specs.get_specs(0)
    descending = spec.sort_direction == imgui.SortDirection.descending
    return sorted(functions, key=COLUMNS[spec.column_index][2], reverse=descending)


def _row(function: FunctionInfo, state: PanelState, commands: Commands) -> None:
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.push_id(function.name)
    span = imgui.SelectableFlags_.span_all_columns
    if imgui.selectable(function.name, function.name == state.selected, span)[0]:
        state.selected = function.name
    if imgui.is_item_hovered(imgui.HoveredFlags_.delay_normal):
        _tooltip(function)
    if imgui.begin_popup_context_item("actions"):
        _menu(function, state, commands)
        imgui.end_popup()
    imgui.table_next_column()
    if function.state in ("queued", "compiling", "failed", "refused"):
        badge(function.state, theme.STATE_COLORS[function.state])
    else:
        badge(theme.tier_name(function.tier), theme.tier_color(function.tier))
    imgui.table_next_column()
    right_aligned(number(function.calls))
    imgui.table_next_column()
    if function.tier:
        if function.deopts or function.guard_failures:
            imgui.text_colored(theme.WARN, f"{function.deopts} deopts")
    elif function.policy == "interpret":
        imgui.text_colored(theme.DIM, "never")
    elif function.state not in ("failed", "refused"):
        meter(heat(function), theme.BUSY, f"{round(function.heat)}/{function.threshold}")
    imgui.table_next_column()
    right_aligned(number(function.us_per_call) if function.us_per_call else "–", theme.TEXT)
    imgui.table_next_column()
    right_aligned(number(function.compile_ms) if function.compile_ms else "–", theme.DIM)
    imgui.pop_id()


def _tooltip(function: FunctionInfo) -> None:
    if not imgui.begin_tooltip():
        return
    imgui.text(function.name)
    imgui.text_colored(theme.DIM, f"{function.file}:{function.line}")
    imgui.text(f"{function.state}, {function.calls} calls, {function.loops} loop iterations")
    if function.deopts:
        imgui.text_colored(theme.WARN, f"deoptimised {function.deopts} times")
    if function.guard_failures:
        text = f"{function.guard_failures} calls did not meet what its code assumed"
        imgui.text_colored(theme.WARN, text)
    if function.assumes:
        imgui.text_colored(theme.DIM, f"counts on {', '.join(function.assumes)}")
    if function.waits:
        imgui.text_colored(theme.DIM, function.waits)
    if function.error:
        color = theme.BAD if function.state == "failed" else theme.WARN
        imgui.text_colored(color, function.error)
    imgui.end_tooltip()


def _menu(function: FunctionInfo, state: PanelState, commands: Commands) -> None:
    state.selected = function.name
    if imgui.menu_item("Tier up now", "", False, function.tier == 0)[0]:
        commands.tier_up(function.name)
    if imgui.menu_item("Back to the interpreter", "", False, function.tier > 0)[0]:
        commands.deoptimise(function.name)
    imgui.separator()
    if imgui.menu_item("Copy name", "", False)[0]:
        imgui.set_clipboard_text(function.name)
