"""The memory that outlives the drawing process: what its variables held, each in the record written last.

Two files without a name, which the parent keeps open. Records are appended to one; when most of it is out of
date, what is current goes to the other, whose head is written last. So whatever moment a process ends at, one
of the two is whole. A record that is not whole ends a file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator

VERSION = 1
MOST_BYTES = 128 << 20  # of all that is current
_SLACK = 4 << 20  # bytes out of date before a file is written anew
_HEAD = struct.Struct("<8sIQ")  # magic, version, generation
_MAGIC = b"tierscop"
_LONGEST_KEY = 1024
_RECORD = struct.Struct("<III")  # lengths of the key and the content, their checksum


class JournalFull(Exception):
    """There is no room for a record."""


class JournalFile:
    """Records by key. Made in the parent, read by the next process and then written by it."""

    def __init__(self) -> None:
        self._files = (os.memfd_create("journal a"), os.memfd_create("journal b"))
        self._attempt = os.memfd_create("restoring")
        self._current: dict[str, int] = {}  # bytes of each key's record
        self._end = 0
        self._generation = 0

    def read(self) -> dict[str, bytes]:
        """What was written before, by key; it stays until it is written anew. Empty at a first start.

        Raises ValueError where another version wrote it: then nothing is kept of it.
        """
        try:
            self._generation = max(map(self._generation_of, self._files))
        except ValueError:
            for file in self._files:
                os.ftruncate(file, 0)
            self._renew({})
            raise
        found = dict(_records(self._file)) if self._generation else {}
        deadly = os.pread(self._attempt, _LONGEST_KEY, 0).rstrip(b"\0").decode(errors="replace")
        found = {key: content for key, content in found.items() if content and key != deadly}
        self.attempt("")
        self._renew(found)
        return found

    def attempt(self, key: str) -> None:
        """What a key holds is being put back; "" once that went well. A process that ends meanwhile is the
        last one that is given it."""
        os.pwrite(self._attempt, key.encode()[:_LONGEST_KEY].ljust(_LONGEST_KEY, b"\0"), 0)

    def write(self, key: str, content: bytes) -> None:
        """Replace what is known of a key; with nothing, forget it. Raises JournalFull and OSError."""
        record = _packed(key, content)
        total = sum(self._current.values()) - self._current.get(key, 0) + len(record)
        if total > MOST_BYTES:
            raise JournalFull(f"{MOST_BYTES >> 20} MB are full")
        self._current[key] = len(record)
        if self._end + len(record) > 2 * total + _SLACK:
            kept = dict(_records(self._file))
            kept[key] = content
            self._renew({k: c for k, c in kept.items() if c})
        else:
            self._append(self._file, record)

    def close(self) -> None:
        for file in (*self._files, self._attempt):
            os.close(file)

    @property
    def _file(self) -> int:
        return self._files[self._generation % 2]

    def _renew(self, records: dict[str, bytes]) -> None:
        self._generation += 1
        os.ftruncate(self._file, 0)
        self._end = _HEAD.size
        self._current = {}
        for key, content in records.items():
            record = _packed(key, content)
            self._append(self._file, record)
            self._current[key] = len(record)
        os.pwrite(self._file, _HEAD.pack(_MAGIC, VERSION, self._generation), 0)

    def _append(self, file: int, record: bytes) -> None:
        left = memoryview(record)
        at = self._end
        while left:
            done = os.pwrite(file, left, at)
            left, at = left[done:], at + done
        self._end = at

    @staticmethod
    def _generation_of(file: int) -> int:
        head = os.pread(file, _HEAD.size, 0)
        if len(head) < _HEAD.size or head == bytes(_HEAD.size):
            return 0
        magic, version, generation = _HEAD.unpack(head)
        if magic != _MAGIC or version != VERSION:
            raise ValueError("another version of the app wrote it")
        return int(generation)


def _packed(key: str, content: bytes) -> bytes:
    name = key.encode()
    return (
        _RECORD.pack(len(name), len(content), zlib.crc32(content, zlib.crc32(name)))
        + name
        + content
    )


def _records(file: int) -> Iterator[tuple[str, bytes]]:
    at, end = _HEAD.size, os.fstat(file).st_size
    while at + _RECORD.size <= end:
        names, contents, checksum = _RECORD.unpack(os.pread(file, _RECORD.size, at))
        at += _RECORD.size
        if at + names + contents > end:
            return
        body = os.pread(file, names + contents, at)
        at += names + contents
        if zlib.crc32(body[names:], zlib.crc32(body[:names])) != checksum:
            return
        yield body[:names].decode(), body[names:]
