"""The parent of the process that draws: it holds nothing of its own, waits, and starts a lost process again.

It forks before anything heavy is imported, so that a new process is a fork away and nothing that damaged the
old one is in it. `supervise` returns in each drawing process; in the parent it returns never.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from app.environment import end_with_parent
from app.process.deaths import Death, blamed
from app.process.journal_file import JournalFile
from app.process.logbook import Doing, Logbook

MOST_DEATHS, WITHIN_S = 3, 60.0
HANG_S = 30.0  # without a frame's progress, beyond the time that scripts are allowed
END_S = 10.0  # for an orderly end after SIGTERM
_POLL_S = 0.5
_SI_KERNEL = 0x80  # of siginfo: the terminal sent it, to the whole process group
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Life:
    """A drawing process, as it knows itself. `deaths` are those before it, the last one last."""

    logbook: Logbook
    deaths: list[Death] = field(default_factory=list)
    crash_file: int = -1  # a descriptor for the last words
    journal: JournalFile | None = None  # what its variables held
    parent: int = 0

    @property
    def left_out(self) -> list[Doing]:
        """What earlier processes died of."""
        return [d.blamed for d in self.deaths if d.is_left_out and d.blamed is not None]


_life: Life | None = None  # of this process, where it has a parent that watches it


def possible() -> bool:
    """Whether this system has what supervising needs: it is made for Linux."""
    return hasattr(os, "fork") and hasattr(signal, "sigtimedwait") and hasattr(os, "memfd_create")


def supervise(say: Callable[[str], object], hang_s: float = HANG_S) -> Life:
    """Fork; returns in the drawing process. The parent tells deaths by `say` and exits with the last code."""
    watched = {signal.SIGCHLD, *_FORWARDED}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    logbook = Logbook()
    journal = JournalFile()
    deaths: list[Death] = []
    parent = os.getpid()
    while True:
        logbook.clear()
        crash_file = os.memfd_create("crash report")
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()  # or both processes would write it
        pid = os.fork()
        if pid == 0:
            life = Life(logbook, deaths, crash_file, journal, parent)
            _begin(life, mask)
            return life
        ended = _wait(pid, logbook, crash_file, hang_s, say)
        os.close(crash_file)
        if isinstance(ended, int):
            _exit_like(ended)
        deaths.append(ended)
        recent = [d for d in deaths if ended.at - d.at <= WITHIN_S]
        if len(recent) >= MOST_DEATHS:
            say(f"The app died because of {ended.why}, {ended.where}.")
            for line in ended.stack:
                say(f"  {line}")
            say(
                f"That was the {_nth(len(recent))} time within {WITHIN_S:.0f} s: it is not started again."
            )
            sys.exit(1)
        without = " without it" if ended.is_left_out else ""
        say(f"The app died because of {ended.why}, {ended.where}; it is started again{without}.")


def leave(code: int) -> NoReturn:
    """End this process with `code`, whatever its other threads do: they are not waited for.

    Finalising the interpreter would end them inside the C++ they run, which terminates the process.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    if _life is not None:
        _life.logbook.end(code)
    atexit._run_exitfuncs()
    ctypes.PyDLL(None).exit(code)  # with the interpreter's lock, and with C++'s static destructors
    raise AssertionError("exit does not return")


def _begin(life: Life, mask: set[int | signal.Signals]) -> None:
    """In the new process: nothing of the parent's duties, no core dumps, an end with the parent."""
    global _life
    _life = life
    atexit._clear()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    end_with_parent()
    if os.getppid() != life.parent:  # it ended before it was watched
        os._exit(1)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    # 1 and not 0: that keeps the kernel from handing a dump to a program, see core(5) and do_coredump.
    soft = 1 if hard == resource.RLIM_INFINITY or hard >= 1 else 0
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def _wait(
    pid: int, logbook: Logbook, crash_file: int, hang_s: float, say: Callable[[str], object]
) -> Death | int:
    """Until the process ended: its exit code, minus a signal's number that asked it to, or a death."""
    watched = {signal.SIGCHLD, *_FORWARDED}
    stalled, seen, looked = 0.0, (-1, 0.0), time.monotonic()
    asked_at = ended_at = 0.0
    killed = False
    while True:
        info = signal.sigtimedwait(watched, _POLL_S)
        now = time.monotonic()
        if info is not None and info.si_signo in _FORWARDED:
            if info.si_signo != signal.SIGINT or info.si_code != _SI_KERNEL:
                os.kill(pid, info.si_signo)
            if info.si_signo != signal.SIGINT:
                asked_at = asked_at or now
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return _outcome(status, logbook, crash_file, stalled if killed else 0.0, bool(asked_at))
        ended_at = ended_at or (now if logbook.exit_code is not None else 0.0)
        if (not killed and _overdue(asked_at, now)) or _overdue(ended_at, now):
            if not killed:
                say(f"The app did not end within {END_S:.0f} s, and was killed.")
            os.kill(pid, signal.SIGKILL)
            killed, asked_at = True, asked_at or now
        # Steps are counted, not time: this process may have been stopped together with the other.
        progress = logbook.progress
        if progress == seen and progress[1] and not _is_stopped(pid):
            stalled += min(now - looked, 2 * _POLL_S)
        elif not killed:
            stalled = 0.0
        seen, looked = progress, now
        if stalled >= hang_s + progress[1] and not killed:
            killed = True
            os.kill(pid, signal.SIGKILL)


def _overdue(since: float, now: float) -> bool:
    return bool(since) and now - since > END_S


def _outcome(
    status: int, logbook: Logbook, crash_file: int, hung: float, asked: bool
) -> Death | int:
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
    if logbook.exit_code is not None:
        return logbook.exit_code  # what may have gone wrong since is a static destructor's
    if number in _FORWARDED:
        return -number
    if asked:
        return 1
    report = _read(crash_file)
    if not number and code > 128 and report:
        number = code - 128  # its own signal handler ended it
    doing = blamed(logbook.last(), report)
    return Death(number, code, time.monotonic(), hung, doing, report, logbook.session())


def _exit_like(code: int) -> NoReturn:
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.Signals(-code)})
        atexit._run_exitfuncs()
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _read(file: int) -> str:
    size = os.fstat(file).st_size
    return os.pread(file, min(size, 1 << 16), 0).decode(errors="replace")


def _is_stopped(pid: int) -> bool:
    """Whether it was stopped, by a signal or a debugger."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "tT"
    except (OSError, IndexError):
        return False


def _nth(count: int) -> str:
    return {3: "third"}.get(count, f"{count}th")
