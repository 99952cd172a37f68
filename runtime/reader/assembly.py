"""What becomes of finished forms: a stack of open collections and of prefixes that wait for their form.

A collection keeps the forms it is given. A prefix (`'`, `^`, `#_`, a tag …) is popped and makes a new
form of its own. So depth costs no recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import runtime.core.equality  # noqa: F401  # how lists compare as keys
from runtime.core.collections import Set
from runtime.core.kinds import EMPTY_MAP, EMPTY_VECTOR, Map, PVector, long_vector, vector
from runtime.core.meta import meta, with_meta
from runtime.core.printing import pr_str
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import Note, ReaderError, Span
from runtime.reader.forms import PlainResolver, Resolver, SpanTable, gensym
from runtime.reader.literals import TAGS, qualified_key
from runtime.reader.templates import CORE, expand_template

MAX_DEPTH = 500  # of nested brackets and prefixes: whatever walks forms may recurse
FEATURES = frozenset(("jank", "default"))
CLOSERS = {"(": ")", "[": "]", "{": "}", "#{": "}", "#(": ")", "#?(": ")", "#?@(": ")"}
WRAPPERS = {
    "'": ("quote", None),
    "#'": ("var", None),
    "@": ("deref", CORE),
    "~": ("unquote", CORE),
    "~@": ("unquote-splicing", CORE),
}
MOST_PARAMETERS = 20  # of #()


class Frame:
    """An open collection or conditional, or a prefix (then `close` is empty). The bottom one is neither."""

    __slots__ = ("kind", "close", "span", "items", "spans", "value", "chosen", "suppress", "params")

    def __init__(self, kind: str, span: Any, value: Any = None) -> None:
        self.kind = kind
        self.close = CLOSERS.get(kind, "")
        self.span: Span = span  # of what opened it
        # None where forms do not simply gather: in prefixes and conditionals.
        self.items: list[Any] | None = [] if self.close and kind[:2] != "#?" else None
        self.spans: list[Span] = []
        self.value = value  # metadata, tag, namespace, or the feature whose form comes next
        self.chosen: tuple[Any, Span] | None = None  # the form a conditional chose
        self.suppress = False  # what it was around a conditional


class Assembly:
    """The stack and the rules of the forms on it. All errors are raised as ReaderError."""

    def __init__(self, resolver: Resolver | None) -> None:
        self.resolver: Resolver = resolver or PlainResolver()
        self.reset()

    def reset(self) -> None:
        """Forget what is unfinished, for a new top-level form."""
        self.table = SpanTable()
        self.stack = [Frame("top", None)]
        self.params: dict[int, Symbol] | None = None  # of the open #()
        self.suppress = False  # inside a branch of a conditional that is not chosen
        self.result: Any = None

    def push(self, kind: str, span: Span, value: Any = None) -> Frame:
        """Open a collection, conditional or prefix."""
        frame = Frame(kind, span, value)
        frame.suppress = self.suppress
        if len(self.stack) > MAX_DEPTH:
            raise ReaderError("nesting too deep", span, f"at most {MAX_DEPTH} levels")
        if kind == "#(":
            if self.params is not None:
                raise ReaderError("#() inside #()", span, "(fn […] …) for one of them", "#(")
            self.params = {}
        self.stack.append(frame)
        return frame

    def close(self, closer: str, span: Span) -> bool:
        """Finish the innermost collection with the bracket at `span`. True as for `deliver`."""
        frame = self.stack[-1]
        if frame.close != closer:
            raise mismatch(frame, closer, span)
        self.stack.pop()
        span = Span(span.file, frame.span.line, frame.span.col, span.end_line, span.end_col)
        kind = frame.kind
        if frame.items is None:
            return self.close_conditional(frame, span)
        forms, spans = tuple(frame.items), tuple(frame.spans)
        value: Any
        if kind == "(":
            return self.deliver(List(forms, None, span, spans), span)
        if kind == "[":
            value = long_vector(forms)
        elif kind == "{":
            value = map_of(forms, spans, span)
        elif kind == "#{":
            value = set_of(forms, spans)
        else:
            return self.deliver(self.function(List(forms, None, span, spans), frame), span)
        if value is not EMPTY_VECTOR:  # which is one shared object
            self.table.add(value, span, forms, spans)
        return self.deliver(value, span)

    def deliver(self, value: Any, span: Span) -> bool:
        """Hand a finished form to what waits for it. True if it is a top-level form, now in `result`."""
        while True:
            frame = self.stack[-1]
            if frame.items is not None:
                frame.items.append(value)
                frame.spans.append(span)
                return False
            if frame.close:
                self.branch(frame, value, span)
                return False
            if frame.kind == "top":
                self.result = value
                return True
            if frame.kind == "^" and frame.value is None:
                frame.value = metadata(value, span)
                return False
            self.stack.pop()
            if frame.kind == "#_":
                return False
            if frame.kind == "^":
                value = self.annotate(value, frame.value, span)
                continue
            span = Span(span.file, frame.span.line, frame.span.col, span.end_line, span.end_col)
            value = self.prefixed(frame, value, span)

    def prefixed(self, frame: Frame, value: Any, span: Span) -> Any:
        """The form that the prefix `frame` makes of `value`; both together stand at `span`."""
        kind = frame.kind
        if kind in WRAPPERS:
            name, ns = WRAPPERS[kind]
            inner = Span(
                span.file, frame.span.end_line, frame.span.end_col, span.end_line, span.end_col
            )
            inner = place_of(value, self.table) or inner
            return List(
                (Symbol(name, ns, None, frame.span), value), None, span, (frame.span, inner)
            )
        if kind == "`":
            return expand_template(value, span, self.resolver, self.table)
        if kind == "#:":
            return self.namespace_map(frame, value, span)
        if self.suppress:  # unknown tags get here only where the form is not chosen
            return None
        make = TAGS.get(frame.value)
        if make is None:
            return self.read_data(frame.value, value, span)
        try:
            return make(value, span)
        except ValueError as e:
            found = shown(value)
            raise ReaderError(f"#{frame.value} cannot read this", span, str(e), found) from None

    def data_reader(self, tag: str) -> Callable[[Any], Any] | None:
        """What a script has given to read `#tag`."""
        return self.resolver.data_reader(Symbol.parse(tag))

    def read_data(self, tag: str, value: Any, span: Span) -> Any:
        """What a script's reader of `#tag` makes of the form after it."""
        read = self.data_reader(tag)
        assert read is not None
        try:
            return read(value)
        except Exception as e:
            message = f"the data reader of #{tag} failed: {e}"
            raise ReaderError(message, span, found=shown(value)) from e

    def annotate(self, value: Any, m: Any, span: Span) -> Any:
        """`value` with the metadata `m` over what it has."""
        kind = type(value)
        if kind not in (Symbol, List, PVector, Map, Set):
            wanted = "a symbol or a collection"
            raise ReaderError("this cannot have metadata", span, wanted, shown(value))
        m = (meta(value) or EMPTY_MAP).update(m)
        if kind is Symbol or kind is List or kind is Set:
            value.meta = m  # nobody else has seen the object yet
            return value
        made = with_meta(value, m)
        self.table.move(value, made)
        return made

    def namespace_map(self, frame: Frame, value: Any, span: Span) -> Any:
        if type(value) is not Map:
            raise ReaderError(f"#:{frame.value} is not before a map", span, "a map", shown(value))
        flat, spans = self.table.forms(value) or (), self.table.items(value) or ()
        forms = tuple(
            qualified_key(form, frame.value) if i % 2 == 0 else form for i, form in enumerate(flat)
        )
        made = map_of(forms, spans, span)
        self.table.add(made, span, forms, spans)
        return made

    def branch(self, frame: Frame, value: Any, span: Span) -> None:
        """A feature of a conditional, or the form that stands for one."""
        if frame.value is None:
            if type(value) is not Keyword:
                found = shown(value)
                raise ReaderError(
                    "a feature is a keyword", span, "such as :jank or :default", found
                )
            frame.value = value
            frame.spans.append(span)
            wanted = frame.chosen is None and value.ns is None and value.name in FEATURES
            self.suppress = frame.suppress or not wanted
            return
        if (
            self.suppress == frame.suppress
            and frame.chosen is None
            and frame.value.name in FEATURES
        ):
            frame.chosen = (value, span)
        frame.value = None
        self.suppress = frame.suppress

    def close_conditional(self, frame: Frame, span: Span) -> bool:
        self.suppress = frame.suppress
        if frame.value is not None:
            feature = frame.spans[-1]
            wanted = f"a form for {frame.value}"
            raise ReaderError("a feature without a form", feature, wanted, ")", unclosed([frame]))
        spliced = frame.kind == "#?@("
        if spliced and self.stack[-1].kind == "top":
            raise ReaderError("#?@ at the top level", span, "a collection around it", "#?@")
        if frame.chosen is None:
            return False
        value, place = frame.chosen
        if not spliced:
            return self.deliver(value, place)
        if type(value) not in (List, PVector):
            if self.suppress:
                return self.deliver(None, place)
            raise ReaderError("#?@ splices a sequence", place, "a list or vector", shown(value))
        spans = (value.spans if type(value) is List else self.table.items(value)) or ()
        done = False
        for item, at in zip(value, spans, strict=True):
            done = self.deliver(item, at)
        return done

    def function(self, body: List, frame: Frame) -> List:
        """`(fn* [p1 p2 & rest] body)` of `#(body)`."""
        params, span = self.params or {}, body.span
        assert span is not None
        self.params = None
        names: list[Symbol] = [
            params.get(i) or gensym(f"p{i}__", "#") for i in range(1, max(params, default=0) + 1)
        ]
        if -1 in params:
            names += [Symbol("&", None, None, span), params[-1]]
        args = vector(names)
        if names:
            self.table.add(args, span, tuple(names), (span,) * len(names))
        return List((Symbol("fn*", None, None, frame.span), args, body), None, span, (span,) * 3)

    def parameter(self, token: str, span: Span) -> Symbol:
        """The symbol that `%`, `%2` or `%&` stands for inside `#()`."""
        assert self.params is not None
        number = token[1:] or "1"
        if number == "&":
            index = -1
        elif number.isascii() and number.isdigit() and 1 <= int(number) <= MOST_PARAMETERS:
            index = int(number)
        else:
            raise ReaderError(
                "this is not a parameter of #()", span, f"%, %1 to %{MOST_PARAMETERS} or %&", token
            )
        known = self.params.get(index)
        if known is None:
            # The # makes it a generated name of a template, when the function stands in one.
            known = self.params[index] = gensym("rest__" if index < 0 else f"p{index}__", "#")
        return Symbol(known.name, None, None, span)


def place_of(value: Any, table: SpanTable) -> Span | None:
    """Where `value` says that it stands, if it can."""
    return value.span if type(value) in (Symbol, List) else table.of(value)


def metadata(value: Any, span: Span) -> Any:
    """The map that `^value` means."""
    kind = type(value)
    if kind is Map:
        return value
    if kind is Keyword:
        return Map({value: True})
    if kind is Symbol or kind is str:
        return Map({Keyword("tag"): value})
    found = shown(value)
    raise ReaderError("this is not metadata", span, "a keyword, symbol, string or map", found)


def map_of(forms: Sequence[Any], spans: Sequence[Span], span: Span) -> Any:
    """The map of k1 v1 k2 v2 …; an odd count and equal keys are errors."""
    if len(forms) % 2:
        count = f"{len(forms)} forms"
        raise ReaderError(
            "a map has a key without a value", span, "an even number of forms", count,
            [Note("this is the last form", spans[-1])],
        )  # fmt: skip
    made = Map(zip(forms[::2], forms[1::2], strict=True))
    if len(made) * 2 != len(forms):
        raise duplicate("this key is in the map already", forms[::2], spans[::2])
    return made


def set_of(forms: Sequence[Any], spans: Sequence[Span]) -> Set:
    """The set of `forms`; equal ones are an error."""
    made = Set.make(forms)
    if len(made) != len(forms):
        raise duplicate("this item is in the set already", forms, spans)
    return made


def duplicate(message: str, forms: Sequence[Any], spans: Sequence[Span]) -> ReaderError:
    seen: dict[Any, Span] = {}
    for form, span in zip(forms, spans, strict=True):
        if form in seen:
            note = Note("it is here first", seen[form])
            return ReaderError(message, span, "each one once", shown(form), [note])
        seen[form] = span
    raise AssertionError("no two forms are equal")


def mismatch(frame: Frame, closer: str, span: Span) -> ReaderError:
    """A closing bracket that is not the one to come."""
    if frame.kind == "top":
        return ReaderError(f"nothing is open that {closer} closes", span, "a form", closer)
    if not frame.close:
        note = [Note(f"{frame.kind} stands here", frame.span)]
        return ReaderError(f"{frame.kind} has no form after it", span, "a form", closer, note)
    return ReaderError(
        f"{closer} closes {frame.kind}", span, frame.close, closer, unclosed([frame])
    )


def unterminated(stack: Sequence[Frame], end: Span) -> ReaderError:
    """The text ended inside the innermost frame of `stack`."""
    frame = stack[-1]
    notes = [Note("the text ends here", end)]
    if not frame.close:
        return ReaderError(
            f"{frame.kind} has no form after it", frame.span, "a form", "end of file", notes
        )
    notes += unclosed(stack[1:-1][::-1])
    return ReaderError(f"{frame.kind} is not closed", frame.span, frame.close, "end of file", notes)


def unclosed(frames: Sequence[Frame]) -> list[Note]:
    """Where the brackets of `frames` were opened, the first five of them."""
    return [Note(f"{frame.kind} was opened here", frame.span) for frame in frames if frame.close][
        :5
    ]


def shown(value: Any, limit: int = 60) -> str:
    """`value` as it is written, shortened for an error's `found` line."""
    text = pr_str(value, length=10, level=4)
    return text if len(text) <= limit else text[: limit - 1] + "…"
