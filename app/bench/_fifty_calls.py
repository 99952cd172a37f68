"""What `assets/scripts/bench/fifty_calls.jank` draws, by hand in Python over imgui-bundle."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

state: dict[str, Any] = {
    "camera": {"yaw": 0.7, "pitch": 0.45, "distance": 9.0, "fov": 45.0},
    "objects": 3,
    "selected": "Cube",
    "paused": False,
    "clicks": 0,
}
values: dict[str, Any] = {
    "scale": 1.0,
    "speed": 5.0,
    "distance": 9.0,
    "fov": 45.0,
    "count": 8,
    "grid": True,
    "axes": True,
    "bounds": False,
}


def draw_debug_ui() -> None:
    """Make the same fifty calls, in the same order."""
    fps = imgui.get_io().framerate
    camera = state["camera"]
    imgui.set_next_window_pos(imgui.ImVec2(10.0, 10.0), imgui.Cond_.always)
    imgui.set_next_window_size(imgui.ImVec2(420.0, 780.0), imgui.Cond_.always)
    imgui.begin("Fifty calls")
    imgui.text(f"FPS: {fps:.1f}")
    imgui.text(f"Frame: {1000.0 / fps:.3f} ms")
    imgui.separator_text("Camera")
    imgui.text(f"  Yaw: {camera['yaw']:.2f}")
    imgui.text(f"  Pitch: {camera['pitch']:.2f}")
    imgui.text(f"  Field of view: {camera['fov']:.1f}")
    imgui.text(f"  Distance: {camera['distance'] or 0.0:.2f}")
    changed, values["distance"] = imgui.slider_float("Distance", values["distance"], 2.0, 30.0)
    if changed:
        camera["distance"] = values["distance"]
    changed, values["fov"] = imgui.slider_float("Field of view", values["fov"], 15.0, 100.0)
    if changed:
        camera["fov"] = values["fov"]
    if imgui.button("Front"):
        camera.update(yaw=0.0, pitch=0.1)
    imgui.same_line()
    if imgui.button("Side"):
        camera.update(yaw=1.57, pitch=0.1)
    imgui.same_line()
    if imgui.button("Top"):
        camera.update(yaw=0.0, pitch=1.5)
    imgui.separator_text("Scene")
    if imgui.button("Resume" if state["paused"] else "Pause"):
        state["paused"] = not state["paused"]
    imgui.same_line()
    _, values["grid"] = imgui.checkbox("Grid", values["grid"])
    imgui.same_line()
    _, values["axes"] = imgui.checkbox("Axes", values["axes"])
    imgui.same_line()
    _, values["bounds"] = imgui.checkbox("Bounds", values["bounds"])
    _, values["scale"] = imgui.slider_float("Scale", values["scale"], 0.1, 3.0)
    _, values["speed"] = imgui.drag_float("Speed", values["speed"], 0.1, 0.0, 20.0)
    _, values["count"] = imgui.slider_int("Count", values["count"], 1, 64)
    imgui.progress_bar(values["scale"] / 3.0, imgui.ImVec2(-1.0, 0.0))
    imgui.text_unformatted(f"Objects: {state['objects']}")
    imgui.bullet_text(f"{24 * state['objects']} vertices")
    imgui.bullet_text(f"{12 * state['objects']} triangles")
    imgui.separator_text("Selection")
    imgui.text_disabled(state["selected"])
    imgui.text(f"Clicks: {state['clicks']}")
    imgui.same_line()
    imgui.text_unformatted("in all")
    imgui.push_id("selection")
    imgui.bullet_text(f"Position {1.0:.1f} {2.0:.1f} {2 * camera['distance']:.1f}")
    if imgui.button("Click"):
        state["clicks"] += 1
    imgui.same_line()
    if imgui.button("Clear"):
        state["clicks"] = 0
    imgui.pop_id()
    imgui.separator()
    imgui.text(f"Mode: {'paused' if state['paused'] else 'running'}")
    imgui.text(f"Scale: {values['scale']:.2f}")
    imgui.separator()
    imgui.text_unformatted("End of the window")
    imgui.end()
