"""The stub cache: small compiled functions through which tier 0 reaches C++.

A stub is one C++ expression over operands of known types, keyed by exactly that. Call sites take their stub
from here before its code exists; `compile_pending` then makes all that are missing in one transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.analysis import nodes as n
from runtime.analysis.operands import fill, operand_name
from runtime.analysis.types import CppType
from runtime.cling.diagnostics import Diagnostic, notes_of, readable
from runtime.cling.plain_names import plain_names
from runtime.cling.session import URGENT, Session
from runtime.cling.worlds import worlds
from runtime.errors import CppError, LispError, LispErrors, Span
from runtime.events import EventLog, StubMiss
from runtime.native._support import Stub, take_addresses
from runtime.snapshots import StubInfo, StubStats
from runtime.stubs.bodies import MATCHER, body_cpp, operand_cpp, unit_cpp
from runtime.stubs.threads import draws


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two stubs the same: the expression, its operands' types, what it gives, and what its
    names meant when it was asked for."""

    text: str
    operands: tuple[str, ...]
    gives: str
    generation: int

    @property
    def texts(self) -> tuple[str, ...]:
        """The expression, with its operands' types."""
        return (self.text, *(kind for kind in self.operands if not kind.startswith("object ")))


@dataclass(eq=False, slots=True)
class Entry:
    """A stub with its history. `address` of a matcher is in `stub.address` too."""

    key: Key
    stub: Stub
    cpp: str
    optimised: bool
    spans: list[Span] = field(default_factory=list)
    compiled: bool = False
    compile_ms: float = 0.0


def operand_kind(op: n.Operand) -> str:
    """The part of a key that an operand makes: its type, or for a Lisp value whose argument it is."""
    return op.native.name if op.native is not None else f"object {op.callee}#{op.arg}"


class StubCache:
    """All stubs of a runtime. Look-ups happen while code is built; calls are counted by the stubs.

    `reaches_inline_code` tells of an expression with its types whether functions may have to be compiled
    with its stub. Then the stub is optimised for their sake; the others are only glue, and compile several
    times faster without.
    """

    def __init__(
        self, session: Session, events: EventLog, reaches_inline_code: Callable[[str], bool]
    ) -> None:
        self._session = session
        self._events = events
        self._reaches_inline_code = reaches_inline_code
        self._entries: dict[Key, Entry] = {}
        self._pending: list[Entry] = []
        self._lock = threading.RLock()
        self._misses = 0

    def get(
        self,
        text: str,
        operands: tuple[n.Operand, ...],
        gives: str,
        kind: CppType,
        label: str,
        span: Span | None = None,
        quick: bool = True,
    ) -> Stub:
        """The stub of an expression whose type is `kind`, perhaps not compiled yet.

        One that is not `quick` may take any time: beside the window's thread it gives up the GIL.
        """
        kinds = tuple(operand_kind(op) for op in operands)
        key = Key(text, kinds, gives, worlds.generation(text, kind.name, *kinds))
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                signature = f"{label}({', '.join(operand_name(op) for op in operands)})"
                body = fill(text, [operand_cpp(op, f"a[{i}]") for i, op in enumerate(operands)])
                optimised = self._reaches_inline_code(" ".join((text, kind.name, *key.operands)))
                stub = Stub(signature, len(operands))
                stub.keeps_gil = quick
                stub.ui_only = draws(text, operands)
                entry = Entry(key, stub, body_cpp(body, gives, kind), optimised)
                self._entries[key] = entry
                self._pending.append(entry)
                self._misses += 1
            if not entry.compiled and span is not None:
                entry.spans.append(span)
            return entry.stub

    def compile_pending(self) -> float:
        """Compile what was asked for since the last time; milliseconds spent in Cling.

        Raises LispErrors with a CppError for every call site of a stub that Clang rejects or whose symbol
        no library has; the others are compiled all the same.
        """
        with self._lock:
            wanted, self._pending = self._pending, []
            errors: list[LispError] = []
            groups = [[e for e in wanted if e.optimised is level] for level in (False, True)]
            spent = sum(self._compile(group, errors) for group in groups if group)
        if errors:
            raise LispErrors(errors)
        return spent

    def _compile(self, entries: list[Entry], errors: list[LispError]) -> float:
        """One transaction for entries of one level, and more where Clang rejects some."""
        ident = self._session.new_id()
        plain = plain_names.say_all_of(text for e in entries for text in e.key.texts)
        trial = "" if plain else self._code(ident, entries, trial=True)
        done = self._session.declare(self._code(ident, entries), URGENT, trial=trial)
        addresses = take_addresses(ident) if done.ok else []
        spent = done.compile_ms
        if len(addresses) == len(entries):
            share = spent / len(entries)
            for entry, address in zip(entries, addresses, strict=True):
                entry.stub.address = address
                entry.compiled = True
                entry.compile_ms = share
                self._events.add(
                    StubMiss(signature=entry.stub.signature, batch=len(entries), compile_ms=share)
                )
            return spent
        blamed = {d.line - 1: d for d in reversed(done.errors) if d.file == f"s{ident}"}
        if len(entries) == 1:
            why = done.errors[0] if done.errors else None
            self._reject(entries[0], why, errors)
            return spent
        if blamed:
            for index, diagnostic in blamed.items():
                self._reject(entries[index], diagnostic, errors)
            parts = [[e for i, e in enumerate(entries) if i not in blamed]]
        else:  # a symbol is missing, and nobody says whose
            middle = len(entries) // 2
            parts = [entries[:middle], entries[middle:]]
        return spent + sum(self._compile(part, errors) for part in parts if part)

    def _reject(self, entry: Entry, why: Diagnostic | None, errors: list[LispError]) -> None:
        """Forget a stub; everybody who wants it learns why there is none."""
        self._entries.pop(entry.key, None)
        name = entry.stub.signature.split("(")[0]
        for span in dict.fromkeys(entry.spans) or (None,):
            if why is None or "unresolved symbol" in why.message:
                errors.append(
                    CppError(
                        f"{name} is declared, but no loaded library defines it",
                        span,
                        expected="the library that defines it: --lib FILE.so",
                        found=name,
                    )
                )
            else:
                found = entry.stub.signature
                errors.append(
                    CppError(readable(why.message), span, found=found, notes=notes_of([why]))
                )

    @staticmethod
    def _code(ident: int, entries: list[Entry], trial: bool = False) -> str:
        bodies = [(e.stub.signature, e.cpp, e.key.gives == MATCHER) for e in entries]
        return unit_cpp(ident, bodies, entries[0].optimised, trial)

    def ready(self, label: str) -> Stub:
        """A compiled stub of what is called `label`. Raises KeyError where there is none."""
        for entry in list(self._entries.values()):
            if entry.compiled and entry.stub.signature.startswith(f"{label}("):
                return entry.stub
        raise KeyError(label)

    # --- what it tells ----------------------------------------------------------------------------

    def stats(self) -> StubStats:
        """Totals: a hit is a call through a stub that was ready, a miss a stub that had to be compiled."""
        # Not under the lock: that is held while Cling compiles, and panels ask this in a frame.
        entries = list(self._entries.values())
        return StubStats(
            hits=sum(e.stub.hits for e in entries),
            misses=self._misses,
            entries=len(entries),
            compile_ms=sum(e.compile_ms for e in entries),
        )

    def entries(self) -> list[StubInfo]:
        """Every stub, in the order in which they were first needed."""
        # Not under the lock: that is held while Cling compiles, and panels ask this in a frame.
        entries = list(self._entries.values())
        return [
            StubInfo(e.stub.signature, e.stub.hits, 1, e.compile_ms, e.cpp, e.optimised)
            for e in entries
        ]
