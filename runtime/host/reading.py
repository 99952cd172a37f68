"""`read`, `read-string` and their like: forms out of text and streams while a program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core import output
from runtime.core.kinds import MISSING, Map, type_name, vector
from runtime.core.values import Keyword
from runtime.errors import ReaderError
from runtime.loading.resolver import NamespaceResolver
from runtime.namespaces import Namespaces
from runtime.reader.reader import Reader

K_EOF = Keyword("eof")
EOF_MESSAGE = "EOF while reading"


class Reading:
    """The functions that read, for one runtime's namespaces and data readers."""

    def __init__(self, namespaces: Namespaces, evaluate: Callable[[Any], Any]) -> None:
        self.namespaces = namespaces
        self.evaluate = evaluate

    def functions(self) -> dict[str, Callable[..., Any]]:
        """By their names in clojure.core."""
        return {
            "read-string": self.read_string,
            "read": lambda *args: self.read(*args)[0],
            "read+string": lambda *args: vector(self.read(*args)),
            "load-reader": self.load_reader,
        }

    def first(self, text: str, file: str) -> tuple[Any, int] | None:
        """The first form of a text and the offset after it; None where there is none."""
        reader = Reader(text, file, NamespaceResolver(self.namespaces))
        found = reader.read()
        return None if found is None else (found.form, reader.pos)

    def read_string(self, *args: Any) -> Any:
        """`(read-string s)` or `(read-string {:eof value} s)`."""
        *options, text = args
        if not isinstance(text, str):
            raise TypeError(f"read-string takes a string, found {type_name(text)}")
        found = self.first(text, "<read-string>")
        if found is not None:
            return found[0]
        return _at_end(options[0].get(K_EOF, MISSING) if options else MISSING)

    def read(self, *args: Any) -> tuple[Any, str]:
        """The next form of a stream (`*in*` when none is given) and its text.

        `(read stream eof-error? eof-value)` and `(read {:eof value} stream)` say what the end gives.
        """
        end: Any = MISSING
        if args and isinstance(args[0], Map):
            end, args = args[0].get(K_EOF, MISSING), args[1:]
        elif len(args) > 1 and not args[1]:
            end = args[2] if len(args) > 2 else None
        stream = args[0] if args else output.read("*in*")
        if hasattr(stream, "seek"):
            start = stream.tell()
            text = stream.read()
            found = self.first(text, "<read>")
            if found is None:
                return _at_end(end), ""
            stream.seek(start + found[1])
            return found[0], text[: found[1]]
        return self._read_lines(stream, end)

    def _read_lines(self, stream: Any, end: Any) -> tuple[Any, str]:
        """A form of a stream that cannot go back: what follows it on its line is lost."""
        text = ""
        while line := stream.readline():
            text += line
            try:
                found = self.first(text, "<read>")
            except ReaderError as e:
                if e.found != "end of file":
                    raise
                continue
            if found is not None:
                return found[0], text[: found[1]]
        if text.strip():
            self.first(text, "<read>")  # raises what is unfinished
        return _at_end(end), ""

    def load_reader(self, stream: Any) -> Any:
        """The value of the last form of a stream."""
        value, end = None, object()
        while (form := self.read(stream, False, end)[0]) is not end:
            value = self.evaluate(form)
        return value


def _at_end(value: Any) -> Any:
    if value is MISSING:
        raise EOFError(EOF_MESSAGE)
    return value
