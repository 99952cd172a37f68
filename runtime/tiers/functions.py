"""A script's functions as the tiers see them: counters and compiled code come from the native part, the rest
of what is known stands here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, ref

from runtime.analysis import nodes as n
from runtime.errors import source_of
from runtime.native import _support
from runtime.snapshots import FunctionInfo

if TYPE_CHECKING:
    from runtime.namespaces import Var
    from runtime.tiers.code_cache import Entry

TOP_LEVEL = 0  # the key of the thunks that top-level forms become; no function has it
INTERPRETED, STUB_CPP, INLINE_CPP = 0, 1, 2
NEVER_HOT = (1 << 64) - 1  # a count that is not reached


class FnCode(_support.Code):
    """What all closures of one `fn*` form share. `state` is one of FunctionInfo's."""

    def __init__(self, node: n.Fn) -> None:
        super().__init__(node.name, ())
        self.node = node
        self.tier = INTERPRETED
        self.state = "interpreted"
        self.deopts = 0
        self.compile_ms = 0.0
        self.cpp = ""
        self.error = ""
        self._source: str | None = None
        self.replaces_loop = False  # a loop that runs, and goes on in it
        self.defined = False  # whether a `def` bound it
        self.policy = ""  # "jit" or "interpret" where metadata says so
        self.heat = 0.0  # as of `looked_at`, when its counters said `counted`
        self.counted = 0
        self.looked_at = time.perf_counter()
        self.entry: Entry | None = None  # the compiled code that it runs
        self.assumes: tuple[Var, ...] = ()  # vars whose roots that code took for constant
        self.broken, self.broken_at = 0.0, 0.0  # times that one of them got another root, lately
        self.speculate = True  # whether the next compile may assume parameters to be as they were
        self.interpretable: Callable[[FnCode], None] | None = None  # makes it so
        self.directs: dict[int, Any] = {}  # how compiled code calls it, by number of arguments

    def become_interpretable(self) -> None:
        """Build what tier 0 runs, where it was compiled on definition. Raises LispErrors."""
        if self.interpretable is not None:
            self.interpretable(self)

    def source(self) -> str:
        """Its Lisp text, as the file has it when it is first asked for."""
        if self._source is None:
            span = self.node.span
            text = source_of(span.file) if span else None
            rows = text.split("\n")[span.line - 1 : span.end_line] if text and span else []
            self._source = "\n".join(rows)
        return self._source

    def info(self, threshold: int, heat: float, waits: str = "") -> FunctionInfo:
        """A record of this moment for panels and reports."""
        span = self.node.span
        return FunctionInfo(
            name=self.name,
            tier=self.tier,
            state=self.state,
            calls=self.calls,
            loops=self.loops,
            deopts=self.deopts,
            compile_ms=self.compile_ms,
            us_per_call=self.timed_ns / self.timed_calls / 1e3 if self.timed_calls else 0.0,
            threshold=threshold,
            file=span.file if span else "",
            line=span.line if span else 0,
            source=self.source(),
            cpp=self.cpp,
            error=self.error,
            heat=heat,
            policy=self.policy,
            waits=waits,
            guard_failures=getattr(self, "guard_failures", 0),
            assumes=tuple(var.full_name for var in self.assumes),
        )


class FunctionTable:
    """All functions of a runtime by name. It keeps none alive: what nobody can call any more is not in it.

    Of several of one name it gives the one that was defined last, which is in force: a form that was only
    prepared replaces nothing yet.
    """

    def __init__(self, on_def: Callable[..., None]) -> None:
        self.on_def = on_def  # what a compiled `def` tells
        self.by_key: WeakValueDictionary[int, FnCode] = WeakValueDictionary()  # by `Fn.key`
        self._by_name: dict[str, ref[FnCode]] = {}  # in order of definition
        self._lock = threading.Lock()

    def add(self, code: FnCode) -> None:
        """Register a function."""
        if code.node.key == TOP_LEVEL:
            return
        with self._lock:
            self.by_key[code.node.key] = code
            old = self._find(code.name)
            if old is None or not old.defined:
                self._by_name[code.name] = ref(code)

    def define(self, code: FnCode) -> None:
        """A `def` ran: the function is what its name means now."""
        with self._lock:
            code.defined = True
            self._by_name[code.name] = ref(code)

    def get(self, name: str) -> FnCode | None:
        with self._lock:
            return self._find(name)

    def names(self) -> list[str]:
        """The names of all functions, in order of definition; of some, the function may be gone."""
        with self._lock:
            return list(self._by_name)

    def all(self) -> list[FnCode]:
        """Every function, in order of definition."""
        with self._lock:
            found = {name: self._find(name) for name in list(self._by_name)}
            for name, code in found.items():
                if code is None:
                    del self._by_name[name]
            return [code for code in found.values() if code is not None]

    def _find(self, name: str) -> FnCode | None:
        known = self._by_name.get(name)
        code = known() if known is not None else None
        if code is None and known is not None:  # another of that name may have come before or after
            # Not `values`: on another thread one may die just as that begins.
            living = (known() for known in self.by_key.valuerefs())
            others = [c for c in living if c is not None and c.name == name]
            code = max(others, key=lambda c: c.defined, default=None)
            if code is not None:
                self._by_name[name] = ref(code)
        return code
