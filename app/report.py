"""What a run leaves behind: the report of the contract, and a trace for chrome://tracing or Perfetto."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from app.frame_log import FrameLog
from panels.model import percentiles
from panels.theme import tier_name
from runtime.errors import render
from runtime.events import (
    Analysed,
    Compile,
    Deoptimised,
    Dropped,
    Event,
    EventLog,
    Fault,
    LibraryBuilt,
    Refused,
    Reload,
    SlowCompile,
    StubMiss,
    TierChange,
    TypeQuery,
)
from runtime.snapshots import CodeStats, FunctionInfo, StubStats

# What the report tells of the way of functions between tiers.
TIERING = (Compile, SlowCompile, TierChange, Deoptimised, Dropped, Refused)


def process_start(pid: int | None = None) -> float:
    """When a process (None: this one) began, in seconds of perf_counter; now, where it is not known."""
    now = time.perf_counter()
    try:
        ticks = int(Path(f"/proc/{pid or 'self'}/stat").read_text().rsplit(")", 1)[1].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return now
    return now - age


def report(
    frames: FrameLog,
    counted: int,
    startup: dict[str, float | None],
    functions: Iterable[FunctionInfo],
    stubs: StubStats,
    code: CodeStats,
    events: EventLog,
    rss: dict[str, float],
) -> dict[str, Any]:
    """The report as the contract has it. `counted` frames at the end of `frames` belong to the run."""
    times = frames.last(counted)
    began = process_start()
    return {
        "frames": {
            "count": counted,
            "total_ms": percentiles(times.total),
            "script_us": percentiles(times.script * 1000),
            "panels_us": percentiles(times.panels * 1000),
            "render_us": percentiles(times.render * 1000),
        },
        "startup": startup,
        "functions": [
            {
                "name": f.name,
                "tier": f.tier,
                "state": f.state,
                "calls": f.calls,
                "deopts": f.deopts,
                "guard_failures": f.guard_failures,
                "heat": f.heat,
                "why_interpreted": f.error,
                "compile_ms": f.compile_ms,
                "us_per_call": f.us_per_call,
            }
            for f in functions
        ],
        "stub_cache": {
            "hits": stubs.hits,
            "misses": stubs.misses,
            "entries": stubs.entries,
            "compile_ms": stubs.compile_ms,
        },
        "compiled_code": asdict(code),
        "tiering": [
            {"at_s": e.at - began, "event": type(e).__name__, **_details(e)}
            for e in events
            if isinstance(e, TIERING)
        ],
        "reloads": [
            {
                "file": r.file,
                "forms_total": r.forms_total,
                "forms_evaluated": r.forms_evaluated,
                "latency_ms": r.latency_ms,
                "ok": r.ok,
            }
            for r in events.of(Reload)
        ],
        "errors": [{"script": f.source, "text": render(f.error)} for f in events.of(Fault)],
        "rss_mb": rss,
    }


def trace(frames: FrameLog, events: EventLog) -> dict[str, Any]:
    """Frames and events in Chrome's trace-event format; its times are microseconds.

    Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    """
    rows: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": lane, "args": {"name": name}}
        for lane, name in ((1, "frames"), (2, "compiler"), (3, "events"))
    ]
    times = frames.last(frames.count)
    for index, start in enumerate(frames.starts(frames.count)):
        rows.append(_span("frame", start, float(times.total[index]), 1))
        at = start + (times.total - times.script - times.panels - times.render)[index] / 1000
        for part in ("script", "panels", "render"):
            length = float(getattr(times, part)[index])
            rows.append(_span(part, at, length, 1))
            at += length / 1000
    stubs_left = 0  # of the transaction whose first stub was met last
    for event in events:
        if isinstance(event, StubMiss):
            stubs_left = stubs_left - 1 if stubs_left else event.batch - 1
            if stubs_left != event.batch - 1:
                continue
        rows.append(_of_event(event))
    return {"traceEvents": rows, "displayTimeUnit": "ms"}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write `value` to `path`, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _span(name: str, start: float, ms: float, lane: int) -> dict[str, Any]:
    return {"ph": "X", "name": name, "pid": 1, "tid": lane, "ts": start * 1e6, "dur": ms * 1000}


def _of_event(event: Event) -> dict[str, Any]:
    details = _details(event)
    kind = type(event).__name__
    match event:
        case Compile():
            # An event is recorded when the work is done.
            name = f"{tier_name(event.tier)}: {', '.join(event.functions)}"
            row = _span(name, event.at - event.compile_ms / 1000, event.compile_ms, 2)
        case StubMiss():
            # One row for the whole transaction, of which each stub has an equal share.
            spent = event.compile_ms * event.batch
            row = _span(f"{event.batch} stubs", event.at - spent / 1000, spent, 2)
        case Analysed():
            row = _span(kind, event.at - event.ms / 1000, event.ms, 3)
        case TypeQuery() | LibraryBuilt():
            row = _span(kind, event.at - event.compile_ms / 1000, event.compile_ms, 2)
        case Reload():
            row = _span(kind, event.at - event.latency_ms / 1000, event.latency_ms, 3)
        case _:
            row = {"ph": "i", "name": kind, "pid": 1, "tid": 3, "ts": event.at * 1e6, "s": "p"}
    return {**row, "args": details}


def _details(event: Event) -> dict[str, Any]:
    """What an event says, without its time."""
    names = (field.name for field in fields(event) if field.name != "at")
    return {name: _plain(getattr(event, name)) for name in names}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, tuple, list)) else str(value)
