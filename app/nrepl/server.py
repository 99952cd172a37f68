"""The server: who is connected, and what they ask for."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable
from typing import Any

from app.nrepl.bencode import encode
from app.nrepl.connection import Connection, Job
from app.nrepl.evaluations import Evaluate, Evaluations, Run, plainly

MOST_CONNECTIONS = 64


class NreplServer:
    """Listens on `port` of this machine alone (0: any free one). `run_jobs` is called once a frame.

    `evaluate` and `interrupt` are those of `Evaluations`. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        port: int,
        evaluate: Evaluate,
        interrupt: Callable[[int], object] | None = None,
    ) -> None:
        self.connections: set[Connection] = set()
        self._server = _Listener(("127.0.0.1", port), _Handler)
        self._server.nrepl = self
        self.port: int = self._server.server_address[1]
        self._evaluations = Evaluations(evaluate, interrupt)
        serving = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="nREPL", daemon=True
        )
        serving.start()

    def run_jobs(self, run: Run = plainly) -> None:
        """Within a frame: run what evaluations have prepared, each step by `run`."""
        self._evaluations.run_jobs(run)

    def submit(self, job: Job, connection: Connection) -> None:
        """Have a job evaluated. For connections, from their threads."""
        self._evaluations.submit(job, connection)

    def give_up(self, job: Job) -> None:
        """Evaluate a job no more. For connections, from their threads."""
        self._evaluations.give_up(job)

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            connection.drop()
        self._evaluations.close()


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
