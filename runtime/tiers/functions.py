"""A script's functions as the tiers see them: counters and compiled code come from the native part, the rest
of what is known stands here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from runtime.analysis import nodes as n
from runtime.errors import source_of
from runtime.info import FunctionInfo
from runtime.native import _support

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
        self.replaces_loop = (
            False  # entered in the middle of a call: not held back until a frame's start
        )
        self.policy = ""  # "jit" or "interpret" where metadata says so
        self.heat = 0.0  # as of `looked_at`, when its counters said `counted`
        self.counted = 0
        self.looked_at = time.perf_counter()
        self.entry: Entry | None = None  # the compiled code that it runs
        self.assumes: tuple[Var, ...] = ()  # vars whose roots that code took for constant
        self.broken = 0  # times that one of them got another root
        self.speculate = True  # whether the next compile may assume anything
        self.directs: dict[int, Any] = {}  # how compiled code calls it, by number of arguments

    def source(self) -> str:
        """Its Lisp text, as the file has it when it is first asked for."""
        if self._source is None:
            span = self.node.span
            text = source_of(span.file) if span else None
            rows = text.split("\n")[span.line - 1 : span.end_line] if text and span else []
            self._source = "\n".join(rows)
        return self._source

    def info(self, threshold: int, heat: float) -> FunctionInfo:
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
            guard_failures=getattr(self, "guard_failures", 0),
            assumes=tuple(var.full_name for var in self.assumes),
        )


class FunctionTable:
    """All functions of a runtime by name; a redefinition replaces what had the name before. It keeps none
    alive: what nobody can call any more is not in it."""

    def __init__(self, on_def: Callable[..., None]) -> None:
        self.on_def = on_def  # what a compiled `def` tells
        self._by_name: WeakValueDictionary[str, FnCode] = WeakValueDictionary()
        self.by_key: WeakValueDictionary[int, FnCode] = WeakValueDictionary()  # by `Fn.key`
        self._lock = threading.Lock()

    def add(self, code: FnCode) -> FnCode | None:
        """Register a function; the one it replaces is returned."""
        if code.node.key == TOP_LEVEL:
            return None
        with self._lock:
            self.by_key[code.node.key] = code
            old = self._by_name.get(code.name)
            self._by_name[code.name] = code
        return old if old is not code else None

    def get(self, name: str) -> FnCode | None:
        return self._by_name.get(name)

    def all(self) -> list[FnCode]:
        """Every function, in order of definition."""
        with self._lock:
            return list(self._by_name.values())
