"""The tokens of the text: one regular expression that finds them, and functions that give their values.

See https://clojure.org/reference/reader for the syntax.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from runtime.core import huge
from runtime.core.values import BigInt, Char
from runtime.core.values import Keyword as KeywordValue

# What ends a token; the rest of a word may be anything else, `'` and `#` included.
END = r'\s,"@^;`~()\[\]{}\\'
REST = rf"[^{END}]"

# Names of the groups of TOKEN, in their order: a match's `lastindex` is one of these.
WORD, OPEN, CLOSE, KEYWORD, INT, STRING, NUMBER, QUOTE, CHAR, DISPATCH, EOF, BAD = range(1, 13)

TOKEN = re.compile(
    rf"""[\s,]*+(?:(?:;|\#!)[^\n]*+[\s,]*+)*+
    (?:
      (cpp/[~^]=?(?=[{END}]|\Z) | (?![+-]?[0-9]|[:#'])[^{END}]{REST}*+)     # WORD
    | ([(\[{{])                                                             # OPEN
    | ([)\]}}])                                                             # CLOSE
    | (:{REST}*+)                                                           # KEYWORD
    | ([+-]?(?:0|[1-9][0-9]{{0,17}})(?=[{END}]|\Z))                         # INT
    | ("[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"?)                                   # STRING
    | ([+-]?[0-9]{REST}*+)                                                  # NUMBER
    | ('|`|~@|~|@|\^)                                                       # QUOTE
    | (\\(?:[\s\S]{REST}*+)?)                                               # CHAR
    | (\#(?: [({{'_^] | \?@?(?:[\s,]*+\()? | "[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"?
           | \#{REST}*+ | :{REST}*+ | (?:{REST}+)?))                        # DISPATCH
    | (\Z)                                                                  # EOF
    | ([\s\S])                                                              # BAD
    )""",
    re.VERBOSE,
)


class BadTokenError(Exception):
    """A token with no value; `start` and `end` count characters from the token's first."""

    def __init__(
        self, message: str, start: int, end: int, expected: str = "", found: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.expected = expected
        self.found = found


NUMBER_FORM = re.compile(
    r"""(?P<sign>[+-]?)
    (?: 0[xX](?P<hex>[0-9a-fA-F]+)(?P<hexN>N?)
      | (?P<radix>[0-9]{1,2})[rR](?P<digits>[0-9a-zA-Z]+)
      | (?P<numerator>[0-9]+)/(?P<denominator>[0-9]+)
      | (?P<octal>0[0-7]+)(?P<octalN>N?)
      | (?P<int>0|[1-9][0-9]*)(?P<intN>N?)
      | (?P<decimal>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)M
      | (?P<float>(?=[0-9]+[.eE])[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    )\Z""",
    re.VERBOSE,
)


def number(token: str) -> Any:
    """The number that `token` writes: int, BigInt, Fraction, float or Decimal. Raises BadTokenError."""
    m = NUMBER_FORM.match(token)
    if m is None:
        raise BadTokenError("this is not a number", 0, len(token), "a number", token)
    sign = -1 if m["sign"] == "-" else 1
    if m["float"]:
        return sign * float(m["float"])
    if m["decimal"]:
        try:
            return Decimal(m["sign"] + m["decimal"])
        except InvalidOperation:
            wanted = "an exponent of up to 18 digits"
            raise BadTokenError("the exponent is too large", 0, len(token), wanted, token) from None
    if m["numerator"]:
        below = big(m["denominator"])
        if below == 0:
            raise BadTokenError("a ratio divides by zero", 0, len(token), "a denominator", token)
        ratio = Fraction(sign * big(m["numerator"]), below)
        return ratio if ratio.denominator != 1 else integer(ratio.numerator)
    if m["radix"]:
        value = in_radix(token, int(m["radix"]), m["digits"])
    elif m["hex"]:
        value = int(m["hex"], 16)
    elif m["octal"]:
        value = int(m["octal"], 8)
    else:
        value = big(m["int"])
    value *= sign
    return BigInt(value) if m["hexN"] or m["octalN"] or m["intN"] else integer(value)


def integer(value: int) -> int:
    """`value` as a 64-bit integer, or as a BigInt where it does not fit."""
    return value if -(1 << 63) <= value < 1 << 63 else BigInt(value)


def big(digits: str) -> int:
    return int(digits) if len(digits) < 4000 else huge.parsed(digits)


def in_radix(token: str, radix: int, digits: str) -> int:
    if not 2 <= radix <= 36:
        end = token.lower().index("r")
        raise BadTokenError("a radix is from 2 to 36", 0, end, "2 to 36", str(radix))
    try:
        return int(digits, radix) if len(digits) <= 1000 else huge.parsed(digits, radix)
    except ValueError:
        raise BadTokenError(
            f"not all of these are digits in base {radix}",
            len(token) - len(digits),
            len(token),
            f"digits in base {radix}",
            digits,
        ) from None


CHARACTERS = {
    "newline": "\n",
    "space": " ",
    "tab": "\t",
    "backspace": "\b",
    "formfeed": "\f",
    "return": "\r",
}


def character(token: str) -> Char:
    """The character that `token`, which begins with a backslash, writes. Raises BadTokenError."""
    name = token[1:]
    if len(name) == 1:
        return Char(name)
    if name in CHARACTERS:
        return Char(CHARACTERS[name])
    text = None
    if re.fullmatch("u[0-9a-fA-F]{4}", name) and not "d800" <= name[1:].lower() <= "dfff":
        text = chr(int(name[1:], 16))
    elif re.fullmatch("o(?:[0-3][0-7]{2}|[0-7]{1,2})", name):
        text = chr(int(name[1:], 8))
    if text is None:
        wanted = "one character, \\uXXXX, \\oNNN or a name: " + " ".join(CHARACTERS)
        raise BadTokenError("this is not a character", 0, len(token), wanted, token)
    return Char(text)


ESCAPES = {
    "t": "\t",
    "r": "\r",
    "n": "\n",
    "b": "\b",
    "f": "\f",
    "\\": "\\",
    '"': '"',
}
ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|([0-7]{1,3})|([\s\S]))"
)


def string(token: str) -> str:
    """The text between the quotes of `token`, with its escapes replaced. Raises BadTokenError."""
    return ESCAPE.sub(escaped, token[1:-1])


def escaped(m: re.Match[str]) -> str:
    """What one escape in a string stands for; its position counts from after the opening quote."""
    start, end = m.start() + 1, m.end() + 1
    unicode, low, octal, letter = m.groups()
    if letter is not None:
        plain = ESCAPES.get(letter)
        if plain is None:
            if letter == "u":
                raise BadTokenError("four hexadecimal digits follow \\u", start, end, "\\uXXXX")
            wanted = '\\t \\r \\n \\b \\f \\\\ \\" \\uXXXX or \\NNN (octal)'
            raise BadTokenError("this escape does not exist", start, end, wanted, m[0])
        return plain
    if octal is not None:
        code = int(octal, 8)
        if code > 0o377:
            raise BadTokenError("an octal escape ends at \\377", start, end, "\\0 to \\377", m[0])
        return chr(code)
    code = int(unicode, 16)
    if 0xD800 <= code <= 0xDBFF and low:
        return chr(0x10000 + ((code - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if 0xD800 <= code <= 0xDFFF:
        raise BadTokenError("half of a surrogate pair", start, end, "a pair or a character", m[0])
    return chr(code) + (chr(int(low, 16)) if low else "")


CONSTANTS: dict[str, Any] = {"nil": None, "true": True, "false": False}
SYMBOLIC_VALUES = {"Inf": float("inf"), "-Inf": float("-inf"), "NaN": float("nan")}


def split_name(token: str) -> tuple[str, str | None]:
    """(name, namespace) of a symbol's token. Raises BadTokenError."""
    if "/" not in token:
        if token.endswith(":") or "::" in token:
            raise BadTokenError("this is not a symbol", 0, len(token), "a symbol", token)
        return token, None
    if token == "/":
        return token, None
    ns, name = token.split("/", 1)
    if ns == "cpp" and name in ("/", "/="):
        return name, ns
    bad = not ns or not name or ns.endswith(":") or name.endswith(":") or "::" in token
    if bad or (name != "/" and (name.endswith("/") or name[0].isdigit())):
        raise BadTokenError("this is not a symbol", 0, len(token), "a symbol", token)
    return name, ns


def keyword(token: str) -> KeywordValue:
    """The keyword of a token that begins with one colon. Raises BadTokenError."""
    text = token[1:]
    ns, slash, name = text.partition("/")
    bad = not text or text[-1] == ":" or "::" in text or text[0] == ":"
    if slash and text != "/":
        bad = bad or not ns or not name or (name != "/" and name.endswith("/"))
        if not bad:
            return KeywordValue(name, ns)
    if bad:
        raise BadTokenError("this is not a keyword", 0, len(token), "a keyword", token)
    return KeywordValue(text)
