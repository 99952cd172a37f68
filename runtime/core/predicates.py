"""Predicates on the kinds of values, and types by the names Clojure programs use."""

from __future__ import annotations

import functools
import numbers
import re
import types
import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from runtime.core.collections import Set, Sorted
from runtime.core.kinds import Map, PVector
from runtime.core.meta import FnWithMeta, meta
from runtime.core.registry import core, define
from runtime.core.sequences import LazySeq, ListCell, Seq
from runtime.core.state import Delay, Volatile
from runtime.core.values import BigInt, Char, Keyword, List, Symbol
from runtime.native import _support

FUNCTIONS: tuple[type, ...] = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
    FnWithMeta,
    _support.Fn,
)


@core("nil?", arglists="([x])")
def is_nil(x: Any) -> bool:
    """Whether `x` is nil."""
    return x is None


@core("some?", arglists="([x])")
def is_some(x: Any) -> bool:
    """Whether `x` is not nil."""
    return x is not None


@core("any?", arglists="([x])")
def is_any(_: Any) -> bool:
    """True."""
    return True


@core("true?", arglists="([x])")
def is_true(x: Any) -> bool:
    """Whether `x` is true itself."""
    return x is True


@core("false?", arglists="([x])")
def is_false(x: Any) -> bool:
    """Whether `x` is false itself."""
    return x is False


@core("boolean", arglists="([x])")
def boolean(x: Any) -> bool:
    """False for nil and false, else true."""
    return x is not None and x is not False


@core("boolean?", arglists="([x])")
def is_boolean(x: Any) -> bool:
    """Whether `x` is true or false."""
    return x is True or x is False


@core("string?", arglists="([x])")
def is_string(x: Any) -> bool:
    """Whether `x` is a string."""
    return isinstance(x, str)


@core("char?", arglists="([x])")
def is_char(x: Any) -> bool:
    """Whether `x` is a character."""
    return type(x) is Char


@core("map?", arglists="([x])")
def is_map(x: Any) -> bool:
    """Whether `x` is a map, sorted map or record."""
    return type(x) is Map or isinstance(x, Mapping)


@core("vector?", arglists="([x])")
def is_vector(x: Any) -> bool:
    """Whether `x` is a vector."""
    return type(x) is PVector


@core("map-entry?", arglists="([x])")
def is_map_entry(x: Any) -> bool:
    """Whether `x` is a vector of two: map entries are no type of their own here."""
    return type(x) is PVector and len(x) == 2


@core("set?", arglists="([x])")
def is_set(x: Any) -> bool:
    """Whether `x` is a set."""
    return type(x) is Set or (isinstance(x, AbstractSet) and isinstance(x, Sorted))


@core("list?", arglists="([x])")
def is_list(x: Any) -> bool:
    """Whether `x` is a list."""
    return type(x) is List or type(x) is ListCell


@core("seq?", arglists="([x])")
def is_seq(x: Any) -> bool:
    """Whether `x` is a sequence: a list or lazy sequence, but no vector."""
    return type(x) is List or isinstance(x, Seq)


@core("sequential?", arglists="([coll])")
def is_sequential(x: Any) -> bool:
    """Whether `x` is a vector, list or sequence."""
    return type(x) is PVector or type(x) is List or isinstance(x, Seq)


@core("coll?", arglists="([x])")
def is_coll(x: Any) -> bool:
    """Whether `x` is a map, set, vector, list or sequence."""
    return is_sequential(x) or is_map(x) or is_set(x)


@core("seqable?", arglists="([x])")
def is_seqable(x: Any) -> bool:
    """Whether `seq` takes `x`."""
    return x is None or (hasattr(x, "__iter__") and not isinstance(x, type))


@core("associative?", arglists="([coll])")
def is_associative(x: Any) -> bool:
    """Whether `assoc` takes `x`: a map, record or vector."""
    return type(x) is PVector or is_map(x)


@core("indexed?", arglists="([coll])")
def is_indexed(x: Any) -> bool:
    """Whether `nth` takes constant time: vectors."""
    return type(x) is PVector


@core("counted?", arglists="([coll])")
def is_counted(x: Any) -> bool:
    """Whether `count` takes constant time (strings, as in Clojure, are left out)."""
    return hasattr(x, "__len__") and not isinstance(x, str)


@core("reversible?", arglists="([coll])")
def is_reversible(x: Any) -> bool:
    """Whether `rseq` takes `x`."""
    return type(x) is PVector or isinstance(x, Sorted)


@core("sorted?", arglists="([coll])")
def is_sorted(x: Any) -> bool:
    """Whether `x` is a sorted map or set."""
    return isinstance(x, Sorted)


@core("fn?", arglists="([x])")
def is_fn(x: Any) -> bool:
    """Whether `x` is a function (and not merely callable, as keywords and maps are)."""
    return isinstance(x, FUNCTIONS)


@core("ifn?", arglists="([x])")
def is_ifn(x: Any) -> bool:
    """Whether `x` can be called."""
    return callable(x) or type(x) in (Map, PVector, Symbol)


@core("volatile?", arglists="([x])")
def is_volatile(x: Any) -> bool:
    """Whether `x` is a volatile."""
    return type(x) is Volatile


@core("delay?", arglists="([x])")
def is_delay(x: Any) -> bool:
    """Whether `x` is a delay."""
    return type(x) is Delay


@core("uuid?", arglists="([x])")
def is_uuid(x: Any) -> bool:
    """Whether `x` is a UUID."""
    return isinstance(x, uuid.UUID)


@core("inst?", arglists="([x])")
def is_inst(x: Any) -> bool:
    """Whether `x` is a point in time."""
    return isinstance(x, datetime)


@core("inst-ms", arglists="([inst])")
def inst_ms(x: datetime) -> int:
    """The milliseconds since 1970 of a point in time."""
    return round(x.timestamp() * 1000)


@core("uri?", arglists="([x])")
def is_uri(_: Any) -> bool:
    """False: there is no type for URIs."""
    return False


@core("bytes?", arglists="([x])")
def is_bytes(x: Any) -> bool:
    """Whether `x` is a byte string."""
    return isinstance(x, bytes | bytearray)


@core("class?", arglists="([x])")
def is_class(x: Any) -> bool:
    """Whether `x` is a type."""
    return isinstance(x, type)


@core("class", arglists="([x])")
def class_(x: Any) -> Any:
    """The type of `x`, nil for nil."""
    return None if x is None else type(x)


@core("type", arglists="([x])")
def type_(x: Any) -> Any:
    """The :type metadata of `x`, or else its type."""
    m = meta(x)
    found = m.get(Keyword("type"), None) if m is not None else None
    return class_(x) if found is None else found


def conforms(kind: type, cls: type) -> bool:
    """Whether `kind` is `cls` or under it. A boolean is no number here, though Python has it so."""
    if kind is bool and cls is not object:
        return cls is bool
    return issubclass(kind, cls)


@core("instance?", arglists="([c x])")
def is_instance(cls: Any, x: Any) -> bool:
    """Whether `x` is of the type."""
    return x is not None and conforms(type(x), cls)


@core("cast", arglists="([c x])")
def cast(cls: Any, x: Any) -> Any:
    """`x`, if it is nil or of the type; else raises TypeError."""
    if x is not None and not is_instance(cls, x):
        raise TypeError(f"cannot cast {type(x).__name__} to {cls.__name__}")
    return x


SPECIAL_FORMS = {"def", "fn*", "let*", "loop*", "recur", "if", "do", "quote", "var", "throw"}
SPECIAL_FORMS |= {"try", "catch", "finally", "letfn*", "case*", "set!", "&", ".", "new"}


@core("special-symbol?", arglists="([s])")
def is_special_symbol(x: Any) -> bool:
    """Whether `x` names a special form."""
    return type(x) is Symbol and x.ns is None and x.name in SPECIAL_FORMS


for _name, _class in {
    "Object": object,
    "String": str,
    "CharSequence": str,
    "Character": Char,
    "Boolean": bool,
    "Number": numbers.Number,
    "Long": int,
    "Integer": int,
    "Double": float,
    "Float": float,
    "BigInt": BigInt,
    "BigDecimal": Decimal,
    "Ratio": Fraction,
    "Keyword": Keyword,
    "Symbol": Symbol,
    "Pattern": re.Pattern,
    "UUID": uuid.UUID,
    "Date": datetime,
    "IPersistentMap": Mapping,
    "IPersistentVector": PVector,
    "IPersistentSet": AbstractSet,
    "ISeq": Seq,
    "PersistentList": List,
    "LazySeq": LazySeq,
    "Fn": _support.Fn,
}.items():
    define(_name, _class, doc=f"The type {_class.__name__}, by the name Clojure programs use.")
