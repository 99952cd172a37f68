"""The server: who is connected, and the evaluations that wait for a frame."""

from __future__ import annotations

import contextlib
import io
import queue
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.nrepl.bencode import encode
from app.nrepl.connection import Connection, Job, Message
from runtime.errors import render
from runtime.process.interruption import CallLimits, limited
from runtime.process.threads import EVAL, listed

MOST_CONNECTIONS = 64
FRAME_S = 0.008  # so long evaluations may hold a frame; the next one begins in the next frame
CHUNK = 1 << 16  # characters of output that make a message
FLUSHED_S = 0.05  # between two messages of lines

Run = Callable[[Callable[[], Any]], BaseException | None]  # calls it; what went wrong


def plainly(thunk: Callable[[], Any]) -> BaseException | None:
    """Call `thunk`; what it raised."""
    try:
        thunk()
    except Exception as error:
        return error
    return None


class NreplServer:
    """Listens on `port` of this machine alone (0: any free one). `run_jobs` is called once a frame.

    `evaluate(source, file)` returns the last value as readable text. `interrupt(thread)` stops what the
    thread of that number evaluates. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        port: int,
        evaluate: Callable[[str, str], str],
        interrupt: Callable[[int], object] | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._interrupt = interrupt
        self._jobs: queue.SimpleQueue[tuple[Job, Connection]] = queue.SimpleQueue()
        self._running: tuple[Job, int] | None = None  # and its thread
        self._lock = threading.Lock()
        self.connections: set[Connection] = set()
        self._server = _Listener(("127.0.0.1", port), _Handler)
        self._server.nrepl = self
        self.port: int = self._server.server_address[1]
        serving = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="nREPL", daemon=True
        )
        serving.start()

    def run_jobs(self, run: Run = plainly) -> None:
        """Evaluate what came in, on this thread, each by `run`; what this frame has no time for waits."""
        end = time.perf_counter() + FRAME_S
        while time.perf_counter() < end:
            try:
                job, connection = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job.given_up.is_set():
                outcome: Message = {"status": ["done", "interrupted"]}
            else:
                outcome = self._run(job, run)
            if job in connection.jobs:
                connection.jobs.remove(job)
            job.reply(outcome)

    def _run(self, job: Job, run: Run) -> Message:
        """Evaluate and answer, but for the last message, which is returned."""
        value: list[str] = []

        def the_evaluation() -> None:
            value.append(self._evaluate(job.source, job.file))

        what = f"{job.file}  {job.source.strip().partition(chr(10))[0][:200]}"
        problem: BaseException | None = None
        try:
            with (
                limited(CallLimits()),  # from here on it can be interrupted
                self._known(job),
                printing_to(lambda text: job.reply({"out": text})),
                listed(EVAL, what, lambda: self.give_up(job)),
            ):
                if not job.given_up.is_set():
                    problem = run(the_evaluation)
        except BaseException as error:  # whatever `run` lets through: no evaluation ends the app
            problem = error
        if value:
            job.reply({"value": value[0]})
        if problem is None:
            return {"status": ["done"] if value else ["done", "interrupted"]}
        job.reply({"err": _text_of(problem) + "\n", "ex": type(problem).__name__})
        return {"status": ["done", "interrupted" if job.given_up.is_set() else "eval-error"]}

    @contextmanager
    def _known(self, job: Job) -> Iterator[None]:
        """Has `give_up` find it on this thread."""
        with self._lock:
            self._running = job, threading.get_ident()
        try:
            yield
        finally:
            with self._lock:
                self._running = None

    # --- what connections call, from their threads ------------------------------------------------

    def submit(self, job: Job, connection: Connection) -> None:
        """Have a job evaluated in a frame."""
        self._jobs.put((job, connection))

    def give_up(self, job: Job) -> None:
        """Evaluate a job no more; stop it where it runs."""
        job.given_up.set()
        with self._lock:
            running = self._running
            if running is not None and running[0] is job and self._interrupt is not None:
                self._interrupt(running[1])

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            connection.drop()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    nrepl: NreplServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing of a broken connection is the user's concern."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        nrepl = self.server.nrepl
        connection = Connection(nrepl, self.request)
        nrepl.connections.add(connection)
        try:
            if len(nrepl.connections) > MOST_CONNECTIONS:
                refusal = {
                    "status": ["done", "error", "busy"],
                    "err": f"{MOST_CONNECTIONS} clients are connected already\n",
                }
                self.request.settimeout(1.0)
                with contextlib.suppress(OSError):
                    self.request.sendall(encode(refusal))
            else:
                connection.serve()
        finally:
            nrepl.connections.discard(connection)


@contextmanager
def printing_to(send: Callable[[str], None]) -> Iterator[None]:
    """Has what this thread prints sent in pieces; other threads print where they did."""
    before = sys.stdout
    pieces = _Pieces(send, before)
    sys.stdout = pieces
    try:
        yield
    finally:
        sys.stdout = before
        pieces.send()


class _Pieces(io.TextIOBase):
    """Text on its way to a client."""

    def __init__(self, send: Callable[[str], None], others: Any) -> None:
        self._send = send
        self._others = others
        self._thread = threading.get_ident()
        self._text: list[str] = []
        self._size = 0
        self._sent = 0.0

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return int(self._others.write(text) or 0) if self._others is not None else 0
        self._text.append(text)
        self._size += len(text)
        if self._size >= CHUNK:
            self.send()
        return len(text)

    def flush(self) -> None:
        """Every line asks for this: what follows quickly goes in one message."""
        if threading.get_ident() != self._thread:
            return
        if time.perf_counter() - self._sent > FLUSHED_S:
            self.send()

    def send(self) -> None:
        """Send what there is now."""
        text, self._text, self._size = "".join(self._text), [], 0
        self._sent = time.perf_counter()
        if text:
            self._send(text)


def _text_of(problem: BaseException) -> str:
    """A problem as people read it, even one whose own text cannot be made."""
    try:
        return render(problem)
    except Exception:
        return type(problem).__name__
