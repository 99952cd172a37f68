"""The app as the monkey sees it: a process tree, its memory, its words, and whether it answers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.soak.nrepl_client import NoAnswer, NreplClient

START_S = 90.0  # until the first answer, Cling's first start included
LIMIT_S = 1.0  # of a script in the soak: runaways are many
PATIENCE_S = 20.0  # an answer later than this is a hang
MOST_STACK = 6000  # characters


class App:
    """`tierscope run` on a project, with an nREPL port, on the display that the environment names."""

    def __init__(self, script: Path, report: Path, headless: bool, extra: Sequence[str]) -> None:
        self.port = _free_port()
        self._words = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - read until the end
        command = [sys.executable, "-m", "app.cli", "run", str(script)]
        command += ["--include", str(script.parent), "--nrepl-port", str(self.port)]
        command += ["--report", str(report), *extra]
        command += ["--limit", str(LIMIT_S)]
        if headless:
            command += ["--headless", "--fps", "60"]
        # Settings and layout are the soak's own: the user's are left alone.
        surroundings = {**os.environ, "XDG_CONFIG_HOME": str(report.parent / "config")}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
            env=surroundings,
        )
        self._client: NreplClient | None = None

    def eval(self, code: str, seconds: float = PATIENCE_S) -> tuple[str | None, str]:
        """See `NreplClient.eval`; connects again where the app was started again meanwhile."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self._client is None:
                    self._client = NreplClient(self.port)
                return self._client.eval(code, max(0.1, end - time.monotonic()))
            except NoAnswer:
                if self._client is not None:
                    self._client.close()
                self._client = None
                if time.monotonic() > end or not self.alive:
                    raise
                time.sleep(0.05)

    def interrupted(self, code: str, after: float) -> None:
        """Begin an evaluation, and interrupt it after so many seconds. Raises NoAnswer where that fails."""
        client = NreplClient(self.port)
        try:
            client.eval_and_interrupt(code, after, PATIENCE_S)
        finally:
            client.close()

    def send(self, text: bytes) -> None:
        """Send anything to the nREPL port and hang up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(text)

    def problems(self) -> str:
        """What the app shows as problems now. Raises NoAnswer."""
        text, error = self.eval("(apply str (tierscope.runtime/problems))")
        return (text or error)[:MOST_STACK]

    def wait_until_ready(self) -> None:
        """Wait for the first answer of the process that is there now. Raises NoAnswer."""
        end = time.monotonic() + START_S
        error = "nothing yet"
        while error:
            _, error = self.eval("main/stamp", max(0.1, end - time.monotonic()))
            if time.monotonic() > end:
                raise NoAnswer(f"the script is not loaded: {error}")

    def figures(self) -> dict[str, float]:
        """What the process says of itself (`tierscope.runtime/stats`). Raises NoAnswer."""
        text, _ = self.eval(
            '(apply str (for [[k v] (tierscope.runtime/stats)] (str (name k) "=" v " ")))'
        )
        pairs = (pair.split("=") for pair in (text or "").strip('"').split())
        return {name: float(value) for name, value in pairs}

    @property
    def alive(self) -> bool:
        """Whether the supervisor, or the app without one, runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The app proper; None while there is none."""
        return self._worker()

    def stack(self) -> str:
        """Where every thread of the app proper is, Python's frames and C++'s: for one that hangs."""
        spy = Path(sys.executable).with_name("py-spy")
        if not spy.exists():
            return "py-spy is not installed, which would tell"
        done = subprocess.run(
            [spy, "dump", "--native", "--pid", str(self._worker())],
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout or done.stderr)[:MOST_STACK]

    def rss_mb(self) -> float:
        """Resident memory of the app proper, in MB; 0 while there is none."""
        pid = self._worker()
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0.0
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def words(self) -> str:
        """What it said on the terminal."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    def end(self) -> int:
        """Ask it to end and return its exit code; one that does not is killed: -9."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self) -> None:
        """End the whole tree at once."""
        self.kill_worker()
        self._process.kill()  # where there is a supervisor, its worker ends with it
        self._process.wait()

    def kill_worker(self) -> None:
        """End the app proper, as if memory had run out."""
        pid = self._worker()
        if pid is not None:
            with contextlib.suppress(OSError):  # it is gone
                os.kill(pid, signal.SIGKILL)

    def _worker(self) -> int | None:
        """The app proper: the supervisor's newest child, or the process itself."""
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return None
        largest = max(((_pages(int(child)), int(child)) for child in children), default=(0, pid))
        return largest[1] if largest[0] > _pages(pid) // 4 else pid


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
