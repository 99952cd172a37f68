"""Standard input, output and error as this process was given them: closed ones, full ones."""

from __future__ import annotations

import contextlib
import os
import sys


def open_standard() -> bool:
    """Open those that are closed on nothing: else the next file to be opened would be taken for them.

    Returns whether standard output is open; where it is not, standard error says so.
    """
    closed = [number for number in range(3) if not _is_open(number)]
    for number in closed:
        nothing = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)
    if 1 in closed:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 as long as the process
    if 2 in closed:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    else:
        # Under a number of its own: 2 is elsewhere while Cling compiles, so that its words can be read.
        sys.stderr = open(os.dup(2), "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
    if 0 in closed:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if 1 in closed:
        print("Standard output is closed: what is printed is lost.", file=sys.stderr)
    return 1 not in closed


def flush_output() -> str:
    """Write what waits in standard output; why that failed, or an empty text."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what waits is not tried again at the end
        return (isinstance(error, OSError) and error.strerror) or str(error)
    return ""


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
