"""A small nREPL client: one request at a time, each with a patience."""

from __future__ import annotations

import itertools
import socket
import time
from typing import Any

from app.nrepl import decode, encode


class NoAnswer(Exception):
    """The app did not answer in time, or the connection is gone."""


class NreplClient:
    """A connection to the app's nREPL on this machine. Raises NoAnswer where there is none."""

    def __init__(self, port: int) -> None:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError as error:
            raise NoAnswer(str(error)) from error
        self._stream = self._socket.makefile("rb")
        self._ids = itertools.count(1)

    def eval(self, code: str, seconds: float) -> tuple[str | None, str]:
        """The value of `code` as text, or None and the error's text. Raises NoAnswer after `seconds`."""
        try:
            return self._result(self._send({"op": "eval", "code": code}), seconds)
        except (OSError, EOFError, ValueError) as why:
            raise NoAnswer(str(why) or type(why).__name__) from why

    def eval_and_interrupt(self, code: str, after: float, seconds: float) -> tuple[str | None, str]:
        """Like `eval`, but interrupted `after` so many seconds."""
        try:
            ident = self._send({"op": "eval", "code": code})
            time.sleep(after)
            self._send({"op": "interrupt"})
            return self._result(ident, seconds)
        except (OSError, EOFError, ValueError) as why:
            raise NoAnswer(str(why) or type(why).__name__) from why

    def _send(self, message: dict[str, Any]) -> str:
        ident = str(next(self._ids))
        self._socket.sendall(encode({**message, "id": ident}))
        return ident

    def _result(self, ident: str, seconds: float) -> tuple[str | None, str]:
        end = time.monotonic() + seconds
        value, error = None, ""
        while True:
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            reply: dict[str, Any] = decode(self._stream)
            if reply.get("id") != ident:
                continue
            value = reply.get("value", value)
            error += reply.get("err", "")
            if "done" in reply.get("status", ()):
                return (None if error else value), error

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
