"""Frame times while 50 functions tier up: compiling must not be felt.

Fifty functions draw a window each, 60 frames a second; in the same frame all of them become hot.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from app.bench._measure import Metrics, in_process, percentile, stage

FUNCTIONS = 50
FPS = 60.0
BEFORE = 180  # frames in tier 0, of which the first quarter is not measured
NEVER = 1_000_000_000  # a threshold
AFTER = 60  # frames that are measured once all is compiled
ROUNDS = 5
LIMIT_S = 20.0  # for compiling

HEAD = """
(ns bench.tierup
  (:require
   ["imgui.h" :as imgui :scope "ImGui"]
   ["imgui.h" :as imgui-h :scope ""]))

(def state (atom {:count 3 :scale 1.5}))
(defonce *value (cpp/box (cpp/new cpp/float 1.0)))
"""
FUNCTION = """
(defn ^:frame draw-{i}! []
  (let [now @state]
    (imgui/SetNextWindowPos (imgui-h/ImVec2. {x}.0 {y}.0) imgui-h/ImGuiCond_Always)
    (when (imgui/Begin "Window {i}")
      (imgui/Text #cpp "Number {i}: %d" (+ {i} (:count now)))
      (imgui/Text #cpp "Scale %.2f" (* {i} (:scale now)))
      (imgui/SliderFloat "Value" (cpp/unbox *value) 0.0 {i}.5)
      (when (imgui/Button "More {i}")
        (swap! state update :count inc))
      (imgui/SameLine)
      (when (imgui/Button "Less {i}")
        (swap! state update :count dec))
      (dotimes [row 5]
        (imgui/TextUnformatted (str "row " row " of " {i}))))
    (imgui/End)))
"""


def run() -> dict[str, Any]:
    """Milliseconds of the UI thread a frame: in tier 0, while compiling, compiled. Medians of the runs."""
    runs = [in_process(measure) for _ in range(ROUNDS)]
    rows = {
        row: {metric: median(r[row][metric] for r in runs) for metric in runs[0][row]}
        for row in runs[0]
    }
    stall = median(r["while 50 tier up"]["max_ms"] / r["tier 0"]["p99_ms"] for r in runs)
    return {"rows": rows, "ratios": {"stall": stall}}


def source() -> str:
    """The script."""
    places = ((i, 10 + i % 10 * 120, 10 + i // 10 * 150) for i in range(FUNCTIONS))
    return HEAD + "".join(FUNCTION.format(i=i, x=x, y=y) for i, x, y in places)


def measure() -> dict[str, Metrics]:
    """One run."""
    with stage() as on:
        runtime = on.runtime("tiered", NEVER)
        runtime.eval(source())
        entries = [
            v for v in runtime.namespaces.current.vars.values() if v.name.startswith("draw-")
        ]
        drawn = 0

        def draw() -> None:
            nonlocal drawn
            drawn += 1
            for var in entries:
                var.root()

        on.paced(draw, FPS, lambda: drawn < BEFORE // 4)
        before = on.paced(draw, FPS, lambda: drawn < BEFORE)
        runtime.threshold = BEFORE // 2  # all were called more often: hot in the next frame
        end = time.perf_counter() + LIMIT_S

        def compiling() -> bool:
            return drawn < BEFORE + 5 or (not runtime.engine.idle and time.perf_counter() < end)

        during = on.paced(draw, FPS, compiling)
        until = drawn + AFTER
        after = on.paced(draw, FPS, lambda: drawn < until)
        compiled = sum(f.tier > 0 for f in runtime.functions())
    return {
        "tier 0": spread(before),
        "while 50 tier up": {**spread(during), "compiled": compiled},
        "compiled": spread(after),
    }


def spread(times: list[float]) -> Metrics:
    """The distribution of frame times, in milliseconds."""
    found = {f"p{p}_ms": percentile(times, p) * 1e3 for p in (50, 95, 99)}
    return {"frames": len(times), **found, "max_ms": max(times) * 1e3}
