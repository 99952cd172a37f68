"""Driving a user interface by its widgets' labels, with Dear ImGui's own test engine.

The engine runs a test on a thread of its own, in turn with the frames: while ImGui ends a frame, the test
goes on. Its thread can then take the interpreter's lock only if `imgui.render` gave that up, which a call
through ctypes does and the binding does not. So a driver replaces `imgui.render` while it lives.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from imgui_bundle import _imgui_bundle, imgui  # type: ignore[attr-defined]

Steps = Callable[["imgui.test_engine.TestContext"], None]


class DriveError(AssertionError):
    """A step failed; the text is the test engine's log."""


class Driver:
    """A test engine on the current ImGui context. `frame` draws one frame, from new frame to swap."""

    def __init__(self, frame: Callable[[], Any]) -> None:
        self._frame = frame
        self._binding = imgui.render
        library = ctypes.CDLL(_imgui_bundle.__file__)
        imgui.render = library._ZN5ImGui6RenderEv  # ImGui::Render()
        engine = imgui.test_engine
        self._engine = engine.create_context()
        settings = engine.get_io(self._engine)
        settings.config_run_speed = engine.TestRunSpeed.fast
        settings.config_restore_focus_after_tests = False
        settings.config_saved_settings = False
        engine.start(self._engine, imgui.get_current_context())
        self.frame()  # the engine takes tests only once it saw ImGui at work

    def frame(self) -> None:
        """Draw one frame."""
        self._frame()
        imgui.test_engine.post_swap(self._engine)

    def run(self, steps: Steps, most_frames: int = 3000) -> None:
        """Draw frames until `steps` are done. Raises DriveError where one failed, and what `steps` raised."""
        engine = imgui.test_engine
        raised: list[BaseException] = []

        def guarded(context: imgui.test_engine.TestContext) -> None:
            try:
                steps(context)
            except BaseException as error:
                raised.append(error)

        test = engine.register_test(self._engine, "driver", f"steps {id(steps)}")
        test.test_func = guarded
        engine.queue_test(self._engine, test)
        for _ in range(most_frames):
            self.frame()
            if engine.is_test_queue_empty(self._engine):
                break
        else:
            engine.abort_current_test(self._engine)
            self.frame()
            raise DriveError(f"not done after {most_frames} frames")
        if raised:
            raise raised[0]
        if test.output.status != engine.TestStatus.success:
            raise DriveError(
                test.output.log.get_text() if hasattr(test.output, "log") else "failed"
            )

    def close(self, destroy_context: Callable[[], None]) -> None:
        """End the engine. `destroy_context` must destroy ImGui's context: the engine goes after it."""
        imgui.test_engine.stop(self._engine)
        destroy_context()
        imgui.test_engine.destroy_context(self._engine)
        imgui.render = self._binding
