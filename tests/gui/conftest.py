"""A real window on the virtual display, driven by its widgets' labels."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.application import Application, Options
from app.driver import Driver, Steps
from app.environment import ASSETS

SCRIPTS = ASSETS / "scripts"


class Gui:
    """An app with its window. `run` drives it; `until` draws frames until something holds."""

    def __init__(self, scripts: tuple[Path, ...], config: Path, **options: Any) -> None:
        self.scripts = scripts
        self.app = Application(Options(scripts=scripts, config_dir=config, **options))
        self.app.start()
        self.until(lambda: not self.app.loading, "the scripts are loaded")
        self.driver = Driver(self.app.step)

    @property
    def runtime(self) -> Any:
        return self.app.runtime

    def run(self, steps: Steps) -> None:
        self.driver.run(steps)

    def frames(self, count: int) -> None:
        for _ in range(count):
            self.app.step()

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 150.0) -> None:
        """Draw frames until `holds()`; fails after `seconds`, which a busy machine may need in part."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self.app.step()

    def value(self, expression: str, namespace: str) -> Any:
        """The value of an expression in a script's namespace."""
        return self.runtime.eval(f"(in-ns '{namespace}) {expression}")

    def function(self, name: str) -> Any:
        return next(f for f in self.runtime.functions() if f.name == name)

    def close(self) -> None:
        self.driver.close(self.app.close)


@pytest.fixture
def open_gui(virtual_display: str, tmp_path: Path) -> Iterator[Callable[..., Gui]]:
    """Opens an app on scripts; closed at the test's end."""
    opened: list[Gui] = []

    def open_it(*scripts: Path, **options: Any) -> Gui:
        gui = Gui(scripts, tmp_path / "config", **options)
        opened.append(gui)
        return gui

    yield open_it
    for gui in opened:
        gui.close()


@pytest.fixture
def debug_ui(tmp_path: Path) -> Path:
    """A copy of the debug window's script, with its namespaces, to be edited."""
    folder = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, folder)
    return folder / "draw_debug_ui.jank"


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a script that requires ImGui and has the given body."""

    def write(body: str, name: str = "tool.jank") -> Path:
        path = tmp_path / name
        path.write_text(HEAD.format(ns=path.stem) + body, encoding="utf-8")
        return path

    return write


HEAD = '(ns {ns} (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'
