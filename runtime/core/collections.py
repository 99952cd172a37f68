"""The collections the libraries lack: persistent sets, sorted maps and sorted sets.

Keys are compared as Python does by hash and `==`: `1`, `1.0` and `true` are one key, a deliberate compromise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cmp_to_key
from typing import Any

from runtime.core.kinds import EMPTY_MAP, MISSING, Map, vector

Compare = Callable[[Any, Any], int]


class Set(AbstractSet[Any]):
    """A persistent hash set. Calling it looks an item up."""

    __slots__ = ("items", "meta", "_known_hash", "__weakref__")

    def __init__(self, items: Map[Any, Any], meta: Any = None) -> None:
        self.items = items  # each item → itself
        self.meta = meta
        self._known_hash: int | None = None

    @staticmethod
    def make(items: Iterable[Any]) -> Set:
        return Set(Map([(item, item) for item in items]))

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Set:
        return Set.make(it)

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return True

    def get(self, item: Any, default: Any = None) -> Any:
        return self.items.get(item, default)

    __call__ = get

    def conj(self, item: Any) -> Set:
        if item in self.items:
            return self
        return Set(self.items.set(item, item), self.meta)

    def disj(self, item: Any) -> Set:
        if item not in self.items:
            return self
        return Set(self.items.delete(item), self.meta)

    def empty(self) -> Set:
        return Set(EMPTY_MAP, self.meta)

    def __eq__(self, other: object) -> bool:
        if type(other) is Set:
            return len(self.items) == len(other.items) and all(x in other.items for x in self.items)
        return AbstractSet.__eq__(self, other)

    def __hash__(self) -> int:
        if self._known_hash is None:
            self._known_hash = hash(frozenset(self.items))
        return self._known_hash


EMPTY_SET = Set(EMPTY_MAP)


class Sorted:
    """What sorted maps and sets share: the keys in order, found by bisection."""

    __slots__ = ("sorted_keys", "compare", "order", "meta", "__weakref__")

    def __init__(self, keys: list[Any], compare: Compare, meta: Any = None) -> None:
        self.sorted_keys = keys  # never changed after construction
        self.compare = compare
        self.order = cmp_to_key(compare)
        self.meta = meta

    def position(self, key: Any) -> tuple[int, bool]:
        """Where `key` is or would be inserted, and whether it is there."""
        keys = self.sorted_keys
        at = bisect_left(keys, self.order(key), key=self.order)
        return at, at < len(keys) and self.compare(keys[at], key) == 0

    def __contains__(self, key: object) -> bool:
        return self.position(key)[1]

    def __len__(self) -> int:
        return len(self.sorted_keys)

    def __bool__(self) -> bool:
        return True


class SortedMap(Sorted, Mapping[Any, Any]):
    """A persistent map in the order of its keys. Changing it copies it: O(n) pointers."""

    __slots__ = ("sorted_values",)

    def __init__(
        self, keys: list[Any], values: list[Any], compare: Compare, meta: Any = None
    ) -> None:
        super().__init__(keys, compare, meta)
        self.sorted_values = values

    @staticmethod
    def make(pairs: Iterable[tuple[Any, Any]], compare: Compare) -> SortedMap:
        made = SortedMap([], [], compare)
        for key, value in pairs:
            made = made.assoc(key, value)
        return made

    def __iter__(self) -> Iterator[Any]:
        """The entries: a Lisp map is a sequence of them."""
        return map(vector, zip(self.sorted_keys, self.sorted_values, strict=True))

    def keys(self) -> Any:
        return self.sorted_keys

    def values(self) -> Any:
        return self.sorted_values

    def items(self) -> Any:
        return zip(self.sorted_keys, self.sorted_values, strict=True)

    def get(self, key: Any, default: Any = None) -> Any:
        at, found = self.position(key)
        return self.sorted_values[at] if found else default

    __call__ = get

    def __getitem__(self, key: Any) -> Any:
        value = self.get(key, MISSING)
        if value is MISSING:
            raise KeyError(key)
        return value

    def entry(self, key: Any) -> Any:
        at, found = self.position(key)
        return vector((self.sorted_keys[at], self.sorted_values[at])) if found else None

    def assoc(self, key: Any, value: Any) -> SortedMap:
        at, found = self.position(key)
        keys, values = self.sorted_keys, self.sorted_values.copy()
        if found:
            values[at] = value
        else:
            keys = keys.copy()
            keys.insert(at, key)
            values.insert(at, value)
        return SortedMap(keys, values, self.compare, self.meta)

    def dissoc(self, key: Any) -> SortedMap:
        at, found = self.position(key)
        if not found:
            return self
        keys, values = self.sorted_keys.copy(), self.sorted_values.copy()
        del keys[at], values[at]
        return SortedMap(keys, values, self.compare, self.meta)

    def empty(self) -> SortedMap:
        return SortedMap([], [], self.compare, self.meta)

    def between(self, start: int, end: int) -> list[Any]:
        """The entries at the positions `start` to `end`."""
        pairs = zip(self.sorted_keys[start:end], self.sorted_values[start:end], strict=True)
        return [vector(pair) for pair in pairs]

    def __eq__(self, other: object) -> bool:
        from runtime.core.equality import equal

        return equal(self, other)

    def __hash__(self) -> int:
        return hash(Map(self.items()))


class SortedSet(Sorted, AbstractSet[Any]):
    """A persistent set in order. Changing it copies it: O(n) pointers."""

    __slots__ = ()

    @staticmethod
    def make(items: Iterable[Any], compare: Compare) -> SortedSet:
        made = SortedSet([], compare)
        for item in items:
            made = made.conj(item)
        return made

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        return Set.make(it)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.sorted_keys)

    def get(self, item: Any, default: Any = None) -> Any:
        at, found = self.position(item)
        return self.sorted_keys[at] if found else default

    __call__ = get

    def conj(self, item: Any) -> SortedSet:
        at, found = self.position(item)
        if found:
            return self
        keys = self.sorted_keys.copy()
        keys.insert(at, item)
        return SortedSet(keys, self.compare, self.meta)

    def disj(self, item: Any) -> SortedSet:
        at, found = self.position(item)
        if not found:
            return self
        keys = self.sorted_keys.copy()
        del keys[at]
        return SortedSet(keys, self.compare, self.meta)

    def empty(self) -> SortedSet:
        return SortedSet([], self.compare, self.meta)

    def between(self, start: int, end: int) -> list[Any]:
        """The items at the positions `start` to `end`."""
        return self.sorted_keys[start:end]

    def __eq__(self, other: object) -> bool:
        return AbstractSet.__eq__(self, other)

    def __hash__(self) -> int:
        return hash(frozenset(self.sorted_keys))
