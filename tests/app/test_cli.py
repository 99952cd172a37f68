"""The command line: what it prints and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = '(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'
HELLO = HEAD + '(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Text "hello") (imgui/End))\n'


def tierscope(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    settings = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=settings, timeout=180)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "tool.jank"
    path.write_text(HELLO)
    return path


def test_help_names_every_command():
    done = tierscope("--help")
    assert done.returncode == 0
    for command in ("run", "eval", "explain", "verify", "bench", "cache", "doctor"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "no-such-file.jank"),
        ("no-such-file.jank",),
        ("run",),
        ("eval",),
        ("bench", "no-such-benchmark"),
        ("run", __file__, "--size", "wide"),
        ("run", __file__, "--strategy", "luck"),
        ("run", __file__, "--frames", "0"),
    ],
)
def test_wrong_usage_is_two(arguments):
    assert tierscope(*arguments).returncode == 2


def test_explain_shows_every_stage(script: Path) -> None:
    done = tierscope("explain", "tool/draw!", script)
    assert done.returncode == 0
    stages = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("── ")]
    assert stages == ["Source", "Typed", "Lowered", "Stub", "Inline"]
    assert "CppExpr ImGui::Text(" in done.stdout
    assert 'ImGui::Text("hello")' in done.stdout
    wrong = tierscope("explain", "tool/drw!", script)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "tool/draw!" in wrong.stderr


@pytest.mark.parametrize("strategy", ["interpret", "tiered", "stub-jit", "inline-jit"])
def test_eval_prints_the_last_value_readably(strategy):
    done = tierscope("eval", "(def a 2)", '[(+ a 1) "text" :key \\c nil]', "--strategy", strategy)
    assert done.stdout == '[3 "text" :key \\c nil]\n'
    assert done.returncode == 0


def test_eval_reads_a_file(tmp_path):
    file = tmp_path / "a.jank"
    file.write_text("(defn twice [x] (* 2 x))\n(twice 21)\n")
    assert tierscope("eval", "-f", file).stdout == "42\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(+ 1", "reader error"),
        ("(no-such 1)", "no-such is not defined"),
        ('(throw (ex-info "boom" {}))', "boom"),
    ],
)
def test_eval_of_an_error_is_one_with_the_place_and_a_caret(text, says):
    done = tierscope("eval", text)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    assert "^" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_headless_run_ends_with_a_report(script, tmp_path):
    report = tmp_path / "report.json"
    done = tierscope(script, "--headless", "--frames", 20, "--report", report)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["frames"]["count"] == 20


def test_a_report_tells_of_the_way_of_functions_between_tiers(script, tmp_path):
    report = tmp_path / "report.json"
    limits = ("--threshold", 5, "--only-small", 1, "--slow-compile", 2)
    done = tierscope(script, "--headless", "--frames", 60, "--report", report, *limits)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    refused = [e for e in found["tiering"] if e["event"] == "Refused"]
    assert refused and "at most 1 are compiled" in refused[0]["reason"] and refused[0]["at_s"] > 0
    function = next(f for f in found["functions"] if f["name"] == refused[0]["function"])
    assert function["why_interpreted"] == refused[0]["reason"]
    assert {"heat", "guard_failures", "deopts"} <= set(function)
    assert found["compiled_code"]["live"] == 0 and found["compiled_code"]["transactions"] > 0


def test_with_no_display_at_all_it_runs_offscreen_and_says_where_its_picture_is(script, tmp_path):
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "PATH": str(tmp_path)}
    done = tierscope(script, "--frames", 5, XDG_CACHE_HOME=str(tmp_path), **nowhere)
    assert done.returncode == 0, done.stderr
    assert "offscreen" in done.stderr
    for name in ("offscreen.png", "offscreen.json"):
        assert str(tmp_path / "tierscope" / name) in done.stderr
        assert (tmp_path / "tierscope" / name).exists()


def test_a_run_with_problems_is_one_and_prints_them(script):
    script.write_text(HEAD + "(defn ^:frame draw! [] (no-such))\n")
    done = tierscope(script, "--headless", "--frames", 2)
    assert done.returncode == 1
    assert "no-such is not defined" in done.stderr


def test_an_unknown_entry_is_a_problem(script):
    done = tierscope(script, "--headless", "--frames", 2, "--entry", "tool/none")
    assert done.returncode == 1
    assert "tool/none" in done.stderr


@pytest.mark.gui
def test_an_interrupted_run_still_writes_its_report(script, tmp_path):
    import signal
    import time

    report, drawing = tmp_path / "report.json", tmp_path / "drawing"
    script.write_text(
        HEAD + "(def *frames (atom 0))\n"
        f'(defn ^:frame draw! [] (when (= 3 (swap! *frames inc)) (spit "{drawing}" "")))\n'
    )
    command = [sys.executable, "-m", "app.cli", str(script), "--report", str(report)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    while not drawing.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(180) == 0, process.stderr
    assert json.loads(report.read_text())["frames"]["count"] > 0


def test_the_caches_are_listed_and_cleared(tmp_path):
    kept = tmp_path / "tierscope" / "kind" / "file"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(3_000_000))
    there = {"XDG_CACHE_HOME": str(tmp_path)}
    listed = tierscope("cache", "info", **there).stdout
    assert "kind" in listed
    assert "3.0" in listed
    assert "3.0 MB" in tierscope("cache", "clear", **there).stdout
    assert not kept.exists()
    assert "Nothing is kept." in tierscope("cache", "info", **there).stdout
