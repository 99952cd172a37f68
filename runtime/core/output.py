"""Printing to `*out*`: pr, prn, print, println, newline, flush and their string versions.

The runtime tells `use_vars` how to read the dynamic vars `*out*`, `*print-length*`, …; without a runtime they
have their initial values.
"""

from __future__ import annotations

import io
import os
import select
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from runtime.core.kinds import EMPTY_MAP
from runtime.core.printing import Output, print_str, print_to
from runtime.core.printing import pr_str as pr_one
from runtime.core.registry import core, define
from runtime.process.interruption import wait_for


class _told:  # noqa: N801 a context, and printing is too hot for a generator
    """Says which stream could not be written, and why."""

    __slots__ = ("_stream",)

    def __init__(self, stream: str) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, _: Any) -> None:
        if isinstance(
            error, (OSError, ValueError, AttributeError)
        ):  # full, gone, closed, none at all
            why = getattr(error, "strerror", None) or "it is closed"
            raise RuntimeError(f"standard {self._stream} cannot be written: {why}") from error


class StandardOut:
    """Writes to whatever `sys.stdout` is at the time."""

    def write(self, text: str) -> None:
        with _told("output"):
            sys.stdout.write(text)

    def flush(self) -> None:
        with _told("output"):
            sys.stdout.flush()


class StandardError:
    """Writes to whatever `sys.stderr` is at the time."""

    def write(self, text: str) -> None:
        with _told("error"):
            sys.stderr.write(text)

    def flush(self) -> None:
        with _told("error"):
            sys.stderr.flush()


class StandardIn:
    """Reads from whatever `sys.stdin` is at the time."""

    def readline(self) -> str:
        return _read_line_of(sys.stdin)


_read_ahead = bytearray()  # of the process's standard input


def _read_line_of(stream: TextIO | None) -> str:
    """The next line of standard input. Waiting for it gives way to an interruption."""
    if stream is None:
        return ""
    try:
        fd = stream.fileno()
    except (AttributeError, OSError, ValueError):  # no file: text that somebody put there
        return stream.readline()
    while b"\n" not in _read_ahead:
        wait_for(lambda slice_s: bool(select.select([fd], [], [], slice_s)[0]))
        data = os.read(fd, 65536)
        if not data:
            break
        _read_ahead.extend(data)
    end = _read_ahead.find(b"\n") + 1 or len(_read_ahead)
    line = bytes(_read_ahead[:end])
    del _read_ahead[:end]
    return line.decode(errors="replace")


DYNAMIC: dict[str, Any] = {
    "*in*": StandardIn(),
    "*out*": StandardOut(),
    "*err*": StandardError(),
    "*print-length*": None,
    "*print-level*": None,
    "*print-readably*": True,
    "*flush-on-newline*": True,
    "*print-meta*": False,
    "*print-namespace-maps*": False,
    "*math-context*": None,
    "*assert*": True,
}
for _name, _value in DYNAMIC.items():
    define(_name, _value, dynamic=True)
read: Callable[[str], Any] = DYNAMIC.__getitem__


def use_vars(reader: Callable[[str], Any]) -> None:
    """Have `reader(name)` tell the value of the dynamic vars named in `DYNAMIC` from now on."""
    global read
    read = reader


def out() -> TextIO:
    """What `*out*` is: anything with `write`."""
    return read("*out*")


class StringWriter(io.StringIO):
    """Collects text; its `str` is what was written."""

    def __str__(self) -> str:
        return self.getvalue()


@core("string-writer*", arglists="([])")
def string_writer() -> StringWriter:
    """A writer that collects text; `with-out-str` expands to this."""
    return StringWriter()


@core("string-reader*", arglists="([s])")
def string_reader(text: str) -> io.StringIO:
    """A reader of a string; `with-in-str` expands to this."""
    return io.StringIO(text)


@core("read-line", arglists="([])")
def read_line() -> Any:
    """The next line of `*in*` without its end, nil at the end of the text."""
    line = read("*in*").readline()
    return line.rstrip("\r\n") if line else None


def _joined(values: tuple[Any, ...], readably: bool) -> str:
    length, level = read("*print-length*"), read("*print-level*")
    readably = readably and read("*print-readably*")
    meta, short = read("*print-meta*"), read("*print-namespace-maps*")
    if meta or short:
        text = io.StringIO()
        put = Output(text.write, readably, length, level, meta and readably, short).put
        for index, value in enumerate(values):
            text.write(" " if index else "")
            put(value)
        return text.getvalue()
    one = pr_one if readably else print_str
    return " ".join([one(value, length, level) for value in values])


@core("pr-str", arglists="([& xs])")
def pr_str(*values: Any) -> str:
    """What `pr` would print, as a string."""
    return _joined(values, True)


@core("prn-str", arglists="([& xs])")
def prn_str(*values: Any) -> str:
    """What `prn` would print, as a string."""
    return _joined(values, True) + "\n"


@core("print-str", arglists="([& xs])")
def print_str_fn(*values: Any) -> str:
    """What `print` would print, as a string."""
    return _joined(values, False)


@core("println-str", arglists="([& xs])")
def println_str(*values: Any) -> str:
    """What `println` would print, as a string."""
    return _joined(values, False) + "\n"


@core("pr", arglists="([] [x] [x & more])")
def pr(*values: Any) -> None:
    """Prints the values as the reader reads them, with spaces between them."""
    out().write(_joined(values, True))


@core("prn", arglists="([& more])")
def prn(*values: Any) -> None:
    """Like pr, then ends the line."""
    out().write(_joined(values, True) + "\n")


@core("print", arglists="([& more])")
def print_fn(*values: Any) -> None:
    """Prints the values for people, with spaces between them."""
    out().write(_joined(values, False))


@core("println", arglists="([& more])")
def println(*values: Any) -> None:
    """Like print, then ends the line."""
    out().write(_joined(values, False) + "\n")


@core("newline", arglists="([])")
def newline() -> None:
    """Ends the line."""
    out().write("\n")


@core("flush", arglists="([])")
def flush() -> None:
    """Has what was printed appear."""
    out().flush()


@core("printf", arglists="([fmt & args])")
def printf(text: str, *args: Any) -> None:
    """Prints `(format text args…)`."""
    from runtime.core.formatting import format_

    out().write(format_(text, *args))


@core("print-simple", arglists="([o w])")
def print_simple(value: Any, writer: Any) -> None:
    """Writes the value readably to a writer."""
    print_to(value, writer.write)


@core("report-time*", arglists="([start])")
def report_time(start: int) -> None:
    """Prints the time since `start`, a value of the clock `system-time`."""
    println(f'"Elapsed time: {(time.perf_counter_ns() - start) / 1e6:.6f} msecs"')


@core("close*", arglists="([x])")
def close(x: Any) -> None:
    """Closes what `with-open` opened."""
    x.close()


@core("slurp", arglists="([f])")
def slurp(source: Any, *_: Any) -> str:
    """The text of a file (by its path) or of an open reader."""
    if hasattr(source, "read"):
        return source.read()
    with open(source, encoding="utf-8") as file:
        return file.read()


@core("spit", arglists="([f content & options])")
def spit(target: Any, content: Any, *options: Any) -> None:
    """Writes the content, as `str` shows it, to a file; `:append true` adds it at the end."""
    from runtime.core.lookup import seq_to_map
    from runtime.core.printing import str_value
    from runtime.core.values import Keyword

    given = seq_to_map(options) if options else EMPTY_MAP
    if hasattr(target, "write"):
        target.write(str_value(content))
        return
    mode = "a" if given.get(Keyword("append"), False) else "w"
    with open(target, mode, encoding="utf-8") as file:
        file.write(str_value(content))


_taps: list[Callable[[Any], Any]] = []


@core("add-tap", arglists="([f])")
def add_tap(f: Callable[[Any], Any]) -> None:
    """Calls `f` with every value given to tap>."""
    if f not in _taps:
        _taps.append(f)


@core("remove-tap", arglists="([f])")
def remove_tap(f: Callable[[Any], Any]) -> None:
    """Undoes add-tap."""
    if f in _taps:
        _taps.remove(f)


@core("tap>", arglists="([x])")
def tap(value: Any) -> bool:
    """Gives the value to every tap, on this thread. What a tap raises is ignored, as in Clojure."""
    for f in list(_taps):
        try:
            f(value)
        except Exception:
            continue
    return True
