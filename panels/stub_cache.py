"""Stub cache: one row for each C++ signature that scripts call, its hits and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, Snapshot, matches
from panels.widgets import empty_note, filter_box, number, right_aligned
from runtime.snapshots import StubInfo

TITLE = "Stub cache"

COLUMNS: tuple[tuple[str, float, Callable[[StubInfo], Any]], ...] = (
    ("Signature", 0, lambda s: s.signature),
    ("Hits", 58, lambda s: s.hits),
    ("Misses", 54, lambda s: s.misses),
    ("C++ ms", 56, lambda s: s.compile_ms),
)


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """Totals, a filter and the sortable table."""
    stats = snapshot.stub_stats
    imgui.text(f"{stats.entries} stubs")
    for text in (
        f"{100 * stats.hit_rate:.1f}% hits",
        f"{number(stats.hits)} hits, {number(stats.misses)} misses",
        f"{stats.compile_ms:.0f} ms of C++",
    ):
        imgui.same_line(0, 16)
        imgui.text_colored(theme.DIM, text)
    state.stubs_filter = filter_box("Filter signatures", state.stubs_filter)
    if not snapshot.stubs:
        empty_note("No C++ function was called yet.")
        return
    shown = [s for s in snapshot.stubs if matches(state.stubs_filter, s.signature)]
    flags = imgui.TableFlags_
    style = flags.sortable | flags.scroll_y | flags.row_bg | flags.resizable | flags.borders_inner_v
    if not imgui.begin_table("stubs", len(COLUMNS), style):
        return
    imgui.table_setup_scroll_freeze(0, 1)
    for heading, width, _ in COLUMNS:
        column = imgui.TableColumnFlags_
        kind = column.width_fixed | column.prefer_sort_descending if width else column.width_stretch
        imgui.table_setup_column(heading, kind, width * imgui.get_style().font_scale_dpi)
    imgui.table_headers_row()
    specs = imgui.table_get_sort_specs()
    if specs is not None and specs.specs_count:
        spec = specs.get_specs(0)
        descending = spec.sort_direction == imgui.SortDirection.descending
        shown.sort(key=COLUMNS[spec.column_index][2], reverse=descending)
    clipper = imgui.ListClipper()
    clipper.begin(len(shown))
    while clipper.step():
        for stub in shown[clipper.display_start : clipper.display_end]:
            _row(stub)
    imgui.end_table()


def _row(stub: StubInfo) -> None:
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.text_unformatted(stub.signature)
    if imgui.is_item_hovered(imgui.HoveredFlags_.delay_normal) and imgui.begin_tooltip():
        imgui.text_unformatted(stub.signature)
        if stub.cpp:
            imgui.separator()
            imgui.text_colored(theme.DIM, stub.cpp)
        imgui.end_tooltip()
    imgui.table_next_column()
    right_aligned(number(stub.hits))
    imgui.table_next_column()
    right_aligned(number(stub.misses), theme.DIM)
    imgui.table_next_column()
    right_aligned(number(stub.compile_ms), theme.DIM)
