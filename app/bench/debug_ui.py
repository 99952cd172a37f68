"""One large form, 50 calls of Dear ImGui: how soon its first frame is drawn, and what its frames cost.

The metrics of a row:
    cold_eval_ms     from its text to its first drawn frame, in a process that compiled nothing before
    cold_compile_ms  what Cling worked of that: type questions, stubs, the function
    eval_ms          the same after an edit of a constant: types answered, stubs compiled
    compile_ms       what Cling worked of that
    from_ast_ms      the part of it after the form was analysed
    stall_ms         the longest frame while the file is reloaded beside the frames
    eval_tier        the function's tier right after: where a strategy that compiles on definition could
                     not, that is 0, and no ratio is made of the row
    steady_us        the function's time in a frame, microseconds, once nothing is left to compile
    steady_tier      its tier then
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from app.bench._measure import (
    SCRIPTS,
    Metrics,
    Stage,
    analysed_at,
    cling_ms,
    compile_cpp,
    in_process,
    medians,
    scratch,
    stage,
)
from runtime.events import Reload
from runtime.runtime import Runtime

SCRIPT = SCRIPTS / "fifty_calls.jank"
CPP = SCRIPTS / "fifty_calls.cpp"
PYTHON = Path(__file__).with_name("_fifty_calls.py")
FUNCTION = "bench.fifty-calls/draw-debug-ui!"
STRATEGIES = ("inline-jit", "stub-jit", "interpret", "tiered")
COMPILING = ("inline-jit", "stub-jit")  # on definition
ROUNDS = 3  # processes per strategy
EDITS = 7  # evaluations with stubs cached, in each of them
FRAMES = 50  # in a row, when steady frames are measured in turn
FPS = 120.0


def run() -> dict[str, Any]:
    """Every strategy in turn, each time in a new process; then steady frames of all in one process."""
    samples: dict[str, list[Metrics]] = {}
    for _ in range(ROUNDS):
        for strategy in STRATEGIES:
            measured = in_process(evaluations, strategy)
            if measured is not None:
                samples.setdefault(strategy, []).append(measured)
    rows = {strategy: medians(found) for strategy, found in samples.items()}
    for name, metrics in in_process(steady_frames, tuple(rows)).items():
        rows.setdefault(name, {}).update(metrics)
    return {"rows": rows, "ratios": ratios(rows)}


def ratios(rows: dict[str, Metrics]) -> dict[str, float]:
    """The ratios of the rows that there are."""
    wanted = {
        "warm_compile_work": ("inline-jit", "compile_ms", "tiered", "from_ast_ms"),
        "warm_eval": ("inline-jit", "eval_ms", "tiered", "eval_ms"),
        "cold_eval": ("inline-jit", "cold_eval_ms", "tiered", "cold_eval_ms"),
        "stub_jit_eval": ("inline-jit", "eval_ms", "stub-jit", "eval_ms"),
        "steady_vs_cpp": ("tiered", "steady_us", "C++ -O2", "steady_us"),
        "tier0_vs_python": ("interpret", "steady_us", "Python", "steady_us"),
    }
    return {
        name: rows[over][first] / rows[under][second]
        for name, (over, first, under, second) in wanted.items()
        if as_named(rows, over, first) and as_named(rows, under, second)
    }


def as_named(rows: dict[str, Metrics], row: str, metric: str) -> bool:
    """Whether the row has the metric, and the function ran in the tier that the row's name promises."""
    found = rows.get(row, {})
    tier = "steady_tier" if metric == "steady_us" else "eval_tier"
    must = 1 if row in COMPILING or (row == "tiered" and metric == "steady_us") else 0
    return metric in found and found.get(tier, 0) >= must


def parts() -> tuple[str, str]:
    """The script's text before the large form, and the form."""
    text = SCRIPT.read_text(encoding="utf-8")
    start = text.index("(defn ^:frame")
    return text[:start], text[start:]


def edited(text: str, number: int) -> str:
    """The text with another constant: a program that nobody compiled before."""
    return text.replace("(imgui-h/ImVec2. 420.0 ", f"(imgui-h/ImVec2. {420 + number}.0 ")


def evaluations(strategy: str) -> Metrics | None:
    """Evaluate the form cold, edited, and reloaded beside frames. None if there is no such strategy."""
    with stage() as on:
        try:
            runtime = on.runtime(strategy)
        except ValueError:
            return None
        before, form = parts()
        runtime.eval(before, str(SCRIPT))
        cold = evaluate(on, runtime, form)
        warm = medians([evaluate(on, runtime, edited(form, i)) for i in range(1, EDITS + 1)])
        return {
            "cold_eval_ms": cold["eval_ms"],
            "cold_compile_ms": cold["compile_ms"],
            **warm,
            "eval_tier": tier(runtime),
            "stall_ms": stall(on, runtime),
        }


def tier(runtime: Runtime) -> int:
    """The tier in which the large form's function is."""
    return next(f.tier for f in runtime.functions() if f.name == FUNCTION)


def evaluate(on: Stage, runtime: Runtime, form: str) -> Metrics:
    """Evaluate `form` and draw one frame of it."""
    serial, _ = runtime.events.since(0)
    with analysed_at() as analysed:
        start = time.perf_counter()
        runtime.eval(form, str(SCRIPT))
        on.frame(runtime.namespaces.current.vars["draw-debug-ui!"].deref())
        end = time.perf_counter()
    return {
        "eval_ms": (end - start) * 1e3,
        "compile_ms": cling_ms(runtime.events.since(serial)[1]),
        "from_ast_ms": (end - analysed[-1]) * 1e3,
    }


def stall(on: Stage, runtime: Runtime) -> float:
    """Milliseconds of the longest frame while an edit is loaded off the UI thread; the middle of three."""
    longest = []
    with scratch() as folder:
        file = Path(folder) / SCRIPT.name
        text = "".join(parts())
        file.write_text(text, encoding="utf-8")
        runtime.load(file)
        (entry,) = runtime.entry_points(file)
        for number in range(100, 103):
            file.write_text(edited(text, number), encoding="utf-8")
            loaded = len(runtime.events.of(Reload))
            runtime.load_async(file)
            end = time.perf_counter() + 10

            def going(loaded: int = loaded, end: float = end) -> bool:
                return len(runtime.events.of(Reload)) == loaded and time.perf_counter() < end

            longest.append(max(on.paced(entry, FPS, going)) * 1e3)
    return median(longest)


def steady_frames(strategies: tuple[str, ...]) -> dict[str, Metrics]:
    """Frames of every strategy, of Python and of C++, in turn in this process."""
    with stage() as on, scratch() as folder:
        draws: dict[str, Callable[[], object]] = {}
        rows: dict[str, Metrics] = {}
        for strategy in strategies:
            runtime = on.runtime(strategy)
            runtime.load(SCRIPT)
            (draws[strategy],) = runtime.entry_points(SCRIPT)
            if strategy == "tiered":
                runtime.tier_up(FUNCTION)
                runtime.wait_idle(30)
            rows[strategy] = {"steady_tier": tier(runtime)}
        names: dict[str, Any] = {}
        start = time.perf_counter()
        exec(compile(PYTHON.read_text(encoding="utf-8"), str(PYTHON), "exec"), names)
        draws["Python"] = names["draw_debug_ui"]
        on.frame(draws["Python"])
        rows["Python"] = {"eval_ms": (time.perf_counter() - start) * 1e3}
        start = time.perf_counter()
        library, built = compile_cpp(CPP, Path(folder))
        draws["C++ -O2"] = library.draw_debug_ui
        on.frame(draws["C++ -O2"])
        spent = (time.perf_counter() - start) * 1e3
        rows["C++ -O2"] = {"eval_ms": spent, "compile_ms": built}
        times: dict[str, list[float]] = {name: [] for name in draws}
        for _ in range(12):
            for name, draw in draws.items():
                on.frame(draw)
                times[name] += [on.frame(draw) for _ in range(FRAMES)]
    for name, found in times.items():
        rows.setdefault(name, {})["steady_us"] = median(found) * 1e6
    return rows
