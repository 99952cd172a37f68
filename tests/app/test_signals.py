"""Ctrl-C and SIGTERM in `tierscope run`, while a frame, a load or an eval does not end, and while all do."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.robustness import Where, slip

ROOT = Path(__file__).parents[2]
ALIVE = """(ns signalled)
(def frames (atom 0))
(defn ^:frame alive! [] (spit "COUNTER" (str (swap! frames inc))))
"""
STUCK = '(do (spit "STUCK" "in") (while true))'
# state -> what is added to the script
STATES = {
    "a frame": "(def once (atom true))\n"
    f"(defn ^:frame stuck! [] (when (first (reset-vals! once nil)) {STUCK}))",
    "a load": "",
    "an eval": "",
    "nothing": "",
}


class Run:
    """A headless run whose frames count to a file, and which can be made to hang."""

    def __init__(self, folder: Path, state: str) -> None:
        self.counter, self.stuck = folder / "frames", folder / "stuck"
        self.state, self.script = state, folder / "signalled.jank"
        self.script.write_text(self.fill(ALIVE + STATES[state]))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "app.cli", "run", str(self.script), "--headless"]
        command += ["--fps", "200", "--limit", "0", "--nrepl-port", str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )

    def fill(self, text: str) -> str:
        return text.replace("COUNTER", str(self.counter)).replace("STUCK", str(self.stuck))

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, (what, self.process.communicate())
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.01)

    def drawn(self) -> int:
        """Frames so far; 0 where the file is just being written."""
        return int(self.counter.read_text() or 0) if self.counter.exists() else 0

    def draws(self) -> None:
        """Waits for frames from now on."""
        start = self.drawn()
        self.until("another frame", lambda: self.drawn() > start + 2)

    def hang(self) -> None:
        """Waits until it is at what does not end, for so long that Ctrl-C means that."""
        if self.state != "a frame":
            self.draws()
        if self.state == "a load":
            self.script.write_text(self.fill(ALIVE + STUCK))
        elif self.state == "an eval":
            with socket.create_connection(("127.0.0.1", self.port)) as client:
                code = self.fill(STUCK).encode()
                client.sendall(b"d2:op4:eval4:code%d:%se" % (len(code), code))
                self.until("the eval", self.stuck.exists)
                time.sleep(0.5)
            return
        if self.state != "nothing":
            self.until(self.state, self.stuck.exists)
            time.sleep(0.5)

    def ends(self) -> tuple[int, str]:
        """Its exit code and what it said on standard error."""
        _, err = self.process.communicate(timeout=180)
        return self.process.returncode, err


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Run]:
    made = Run(tmp_path, request.param)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.communicate()


HANGING = [state for state in STATES if state != "nothing"]


@pytest.mark.parametrize("run", HANGING, indirect=True)
@slip(
    Where.ENDLESS,
    "Ctrl-C while a frame, a load or an eval hangs; and once more",
    "The call ends; the app ends.",
)
def test_ctrl_c_ends_the_call_and_twice_the_app(run: Run) -> None:
    run.hang()
    run.process.send_signal(signal.SIGINT)
    run.draws()
    time.sleep(0.3)  # two within a shorter time are one
    run.process.send_signal(signal.SIGINT)
    code, err = run.ends()
    assert code in (0, 1) and "Traceback" not in err, err


@pytest.mark.parametrize("run", STATES, indirect=True)
@slip(Where.ENDLESS, "SIGTERM while something hangs", "The app ends.")
def test_sigterm_ends_the_app_whatever_it_does(run: Run) -> None:
    run.hang()
    run.process.send_signal(signal.SIGTERM)
    code, err = run.ends()
    assert code in (0, 1)
    assert not any(word in err for word in ("Traceback", "FATAL", "was killed")), err


@pytest.mark.parametrize("run", ["nothing"], indirect=True)
def test_ctrl_c_ends_an_app_in_which_nothing_hangs(run: Run) -> None:
    run.draws()
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == (0, "")
