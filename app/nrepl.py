"""An nREPL server: editors evaluate in the running app, on its UI thread, between two frames.

Protocol: https://nrepl.org/nrepl/design/transports.html (bencode) and https://nrepl.org/nrepl/ops.html.
"""

from __future__ import annotations

import contextlib
import io
import queue
import socketserver
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.errors import render

Message = dict[str, Any]
OPS = ("clone", "close", "describe", "eval", "load-file", "ls-sessions")


@dataclass(frozen=True, slots=True)
class Job:
    """Text to evaluate, and where its outcome goes."""

    source: str
    file: str
    reply: Callable[[Message], None]
    done: threading.Event = field(default_factory=threading.Event)


class NreplServer:
    """Listens on `port` of this machine alone (0: any free one). `run_jobs` is called once a frame.

    `evaluate(source, file)` returns the last value as readable text. Raises OSError when the port is taken.
    """

    def __init__(self, port: int, evaluate: Callable[[str, str], str]) -> None:
        self._evaluate = evaluate
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._server = _Server(("127.0.0.1", port), _Connection)
        self._server.jobs = self._jobs
        self.port: int = self._server.server_address[1]
        serving = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="nREPL", daemon=True
        )
        serving.start()

    def run_jobs(self) -> None:
        """Evaluate what came in since the last call, on this thread."""
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            printed = io.StringIO()
            try:
                with contextlib.redirect_stdout(printed):
                    outcome: Message = {"value": self._evaluate(job.source, job.file)}
            except Exception as error:
                outcome = {"err": render(error) + "\n", "ex": type(error).__name__}
            if printed.getvalue():
                job.reply({"out": printed.getvalue()})
            job.reply(outcome)
            job.reply({"status": ["done", "eval-error"] if "ex" in outcome else ["done"]})
            job.done.set()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    jobs: queue.SimpleQueue[Job]


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer messages until the client goes."""
        while True:
            try:
                message = decode(self.rfile)
            except (EOFError, ValueError, OSError):
                return
            if not isinstance(message, dict):
                return
            self._answer(message)

    def _answer(self, message: Message) -> None:
        session = message.get("session") or str(uuid.uuid4())

        def reply(part: Message) -> None:
            head = {"id": message.get("id", "unknown"), "session": session}
            with contextlib.suppress(OSError):  # the client is gone
                self.wfile.write(encode({**head, **part}))
                self.wfile.flush()

        match message.get("op"):
            case "clone":
                reply({"new-session": str(uuid.uuid4()), "status": ["done"]})
            case "describe":
                reply({"ops": {op: {} for op in OPS}, "versions": {}, "status": ["done"]})
            case "ls-sessions":
                reply({"sessions": [session], "status": ["done"]})
            case "close":
                reply({"status": ["done", "session-closed"]})
            case "eval" | "load-file" as op:
                loading = op == "load-file"
                source = str(message.get("file" if loading else "code", ""))
                file = message.get("file-path" if loading else "file")
                job = Job(source, str(file or "<repl>"), reply)
                self.server.jobs.put(job)
                job.done.wait()
            case _:
                reply({"status": ["done", "error", "unknown-op"]})


def encode(value: Any) -> bytes:
    """`value` (dict, list, str or int) in bencode."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        data = value.encode()
        return b"%d:%s" % (len(data), data)
    if isinstance(value, dict):
        return b"d" + b"".join(encode(k) + encode(value[k]) for k in sorted(value)) + b"e"
    return b"l" + b"".join(encode(item) for item in value) + b"e"


def decode(stream: io.BufferedIOBase) -> Any:
    """The next bencode value. Raises EOFError at the stream's end, ValueError for what is not bencode."""
    return _decode(stream, _byte(stream))


def _decode(stream: io.BufferedIOBase, first: bytes) -> Any:
    if first == b"i":
        return int(_until(stream, b"e"))
    if first == b"l":
        return list(_items(stream))
    if first == b"d":
        items = list(_items(stream))
        return dict(zip(items[::2], items[1::2], strict=True))
    if not first.isdigit():
        raise ValueError(f"not bencode: {first!r}")
    length = int(first + _until(stream, b":"))
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data.decode(errors="replace")


def _items(stream: io.BufferedIOBase) -> Any:
    while (first := _byte(stream)) != b"e":
        yield _decode(stream, first)


def _until(stream: io.BufferedIOBase, end: bytes) -> bytes:
    data = b""
    while (byte := _byte(stream)) != end:
        data += byte
        if len(data) > 64:
            raise ValueError("not bencode: a number without an end")
    return data


def _byte(stream: io.BufferedIOBase) -> bytes:
    byte = stream.read(1)
    if not byte:
        raise EOFError
    return byte
