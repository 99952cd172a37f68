"""Text → forms with places: one loop over the tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runtime.core.java_regex import compile_regex
from runtime.core.values import Keyword, Symbol
from runtime.errors import Note, ReaderError, Span
from runtime.reader import tokens
from runtime.reader.assembly import Assembly, unterminated
from runtime.reader.forms import ReadForm, Resolver
from runtime.reader.literals import TAGS
from runtime.reader.tokens import BadTokenError

MOST_ERRORS = 100  # of one text; each may have cost reading as deep as forms nest


def read_all(
    text: str | bytes,
    filename: str = "<string>",
    resolver: Resolver | None = None,
    errors: list[ReaderError] | None = None,
    line: int = 1,
    col: int = 1,
) -> Iterator[ReadForm]:
    """The top-level forms of `text`, each read when it is asked for: a form may change what
    the resolver says.

    `text` begins at `line` and `col` of `filename`; bytes are UTF-8. Without `errors` the first ReaderError
    is raised. With it, errors are appended there and reading goes on at the next line that begins with `(`,
    until there are MOST_ERRORS.
    """
    try:
        reader = Reader(decode(text, filename, line, col), filename, resolver, line, col)
    except ReaderError as e:
        if errors is None:
            raise
        errors.append(e)
        return
    while True:
        try:
            form = reader.read()
        except ReaderError as e:
            if errors is None:
                raise
            errors.append(e)
            reader.skip()
            if len(errors) >= MOST_ERRORS and reader.pos < len(reader.text):
                span = reader.span(reader.pos, reader.pos + 1)
                errors.append(ReaderError("the rest was not read: too many errors before", span))
                return
            continue
        if form is None:
            return
        yield form


def read_one(
    text: str | bytes, filename: str = "<string>", resolver: Resolver | None = None
) -> ReadForm:
    """The first form of `text`. Raises ReaderError, also where there is none."""
    for form in read_all(text, filename, resolver):
        return form
    span = Span(filename, 1, 1, 1, 1)
    raise ReaderError("there is nothing to read", span, "a form", "end of file")


def decode(text: str | bytes, filename: str, line: int, col: int) -> str:
    """`text` as a string without a byte order mark. Raises ReaderError at a byte that is not UTF-8."""
    if isinstance(text, bytes):
        try:
            return text.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as e:
            before = text[: e.start].decode("utf-8").removeprefix("\ufeff")
            row = before.rfind("\n") + 1
            line += before.count("\n")
            col = len(before) - row + (1 if row else col)
            span = Span(filename, line, col, line, col + 1)
            found = f"byte 0x{text[e.start]:02x}"
            raise ReaderError("the text is not UTF-8", span, "UTF-8", found) from None
    return text.removeprefix("\ufeff")


class Reader(Assembly):
    """Reads one text. `read` gives the next top-level form; after an error, `skip` goes on behind it."""

    def __init__(
        self, text: str, filename: str, resolver: Resolver | None, line: int = 1, col: int = 1
    ) -> None:
        super().__init__(resolver)
        self.text = text
        self.file = filename
        self.names: dict[str, tuple[str, str | None]] = {}  # of the symbols seen
        self.keywords: dict[str, Keyword] = {}
        self.begin = (line, col)
        self.top = 0  # where the top-level form begins
        self.counted = (0, 0)  # an offset, and the lines that end before it
        self.go_to(0)

    def go_to(self, offset: int) -> None:
        """Read on at `offset`."""
        line, col = self.begin
        at, lines = self.counted if self.counted[0] <= offset else (0, 0)
        lines += self.text.count("\n", at, offset)
        self.counted = offset, lines
        row = self.text.rfind("\n", 0, offset) + 1
        self.pos = offset
        self.line = line + lines
        self.line_start = row if row else 1 - col
        self.next_line = (self.text.find("\n", offset) + 1) or len(self.text) + 1

    def skip(self) -> None:
        """Go to the next line that begins with `(`, counted from the start of the form that failed."""
        found = self.text.find("\n(", self.top)
        self.go_to(found + 1 if found >= 0 else len(self.text))

    def read(self) -> ReadForm | None:
        """The next top-level form, or None at the end of the text. Raises ReaderError."""
        self.reset()
        try:
            return self._read()
        except RecursionError:
            raise ReaderError("nesting too deep", self.span(self.top, self.top + 1)) from None

    def _read(self) -> ReadForm | None:
        # One iteration a token. What is common is handled here, with everything in local variables.
        text, file, stack = self.text, self.file, self.stack
        find, match = text.find, tokens.TOKEN.match
        known_name, known_keyword = self.names.get, self.keywords.get
        pos, line, line_start, next_line = self.pos, self.line, self.line_start, self.next_line
        far = len(text) + 1
        top_line = top_col = 0
        items, spans = stack[-1].items, stack[-1].spans
        value: Any
        while True:
            m = match(text, pos)
            assert m is not None  # BAD matches anything
            kind = m.lastindex
            assert kind is not None
            start, pos = m.span(kind)
            while start >= next_line:
                line_start = next_line
                next_line = (find("\n", next_line) + 1) or far
                line += 1
            col = start - line_start + 1
            if items is None and len(stack) == 1:
                self.top, top_line, top_col = start, line, col
            start_line = line
            while pos > next_line:  # strings run over lines
                line_start = next_line
                next_line = (find("\n", next_line) + 1) or far
                line += 1
            span = Span(file, start_line, col, line, pos - line_start + 1)
            if kind == tokens.WORD:
                token = m[kind]
                name = known_name(token)
                if name is not None:
                    value = Symbol(name[0], name[1], None, span)
                else:
                    value = self.word(token, start, span)
            elif kind == tokens.OPEN:
                frame = self.push(m[kind], span)
                items, spans = frame.items, frame.spans
                continue
            elif kind == tokens.CLOSE:
                if self.close(m[kind], span):
                    break
                items, spans = stack[-1].items, stack[-1].spans
                continue
            elif kind == tokens.KEYWORD:
                token = m[kind]
                value = known_keyword(token) or self.keyword(token, start)
            elif kind == tokens.INT:
                value = int(m[kind])
            elif kind == tokens.STRING:
                value = self.string(m[kind], start)
            elif kind == tokens.EOF:
                if len(stack) > 1:
                    raise self.blame_column_one(unterminated(stack, span))
                self.pos = pos
                return None
            elif kind == tokens.QUOTE or (
                kind == tokens.DISPATCH and m[kind][1:2] not in ('"', "#")
            ):
                frame = self.prefix(m[kind], start, span)
                items, spans = frame.items, frame.spans
                continue
            else:
                value = self.literal(kind, m[kind], start)
            if items is not None:
                items.append(value)
                spans.append(span)
            elif self.deliver(value, span):
                break
            else:
                items, spans = stack[-1].items, stack[-1].spans
        self.pos, self.line, self.line_start, self.next_line = pos, line, line_start, next_line
        span = Span(file, top_line, top_col, line, pos - line_start + 1)
        return ReadForm(self.result, span, text[self.top : pos], self.table)

    def word(self, token: str, start: int, span: Span) -> Any:
        """The value of a word that was not seen before, or that is not always the same symbol."""
        if token in tokens.CONSTANTS:
            return tokens.CONSTANTS[token]
        if token[0] == "%":
            return (
                self.parameter(token, span) if self.params is not None else Symbol(token, span=span)
            )
        try:
            name, ns = self.names[token] = tokens.split_name(token)
        except BadTokenError as e:
            raise self.fail(e, start) from None
        return Symbol(name, ns, None, span)

    def keyword(self, token: str, start: int) -> Keyword:
        """The keyword of a token that was not seen before, or whose namespace is to be resolved."""
        try:
            if not token.startswith("::"):
                made = self.keywords[token] = tokens.keyword(token)
                return made
            made = tokens.keyword(token[1:])
        except BadTokenError as e:
            e.end = len(token)
            raise self.fail(e, start) from None
        if made.ns is None:
            return Keyword(made.name, self.resolver.current_ns())
        return Keyword(made.name, self.alias(made.ns, start, start + len(token)))

    def alias(self, name: str, start: int, end: int) -> str:
        """The namespace that the alias `name` between the offsets `start` and `end` stands for."""
        ns = self.resolver.resolve_alias(name)
        if ns is not None:
            return ns
        if self.suppress:
            return name
        here = self.resolver.current_ns()
        raise ReaderError(f"{here} has no alias {name}", self.span(start, end), "an alias", name)

    def string(self, token: str, start: int) -> str:
        """The string that `token` writes, quotes included."""
        if "\\" not in token and len(token) > 1 and token[-1] == '"':
            return token[1:-1]
        if len(token) < 2 or token[-1] != '"' or ends_escaped(token):
            raise self.unterminated_text("the string is not closed", start, 1)
        try:
            return tokens.string(token)
        except BadTokenError as e:
            raise self.fail(e, start) from None

    def prefix(self, token: str, start: int, span: Span) -> Any:
        """Push what a quote, or a `#` that is not a literal, opens."""
        second = token[1:2]
        if token[0] != "#" or second in ("{", "(", "'", "_"):
            return self.push(token, span)
        if second == "^":
            return self.push("^", span)
        if second == "?":
            if token[-1] != "(":
                raise ReaderError("a reader conditional is a list", span, f"{token}(", token)
            return self.push("#?@(" if token[2] == "@" else "#?(", span)
        if second == ":":
            return self.push("#:", span, self.map_namespace(token, start, span))
        tag = token[1:]
        if tag not in TAGS and not self.suppress and not (tag and self.data_reader(tag)):
            known = f"one of {' '.join(f'#{name}' for name in TAGS)} or of *data-readers*"
            raise ReaderError(
                f"unknown tag {token}" if tag else "# before nothing", span, known, token
            )
        return self.push(token, span, tag)

    def map_namespace(self, token: str, start: int, span: Span) -> str:
        """The namespace that `#:name`, `#::alias` or `#::` gives the keys of a map."""
        name = token[2:]
        if name == ":":
            return self.resolver.current_ns()
        if name.startswith(":"):
            return self.alias(name[1:], start + 3, start + len(token))
        if not name or "/" in name or name.endswith(":"):
            raise ReaderError("this is not a namespace map", span, "#:namespace{…}", token)
        return name

    def literal(self, kind: int, token: str, start: int) -> Any:
        """The value of a number, a character, a regular expression or a `##` literal."""
        try:
            if kind == tokens.NUMBER:
                return tokens.number(token)
            if kind == tokens.CHAR:
                if len(token) == 1:
                    raise BadTokenError(
                        "a character is missing", 0, 1, "a character", "end of file"
                    )
                return tokens.character(token)
            if kind == tokens.DISPATCH and token[1] == "#":
                if token[2:] in tokens.SYMBOLIC_VALUES:
                    return tokens.SYMBOLIC_VALUES[token[2:]]
                raise BadTokenError(
                    "unknown ## literal", 0, len(token), "##Inf ##-Inf ##NaN", token
                )
            if kind == tokens.DISPATCH:
                return self.regex(token, start)
            raise BadTokenError("this begins no form", 0, len(token), "a form", token)
        except BadTokenError as e:
            raise self.fail(e, start) from None

    def regex(self, token: str, start: int) -> re.Pattern[str]:
        if len(token) < 3 or token[-1] != '"' or ends_escaped(token):
            raise self.unterminated_text("the regular expression is not closed", start, 2)
        try:
            return compile_regex(token[2:-1])
        except re.error as e:
            at = len(token) if e.pos is None else e.pos + 2
            first = 0 if e.pos is None else at
            end = min(at + 1, len(token))
            message = f"this is not a regular expression: {e.msg}"
            raise BadTokenError(message, first, end, "a regular expression", token) from None

    def unterminated_text(self, message: str, start: int, width: int) -> ReaderError:
        notes = [Note("the text ends here", self.span(len(self.text), len(self.text)))]
        return ReaderError(message, self.span(start, start + width), '"', "end of file", notes)

    def fail(self, problem: BadTokenError, start: int) -> ReaderError:
        """The error of a token that begins at the offset `start`."""
        span = self.span(start + problem.start, start + problem.end)
        return ReaderError(problem.message, span, problem.expected, problem.found)

    def span(self, start: int, end: int) -> Span:
        """The place of the text between two offsets. For errors: it counts lines from the beginning."""
        places = []
        for offset in (start, end):
            self.go_to(offset)
            places += [self.line, offset - self.line_start + 1]
        return Span(self.file, *places)

    def blame_column_one(self, error: ReaderError) -> ReaderError:
        """Note the first later form in column 1, before which the missing bracket may belong."""
        found = self.text.find("\n(", self.top)
        if found >= 0:
            place = self.span(found + 1, found + 2)
            error.notes = [*error.notes, Note("it may be missing before this form", place)]
        return error


def ends_escaped(token: str) -> bool:
    """Whether the last character of `token` follows an odd number of backslashes."""
    body = token[:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1
