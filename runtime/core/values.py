"""The value types that Python and the libraries lack: symbols, keywords, characters, lists, big integers.

Everything else is what it looks like: `nil` None, integers int, doubles float, strings str, ratios
`fractions.Fraction`, big decimals `decimal.Decimal`, vectors `pyrsistent.PVector`, maps `immutables.Map`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

from runtime.errors import Span


class Symbol:
    """A name, perhaps with a namespace. Compared by name; `meta` and `span` do not count."""

    __slots__ = ("ns", "name", "meta", "span", "_hash", "__weakref__")

    def __init__(
        self, name: str, ns: str | None = None, meta: Any = None, span: Span | None = None
    ) -> None:
        self.ns = ns
        self.name = name
        self.meta = meta
        self.span = span
        self._hash = hash((ns, name))

    @staticmethod
    def parse(text: str) -> Symbol:
        """`a/b` is b in namespace a; `/` alone and names without a slash have none."""
        if "/" in text[1:] and text != "/":
            ns, name = text.split("/", 1)
            return Symbol(name, ns)
        return Symbol(text)

    def __eq__(self, other: object) -> bool:
        return type(other) is Symbol and other.name == self.name and other.ns == self.ns

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{self.ns}/{self.name}" if self.ns is not None else self.name

    __repr__ = __str__


class Keyword:
    """`:name` or `:ns/name`. Interned: compare with `is`. Calling one looks itself up.

    Hashed by a serial number, so that maps of a few keywords have one order in every run, mostly that in
    which the text first names them.
    """

    __slots__ = ("ns", "name", "_text", "_serial", "__weakref__")
    _interned: dict[str, Keyword] = {}
    _serials = count()
    lookup: Callable[[Any, Keyword, Any], Any]  # core's `get`, set when core is loaded

    ns: str | None
    name: str
    _text: str
    _serial: int

    def __new__(cls, name: str, ns: str | None = None) -> Keyword:
        text = f":{ns}/{name}" if ns is not None else f":{name}"
        found = cls._interned.get(text)
        if found is None:
            made = object.__new__(cls)
            made.ns, made.name, made._text = ns, name, text
            made._serial = next(cls._serials)
            found = cls._interned.setdefault(text, made)
        return found

    def __hash__(self) -> int:
        return self._serial

    def __call__(self, target: Any, default: Any = None) -> Any:
        return Keyword.lookup(target, self, default)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __reduce__(self) -> tuple[Any, ...]:
        return (Keyword, (self.name, self.ns))


class Char:
    """One Unicode character. Interned by code point: compare with `==` or `is`."""

    __slots__ = ("text",)
    _interned: dict[str, Char] = {}
    text: str

    def __new__(cls, text: str) -> Char:
        found = cls._interned.get(text)
        if found is None:
            if len(text) != 1:
                raise ValueError(f"a character is one code point, found {text!r}")
            found = object.__new__(cls)
            found.text = text
            found = cls._interned.setdefault(text, found)
        return found

    def __lt__(self, other: Char) -> bool:
        return self.text < other.text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"\\{self.text}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Char, (self.text,))


class BigInt(int):
    """An integer beyond 64 bits, or one written with an N. Prints as `1N`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}N"

    def __str__(self) -> str:
        return int.__repr__(self)


class Unbound:
    """The value of a var that was declared but not given one. Calling it is an error."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> Any:
        raise NameError(f"{self.name} is declared but has no value yet")

    def __repr__(self) -> str:
        return f"#<unbound {self.name}>"


class List:
    """A persistent list: a window `start:` on a shared tuple, so `rest` costs O(1) and so does `len`.

    What the reader reads and macros build. `span` is its place in the source, `spans` those of its items
    (None where it was not read from text).
    """

    __slots__ = ("items", "start", "meta", "span", "spans", "_hash", "__weakref__")

    def __init__(
        self,
        items: tuple[Any, ...] = (),
        meta: Any = None,
        span: Span | None = None,
        spans: tuple[Span, ...] | None = None,
        start: int = 0,
    ) -> None:
        self.items = items
        self.start = start
        self.meta = meta
        self.span = span
        self.spans = spans
        self._hash: int | None = None

    @staticmethod
    def of(*items: Any) -> List:
        return List(items)

    @staticmethod
    def make(items: Iterable[Any]) -> List:
        return List(tuple(items))

    def first(self) -> Any:
        return self.items[self.start] if self.start < len(self.items) else None

    def rest(self) -> List:
        if self.start + 1 >= len(self.items):
            return EMPTY_LIST
        return List(self.items, start=self.start + 1)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items[self.start :] if self.start else self.items)

    def __len__(self) -> int:
        return len(self.items) - self.start

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            raise IndexError(index)
        return self.items[self.start + index]

    def __bool__(self) -> bool:
        return True  # an empty list is truthy, as every Lisp value but nil and false

    # Equality and hash are those of all sequences: `runtime.core.equality` installs them.


EMPTY_LIST = List()
