"""Puts the native look-ups before the Python functions that they fall back to.

Import it after the modules of core that define those functions. `equality` is among them: without it lists
hash by identity, and a map that has one as a key would be lost once it comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core import (  # `strings` defines `str`
    collections,
    equality,  # noqa: F401
    lookup,
    meta,
    records,
    sequences,
    state,
    strings,  # noqa: F401
    updating,
)
from runtime.core.printing import str_value
from runtime.core.registry import TABLE, define
from runtime.core.values import EMPTY_LIST, Keyword
from runtime.native import _support


def _replace(name: str, native: Callable[..., Any]) -> None:
    entry = TABLE["clojure.core", name]
    define(name, native, doc=entry.doc, arglists=entry.arglists)


for _name, _native, _slow_name, _python in (
    ("get", _support.get, "get", lookup.get),
    ("nth", _support.nth, "nth", lookup.nth),
    ("count", _support.count, "count", lookup.count),
    ("contains?", _support.contains, "contains", lookup.contains),
    ("first", _support.first, "first", sequences.first),
    ("assoc", _support.assoc, "assoc", updating.assoc),
    ("conj", _support.conj, "conj", updating.conj),
):
    _support.set_slow(_slow_name, _python)
    _replace(_name, _native)

_support.set_sequences(
    sequences.IndexedSeq,
    state.Atom,
    EMPTY_LIST,
    sequences.seq,
    sequences.next_,
    sequences.rest,
    state.swap,
    str_value,
)
_support.set_updates(updating.update, updating.update_in)
for _name, _native in (
    ("seq", _support.seq),
    ("next", _support.next),
    ("rest", _support.rest),
    ("swap!", _support.swap),
    ("str", _support.text),
    ("get-in", _support.get_in),
    ("assoc-in", _support.assoc_in),
    ("update", _support.update),
    ("update-in", _support.update_in),
):
    _replace(_name, _native)

_support.register_holder(collections.Set, "items")
_support.register_holder(records.Record, "fields")
_support.set_metadata(meta.TABLE)
_support.speed_up_keywords()
Keyword.lookup = staticmethod(_support.get)
