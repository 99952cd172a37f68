"""One editor: a thread reads what it asks, another writes the answers, so that nobody waits for it."""

from __future__ import annotations

import queue
import select
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.nrepl.bencode import BencodeError, decode, encode

if TYPE_CHECKING:
    from app.nrepl.server import NreplServer

Message = dict[str, Any]

MOST_UNREAD = 64 << 20  # bytes, about, that wait for a client to read them; then it is dropped
STALLED_S = 30.0  # so long a client may read nothing of what waits for it; then it is dropped
MOST_JOBS = 256  # evaluations of one client that wait
MOST_SESSIONS = 256  # of one client


@dataclass(eq=False, slots=True)
class Job:
    """Text to evaluate, and where its outcome goes."""

    source: str
    file: str
    session: str
    ident: Any
    reply: Callable[[Message], None]
    given_up: threading.Event = field(default_factory=threading.Event)  # by its client


class Connection:
    """A client's socket, its sessions, and its evaluations that are not done."""

    def __init__(self, server: NreplServer, client: socket.socket) -> None:
        self._server = server
        self._client = client
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._unread = 0
        self._lock = threading.Lock()
        self._closed = False
        self.sessions: dict[str, None] = {}  # in order of making
        self.jobs: list[Job] = []

    def serve(self) -> None:
        """Answer until the client goes. On return nothing of it is left."""
        writer = threading.Thread(target=self._write, name="nREPL writer", daemon=True)
        writer.start()
        try:
            with self._client.makefile("rb") as stream:
                while not self._closed:
                    self._take(decode(stream))
        except BencodeError as error:  # where the next message begins is not known
            self._send({"status": ["done", "error", "bad-message"], "err": f"{error}\n"})
        except (EOFError, OSError, ValueError):  # the client went, or was dropped
            pass
        finally:
            for job in list(self.jobs):
                self._server.give_up(job)
            self._outbox.put(None)
            writer.join(STALLED_S)
            self.drop()

    def drop(self) -> None:
        """End the connection now; both threads find out."""
        self._closed = True
        try:
            self._client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is gone already

    # --- answers ----------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        """Queue an answer, from any thread. Never waits: who does not read is dropped."""
        size = sum(len(x) for x in message.values() if isinstance(x, str)) + 512
        with self._lock:
            if self._closed:
                return
            self._unread += size
            full = self._unread > MOST_UNREAD
        if full:
            self.drop()
        else:
            self._outbox.put({**message, "_size": size})

    def _write(self) -> None:
        try:
            while (message := self._outbox.get()) is not None and not self._closed:
                size = message.pop("_size")
                self._write_all(memoryview(encode(message)))
                with self._lock:
                    self._unread -= size
        except OSError:
            self.drop()

    def _write_all(self, data: memoryview) -> None:
        """Raises OSError when the client is gone or does not read."""
        ready = select.poll()
        ready.register(self._client, select.POLLOUT)
        while data:
            try:
                data = data[self._client.send(data, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                if not ready.poll(STALLED_S * 1e3):
                    raise TimeoutError("the client does not read") from None

    # --- questions --------------------------------------------------------------------------------

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            self._send({"status": ["done", "error", "bad-message"], "err": "not a dictionary\n"})
            return
        session = message.get("session")
        named = session if isinstance(session, str) and session else str(uuid.uuid4())
        head = {"id": message.get("id", "unknown"), "session": named}

        def reply(part: Message) -> None:
            self._send({**head, **part})

        answer = _OPS.get(message["op"]) if isinstance(message.get("op"), str) else None
        if answer is None:
            reply({"status": ["done", "error", "unknown-op"]})
        else:
            answer(self, message, named, reply)

    def _clone(self, _: Message, __: str, reply: Callable[[Message], None]) -> None:
        made = str(uuid.uuid4())
        self.sessions[made] = None
        while len(self.sessions) > MOST_SESSIONS:
            del self.sessions[next(iter(self.sessions))]
        reply({"new-session": made, "status": ["done"]})

    def _describe(self, _: Message, __: str, reply: Callable[[Message], None]) -> None:
        reply({"ops": {op: {} for op in _OPS}, "versions": {}, "status": ["done"]})

    def _list(self, _: Message, session: str, reply: Callable[[Message], None]) -> None:
        reply({"sessions": list({**self.sessions, session: None}), "status": ["done"]})

    def _close(self, _: Message, session: str, reply: Callable[[Message], None]) -> None:
        self.sessions.pop(session, None)
        for job in [job for job in self.jobs if job.session == session]:
            self._server.give_up(job)
        reply({"status": ["done", "session-closed"]})

    def _evaluate(self, message: Message, session: str, reply: Callable[[Message], None]) -> None:
        loading = message["op"] == "load-file"
        source = message.get("file" if loading else "code", "")
        file = message.get("file-path" if loading else "file") or "<repl>"
        if not isinstance(source, str) or not isinstance(file, str):
            reply({"status": ["done", "error", "bad-message"], "err": "the code is not text\n"})
        elif len(self.jobs) >= MOST_JOBS:
            reply({"status": ["done", "error", "busy"], "err": f"{MOST_JOBS} evaluations wait\n"})
        else:
            job = Job(source, file, session, message.get("id", "unknown"), reply)
            self.jobs.append(job)
            self._server.submit(job, self)

    def _interrupt(self, message: Message, session: str, reply: Callable[[Message], None]) -> None:
        wanted = message.get("interrupt-id")
        found = [
            job
            for job in self.jobs
            if job.session == session and (wanted is None or job.ident == wanted)
        ]
        for job in found:
            self._server.give_up(job)
        reply({"status": ["done"] if found else ["done", "session-idle"]})


_OPS: dict[str, Callable[[Connection, Message, str, Callable[[Message], None]], None]] = {
    "clone": Connection._clone,
    "close": Connection._close,
    "describe": Connection._describe,
    "eval": Connection._evaluate,
    "interrupt": Connection._interrupt,
    "load-file": Connection._evaluate,
    "ls-sessions": Connection._list,
}
