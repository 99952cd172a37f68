"""What compiled code leaves to Python: collection literals, definitions, throwing, large `case` tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from immutables import Map
from pyrsistent import pvector

from runtime.analysis import nodes as n
from runtime.core.collections import Set
from runtime.core.equality import equal
from runtime.core.exceptions import Thrown
from runtime.core.meta import with_meta

__all__ = ["MAKERS", "case_index", "definer", "throw", "with_meta"]


def make_vector(*items: Any) -> Any:
    """A vector literal."""
    return pvector(items)


def make_map(*flat: Any) -> Any:
    """A map literal from keys and values in turn. Raises ValueError for a key that occurs twice."""
    made = dict(zip(flat[::2], flat[1::2], strict=True))
    if 2 * len(made) != len(flat):
        raise ValueError("a map literal has the same key twice")
    return Map(made)


def make_set(*items: Any) -> Any:
    """A set literal. Raises ValueError for an item that occurs twice."""
    made = Set.make(items)
    if len(made) != len(items):
        raise ValueError("a set literal has the same item twice")
    return made


MAKERS: dict[type, Callable[..., Any]] = {
    n.VectorLit: make_vector,
    n.MapLit: make_map,
    n.SetLit: make_set,
}


def throw(value: Any) -> NoReturn:
    """`throw`: exceptions as themselves, other values in an exception that carries them."""
    raise value if isinstance(value, BaseException) else Thrown(value)


class Definitions(Protocol):
    """Who is told of definitions."""

    def on_def(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """A `def` ran: bind the var and tell who depends on it."""


def definer(table: Definitions, node: n.Def) -> Callable[..., Any]:
    """What a lowered or compiled `def` calls with its value and metadata, as far as it has them."""

    def define(*parts: Any) -> Any:
        left = list(parts)
        value = left.pop(0) if node.init is not None else None
        meta = left.pop(0) if node.meta is not None else None
        table.on_def(node, value, node.init is not None, meta)
        return node.var

    return define


def case_index(node: n.Case) -> Callable[[Any], int]:
    """A function from the tested value to the number of its clause, -1 for none."""
    table: dict[Any, list[tuple[Any, int]]] = {}
    for index, (constants, _) in enumerate(node.clauses):
        for constant in constants:
            table.setdefault(constant, []).append((constant, index))

    def find(value: Any) -> int:
        for constant, index in table.get(value, ()):
            if equal(constant, value):
                return index
        return -1

    return find
