"""Values of io and style that ImGui asserts on later, or without which the app cannot go on.

A script may set any of them at any time. What it sets to something sound stays; the rest is put back to what
it was before, and said. The conditions are those of `ErrorCheckNewFrameSanityChecks` in imgui.cpp, and what
the backends and the panels need.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imgui_bundle import imgui

Vec2 = imgui.ImVec2


@dataclass(frozen=True, slots=True)
class Change:
    """A value that was put back: its name in C++, what is expected there and what was found."""

    name: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class _Rule:
    attribute: str
    name: str
    expected: str
    holds: Callable[[Any], bool]


def _positive(value: float) -> bool:
    return 0.0 < value < math.inf


def _one_bit(value: int, mask: int) -> bool:
    return (value & mask).bit_count() == 1


def _color_edit(flags: int) -> bool:
    kinds = imgui.ColorEditFlags_
    masks = (kinds.display_mask_, kinds.data_type_mask_, kinds.picker_mask_, kinds.input_mask_)
    return all(_one_bit(flags, int(mask)) for mask in masks)


_LINES = imgui.TreeNodeFlags_
_TREE_LINES = {
    int(_LINES.draw_lines_none),
    int(_LINES.draw_lines_full),
    int(_LINES.draw_lines_to_nodes),
}
_SIDES = {int(imgui.Dir.left), int(imgui.Dir.right)}

STYLE = (
    _Rule(
        "curve_tessellation_max_error", "CurveTessellationMaxError", "a positive number", _positive
    ),
    _Rule(
        "circle_tessellation_max_error",
        "CircleTessellationMaxError",
        "a positive number",
        _positive,
    ),
    _Rule("alpha", "Alpha", "0 to 1", lambda v: 0.0 <= v <= 1.0),
    _Rule("disabled_alpha", "DisabledAlpha", "0 to 1", lambda v: 0.0 <= v <= 1.0),
    _Rule(
        "window_min_size",
        "WindowMinSize",
        "at least 1 × 1",
        lambda v: 1.0 <= v[0] < math.inf and 1.0 <= v[1] < math.inf,
    ),
    _Rule("window_border_hover_padding", "WindowBorderHoverPadding", "more than 0", _positive),
    _Rule(
        "window_menu_button_position",
        "WindowMenuButtonPosition",
        "ImGuiDir_None, ImGuiDir_Left or ImGuiDir_Right",
        lambda v: int(v) == -1 or int(v) in _SIDES,
    ),
    _Rule(
        "color_button_position",
        "ColorButtonPosition",
        "ImGuiDir_Left or ImGuiDir_Right",
        lambda v: int(v) in _SIDES,
    ),
    _Rule(
        "tree_lines_flags",
        "TreeLinesFlags",
        "one of ImGuiTreeNodeFlags_DrawLines…",
        lambda v: int(v) in _TREE_LINES,
    ),
    _Rule("font_size_base", "FontSizeBase", "1 to 500", lambda v: 1.0 <= v <= 500.0),
    _Rule("font_scale_main", "FontScaleMain", "0.05 to 50", lambda v: 0.05 <= v <= 50.0),
    _Rule("font_scale_dpi", "FontScaleDpi", "0.05 to 50", lambda v: 0.05 <= v <= 50.0),
)
_DOCKING = int(imgui.ConfigFlags_.docking_enable)
_VIEWPORTS = int(imgui.ConfigFlags_.viewports_enable)
IO = (
    _Rule("delta_time", "DeltaTime", "a positive number", _positive),
    _Rule(
        "display_size",
        "DisplaySize",
        "no negative size",
        lambda v: 0.0 <= v[0] < 1e6 and 0.0 <= v[1] < 1e6,
    ),
    _Rule(
        "config_flags",
        "ConfigFlags",
        "docking on and viewports off: the app draws in one window",
        lambda v: (v & _DOCKING) != 0 and (v & _VIEWPORTS) == 0,
    ),
    _Rule(
        "config_color_edit_flags",
        "ConfigColorEditFlags",
        "one flag of each group",
        _color_edit,
    ),
    _Rule("config_error_recovery", "ConfigErrorRecovery", "true", bool),
    _Rule(
        "config_error_recovery_enable_assert",
        "ConfigErrorRecoveryEnableAssert",
        "false: errors are reported instead",
        lambda v: not v,
    ),
    _Rule(
        "config_error_recovery_enable_tooltip",
        "ConfigErrorRecoveryEnableTooltip",
        "false: errors are reported instead",
        lambda v: not v,
    ),
)
# The backends set others as they go; these they set once, and drawing relies on them.
_RENDERER = int(
    imgui.BackendFlags_.renderer_has_textures | imgui.BackendFlags_.renderer_has_vtx_offset
)


class Settings:
    """The values of one context that `restore` puts back: what they were when last they were sound."""

    def __init__(self) -> None:
        io, style = imgui.get_io(), imgui.get_style()
        self._style = {rule.attribute: _copy(getattr(style, rule.attribute)) for rule in STYLE}
        self._io = {rule.attribute: _copy(getattr(io, rule.attribute)) for rule in IO}
        self._renderer = io.backend_flags & _RENDERER
        self._clicks = (io.mouse_single_click_delay, io.mouse_double_click_time)

    def restore(self) -> list[Change]:
        """Put back what is not sound in the current context. Returns what that was."""
        io, style = imgui.get_io(), imgui.get_style()
        changes: list[Change] = []
        for rules, owner, kept, label in (
            (STYLE, style, self._style, "style"),
            (IO, io, self._io, "io"),
        ):
            for rule in rules:
                value = getattr(owner, rule.attribute)
                if rule.holds(value):
                    kept[rule.attribute] = _copy(value)
                else:
                    setattr(owner, rule.attribute, kept[rule.attribute])
                    changes.append(Change(f"{label}.{rule.name}", rule.expected, _shown(value)))
        flags = io.backend_flags
        if flags & _RENDERER != self._renderer:
            io.backend_flags = (flags & ~_RENDERER) | self._renderer
            changes.append(Change("io.BackendFlags", "what the backend set", str(flags)))
        clicks = (io.mouse_single_click_delay, io.mouse_double_click_time)
        if clicks[0] > clicks[1]:
            self._clicks = clicks
        else:
            io.mouse_single_click_delay, io.mouse_double_click_time = self._clicks
            expected = f"more than io.MouseDoubleClickTime, {clicks[1]:g}"
            changes.append(Change("io.MouseSingleClickDelay", expected, f"{clicks[0]:g}"))
        return changes


def _copy(value: Any) -> Any:
    return Vec2(value.x, value.y) if isinstance(value, Vec2) else value


def _shown(value: Any) -> str:
    if isinstance(value, Vec2):
        return f"{value.x:g} × {value.y:g}"
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
