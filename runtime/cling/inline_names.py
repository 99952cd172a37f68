"""Which names lead to C++ whose bodies Cling compiles itself: the user's inline code, and templates.

Cling emits an inline function once, in the first transaction that needs it, and at that transaction's level
of optimisation. Stubs compile several times faster unoptimised, but only those may that cannot be the first
to need such a function: they would leave it slow for the life of the process.

The names are found by the look of the text. Taking too many costs compile time; a name that the look does
not tell (pasted together by a macro, say) would cost speed.
"""

from __future__ import annotations

import re
from pathlib import Path

from runtime.cling.companions import companion_of, reached
from runtime.process.files import read_text

_UNSAID = re.compile(
    r'//[^\n]*|/\*(?:.*?\*/|.*)|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])+'|^[ \t]*#[ \t]*(?:include|pragma)[^\n]*",
    re.DOTALL | re.MULTILINE,
)
# A name that is declared is no member of something and no qualifier: in `ImGui::Text(a.b)` only `a` may be.
_NAME = re.compile(r"(?<![\w.])(?<!::)(?<!->)[A-Za-z_]\w*+(?!\s*::)")
_BODY = re.compile(r"\)[^;{}()]*+\{|\btemplate\b")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TEMPLATE = re.compile(r"\bstd::|[\w>]<")
# Conversions to ordinary types, which the extension has compiled or which only forward to it.
_COMPILED = re.compile(r"\bts::(?:construct|unbox)<[\w *]+>")
# Those that stand in the expressions of stubs.
_KEYWORDS = frozenset(
    ("bool", "char", "const", "const_cast", "delete", "double", "enum", "false", "float", "int", "long",
     "new", "nullptr", "operator", "reinterpret_cast", "short", "signed", "sizeof", "static_cast", "std",
     "struct", "true", "unsigned", "void", "volatile", "wchar_t", "size_t", "int8_t", "int16_t", "int32_t",
     "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t")
)  # fmt: skip


def declared_names(text: str) -> set[str]:
    """The names that a C++ text may declare, and some that it only uses."""
    return set(_NAME.findall(_UNSAID.sub(" ", text))) - _KEYWORDS


def has_bodies(text: str) -> bool:
    """Whether a C++ text defines functions or templates, and does not only declare."""
    return _BODY.search(_UNSAID.sub(" ", text)) is not None


class InlineNames:
    """The names of the user's inline code that Cling was given so far."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._headers: set[Path] = set()

    def add_text(self, text: str) -> None:
        """C++ that a script declares in place."""
        self._names |= declared_names(text)

    def add_header(self, header: Path, folders: list[Path]) -> None:
        """A header of the user's folders, with those it includes. One with a companion counts only where
        it defines something."""
        for path in [header, *reached(header, folders)]:
            if path in self._headers:
                continue
            self._headers.add(path)
            text = read_text(path)
            if companion_of(path) is None or has_bodies(text):
                self._names |= declared_names(text)

    def mentioned_in(self, text: str) -> bool:
        """Whether an expression with its types may be the first to need inline code."""
        if _TEMPLATE.search(_COMPILED.sub("", text)):
            return True
        return not self._names.isdisjoint(_WORD.findall(text))
