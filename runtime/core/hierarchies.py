"""Hierarchies: derive, isa?, parents and the like, over keywords, symbols and types."""

from __future__ import annotations

from typing import Any

from runtime.core.collections import EMPTY_SET, Set
from runtime.core.equality import equal
from runtime.core.kinds import EMPTY_MAP, Map, PVector
from runtime.core.predicates import conforms
from runtime.core.registry import core
from runtime.core.state import Atom
from runtime.core.tracking import HIERARCHY, added
from runtime.core.values import Keyword, List

PARENTS, ANCESTORS, DESCENDANTS = Keyword("parents"), Keyword("ancestors"), Keyword("descendants")


@core("make-hierarchy", arglists="([])")
def make_hierarchy() -> Any:
    """An empty hierarchy."""
    return Map({PARENTS: EMPTY_MAP, ANCESTORS: EMPTY_MAP, DESCENDANTS: EMPTY_MAP})


GLOBAL = Atom(make_hierarchy())


def _of_types(tag: Any) -> list[Any]:
    return list(tag.__mro__[1:]) if isinstance(tag, type) else []


@core("isa?", arglists="([child parent] [h child parent])")
def isa(*args: Any) -> bool:
    """Whether the child equals or derives from the parent; vectors are compared item by item."""
    h, child, parent = args if len(args) == 3 else (GLOBAL.value, *args)
    if equal(child, parent):
        return True
    if isinstance(child, type) and isinstance(parent, type) and conforms(child, parent):
        return True
    known = h[ANCESTORS]
    if any(parent in known.get(tag, EMPTY_SET) for tag in (child, *_of_types(child))):
        return True
    if type(child) is PVector and type(parent) is PVector and len(child) == len(parent):
        return all(isa(h, c, p) for c, p in zip(child, parent, strict=True))
    return False


@core("parents", arglists="([tag] [h tag])")
def parents(*args: Any) -> Any:
    """The set of what the tag was derived from directly, nil for nothing."""
    h, tag = args if len(args) == 2 else (GLOBAL.value, *args)
    found = set(h[PARENTS].get(tag, ()))
    if isinstance(tag, type):
        found.update(tag.__bases__)
    return Set.make(found) if found else None


@core("ancestors", arglists="([tag] [h tag])")
def ancestors(*args: Any) -> Any:
    """The set of all that the tag derives from, nil for nothing."""
    h, tag = args if len(args) == 2 else (GLOBAL.value, *args)
    found = set(h[ANCESTORS].get(tag, ()))
    for base in _of_types(tag):
        found.add(base)
        found.update(h[ANCESTORS].get(base, ()))
    return Set.make(found) if found else None


@core("descendants", arglists="([tag] [h tag])")
def descendants(*args: Any) -> Any:
    """The set of all that derives from the tag, nil for nothing."""
    h, tag = args if len(args) == 2 else (GLOBAL.value, *args)
    return h[DESCENDANTS].get(tag, None)


@core("derive", arglists="([tag parent] [h tag parent])")
def derive(*args: Any) -> Any:
    """The hierarchy with the tag under the parent; without one changes the global hierarchy."""
    if len(args) == 2:
        GLOBAL.value = derive(GLOBAL.value, *args)
        added(HIERARCHY, args, lambda: underive(*args), lambda: derive(*args))
        return None
    h, tag, parent = args
    direct = h[PARENTS]
    if parent in direct.get(tag, EMPTY_SET):
        return h
    if equal(tag, parent) or isa(h, parent, tag):
        raise ValueError(f"Cyclic derivation: {parent} has {tag} as ancestor")
    return _with_parents(direct.set(tag, direct.get(tag, EMPTY_SET).conj(parent)))


@core("underive", arglists="([tag parent] [h tag parent])")
def underive(*args: Any) -> Any:
    """Undoes derive."""
    if len(args) == 2:
        GLOBAL.value = underive(GLOBAL.value, *args)
        return None
    h, tag, parent = args
    left = h[PARENTS].get(tag, EMPTY_SET).disj(parent)
    direct = h[PARENTS].set(tag, left) if len(left) else h[PARENTS].update({tag: left}).delete(tag)
    return _with_parents(direct)


def _with_parents(direct: Any) -> Any:
    """The hierarchy of these direct parents, with what follows from them."""
    above: dict[Any, set[Any]] = {}
    for tag in direct:
        waiting, found = list(direct[tag]), set()
        while waiting:
            parent = waiting.pop()
            if parent not in found:
                found.add(parent)
                waiting.extend(direct.get(parent, ()))
        above[tag] = found
    below: dict[Any, set[Any]] = {}
    for tag, found in above.items():
        for parent in found:
            below.setdefault(parent, set()).add(tag)
    return Map({PARENTS: direct, ANCESTORS: _sets(above), DESCENDANTS: _sets(below)})


def _sets(groups: dict[Any, set[Any]]) -> Any:
    return Map([(key, Set.make(items)) for key, items in groups.items()])


@core("bases", arglists="([c])")
def bases(kind: type) -> Any:
    """The direct base classes of a type, nil for none."""
    return List(kind.__bases__) if kind.__bases__ else None


@core("supers", arglists="([class])")
def supers(kind: type) -> Any:
    """The set of all classes that a type is under, nil for none."""
    above = kind.__mro__[1:]
    return Set.make(above) if above else None
