"""What a frame costs with many functions, problems and events, beside what it costs with few.

Frames of the app in memory, panels hidden, each case in a process of its own and in turn.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from app.application import Application, Options
from app.bench._measure import Metrics, in_process, percentile
from runtime.errors import RuntimeFault, Span
from runtime.events import Dropped

FEW, FUNCTIONS, PROBLEMS, EVENTS, ERRORS = 10, 5_000, 10_000, 100_000, 6_000
ROUNDS, FRAMES = 3, 1_500  # frames in a process, and how many processes of each case
HEAD = '(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))\n(defonce n (atom 0))\n'
DRAW = '(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Text "text") (imgui/End))\n'
BOOM = '(defn ^:frame boom! [] (throw (ex-info (str "boom " (swap! n inc)) {})))\n'
CASES = ("few", "many_functions", "many_problems", "many_events", "error_early", "error_late")


def run() -> dict[str, Any]:
    """Milliseconds of a frame; every case divided by what it is to be like."""
    samples: dict[str, list[Metrics]] = {case: [] for case in CASES}
    for _ in range(ROUNDS):
        for case in CASES:
            samples[case].append(in_process(measure, case))
    rows = {
        case: {m: median(s[m] for s in found) for m in found[0]} for case, found in samples.items()
    }
    few = rows["few"]["frame_ms"]
    ratios = {case: rows[case]["frame_ms"] / few for case in CASES[1:4]}
    ratios["late_error"] = rows["error_late"]["frame_ms"] / rows["error_early"]["frame_ms"]
    return {"rows": rows, "ratios": ratios}


def measure(case: str) -> Metrics:
    """The median and the 99th percentile of the frames of one case."""
    functions = FUNCTIONS if case == "many_functions" else FEW
    with TemporaryDirectory() as folder:
        script = Path(folder) / "tool.jank"
        made = "".join(f"(defn f{i} [x] (+ x {i}))\n" for i in range(functions))
        script.write_text(HEAD + made + (BOOM if case.startswith("error") else "") + DRAW)
        app = Application(Options((script,), headless=True, cache=False, config_dir=Path(folder)))
        app.start()
        app.desk.state.show_panels = False
        assert app.runtime is not None
        for i in range(PROBLEMS if case == "many_problems" else 0):
            place = Span(str(script), i + 1, 1, i + 1, 2)
            app.runtime.report_fault(str(script), RuntimeFault("kept", place), lasting=True)
        for _ in range(EVENTS if case == "many_events" else 0):
            app.runtime.events.add(Dropped(function="f", cause="none"))
        app.runtime.wait_idle(30.0)
        for _ in range(ERRORS if case == "error_late" else 300):
            app.step()
        times = [_timed(app) for _ in range(FRAMES)]
        app.close()
    return {"frame_ms": median(times), "p99_ms": percentile(times, 99)}


def _timed(app: Application) -> float:
    start = time.perf_counter()
    app.step()
    return (time.perf_counter() - start) * 1e3
