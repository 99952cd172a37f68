"""Colours, style and fonts shared by every panel: a tier, a state and an error look the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import imgui_bundle
from imgui_bundle import imgui, implot

from runtime.events import (
    Analysed,
    Compile,
    Deoptimised,
    Dropped,
    Event,
    Fault,
    LibraryBuilding,
    LibraryBuilt,
    Refused,
    Reload,
    SlowCompile,
    StubMiss,
    TierChange,
    TypeQuery,
)

Color = tuple[float, float, float, float]


def rgb(text: str, alpha: float = 1.0) -> Color:
    """`"5aa9e6"` as ImGui's floats."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return (red, green, blue, alpha)


def faded(color: Color, alpha: float) -> Color:
    """`color` with its own opacity replaced."""
    return (*color[:3], alpha)


BACKGROUND = rgb("131519")
SURFACE = rgb("1a1d23")
RAISED = rgb("242830")
LINE = rgb("2e333d")
TEXT = rgb("d9dde5")
DIM = rgb("8790a0")
ACCENT = rgb("5b9bd5")
GOOD = rgb("63bf8b")
WARN = rgb("dfa554")
BAD = rgb("e5686a")
BUSY = rgb("a88fe0")

TIER_NAMES = ("interpreted", "stub C++", "inline C++")
TIER_COLORS = (rgb("93a0b8"), WARN, GOOD)
PART_COLORS = {"script": ACCENT, "panels": BUSY, "render": rgb("56b3ad")}
STATE_COLORS = {
    "queued": BUSY,
    "compiling": BUSY,
    "failed": BAD,
    "refused": DIM,
    "compiled": TEXT,
}
EVENT_COLORS: dict[type[Event], Color] = {
    Reload: ACCENT,
    Analysed: DIM,
    StubMiss: DIM,
    TypeQuery: DIM,
    Compile: BUSY,
    LibraryBuilding: BUSY,
    LibraryBuilt: BUSY,
    TierChange: GOOD,
    Deoptimised: WARN,
    Dropped: DIM,
    Refused: WARN,
    SlowCompile: WARN,
    Fault: BAD,
}


def tier_color(tier: int) -> Color:
    """The one colour of a tier; tiers added later share the last one's."""
    return TIER_COLORS[min(tier, len(TIER_COLORS) - 1)]


def tier_name(tier: int) -> str:
    """The one name of a tier in tables and legends."""
    return TIER_NAMES[tier] if tier < len(TIER_NAMES) else f"tier {tier}"


@dataclass(frozen=True, slots=True)
class Fonts:
    """The text font, which is also the default one, and the font of code."""

    text: imgui.ImFont
    mono: imgui.ImFont


def load_fonts(size: float) -> Fonts:
    """Add the bundle's own Roboto and Inconsolata to the current context; `size` in unscaled pixels."""
    folder = Path(imgui_bundle.__file__).parent / "assets" / "fonts"
    style, atlas = imgui.get_style(), imgui.get_io().fonts
    style.font_size_base = size
    return Fonts(
        text=atlas.add_font_from_file_ttf(str(folder / "Roboto" / "Roboto-Regular.ttf"), size),
        mono=atlas.add_font_from_file_ttf(str(folder / "Inconsolata-Medium.ttf"), size),
    )


def apply(scale: float = 1.0) -> None:
    """Set the style of the current ImGui and ImPlot contexts; `scale` is the display's content scale."""
    imgui.style_colors_dark()
    style, vec = imgui.get_style(), imgui.ImVec2
    for index, color in _colors().items():
        style.set_color_(index, imgui.ImVec4(*color))
    style.window_padding, style.frame_padding = vec(10, 8), vec(7, 4)
    style.item_spacing, style.item_inner_spacing = vec(8, 5), vec(6, 4)
    style.cell_padding = vec(6, 3)
    style.window_rounding = style.popup_rounding = 5
    style.frame_rounding = style.grab_rounding = style.tab_rounding = style.child_rounding = 3
    style.window_border_size = style.popup_border_size = style.child_border_size = 1
    style.frame_border_size = style.tab_bar_overline_size = 0
    style.scrollbar_size, style.grab_min_size, style.indent_spacing = 11, 9, 14
    style.window_title_align = vec(0.0, 0.5)
    style.docking_separator_size = 2
    style.scale_all_sizes(scale)
    style.font_scale_dpi = scale
    if implot.get_current_context() is not None:
        _apply_plot()


def _apply_plot() -> None:
    style, vec = implot.get_style(), imgui.ImVec2
    style.plot_padding, style.label_padding = vec(4, 4), vec(4, 2)
    style.legend_padding, style.legend_inner_padding = vec(6, 4), vec(3, 3)
    style.plot_border_size = 0
    for index, color in {
        implot.Col_.frame_bg: SURFACE,
        implot.Col_.plot_bg: BACKGROUND,
        implot.Col_.plot_border: LINE,
        implot.Col_.axis_grid: faded(LINE, 0.7),
        implot.Col_.axis_text: DIM,
        implot.Col_.legend_bg: faded(BACKGROUND, 0.8),
        implot.Col_.legend_border: faded(LINE, 0.0),
        implot.Col_.legend_text: TEXT,
    }.items():
        style.set_color_(index, imgui.ImVec4(*color))


def _colors() -> dict[int, Color]:
    col = imgui.Col_
    return {
        col.text: TEXT,
        col.text_disabled: DIM,
        col.window_bg: SURFACE,
        col.child_bg: faded(SURFACE, 0.0),
        col.popup_bg: rgb("1f2229", 0.98),
        col.border: LINE,
        col.frame_bg: RAISED,
        col.frame_bg_hovered: rgb("2d323c"),
        col.frame_bg_active: rgb("343a46"),
        col.title_bg: BACKGROUND,
        col.title_bg_active: rgb("1b212b"),
        col.title_bg_collapsed: BACKGROUND,
        col.menu_bar_bg: BACKGROUND,
        col.scrollbar_bg: faded(BACKGROUND, 0.4),
        col.scrollbar_grab: rgb("39404c"),
        col.scrollbar_grab_hovered: rgb("4a5261"),
        col.scrollbar_grab_active: ACCENT,
        col.check_mark: ACCENT,
        col.slider_grab: faded(ACCENT, 0.85),
        col.slider_grab_active: ACCENT,
        col.button: rgb("2d333e"),
        col.button_hovered: rgb("3a4251"),
        col.button_active: rgb("456080"),
        col.header: rgb("2a3442"),
        col.header_hovered: rgb("323e4f"),
        col.header_active: rgb("3a4a60"),
        col.separator: LINE,
        col.separator_hovered: faded(ACCENT, 0.6),
        col.separator_active: ACCENT,
        col.resize_grip: faded(ACCENT, 0.15),
        col.resize_grip_hovered: faded(ACCENT, 0.5),
        col.resize_grip_active: ACCENT,
        col.tab: BACKGROUND,
        col.tab_hovered: rgb("323e4f"),
        col.tab_selected: rgb("252c37"),
        col.tab_selected_overline: ACCENT,
        col.tab_dimmed: BACKGROUND,
        col.tab_dimmed_selected: rgb("20252e"),
        col.tab_dimmed_selected_overline: LINE,
        col.docking_preview: faded(ACCENT, 0.5),
        col.docking_empty_bg: BACKGROUND,
        col.table_header_bg: rgb("20242b"),
        col.table_border_strong: LINE,
        col.table_border_light: rgb("252a32"),
        col.table_row_bg: faded(SURFACE, 0.0),
        col.table_row_bg_alt: rgb("ffffff", 0.018),
        col.text_selected_bg: faded(ACCENT, 0.35),
        col.nav_cursor: ACCENT,
        col.plot_histogram: ACCENT,
        col.plot_lines: ACCENT,
        col.modal_window_dim_bg: rgb("000000", 0.5),
    }
