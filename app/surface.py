"""What a frame is drawn on: a window or, headless, memory. Both keep one ImGui context."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from imgui_bundle import imgui, implot
from numpy.typing import NDArray

from app import imgui_errors
from app.settings import Settings
from panels import theme


class Surface(Protocol):
    """The life of a frame: `begin`, ImGui calls, `draw`, `swap`."""

    fonts: theme.Fonts

    def begin(self) -> bool:
        """Take the input in and open an ImGui frame. False when the user wants the app to end."""

    def draw(self) -> None:
        """Close the ImGui frame and draw it."""

    def is_damaged(self, error: Exception) -> bool:
        """Whether drawing that failed with `error` leaves a context that cannot go on."""

    def swap(self) -> None:
        """Show what was drawn; may wait for the display."""

    def renew(self) -> None:
        """Draw in a fresh ImGui context, in a frame that has begun: the old one was damaged beyond repair.

        Style, fonts and layout are as they were; `fonts` are new objects.
        """

    def pixels(self) -> NDArray[np.uint8]:
        """The frame drawn last, height × width × 3, top row first. Call between `draw` and `swap`."""

    def geometry(self) -> dict[str, Any]:
        """The window's "size" and "position" on the display, as JSON; empty without a window."""

    def close(self) -> None:
        """Give everything back; the surface cannot be used again."""


def make_context(settings: Settings, scale: float, ini: Path | None) -> theme.Fonts:
    """Make the current ImGui and ImPlot contexts with our style, fonts and layout file (None: no file)."""
    imgui.create_context()
    implot.create_context()
    _configure(ini)
    theme.apply(scale)
    return theme.load_fonts(settings.font_size)


def replace_context(settings: Settings, scale: float, ini: Path | None) -> theme.Fonts:
    """Make a fresh ImGui context, current from now on, with the style and layout of the one before.

    The one before was given up by its backends. It is destroyed where it still can be, else left alone.
    """
    old = imgui.get_current_context()
    whole = old is not None and len_of(old.windows) > 0 and fonts_stand()
    layout, kept = "", {}
    if old is not None and len_of(old.windows) > 0:
        layout = imgui.save_ini_settings_to_memory()
        kept = _style()
        imgui.get_io().set_ini_filename("")  # what is destroyed writes no file
    if whole:
        try:
            imgui.destroy_context(old)
        except RuntimeError:
            pass  # an assert on the way: what is left of it stays in memory
    imgui.set_current_context(imgui.create_context())
    _configure(ini)
    theme.apply(scale)
    fonts = theme.load_fonts(settings.font_size)
    _set_style(kept)
    imgui.load_ini_settings_from_memory(layout)
    return fonts


def len_of(vector: Any) -> int:
    """The length of a bound ImVector."""
    return int(vector.size())


def fonts_stand() -> bool:
    """Whether the current context still has the fonts that `theme.load_fonts` added."""
    atlas = imgui.get_io().fonts
    return atlas is not None and len_of(atlas.fonts) >= 2


def _configure(ini: Path | None) -> None:
    io = imgui.get_io()
    io.config_flags |= imgui.ConfigFlags_.docking_enable | imgui.ConfigFlags_.nav_enable_keyboard
    io.config_windows_move_from_title_bar_only = True
    # ImGui mends wrong calls and tells of them (`imgui_errors`): an assert in the middle of it stays.
    io.config_error_recovery_enable_assert = False
    io.config_error_recovery_enable_tooltip = False  # problems have their panel …
    io.config_error_recovery_enable_debug_log = (
        not imgui_errors.listen()
    )  # … where each stands once
    io.ini_saving_rate = 1.0  # seconds: what a lost process may cost
    io.set_ini_filename(str(ini) if ini else "")
    io.set_log_filename("")


def _style() -> dict[str, Any]:
    """Every value of the current style, by attribute; colours under `color_`."""
    style = imgui.get_style()
    names = [n for n in dir(style) if not n.startswith("_") and not callable(getattr(style, n))]
    values = {name: getattr(style, name) for name in names}
    vec = imgui.ImVec2
    copied: dict[str, Any] = {
        name: vec(value.x, value.y) if isinstance(value, vec) else value
        for name, value in values.items()
    }
    colors = [style.color_(i) for i in range(int(imgui.Col_.count))]
    copied["color_"] = [imgui.ImVec4(c.x, c.y, c.z, c.w) for c in colors]
    return copied


def _set_style(values: dict[str, Any]) -> None:
    style = imgui.get_style()
    for name, value in values.items():
        if name == "color_":
            for index, color in enumerate(value):
                style.set_color_(index, color)
        else:
            setattr(style, name, value)


def destroy_context() -> None:
    """The counterpart of `make_context`."""
    implot.destroy_context()
    imgui.destroy_context()
