"""Which C++ expressions provably instantiate no templates but our own.

A wrong one of these can be rejected by Cling without harm. All others are tried in a copy of the process
first (`runtime.cling.trial`), because Cling's way of taking back what it rejects spoils the templates that
were instantiated for it. Dear ImGui's names are known by their look, the user's by the headers they are in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from runtime.cling.companions import INCLUDE, find_header, reached
from runtime.cling.inline_names import declared_names
from runtime.process.files import read_text

_MEMBER = re.compile(r"(?:\.|->)\s*[A-Za-z_]\w*")
_OWN = re.compile(r"\bts::\w+|\bstd::declval\b|\bstd::u?int(?:8|16|32|64)_t\b|\bstd::size_t\b")
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*+"' + r"|'(?:\\.|[^'\\\n])++'")
_WORD = re.compile(r"(?<![\w$])[A-Za-z_]\w*")
_IMGUI = re.compile(r"\bIm(?:Gui|Plot3D|Plot|Nodes|Guizmo)::\w+|\bIm[A-Z]\w*")
_IMGUI_TEMPLATES = re.compile(
    r"\bIm(?:Vector|Pool|Span|SpanAllocator|ChunkStream|BitArray|StableVector)\b"
)
_KEYWORDS = frozenset(
    ("bool", "char", "const", "const_cast", "delete", "double", "false", "float", "int", "long", "new",
     "nullptr", "reinterpret_cast", "short", "signed", "sizeof", "static_cast", "true", "unsigned", "void",
     "volatile", "size_t", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
     "uint64_t")
)  # fmt: skip
# A header with one of these may lead to templates.
_TEMPLATE = re.compile(r"\btemplate\b|\bstd\b|\bauto\b|\busing\b|\bconcept\b|\boperator\b|[\w>]<")
_COMMENT = re.compile(r"//[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
_C_HEADERS = re.compile(
    r"c(?:assert|ctype|errno|float|inttypes|limits|math|stddef|stdint|stdio|stdlib|string|time)"
    r"|(?:assert|ctype|errno|float|inttypes|limits|math|stddef|stdint|stdio|stdlib|string|time)\.h"
)


class PlainNames:
    """The names of the user's headers in which there are no templates."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._others: set[str] = set()  # of headers that may lead to templates: never plain

    def add_header(self, header: Path, folders: Sequence[Path]) -> None:
        """A header of the user's folders, with those it includes, was declared."""
        for path in (header, *reached(header, folders)):
            text = _COMMENT.sub(" ", read_text(path))
            self._add(text, declared_names(text), path.parent, folders)

    def add_text(self, text: str) -> None:
        """C++ that a script declares in place."""
        text = _COMMENT.sub(" ", text)
        self._add(text, declared_names(text), None, ())

    def _add(
        self, text: str, names: set[str], beside: Path | None, folders: Sequence[Path]
    ) -> None:
        plain = not _TEMPLATE.search(INCLUDE.sub("", text)) and all(
            _C_HEADERS.fullmatch(quoted or angled)
            or find_header(quoted or angled, folders, beside if quoted else None)
            for quoted, angled in INCLUDE.findall(text)
        )
        if plain:
            self._names |= names
        else:
            self._others |= names

    def say_all_of(self, texts: Iterable[str]) -> bool:
        """Whether the expressions consist of names that lead to no templates."""
        return all(self._plain(text) for text in texts)

    def _plain(self, text: str) -> bool:
        if _IMGUI_TEMPLATES.search(text):
            return False
        rest = _IMGUI.sub(" ", _OWN.sub(" ", _MEMBER.sub(" ", _STRING.sub(" ", text))))
        return all(
            word in _KEYWORDS or (word in self._names and word not in self._others)
            for word in _WORD.findall(rest)
        )


plain_names = PlainNames()  # Cling is one per process, and so is what it was told
