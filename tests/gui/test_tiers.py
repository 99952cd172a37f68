"""Functions tier up while their windows are drawn, and the panels show it."""

from __future__ import annotations

import threading

import pytest
from imgui_bundle import imgui

from runtime.cling.session import Session
from runtime.events import TierChange
from tests.gui.conftest import SCRIPTS

pytestmark = pytest.mark.gui


def test_a_hot_function_tiers_up_and_is_drawn_as_before(open_gui, debug_ui):
    gui = open_gui(debug_ui, threshold=30)
    name = "viewer.ui/draw-debug-ui!"
    assert gui.function(name).tier == 0
    gui.until(lambda: gui.function(name).tier > 0, "the tier-up")
    assert gui.function(name).cpp
    assert gui.function(name).calls + gui.function(name).loops >= 30
    changes = [e for e in gui.runtime.events.of(TierChange) if e.function == name]
    assert (changes[0].old, changes[0].new > 0) == (0, True)
    gui.run(lambda c: c.item_click("//Scene/Add sphere"))
    assert gui.value("(last (state/log-lines))", "viewer.ui").startswith("added sphere")


def test_the_interpreter_stays_where_it_is(open_gui, debug_ui):
    gui = open_gui(debug_ui, threshold=5, strategy="interpret")
    gui.frames(60)
    assert {f.tier for f in gui.runtime.functions()} == {0}


def test_a_function_is_compiled_and_sent_back_from_its_menu(open_gui, script):
    path = script('(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Text "hi") (imgui/End))\n')
    gui = open_gui(path, threshold=100_000)
    gui.until(lambda: gui.app.snapshot.functions, "the function in the panel")

    def choose(action: str):
        def steps(c):
            c.item_click("//Functions/**/tool\\/draw!", 1)
            c.item_click(f"//$FOCUSED/{action}")

        return steps

    gui.run(choose("Tier up now"))
    gui.until(lambda: gui.app.snapshot.functions[0].tier > 0, "the tier-up in the panel")
    gui.run(choose("Back to the interpreter"))
    gui.until(lambda: gui.function("tool/draw!").tier == 0, "tier 0 again")


def test_no_frame_waits_for_the_compiler(open_gui, debug_ui, monkeypatch):
    name, compiling, go_on = "viewer.ui/draw-debug-ui!", threading.Event(), threading.Event()
    declare = Session.declare

    def slow(self, code, *more, **options):
        if name in code:
            compiling.set()
            assert go_on.wait(150)
        return declare(self, code, *more, **options)

    monkeypatch.setattr(Session, "declare", slow)
    gui = open_gui(debug_ui, threshold=40)
    gui.until(compiling.is_set, "the compiler begins")
    gui.frames(30)
    assert gui.function(name).tier == 0
    go_on.set()
    gui.until(lambda: gui.function(name).tier > 0, "the tier-up")


def test_a_hot_loop_gets_faster(open_gui):
    gui = open_gui(SCRIPTS / "particles.jank", threshold=100_000_000)
    gui.frames(20)
    slow = gui.app.loop.log.last(15).script.min()
    gui.runtime.tier_up("particles/draw-particles!")
    gui.until(lambda: gui.function("particles/draw-particles!").tier > 0, "the tier-up")
    gui.frames(20)
    fast = gui.app.loop.log.last(15).script.min()
    assert fast < slow / 3


def test_the_tier_summary_counts_every_function(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    wanted = len(gui.runtime.functions())
    gui.until(lambda: len(gui.app.snapshot.functions) == wanted, "all functions in the panel")
    assert imgui.internal.find_window_by_name("Functions").hidden is False
