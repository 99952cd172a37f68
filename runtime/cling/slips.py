"""Slips that Clang's incremental mode takes for statements: it faults on them, without a word.

Clang reads what it is given as a prompt would be: a statement outside of any function is no error there. So
when a text did not survive its trial (`runtime.cling.trial`), it is looked through here for what stands
outside of functions and is no declaration. A text that Clang accepts is judged by its statements only:
those that begin with a keyword, labels, calls and assignments that can be no declarations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

_TOKEN = re.compile(
    r"""(?P<directive>(?m:^)[ \t]*\#(?:\\\r?\n|/\*(?>[^*]++|\*(?!/))*+\*/|[^\n])*+)
    |(?P<blank>[ \t\r\f\v\ufeff]++|\n|\\\r?\n|//(?:\\\r?\n|[^\n])*+|/\*(?>[^*]++|\*(?!/))*+\*/)
    |(?P<raw>(?:u8|[uUL])?R"(?P<end>[^()\s\\"]{0,16})\((?s:.*?)\)(?P=end)")
    |(?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*+"|(?:u8|[uUL])?'(?:\\.|[^'\\\n])++')
    |(?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*+)
    |(?P<word>[A-Za-z_$]\w*+)
    |(?P<sign>::|.)""",
    re.VERBOSE | re.DOTALL,
)
_CONDITION = re.compile(
    r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b[ \t]*(.*)"
)
_STATEMENTS = frozenset(
    ("return", "for", "while", "do", "switch", "try", "catch", "if", "else", "goto", "break", "continue",
     "case", "default", "throw", "delete", "co_return", "co_await", "co_yield")
)  # fmt: skip
# What is done to what a name means; followed by that, it is no type.
_ASSIGNMENTS = frozenset(
    ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--", "<<", "<<=", ">>=", ".", "->")
)
_PAIRS = re.compile(r"(?:<<|>>|[-+*/%&|^])=|\+\+|--|<<|->|.")
_DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_NO_NAMES = frozenset(
    ("static_assert", "asm", "using", "operator", "extern", "template", "decltype", "alignas")
)
_SPECIFIERS = frozenset(("public", "private", "protected", "signals", "slots"))
_TYPES = frozenset(("struct", "class", "union", "enum"))
_LONGEST = 400_000  # characters: what is accepted and longer is not looked through


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong at a line and column, both from 1; `certain` where no macro could make it right."""

    message: str
    line: int
    col: int
    certain: bool


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(slots=True)
class _Reader:
    """Where in a text one is: the braces that are open, the declaration that was begun."""

    open_: list[str] = field(
        default_factory=list
    )  # "space" of a namespace, "body" of anything else
    head: list[_Token] = field(default_factory=list)
    ended: list[_Token] = field(default_factory=list)  # the declaration before, if a `;` ended it
    round_: int = 0  # parentheses and brackets that are open
    macros: frozenset[str] = frozenset()  # that the text defines


def first_slip(text: str, accepted: bool = False) -> Slip | None:
    """The first slip of a C++ text. Of one that was `accepted`, only what is certainly a statement."""
    if accepted and len(text) > _LONGEST:
        return None
    reader = _Reader(macros=frozenset(_DEFINED.findall(text)))
    for token in _chosen(text):
        found = _read(reader, token)
        if found is not None:
            message, at, certain = found
            if certain or not accepted:
                line = text.count("\n", 0, at) + 1
                column = len(text[text.rfind("\n", 0, at) + 1 : at].encode()) + 1
                return Slip(message, line, column, certain)
            return None
    return None


def _chosen(text: str) -> Iterator[_Token]:
    """The tokens that count: of an #if its first branch that may hold."""
    taken: list[bool] = []  # of each open #if, whether a branch of it was taken before
    skipping: list[bool] = []
    for m in _TOKEN.finditer(text):
        kind = m.lastgroup or "sign"
        if kind == "end":
            kind = "raw"
        if kind == "blank":
            continue
        if kind == "directive":
            condition = _CONDITION.match(m[0])
            if condition is None:
                continue
            name, what = condition[1], condition[2].strip()
            if name.startswith("if"):
                may = not (name == "if" and what.split("//")[0].strip() in ("0", "false"))
                may = may and not (name == "ifndef" and what == "__cplusplus")
                taken.append(may)
                skipping.append(not may)
            elif name == "endif" and taken:
                taken.pop()
                skipping.pop()
            elif taken:
                skipping[-1] = taken[-1]
                taken[-1] = True
            continue
        if not any(skipping):
            yield _Token(kind, m[0], m.start())


def _read(reader: _Reader, token: _Token) -> tuple[str, int, bool] | None:
    """Take one token in; a slip's message and place, where it shows one."""
    sign = token.text if token.kind == "sign" else ""
    if "body" in reader.open_:  # what is in there is none of our business
        if sign == "{":
            reader.open_.append("body")
        elif sign == "}":
            reader.open_.pop()
            if "body" not in reader.open_:
                _close_body(reader)
        return None
    if sign in "([" and sign:
        reader.round_ += 1
    elif sign in ")]" and sign:
        reader.round_ = max(0, reader.round_ - 1)
    if reader.round_ == 0:
        if sign == "{":
            return _open_brace(reader, token)
        if sign == "}":
            if not reader.open_:
                return "a '}' without its '{'", token.at, False
            reader.open_.pop()
            reader.head, reader.ended = [], []
            return None
        if sign == ";":
            slip = _statement(reader.head) or _expression(reader)
            reader.head, reader.ended = [], [*reader.head, token]
            return slip
        if sign == ":" and _is_label(reader.head):
            return "a label outside of a function", reader.head[0].at, True
    elif sign in "{}" and sign:  # a lambda or initialiser among arguments
        reader.open_.append("body")
        return None
    reader.head.append(token)
    return None


def _close_body(reader: _Reader) -> None:
    """A body ended: that of a function ends its declaration, a type's or an initialiser does not."""
    words = {t.text for t in reader.head}
    if reader.round_ == 0 and "=" not in words and not words & _TYPES:
        reader.head, reader.ended = [], []


def _open_brace(reader: _Reader, token: _Token) -> tuple[str, int, bool] | None:
    head = [t.text for t in reader.head]
    if slip := _statement(reader.head):
        return slip
    if not head:
        before = " ".join(t.text for t in reader.ended[-12:])
        if reader.ended:
            return (
                f"a '{{' outside of a function: does the ';' before it belong there? ({before})",
                token.at,
                False,
            )
        return (
            "a '{' outside of a function: is the head of its function or type missing?",
            token.at,
            False,
        )
    plain = [t for t in head if t not in ("inline", "export")]
    if plain and (
        plain[0] == "namespace" or (plain[0] == "extern" and len(plain) == 2 and '"' in plain[1])
    ):
        reader.open_.append("space")
        reader.head, reader.ended = [], []
        return None
    reader.open_.append("body")
    return None


def _statement(head: list[_Token]) -> tuple[str, int, bool] | None:
    if head and head[0].kind == "word" and head[0].text in _STATEMENTS:
        word = head[0].text
        return f"a statement outside of a function: {word}", head[0].at, True
    return None


def _expression(reader: _Reader) -> tuple[str, int, bool] | None:
    """A call or an assignment that no declaration looks like; macros may, known by the text or their case."""
    head = reader.head
    name = head[0].text if head and head[0].kind == "word" else ""
    if not name or name in _TYPES or name in reader.macros or name.isupper() or "_" in name[:1]:
        return None
    if name in _NO_NAMES:
        return None
    end = 1
    while end + 1 < len(head) and head[end].text == "::" and head[end + 1].kind == "word":
        end += 2
    rest = head[end:]
    if not rest or rest[0].kind != "sign":
        return None
    called = "".join(t.text for t in head[:end])
    signs = takewhile(lambda t: t.kind == "sign", rest[:3])
    done = _PAIRS.match("".join(t.text for t in signs))
    if done is not None and done[0] in _ASSIGNMENTS:
        return f"a statement outside of a function: {called} {done[0]} …", head[0].at, True
    if rest[0].text == "(" and rest[-1].text == ")" and _is_one_group(rest):
        plain = len(rest) == 2 or rest[1].kind in ("number", "string", "raw")
        return (f"a call outside of a function: {called}", head[0].at, True) if plain else None
    return None


def _is_one_group(tokens: list[_Token]) -> bool:
    """Whether the parenthesis that opens first is the one that closes last."""
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token.text in ("(", "[") and token.kind == "sign") - (
            token.text in (")", "]") and token.kind == "sign"
        )
        if depth == 0:
            return i == len(tokens) - 1
    return False


def _is_label(head: list[_Token]) -> bool:
    return len(head) == 1 and head[0].kind == "word" and head[0].text not in _SPECIFIERS | _TYPES
