"""From the saved edit to the pixel, and the frames meanwhile: a real file, the watcher, the loader's thread.

`edit_to_pixel_ms` runs from the moment before the file is written to the end of the first frame that shows
the edit; frames come 60 times a second. `longest ÷ p99` is the longest frame from the save to a moment after
it, beside the p99 of steady frames of the same app.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imgui_bundle import imgui

from app.application import Application, Options
from app.bench._measure import SCRIPTS, Metrics, in_process, percentile, scratch
from runtime.events import CppReload, Reload

EDITS = 40  # of each kind
FPS = 60.0
WINDOW = "Fifty calls"
REQUIRED = '(require \'["bench_scene.hpp" :as scene :scope "bench_scene"])\n'
WAIT_S = 120.0
STEADY, AFTER = 180, 30  # frames
LINES = 1_000
DEFINITIONS, FORMS, LITERAL_MB = 20_000, 100_000, 10
INCLUDED = ("/usr/include", "/usr/local/include")
GLM = """#pragma once
#include <glm/glm.hpp>
#include <glm/gtc/matrix_transform.hpp>
namespace bench_scene {{
{functions}
inline float width() {{ return 420.0f; }}
}}
"""
GLM_FUNCTION = """inline glm::vec3 turned_{0}(glm::vec3 const &v, float angle) {{
  glm::mat4 const m = glm::rotate(glm::mat4(1.0f), angle + {0}.0f, glm::vec3(0.0f, 1.0f, 0.0f));
  return glm::vec3(m * glm::vec4(v, 1.0f));
}}

"""
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
    """Latencies of edits, and the longest frame around saves of any size."""
    rows = in_process(measure)
    for work in (small_saves, header, definitions, forms, literal):
        rows |= in_process(work)
    ratios = {f"longest frame, {n}": r["ratio"] for n, r in rows.items() if "ratio" in r}
    return {"rows": rows, "ratios": ratios}


class Edited:
    """The app, headless, on one script whose window's width tells which version of it is drawn."""

    def __init__(self, folder: Path, more: str = "", header: str = "", fps: float = FPS) -> None:
        self.header = folder / "bench_scene.hpp"
        if header:
            self.header.write_text(header, encoding="utf-8")
        self.script = folder / "fifty_calls.jank"
        text = (SCRIPTS / self.script.name).read_text(encoding="utf-8")
        head, mark, rest = text.partition("(defn ^:frame")
        self.width = 420
        width = REQUIRED if header else "(def width 420.0)\n"
        self.text = head + width + more + mark + rest
        shown = "(scene/width)" if header else "(cpp/float. width)"
        self.text = self.text.replace("ImVec2. 420.0 780", f"ImVec2. {shown} 780")
        self.script.write_text(self.text, encoding="utf-8")
        options = Options((self.script,), headless=True, fps=fps, cache=False, config_dir=folder)
        self.app = Application(options)
        self.app.start()
        for _ in range(60):
            self.app.step()
        assert self.shown(), self.app.problem_texts()

    def shown(self) -> bool:
        """Whether the frame drawn last has the window with the width of the script's last version."""
        window = imgui.internal.find_window_by_name(WINDOW)
        return window is not None and window.active and round(window.size.x) == self.width

    def edit(self, change: Callable[[str], str]) -> str:
        """The next version's text: with another width, and changed otherwise too."""
        self.text = change(
            self.text.replace(f"(def width {self.width}.0)", f"(def width {self.width + 1}.0)")
        )
        self.width += 1
        return self.text

    def save(self, text: str, file: Path | None = None) -> Metrics:
        """Save a version of the script, or of another file, and draw frames until it is shown."""
        assert self.app.runtime is not None
        reloads, stubs = self.app.runtime.events, self.app.runtime.stubs
        kind: type[Reload | CppReload] = CppReload if file is not None else Reload
        known, misses = len(reloads.of(kind)), stubs.stats().misses
        content = text.encode()
        start = time.perf_counter()
        (file or self.script).write_bytes(content)
        while not self.shown():
            self.app.step()
            if time.perf_counter() - start > WAIT_S:
                raise RuntimeError(f"not drawn after {WAIT_S:g} s: {self.app.problem_texts()}")
        spent = (time.perf_counter() - start) * 1e3
        while len(reloads.of(kind)) == known:
            time.sleep(0.001)
        last = reloads.of(kind)[-1]
        return {
            "edit_to_pixel_ms": spent,
            "load_ms": last.latency_ms,
            "evaluated": last.forms_evaluated if isinstance(last, Reload) else 0,
            "stubs_compiled": stubs.stats().misses - misses,
        }

    def frames(self, count: int) -> list[float]:
        """Milliseconds of the next frames."""
        for _ in range(count):
            self.app.step()
        return self.app.loop.log.last(count).total.tolist()

    def longest(self, text: str, file: Path | None = None) -> Metrics:
        """The longest frame around a save, beside steady ones before it."""
        steady = percentile(self.frames(STEADY), 99)
        first = self.app.loop.log.count
        saved = self.save(text, file)
        self.frames(AFTER)
        log = self.app.loop.log
        around = log.last(log.count - first).total.tolist()
        return {
            "longest_frame_ms": max(around),
            "steady_p99_ms": steady,
            "ratio": max(around) / steady,
            "edit_to_pixel_ms": saved["edit_to_pixel_ms"],
        }


@contextmanager
def edited(more: str = "", header: str = "", fps: float = FPS) -> Iterator[Edited]:
    """The app on a script, closed at the end."""
    with scratch() as folder:
        made = Edited(Path(folder), more, header, fps)
        try:
            yield made
        finally:
            made.app.close()


def filler(lines: int) -> str:
    """So many lines of functions, as scripts have them."""
    form = "(defn helper-{0} [x]\n  (let [y (* x {0})]\n    (+ y 1)))\n\n"
    return "".join(form.format(number) for number in range(lines // 4))


def dependents(count: int) -> str:
    """So many definitions, each made of the width."""
    return "".join(f"(def derived-{n} [(* {n + 1} width)])\n" for n in range(count))


def measure() -> dict[str, Metrics]:
    """Edits of a script of 1,000 lines: a value, one with ten dependents, calls of new functions."""
    rows = {}
    with edited(filler(LINES)) as app:
        rows["one form of 1,000 lines"] = summary(
            [app.save(app.edit(lambda t: t)) for _ in range(EDITS)]
        )
        calls = []
        for call in NEW_CALLS:
            line = f"    {call}\n    (imgui/End)"
            text = app.edit(lambda t: t)
            app.text = text.replace("    (imgui/End)", line)
            calls.append(app.save(app.text))
        rows["a call of a new function"] = summary(calls)
    with edited(dependents(10) + filler(LINES)) as app:
        rows["ten forms depend on it"] = summary(
            [app.save(app.edit(lambda t: t)) for _ in range(EDITS)]
        )
    return rows


def small_saves() -> dict[str, Metrics]:
    """The longest frame around ten small saves."""
    with edited(dependents(10) + filler(LINES)) as app:
        samples = [app.longest(app.edit(lambda t: t)) for _ in range(10)]
    return {"a small save": max(samples, key=lambda sample: sample["ratio"])}


def header() -> dict[str, Metrics]:
    """A header of 1,000 lines over glm in which one function changes, ten times."""
    row = f"a header of {LINES:,} lines over glm"
    if not any((Path(place) / "glm" / "glm.hpp").exists() for place in INCLUDED):
        return {f"{row} (glm is not installed: libglm-dev)": {}}
    text = GLM.format(functions="".join(GLM_FUNCTION.format(n) for n in range(LINES // 5)))
    with edited(filler(LINES), text) as app:
        samples = []
        for _ in range(10):
            text = text.replace(f"return {app.width}.0f", f"return {app.width + 1}.0f")
            app.width += 1
            samples.append(app.longest(text, app.header))
    latencies = [s["edit_to_pixel_ms"] for s in samples]
    worst = max(samples, key=lambda sample: sample["ratio"])
    return {
        row: worst
        | {"edit_to_pixel_ms": percentile(latencies, 50), "p95_ms": percentile(latencies, 95)}
    }


def definitions() -> dict[str, Metrics]:
    """20,000 definitions that change in one save."""

    def version(number: int) -> str:
        return "".join(f"(def d{n} [{n} {number}])\n" for n in range(DEFINITIONS))

    return {f"{DEFINITIONS:,} definitions": _replaced(version)}


def forms() -> dict[str, Metrics]:
    """A script of 100,000 forms in which one changes."""
    text = "".join(f"(def d{n} {n})\n" for n in range(FORMS))
    return {f"one of {FORMS:,} forms": _replaced(lambda number: text)}


def literal() -> dict[str, Metrics]:
    """A vector literal of 10 MB, written anew."""

    def version(number: int) -> str:
        return f"(def big [{f'{number}234567 ' * (LITERAL_MB << 20 >> 3)}])\n"

    return {f"{LITERAL_MB} MB of literal": _replaced(version)}


def _replaced(version: Callable[[int], str]) -> Metrics:
    with edited("; here\n" + version(1) + "; there\n") as app:
        gc.collect()
        head, _, rest = app.text.partition("; here\n")
        tail = rest.partition("; there\n")[2]
        app.text = head + "; here\n" + version(2) + "; there\n" + tail
        return app.longest(app.edit(lambda t: t))


def summary(samples: list[Metrics]) -> Metrics:
    """Latencies over all edits of a kind; stubs in all."""
    latencies = [s["edit_to_pixel_ms"] for s in samples]
    return {
        "edits": len(samples),
        "edit_to_pixel_ms": percentile(latencies, 50),
        "p95_ms": percentile(latencies, 95),
        "load_ms": percentile([s["load_ms"] for s in samples], 50),
        "evaluated": samples[-1]["evaluated"],
        "stubs_compiled": sum(s["stubs_compiled"] for s in samples),
    }
