"""C++ that faults in the real window: in a frame, at load, over nREPL; Escape while a load does not end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from imgui_bundle import imgui

from app.soak.nrepl_client import NreplClient
from runtime.native import _support
from tests.robustness import Where, slip

pytestmark = pytest.mark.gui

HEAD = """(ns faulty (:require ["imgui.h" :as imgui :scope "ImGui"]))
(cpp/raw "namespace fau { inline int read(long a) { return *reinterpret_cast<int volatile*>(a); } }")
(defonce state (atom 0))
"""
SOUND = '(defn ^:frame draw! [] (imgui/Begin "Mine") (swap! state inc) (imgui/End))\n'
FAULTY = '(defn ^:frame draw! [] (imgui/Begin "Mine") (cpp/fau.read 8) (imgui/End))\n'
SAID = "segmentation fault in fau::read, at address 0x8"


def messages(gui: Any) -> list[str]:
    return [problem.error.message for problem in gui.runtime.problems()]


def save(gui: Any, file: Path, text: str, holds: Callable[[], bool]) -> None:
    """Write a file until that has come of it: saves are not seen before the watch stands."""
    for _ in range(20):
        file.write_text(text)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            if holds():
                return
            gui.frames(1)
    raise AssertionError("a save is never seen")


def draws(gui: Any) -> None:
    """Waits for frames of the sound script."""
    before = gui.value("@state", "faulty")
    gui.until(lambda: gui.value("@state", "faulty") > before + 2, "frames of the script")


@slip(
    Where.FAULTS,
    "a fault in the real window: in a frame, at load, over nREPL",
    "An error each time; frames go on.",
)
def test_faults_in_a_frame_at_load_and_over_nrepl(
    open_gui: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "faulty.jank"
    file.write_text(HEAD + SOUND)
    gui = open_gui(file, cache=False, nrepl_port=0)
    draws(gui)
    for text in (FAULTY, SOUND + "(cpp/fau.read 8)\n"):  # in a frame; on the thread that loads
        save(gui, file, HEAD + text, lambda: any(SAID in message for message in messages(gui)))
        file.write_text(HEAD + SOUND)
        gui.until(lambda: not messages(gui), "mended")
        draws(gui)
    client = NreplClient(gui.app.nrepl_port)
    answers: list[tuple[str | None, str]] = []

    def ask() -> None:
        answers.append(client.eval("(in-ns 'faulty) (cpp/fau.read 8)", 40))
        answers.append(client.eval("(in-ns 'faulty) (+ 1 (count [1 2]))", 40))

    thread = threading.Thread(target=ask)
    thread.start()
    gui.until(lambda: len(answers) == 2, "two answers", 40)
    thread.join()
    client.close()
    assert SAID in answers[0][1] and answers[1] == ("3", "")
    draws(gui)


def test_escape_ends_a_load_that_does_not_end(open_gui: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "faulty.jank"
    file.write_text(HEAD + SOUND)
    gui = open_gui(file, cache=False, limit=0.0)
    draws(gui)
    own = threading.get_ident()

    def loading() -> bool:
        return any(thread != own and seconds > 0.3 for thread, seconds in _support.watched())

    save(gui, file, HEAD + SOUND + "(while true)", loading)
    draws(gui)
    for down in (True, False):
        imgui.get_io().add_key_event(imgui.Key.escape, down)
        gui.frames(2)
    said = "interrupted by the user"
    gui.until(lambda: any(said in message for message in messages(gui)), said)
    draws(gui)
