"""Companion sources: the `X.cpp` beside a header `X.hpp` that a script requires, compiled as a library.

An engine's bodies are compiled once by the system compiler and kept in the user's cache; Cling then parses
declarations only. Only headers in the user's folders have companions: those of Dear ImGui are in its
library, and what comes from elsewhere has one of its own.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import re
import shutil
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from runtime.cling.compiling import Cancelled, agreement, cancel, compile_files, own_symbols
from runtime.cling.diagnostics import Diagnostic, parse_diagnostics, place_of
from runtime.cling.session import HarmfulLibrary, Session
from runtime.errors import CppError, Note, Span
from runtime.events import EventLog, LibraryBuilding, LibraryBuilt
from runtime.native import build
from runtime.process.files import read_text
from runtime.process.threads import BUILD, listed

# A null pointer that is used is a fault, as in what Cling compiles; so is a function's end without `return`.
FLAGS = [
    *("-std=c++20", "-O2", "-fPIC", "-fno-delete-null-pointer-checks"),
    *("-fsanitize=return,unreachable", "-fsanitize-undefined-trap-on-error"),
]
HEADERS = (".hpp", ".h")
MOST_NOTES = 5

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
_UNDEFINED = re.compile(r"undefined symbol: (\S+)")


@dataclass(frozen=True, slots=True)
class Setting:
    """What compiled code must agree with Cling on: where headers are looked for, and macros."""

    users: Sequence[Path]  # the folders whose headers may have companions
    include_dirs: Sequence[str]  # all folders, in order
    defines: Mapping[str, str]


def library_folder() -> Path:
    """Where the libraries are kept: in the user's cache, for all runtimes.

    Where that cannot be written and does not hold them yet, in a folder for the life of this process.
    """
    return _folder(platformdirs.user_cache_path("tierscope") / "libraries")


@functools.cache
def _folder(kept: Path) -> Path:
    try:
        kept.mkdir(parents=True, exist_ok=True)
        if os.access(kept, os.W_OK):
            return kept
    except OSError:
        pass
    passing = Path(tempfile.mkdtemp(prefix="tierscope-libraries-"))
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return passing


def find_header(name: str, folders: Iterable[Path], beside: Path | None = None) -> Path | None:
    """The file that an include of `name` means, where it is in `beside` or in one of the folders."""
    for folder in ([beside] if beside else []) + list(folders):
        path = folder / name
        if path.is_file():
            return path.resolve()
    return None


def reached(path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """The user's files that `path` includes, directly or through others; each once."""
    seen = {path}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        for quoted, angled in INCLUDE.findall(read_text(file)):
            found = find_header(quoted or angled, folders, file.parent if quoted else None)
            if found is not None and found not in seen:
                seen.add(found)
                waiting.append(found)
                yield found


def companion_of(header: Path) -> Path | None:
    """The source beside a header, if there is one."""
    source = header.with_suffix(".cpp")
    return source if header.suffix in HEADERS and source.is_file() else None


class Companions:
    """Builds and loads companions, on the thread that loads the script.

    A library that was loaded stays for the life of the process, as compiled code is bound to its functions.
    When its source changed, it is built for a world of its own (`runtime.cling.worlds`) and loaded beside it.
    """

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def load(self, header: Path, setting: Setting, span: Span | None) -> list[Path]:
        """Have the companions of a header, and of the user's headers behind it, in the process: their paths.

        Raises CppError at `span` where one does not compile or needs a symbol that no library has.
        """
        sources = list(self._needed(header, setting.users, set()))
        for source in sources:
            self._load_one(source, setting, span)
        return sources

    def _needed(self, header: Path, folders: Sequence[Path], seen: set[Path]) -> Iterator[Path]:
        """Companions in an order in which each comes after those that it calls, where there is one."""
        source = companion_of(header)
        if header in seen:
            return
        seen.add(header)
        for file in [header, source] if source else [header]:
            for other in reached(file, folders):
                yield from self._needed(other, folders, seen)
        if source is not None:
            yield source

    def sources(self, header: Path, users: Sequence[Path]) -> list[Path]:
        """The companions of a header and of the user's headers behind it."""
        return list(self._needed(header, users, set()))

    @staticmethod
    def in_force() -> list[Path]:
        """The sources that were built and loaded."""
        with _lock:
            return list(_in_force)

    def build_again(self, source: Path, text: str, setting: Setting) -> Path:
        """Build a companion from `text`, in which it stands in a world; `open_again` puts it in force.

        Raises CppError where it does not compile. May run on any thread."""
        command, arguments = _command(setting, self._session)
        arguments.append(f"-I{source.parent}")
        target = (
            library_folder()
            / f"{source.stem}-{build.digest([command, arguments, text], [])[:16]}.so"
        )
        start = time.perf_counter()
        cached = _whole(target)
        if not cached:
            target.parent.mkdir(parents=True, exist_ok=True)
            written = target.with_suffix(f".{os.getpid()}.cpp")
            written.write_text(text, encoding="utf-8")
            try:
                self._build(source, [*command, *arguments], target, None, written)
            finally:
                written.unlink(missing_ok=True)
        spent = (time.perf_counter() - start) * 1e3
        self._events.add(LibraryBuilt(file=str(source), compile_ms=spent, cached=cached))
        return target

    def open_again(self, source: Path, target: Path) -> None:
        """Load what `build_again` made."""
        with _lock:
            self._open(source, target, None)
            _in_force[source] = target

    def _load_one(self, source: Path, setting: Setting, span: Span | None) -> None:
        command, arguments = _command(setting, self._session)
        files = [source, *sorted(reached(source, setting.users))]
        digest = build.digest([command, arguments, source], files)
        target = library_folder() / f"{source.stem}-{digest[:16]}.so"
        with _lock:
            if _in_force.get(source) == target:
                return
            start = time.perf_counter()
            cached = _whole(target)
            if not cached:
                self._build(source, [*command, *arguments], target, span)
            if source not in _in_force:
                self._open(source, target, span)
                _in_force[source] = target
            if _last.get(source) == target:
                return
            _last[source] = target
        self._events.add(
            LibraryBuilt(
                file=str(source),
                compile_ms=(time.perf_counter() - start) * 1e3,
                cached=cached,
            )
        )

    def _open(self, source: Path, target: Path, span: Span | None) -> None:
        try:
            self._session.load_library(target, users=True)
        except HarmfulLibrary as error:
            target.unlink(missing_ok=True)  # it may be the file that is damaged
            message = f"{source.name} cannot be loaded"
            raise CppError(message, span, found=str(error)) from error
        except OSError as error:
            found = _UNDEFINED.search(str(error))
            if found is None:
                raise CppError(f"{target} cannot be loaded", span, found=str(error)) from error
            raise CppError(
                f"{source.name} needs {found[1]}, which no loaded library defines",
                span,
                expected="the library that defines it: --lib FILE.so",
                found=found[1],
            ) from error

    def _build(
        self,
        source: Path,
        command: Sequence[str],
        target: Path,
        span: Span | None,
        written: Path | None = None,  # what is compiled instead of the source
    ) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh, objects = (target.with_suffix(f".{os.getpid()}.{end}") for end in ("tmp", "o"))

        def told(seconds: float) -> None:
            self._events.add(LibraryBuilding(file=str(source), seconds=seconds))

        try:
            with listed(BUILD, source.name, cancel):
                compiling = [*command, "-c", str(written or source), "-o", str(objects)]
                status, words = compile_files(compiling, told)
                if not status:
                    own = own_symbols(objects)
                    link = [*command, "-shared", *own, str(objects), "-o", str(fresh)]
                    status, words = compile_files(link, told)
            if status:
                raise _rejected(source, words, span)
            _seal(target).write_text(_sum(fresh))
            os.replace(fresh, target)  # another process may build the same one
        except Cancelled:
            raise CppError(f"compiling {source.name} was cancelled", span) from None
        except FileNotFoundError as error:
            raise CppError(
                f"{source.name} cannot be compiled: there is no C++ compiler", span,
                expected="g++ or clang++ on the path, or its command in CXX", found=command[0],
            ) from error  # fmt: skip
        except OSError as error:
            why = error.strerror or str(error)
            raise CppError(f"{source.name} cannot be compiled: {why}", span) from error
        finally:
            for leftover in (fresh, objects, objects.with_suffix(".shared")):
                leftover.unlink(missing_ok=True)


def _seal(target: Path) -> Path:
    return target.with_suffix(".sha256")


def _sum(library: Path) -> str:
    return hashlib.sha256(library.read_bytes()).hexdigest()


def _whole(target: Path) -> bool:
    """Whether a library is in the cache as it was written: loading half of one would end the process."""
    try:
        return _seal(target).read_text() == _sum(target)
    except OSError:
        return False


def _command(setting: Setting, session: Session) -> tuple[list[str], list[str]]:
    """The compiler and its arguments, less source and target."""
    arguments = [*FLAGS, *agreement(session)]
    arguments += [f"-D{name}={value}" for name, value in setting.defines.items()]
    folders = [*setting.include_dirs, sysconfig.get_paths()["include"]]
    return build.compiler(), arguments + [f"-I{folder}" for folder in folders]


def _rejected(source: Path, words: str, span: Span | None) -> CppError:
    diagnostics, other = parse_diagnostics(words)
    errors = [d for d in diagnostics if d.severity == "error"] or [
        Diagnostic("error", other.strip())
    ]
    notes = [Note(d.message, place_of(d.file, d.line, d.col)) for d in errors[:MOST_NOTES]]
    return CppError(f"{source.name} does not compile", span, found=errors[0].message, notes=notes)


# Libraries are the process's, as Cling is.
_lock = threading.Lock()
_in_force: dict[Path, Path] = {}  # source -> the library that was loaded for it
_last: dict[Path, Path] = {}  # source -> the library that was built last
