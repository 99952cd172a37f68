"""Frame time: what the script, the panels and the drawing cost in each of the last frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from imgui_bundle import imgui, implot
from numpy.typing import NDArray

from panels import theme
from panels.model import Commands, FrameTimes, PanelState, Snapshot, percentiles
from panels.widgets import dot, empty_note

TITLE = "Frame time"
BUDGET_MS = 1000.0 / 60.0
SHOWN = 300  # frames


@dataclass(frozen=True, slots=True)
class Curves:
    """What is shown of some frames: a table of figures, and the parts as stacked curves."""

    rows: tuple[tuple[str, tuple[float, ...]], ...]  # part; last, p50, p95, p99, max
    xs: NDArray[np.float64]
    tops: tuple[tuple[str, NDArray[np.float64]], ...]  # each part's upper edge, bottom first
    high: float  # the upper end of the axis, ms


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """Percentiles of the last frames and their parts, stacked, over time."""
    frames = snapshot.frames
    if len(frames.total) < 2:
        empty_note("Waiting for the second frame.")
        return
    curves = curves_of(frames)
    _figures(curves)
    flags = implot.Flags_.no_menus | implot.Flags_.no_box_select | implot.Flags_.no_mouse_text
    flags |= implot.Flags_.no_legend | implot.Flags_.no_inputs
    if implot.begin_plot("##frame time", (-1, -1), flags):
        _plot(curves)
        implot.end_plot()


@lru_cache(maxsize=2)
def curves_of(frames: FrameTimes) -> Curves:
    """Computed once for each snapshot, not for each frame that shows it."""
    rows = []
    for name in ("total", "script", "panels", "render"):
        values = getattr(frames, name)[-SHOWN:]
        rows.append((name, (float(values[-1]), *percentiles(values).values())))
    total = frames.total[-SHOWN:]
    tops, floor = [], np.zeros(len(total))
    for name in ("script", "panels", "render"):
        floor = floor + getattr(frames, name)[-SHOWN:]
        tops.append((name, floor))
    # The 99th percentile sets the scale: a single long frame must not flatten all the others.
    high = max(2.0, 1.6 * float(np.percentile(total, 99)))
    if high > 0.6 * BUDGET_MS:
        high = max(high, 1.15 * BUDGET_MS)
    xs = np.arange(SHOWN - len(total), SHOWN, dtype=np.float64)
    return Curves(tuple(rows), xs, tuple(tops), high)


def _figures(curves: Curves) -> None:
    if not imgui.begin_table("figures", 6, imgui.TableFlags_.sizing_stretch_prop):
        return
    imgui.table_setup_column("", 0, 1.5)
    for name in ("last", "p50", "p95", "p99", "max"):
        imgui.table_setup_column(name)
    imgui.table_next_row()
    for heading in ("ms", "last", "p50", "p95", "p99", "max"):
        imgui.table_next_column()
        imgui.text_colored(theme.DIM, heading)
    for name, figures in curves.rows:
        imgui.table_next_row()
        imgui.table_next_column()
        dot(theme.PART_COLORS.get(name, theme.TEXT))
        imgui.text(name)
        for value in figures:
            imgui.table_next_column()
            over = name == "total" and value > BUDGET_MS
            imgui.text_colored(theme.WARN if over else theme.TEXT, f"{value:.2f}")
    imgui.end_table()


def _plot(curves: Curves) -> None:
    axis = implot.AxisFlags_
    bare = axis.no_tick_labels | axis.no_grid_lines | axis.no_tick_marks
    implot.setup_axes("", "ms", bare, axis.no_tick_marks)
    implot.setup_axes_limits(0, SHOWN, 0, curves.high, implot.Cond_.always)
    floor = np.zeros(len(curves.xs))
    for name, top in curves.tops:
        color = theme.PART_COLORS[name]
        implot.plot_shaded(name, curves.xs, floor, top, _spec(color, fill=0.45))
        implot.plot_line(f"{name} edge", curves.xs, top, _spec(color))
        floor = top
    budget = np.array([BUDGET_MS])
    flags = implot.InfLinesFlags_.horizontal
    implot.plot_inf_lines("16.7 ms", budget, _spec(theme.faded(theme.WARN, 0.8), flags=flags))
    if curves.high > BUDGET_MS:
        implot.annotation(2, BUDGET_MS, theme.faded(theme.WARN, 0.0), (24, -8), True, "16.7 ms")


def _spec(color: theme.Color, fill: float = 1.0, flags: int = 0) -> implot.Spec:
    return implot.Spec(
        line_color=imgui.ImVec4(*color),
        fill_color=imgui.ImVec4(*color),
        fill_alpha=fill,
        flags=flags,
    )
