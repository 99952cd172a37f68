"""Reading what a user's file holds, without waiting: a pipe in its place has nobody at its other end."""

from __future__ import annotations

import errno
import os
import stat


def open_file(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """A descriptor of a file to read, and what it is. Raises OSError where it cannot be opened; it is opened
    without waiting, whatever it is, and follows no circle of links."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return handle, os.fstat(handle)
    except OSError:
        os.close(handle)
        raise


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file, with U+FFFD for what is not UTF-8. Raises OSError, also for what is no file."""
    handle, found = open_file(path)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file"
        raise OSError(errno.EINVAL, f"it is {kind}", str(path))
    with open(handle, encoding="utf-8", errors="replace") as file:
        return file.read()
