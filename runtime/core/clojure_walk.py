"""The namespace clojure.walk."""

from __future__ import annotations

from typing import Any

from runtime.core.collections import Set, SortedSet
from runtime.core.invoke import as_fn
from runtime.core.kinds import Map, PVector, vector
from runtime.core.lookup import get
from runtime.core.meta import keep
from runtime.core.registry import core
from runtime.core.sequences import Seq, iterate
from runtime.core.updating import grow
from runtime.core.values import Keyword, List

NS = "clojure.walk"


@core("walk", NS, "([inner outer form])")
def walk(inner: Any, outer: Any, form: Any) -> Any:
    """`outer` of the form with `inner` applied to each of its items; a map's items are its entries."""
    return as_fn(outer)(_mapped(as_fn(inner), form))


def _mapped(inner: Any, form: Any) -> Any:
    kind = type(form)
    if kind is PVector:
        return keep(form, vector([inner(x) for x in form]))
    if kind is List:
        return List(tuple(inner(x) for x in form), form.meta)
    if isinstance(form, Seq):
        return List(tuple(inner(x) for x in form), getattr(form, "meta", None))
    if kind is Set or kind is SortedSet:
        return grow(form.empty(), [inner(x) for x in form])
    if kind is Map:
        return keep(form, grow(Map(), [inner(entry) for entry in iterate(form)]))
    if hasattr(form, "assoc") and hasattr(
        form, "items"
    ):  # records and sorted maps stay what they are
        start = form.empty() if hasattr(form, "empty") else form
        return grow(start, [inner(entry) for entry in iterate(form)])
    return form


def _post(f: Any, form: Any) -> Any:
    return f(_mapped(lambda x: _post(f, x), form))


def _pre(f: Any, form: Any) -> Any:
    return _mapped(lambda x: _pre(f, x), f(form))


@core("postwalk", NS, "([f form])")
def postwalk(f: Any, form: Any) -> Any:
    """The form with `f` applied to each part, inner parts first."""
    return _post(as_fn(f), form)


@core("prewalk", NS, "([f form])")
def prewalk(f: Any, form: Any) -> Any:
    """The form with `f` applied to each part, outer parts first."""
    return _pre(as_fn(f), form)


@core("postwalk-demo", NS, "([form])")
def postwalk_demo(form: Any) -> Any:
    """Prints each part in the order of postwalk."""
    return _post(_show, form)


@core("prewalk-demo", NS, "([form])")
def prewalk_demo(form: Any) -> Any:
    """Prints each part in the order of prewalk."""
    return _pre(_show, form)


def _show(form: Any) -> Any:
    from runtime.core.output import out, pr_str

    out().write(f"Walked: {pr_str(form)}\n")
    return form


@core("postwalk-replace", NS, "([smap form])")
def postwalk_replace(replacements: Any, form: Any) -> Any:
    """The form with parts replaced by their values in the map, inner parts first."""
    return _post(lambda x: _replaced(replacements, x), form)


@core("prewalk-replace", NS, "([smap form])")
def prewalk_replace(replacements: Any, form: Any) -> Any:
    """The form with parts replaced by their values in the map, outer parts first."""
    return _pre(lambda x: _replaced(replacements, x), form)


def _replaced(replacements: Any, x: Any) -> Any:
    return get(replacements, x, x)


@core("keywordize-keys", NS, "([m])")
def keywordize_keys(m: Any) -> Any:
    """All maps in the form with keywords for string keys."""
    return _post(lambda x: _with_keys(x, str, Keyword), m)


@core("stringify-keys", NS, "([m])")
def stringify_keys(m: Any) -> Any:
    """All maps in the form with strings for keyword keys."""
    return _post(lambda x: _with_keys(x, Keyword, lambda key: str(key)[1:]), m)


def _with_keys(form: Any, kind: type, change: Any) -> Any:
    if type(form) is not Map:
        return form
    pairs = ((change(k) if type(k) is kind else k, v) for k, v in form.items())
    return Map(list(pairs))
