"""The app as the monkey sees it: a process tree, its memory, its words, and whether it answers."""

from __future__ import annotations

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

START_S = 60.0  # until the first answer, Cling's first start included
LIMIT_S = 1.0  # of a script in the soak: runaways are many
PATIENCE_S = 20.0  # an answer later than this is a hang


class App:
    """`tierscope run` on a project, with an nREPL port, on the display that the environment names."""

    def __init__(self, script: Path, report: Path, headless: bool, extra: Sequence[str]) -> None:
        self.port = _free_port()
        self._words = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - read until the end
        command = [sys.executable, "-m", "app.cli", "run", str(script)]
        command += ["--include", str(script.parent), "--nrepl-port", str(self.port)]
        command += ["--report", str(report), *extra]
        if headless:
            command += ["--headless", "--fps", "60"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._words, stderr=self._words
        )
        self._client: NreplClient | None = None
        self.starts: list[int] = []  # the process ids of the app proper, in turn
        self.note_restart()

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

    def wait_until_ready(self) -> None:
        """Wait for the first answer. Raises NoAnswer."""
        self.eval("main/stamp", START_S)
        self.starts.clear()  # before, there was only the process that starts it
        self.note_restart()

    @property
    def alive(self) -> bool:
        """Whether the supervisor, or the app without one, runs."""
        return self._process.poll() is None

    def note_restart(self) -> bool:
        """Whether the app proper is another process than when asked last."""
        pid = self._worker()
        if pid is None or (self.starts and self.starts[-1] == pid):
            return False
        self.starts.append(pid)
        return len(self.starts) > 1

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
        for pid in (*self.starts[-1:], self._process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue  # it is gone
        self._process.wait()

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
