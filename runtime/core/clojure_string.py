"""The namespace clojure.string."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.java_regex import finditer, substitute
from runtime.core.kinds import type_name, vector
from runtime.core.printing import str_value
from runtime.core.registry import core
from runtime.core.sequences import iterate
from runtime.core.strings import groups
from runtime.core.values import Char

NS = "clojure.string"


def _text(value: Any) -> str:
    """A text argument: strings as they are, other values by `str`; nil is an error."""
    if isinstance(value, str):
        return value
    if value is None:
        raise TypeError("expected a string, found nil")
    return str_value(value)


@core("join", NS, "([coll] [separator coll])")
def join(separator: Any, *coll: Any) -> str:
    """The texts of the items with the separator between them."""
    if not coll:
        return "".join(map(str_value, iterate(separator)))
    return str_value(separator).join(map(str_value, iterate(coll[0])))


@core("split", NS, "([s re] [s re limit])")
def split(text: Any, pattern: re.Pattern[str], limit: int = 0) -> Any:
    """The parts between the matches, at most `limit` of them; empty ones at the end only with a limit."""
    parts: list[str] = []
    at = 0
    for match in finditer(pattern, _text(text)):
        if limit > 0 and len(parts) == limit - 1:
            break
        if match.end() == 0:  # an empty match at the start gives no empty first part
            continue
        if match.start() == match.end() == len(text):
            continue
        parts.append(text[at : match.start()])
        at = match.end()
    parts.append(text[at:])
    if limit == 0:
        while len(parts) > 1 and parts[-1] == "":
            parts.pop()
        if parts == [""] and text != "":
            parts = []
    return vector(parts)


@core("split-lines", NS, "([s])")
def split_lines(text: Any) -> Any:
    """The lines, without their ends."""
    return split(text, re.compile(r"\r?\n"))


def _group_references(replacement: str) -> Callable[[re.Match[str]], str]:
    """Java's replacement syntax: `$1`, `${name}`, and a backslash before a literal character."""

    def expand(match: re.Match[str]) -> str:
        def one(part: re.Match[str]) -> str:
            if part[1] is not None:
                return part[1]
            return match[part[2] if part[2] is not None else int(part[3])] or ""

        return re.sub(r"\\(.)|\$\{(\w+)\}|\$(\d)", one, replacement, flags=re.DOTALL)

    return expand


def _replace(text: Any, what: Any, by: Any, count: int) -> str:
    text = _text(text)
    if isinstance(what, re.Pattern):
        if isinstance(by, str):
            return substitute(what, _group_references(by), text, count)
        f = as_fn(by)
        return substitute(what, lambda match: str_value(f(groups(match))), text, count)
    if not isinstance(what, str | Char) or not isinstance(by, str | Char):
        raise TypeError(f"cannot replace {type_name(what)} by {type_name(by)}")
    return text.replace(str_value(what), str_value(by), count or -1)


@core("replace", NS, "([s match replacement])")
def replace(text: Any, what: Any, by: Any) -> str:
    """All occurrences of a string, character or pattern replaced; a pattern's also by a function."""
    return _replace(text, what, by, 0)


@core("replace-first", NS, "([s match replacement])")
def replace_first(text: Any, what: Any, by: Any) -> str:
    """The first occurrence of a string, character or pattern replaced."""
    return _replace(text, what, by, 1)


@core("re-quote-replacement", NS, "([replacement])")
def re_quote_replacement(text: Any) -> str:
    """A replacement that stands for the text itself."""
    return re.sub(r"([\\$])", r"\\\1", _text(text))


@core("reverse", NS, "([s])")
def reverse(text: Any) -> str:
    """The characters in reverse order."""
    return _text(text)[::-1]


@core("upper-case", NS, "([s])")
def upper_case(text: Any) -> str:
    """The text in upper case."""
    return _text(text).upper()


@core("lower-case", NS, "([s])")
def lower_case(text: Any) -> str:
    """The text in lower case."""
    return _text(text).lower()


@core("capitalize", NS, "([s])")
def capitalize(text: Any) -> str:
    """The first character in upper case, the others in lower case."""
    text = _text(text)
    return text[:1].upper() + text[1:].lower()


@core("trim", NS, "([s])")
def trim(text: Any) -> str:
    """Without white space at both ends."""
    return _text(text).strip()


@core("triml", NS, "([s])")
def triml(text: Any) -> str:
    """Without white space at the start."""
    return _text(text).lstrip()


@core("trimr", NS, "([s])")
def trimr(text: Any) -> str:
    """Without white space at the end."""
    return _text(text).rstrip()


@core("trim-newline", NS, "([s])")
def trim_newline(text: Any) -> str:
    """Without line ends at the end."""
    return _text(text).rstrip("\r\n")


@core("blank?", NS, "([s])")
def is_blank(text: Any) -> bool:
    """Whether there is nothing but white space; nil is blank."""
    return text is None or not _text(text).strip()


@core("starts-with?", NS, "([s substr])")
def starts_with(text: Any, part: Any) -> bool:
    """Whether the text starts with the part."""
    return _text(text).startswith(_text(part))


@core("ends-with?", NS, "([s substr])")
def ends_with(text: Any, part: Any) -> bool:
    """Whether the text ends with the part."""
    return _text(text).endswith(_text(part))


@core("includes?", NS, "([s substr])")
def includes(text: Any, part: Any) -> bool:
    """Whether the part occurs in the text."""
    return _text(part) in _text(text)


@core("index-of", NS, "([s value] [s value from-index])")
def index_of(text: Any, value: Any, start: int = 0) -> int | None:
    """Where the string or character first occurs at or after `from-index`, nil for nowhere."""
    found = _text(text).find(_text(value), max(start, 0))
    return None if found < 0 else found


@core("last-index-of", NS, "([s value] [s value from-index])")
def last_index_of(text: Any, value: Any, start: int | None = None) -> int | None:
    """Where the string or character last occurs at or before `from-index`, nil for nowhere."""
    text, value = _text(text), _text(value)
    found = text.rfind(value) if start is None else text.rfind(value, 0, start + len(value))
    return None if found < 0 else found


@core("escape", NS, "([s cmap])")
def escape(text: Any, replacements: Any) -> str:
    """Each character replaced by its value in the map (or function), where it has one."""
    lookup = as_fn(replacements)

    def one(char: str) -> str:
        found = lookup(Char(char))
        return char if found is None else str_value(found)

    return "".join(map(one, _text(text)))
