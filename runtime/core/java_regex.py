"""Java's regular expressions, which Clojure's `#"…"` are, as Python's `re.Pattern`.

Translated is what differs in spelling: `(?<n>…)`, `\\k<n>`, `\\Q…\\E`, `\\p{…}`, `\\z`, `\\h`, `\\R`, `\\e`,
octal, `\\x{…}`, and unions and intersections of classes. As in Java, `\\d \\w \\s \\b` mean ASCII unless the
pattern starts with `(?U)`.
See https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import regex

from runtime.native import _support
from runtime.process.interruption import wait_for

_sources: dict[re.Pattern[str], str] = {}  # only of patterns whose text had to change


@lru_cache(maxsize=512)
def compile_regex(source: str) -> re.Pattern[str]:
    """The pattern that Java reads `source` as. Raises `re.error`, whose `pos` counts in `source` if known."""
    text, flags = _Translation(source).run()
    try:
        pattern = re.compile(text, flags)
    except re.error as e:
        raise re.error(e.msg, source, e.pos if text == source else None) from None
    except (OverflowError, RecursionError) as e:
        raise re.error(str(e), source) from None
    if text != source:
        _sources[pattern] = source
    return pattern


# Matching. Python's `re` can neither be told to stop nor give the GIL up, so another engine, to which the
# pattern's text means the same, does it: https://github.com/mrabarnett/mrab-regex


@lru_cache(maxsize=512)
def _matcher(pattern: re.Pattern[str]) -> Any:
    return regex.compile(pattern.pattern, _regex_flags(pattern), cache_pattern=False)


def _regex_flags(pattern: re.Pattern[str]) -> int:
    inline = re.match(r"\(\?[a-zA-Z]+\)", pattern.pattern)
    names = ("IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE", "ASCII")
    flags = regex.VERSION0
    for name in () if inline else names:
        if pattern.flags & getattr(re, name):
            flags |= getattr(regex, name)
    return int(flags | (regex.ASCII if pattern.flags & re.ASCII else 0))


def _guarded(method: Callable[..., Any], *args: Any) -> Any:
    """Match for as long as the script's call may still take."""
    left = _support.seconds_left()
    try:
        return method(*args, concurrent=True, timeout=None if left < 0 else max(left, 0.001))
    except TimeoutError:
        wait_for(lambda slice_s: time.sleep(slice_s), 1.0)  # the watchdog is about to say so
        raise


def search(pattern: re.Pattern[str], text: str, start: int = 0) -> Any:
    """The first match at or after `start`, or None."""
    return _guarded(_matcher(pattern).search, text, start)


def fullmatch(pattern: re.Pattern[str], text: str) -> Any:
    """The match of the whole text, or None."""
    return _guarded(_matcher(pattern).fullmatch, text)


def finditer(pattern: re.Pattern[str], text: str) -> Iterator[Any]:
    """The matches one after the other, as Java finds them: after an empty one it looks one further."""
    at = 0
    while at <= len(text) and (match := search(pattern, text, at)) is not None:
        yield match
        at = match.end() + (match.end() == match.start())


def substitute(pattern: re.Pattern[str], by: Callable[[Any], str], text: str, most: int = 0) -> str:
    """The text with what `by` gives in the place of its matches, at most so many where that is not 0."""
    parts: list[str] = []
    at = 0
    for count, match in enumerate(finditer(pattern, text), 1):
        parts += (text[at : match.start()], by(match))
        at = match.end()
        if count == most:
            break
    return "".join((*parts, text[at:]))


def regex_source(pattern: re.Pattern[str]) -> str:
    """The text that `pattern` was read from."""
    return _sources.get(pattern, pattern.pattern)


POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
CATEGORIES = {"IsAlphabetic": "L", "IsLetter": "L", "IsDigit": "Nd", "IsPunctuation": "P"}
CATEGORIES |= {
    "IsUppercase": "Lu",
    "IsLowercase": "Ll",
    "javaLowerCase": "Ll",
    "javaUpperCase": "Lu",
}
HORIZONTAL = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
SIMPLE = {
    "z": r"\Z",
    "Z": r"(?=\n?\Z)",
    "e": r"\x1b",
    "R": r"(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])",
    "h": f"[{HORIZONTAL}]",
    "H": f"[^{HORIZONTAL}]",
    "v": r"[\n\x0b\f\r\x85\u2028\u2029]",
    "V": r"[^\n\x0b\f\r\x85\u2028\u2029]",
}


@lru_cache(maxsize=64)
def category_ranges(prefix: str) -> str:
    """The inside of a class that matches every character whose Unicode category starts with `prefix`."""
    ranges: list[str] = []
    first = -1
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(prefix)
        if inside and first < 0:
            first = code
        elif not inside and first >= 0:
            ranges.append(f"\\U{first:08x}-\\U{code - 1:08x}")
            first = -1
    return "".join(ranges)


class _Translation:
    """One pass over the source; `at` is the place of the next character."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def fail(self, message: str, at: int) -> re.error:
        return re.error(message, self.source, at)

    def run(self) -> tuple[str, int]:
        source, out, flags = self.source, [], re.ASCII
        head = re.match(r"\(\?([idmsuxU]+)\)", source)
        if head:
            # Python has no `d`; `u` and `U` are its way without the ASCII flag.
            if set("uU") & set(head[1]):
                flags = re.RegexFlag(0)
            for letter in set(head[1]) & set("imsx"):
                flags |= getattr(re, letter.upper())
            self.at = head.end()
        while self.at < len(source):
            c = source[self.at]
            if c == "\\":
                out.append(self.escape(in_class=False))
            elif c == "[":
                out.append(self.char_class())
            elif (
                source.startswith("(?<", self.at) and source[self.at + 3 : self.at + 4] not in "=!"
            ):
                out.append("(?P<")
                self.at += 3
            else:
                out.append(c)
                self.at += 1
        return "".join(out), flags

    def escape(self, in_class: bool) -> str:
        """The translation of the escape at `at`, which ends up after it."""
        source, start = self.source, self.at
        c = source[start + 1 : start + 2]
        self.at = start + 2
        if c == "Q":
            end = source.find("\\E", self.at)
            quoted = source[self.at : end if end >= 0 else len(source)]
            self.at = end + 2 if end >= 0 else len(source)
            return re.escape(quoted)
        if c in ("p", "P"):
            return self.category(c == "P", in_class, start)
        if c == "k":
            name = self.match(r"<(\w+)>", "a group's name in <>", start)
            return f"(?P={name[1]})"
        if c == "0":
            digits = self.match(r"[0-3]?[0-7]{1,2}", "octal digits", start)[0]
            return f"\\x{int(digits, 8):02x}"
        if c == "x" and source.startswith("{", self.at):
            return f"\\U{int(self.match(r'{([0-9a-fA-F]{1,6})}', 'hexadecimal digits', start)[1], 16):08x}"
        if c == "c":
            return f"\\x{ord(self.match('.', 'a control character', start)[0]) ^ 64:02x}"
        if c in SIMPLE and c != "":
            text = SIMPLE[c]
            if not in_class:
                return text
            if c in "hv":
                return HORIZONTAL if c == "h" else r"\n\x0b\f\r\x85\u2028\u2029"
            if c == "e":
                return text
            raise self.fail(f"\\{c} cannot stand in a class", start)
        return "\\" + c

    def match(self, pattern: str, wanted: str, start: int) -> re.Match[str]:
        m = re.compile(pattern).match(self.source, self.at)
        if m is None:
            raise self.fail(f"expected {wanted}", start)
        self.at = m.end()
        return m

    def category(self, negated: bool, in_class: bool, start: int) -> str:
        m = self.match(r"{(\w+)}|(\w)", "a category in {}", start)
        name = m[1] or m[2]
        inside = POSIX.get(name)
        if inside is None:
            prefix = CATEGORIES.get(name, name.removeprefix("Is"))
            if not re.fullmatch(
                r"L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfon]?", prefix
            ):
                raise self.fail(f"unknown character category {name}", start)
            inside = category_ranges(prefix)
        if not in_class:
            return f"[^{inside}]" if negated else f"[{inside}]"
        if negated:
            raise self.fail("a negated category cannot stand in a class", start)
        return inside

    def char_class(self) -> str:
        """The class at `at`; `[A&&B]` becomes a look-ahead for A before B."""
        start = self.at
        negated, parts = self.class_body()
        if len(parts) == 1:
            return f"[^{parts[0]}]" if negated else f"[{parts[0]}]"
        both = "".join(f"(?=[{part}])" for part in parts[:-1]) + f"[{parts[-1]}]"
        if any(part == "" for part in parts):
            raise self.fail("an operand of && is missing", start)
        return f"(?:(?!{both})[\\s\\S])" if negated else f"(?:{both})"

    def class_body(self) -> tuple[bool, list[str]]:
        source, start = self.source, self.at
        self.at += 1
        negated = source.startswith("^", self.at)
        self.at += negated
        parts = [""]
        while self.at < len(source):
            c = source[self.at]
            if c == "]":
                self.at += 1
                return negated, parts
            if c == "\\":
                parts[-1] += self.escape(in_class=True)
            elif source.startswith("&&", self.at):
                parts.append("")
                self.at += 2
            elif c == "[":
                parts[-1] += self.nested_class(alone=parts[-1] == "" and len(parts) > 1)
            else:
                parts[-1] += "\\" + c if c in "|~&" else c
                self.at += 1
        raise self.fail("unterminated character class", start)

    def nested_class(self, alone: bool) -> str:
        start = self.at
        negated, parts = self.class_body()
        if len(parts) > 1 or (
            negated and not (alone and self.source[self.at : self.at + 1] in "]&")
        ):
            raise self.fail("such a class in a class is not supported", start)
        return "^" + parts[0] if negated else parts[0]
