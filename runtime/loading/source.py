"""The text of a file as top-level forms: what did not change since it was read last is not read again."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.errors import AnalysisError, ReaderError, Span
from runtime.process.files import open_file
from runtime.reader import ReadForm, Resolver, read_all
from runtime.reader.reader import Reader, decode

LARGEST = 256 << 20  # bytes of a script; more is a slip
CHUNK = 1 << 16


class Placed(Protocol):
    """A form of the text as it was: `start` and `end` are offsets in it."""

    text: str
    start: int
    end: int
    span: Span


@dataclass(frozen=True, slots=True)
class Item:
    """A top-level form of the text as it is. `read` gives its form: now, or when it was met."""

    text: str
    start: int
    end: int
    span: Span
    read: Callable[[], ReadForm]


def file_bytes(path: Path) -> tuple[bytes, os.stat_result]:
    """What a script's file holds, and what is known of the file. Raises AnalysisError where it is no readable
    text file: it does not wait for the other end of a pipe, and follows no circle of links."""
    try:
        handle, found = open_file(path)
    except OSError as e:
        raise unreadable(path, e) from e
    try:
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file"
            raise AnalysisError(f"{path} is {kind}", expected="a readable script", found=kind)
        if found.st_size > LARGEST:
            raise AnalysisError(
                f"{path} is too large for a script",
                expected=f"at most {LARGEST >> 20} MB",
                found=f"{found.st_size >> 20} MB",
            )
        with open(handle, "rb", closefd=False) as file:
            return file.read(), found
    except OSError as e:
        raise unreadable(path, e) from e
    finally:
        os.close(handle)


def unreadable(path: Path, error: OSError) -> AnalysisError:
    """Why a script cannot be read."""
    reason = error.strerror or str(error)
    return AnalysisError(f"{path} cannot be read: {reason}", None, expected="a readable script")


def decoded(content: bytes, filename: str) -> str:
    """The text of a file. Raises ReaderError at a byte that is not UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        span = Span(filename, 1, 1, 1, 2)
        raise ReaderError("the text is not UTF-8", span, "UTF-8", "UTF-16 by its first bytes")
    return decode(content, filename, 1, 1)


def items(
    text: str,
    filename: str,
    resolver: Resolver,
    errors: list[ReaderError],
    old_text: str,
    old: Sequence[Placed],
) -> Iterator[Item]:
    """The forms of `text`, each read when it is asked for. `old` are those of `old_text`, which had no
    errors: what stands before and after all that changed is given with the places it has now."""
    head = _common_prefix(old_text, text)
    tail = _common_suffix(old_text, text, head)
    shift = len(text) - len(old_text)
    known = 0
    while known < len(old) and old[known].end < head:
        item = old[known]
        yield _again(text, filename, resolver, item, 0, 0)
        known += 1
    start = old[known - 1].end if known else 0
    if known == len(old) and text == old_text:
        return
    starts = [item.start for item in old]
    reader = Reader(text, filename, resolver)
    reader.go_to(start)
    while True:
        place = reader.pos - shift  # of this offset in the old text
        if old and place >= len(old_text) - tail:
            index = bisect_left(starts, place)
            if index and place < old[index - 1].end:
                pass  # in the middle of an old form
            else:
                if index < len(old):
                    lines = text.count("\n", 0, old[index].start + shift) + 1 - old[index].span.line
                    for item in old[index:]:
                        yield _again(text, filename, resolver, item, shift, lines)
                return
        try:
            found = reader.read()
        except ReaderError as e:
            errors.append(e)
            reader.skip()
            continue
        if found is None:
            return
        yield Item(found.text, reader.top, reader.pos, found.span, _given(found))


def _given(found: ReadForm) -> Callable[[], ReadForm]:
    return lambda: found


def _again(
    text: str, filename: str, resolver: Resolver, item: Placed, shift: int, lines: int
) -> Item:
    """A form that stands there as before, `shift` characters and `lines` lines further."""
    span, start, end = item.span, item.start + shift, item.end + shift
    if shift:
        row = text.rfind("\n", 0, start) + 1
        col = start - row + 1
        end_col = span.end_col + (col - span.col if span.line == span.end_line else 0)
        span = Span(filename, span.line + lines, col, span.end_line + lines, end_col)

    def read() -> ReadForm:
        part = text[start:end]
        return next(read_all(part, filename, resolver, line=span.line, col=span.col))

    return Item(item.text, start, end, span, read)


def _common_prefix(a: str, b: str) -> int:
    """How many first characters two texts have in common."""
    low, most = 0, min(len(a), len(b))
    while low < most and a[low : low + CHUNK] == b[low : low + CHUNK]:
        low += CHUNK
    low, high = min(low, most), min(low + CHUNK, most)
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(a: str, b: str, head: int) -> int:
    """How many last characters two texts have in common behind their first `head`."""
    done, most = 0, min(len(a), len(b)) - head
    while done < most:
        step = min(CHUNK, most - done)
        if a[len(a) - done - step : len(a) - done] == b[len(b) - done - step : len(b) - done]:
            done += step
            continue
        low, high = 0, step
        while low < high:
            middle = (low + high + 1) // 2
            if (
                a[len(a) - done - middle : len(a) - done]
                == b[len(b) - done - middle : len(b) - done]
            ):
                low = middle
            else:
                high = middle - 1
        return done + low
    return done
