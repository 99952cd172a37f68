"""Records and types: what `defrecord` and `deftype` define, as Python classes made for each.

Defining one again changes the class instead of replacing it, so that the objects a running program holds stay
of their type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.core.equality import equal
from runtime.core.invoke import Fn
from runtime.core.kinds import EMPTY_MAP, Map, PVector, vector
from runtime.core.printing import Output, print_map, register_printer
from runtime.core.registry import core
from runtime.core.values import Keyword


class Fields:
    """The base of both: `basis` names the declared fields, `fields` maps keywords to values.

    `lisp_methods` are the type's implementations of protocols, for `(.method object)`.
    """

    __slots__ = ("fields", "meta", "__weakref__")
    basis: tuple[Keyword, ...] = ()
    mutable: frozenset[Keyword] = frozenset()
    lisp_methods: dict[Keyword, Fn] = {}
    lisp_name = ""
    fields: Map[Keyword, Any]

    def __init__(self, *values: Any) -> None:
        if len(values) != len(self.basis):
            raise TypeError(
                f"{self.lisp_name} has {len(self.basis)} fields, found {len(values)} values"
            )
        self.fields = Map(list(zip(self.basis, values, strict=True)))
        self.meta: Any = None

    @classmethod
    def from_literal(cls, form: Any) -> Any:
        """What `#ns.Name[value …]` and, of a record, `#ns.Name{:field value …}` stand for."""
        if type(form) is Map and issubclass(cls, Record):
            return map_factory(cls)(form)
        if type(form) is PVector:
            return cls(*form)
        wanted = "a map or vector" if issubclass(cls, Record) else "a vector"
        raise TypeError(f"{cls.lisp_name} is read from {wanted} of its fields")

    def __getattr__(self, name: str) -> Any:
        # Python asks for special names, of objects under construction too.
        if not name.startswith("__") and name != "fields" and Keyword(name) in self.fields:
            return self.fields[Keyword(name)]
        raise AttributeError(f"{self.lisp_name} has no field {name}")


class ObjectType(Fields):
    """The base of what `deftype` defines: equal to itself only, its fields for its methods."""

    __slots__ = ()


class Record(Fields, Mapping[Any, Any]):
    """The base of what `defrecord` defines: a map that has its type in common with its equals."""

    __slots__ = ()

    def _with(self, fields: Map[Any, Any]) -> Record:
        made: Record = object.__new__(type(self))
        made.fields = fields
        made.meta = self.meta
        return made

    def get(self, key: Any, default: Any = None) -> Any:
        return self.fields.get(key, default)

    def assoc(self, key: Any, value: Any) -> Record:
        return self._with(self.fields.set(key, value))

    def dissoc(self, key: Any) -> Any:
        if key not in self.fields:
            return self
        left = self.fields.delete(key)
        return left if key in self.basis else self._with(left)

    def keys(self) -> Any:
        """The declared fields in their order, then the others."""
        fields = self.fields
        declared = [key for key in self.basis if key in fields]
        if len(declared) == len(fields):
            return declared
        return declared + [key for key in fields if key not in self.basis]

    def values(self) -> Any:
        return [self.fields[key] for key in self.keys()]

    def items(self) -> Any:
        return [(key, self.fields[key]) for key in self.keys()]

    def __getitem__(self, key: Any) -> Any:
        return self.fields[key]

    def __contains__(self, key: object) -> bool:
        return key in self.fields

    def __iter__(self) -> Iterator[Any]:
        """The entries: a Lisp map is a sequence of them."""
        return map(vector, self.items())

    def __len__(self) -> int:
        return len(self.fields)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and equal(self.fields, other.fields)

    def __hash__(self) -> int:
        return hash((type(self), self.fields))


def _define(var: Any, basis: Any, base: type[Fields], mutable: Any = ()) -> type[Fields]:
    found = getattr(var, "root", None)
    if not isinstance(found, type) or not issubclass(found, base):
        full = f"{var.ns}.{var.name}"
        body = {"__slots__": (), "lisp_name": full, "__module__": var.ns}
        found = type(var.name, (base,), body)
    kind: type[Fields] = found
    kind.basis, kind.mutable, kind.lisp_methods = tuple(basis), frozenset(mutable), {}
    return kind


@core("record-type*", arglists="([var fields])")
def record_type(var: Any, basis: Any) -> type:
    """The class of a record; `defrecord` expands to this."""
    return _define(var, basis, Record)


@core("object-type*", arglists="([var fields] [var fields mutable])")
def object_type(var: Any, basis: Any, mutable: Any = ()) -> type:
    """The class of a type; `deftype` expands to this."""
    return _define(var, basis, ObjectType, mutable)


@core("positional-factory*", arglists="([type])")
def positional_factory(kind: type[Fields]) -> Fn:
    """The function `->Name`: an object from the values of its fields."""
    return lambda *values: kind(*values)


@core("map-factory*", arglists="([type])")
def map_factory(kind: type[Record]) -> Fn:
    """The function `map->Name`: a record from a map; fields it lacks are nil."""

    def make(m: Any) -> Record:
        made = kind(*[None] * len(kind.basis))
        made.fields = made.fields.update(EMPTY_MAP if m is None else Map(list(m.items())))
        return made

    return make


@core("field*", arglists="([object field])")
def field(x: Any, name: Keyword) -> Any:
    """The value of a declared field, for the methods of the type."""
    return x.fields[name]


@core("record?", arglists="([x])")
def is_record(x: Any) -> bool:
    """Whether `x` is a record."""
    return isinstance(x, Record)


def _print_record(x: Record, out: Output) -> None:
    out.write(f"#{x.lisp_name}")
    print_map(x, out)


def _print_object(x: ObjectType, out: Output) -> None:
    custom = type(x).__str__ is not object.__str__
    out.write(str(x) if custom else f"#<{x.lisp_name}>")


register_printer(Record, _print_record)
register_printer(ObjectType, _print_object)
