"""Scripts that do not end, in the running app: at load, in a frame, and over the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.application import Application, Options
from runtime.errors import Interruption
from tests.robustness import Where, slip

HEAD = '(ns endless (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'
SOUND = '(defn ^:frame other [] (imgui/Begin "Other") (imgui/End))\n'
ENDLESS = {
    "(while true)": "(defn ^:frame draw! [] (while true))",
    "(loop [] (recur)) in an open window": (
        '(defn ^:frame draw! [] (imgui/Begin "Mine") (loop [] (recur)) (imgui/End))'
    ),
    "(println (range))": "(defn ^:frame draw! [] (with-out-str (println (range))))",
    "(count (iterate inc 0))": "(defn ^:frame draw! [] (count (iterate inc 0)))",
    "@(promise)": "(defn ^:frame draw! [] @(promise))",
}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "endless.jank"


@pytest.fixture
def app(script: Path, tmp_path: Path) -> Iterator[Application]:
    script.write_text(HEAD + SOUND)
    made = Application(
        Options((script,), headless=True, cache=False, limit=0.2, config_dir=tmp_path / "config")
    )
    made.start()
    yield made
    made.close()


def until(app: Application, condition: str) -> None:
    """Draw frames until an expression over `app` is true; the test's own limit ends it."""
    while True:
        app.step()
        if eval(condition, {"app": app}):
            return
        time.sleep(0.001)


@slip(
    Where.ENDLESS,
    "`(while true)` in a frame",
    "The frame ends at the limit, the error names form and function, the entry is paused with "
    '"resume" beside it, the rest is drawn.',
)
def test_an_entry_that_does_not_end_is_paused_and_the_rest_is_drawn(
    app: Application, script: Path
) -> None:
    assert app.runtime is not None
    for name, text in ENDLESS.items():
        script.write_text(HEAD + SOUND + text)
        until(app, "app.loop.paused")
        assert list(app.loop.paused) == [(str(script), "endless/draw!")], name
        errors = [p.error for p in app.runtime.problems()]
        assert [type(e) for e in errors] == [Interruption], name
        assert errors[0].message == "interrupted after 0.2 s", name
        assert any(f.function == "endless/draw!" for f in errors[0].stack), name
        drawn = app.runtime.functions()[0].calls
        until(app, f"app.runtime.functions()[0].calls > {drawn}")
        script.write_text(HEAD + SOUND)
        until(app, "not app.loop.paused and not app.runtime.problems()")


def test_a_paused_entry_can_be_resumed(app: Application, script: Path) -> None:
    script.write_text(
        HEAD + "(defonce stuck (atom true))\n(defn ^:frame draw! [] (while @stuck))\n"
    )
    until(app, "app.loop.paused")
    assert app.runtime is not None
    app.runtime.eval("(in-ns 'endless) (reset! stuck false)")
    until(app, "app.snapshot.paused")
    app.resume(str(script), "endless/draw!")
    until(app, "not app.loop.paused and not app.runtime.problems()")


@slip(
    Where.ENDLESS,
    "`(while true)` at the top of a file",
    "The load is interrupted at the limit; the next save is taken.",
)
def test_a_form_that_does_not_end_is_interrupted_and_later_saves_go_on(
    app: Application, script: Path
) -> None:
    assert app.runtime is not None
    for text in ("(while true)", "(def x (count (range)))", "(defmacro m [] (while true)) (m)"):
        script.write_text(HEAD + SOUND + text)
        until(app, "any('interrupted' in p.error.message for p in app.runtime.problems())")
        script.write_text(HEAD + SOUND)
        until(app, "not app.runtime.problems()")


def run_cli(*arguments: str) -> subprocess.Popen[str]:
    code = "from app.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_eval_has_a_limit() -> None:
    with run_cli("eval", "--limit", "0.3", "(while true)") as process:
        out, err = process.communicate(timeout=180)
    assert (process.returncode, out) == (1, "")
    assert "interrupted after 0.3 s" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("text", ["(loop [] (recur))", "@(promise)", "(range)"])
@slip(
    Where.ENDLESS,
    "`tierscope eval` of what does not end, and Ctrl-C",
    "It ends with the place; exit code 1.",
)
def test_ctrl_c_ends_an_eval_with_its_place(text: str) -> None:
    code = f'(do (binding [*out* *err*] (println "on the way") (flush)) {text})'
    with run_cli("eval", code) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "on the way\n"
        time.sleep(0.5)  # until the call has run for so long that Ctrl-C means it
        os.kill(process.pid, signal.SIGINT)
        err = process.communicate(timeout=180)[1]
    assert process.returncode == 1
    assert "interrupted by the user" in err
    assert "Traceback" not in err
