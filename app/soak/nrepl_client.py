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
        ident = str(next(self._ids))
        end = time.monotonic() + seconds
        value, error = None, ""
        try:
            self._socket.sendall(encode({"op": "eval", "code": code, "id": ident}))
            while True:
                self._socket.settimeout(max(0.01, end - time.monotonic()))
                reply: dict[str, Any] = decode(self._stream)
                if reply.get("id") != ident:
                    continue
                value = reply.get("value", value)
                error += reply.get("err", "")
                if "done" in reply.get("status", ()):
                    return (None if error else value), error
        except (OSError, EOFError, ValueError) as why:
            raise NoAnswer(str(why) or type(why).__name__) from why

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
