"""What edits keep: a form drawn in every frame, edited again and again, compiled each time it gets hot.

The process's resident memory after every so many edits, in MB above that after the first `WARM`; beside it
the machine code that Cling keeps. Frames of the app in memory; an edit counts once the frame shows it.
"""

from __future__ import annotations

import gc
import re
from functools import partial
from typing import Any

from app.bench._measure import Metrics, in_process
from app.bench.reload import edited
from runtime.process.memory import machine_code_mb, rss_mb

EDITS, WARM, EVERY = 2_000, 200, 200
HOT = 120  # frames after each edit: the form gets hot in them


def run() -> dict[str, Any]:
    """The curve, and what was kept in the end."""
    rows = in_process(measure)
    return {"rows": rows, "ratios": {"kept_mb": list(rows.values())[-1]["kept_mb"]}}


def measure(edits: int = EDITS, warm: int = WARM, every: int = EVERY) -> dict[str, Metrics]:
    """Megabytes after every `every` edits from the `warm`th on; by the number of edits."""
    rows: dict[str, Metrics] = {}
    with edited(fps=0.0) as work:
        at_first = code_at_first = 0.0
        for i in range(1, edits + 1):
            height = f"780.{i:04}"  # a literal within the form itself
            work.save(work.edit(partial(_with_height, height)))
            work.frames(HOT)
            if i < warm or (i - warm) % every:
                continue
            assert work.app.runtime is not None
            work.app.runtime.wait_idle(30.0)
            gc.collect()
            memory, code = rss_mb(), machine_code_mb()
            if i == warm:
                at_first, code_at_first = memory, code
            rows[f"{i:,} edits"] = {
                "resident_mb": memory,
                "kept_mb": memory - at_first,
                "machine_code_kept_mb": code - code_at_first,
            }
    return rows


def _with_height(height: str, text: str) -> str:
    return re.sub(r"780\.\d+", height, text)
