"""Small pieces that several panels draw alike."""

from __future__ import annotations

from imgui_bundle import imgui

from panels import theme
from panels.theme import Color


def u32(color: Color) -> int:
    """`color` as a draw list takes it."""
    return imgui.get_color_u32(imgui.ImVec4(*color))


def badge(text: str, color: Color) -> None:
    """A small rounded label, tinted with `color`."""
    size = imgui.calc_text_size(text)
    at = imgui.get_cursor_screen_pos()
    pad, high = 5.0, imgui.get_text_line_height()
    far = (at.x + size.x + 2 * pad, at.y + high)
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(at, far, u32(theme.faded(color, 0.16)), 3.0)
    draw.add_text((at.x + pad, at.y), u32(color), text)
    imgui.dummy((size.x + 2 * pad, high))


def dot(color: Color) -> None:
    """A coloured bullet before the text that follows."""
    imgui.push_style_color(imgui.Col_.text, color)
    imgui.bullet()  # stays on the line
    imgui.pop_style_color()


def meter(fraction: float, color: Color, text: str) -> None:
    """A thin bar over the cell's width, filled to `fraction` (0 to 1), with its text on it."""
    wide, high = imgui.get_content_region_avail().x, imgui.get_text_line_height()
    at = imgui.get_cursor_screen_pos()
    draw = imgui.get_window_draw_list()
    top, bottom = at.y + high - 3, at.y + high
    draw.add_rect_filled((at.x, top), (at.x + wide, bottom), u32(theme.RAISED), 1.5)
    if fraction > 0:
        end = at.x + max(3.0, wide * min(fraction, 1.0))
        draw.add_rect_filled((at.x, top), (end, bottom), u32(color), 1.5)
    draw.add_text((at.x, at.y - 3), u32(theme.DIM), text)
    imgui.dummy((wide, high))


def right_aligned(text: str, color: Color = theme.TEXT) -> None:
    """Text against the right edge of the cell: how columns of numbers are read."""
    gap = imgui.get_content_region_avail().x - imgui.calc_text_size(text).x
    if gap > 0:
        imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + gap)
    imgui.text_colored(color, text)


def filter_box(label: str, value: str, width: float = -1.0) -> str:
    """A one-line search field; returns its new text."""
    imgui.set_next_item_width(width)
    return imgui.input_text_with_hint(f"##{label}", label, value)[1]


def number(value: float) -> str:
    """`value` with about three digits that count, and thin enough for a table: 0.042, 12.3, 45.2k."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (limit if limit != 1e4 else 1e3):.1f}{unit}"
    if value == int(value):
        return str(int(value))
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def empty_note(text: str) -> None:
    """What a panel says when it has nothing to show."""
    imgui.push_text_wrap_pos(0.0)
    imgui.text_colored(theme.DIM, text)
    imgui.pop_text_wrap_pos()
