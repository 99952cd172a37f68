"""Memory: how much code was compiled, how much of it still runs, and what that takes."""

from __future__ import annotations

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, Snapshot
from panels.widgets import meter, number, right_aligned
from runtime.snapshots import CodeStats

TITLE = "Memory"


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """A table of figures, and how much of the limit is used."""
    flags = imgui.TableFlags_.row_bg | imgui.TableFlags_.sizing_fixed_fit
    if not imgui.begin_table("memory", 3, flags):
        return
    scale = imgui.get_style().font_scale_dpi
    imgui.table_setup_column("what", imgui.TableColumnFlags_.width_fixed, 130 * scale)
    imgui.table_setup_column("figure", imgui.TableColumnFlags_.width_fixed, 70 * scale)
    imgui.table_setup_column("meaning", imgui.TableColumnFlags_.width_stretch)
    for what, figure, meaning in rows(snapshot.code, snapshot.rss_mb):
        imgui.table_next_row()
        imgui.table_next_column()
        imgui.text_unformatted(what)
        imgui.table_next_column()
        right_aligned(figure)
        imgui.table_next_column()
        imgui.text_colored(theme.DIM, meaning)
    imgui.end_table()
    code = snapshot.code
    used = code.grown_mb / code.limit_mb if code.limit_mb > 0 else 0.0
    color = theme.WARN if used > 0.8 else theme.ACCENT
    meter(min(1.0, used), color, f"{code.grown_mb:.1f} of {code.limit_mb:.0f} MB for compiled code")


def rows(code: CodeStats, rss_mb: float) -> list[tuple[str, str, str]]:
    """What is shown: name, figure, meaning."""
    return [
        ("Process", f"{rss_mb:.0f} MB", "resident memory"),
        (
            "Machine code",
            f"{code.code_mb:.1f} MB",
            "made by Cling: functions, stubs, type questions",
        ),
        ("Running code", number(code.live), "pieces of compiled code that functions run"),
        (
            "Dead code",
            number(code.dead),
            "whose functions were redefined; kept for when they come back",
        ),
        ("Reused", number(code.reused), "functions that came back and were not compiled again"),
        ("Dropped", number(code.dropped), "compiles that no longer mattered"),
        ("Constants", number(code.constants), "Lisp values and vars that compiled code refers to"),
        ("Outgoing", number(code.outgoing), "of replaced code that may still be running"),
        ("Transactions", number(code.transactions), "handed to Cling in all"),
    ]
