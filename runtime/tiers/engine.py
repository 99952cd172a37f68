"""Tiering: what became hot is compiled in the background, in batches, and swapped in at a frame's start.

A thread of its own turns the AST into C++ and hands it to Cling; nobody waits for it, except under a
strategy that compiles on definition.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from runtime.cling.redefinition import redefinitions
from runtime.cling.session import BACKGROUND, URGENT, Session
from runtime.events import Compile, Deoptimised, EventLog, TierChange
from runtime.native._support import take_addresses
from runtime.stubs.cache import StubCache
from runtime.tiers import inline_cpp, stub_cpp
from runtime.tiers.cpp_writer import Unsupported
from runtime.tiers.functions import INLINE_CPP, INTERPRETED, STUB_CPP, FnCode, FunctionTable
from runtime.tiers.inline_cpp import Generated
from runtime.traces import register

STRATEGIES = ("tiered", "interpret", "stub-jit", "inline-jit")
NEVER_HOT = (1 << 64) - 1
GATHER_S = 0.004  # what becomes hot within this time is compiled together
TICKING_S = 1.0  # a caller that ticked this recently wants its swaps at a frame's start
SWITCH_INTERVAL_S = 1e-4  # of the GIL, while Python works beside the frames


class BesideFrames:
    """A context in which other threads get the GIL back quickly while this one computes."""

    _depth = 0
    _lock = threading.Lock()
    _usual = 0.005

    def __enter__(self) -> None:
        with self._lock:
            if BesideFrames._depth == 0:
                BesideFrames._usual = sys.getswitchinterval()
                sys.setswitchinterval(SWITCH_INTERVAL_S)
            BesideFrames._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            BesideFrames._depth -= 1
            if BesideFrames._depth == 0:
                sys.setswitchinterval(BesideFrames._usual)


@dataclass(frozen=True, slots=True)
class Ready:
    """A compiled function that waits for a frame's start."""

    code: FnCode
    tier: int
    address: int
    text: Generated
    compile_ms: float
    cause: str


class Engine:
    """Compiles functions for a runtime. All public methods may be called from any thread."""

    def __init__(
        self,
        session: Session,
        events: EventLog,
        table: FunctionTable,
        stubs: StubCache,
        make_interpretable: Callable[[FnCode], None],
        strategy: str,
        threshold: int,
    ) -> None:
        self._session = session
        self._events = events
        self._table = table
        self._stubs = stubs
        self._make_interpretable = make_interpretable
        self._hot: queue.SimpleQueue[tuple[FnCode, str] | None] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[Ready] = queue.SimpleQueue()
        self._working = 0
        self._ticked = 0.0
        self.compile_ms = 0.0
        self.strategy = strategy
        self.threshold = threshold
        self._thread = threading.Thread(target=self._work, name="tier-up", daemon=True)
        self._thread.start()

    # --- new functions and hotness ----------------------------------------------------------------

    def watch(self, code: FnCode) -> None:
        """Have a new function tell when it is hot, as the strategy wants it."""
        code.hot = self._on_hot
        code.hot_at = self._hot_at(code)
        if code.policy == "jit" and self.strategy == "tiered":
            self.request([code], "^:jit")

    def _hot_at(self, code: FnCode) -> int:
        if self.strategy != "tiered" or code.policy == "interpret" or code.state == "failed":
            return NEVER_HOT
        return max(1, self.threshold)

    def rearm(self, codes: Iterable[FnCode]) -> None:
        """The strategy or threshold changed: interpreted functions count towards the new one."""
        for code in codes:
            if code.tier == INTERPRETED:
                code.hot_at = self._hot_at(code)

    def _on_hot(self, code: FnCode) -> None:
        self.request([code], f"called {code.calls} times" if code.calls > 1 else "hot loop")

    def request(self, codes: Iterable[FnCode], cause: str) -> None:
        """Queue functions for compiling. Those compiled or on their way already are left alone."""
        for code in codes:
            if code.state == "interpreted":
                code.state = "queued"
                self._working += 1
                self._hot.put((code, cause))

    # --- swapping ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """At a frame's start: swap in what is ready. Never waits."""
        self._ticked = time.perf_counter()
        self.swap()

    def swap(self) -> None:
        """Put in force what is compiled."""
        while True:
            try:
                ready = self._ready.get_nowait()
            except queue.Empty:
                return
            self._install(ready, ready.cause)
            self._working -= 1

    def _install(self, ready: Ready, cause: str) -> None:
        code = ready.code
        if code.state not in ("compiling", "queued"):  # redefined or deoptimised meanwhile
            return
        old, code.tier, code.state = code.tier, ready.tier, "compiled"
        code.cpp = ready.text.cpp
        code.compile_ms += ready.compile_ms
        code.kept.append(ready.text.constants)  # activations of older code still read theirs
        code.constants = ready.text.constants
        register(ready.text.symbol, ready.text.spans)
        code.native = ready.address
        code.timed_calls = code.timed_ns = 0  # the mean is that of the tier it is in
        self._events.add(TierChange(function=code.name, old=old, new=ready.tier, cause=cause))

    def deoptimise(self, code: FnCode, reason: str) -> None:
        """Back to tier 0; counting starts again."""
        if code.tier == INTERPRETED:
            return
        self._make_interpretable(code)
        old, code.tier, code.state = code.tier, INTERPRETED, "interpreted"
        code.native = 0
        code.timed_calls = code.timed_ns = 0
        code.deopts += 1
        code.hot_at = (
            code.calls + self._hot_at(code) if self._hot_at(code) != NEVER_HOT else NEVER_HOT
        )
        self._events.add(Deoptimised(function=code.name, reason=reason))
        self._events.add(TierChange(function=code.name, old=old, new=INTERPRETED, cause=reason))

    def retire(self, code: FnCode) -> None:
        """A function was redefined: what its name means starts in tier 0 again."""
        code.hot_at = NEVER_HOT
        if code.tier != INTERPRETED:
            self._events.add(
                TierChange(function=code.name, old=code.tier, new=INTERPRETED, cause="redefinition")
            )
        if code.state in ("queued", "compiling"):
            code.state = "retired"

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be compiled or swapped in."""
        return self._working == 0

    def close(self) -> None:
        """End the thread; what is queued is dropped."""
        self._hot.put(None)

    # --- compiling --------------------------------------------------------------------------------

    def compile_now(self, codes: list[FnCode], cause: str) -> None:
        """Compile and swap in at once, blocking: what `inline-jit` does on definition."""
        for code in codes:
            code.state = "compiling"
        for ready in self._compile(codes, cause, URGENT):
            self._install(ready, ready.cause)

    def _work(self) -> None:
        while True:
            item = self._hot.get()
            if item is None:
                return
            time.sleep(GATHER_S)
            batch = [item]
            while not self._hot.empty():
                more = self._hot.get()
                if more is None:
                    return
                batch.append(more)
            wanted = []
            for code, cause in batch:
                if code.state == "queued":
                    code.state = "compiling"
                    wanted.append((code, cause))
                else:
                    self._working -= 1
            if not wanted:
                continue
            causes = dict(wanted)
            ready = self._compile(list(causes), "", BACKGROUND)
            self._working -= len(wanted) - len(ready)
            for r in ready:
                if r.code.replaces_loop:
                    self._install(r, causes[r.code])
                    self._working -= 1
                else:
                    self._ready.put(replace(r, cause=causes[r.code]))
            if time.perf_counter() - self._ticked > TICKING_S:
                self.swap()

    def _generate(self, code: FnCode, symbol: str, tier: int) -> Generated:
        if tier == STUB_CPP:
            return stub_cpp.generate(code.node, symbol, self._table, self._stubs)
        return inline_cpp.generate(code.node, symbol, self._table)

    def _compile(self, codes: list[FnCode], cause: str, priority: int) -> list[Ready]:
        """One transaction for all; if it is rejected, each on its own to find the guilty."""
        tier = STUB_CPP if self.strategy == "stub-jit" else INLINE_CPP
        texts: dict[FnCode, Generated] = {}
        ident = self._session.new_id()
        with BesideFrames():
            for i, code in enumerate(codes):
                try:
                    texts[code] = self._generate(code, f"f{ident}_{i}", tier)
                except Unsupported as e:
                    self._fail([code], tier, str(e), 0.0)
        if not texts:
            return []
        if tier == STUB_CPP:
            self._stubs.compile_pending()
        body = "\n".join(t.cpp for t in texts.values())
        names = ", ".join(f"(void*)f{ident}_{i}" for i, code in enumerate(codes) if code in texts)
        unit = (
            f"namespace ts_f{ident} {{ {redefinitions.in_force(body)}\n{body}\n"
            f'#line 1 "entries"\n'
            f"static void* const all[] = {{ {names} }};\n"
            f"static int const done = ts::submit({ident}, all, {len(texts)});\n}}\n"
        )
        done = self._session.declare(unit, priority)
        self.compile_ms += done.compile_ms
        addresses = take_addresses(ident) if done.ok else []
        compiled = list(texts)
        if len(addresses) != len(compiled):
            if len(compiled) > 1:
                return [
                    ready for code in compiled for ready in self._compile([code], cause, priority)
                ]
            why = (
                "; ".join(f"{d.message} ({d.file}:{d.line})" for d in done.errors)
                or "Cling gave no address"
            )
            for code, text in texts.items():
                code.cpp = text.cpp  # to be looked at beside the error
            self._fail(compiled, tier, why, done.compile_ms)
            return []
        share = done.compile_ms / len(compiled)
        names_ = tuple(c.name for c in compiled)
        self._events.add(Compile(functions=names_, tier=tier, compile_ms=done.compile_ms))
        return [
            Ready(code, tier, address, texts[code], share, cause)
            for code, address in zip(compiled, addresses, strict=True)
        ]

    def _fail(self, codes: list[FnCode], tier: int, why: str, spent: float) -> None:
        for code in codes:
            code.state, code.error, code.hot_at = "failed", why, NEVER_HOT
        names = tuple(code.name for code in codes)
        self._events.add(Compile(functions=names, tier=tier, compile_ms=spent, error=why))
