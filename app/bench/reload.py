"""From the saved edit to the pixel: a real file, the watcher, the loader's thread, a frame.

Milliseconds from the moment the file was written to the end of the first frame that shows the edit. The
watcher waits a moment for editors that write in several steps, and frames come 60 times a second: both are
in it.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any

from imgui_bundle import imgui

from app.application import Application, Options
from app.bench._measure import SCRIPTS, Metrics, in_process, scratch
from runtime.events import Reload

EDITS = 8  # of each kind
FPS = 60.0
WINDOW = "Fifty calls"
WAIT_S = 10.0
NEW_CALLS = (
    '(imgui/BulletText #cpp "%s" (str fps))',
    "(imgui/Spacing)",
    "(imgui/NewLine)",
    "(imgui/Indent)",
    "(imgui/Unindent)",
    "(imgui/Dummy (imgui-h/ImVec2. 4.0 4.0))",
    "(imgui/AlignTextToFramePadding)",
    "(imgui/BeginGroup) (imgui/EndGroup)",
)


def run() -> dict[str, Any]:
    """Edits of a constant, which compile nothing, and edits that call what nobody called before."""
    return {"rows": in_process(measure), "ratios": {}}


def measure() -> dict[str, Metrics]:
    """The rows, with the app running headless."""
    with scratch() as folder:
        script = Path(folder) / "fifty_calls.jank"
        text = (SCRIPTS / script.name).read_text(encoding="utf-8")
        script.write_text(text, encoding="utf-8")
        options = Options((script,), headless=True, fps=FPS, cache=False, config_dir=Path(folder))
        app = Application(options)
        try:
            app.start()
            for _ in range(30):
                app.step()
            width = 420

            def edit(added: str = "") -> Metrics:
                nonlocal text, width
                text = text.replace("    (imgui/End)", f"{added}    (imgui/End)")
                text = text.replace(f"ImVec2. {width}.0 780", f"ImVec2. {width + 1}.0 780")
                width += 1
                return edit_to_pixel(app, script, text, width)

            constants = [edit() for _ in range(EDITS)]
            calls = [edit(f"    {call}\n") for call in NEW_CALLS]
        finally:
            app.close()
    return {"a constant": summary(constants), "a call of a new function": summary(calls)}


def edit_to_pixel(app: Application, script: Path, text: str, width: int) -> Metrics:
    """Save an edit that makes the window `width` wide, and draw frames until it is."""
    assert app.runtime is not None
    runtime = app.runtime
    misses = runtime.stubs.stats().misses
    start = time.perf_counter()
    script.write_text(text, encoding="utf-8")
    while not shown(width):
        app.step()
        if time.perf_counter() - start > WAIT_S:
            raise RuntimeError(f"not drawn after {WAIT_S:g} s: {app.problem_texts()}")
    spent = (time.perf_counter() - start) * 1e3
    return {
        "edit_to_pixel_ms": spent,
        "load_ms": runtime.events.of(Reload)[-1].latency_ms,
        "stubs_compiled": runtime.stubs.stats().misses - misses,
    }


def shown(width: int) -> bool:
    """Whether the frame drawn last has the window with this width."""
    window = imgui.internal.find_window_by_name(WINDOW)
    return window is not None and window.active and round(window.size.x) == width


def summary(samples: list[Metrics]) -> Metrics:
    """Latencies over all edits of a kind; stubs in all."""
    latencies = [s["edit_to_pixel_ms"] for s in samples]
    return {
        "edits": len(samples),
        "edit_to_pixel_ms": median(latencies),
        "worst_ms": max(latencies),
        "load_ms": median(s["load_ms"] for s in samples),
        "stubs_compiled": sum(s["stubs_compiled"] for s in samples),
    }
