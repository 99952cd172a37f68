"""A header as text, for when Clang will not read it again.

A header that was rejected is taken back, but Clang remembers having read it: `#pragma once` or its guard
would leave it out the next time, mended or not. Its text, with that of the headers it includes, is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from runtime.cling.companions import INCLUDE, find_header, reached
from runtime.process.files import read_text

_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b[^\n]*$", re.MULTILINE)
_IF = re.compile(r"^[ \t]*#[ \t]*if", re.MULTILINE)
_ENDIF = re.compile(r"^[ \t]*#[ \t]*endif", re.MULTILINE)
# Blanks and comments, in a way that is never tried in another: headers begin with banners of any length.
_BLANK = r"(?>\s++|//[^\n]*+|/\*(?>[^*]++|\*(?!/))*+\*/)*+"
_GUARD = re.compile(
    rf"\A\ufeff?{_BLANK}#[ \t]*(?:ifndef[ \t]+(\w++)"
    r"|if[ \t]*![ \t]*defined(?:[ \t]*\([ \t]*(\w++)[ \t]*\)|[ \t]+(\w++)))"
    rf"{_BLANK}#[ \t]*define[ \t]+(?:\1|\2|\3)\b"
)


class IncludesItselfError(Exception):
    """A header that includes itself with nothing that ends it, at a line of a file."""

    def __init__(self, file: Path, line: int) -> None:
        super().__init__("#include nested too deeply")
        self.file = file
        self.line = line


def reread(
    code: str, name: str, folders: Sequence[Path], declared: set[Path], taken_back: set[Path]
) -> str:
    """`code`, which calls itself `name`, with the text of headers in place of those includes that Clang
    would leave out: of the user's `folders`, and it or a header it includes was `taken_back`.

    Headers `declared` since are left as they are.
    """
    seen = set(declared)

    def include(m: re.Match[str]) -> str:
        path = find_header(m[1] or m[2], folders)
        if path is None or path in declared:
            return m[0]
        if taken_back.isdisjoint({path, *reached(path, folders)} - declared):
            return m[0]
        line = code.count("\n", 0, m.start()) + 1
        return f'{pasted(path, folders, seen)}\n#line {line} "{name}"\n'

    return INCLUDE.sub(include, code)


def included(code: str, folders: Sequence[Path]) -> set[Path]:
    """The user's files that `code` includes, directly or through others."""
    found = (find_header(quoted or angled, folders) for quoted, angled in INCLUDE.findall(code))
    return {file for path in found if path for file in (path, *reached(path, folders))}


def refuse_cycles(files: Iterable[Path], folders: Sequence[Path]) -> None:
    """Raises IncludesItselfError where a file includes itself, perhaps through others, without end.

    Clang must not find it out: from then on it would include no file twice, for the life of the process.
    """
    edges: dict[Path, list[tuple[Path, int]]] = {}  # what ends by a guard or a condition has none
    for file in files:
        text = read_text(file)
        edges[file] = []
        for m in INCLUDE.finditer("" if _is_guarded(text) else text):
            found = find_header(m[1] or m[2], folders, file.parent if m[1] else None)
            if found is not None and not _is_conditional(text[: m.start()]):
                edges[file].append((found, text.count("\n", 0, m.start()) + 1))
    done: set[Path] = set()

    def follow(file: Path, above: tuple[Path, ...]) -> None:
        for found, line in edges.get(file, ()):
            if found in above:
                raise IncludesItselfError(file, line)
            if found not in done:
                follow(found, (*above, found))
        done.add(file)

    for file in edges:
        follow(file, (file,))


def pasted(
    path: Path, folders: Sequence[Path], seen: set[Path], known: Mapping[Path, str] | None = None
) -> str:
    """The text of a header in the user's `folders` and of those it includes, save guarded ones `seen`
    before; they are added there. Places in it are those of the files.

    `known` has texts that stand for those of the files, which may say something else by now."""
    declared = frozenset(seen)
    open_: set[Path] = set()
    known = known or {}

    def paste(file: Path) -> str:
        text = known[file] if file in known else read_text(file)
        if file in declared or file in open_ or (_is_guarded(text) and file in seen):
            return ""
        seen.add(file)
        open_.add(file)

        def include(m: re.Match[str]) -> str:
            beside = file.parent if m[1] else None
            found = find_header(m[1] or m[2], folders, beside)
            if found is None:  # it may be gone since
                places = [*([beside] if beside else []), *folders]
                found = next(
                    (p / (m[1] or m[2]) for p in places if p / (m[1] or m[2]) in known), None
                )
            if found is None:
                return m[0]
            line = text.count("\n", 0, m.start()) + 1
            return f'{paste(found)}\n#line {line} "{file}"\n'

        guard = guard_of(text)
        undefined = f"#undef {guard}\n" if guard else ""
        body = INCLUDE.sub(include, _ONCE.sub("", text))
        open_.remove(file)
        return f'{undefined}#line 1 "{file}"\n{body}'

    return paste(path)


def guard_of(text: str) -> str:
    """The macro that keeps a header from being read twice; empty where there is none."""
    found = _GUARD.match(text)
    return (found[1] or found[2] or found[3]) if found else ""


def _is_guarded(text: str) -> bool:
    """Whether a header is empty when it is read a second time."""
    return bool(guard_of(text)) or _ONCE.search(text) is not None


def _is_conditional(before: str) -> bool:
    """Whether what follows the text `before` is between an #if and its #endif."""
    return len(_IF.findall(before)) > len(_ENDIF.findall(before))
