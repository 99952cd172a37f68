"""Bencode, read from anybody and written from anything.

What is read is bounded: a message that claims to be larger than any editor's is refused before memory is
taken for it. Specification: https://wiki.theory.org/BitTorrentSpecification#Bencoding.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

MOST_BYTES = 32 << 20  # of one message
MOST_ITEMS = 100_000  # of one message: numbers, strings, lists, dictionaries
DEEPEST = 64  # lists and dictionaries in each other
MOST_DIGITS = 20

_INTEGER = re.compile(rb"-?\d+")


class BencodeError(ValueError):
    """The bytes are no bencode, or more than a message may be: where the next one begins is not known."""


class Stream(Protocol):
    """Where bytes come from: fewer than `size` at its end only."""

    def read(self, size: int, /) -> bytes: ...


def encode(value: Any) -> bytes:
    """`value` in bencode: dictionaries, lists, strings and integers as such, the rest by its text.

    Never fails: half a surrogate pair is written as its escape, keys that are no strings by their text.
    """
    parts: list[bytes] = []
    _encode(value, parts)
    return b"".join(parts)


def _encode(value: Any, parts: list[bytes]) -> None:
    if isinstance(value, bool) or value is None:
        _encode(str(value).lower(), parts)
    elif isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, bytes):
        parts.append(b"%d:%s" % (len(value), value))
    elif isinstance(value, dict):
        keyed = {_text(key): item for key, item in value.items()}
        parts.append(b"d")
        for key in sorted(keyed):
            _encode(key, parts)
            _encode(keyed[key], parts)
        parts.append(b"e")
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts.append(b"l")
        for item in value:
            _encode(item, parts)
        parts.append(b"e")
    else:
        _encode(_text(value), parts)


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return str(value).encode(errors="backslashreplace")


def decode(stream: Stream) -> Any:
    """The next value: dict, list, str or int. Keys are strings, whatever they were sent as.

    Raises EOFError at the stream's end, in the midst of a value too, and BencodeError.
    """
    return _Decoder(stream).value(0)


class _Decoder:
    """One message being read, and what it may still take."""

    def __init__(self, stream: Stream) -> None:
        self._read = stream.read
        self._bytes = MOST_BYTES
        self._items = MOST_ITEMS

    def value(self, depth: int) -> Any:
        return self._value(self._byte(), depth)

    def _value(self, first: bytes, depth: int) -> Any:
        self._items -= 1
        if self._items < 0:
            raise BencodeError(f"a message of more than {MOST_ITEMS} items")
        if first == b"i":
            digits = self._until(b"e")
            if not _INTEGER.fullmatch(digits):
                raise BencodeError(f"not an integer: {digits!r}")
            return int(digits)
        if first in (b"l", b"d"):
            if depth >= DEEPEST:
                raise BencodeError(f"lists and dictionaries nested deeper than {DEEPEST}")
            return self._list(depth + 1) if first == b"l" else self._dict(depth + 1)
        if not first.isdigit():
            raise BencodeError(f"not bencode: {first!r}")
        return self._string(first)

    def _list(self, depth: int) -> list[Any]:
        items = []
        while (first := self._byte()) != b"e":
            items.append(self._value(first, depth))
        return items

    def _dict(self, depth: int) -> dict[str, Any]:
        found = {}
        while (first := self._byte()) != b"e":
            key = self._value(first, depth)
            found[key if isinstance(key, str) else str(key)] = self.value(depth)
        return found

    def _string(self, first: bytes) -> str:
        digits = first + self._until(b":")
        if not digits.isdigit():
            raise BencodeError(f"not a length: {digits!r}")
        left = int(digits)
        self._take(left)
        pieces = []
        while left:
            piece = self._read(min(left, 1 << 16))
            if not piece:
                raise EOFError
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces).decode(errors="replace")

    def _until(self, end: bytes) -> bytes:
        data = b""
        while (byte := self._byte()) != end:
            data += byte
            if len(data) > MOST_DIGITS:
                raise BencodeError("a number without an end")
        return data

    def _byte(self) -> bytes:
        self._take(1)
        byte = self._read(1)
        if not byte:
            raise EOFError
        return byte

    def _take(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            raise BencodeError(f"a message of more than {MOST_BYTES >> 20} MB")
