"""The window: GLFW, OpenGL 3.3 core and Dear ImGui's own C++ backends."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imgui_bundle  # before glfw: it points the glfw package to the bundle's own library

# isort: split
import glfw
import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray
from OpenGL import GL

from app.settings import Settings
from app.surface import destroy_context, make_context, replace_context
from panels import theme
from runtime.errors import EnvironmentFault
from runtime.native import _support


class RefusedByOpenGL(Exception):
    """OpenGL reported an error; what it did draw stands."""

    def __str__(self) -> str:
        return "OpenGL refused a call: probably a texture id that is none of OpenGL's"


# Those that ImGui's backend sets. It calls whatever was set before it too, so nothing of a lost one may stay.
_CALLBACKS: tuple[Any, ...] = (
    glfw.set_window_focus_callback,
    glfw.set_cursor_enter_callback,
    glfw.set_cursor_pos_callback,
    glfw.set_mouse_button_callback,
    glfw.set_scroll_callback,
    glfw.set_key_callback,
    glfw.set_char_callback,
)


class Window:
    """A `Surface` that is a window on the display.

    The constructor makes the OpenGL context current and calls OpenGL once, so that afterwards ImGui's
    symbols may be made global: https://www.glfw.org/docs/latest/context_guide.html for the former.
    Raises EnvironmentFault where there is no display or no OpenGL 3.3.
    """

    def __init__(
        self,
        title: str,
        size: tuple[int, int],
        settings: Settings,
        ini: Path | None,
        vsync: bool,
        visible: bool = True,
    ) -> None:
        self._handle = _open(title, size, visible)
        # Called natively: other threads have their turn meanwhile.
        swap = glfw._glfw.glfwSwapBuffers  # type: ignore[attr-defined]
        self._swap = ctypes.cast(swap, ctypes.c_void_p).value or 0
        self._address = ctypes.cast(self._handle, ctypes.c_void_p).value or 0
        glfw.swap_interval(1 if vsync else 0)
        GL.glViewport(0, 0, *size)  # before ImGui's symbols are made global: see the class
        self._settings, self._ini = settings, ini
        self._scale = settings.ui_scale or max(glfw.get_window_content_scale(self._handle))
        self.fonts: theme.Fonts = make_context(settings, self._scale, ini)
        self._set_up()

    def _set_up(self) -> None:
        address = ctypes.cast(self._handle, ctypes.c_void_p).value
        assert address is not None
        imgui.backends.glfw_init_for_opengl(address, True)
        imgui.backends.opengl3_init("#version 330")

    def begin(self) -> bool:
        """See Surface."""
        glfw.poll_events()
        if glfw.window_should_close(self._handle):
            return False
        self._open_frame()
        return True

    def _open_frame(self) -> None:
        imgui.backends.opengl3_new_frame()
        imgui.backends.glfw_new_frame()
        imgui.new_frame()

    def renew(self) -> None:
        """See Surface."""
        glfw.make_context_current(self._handle)
        for shutdown in (imgui.backends.opengl3_shutdown, imgui.backends.glfw_shutdown):
            if imgui.get_current_context() is not None:
                try:
                    shutdown()
                except RuntimeError:
                    pass  # a backend whose data a script took away: it is left in memory
        for unset in _CALLBACKS:
            unset(self._handle, None)
        self.fonts = replace_context(self._settings, self._scale, self._ini)
        self._set_up()
        self._open_frame()

    def draw(self) -> None:
        """See Surface."""
        imgui.render()
        GL.glViewport(0, 0, *glfw.get_framebuffer_size(self._handle))
        GL.glClearColor(*theme.BACKGROUND)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())
        if GL.glGetError() != GL.GL_NO_ERROR:  # else PyOpenGL would raise it at our next call
            raise RefusedByOpenGL

    def is_damaged(self, error: Exception) -> bool:
        """See Surface. ImGui has nothing to do with what OpenGL refused."""
        return not isinstance(error, RefusedByOpenGL)

    def swap(self) -> None:
        """See Surface."""
        _support.call_between_frames(self._swap, self._address)

    def pixels(self) -> NDArray[np.uint8]:
        """See Surface."""
        width, height = glfw.get_framebuffer_size(self._handle)
        image = np.empty((height, width, 3), np.uint8)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        GL.glReadPixels(0, 0, width, height, GL.GL_RGB, GL.GL_UNSIGNED_BYTE, image)
        return image[::-1]

    def geometry(self) -> dict[str, Any]:
        """See Surface."""
        return {
            "size": glfw.get_window_size(self._handle),
            "position": glfw.get_window_pos(self._handle),
        }

    def move(self, x: int, y: int) -> None:
        """Put the window there, where the system lets programs do that."""
        glfw.set_window_pos(self._handle, x, y)

    def close(self) -> None:
        """See Surface."""
        imgui.backends.opengl3_shutdown()
        imgui.backends.glfw_shutdown()
        destroy_context()
        glfw.destroy_window(self._handle)
        glfw.terminate()


def _open(title: str, size: tuple[int, int], visible: bool) -> Any:
    with _CollectedErrors() as problems:
        if not glfw.init():
            raise EnvironmentFault(f"no window can be opened: {problems()}", expected="--headless")
        hints = {
            glfw.CONTEXT_VERSION_MAJOR: 3,
            glfw.CONTEXT_VERSION_MINOR: 3,
            glfw.OPENGL_PROFILE: glfw.OPENGL_CORE_PROFILE,
            glfw.OPENGL_FORWARD_COMPAT: True,
            glfw.SCALE_TO_MONITOR: True,
            glfw.VISIBLE: visible,
        }
        for hint, value in hints.items():
            glfw.window_hint(hint, value)
        handle = glfw.create_window(*size, title, None, None)
        if not handle:
            glfw.terminate()
            message = f"no OpenGL 3.3 window can be opened: {problems()}"
            raise EnvironmentFault(message, expected="--headless")
    glfw.make_context_current(handle)
    return handle


class _CollectedErrors:
    """Collects GLFW's error texts instead of its Python wrapper's warnings."""

    def __enter__(self) -> Callable[[], str]:
        self._texts: list[str] = []
        self._callback = lambda code, text: self._texts.append(text.decode(errors="replace"))
        glfw.set_error_callback(self._callback)
        return lambda: "; ".join(self._texts) or "the reason is not known"

    def __exit__(self, *exc: object) -> None:
        glfw.set_error_callback(None)  # type: ignore[arg-type]


assert imgui_bundle  # imported for its effect
