"""The table of everything the core namespaces offer: `@core` registers a function, `@macro` a macro.

A `Runtime` makes its vars from this table, so importing the modules of `runtime.core` fills it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Entry:
    """One core var: its value, whether it is a macro or dynamic, and its documentation."""

    ns: str
    name: str
    value: Any
    doc: str = ""
    arglists: str = ""  # as Clojure shows them: "([x] [x y & more])"
    is_macro: bool = False
    is_dynamic: bool = False


TABLE: dict[tuple[str, str], Entry] = {}


def core(name: str, ns: str = "clojure.core", arglists: str = "") -> Callable[[F], F]:
    """Register the decorated Python function as `ns/name`; its docstring is the var's."""

    def register(function: F) -> F:
        define(name, function, ns, function.__doc__ or "", arglists)
        return function

    return register


def macro(name: str, ns: str = "clojure.core", arglists: str = "") -> Callable[[F], F]:
    """Register `function(form, env, *args) -> form` as a macro. `env` is the analyser's scope or None."""

    def register(function: F) -> F:
        TABLE[ns, name] = Entry(ns, name, function, function.__doc__ or "", arglists, is_macro=True)
        return function

    return register


def define(
    name: str,
    value: Any,
    ns: str = "clojure.core",
    doc: str = "",
    arglists: str = "",
    dynamic: bool = False,
) -> None:
    """Register a value that is not decorated: a constant, a native function, a dynamic var."""
    TABLE[ns, name] = Entry(ns, name, value, doc, arglists, is_dynamic=dynamic)
