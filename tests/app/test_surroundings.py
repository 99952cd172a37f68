"""Surroundings that are not as they should be: each ends in a sentence and an exit code of the contract.

Every case is a command line as a user gives it. No traceback, no Python or Cling words reach the terminal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.robustness import Where, slip

HEAD = '(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))\n'
QUIET = "(defn ^:frame draw! [] 1)\n"
TALKS = '(defn ^:frame draw! [] (println "hello"))\n'
PYTHON_WORDS = ("Traceback", "Errno", "NoneType", "object has no", 'File "', "cling::", "sh: 1:")


class Place:
    """A folder with a script, and commands run there by a shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config, self.cache = folder / "config", folder / "cache"
        self.script = folder / "tool.jank"
        self.script.write_text(HEAD + QUIET)

    def run(self, arguments: str, redirect: str = "", **environment: str) -> tuple[int, str]:
        """Exit code and standard error, which holds nothing that only we would understand."""
        command = f"{sys.executable} -m app.cli {arguments} {redirect}"
        settings = {**os.environ, "XDG_CONFIG_HOME": str(self.config), **environment}
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=settings, capture_output=True, text=True, timeout=180
        )
        for words in PYTHON_WORDS:
            assert words not in done.stderr, done.stderr
        assert done.returncode in (0, 1, 2, 3)
        return done.returncode, done.stderr

    def settings(self, text: str) -> None:
        self.config.joinpath("tierscope").mkdir(parents=True)
        self.config.joinpath("tierscope", "settings.toml").write_text(text)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["ui_scale = -1", "ui_scale = nan", "ui_scale = 1e9", "font_size = 0", "font_size = inf"],
)
@slip(
    Where.AROUND,
    "`ui_scale = -1` and other settings out of range",
    "A sentence that names the setting and the file; exit code 3.",
)
def test_settings_out_of_range(place, text):
    place.settings(text)
    code, words = place.run(f"{place.script} --headless --frames 1")
    assert code == 3 and "wrong value of" in words and "settings.toml" in words


@slip(Where.AROUND, "a settings path that is a folder", "A sentence; exit code 3.")
def test_a_settings_path_that_is_a_folder(place):
    place.config.joinpath("tierscope", "settings.toml").mkdir(parents=True)
    code, words = place.run(f"{place.script} --headless --frames 1")
    assert code == 3 and "the settings cannot be read: Is a directory" in words


@pytest.mark.gui
@slip(Where.AROUND, "a configuration folder that is a file", "A sentence; exit code 3.")
def test_a_configuration_folder_that_is_a_file(place):
    place.config.mkdir()
    place.config.joinpath("tierscope").write_text("")
    code, words = place.run(f"{place.script} --frames 1")
    assert code == 3 and "a file is in its place" in words


@pytest.mark.gui
@slip(Where.AROUND, "a configuration folder that is read-only", "It runs without; a sentence.")
def test_a_configuration_folder_that_cannot_be_made(place):
    code, words = place.run(f"{place.script} --frames 1", XDG_CONFIG_HOME="/proc/nowhere")
    assert code == 0 and "The layout is not kept" in words


@pytest.mark.parametrize("option", ["--report", "--screenshot", "--trace"])
@slip(
    Where.AROUND, "`--report /dev/full` and the like", "The run ends; a sentence and exit code 3."
)
def test_files_that_cannot_be_written_are_told_at_the_end(place, option):
    code, words = place.run(f"{place.script} --headless --frames 2 {option} /dev/full")
    assert code == 3 and "cannot be written to /dev/full: No space left on device" in words


def test_one_file_that_cannot_be_written_costs_no_other(place):
    report, below_a_file = place.folder / "report.json", place.script / "x.png"
    options = f"--report {report} --screenshot {below_a_file}"
    code, words = place.run(f"{place.script} --headless --frames 2 {options}")
    assert code == 3 and "picture cannot be written" in words
    assert report.exists()


@pytest.mark.parametrize("option", ["--report", "--screenshot", "--trace"])
@slip(Where.AROUND, "`--screenshot FOLDER` and the like", "Wrong usage: a sentence, exit code 2.")
def test_a_folder_in_a_files_place_is_wrong_usage(place, option):
    assert place.run(f"{place.script} --headless --frames 2 {option} {place.folder}")[0] == 2


@pytest.mark.parametrize(
    ("redirect", "code"), [(">&-", 0), ("<&-", 0), ("2>&-", 0), (">&- <&- 2>&-", 0)]
)
@slip(
    Where.AROUND,
    "standard streams that are closed",
    "It runs, exit code 0; where standard output is closed and a script prints, one sentence says so.",
)
def test_closed_standard_streams(place, redirect, code):
    place.script.write_text(HEAD + TALKS)
    found, words = place.run(f"{place.script} --headless --frames 2", redirect)
    assert found == code
    assert ("Standard output is closed" in words) == (redirect == ">&-")


def test_a_full_standard_output_is_an_error_of_the_form_that_prints(place):
    place.script.write_text(HEAD + TALKS)
    code, words = place.run(f"{place.script} --headless --frames 2", ">/dev/full")
    assert code == 1 and "standard output cannot be written: No space left on device" in words


@pytest.mark.parametrize("redirect", [">&-", ">/dev/full"])
def test_an_eval_whose_value_cannot_be_printed(place, redirect):
    code, words = place.run("eval '(+ 1 2)'", redirect)
    assert code == 3 and "tandard output" in words


COMPANION = """(ns tool (:require ["thing.hpp" :as thing :scope ""]))
(def found (thing/thing 41))
(defn ^:frame draw! [] (when-not (= 42 found) (throw (ex-info "wrong" {}))))
"""


@pytest.fixture
def with_companion(place):
    place.folder.joinpath("thing.hpp").write_text("#pragma once\nint thing(int x);\n")
    place.folder.joinpath("thing.cpp").write_text(
        '#include "thing.hpp"\nint thing(int x) { return x + 1; }\n'
    )
    place.script.write_text(COMPANION)
    return place


@slip(
    Where.AROUND,
    "a cache that cannot be written",
    "Companions are built all the same.",
)
def test_a_cache_that_cannot_be_written_costs_no_companion(with_companion):
    place = with_companion
    arguments = f"{place.script} --headless --frames 2"
    assert place.run(arguments, XDG_CACHE_HOME="/proc/nowhere") == (0, "")


def test_a_cache_that_is_a_file_costs_no_companion(with_companion):
    place = with_companion
    place.cache.write_text("")
    arguments = f"{place.script} --headless --frames 2"
    assert place.run(arguments, XDG_CACHE_HOME=str(place.cache)) == (0, "")


@slip(Where.AROUND, "a companion where there is no compiler", "One sentence.")
def test_without_a_compiler_a_companion_is_one_sentence(with_companion):
    place = with_companion
    code, words = place.run(f"{place.script} --headless --frames 2", PATH=str(place.folder))
    assert code == 1
    assert "thing.cpp cannot be compiled: there is no C++ compiler" in words
    assert words.count("C++ error") == 1


@slip(Where.AROUND, "no compiler at all", "What needs none runs; one sentence tells.")
def test_without_a_compiler_what_needs_none_runs_and_one_sentence_tells(place):
    code, words = place.run(f"{place.script} --headless --frames 2", PATH=str(place.folder))
    assert code == 0
    assert words.startswith("no C++ compiler is found") and len(words.splitlines()) == 1


@slip(Where.THREADS, "`tierscope eval` while a future runs", "It ends.")
def test_an_eval_ends_while_a_future_runs(place):
    assert place.run("eval '(do (future (loop [] (recur))) 1)'") == (0, "")


def test_a_run_of_a_future_ends_when_asked(place, tmp_path):
    drawn = tmp_path / "drawn"
    place.script.write_text(
        f'{HEAD}(def busy (future (loop [] (recur))))\n(defn ^:frame draw! [] (spit "{drawn}" 1))\n'
    )
    for guard in ("off", "process"):
        command = [sys.executable, "-m", "app.cli", str(place.script), "--headless"]
        process = subprocess.Popen(
            [*command, "--guard", guard], stderr=subprocess.PIPE, text=True, cwd=place.folder
        )
        while not drawn.exists():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert (process.wait(180), process.stderr.read()) == (0, "")
        drawn.unlink()


def test_what_is_told_while_cling_compiles_is_not_taken_for_its_words() -> None:
    program = """
import os, sys
from app import streams
streams.open_standard()
kept = os.dup(2)
os.dup2(os.memfd_create("words"), 2)  # as while a declaration is compiled
print("told", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "told\n"
