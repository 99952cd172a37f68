"""The names that a C++ text defines at global scope, by the look of it.

Enough to hide those that were removed: a name that the look does not tell stays known until the next start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

_UNSAID = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL
)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)
_TEMPLATE = re.compile(r"^template\s*<")
_TYPE = re.compile(
    r"^(?:struct|class|union|enum(?:\s+(?:class|struct))?)\s+(?:alignas\([^)]*\)\s*)?(\w+)"
)
_NAMESPACE = re.compile(r"^(?:inline\s+)?namespace\s+(\w+)")
_USING = re.compile(r"^using\s+(\w+)\s*=")
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_VARIABLE = re.compile(r"([A-Za-z_]\w*)\s*(?:=|\[|\{|$)")
_NO_FUNCTION = frozenset(
    ("alignas", "decltype", "noexcept", "static_assert", "__attribute__", "operator", "asm")
)
# A function or a namespace, which no semicolon follows.
_ENDS_BY_BLOCK = re.compile(r"\)[^=;)]*\{$|^(?:inline\s+)?namespace\b[^=]*\{$")


# Namespaces of others, to which scripts add.
_OTHERS = frozenset(("std", "ImGui", "ImPlot", "ts"))


class Kind(Enum):
    """What a name is, as far as hiding it goes."""

    NAMESPACE = "namespace"
    MACRO = "macro"
    OTHER = "type, function or variable"


def global_names(text: str) -> dict[str, Kind]:
    """The names that a text defines or declares at global scope."""
    said = _UNSAID.sub(" ", text)
    names = dict.fromkeys(_DEFINE.findall(said), Kind.MACRO)
    for statement in _statements(_DIRECTIVE.sub("", said)):
        if found := _NAMESPACE.match(statement):
            if found[1] not in _OTHERS:
                names[found[1]] = Kind.NAMESPACE
        elif name := _name(statement):
            names[name] = Kind.OTHER
    return names


def is_balanced(text: str) -> bool:
    """Whether the brackets of a text close each other: else a namespace around it would not hold it."""
    pairs = {")": "(", "]": "[", "}": "{"}
    open_: list[str] = []
    for c in _UNSAID.sub(" ", text):
        if c in "([{":
            open_.append(c)
        elif c in pairs and (not open_ or open_.pop() != pairs[c]):
            return False
    return not open_


def _name(statement: str) -> str | None:
    if _TEMPLATE.match(statement):
        statement = _without_parameters(statement[len("template") :].lstrip()).lstrip()
    for pattern in (_USING, _TYPE):
        if found := pattern.match(statement):
            return found[1]
    if statement.startswith(("using ", "friend ", "static_assert", "extern template")):
        return None
    if statement.startswith("typedef "):
        words = re.findall(r"\w+", statement)
        return words[-1] if len(words) > 2 else None
    head = statement.split("=", 1)[0]
    for found in _FUNCTION.finditer(head):
        if found[1] not in _NO_FUNCTION:
            before = head[: found.start()].rstrip()
            return None if before.endswith("::") or not before else found[1]
    found = None if "::" in head.split()[-1:] else _VARIABLE.search(statement)
    return found[1] if found is not None and found.start() else None


def _without_parameters(text: str) -> str:
    """A template's declaration behind its `<…>`."""
    depth = 0
    for at, c in enumerate(text):
        depth += {"<": 1, ">": -1}.get(c, 0)
        if not depth:
            return text[at + 1 :]
    return ""


def _statements(text: str) -> Iterator[str]:
    """The statements of the outermost level; blocks are left out of them."""
    depth = 0
    written: list[str] = []
    for c in text:
        if c == "{":
            depth += 1
            if depth == 1:
                written.append("{")
        elif c == "}":
            depth = max(0, depth - 1)
            if not depth and _ENDS_BY_BLOCK.search(head := "".join(written).strip()):
                yield head
                written = []
        elif depth:
            continue
        elif c == ";":
            if head := "".join(written).strip():
                yield head
            written = []
        else:
            written.append(c)
