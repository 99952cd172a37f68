"""What a frame is drawn on: a window or, headless, memory. Both keep one ImGui context."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from imgui_bundle import imgui, implot
from numpy.typing import NDArray

from app.settings import Settings
from panels import theme


class Surface(Protocol):
    """The life of a frame: `begin`, ImGui calls, `draw`, `swap`."""

    fonts: theme.Fonts

    def begin(self) -> bool:
        """Take the input in and open an ImGui frame. False when the user wants the app to end."""

    def draw(self) -> None:
        """Close the ImGui frame and draw it."""

    def swap(self) -> None:
        """Show what was drawn; may wait for the display."""

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
    io = imgui.get_io()
    io.config_flags |= imgui.ConfigFlags_.docking_enable | imgui.ConfigFlags_.nav_enable_keyboard
    io.config_windows_move_from_title_bar_only = True
    io.config_error_recovery_enable_tooltip = False  # problems have their panel …
    io.config_error_recovery_enable_debug_log = False  # … where each stands once, not once a frame
    io.ini_saving_rate = 1.0  # seconds: what a lost process may cost
    io.set_ini_filename(str(ini) if ini else "")
    io.set_log_filename("")
    theme.apply(scale)
    return theme.load_fonts(settings.font_size)


def destroy_context() -> None:
    """The counterpart of `make_context`."""
    implot.destroy_context()
    imgui.destroy_context()
