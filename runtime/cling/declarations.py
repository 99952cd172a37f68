"""What scripts declare to Cling: headers, include folders, raw C++. Each text is declared once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.cling.companions import INCLUDE, Companions, Setting, find_header, reached
from runtime.cling.diagnostics import notes_of, place_of, readable, register_raw
from runtime.cling.global_names import is_balanced
from runtime.cling.inline_names import InlineNames
from runtime.cling.judging import Source, judged
from runtime.cling.pasting import (
    IncludesItselfError,
    included,
    pasted,
    refuse_cycles,
    reread,
)
from runtime.cling.plain_names import plain_names
from runtime.cling.session import Declared, Session
from runtime.cling.worlds import Unit, header_unit, raw_unit, sources_of, worlds
from runtime.errors import CppError, Note, Span
from runtime.events import EventLog
from runtime.process.files import read_text


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Companions that were built for the world `number`: source -> library. `stamp` is of what was read."""

    number: int | None = None
    libraries: Mapping[Path, Path] = field(default_factory=dict)
    stamp: frozenset[tuple[Path, int]] = frozenset()


class Declarations:
    """Declared text of this process. `on_new` is told whenever C++ names may have got new meanings."""

    def __init__(self, session: Session, on_new: Callable[[], None], events: EventLog) -> None:
        self._session = session
        self._on_new = on_new
        self.companions = Companions(session, events)
        self._lock = threading.RLock()
        self.files: set[Path] = (
            set()
        )  # of the user: headers in force, sources beside them, what both include

    def add_include_dirs(self, folders: Sequence[Path], users: bool = True) -> None:
        """Folders in which headers are looked for; one that does not exist is skipped by Clang.

        In the `users` own, a header may have its source beside it: `runtime.cling.companions`.
        """
        for folder in folders:
            text = str(folder.resolve())
            if users and folder.resolve() not in _user_folders:
                _user_folders.append(folder.resolve())
            if text not in _include_dirs:
                _include_dirs.append(text)
                self._session.add_include_dir(folder.resolve())

    def define(self, defines: Mapping[str, str]) -> None:
        """Preprocessor defines that headers declared from now on see."""
        lines = []
        for name, value in defines.items():
            if _defined.get(name) != value:
                lines.append(f"#define {name} {value}".rstrip())
                _defined[name] = value
        if lines:
            self._session.declare("\n".join(lines))

    def include(self, header: str, span: Span | None = None) -> None:
        """Declare a header, and load what is compiled of it. Raises CppError at `span` when it is missing
        or does not compile. Blocks while the system's compiler works: seconds, the first time."""
        with self._lock:
            text = header if header.startswith("<") else f'"{header}"'
            code = f"#include {text}\n"
            if code in _declared:  # what was edited since is declared again by `changed`
                return
            path = find_header(header.strip("<>"), _user_folders)
            files: list[Path] = []
            if path is not None:
                setting = Setting(_user_folders, _include_dirs, _defined)
                files = [path, *self.companions.load(path, setting, span)]
                _inline_names.add_header(path, _user_folders)
                plain_names.add_header(path, _user_folders)
            self._include(code, header, span)
            for file in files:
                self.files |= {file, *reached(file, _user_folders)}

    def raw(self, text: str, span: Span | None = None) -> None:
        """Declare C++ at global scope. Raises CppError at the place in `text` that Clang rejects; `span`
        is that of the literal."""
        with self._lock:
            if worlds.in_force(text) is not None:
                return
            name = register_raw(text, span) if span is not None else f"cpp/raw {worlds.serial}"
            files = included(text, _user_folders)
            try:
                refuse_cycles(files, _user_folders)
            except IncludesItselfError as e:
                raise CppError(str(e), span, notes=[_place_note(e)]) from None
            unit = raw_unit(text, name, files)
            done = self._declare_raw(unit)
            if not done.ok:
                raise self._raw_error(done, span)
            _inline_names.add_text(text)
            plain_names.add_text(text)
            self._on_new()

    def _declare_raw(self, unit: Unit) -> Declared:
        """Declare a text in the newest world, or in one more where it takes the place of another."""
        sound = is_balanced(
            unit.text
        )  # what is not is rejected, and outside of a world in plainer words
        hidden = sound and (worlds.hides(unit) or worlds.straddles(unit))
        if hidden:
            done = worlds.replace(self._session, [], unit, _user_folders)
        else:
            code = f'#line 1 "{unit.name}"\n{_reread(unit.text, unit.name)}\n'
            world = worlds.newest
            code = world.around(code) if world.number and sound else code
            done = judged(self._session, code, sources_of([unit]))
        old = worlds.superseded(done)
        if old:
            if not done.traceless:
                _taken_back.update(unit.files.keys() - _declared_files)
            done = worlds.replace(self._session, old, unit, _user_folders)
        elif done.ok and not hidden:
            worlds.add(unit, inside=bool(worlds.newest.number) and sound)
            worlds.mention(unit.names)
            _declared_files.update(unit.files)
        if not done.ok and not done.traceless:
            _taken_back.update(unit.files)
        return done

    def retire(self, texts: Collection[str]) -> frozenset[str]:
        """Raw texts stand in no file any more: the names that are known no longer."""
        with self._lock:
            gone = [unit for text in texts if (unit := worlds.in_force(text)) is not None]
            if not gone or not worlds.retire(self._session, gone, _user_folders).ok:
                return frozenset()
            self._on_new()
            return frozenset(name for unit in gone for name in unit.defined)

    def reaches_inline_code(self, text: str) -> bool:
        """Whether a C++ expression, with its types, may need functions that Cling has yet to compile."""
        return _inline_names.mentioned_in(text)

    @staticmethod
    def _raw_error(done: Declared, span: Span | None) -> CppError:
        first, *others = done.errors
        place = place_of(first.file, first.line, first.col) or span
        more = [Note(d.message, place_of(d.file, d.line, d.col)) for d in others]
        return CppError(readable(first.message), place, notes=[*notes_of([first]), *more])

    def _include(self, code: str, header: str, span: Span | None) -> None:
        with self._lock:
            files = included(code, _user_folders)
            try:
                refuse_cycles(files, _user_folders)
            except IncludesItselfError as e:
                message = f"{header} does not compile"
                raise CppError(message, span, found=str(e), notes=[_place_note(e)]) from None
            path = find_header(header.strip("<>"), _user_folders)
            unit = header_unit(path, header, _user_folders) if path is not None else None
            inside = unit is not None and worlds.concerns(unit)
            straddles = unit is not None and worlds.straddles(unit)
            text = self._header_code(code, inside)
            if path is None and _is_sound(header):
                done = self._session.declare(text)
            elif straddles:
                done = worlds.replace(self._session, [], unit, _user_folders)
            else:
                order = sorted(files, key=lambda file: file != path)
                done = judged(self._session, text, [Source(str(f), read_text(f)) for f in order])
            if not done.ok:
                if not done.traceless:
                    _taken_back.update(files)
                raise self._header_error(done, header, span)
            _declared.add(code)
            _declared_files.update(files)
            if unit is None:
                worlds.mention_all()
            elif straddles:
                pass  # it is in force
            elif worlds.hides(unit):
                done = worlds.replace(self._session, [], unit, _user_folders)
                if not done.ok:
                    raise self._header_error(done, header, span)
            else:
                worlds.add(unit, inside)
                worlds.mention(unit.names)
            self._on_new()

    @staticmethod
    def _header_code(code: str, inside: bool) -> str:
        """What declares a header, in the newest world or at global scope."""
        world = worlds.newest
        if not inside:
            return _reread(code, "require")
        seen = set(_declared_files)
        return world.around(
            INCLUDE.sub(
                lambda m: (
                    pasted(found, _user_folders, seen)
                    if (found := find_header(m[1] or m[2], _user_folders))
                    else m[0]
                ),
                code,
            )
        )

    def rebuild(self, files: Collection[Path]) -> Rebuilt:
        """Build again the companions that `files` are part of, for a world to come. Takes as long as the
        system's compiler does, and may run on any thread. Raises CppError where one does not compile."""
        with self._lock:
            touched = set(files)
            old = self._touched(touched)
            setting = Setting(_user_folders, _include_dirs, _defined)
            found = {
                source: touched.isdisjoint({source, *reached(source, _user_folders)})
                for unit in old
                if unit.path is not None
                for source in self.companions.sources(unit.path, _user_folders)
            }
            sources = [source for source, untouched in found.items() if not untouched]
            if not sources:
                return Rebuilt()
            number, texts = worlds.sources_for(old, sources, _user_folders)
            stamp = _stamp(sources)
        built = {s: self.companions.build_again(s, text, setting) for s, text in texts.items()}
        return Rebuilt(number, built, stamp)

    def needs_build(self, files: Collection[Path]) -> bool:
        """Whether one of the files is part of a companion that is in force."""
        touched = set(files)
        return any(
            not touched.isdisjoint({source, *reached(source, _user_folders)})
            for source in self.companions.in_force()
        )

    @staticmethod
    def is_of_now(rebuilt: Rebuilt) -> bool:
        """Whether the files say what they said when the companions were built."""
        return rebuilt.stamp == _stamp(rebuilt.libraries)

    def _touched(self, files: set[Path]) -> list[Unit]:
        """The units that are another once `files` are; those of companions among them."""
        found = []
        for unit in worlds.units:
            behind = set(unit.files)
            if unit.path is not None:
                for source in self.companions.sources(unit.path, _user_folders):
                    behind |= {source, *reached(source, _user_folders)}
            if behind & files:
                found.append(unit)
        return found

    def changed(self, files: Collection[Path], rebuilt: Rebuilt | None = None) -> frozenset[str]:
        """Declare again the headers that one of the user's `files` is part of, from what these say now,
        with everything that may mean their names. Gives those names; none where nothing was declared.

        `rebuilt` is what `rebuild` gave for these files; without it companions are built now. Raises
        CppError at the place that Clang rejects; then what was declared before stays in force.
        """
        with self._lock:
            old = self._touched(set(files))
            if not old:
                return frozenset()
            if rebuilt is None or not self.is_of_now(rebuilt):
                rebuilt = self.rebuild(files)
            for source, library in rebuilt.libraries.items():
                self.companions.open_again(source, library)
            done = worlds.replace(self._session, old, None, _user_folders, rebuilt.number)
            if not done.ok:
                raise self._header_error(done, ", ".join(sorted(f.name for f in files)), None)
            for unit in worlds.newest.units:
                if unit.path is not None:
                    _inline_names.add_header(unit.path, _user_folders)
                    plain_names.add_header(unit.path, _user_folders)
                    self.files |= unit.files.keys()
            self._on_new()
            return worlds.newest.outermost

    @staticmethod
    def _header_error(done: Declared, header: str, span: Span | None) -> CppError:
        first = done.errors[0]
        if "file not found" in first.message and first.file.startswith("input_line"):
            known = ", ".join(_include_dirs) or "none"
            return CppError(
                f"the header {header} is not found",
                span,
                expected="a header in one of the include folders: --include DIR",
                found=f"folders searched: {known}",
            )
        place = place_of(first.file, first.line, first.col)
        notes = [Note(readable(first.message), place), *notes_of([first])]
        return CppError(f"{header} does not compile", span, found=first.message, notes=notes)


def _is_sound(header: str) -> bool:
    """Whether a header that is not the user's needs no trial: the standard library's, Dear ImGui's."""
    return re.fullmatch(r"<?(?:[a-z_]+|im[\w/]+\.h)>?", header) is not None


def _stamp(sources: Iterable[Path]) -> frozenset[tuple[Path, int]]:
    """When the files of companions were written last."""
    files = {file for source in sources for file in (source, *reached(source, _user_folders))}
    return frozenset((file, file.stat().st_mtime_ns) for file in files)


def _reread(code: str, name: str) -> str:
    return reread(code, name, _user_folders, _declared_files, _taken_back)


def _place_note(error: IncludesItselfError) -> Note:
    return Note(str(error), place_of(str(error.file), error.line, 1))


# Cling is one per process, and so is what it was told.
_declared: set[str] = set()
_declared_files: set[Path] = set()  # of the user's folders
_taken_back: set[Path] = set()  # of what failed: Clang does not read them again
_include_dirs: list[str] = []
_user_folders: list[Path] = []
_defined: dict[str, str] = {}
_inline_names = InlineNames()
