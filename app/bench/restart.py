"""What a lost process costs: the time until there is a frame again, and what keeping its state costs before.

Rows:
    death     milliseconds from a process's death to the next one's first frame, headless
    journal   milliseconds of a frame that looking for changes takes, with ATOMS atoms that all change in
              each frame; `p99_ms` of the frames without and with the journal, at FPS a second
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from app.application import Application, Options
from app.bench._measure import Metrics, in_process, percentile, scratch
from app.bench.threads import frames
from app.journal import Journal
from app.process.journal_file import JournalFile

ATOMS = 1000
FPS = 100.0
FRAMES = 500
DEATHS = 3
DEADLY = """(ns bench.restart)
(cpp/raw "#include <csignal>
inline void bench_restart_die() { raise(SIGKILL); }")
(def *frames (atom 0))
(defn ^:frame draw! [] (when (= 20 (swap! *frames inc)) (cpp/bench_restart_die)))"""
CHANGING = f"""(ns bench.journal)
{" ".join(f"(def a{i} (atom {{:n {i}}}))" for i in range(ATOMS))}
(def all [{" ".join(f"a{i}" for i in range(ATOMS))}])
(defn ^:frame draw! [] (doseq [a all] (swap! a update :n inc)))"""


def run() -> dict[str, Any]:
    """Both rows."""
    rows = {"death": {"to_frame_ms": median(death() for _ in range(DEATHS))}, **in_process(measure)}
    journal = rows["journal"]
    return {
        "rows": rows,
        "ratios": {
            "restart_ms": rows["death"]["to_frame_ms"],
            "journal_frame_ms": journal["look_p99_ms"],
            "journal_p99": journal["with_p99_ms"] / journal["without_p99_ms"],
        },
    }


def death() -> float:
    """Milliseconds of one restart."""
    with scratch() as folder:
        script, report = Path(folder) / "deadly.jank", Path(folder) / "report.json"
        script.write_text(DEADLY)
        command = [sys.executable, "-m", "app.cli", str(script), "--headless", "--frames", "60"]
        subprocess.run([*command, "--report", str(report)], capture_output=True, check=False)
        (lost,) = json.loads(report.read_text())["restarts"]
        return float(lost["restart_ms"])


def measure() -> dict[str, Metrics]:
    """The journal's row."""
    with scratch() as folder:
        script = Path(folder) / "journal.jank"
        script.write_text(CHANGING)
        app = Application(
            Options((script,), headless=True, fps=FPS, cache=False, config_dir=Path(folder))
        )
        try:
            app.start()
            frames(app, FRAMES)
            without = frames(app, FRAMES)
            assert app.runtime is not None
            journal = Journal(app.runtime, JournalFile())
            looks: list[float] = []

            def look() -> None:
                start = time.perf_counter()
                journal.frame()
                looks.append(time.perf_counter() - start)

            app.loop.in_frame.append(look)
            frames(app, FRAMES)
            looks.clear()
            kept = frames(app, FRAMES)
            journal.close()
        finally:
            app.close()
    return {
        "journal": {
            "look_p50_ms": median(looks) * 1e3,
            "look_p99_ms": percentile(looks, 99) * 1e3,
            "without_p99_ms": percentile(without, 99),
            "with_p99_ms": percentile(kept, 99),
        }
    }
