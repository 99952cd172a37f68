"""Running the benchmarks: every module of `app.bench` that has `run() -> {"rows": …, "ratios": …}`,
and perhaps "notes": sentences about what is missing.

A benchmark is named as its module, with dashes; modules whose name begins with `_` are none.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from app.bench._targets import TARGETS


def run(names: Sequence[str], say: Callable[[str], object]) -> dict[str, Any]:
    """Run the named benchmarks, print each as a table, and return the contract's JSON."""
    found = _modules()
    results: dict[str, Any] = {}
    console = Console()
    for name in names:
        started = time.perf_counter()
        results[name] = importlib.import_module(found[name]).run()
        say(f"\n{name}, {time.perf_counter() - started:.1f} s")
        console.print(_table(results[name]["rows"]))
        if results[name]["ratios"]:
            console.print(_ratio_table(name, results[name]["ratios"]))
        for note in results[name].get("notes", ()):
            say(note)
    return {"machine": machine(), "benchmarks": results}


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(_modules())


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "cppyy": version("cppyy"),
        "imgui-bundle": version("imgui-bundle"),
    }


def _modules() -> dict[str, str]:
    package: ModuleType = importlib.import_module("app.bench")
    modules = pkgutil.iter_modules(package.__path__)
    return {
        m.name.replace("_", "-"): f"app.bench.{m.name}"
        for m in modules
        if not m.name.startswith("_")
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            named = (line for line in file if line.startswith("model name"))
            return next(named, ":").split(":", 1)[1].strip() or platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


def _table(rows: dict[str, dict[str, Any]]) -> Table:
    """Rows and metrics; whichever are more stand below each other."""
    metrics = list(dict.fromkeys(metric for row in rows.values() for metric in row))
    cells = {
        (name, metric): _cell(row.get(metric)) for name, row in rows.items() for metric in metrics
    }
    turned = len(metrics) > len(rows)
    down, across = (metrics, list(rows)) if turned else (list(rows), metrics)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in across:
        table.add_column(heading, justify="right")
    for label in down:
        keys = ((other, label) if turned else (label, other) for other in across)
        table.add_row(label, *(cells[key] for key in keys))
    return table


def _ratio_table(benchmark: str, ratios: dict[str, float]) -> Table:
    """Each ratio beside its target, whether it is met, and what the plan claimed."""
    table = Table(box=None, pad_edge=False)
    for heading in ("ratio", "", "target", "met", "the plan's claim"):
        table.add_column(heading, justify="right" if heading == "" else "left")
    for name, value in ratios.items():
        target = TARGETS.get((benchmark, name))
        if target is None:
            table.add_row(name, _cell(value))
        else:
            met = "yes" if target.met(value) else "no"
            table.add_row(name, _cell(value), str(target), met, target.claim)
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
