"""The example: every button of the debug window does something real."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui


def test_the_window_opens_with_the_scripts_and_the_panels(open_gui, debug_ui):
    gui = open_gui(debug_ui)

    def steps(c):
        for window in ("Scene", "View", "Functions", "Frame time"):
            assert c.window_info(f"//{window}").id_ != 0, window
        assert c.item_exists("//Scene/Add cube")

    gui.run(steps)
    assert gui.runtime.problems() == []


def test_buttons_change_the_scene_and_are_logged(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    before = gui.value("(scene/object_count)", "viewer.ui")
    actions = gui.value("(state/action-count)", "viewer.ui")

    def add(c):
        c.set_ref("Scene")
        c.item_click("Add cube")
        c.item_click("Add torus")

    gui.run(add)
    assert gui.value("(scene/object_count)", "viewer.ui") == before + 2
    gui.run(lambda c: c.item_click("//Scene/Remove"))
    assert gui.value("(scene/object_count)", "viewer.ui") == before + 1
    assert gui.value("(state/action-count)", "viewer.ui") == actions + 3
    assert gui.value("(last (state/log-lines))", "viewer.ui").startswith("removed torus")


def test_hide_and_show_switch_the_button_itself(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    gui.run(lambda c: c.item_click("//Scene/Hide"))
    assert gui.value("(scene/visible)", "viewer.ui") is False
    gui.run(lambda c: c.item_click("//Scene/Show"))
    assert gui.value("(scene/visible)", "viewer.ui") is True


def test_a_checkbox_edits_cpp_memory(open_gui, debug_ui):
    gui = open_gui(debug_ui)

    def steps(c):
        c.set_ref("Scene")
        c.item_check("Bounds")
        assert c.item_is_checked("Bounds")

    gui.run(steps)
    assert gui.value("(boolean (cpp/.-bounds (scene/toggles)))", "viewer.ui") is True
    gui.run(lambda c: c.item_uncheck("//Scene/Bounds"))
    assert gui.value("(boolean (cpp/.-bounds (scene/toggles)))", "viewer.ui") is False


def test_a_slider_goes_through_boxed_memory_into_the_persistent_map(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    gui.run(lambda c: c.item_input_value("//Scene/Distance", 20.0))
    assert gui.value("(:distance (state/get-camera))", "viewer.ui") == pytest.approx(20.0)
    gui.frames(2)
    assert gui.value("(double (cpp/.-distance (scene/camera)))", "viewer.ui") == pytest.approx(20.0)
    gui.run(lambda c: c.item_click("//Scene/Reset"))
    assert gui.value("(:distance (state/get-camera))", "viewer.ui") == pytest.approx(9.0)


def test_presets_turn_the_camera_and_so_does_dragging_the_view(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    gui.run(lambda c: c.item_click("//Scene/Top"))
    assert gui.value("(:pitch (state/get-camera))", "viewer.ui") == pytest.approx(1.5)
    gui.run(lambda c: c.item_click("//Scene/Front"))
    gui.run(lambda c: c.item_drag_with_delta("//View/view", (60, 0)))
    assert gui.value("(:yaw (state/get-camera))", "viewer.ui") != pytest.approx(0.0)


def test_the_simulation_runs_when_it_is_checked(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    time = gui.value("(scene/sim_time)", "viewer.ui")
    gui.run(lambda c: c.item_check("//Scene/Run"))
    gui.frames(20)
    assert gui.value("(scene/sim_time)", "viewer.ui") > time
    gui.run(lambda c: c.item_click("//Scene/Kick"))
    gui.run(lambda c: c.item_uncheck("//Scene/Run"))
