"""The benchmarks measure what they say: the programs agree, the rows and ratios are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import benchmarks
from app.bench import debug_ui, fib, many_forms, memory, reload, tierup, warmup
from app.bench._measure import in_process, percentile
from app.bench._targets import TARGETS
from runtime.runtime import Runtime


def test_names_are_those_of_the_modules() -> None:
    assert set(benchmarks.names()) >= {
        "debug-ui",
        "many-forms",
        "fib",
        "loops",
        "tierup",
        "reload",
        "core",
        "reader",
    }


def test_every_target_belongs_to_a_benchmark() -> None:
    assert {benchmark for benchmark, _ in TARGETS} <= set(benchmarks.names())


def test_a_target_is_met_on_its_bound() -> None:
    assert TARGETS["debug-ui", "warm_eval"].met(20) and not TARGETS["debug-ui", "warm_eval"].met(19)
    assert TARGETS["tierup", "stall"].met(1.5) and not TARGETS["tierup", "stall"].met(1.6)


def test_percentiles_are_samples() -> None:
    assert [percentile(range(1, 101), p) for p in (50, 99, 100)] == [50, 99, 100]
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(
    ("path", "call"),
    [
        (debug_ui.SCRIPT, r"\(imgui/(\w+)"),
        (debug_ui.CPP, r"ImGui::(\w+)\("),
        (debug_ui.PYTHON, r"imgui\.([a-z_]+)\("),
    ],
)
def test_the_large_form_makes_fifty_calls(path: Path, call: str) -> None:
    text = path.read_text(encoding="utf-8")
    calls = re.findall(call, text[text.find("draw-debug-ui!") :] if ".jank" in path.name else text)
    assert len(calls) == 50
    assert len(set(calls)) == 20


def test_an_edit_changes_the_large_form() -> None:
    _, form = debug_ui.parts()
    assert len({debug_ui.edited(form, i) for i in range(4)}) == 4


@pytest.mark.timeout(300)
def test_the_three_languages_draw_the_same_window() -> None:
    lisp, python, cpp = in_process(drawn)
    assert lisp == python == cpp


def drawn() -> list[list[str]]:
    """Digests of what Lisp, Python and C++ drew of the large form, in a process of its own."""
    from imgui_bundle import imgui

    from app.bench import _fifty_calls
    from app.bench._measure import compile_cpp, scratch, stage
    from app.rasterise import draw_lists
    from app.verify import digest

    found = []
    with stage() as on, scratch() as folder:
        runtime = on.runtime("interpret")
        runtime.load(debug_ui.SCRIPT)
        (entry,) = runtime.entry_points(debug_ui.SCRIPT)
        library, _ = compile_cpp(debug_ui.CPP, Path(folder))
        for draw in (entry, _fifty_calls.draw_debug_ui, library.draw_debug_ui):
            for _ in range(90):  # until the frame rate that ImGui shows has settled
                on.frame(draw)
            found.append([digest(d) for d in draw_lists(imgui.get_draw_data())])
    return found


@pytest.mark.timeout(300)
def test_an_evaluation_is_measured_in_full() -> None:
    metrics = in_process(debug_ui.evaluations, "tiered")
    assert metrics is not None
    assert metrics["cold_eval_ms"] > metrics["cold_compile_ms"] > 0
    assert metrics["eval_ms"] > metrics["from_ast_ms"] > 0
    assert metrics["compile_ms"] == 0  # stubs are cached


def test_ratios_are_those_of_the_rows_there_are() -> None:
    row = {
        "eval_ms": 2.0,
        "cold_eval_ms": 3.0,
        "compile_ms": 1.0,
        "from_ast_ms": 0.5,
        "steady_us": 4,
    }
    rows = {"inline-jit": row, "tiered": row, "interpret": row, "Python": row}
    rows["inline-jit"] = {**row, "eval_tier": 2}
    found = debug_ui.ratios(rows)
    assert found["warm_compile_work"] == 2.0
    assert set(found) == {"warm_compile_work", "warm_eval", "cold_eval", "tier0_vs_python"}


def test_a_form_that_could_not_be_compiled_makes_no_ratio() -> None:
    row = {"eval_ms": 2.0, "eval_tier": 2}
    rows = {"inline-jit": row, "stub-jit": row}
    assert debug_ui.ratios(rows) == {"stub_jit_eval": 1.0}
    assert debug_ui.ratios({**rows, "stub-jit": {**row, "eval_tier": 0}}) == {}


def test_many_forms_have_names_of_their_own() -> None:
    text, names = many_forms.forms(3)
    assert names == ["draw-0!", "draw-1!", "draw-2!"]
    assert all(f"(defn ^:frame {name} []" in text for name in names)


def test_tierup_draws_fifty_functions() -> None:
    assert tierup.source().count("(defn ^:frame draw-") == 50


def test_clojure_is_found_by_its_archives(tmp_path: Path) -> None:
    (tmp_path / "clojure-1.11.1.jar").touch()
    (tmp_path / "spec.alpha.jar").touch()
    assert fib.find_jar("clojure", (tmp_path,)) == tmp_path / "clojure-1.11.1.jar"
    assert fib.find_jar("spec.alpha", (tmp_path,)) == tmp_path / "spec.alpha.jar"
    assert fib.find_jar("core.specs.alpha", (tmp_path,)) is None


@pytest.mark.timeout(300)
def test_a_changed_constant_is_drawn_and_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "EDITS", 2)
    monkeypatch.setattr(reload, "NEW_CALLS", reload.NEW_CALLS[:1])
    row = reload.measure()["one form of 1,000 lines"]
    assert row["edits"] == 2 and row["stubs_compiled"] == 0
    assert row["edit_to_pixel_ms"] > 0 and row["load_ms"] > 0


def test_memory_is_measured_after_so_many_edits() -> None:
    rows = in_process(memory.measure, 3, 1, 1)
    assert list(rows) == ["1 edits", "2 edits", "3 edits"]
    assert rows["1 edits"]["kept_mb"] == 0
    assert all(row["resident_mb"] > 50 for row in rows.values())


def test_the_final_speed_is_reached_with_the_first_of_several_fast_calls() -> None:
    found = warmup.figures([9.0, 2.0, 9.0, 9.0, 9.0, 2.0, *[2.0] * 34])
    assert found == {
        "first_vs_steady_ms": 7.0,
        "until_steady_ms": 28.0,
        "calls": 5,
        "steady_ms": 2.0,
    }
    assert warmup.figures([9.0, *[2.0] * 39])["until_steady_ms"] == 7.0
    assert warmup.figures([2.0] * 40)["until_steady_ms"] == 0.0


@pytest.mark.parametrize("name", warmup.PROGRAMS)
def test_the_programs_that_warm_up_run_in_every_tier(name: str) -> None:
    results = []
    for strategy in ("interpret", "inline-jit"):
        runtime = Runtime(strategy)
        runtime.eval(warmup.PROGRAMS[name])
        results.append(runtime.call("user/run"))
        runtime.close()
    assert results[0] == results[1] > 0
