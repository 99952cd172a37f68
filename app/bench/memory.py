"""What edits keep: a form drawn in every frame, edited again and again, with a pause now and then.

The process's resident memory after every so many edits, in MB above that after the first `WARM`; beside it
the machine code that Cling keeps. Frames of the app in memory; an edit counts once the frame shows it. Each
edit changes two numbers, so no text comes twice, and `HOT` frames are drawn of it: more than a function is
called until it is hot. After every `PAUSE` edits the user looks at the result: frames go on until the form
is compiled. So that 2,000 edits take minutes instead of hours, the times of the policy are shortened: an
edit with its frames, however long it takes here, stands for one each `EACH_S` seconds.
"""

from __future__ import annotations

import gc
import re
import time
from dataclasses import replace
from functools import partial
from typing import Any

from app.bench._measure import Metrics, in_process
from app.bench.reload import Edited, edited
from runtime.process.memory import machine_code_mb, rss_mb
from runtime.runtime import Runtime

EDITS, WARM, EVERY, PAUSE = 2_000, 200, 200, 20
HOT = 120  # frames after each edit
EACH_S = 2.0
FIRST = 20  # edits, by which the pace is taken
WAIT_S = 120.0
FORM = "bench.fifty-calls/draw-debug-ui!"


def run() -> dict[str, Any]:
    """The curve, and what was kept in the end."""
    rows = in_process(measure)
    return {"rows": rows, "ratios": {"kept_mb": list(rows.values())[-1]["kept_mb"]}}


def measure(
    edits: int = EDITS, warm: int = WARM, every: int = EVERY, pause: int = PAUSE
) -> dict[str, Metrics]:
    """Megabytes after every `every` edits from the `warm`th on; by the number of edits."""
    rows: dict[str, Metrics] = {}
    with edited(fps=0.0) as work:
        runtime = work.app.runtime
        assert runtime is not None
        start = time.perf_counter()
        at_first = code_at_first = 0.0
        pieces = 0
        for i in range(1, edits + 1):
            height = f"780.{i:04}"  # a literal within the form itself
            work.save(work.edit(partial(_with_height, height)))
            work.frames(HOT)
            if i == FIRST:
                _shorten(runtime, (time.perf_counter() - start) / FIRST / EACH_S)
            if i % pause == 0:
                _rest(work)
            if i < warm or (i - warm) % every:
                continue
            runtime.wait_idle(30.0)
            gc.collect()
            memory, code, stats = rss_mb(), machine_code_mb(), runtime.code_stats()
            if i == warm:
                at_first, code_at_first, pieces = memory, code, stats.live + stats.dead
            rows[f"{i:,} edits"] = {
                "resident_mb": memory,
                "kept_mb": memory - at_first,
                "machine_code_kept_mb": code - code_at_first,
                "compiled": stats.live + stats.dead - pieces,
            }
    return rows


def _shorten(runtime: Runtime, share: float) -> None:
    """Have the policy's times pass quicker, as if `1 / share` times as long had gone by."""
    limits = runtime.limits
    runtime.limits = replace(
        limits, half_life_s=limits.half_life_s * share, rest_s=limits.rest_s * share
    )


def _rest(work: Edited) -> None:
    """Draw frames until the form is compiled."""
    assert work.app.runtime is not None
    end = time.perf_counter() + WAIT_S
    while work.app.runtime.functions([FORM])[0].tier != 2:
        work.frames(10)
        if time.perf_counter() > end:
            raise RuntimeError(f"{FORM} was not compiled in {WAIT_S:g} s")


def _with_height(height: str, text: str) -> str:
    # Not the width, which is 780 once, too.
    return re.sub(r"(width\)) 780\.\d+", rf"\1 {height}", text)
