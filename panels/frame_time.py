"""Frame time: what the script, the panels and the drawing cost in each of the last frames."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui, implot

from panels import theme
from panels.model import Commands, FrameTimes, PanelState, Snapshot, percentiles
from panels.widgets import dot, empty_note

TITLE = "Frame time"
BUDGET_MS = 1000.0 / 60.0
SHOWN = 300  # frames


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """Percentiles of the last frames and their parts, stacked, over time."""
    frames = snapshot.frames
    if len(frames.total) < 2:
        empty_note("Waiting for the second frame.")
        return
    _figures(frames)
    flags = implot.Flags_.no_menus | implot.Flags_.no_box_select | implot.Flags_.no_mouse_text
    flags |= implot.Flags_.no_legend | implot.Flags_.no_inputs
    if implot.begin_plot("##frame time", (-1, -1), flags):
        _plot(frames)
        implot.end_plot()


def _figures(frames: FrameTimes) -> None:
    if not imgui.begin_table("figures", 6, imgui.TableFlags_.sizing_stretch_prop):
        return
    imgui.table_setup_column("", 0, 1.5)
    for name in ("last", "p50", "p95", "p99", "max"):
        imgui.table_setup_column(name)
    imgui.table_next_row()
    for heading in ("ms", "last", "p50", "p95", "p99", "max"):
        imgui.table_next_column()
        imgui.text_colored(theme.DIM, heading)
    for name, values in (
        ("total", frames.total),
        ("script", frames.script),
        ("panels", frames.panels),
        ("render", frames.render),
    ):
        imgui.table_next_row()
        imgui.table_next_column()
        dot(theme.PART_COLORS.get(name, theme.TEXT))
        imgui.text(name)
        figures = percentiles(values[-SHOWN:])
        for value in (float(values[-1]), *figures.values()):
            imgui.table_next_column()
            over = name == "total" and value > BUDGET_MS
            imgui.text_colored(theme.WARN if over else theme.TEXT, f"{value:.2f}")
    imgui.end_table()


def _plot(frames: FrameTimes) -> None:
    total = frames.total[-SHOWN:]
    axis = implot.AxisFlags_
    implot.setup_axes(
        "", "ms", axis.no_tick_labels | axis.no_grid_lines | axis.no_tick_marks, axis.no_tick_marks
    )
    # The 99th percentile sets the scale: a single long frame must not flatten all the others.
    high = max(2.0, 1.6 * float(np.percentile(total, 99)))
    if high > 0.6 * BUDGET_MS:
        high = max(high, 1.15 * BUDGET_MS)
    implot.setup_axes_limits(0, SHOWN, 0, high, implot.Cond_.always)
    xs = np.arange(SHOWN - len(total), SHOWN, dtype=np.float64)
    floor = np.zeros(len(total))
    for name in ("script", "panels", "render"):
        top = floor + getattr(frames, name)[-SHOWN:]
        color = theme.PART_COLORS[name]
        implot.plot_shaded(name, xs, floor, top, _spec(color, fill=0.45))
        implot.plot_line(f"{name} edge", xs, top, _spec(color))
        floor = top
    budget = np.array([BUDGET_MS])
    flags = implot.InfLinesFlags_.horizontal
    implot.plot_inf_lines("16.7 ms", budget, _spec(theme.faded(theme.WARN, 0.8), flags=flags))
    if high > BUDGET_MS:
        implot.annotation(2, BUDGET_MS, theme.faded(theme.WARN, 0.0), (24, -8), True, "16.7 ms")


def _spec(color: theme.Color, fill: float = 1.0, flags: int = 0) -> implot.Spec:
    return implot.Spec(
        line_color=imgui.ImVec4(*color),
        fill_color=imgui.ImVec4(*color),
        fill_alpha=fill,
        flags=flags,
    )
