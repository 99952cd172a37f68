"""Strings and regular expressions: str, subs, re-find and its relatives, parsing of numbers."""

from __future__ import annotations

import re
import uuid
from typing import Any

from runtime.core.java_regex import compile_regex, finditer, fullmatch, search
from runtime.core.kinds import type_name, vector
from runtime.core.printing import str_value
from runtime.core.registry import core
from runtime.core.sequences import IterSeq, seq


@core("str", arglists="([] [x] [x & ys])")
def str_(*values: Any) -> str:
    """The texts of the values, one after the other; nil is empty."""
    return "".join(
        [x if (kind := type(x)) is str else str(x) if kind is int else str_value(x) for x in values]
    )


@core("subs", arglists="([s start] [s start end])")
def subs(text: str, start: int, end: int | None = None) -> str:
    """The part of a string from `start` up to but not including `end`."""
    if end is None:
        end = len(text)
    if not 0 <= start <= end <= len(text):
        raise IndexError(f"subs {start} to {end} of a string of {len(text)}")
    return text[start:end]


@core("re-pattern", arglists="([s])")
def re_pattern(source: Any) -> re.Pattern[str]:
    """The regular expression of a string in Java's syntax."""
    return source if isinstance(source, re.Pattern) else compile_regex(source)


def groups(match: re.Match[str] | None) -> Any:
    """What Clojure gives for a match: the text, with groups a vector of it and them, nil for none."""
    if match is None:
        return None
    return vector((match[0], *match.groups())) if match.re.groups else match[0]


class Matcher:
    """A regular expression on its way through a text, as `re-matcher` makes it."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self.found = finditer(pattern, text)
        self.match: re.Match[str] | None = None

    def find(self) -> Any:
        self.match = next(self.found, None)
        return groups(self.match)


@core("re-matcher", arglists="([re s])")
def re_matcher(pattern: re.Pattern[str], text: str) -> Matcher:
    """A matcher for re-find and re-groups."""
    return Matcher(pattern, text)


@core("re-groups", arglists="([m])")
def re_groups(matcher: Matcher) -> Any:
    """The groups of the matcher's last match."""
    if matcher.match is None:
        raise RuntimeError("No match found")
    return groups(matcher.match)


@core("re-find", arglists="([m] [re s])")
def re_find(pattern: Any, text: Any = None) -> Any:
    """The first (of a matcher: the next) match, with groups as a vector; nil for none."""
    if type(pattern) is Matcher:
        return pattern.find()
    return groups(search(pattern, text))


@core("re-matches", arglists="([re s])")
def re_matches(pattern: re.Pattern[str], text: str) -> Any:
    """The match of the whole string, with groups as a vector; nil for none."""
    return groups(fullmatch(pattern, text))


@core("re-seq", arglists="([re s])")
def re_seq(pattern: re.Pattern[str], text: str) -> Any:
    """The lazy sequence of all matches; nil for none."""
    return seq(IterSeq.over(map(groups, finditer(pattern, text))))


LONG = re.compile(r"[+-]?[0-9]+")
DOUBLE = re.compile(
    r"[\x00-\x20]*[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?[\x00-\x20]*"
)
UUID = re.compile("-".join(f"[0-9a-fA-F]{{1,{n}}}" for n in (8, 4, 4, 4, 12)))


def _text(who: str, text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{who} takes a string, found {type_name(text)}")
    return text


@core("parse-long", arglists="([s])")
def parse_long(text: Any) -> int | None:
    """The integer a string holds, nil when it holds none of 64 bits."""
    if not LONG.fullmatch(_text("parse-long", text)):
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


@core("parse-double", arglists="([s])")
def parse_double(text: Any) -> float | None:
    """The double a string holds, nil when it holds none."""
    if not DOUBLE.fullmatch(_text("parse-double", text)):
        return None
    return float(text.strip().rstrip("fFdD").replace("Infinity", "inf"))


@core("parse-boolean", arglists="([s])")
def parse_boolean(text: Any) -> bool | None:
    """True for "true", false for "false", else nil."""
    return {"true": True, "false": False}.get(_text("parse-boolean", text))


@core("parse-uuid", arglists="([s])")
def parse_uuid(text: Any) -> uuid.UUID | None:
    """The UUID a string holds, nil when it holds none."""
    if not UUID.fullmatch(_text("parse-uuid", text)):
        return None
    parts = [part.zfill(n) for part, n in zip(text.split("-"), (8, 4, 4, 4, 12), strict=True)]
    return uuid.UUID("".join(parts))


@core("random-uuid", arglists="([])")
def random_uuid() -> uuid.UUID:
    """A random UUID."""
    return uuid.uuid4()
