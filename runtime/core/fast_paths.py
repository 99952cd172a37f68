"""Puts the native look-ups before the Python functions that they fall back to.

Import it after the modules of core that define those functions.
"""

from __future__ import annotations

from runtime.core import lookup, meta, sequences, updating
from runtime.core.registry import TABLE, define
from runtime.core.values import Keyword
from runtime.native import _support

for _name, _native, _slow_name, _python in (
    ("get", _support.get, "get", lookup.get),
    ("nth", _support.nth, "nth", lookup.nth),
    ("count", _support.count, "count", lookup.count),
    ("contains?", _support.contains, "contains", lookup.contains),
    ("first", _support.first, "first", sequences.first),
    ("assoc", _support.assoc, "assoc", updating.assoc),
):
    _support.set_slow(_slow_name, _python)
    _entry = TABLE["clojure.core", _name]
    define(_name, _native, doc=_entry.doc, arglists=_entry.arglists)

_support.set_metadata(meta.TABLE)
_support.speed_up_keywords()
Keyword.lookup = staticmethod(_support.get)
