"""Lisp values as bytes, with the references and C++ objects that they hold, and back.

Python's pickle does the walking (https://docs.python.org/3/library/pickle.html#persistence-of-external-objects):
the variant that is written in Python, as other threads have their turn while it runs. What can change is a
cell: it stands in its holder's bytes as a number, and its own content follows. What cannot be written stands
as a `Lost`, so that the rest of a value is kept.
"""

from __future__ import annotations

import ctypes
import io
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from runtime.core.collections import Set, SortedMap, SortedSet
from runtime.core.constructors import natural
from runtime.core.futures import Agent
from runtime.core.java_regex import compile_regex, regex_source
from runtime.core.kinds import Map, PVector, type_name, vector
from runtime.core.meta import meta, with_meta
from runtime.core.records import Fields, ObjectType
from runtime.core.refs import Ref
from runtime.core.sequences import SEGMENT, Cons, IndexedSeq, IterSeq, LazySeq, ListCell
from runtime.core.state import Atom, Volatile
from runtime.core.values import BigInt, Char, Keyword, List, Symbol
from runtime.native._support import CppValue

MOST_OBJECTS = 300_000  # in one var; more is lost
MOST_BYTES = 32 << 20

CELLS = {Atom: "atom", Ref: "ref", Agent: "agent", Volatile: "volatile"}
_PLAIN = {type(None), bool, int, float, str, bytes, tuple, list, dict}
_BY_THEMSELVES = {BigInt, Keyword, Char, Fraction, Decimal, datetime, timezone, timedelta}


class TooLarge(Exception):
    """A value of more than MOST_OBJECTS or MOST_BYTES."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a C++ object's bytes mean: two of one layout may be copied onto each other."""

    type: str
    size: int
    fields: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Stands where something could not be written; `what` for people."""

    what: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Stands where a reference or a box was; `number` says whose content is its."""

    number: int


@dataclass(frozen=True, slots=True)
class Object:
    """The bytes of a boxed C++ object."""

    layout: Layout
    content: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """A var's value as bytes. `seen` pairs what it holds that can change with the value or bytes that were
    written of it; `lost` is what was left out."""

    data: bytes
    seen: tuple[tuple[Any, Any], ...]
    lost: tuple[str, ...]


# The layout of what a box holds, or why its bytes cannot be kept.
LayoutOf = Callable[[CppValue], "Layout | str"]


def encode(value: Any, layout_of: LayoutOf) -> Written:
    """The data is empty where there is nothing in the value that could be kept, such as in a function: its
    form will make it anew. Raises TooLarge, and RecursionError where it is nested too deeply."""
    run = _Run(layout_of)
    if (_Encoder(io.BytesIO(), run).persistent_id(value) or ("",))[0] == "lost":
        return Written(b"", (), ())
    root = run.dump(value)
    contents: list[tuple[str, Any]] = []
    while len(contents) < len(run.cells):
        contents.append(run.content(run.cells[len(contents)]))
    data = pickle.dumps((root, contents))
    if len(data) > MOST_BYTES:
        raise TooLarge(f"{len(data) >> 20} MB; at most {MOST_BYTES >> 20} are kept")
    return Written(data, tuple(run.seen), tuple(dict.fromkeys(run.lost)))


@dataclass(frozen=True, slots=True)
class Saved:
    """What `encode` wrote. `root` and the contents are values in which a `Cell` or `Lost` may stand."""

    root: Any
    contents: list[tuple[str, Any]]


def decode(data: bytes, record_type: Callable[[str], type[Fields]]) -> Saved:
    """Raises ValueError where `data` is not what `encode` gives, or a type is gone. `record_type` finds the
    class of a record by its name, or raises ValueError."""
    try:
        root, contents = pickle.loads(data)
        return Saved(
            _load(root, record_type),
            [(kind, _load(c, record_type) if kind != "object" else c) for kind, c in contents],
        )
    except ValueError:
        raise
    except Exception as e:
        raise ValueError(str(e) or type(e).__name__) from e


class _Run:
    """One value being written."""

    def __init__(self, layout_of: LayoutOf) -> None:
        self.layout_of = layout_of
        self.cells: list[Any] = []
        self.seen: list[tuple[Any, Any]] = []
        self.lost: list[str] = []
        self.left = MOST_OBJECTS
        self._numbers: dict[int, int] = {}

    def dump(self, value: Any) -> bytes:
        into = io.BytesIO()
        _Encoder(into, self).dump(value)
        return into.getvalue()

    def number(self, cell: Any) -> int:
        number = self._numbers.get(id(cell))
        if number is None:
            number = self._numbers[id(cell)] = len(self.cells)
            self.cells.append(cell)
        return number

    def content(self, cell: Any) -> tuple[str, Any]:
        if type(cell) is not CppValue:
            value = cell.value
            self.seen.append((cell, value))
            return CELLS[type(cell)], self.dump(value)
        layout = self.layout_of(cell)
        if isinstance(layout, Layout) and not cell.is_empty:
            content = bytes_of(cell, layout)
            self.seen.append((cell, content))
            return "object", Object(layout, content)
        why = layout if isinstance(layout, str) else "it is empty"
        self.lost.append(f"{cell.type_name}: {why}")
        return "lost", self.dump(None)


def bytes_of(box: CppValue, layout: Layout) -> bytes:
    """What is in memory where a box points to."""
    return ctypes.string_at(box.address, layout.size)


class _Encoder(pickle._Pickler):
    def __init__(self, into: io.BytesIO, run: _Run) -> None:
        super().__init__(into, 5)
        self.run = run

    def persistent_id(self, obj: Any) -> Any:
        kind = type(obj)
        if kind in _PLAIN:
            return None
        self.run.left -= 1
        if self.run.left < 0:
            raise TooLarge(f"more than {MOST_OBJECTS:,} values")
        if kind in CELLS or kind is CppValue:
            return "cell", self.run.number(obj)
        why = _UNKEPT[kind](obj) if kind in _UNKEPT else ""
        if why:
            self.run.lost.append(why)
            return "lost", why
        if kind in _BY_THEMSELVES or kind in _REDUCED or isinstance(obj, Fields):
            return None
        if obj in _MAKERS:  # what the reductions refer to
            return None
        what = "a function" if callable(obj) else f"a value of type {type_name(obj)}"
        self.run.lost.append(what)
        return "lost", what

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        reduced = _REDUCED.get(kind)
        if reduced is not None:
            return reduced(obj)
        if isinstance(obj, Fields):
            is_object = isinstance(obj, ObjectType)
            return _Named, (kind.lisp_name, is_object, tuple(obj.fields.items()), obj.meta)
        return NotImplemented


@dataclass(frozen=True, slots=True)
class _Named:
    """A record or an object of a type, which is looked up when it is read."""

    name: str
    is_object: bool
    fields: tuple[tuple[Any, Any], ...]
    meta: Any


def _symbol(name: str, ns: str | None, m: Any) -> Symbol:
    return Symbol(name, ns, m)


def _list(items: tuple[Any, ...], m: Any) -> List:
    return List(items, m)


def _vector(items: list[Any], m: Any) -> Any:
    made = vector(items)
    return made if m is None else with_meta(made, m)


def _map(items: list[tuple[Any, Any]], m: Any) -> Any:
    made = Map(items)
    return made if m is None else with_meta(made, m)


def _set(items: list[Any], m: Any) -> Set:
    return Set(Set.make(items).items, m)


def _sorted_map(items: list[tuple[Any, Any]], m: Any) -> SortedMap:
    made = SortedMap.make(items, natural)
    made.meta = m
    return made


def _sorted_set(items: list[Any], m: Any) -> SortedSet:
    made = SortedSet.make(items, natural)
    made.meta = m
    return made


def _sorted(obj: Any) -> Any:
    if type(obj) is SortedMap:
        return _sorted_map, (list(zip(obj.sorted_keys, obj.sorted_values, strict=True)), obj.meta)
    return _sorted_set, (list(obj.sorted_keys), obj.meta)


def _items(obj: Any) -> list[Any] | None:
    """The items of a sequence, where they are all there already: asking for others would run the script."""
    items: list[Any] = []
    at = obj
    while at is not None:
        if len(items) > MOST_OBJECTS:
            raise TooLarge(f"more than {MOST_OBJECTS:,} values")
        if type(at) is LazySeq:
            if not at.realized:
                return None
            at = at.seq()
        elif type(at) is List or type(at) is PVector:
            items += at
            break
        elif type(at) is IterSeq:
            segment = at.segment
            items += segment.items[at.index :]
            if segment.source is not None or segment.error is not None:
                return None
            at = (
                IterSeq(segment.next, 0) if len(segment.items) == SEGMENT and segment.next else None
            )
        elif type(at) is IndexedSeq:
            items += at.items[at.index :]
            break
        elif isinstance(at, Cons):
            items.append(at.first())
            at = at.rest()
        else:
            return None
    return items


def _unsorted(obj: Any) -> str:
    return "" if obj.compare is natural else "a collection sorted by a function"


def _unrealised(obj: Any) -> str:
    return "a lazy sequence that nobody came to the end of" if _items(obj) is None else ""


_SEQS = (LazySeq, Cons, ListCell, IndexedSeq, IterSeq)
_UNKEPT: dict[type, Callable[[Any], str]] = {
    SortedMap: _unsorted,
    SortedSet: _unsorted,
    **dict.fromkeys(_SEQS, _unrealised),
}


def _seq(obj: Any) -> Any:
    return _list, (tuple(_items(obj) or ()), getattr(obj, "meta", None))


_REDUCED: dict[type, Callable[[Any], Any]] = {
    Symbol: lambda s: (_symbol, (s.name, s.ns, s.meta)),
    List: lambda s: (_list, (tuple(s), s.meta)),
    PVector: lambda v: (_vector, (list(v), meta(v))),
    Map: lambda m: (_map, (list(m.items()), meta(m))),
    Set: lambda s: (_set, (list(s), s.meta)),
    SortedMap: _sorted,
    SortedSet: _sorted,
    **dict.fromkeys(_SEQS, _seq),
    re.Pattern: lambda p: (compile_regex, (regex_source(p),)),
    UUID: lambda u: (UUID, (u.hex,)),
}
_MAKERS: set[Any] = {
    *(_symbol, _list, _vector, _map, _set, _sorted_map, _sorted_set, _Named, Lost, compile_regex),
    *(UUID, BigInt, Keyword, Char, Fraction, Decimal, datetime, timezone, timedelta),
}


def _load(data: bytes, record_type: Callable[[str], type[Fields]]) -> Any:
    class Decoder(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            kind, what = pid
            return Cell(what) if kind == "cell" else Lost(what)

        def find_class(self, module: str, name: str) -> Any:
            if (module, name) == (__name__, "_Named"):
                return lambda *parts: _object(record_type, *parts)
            return super().find_class(module, name)

    return Decoder(io.BytesIO(data)).load()


def _object(
    record_type: Callable[[str], type[Fields]],
    name: str,
    is_object: bool,
    fields: tuple[tuple[Any, Any], ...],
    m: Any,
) -> Any:
    kind = record_type(name)
    if issubclass(kind, ObjectType) is not is_object:
        raise ValueError(f"{name} is of another kind now")
    known = dict(fields)
    if missing := [key for key in kind.basis if key not in known]:
        raise ValueError(f"{name} has the new field {missing[0].name}")
    made = kind(*[known.pop(key) for key in kind.basis])
    if known:
        if is_object:
            raise ValueError(f"{name} has the field {next(iter(known)).name} no longer")
        made.fields = made.fields.update(Map(known))
    made.meta = m
    return made
