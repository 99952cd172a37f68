"""1, 10, 100 and 1,000 large forms: how the cost of a form grows with their number.

Each is the form of `debug-ui` under a name of its own, with its own window. Stubs are cached from the first
on, so what grows would be ours: reading, analysis, the interpreter, tables, events.
"""

from __future__ import annotations

import time
from typing import Any

from app.bench._measure import Metrics, Stage, cling_ms, in_process, medians, stage
from app.bench.debug_ui import SCRIPT, parts
from runtime.process.memory import rss_mb

# By strategy: how many forms, and how often that is measured.
COUNTS = {
    "tiered": ((1, 9), (10, 5), (100, 2), (1000, 1)),
    "stub-jit": ((1, 3), (10, 1)),
    "inline-jit": ((1, 3), (10, 1)),
}


def run() -> dict[str, Any]:
    """Milliseconds from the forms' text to the first frame that draws all of them."""
    rows: dict[str, Metrics] = {}
    for strategy in COUNTS:
        rows.update(in_process(measure, strategy))
    growth = rows["tiered, 1000"]["ms_per_form"] / rows["tiered, 10"]["ms_per_form"]
    return {"rows": rows, "ratios": {"growth": growth}}


def measure(strategy: str) -> dict[str, Metrics]:
    """The rows of one strategy; none where there is no such strategy."""
    rows: dict[str, Metrics] = {}
    with stage() as on:
        for count, repetitions in COUNTS[strategy]:
            try:
                samples = [evaluate(on, strategy, count) for _ in range(repetitions)]
            except ValueError:
                return {}
            rows[f"{strategy}, {count}"] = medians(samples)
    return rows


def forms(count: int) -> tuple[str, list[str]]:
    """The text of `count` forms, and their functions' names."""
    _, form = parts()
    names = [f"draw-{i}!" for i in range(count)]
    texts = [
        form.replace("draw-debug-ui!", name).replace('"Fifty calls"', f'"Form {i}"')
        for i, name in enumerate(names)
    ]
    return "\n".join(texts), names


def evaluate(on: Stage, strategy: str, count: int) -> Metrics:
    """Evaluate `count` forms in a new runtime that has their stubs, and draw a frame with all of them."""
    runtime = on.runtime(strategy)
    before, form = parts()
    runtime.eval(before + form, str(SCRIPT))
    text, names = forms(count)
    memory = rss_mb()
    serial, _ = runtime.events.since(0)
    start = time.perf_counter()
    runtime.eval(text, str(SCRIPT))
    variables = [runtime.namespaces.current.vars[name] for name in names]

    def draw() -> None:
        for var in variables:
            var.deref()()

    on.frame(draw)
    spent = (time.perf_counter() - start) * 1e3
    compiled = cling_ms(runtime.events.since(serial)[1])
    kept = rss_mb() - memory
    runtime.close()
    on.runtimes.remove(runtime)
    return {
        "ms": spent,
        "ms_per_form": spent / count,
        "compile_ms_per_form": compiled / count,
        "mb": kept,
    }
