"""What happens when the drawing process is lost: real processes, killed from outside and from C++."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.robustness import Where, slip

HEAD = """(ns tool (:require ["imgui.h" :as imgui :scope "ImGui"]))
(cpp/raw "#include <csignal>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>
#include <thread>
inline void die() { raise(SIGKILL); }
inline void leave_quietly() { syscall(SYS_exit_group, 0); }
inline void die_on_a_thread() { std::thread([] { *(int volatile*)nullptr = 1; }).detach(); }
inline int throwing() { std::thread([] { throw 1; }).detach(); return 1; }
struct late { ~late() { raise(SIGSEGV); } };
")
"""
ALIVE = '(def *frames (atom 0))\n(defn ^:frame alive! [] (spit "FILE" (str (swap! *frames inc))))\n'


class Run:
    """A headless run of a script, with the file to which its frame function counts."""

    def __init__(self, tmp_path: Path, body: str, *options: str) -> None:
        self.script = tmp_path / "tool.jank"
        self.counter, self.report_file = tmp_path / "frames", tmp_path / "report.json"
        self.script.write_text(HEAD + ALIVE.replace("FILE", str(self.counter)) + body)
        command = [sys.executable, "-m", "app.cli", str(self.script), "--headless", "--fps", "200"]
        command += ["--report", str(self.report_file), *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.errors = ""

    @property
    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def drawn(self) -> int:
        """Waits until the script has drawn in the process there is now; the process's id."""
        self.counter.unlink(missing_ok=True)
        while not (self.counter.exists() and self.counter.read_text()):
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        return self.children[0]

    def end(self, number: int | None = signal.SIGTERM) -> int:
        """Ask it to end, unless it does by itself; its exit code."""
        if number is not None:
            self.process.send_signal(number)
        _, self.errors = self.process.communicate(timeout=180)
        return self.process.returncode

    @property
    def report(self) -> dict:
        return json.loads(self.report_file.read_text())


@pytest.fixture
def started(tmp_path) -> Iterator:
    runs: list[Run] = []

    def start(body: str = "", *options: str) -> Run:
        runs.append(Run(tmp_path, body, *options))
        return runs[-1]

    yield start
    for run in runs:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            for child in run.children:
                os.kill(child, signal.SIGKILL)
        run.process.kill()
        run.process.communicate()


def stop_between_frames(pid: int) -> None:
    """Stop a process where it waits for the next frame's time: what it draws then would be blamed."""
    sleeping = ("35 ", "230 ")  # nanosleep, clock_nanosleep
    while True:
        os.kill(pid, signal.SIGSTOP)
        while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "tT":
            time.sleep(0.001)
        if Path(f"/proc/{pid}/syscall").read_text().startswith(sleeping):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.003)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
@slip(
    Where.PROCESS,
    "SIGKILL, a fault that nothing guards",
    "Started again with the same scripts; a problem says why, with the C++ stack.",
)
def test_a_process_that_a_signal_ends_is_started_again_and_says_why(started, number):
    run = started("", "--fps", "20")
    first = run.drawn()
    stop_between_frames(first)
    os.kill(first, number)
    os.kill(first, signal.SIGCONT)
    while first in run.children:
        time.sleep(0.01)
    assert run.drawn() != first
    assert run.end() == 1  # it ended orderly; that it had died is a problem
    assert signal.Signals(number).name in run.errors and "started again" in run.errors
    assert "Thread 0x" not in run.errors and "Traceback" not in run.errors  # Python's own words
    (death,) = run.report["restarts"]
    assert death["restart_ms"] > 0


@slip(
    Where.PROCESS,
    "a frame function that kills the process",
    "The next process leaves it out until its source changes; the others are drawn.",
)
def test_a_frame_function_that_kills_the_process_is_left_out_and_the_others_go_on(started):
    run = started("(defn ^:frame deadly! [] (when (< 5 @*frames) (cpp/die)))\n", "--frames", "40")
    assert run.end(None) == 1
    assert "SIGKILL" in run.errors and "in tool/deadly!" in run.errors
    assert "left out until its source changes: tool/deadly!" in run.errors
    assert len(run.report["restarts"]) == 1
    assert int(run.counter.read_text()) > 40  # it counts on from where the lost process was


@slip(
    Where.PROCESS,
    "a form that kills the process while it loads",
    "The next process leaves it out until it changes.",
)
def test_a_form_that_kills_the_process_while_it_loads_is_left_out(started):
    run = started("(def fine 1)\n(def deadly (do (cpp/die) 1))\n(def after 2)\n", "--frames", "20")
    assert run.end(None) == 1
    assert "left out: the app died while this form was evaluated" in run.errors
    assert f"{run.script}:{len(run.script.read_text().splitlines()) - 1}:1" in run.errors
    assert int(run.counter.read_text()) == 20


def test_what_was_left_out_is_tried_again_once_its_source_changed(started):
    run = started("(defn ^:frame deadly! [] (cpp/die))\n")
    run.process.stderr.readline()  # that it died
    run.drawn()
    mended = run.script.with_name("mended")
    text = run.script.read_text().replace("(cpp/die)", f'(spit "{mended}" "")')
    run.script.write_text(text)
    while not mended.exists():
        assert run.process.poll() is None
        time.sleep(0.02)
    assert run.end() == 0, run.errors
    assert len(run.report["restarts"]) == 1


@slip(Where.PROCESS, "C++ that ends the process behind our back", "A death like others.")
def test_cpp_that_ends_the_process_behind_our_back_is_a_death_too(started):
    run = started("(defn ^:frame leaves! [] (cpp/leave_quietly))\n", "--frames", "20")
    assert run.end(None) == 1
    assert "C++ that ended the process with exit code 0, in tool/leaves!" in run.errors


@slip(
    Where.PROCESS,
    "a third death within a minute",
    "It stops and says so, with the C++ stack; exit code 1.",
)
def test_after_three_deaths_it_stops_and_says_so(started):
    run = started("(cpp/die_on_a_thread)\n(cpp/throwing)\n")
    assert run.end(None) == 1
    assert run.errors.count("The app died because of") == 3
    assert "third time within 60 s: it is not started again" in run.errors
    assert len(run.errors.splitlines()) < 40


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@slip(Where.THREADS, "SIGTERM while a future runs", "Both processes end, orderly.")
def test_both_processes_end_orderly_when_asked_even_while_a_future_runs(started, number):
    run = started("(def busy (future (loop [i 0] (recur (inc i)))))\n")
    child = run.drawn()
    assert run.end(number) == 0, run.errors
    assert run.errors == ""
    assert run.report["frames"]["count"] > 0
    assert not Path(f"/proc/{child}").exists()


def test_the_process_ends_with_its_parent(started):
    run = started()
    child = run.drawn()
    run.process.kill()
    run.process.communicate()
    while Path(f"/proc/{child}").exists():
        time.sleep(0.02)


@slip(
    Where.PROCESS, "a destructor that faults at exit", "The exit code is what it would have been."
)
def test_a_destructor_that_faults_at_exit_changes_no_exit_code(started):
    run = started('(cpp/raw "static late at_the_end;")\n', "--frames", "10")
    assert run.end(None) == 0, run.errors
    assert run.errors == ""
    assert run.report["frames"]["count"] == 10


@slip(Where.PROCESS, "core dumps and a debugger's words on the terminal", "None.")
def test_no_core_may_be_dumped(started):
    run = started()
    limits = Path(f"/proc/{run.drawn()}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert int(line.split()[4]) <= 1
    assert run.end() == 0, run.errors


def test_the_parent_holds_nothing_heavy(started):
    run = started()
    run.drawn()
    maps = Path(f"/proc/{run.process.pid}/maps").read_text()
    for heavy in ("imgui_bundle", "cppyy", "libCling", "numpy", "_support"):
        assert heavy not in maps
    assert len(list(Path(f"/proc/{run.process.pid}/task").iterdir())) == 1
    assert run.end() == 0, run.errors


def test_without_a_supervisor_a_lost_process_stays_lost(started):
    run = started("(defn ^:frame deadly! [] (cpp/die))\n", "--guard", "off")
    assert run.end(None) == -signal.SIGKILL


HANGING = """
import sys, time
from app.process import supervisor
life = supervisor.supervise(lambda text: print(text, flush=True), hang_s=1.0)
life.logbook.beat(len(life.deaths), ALLOWED)
if not life.deaths:
    time.sleep(600)
supervisor.leave(7)
"""


@slip(
    Where.PROCESS,
    "a frame without any progress for 30 s",
    "The parent ends the process and starts it again.",
)
def test_a_frame_without_any_progress_is_ended_by_the_parent(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HANGING.replace("ALLOWED", "0.5")],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 7
    assert "a frame that made no progress for " in done.stdout and not done.stderr


def test_where_scripts_have_no_limit_no_frame_counts_as_hanging(tmp_path):
    program = HANGING.replace("ALLOWED", "0.0").replace("600", "3")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180
    )
    assert (done.returncode, done.stdout) == (7, "")


def test_a_stopped_process_does_not_count_as_hanging(tmp_path):
    program = HANGING.replace("ALLOWED", "0.5").replace(
        "time.sleep(600)",
        "import os, signal, subprocess\n"
        "    subprocess.Popen(['sh', '-c', f'sleep 3; kill -CONT {os.getpid()}'])\n"
        "    os.kill(os.getpid(), signal.SIGSTOP)",
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180
    )
    assert (done.returncode, done.stdout) == (7, "")


STATE = """(defonce seed (rand-int 1000000000))
(defonce *scale (cpp/box (cpp/new cpp/float 1.0)))
(def *count (atom {:presses 0 :on (fn [] 1)}))
(defn ^:frame deadly! []
  (when (= 100 @*frames)
    (spit "BEFORE" (pr-str [seed 7 2.5]))
    (swap! *count assoc :presses 7)
    (cpp/= (cpp/* (cpp/unbox *scale)) (cpp/float. 2.5)))
  (when (= 400 @*frames) (cpp/die)))
(defn ^:frame look! []
  (when (< 400 @*frames) (spit "AFTER" (pr-str [seed (:presses @*count) (cpp/* (cpp/unbox *scale))]))))
"""


@slip(
    Where.PROCESS,
    "atoms, `defonce` values and plain C++ objects in boxes when the process is lost",
    "The next process has them as they were; what could not be kept is named.",
)
def test_the_state_of_a_lost_process_is_there_in_the_next_one(started, tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    run = started(STATE.replace("BEFORE", str(before)).replace("AFTER", str(after)))
    while not after.exists():
        assert run.process.poll() is None, run.process.communicate()
        time.sleep(0.02)
    run.drawn()
    assert run.end() == 1
    assert after.read_text() == before.read_text()
    assert "restored: tool/" in run.errors
    assert "lost: tool/*count: a function" in run.errors
