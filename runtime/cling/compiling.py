"""Running the system compiler for companions: what it must agree with Cling on, and how it ends.

The compiler ends with this process, however that ends, and when it is cancelled.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.cling.session import Session
from runtime.native import _support

TOLD_AFTER = 2.0  # seconds, and again each time it took twice as long

# Macros that change what headers declare, and that Cling may have by itself; as the compiler is told.
_MACROS = {
    name: f"-D{name}"
    for name in ("NDEBUG", "_REENTRANT", "_GLIBCXX_ASSERTIONS", "_GLIBCXX_DEBUG",
                 "__STDC_LIMIT_MACROS", "__STDC_CONSTANT_MACROS")
}  # fmt: skip
_FEATURES = {
    "__SSE3__": "-msse3", "__SSSE3__": "-mssse3", "__SSE4_1__": "-msse4.1", "__SSE4_2__": "-msse4.2",
    "__AVX__": "-mavx", "__AVX2__": "-mavx2", "__FMA__": "-mfma", "__F16C__": "-mf16c", "__BMI__": "-mbmi",
    "__BMI2__": "-mbmi2", "__LZCNT__": "-mlzcnt", "__POPCNT__": "-mpopcnt", "__AVX512F__": "-mavx512f",
}  # fmt: skip

# The compiler in a group of its own, which goes when its standard input does: that is a pipe from here.
_WATCHED = """
exec 3<&0
"$@" </dev/null 3<&- &
compiler=$!
(while read -r line; do :; done <&3; kill -KILL 0) 2>/dev/null &
watch=$!
wait $compiler
status=$?
kill $watch 2>/dev/null
exit $status
"""

_agreed: list[str] | None = None
_running: set[subprocess.Popen[str]] = set()
_lock = threading.Lock()


class Cancelled(Exception):
    """The compiler was ended before it was done."""


def agreement(session: Session) -> list[str]:
    """The compiler's arguments by which headers mean the same to it as to Cling. Blocks on Cling once."""
    global _agreed
    if _agreed is None:
        known = {**_MACROS, **_FEATURES}
        ident = session.new_id()
        asked = "\n".join(f'#ifdef {name}\n"{name} "\n#endif' for name in known)
        done = session.declare(
            f'namespace ts_m{ident} {{ static char const text[] = ""\n{asked}\n;\n'
            "static void const* const all[] = { text };\n"
            f"static int const done = ts::submit({ident}, all, 1); }}\n"
        )
        answers = _support.take_addresses(ident) if done.ok else []
        names = ctypes.string_at(answers[0]).decode().split() if answers else []
        _agreed = [known[name] for name in names]
    return _agreed


def compile_files(
    command: Sequence[str], told: Callable[[float], None] = lambda seconds: None
) -> tuple[int, str]:
    """Run a compiler: its exit code and words. `told` hears the seconds that it took so far, now and then.

    Raises Cancelled after `cancel`, and FileNotFoundError where there is no such command.
    """
    plain = {**os.environ, "LC_ALL": "C"}  # the words are parsed
    running = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHED, "sh", *command],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace", env=plain, start_new_session=True,
    )  # fmt: skip
    with _lock:
        _running.add(running)
    start, wait = time.perf_counter(), TOLD_AFTER
    words: list[str] = []
    stderr = running.stderr
    assert stderr is not None
    reader = threading.Thread(target=lambda: words.append(stderr.read()), daemon=True)
    reader.start()
    try:
        while True:
            try:
                status = running.wait(wait)
                break
            except subprocess.TimeoutExpired:
                told(time.perf_counter() - start)
                wait *= 2
        reader.join()
    finally:
        with _lock:
            _running.discard(running)
        _end(running)
    if status < 0:
        raise Cancelled
    if status == 127:
        raise FileNotFoundError(command[0])
    return status, "".join(words)


def cancel() -> int:
    """End the compilers that run; what waits for them gets Cancelled. Returns how many there were."""
    with _lock:
        ended = list(_running)
    for running in ended:
        _end(running)
    return len(ended)


def _end(running: subprocess.Popen[str]) -> None:
    """End a compiler with all its processes."""
    if running.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    if running.stdin is not None:
        running.stdin.close()


def own_symbols(objects: Path) -> list[str]:
    """Linker arguments by which a library uses its own functions and variables, whatever others call theirs.

    What must be one in the whole process stays so: inline functions and variables, templates.
    """
    listing = subprocess.run(
        ["nm", "--format=posix", "--extern-only", "--defined-only", str(objects)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        return []
    rows = [line.split() for line in listing.stdout.splitlines()]
    shared = [row[0] for row in rows if len(row) > 1 and row[1] in "WwVvu"]
    table = objects.with_suffix(".shared")
    table.write_text("{ " + " ".join(f'"{name}";' for name in [*shared, "ts_none"]) + " };\n")
    return [f"-Wl,--dynamic-list={table}"]
