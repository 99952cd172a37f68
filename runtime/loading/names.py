"""Forms by their text, and what names mean in a namespace while its file is gone through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.errors import Span
from runtime.loading.records import Env, env_of
from runtime.namespaces import CppScope


def shown(variables: Iterable[Any]) -> str:
    names = sorted(getattr(var, "name", str(var)) for var in variables)
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _words(text: str) -> list[str]:
    return text[:200].replace("(", " ").replace(")", " ").split(None, 6)


def defined_name(text: str) -> str:
    """The name that a form seems to define, for finding what it was before an edit."""
    for word in _words(text)[1:]:
        if not word.startswith(("^", "{", ":")):
            return word
    return ""


def label(text: str) -> str:
    return defined_name(text) if text.startswith("(def") else " ".join(text[:40].split())


def empty(ns: Any) -> Env:
    """Forget what the names of a namespace mean that are not its own; gives what they meant."""
    before = env_of(ns)
    ns.aliases, ns.refers, ns.cpp_aliases = {}, {}, {}
    ns.cpp_globals, ns.excluded = set(), set()
    return before


def restore(ns: Any, before: Env) -> None:
    """A clause of `ns` failed: what was known stays known."""
    for (kind, name), value in before.items():
        if kind == "alias":
            ns.aliases.setdefault(name, value)
        elif kind == "refer":
            ns.refers.setdefault(name, value)
        elif kind == "scope":
            ns.cpp_aliases.setdefault(name, CppScope(*value))
        elif kind == "global":
            ns.cpp_globals.add(name)
        else:
            ns.excluded.add(name)


def contains(outer: Span, inner: Span | None) -> bool:
    if inner is None or inner.file != outer.file:
        return False
    return (outer.line, outer.col) <= (inner.line, inner.col) < (outer.end_line, outer.end_col)
