"""Frames with no window and no OpenGL: ImGui builds them in full, and a picture is made when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from app.rasterise import rasterise
from app.settings import Settings
from app.surface import destroy_context, make_context, replace_context
from panels import theme


class Headless:
    """A `Surface` in memory. Every frame takes the same `frame_seconds` of ImGui's time."""

    def __init__(
        self,
        size: tuple[int, int],
        settings: Settings,
        ini: Path | None,
        frame_seconds: float = 1 / 60,
    ) -> None:
        self._size, self._settings, self._ini = size, settings, ini
        self._scale = settings.ui_scale or 1.0
        self.fonts: theme.Fonts = make_context(settings, self._scale, ini)
        self._textures: dict[int, imgui.ImTextureData] = {}
        self._frame_seconds = frame_seconds
        self._set_up()

    def _set_up(self) -> None:
        io = imgui.get_io()
        io.display_size = imgui.ImVec2(*self._size)
        io.backend_flags |= imgui.BackendFlags_.renderer_has_textures
        io.backend_flags |= imgui.BackendFlags_.renderer_has_vtx_offset

    def begin(self) -> bool:
        """See Surface."""
        io = imgui.get_io()
        io.delta_time = self._frame_seconds
        io.display_size = imgui.ImVec2(*self._size)
        imgui.new_frame()
        return True

    def renew(self) -> None:
        """See Surface."""
        self._textures.clear()
        self.fonts = replace_context(self._settings, self._scale, self._ini)
        self._set_up()
        self.begin()

    def draw(self) -> None:
        """See Surface. Textures stay where ImGui keeps them; taking note of them is all there is to do."""
        imgui.render()
        status = imgui.ImTextureStatus
        for texture in imgui.get_draw_data().textures:
            if texture.status == status.want_create:
                texture.set_tex_id(texture.unique_id + 1)
                self._textures[texture.unique_id + 1] = texture
                texture.set_status(status.ok)
            elif texture.status == status.want_updates:
                texture.set_status(status.ok)
            elif texture.status == status.want_destroy:
                self._textures.pop(texture.get_tex_id(), None)
                texture.set_tex_id(0)
                texture.set_status(status.destroyed)

    def is_damaged(self, error: Exception) -> bool:
        """See Surface."""
        return True

    def swap(self) -> None:
        """See Surface. There is nothing to show."""

    def pixels(self) -> NDArray[np.uint8]:
        """See Surface."""
        images = {
            key: np.array(texture.get_pixels_array(), copy=True).reshape(
                texture.height, texture.width, texture.bytes_per_pixel
            )
            for key, texture in self._textures.items()
        }
        return rasterise(imgui.get_draw_data(), images, theme.BACKGROUND[:3])

    def geometry(self) -> dict[str, Any]:
        """See Surface."""
        return {}

    def close(self) -> None:
        """See Surface."""
        for texture in self._textures.values():
            texture.set_tex_id(0)
            texture.set_status(imgui.ImTextureStatus.destroyed)
        self._textures.clear()
        destroy_context()
