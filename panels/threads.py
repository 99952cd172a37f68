"""Threads: futures, agents' actions, evaluations and loads that run now, and a way to stop each."""

from __future__ import annotations

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, Snapshot
from panels.widgets import right_aligned

TITLE = "Threads"


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """A row for each: what it is, what it runs, for how long, and *Cancel*."""
    if not snapshot.threads:
        imgui.text_colored(theme.DIM, "Nothing runs beside the frames.")
        return
    flags = imgui.TableFlags_.row_bg | imgui.TableFlags_.sizing_fixed_fit
    if not imgui.begin_table("threads", 4, flags):
        return
    scale = imgui.get_style().font_scale_dpi
    imgui.table_setup_column("kind", imgui.TableColumnFlags_.width_fixed, 60 * scale)
    imgui.table_setup_column("what it runs", imgui.TableColumnFlags_.width_stretch)
    imgui.table_setup_column("for", imgui.TableColumnFlags_.width_fixed, 70 * scale)
    imgui.table_setup_column("", imgui.TableColumnFlags_.width_fixed, 60 * scale)
    imgui.table_headers_row()
    for thread in snapshot.threads:
        imgui.table_next_row()
        imgui.table_next_column()
        imgui.text_unformatted(thread.kind)
        imgui.table_next_column()
        imgui.text_unformatted(thread.what)
        imgui.set_item_tooltip(thread.what)
        imgui.table_next_column()
        right_aligned(duration(thread.seconds))
        imgui.table_next_column()
        if imgui.small_button(f"Cancel##{thread.number}"):
            commands.cancel(thread.number)
    imgui.end_table()


def duration(seconds: float) -> str:
    """How long something runs, to be read at a glance."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
