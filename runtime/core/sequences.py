"""Sequences: cons cells, lazy sequences, and `seq`, `first`, `rest`, `next`, `cons` over everything seqable.

Python code walks any seqable with `for x in iterate(coll)`, which never recurses however the sequence was
built. Lazy sequences evaluate one item at a time and keep what they evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from runtime.core.kinds import Map, PVector, Reduced, type_name, vector
from runtime.core.registry import core, define
from runtime.core.values import EMPTY_LIST, Char, List
from runtime.native import _support

INTERRUPTED_SEQUENCE = "this sequence was interrupted while an item was computed"
SEGMENT = 32  # items a segment of an `IterSeq` holds


class Seq:
    """The base of all sequences but `List`. `first` of an empty one is None, `rest` the empty list."""

    __slots__ = ("meta", "__weakref__")
    meta: Any

    def seq(self) -> Seq | List | None:
        """A sequence with the same items that surely has one, or None."""
        raise NotImplementedError

    def first(self) -> Any:
        s = self.seq()
        return None if s is None else s.first()

    def rest(self) -> Seq | List:
        s = self.seq()
        return EMPTY_LIST if s is None else s.rest()

    def __bool__(self) -> bool:
        return True

    if TYPE_CHECKING:  # native, see the end of this module

        def __iter__(self) -> Iterator[Any]: ...

    # Equality and hash are those of all sequences: `runtime.core.equality` installs them.


class Cons(Seq):
    """A head in front of another sequence (None for no more)."""

    __slots__ = ("head", "tail")

    def __init__(self, head: Any, tail: Seq | List | None, meta: Any = None) -> None:
        self.head = head
        self.tail = tail
        self.meta = meta

    def seq(self) -> Cons:
        return self

    def first(self) -> Any:
        return self.head

    def rest(self) -> Seq | List:
        tail = self.tail
        return EMPTY_LIST if tail is None else tail


class ListCell(Cons):
    """What `conj` puts in front of a long list: still a list, and counted."""

    __slots__ = ("size",)

    def __init__(self, head: Any, tail: List | ListCell, meta: Any = None) -> None:
        super().__init__(head, tail, meta)
        self.size = len(tail) + 1

    def __len__(self) -> int:
        return self.size


class IndexedSeq(Seq):
    """The items of something indexed (vector, Python list, range, string of characters) from `index` on."""

    __slots__ = ("items", "index")

    def __init__(self, items: Any, index: int = 0, meta: Any = None) -> None:
        self.items = items
        self.index = index
        self.meta = meta

    def seq(self) -> IndexedSeq | None:
        return self if self.index < len(self.items) else None

    def first(self) -> Any:
        return self.items[self.index] if self.index < len(self.items) else None

    def rest(self) -> Seq | List:
        index = self.index + 1
        return IndexedSeq(self.items, index) if index < len(self.items) else EMPTY_LIST

    def __len__(self) -> int:
        return max(0, len(self.items) - self.index)

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            raise IndexError(index)
        return self.items[self.index + index]


class LazySeq(Seq):
    """What `lazy-seq` makes: `thunk` gives the items when they are first asked for, and runs once."""

    __slots__ = ("_thunk", "_value")

    def __init__(self, thunk: Callable[[], Any], meta: Any = None) -> None:
        self._thunk: Callable[[], Any] | None = thunk
        self._value: Seq | List | None = None
        self.meta = meta

    @property
    def realized(self) -> bool:
        return self._thunk is None

    def seq(self) -> Seq | List | None:
        if self._thunk is None:
            return self._value
        # Lazy sequences that give lazy sequences are opened in a loop: such chains can be very long.
        chain: list[LazySeq] = []
        value: Any = self
        while type(value) is LazySeq:
            thunk = value._thunk
            if thunk is None:
                value = value._value
                break
            chain.append(value)
            value = thunk()
        value = seq(value)
        for lazy in chain:
            lazy._value = value
            lazy._thunk = None
        return value


class Segment:
    """Up to `SEGMENT` evaluated items of an iterator; when full, `next` goes on.

    Segments are linked forwards only, so what nobody can reach any more is freed while a long sequence is
    consumed. An exception of the iterator is kept and raised again: the sequence does not silently end.
    """

    __slots__ = ("items", "source", "next", "error")

    def __init__(self, source: Iterator[Any]) -> None:
        self.items: list[Any] = []
        self.source: Iterator[Any] | None = source
        self.next: Segment | None = None
        self.error: Exception | None = None

    def pull(self) -> bool:
        """Evaluate one more item. False when there is none."""
        source = self.source
        if source is None:
            if self.error is not None:
                raise self.error.with_traceback(None)
            return False
        try:
            item = next(source)
        except StopIteration:
            self.source = None
            return False
        except Exception as error:
            self.source = None
            self.error = error
            raise
        except BaseException:  # a generator is over then, so the sequence must not look ended
            self.source = None
            self.error = RuntimeError(INTERRUPTED_SEQUENCE)
            raise
        self.items.append(item)
        if len(self.items) == SEGMENT:
            self.next = Segment(source)
            self.source = None
        return True


class IterSeq(Seq):
    """The items of a Python iterator, taken one at a time when asked for, and kept."""

    __slots__ = ("segment", "index")

    def __init__(self, segment: Segment, index: int, meta: Any = None) -> None:
        self.segment = segment
        self.index = index
        self.meta = meta

    @staticmethod
    def over(source: Iterable[Any]) -> IterSeq:
        return IterSeq(Segment(iter(source)), 0)

    @property
    def realized(self) -> bool:
        segment = self.segment
        return self.index < len(segment.items) or segment.source is None

    def seq(self) -> IterSeq | None:
        return self if self.index < len(self.segment.items) or self.segment.pull() else None

    def first(self) -> Any:
        items = self.segment.items
        if self.index < len(items) or self.segment.pull():
            return items[self.index]
        return None

    def rest(self) -> Seq | List:
        segment, index = self.segment, self.index
        if index >= len(segment.items) and not segment.pull():
            return EMPTY_LIST
        if index + 1 == SEGMENT:
            assert segment.next is not None
            return IterSeq(segment.next, 0)
        return IterSeq(segment, index + 1)


Links = tuple[Any, Any]  # (a part, more links or None)


class Concat(Seq):
    """Several seqables one after the other. Nesting them, even thousands deep, costs no stack."""

    __slots__ = ("_parts", "_at")

    def __init__(self, parts: Links | None, meta: Any = None) -> None:
        self._parts = parts  # what is left to open; None once `_at` says where the first item is
        self._at: Links | None = None
        self.meta = meta

    @staticmethod
    def of(parts: Iterable[Any]) -> Concat:
        links: Links | None = None
        for part in reversed(tuple(parts)):
            links = (part, links)
        return Concat(links)

    def opened(self, more: Links | None) -> Links | None:
        """Links to the parts of this sequence with `more` after them, in constant time."""
        links = self._parts or self._at
        if links is None:
            return more
        part, own = links
        if more is None or own is None:
            return part, own or more
        return part, (Concat(own), more)

    def seq(self) -> Concat | None:
        links = self._parts
        if links is None:
            return self if self._at is not None else None
        while links is not None:
            part, more = links
            if type(part) is Concat:
                links = part.opened(more)
                continue
            s = seq(part)
            if type(s) is Concat:
                links = s.opened(more)
            elif s is None:
                links = more
            else:
                links = (s, more)
                break
        self._at = links
        self._parts = None
        return self if links is not None else None

    def first(self) -> Any:
        if self.seq() is None:
            return None
        assert self._at is not None
        return self._at[0].first()

    def rest(self) -> Seq | List:
        if self.seq() is None:
            return EMPTY_LIST
        assert self._at is not None
        s, more = self._at
        return s.rest() if more is None else Concat((s.rest(), more))


def entries(m: Map[Any, Any]) -> Iterator[Any]:
    """The entries of a map as two-item vectors."""
    return map(vector, m.items())


_ITERATE: dict[type, Callable[[Any], Iterable[Any]]] = {
    type(None): lambda _: (),
    Map: entries,
    str: lambda text: map(Char, text),
    dict: lambda d: map(vector, d.items()),
}


def iterate(coll: Any) -> Iterable[Any]:
    """What a Python `for` walks to see the items of any seqable. Evaluates nothing yet.

    Raises TypeError when `coll` is not seqable.
    """
    kind = type(coll)
    if kind is PVector or kind is List:
        return coll
    if (special := _ITERATE.get(kind)) is not None:
        return special(coll)
    if hasattr(coll, "__iter__"):
        return coll
    raise TypeError(f"cannot make a sequence from {type_name(coll)}")


@core("seq", arglists="([coll])")
def seq(coll: Any) -> Any:
    """A sequence of the items of `coll`, or nil when there are none."""
    if coll is None:
        return None
    if isinstance(coll, Seq):
        return coll.seq()
    kind = type(coll)
    if kind is List:
        return coll if coll.start < len(coll.items) else None
    if kind is PVector or kind is list or kind is tuple:
        return IndexedSeq(coll) if len(coll) else None
    if hasattr(coll, "__len__") and not len(coll):
        return None
    return IterSeq.over(iterate(coll)).seq()


@core("first", arglists="([coll])")
def first(coll: Any) -> Any:
    """The first item of `coll`, nil when there is none."""
    kind = type(coll)
    if kind is PVector or kind is list:
        return coll[0] if len(coll) else None
    if kind is List or isinstance(coll, Seq):
        return coll.first()
    for item in iterate(coll):
        return item
    return None


@core("rest", arglists="([coll])")
def rest(coll: Any) -> Any:
    """All items after the first, as a sequence that may be empty."""
    if type(coll) is List or isinstance(coll, Seq):
        return coll.rest()
    s = seq(coll)
    return EMPTY_LIST if s is None else s.rest()


@core("next", arglists="([coll])")
def next_(coll: Any) -> Any:
    """The items after the first, or nil when there are none."""
    return seq(rest(coll))


@core("cons", arglists="([x coll])")
def cons(x: Any, coll: Any) -> Any:
    """A sequence with `x` first and the items of `coll` after it."""
    if coll is None:
        return List((x,))
    if type(coll) is List or isinstance(coll, Seq):
        return Cons(x, coll)
    return Cons(x, seq(coll))


@core("lazy-seq*", arglists="([thunk])")
def lazy_seq(thunk: Callable[[], Any]) -> LazySeq:
    """The lazy sequence of what `thunk` will return; the macro `lazy-seq` expands to this."""
    return LazySeq(thunk)


@core("concat", arglists="([& colls])")
def concat(*colls: Any) -> Any:
    """The items of each of `colls`, one after the other, lazily."""
    if not colls:
        return EMPTY_LIST
    return Concat.of(colls)


_support.set_iteration(
    IndexedSeq, IterSeq, Segment, LazySeq, Cons, ListCell, Concat, Reduced, iterate
)
_support.register_walked(Seq)
define("walk*", _support.walk, doc=_support.walk.__doc__ or "", arglists="([coll])")
define("advance*", _support.advance, doc=_support.advance.__doc__ or "", arglists="([walk])")
define("end*", _support.END, doc="What `advance*` gives after the last item.")
