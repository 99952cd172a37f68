"""How the reader resolves names: by the namespace that is current while a form is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.records import Fields
from runtime.core.tracking import read
from runtime.core.values import Symbol
from runtime.namespaces import CORE, Namespaces


class NamespaceResolver:
    """How the reader resolves names while the namespace `namespaces.current` is being read."""

    def __init__(
        self, namespaces: Namespaces, before_tags: Callable[[], None] | None = None
    ) -> None:
        self.namespaces = namespaces
        self._before_tags = before_tags  # evaluates what was read: it may define how a tag is read

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        """`sym` as a syntax quote qualifies it."""
        ns = self.namespaces.current
        if sym.ns is not None:
            if sym.ns in ns.cpp_aliases:
                return sym
            found = self.namespaces.find(sym.ns, ns)
            return Symbol(sym.name, found.name if found else sym.ns, sym.meta, sym.span)
        if sym.name in ns.cpp_globals:
            return sym
        if sym.name.endswith(".") and sym.name.strip("."):  # a constructor goes where its type is
            made_by = self.resolve_symbol(Symbol(sym.name[:-1]))
            known = self.namespaces.resolve(made_by)
            return Symbol(sym.name, made_by.ns if known else None, sym.meta, sym.span)
        var = self.namespaces.resolve(sym, ns)
        home = var.ns if var is not None else ns.name
        name = var.name if var is not None else sym.name
        return Symbol(name, home, sym.meta, sym.span)

    def resolve_alias(self, name: str) -> str | None:
        found = self.namespaces.find(name)
        return found.name if found else None

    def current_ns(self) -> str:
        return self.namespaces.current.name

    def data_reader(self, tag: Symbol) -> Callable[[Any], Any] | None:
        """What `*data-readers*`, else a record's name, else `*default-data-reader-fn*` says of a tag."""
        if self._before_tags is not None:
            self._before_tags()
        core = self.namespaces.ensure(CORE).vars
        found = (core["*data-readers*"].deref() or {}).get(tag)
        if found is not None:
            return as_fn(found)
        home, _, name = tag.name.rpartition(".")
        var = self.namespaces.all[home].vars.get(name) if home in self.namespaces.all else None
        if var is not None and isinstance(read(var), type) and issubclass(read(var), Fields):
            return read(var).from_literal
        default = core["*default-data-reader-fn*"].deref()
        return None if default is None else lambda form: as_fn(default)(tag, form)
