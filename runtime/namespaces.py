"""Namespaces and vars: where names live. One `Namespaces` per runtime, core's vars made from its table."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from immutables import Map

from runtime.core import tracking
from runtime.core.registry import TABLE
from runtime.core.values import Keyword, Symbol, Unbound
from runtime.errors import Span
from runtime.native import _support
from runtime.reader import read_one

CORE = "clojure.core"
_CORE_NAMES = (CORE, "jank.core")
K_PRIVATE, K_MACRO, K_NAME, K_FILE, K_LINE, K_COLUMN, K_ARGLISTS = (
    Keyword(k) for k in ("private", "macro", "name", "file", "line", "column", "arglists")
)
_thread = threading.local()


class Var(_support.VarBase):
    """A named, changeable place. Its root lives in the native part, where compiled code reads it."""

    __slots__ = (
        "ns",
        "name",
        "own_meta",
        "is_macro",
        "is_dynamic",
        "span",
        "boxed",
        "watches",
        "on_bind",
        "__weakref__",
    )
    binds = 0  # of all vars so far: tells whether any got a new root meanwhile

    def __init__(self, ns: str, name: str) -> None:
        self.ns = ns
        self.name = name
        self.own_meta: Any = None
        self.is_macro = False
        self.is_dynamic = False
        self.span: Span | None = None
        self.boxed = ""  # the pointer type of the box it is defined as, for `(cpp/unbox v)`
        self.watches: Any = None
        self.on_bind: Callable[[Var], None] | None = None  # told of every new root
        self.bind(Unbound(self.full_name))

    def bind(self, value: Any) -> None:
        """Give it a new root value; what compiled code took the old one for is told."""
        super().bind(value)
        Var.binds += 1
        if tracking.active is not None and (found := tracking.here()) is not None:
            found.writes.add(self)
        if self.on_bind is not None:
            self.on_bind(self)

    @property
    def full_name(self) -> str:
        return f"{self.ns}/{self.name}"

    @property
    def is_bound(self) -> bool:
        found = tracking.here() if tracking.active is not None else None
        return type(self.root if found is None else found.root(self)) is not Unbound

    @property
    def is_private(self) -> bool:
        return self.own_meta is not None and bool(self.own_meta.get(K_PRIVATE))

    @property
    def meta(self) -> Any:
        """What its definition says about it, with its name and place."""
        known: dict[Keyword, Any] = {K_NAME: Symbol(self.name), Keyword("ns"): Symbol(self.ns)}
        if self.is_macro:
            known[K_MACRO] = True
        if self.span is not None:
            known[K_FILE], known[K_LINE], known[K_COLUMN] = (
                self.span.file,
                self.span.line,
                self.span.col,
            )
        given = dict(self.own_meta or {})
        if isinstance(given.get(K_ARGLISTS), str):  # core's are text until somebody asks
            given[K_ARGLISTS] = read_one(given[K_ARGLISTS] or "()").form
        return Map({**known, **given})

    @meta.setter
    def meta(self, value: Any) -> None:
        self.own_meta = value

    def deref(self) -> Any:
        """This thread's binding where there is one, else the root: an `Unbound` while it has none."""
        if self.is_dynamic:
            frame = getattr(_thread, "bindings", None)
            if frame is not None and (cell := frame.get(self)) is not None:
                return cell[0]
        if tracking.active is not None and (found := tracking.here()) is not None:
            found.reads.add(self)
            return found.root(self)
        return self.root

    def set(self, value: Any) -> Any:
        """Change this thread's binding, as `set!` does. Raises RuntimeError where there is none."""
        frame = getattr(_thread, "bindings", None)
        cell = frame.get(self) if frame is not None else None
        if cell is None:
            raise RuntimeError(f"{self.full_name} cannot be set: it has no binding on this thread")
        cell[0] = value
        return value

    def __call__(self, *args: Any) -> Any:
        return self.deref()(*args)

    def __repr__(self) -> str:
        return f"#'{self.full_name}"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self) >> 4


def push_bindings(pairs: list[tuple[Var, Any]]) -> None:
    """Give dynamic vars values on this thread until `pop_bindings`. Raises RuntimeError for a static var."""
    for var, _ in pairs:
        if not var.is_dynamic:
            raise RuntimeError(f"{var.full_name} cannot be bound: it is not dynamic")
    old = getattr(_thread, "bindings", None)
    frame = dict(old or {})
    frame.update((var, [value]) for var, value in pairs)
    stack = getattr(_thread, "stack", None)
    if stack is None:
        stack = _thread.stack = []
    stack.append(old)
    _thread.bindings = frame


def pop_bindings() -> None:
    """Undo the last `push_bindings` of this thread."""
    _thread.bindings = _thread.stack.pop()


def current_bindings() -> dict[Var, Any]:
    """The values of all dynamic vars bound on this thread."""
    return {var: cell[0] for var, cell in (getattr(_thread, "bindings", None) or {}).items()}


@dataclass(slots=True)
class CppScope:
    """What an alias of a header require stands for: a C++ scope, "" for the global one."""

    scope: str
    header: str


@dataclass(eq=False, slots=True)
class Namespace:
    """Names of one namespace: its own vars, those referred from others, aliases, C++ names."""

    name: str
    vars: dict[str, Var] = field(default_factory=dict)
    refers: dict[str, Var] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    cpp_aliases: dict[str, CppScope] = field(default_factory=dict)
    cpp_globals: set[str] = field(default_factory=set)  # :refer-global
    excluded: set[str] = field(
        default_factory=set
    )  # core names that `:refer-clojure :exclude` hides
    file: str = ""
    failed: set[str] = field(default_factory=set)  # aliases of requires that did not work
    meta: Any = None
    broken: bool = False  # its file has errors: what it lacks is not missing for another reason
    attic: dict[str, Var] = field(default_factory=dict)  # what a `defonce` holds whose form is gone

    def intern(self, name: str) -> Var:
        """The var of that name, made unbound when it is new."""
        var = self.vars.get(name)
        if var is None:
            kept = self.attic.pop(name, None)
            var = self.vars[name] = kept if kept is not None else Var(self.name, name)
        return var

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"#<namespace {self.name}>"


_NONE: set[Var] = set()  # stays empty


class Namespaces:
    """All namespaces of a runtime. `current` is per thread: loading in the background moves nobody else."""

    def __init__(self) -> None:
        self.all: dict[str, Namespace] = {}
        self._current = threading.local()
        for entry in TABLE.values():
            var = self.ensure(entry.ns).intern(entry.name)
            var.bind(entry.value)
            var.is_macro = entry.is_macro
            var.is_dynamic = entry.is_dynamic
            if entry.doc or entry.arglists:
                var.meta = Map({Keyword("doc"): entry.doc, K_ARGLISTS: entry.arglists})
        self._core = self.ensure(CORE).vars
        self.ensure("user")

    @property
    def current(self) -> Namespace:
        found = getattr(self._current, "ns", None)
        return found if found is not None else self.all["user"]

    @current.setter
    def current(self, ns: Namespace) -> None:
        self._current.ns = ns

    @property
    def hidden(self) -> set[Var]:
        """Vars that do not resolve on this thread: the file it loads has not come to their definitions."""
        found: set[Var] | None = getattr(self._current, "hidden", None)
        return _NONE if found is None else found

    @hidden.setter
    def hidden(self, variables: set[Var] | None) -> None:
        self._current.hidden = variables

    def ensure(self, name: str) -> Namespace:
        """The namespace of that name, made empty when it is new."""
        ns = self.all.get(name)
        if ns is None:
            ns = self.all[name] = Namespace(name)
        return ns

    def find(self, name: str, ns: Namespace | None = None) -> Namespace | None:
        """The namespace that `name` or an alias of `ns` stands for."""
        ns = ns or self.current
        name = ns.aliases.get(name, name)
        return self.all.get(CORE if name in _CORE_NAMES else name)

    def resolve(self, sym: Symbol, ns: Namespace | None = None) -> Var | None:
        """The var that `sym` names in `ns` (else the current one), or None."""
        ns = ns or self.current
        if sym.ns is not None:
            target = self.find(sym.ns, ns)
            var = target.vars.get(sym.name) if target else None
            return None if var in self.hidden else var
        name = sym.name
        var = ns.vars.get(name)
        if var is None or var in self.hidden:
            var = ns.refers.get(name)
        if var is None and name not in ns.excluded:
            var = self._core.get(name)
        return var
