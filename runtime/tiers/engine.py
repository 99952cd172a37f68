"""Tiering: what became hot is compiled in the background, in batches, and entered at its next call.

A thread of its own turns the AST into C++, hands it to Cling, and puts in force what that made, in the
midst of a frame too; nobody waits for it, except under a strategy that compiles on definition. The same
thread looks at all functions once a second and lets those cool down that are not called.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from weakref import ref

from runtime.cling.session import BACKGROUND, URGENT, Session
from runtime.events import Deoptimised, Dropped, EventLog, TierChange
from runtime.namespaces import Var
from runtime.native._support import compiled_running
from runtime.process.collector import HeldBack
from runtime.process.gil import BesideFrames
from runtime.snapshots import CodeStats
from runtime.stubs.cache import StubCache
from runtime.tiers import policy
from runtime.tiers.batch import BatchCompiler, Ready
from runtime.tiers.beside import KEEPS_GIL
from runtime.tiers.dependents import Dependents, first_rebound
from runtime.tiers.functions import (
    INLINE_CPP,
    INTERPRETED,
    NEVER_HOT,
    STUB_CPP,
    FnCode,
    FunctionTable,
)
from runtime.tiers.policy import Limits

STRATEGIES = ("tiered", "interpret", "stub-jit", "inline-jit")
GATHER_S = 0.004  # what becomes hot within this time is compiled together
LOOK_S = 1.0  # between two looks at the functions' heat
LOOK_SLICE = 200  # functions, between which other threads get their turn


@dataclass(frozen=True, slots=True)
class Wanted:
    """A function that waits to be compiled; the queue keeps none alive."""

    code: ref[FnCode]
    name: str
    cause: str
    by_heat: bool  # not asked for: pointless once it has cooled down


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
        limits: Limits,
    ) -> None:
        self._session = session
        self._events = events
        self._table = table
        self._make_interpretable = make_interpretable
        self._batches = BatchCompiler(session, events, table, stubs, limits)
        self._edits = policy.Edits()
        self._dependents = Dependents(self._on_redefined)
        self._hot: queue.SimpleQueue[Wanted | None] = queue.SimpleQueue()
        self._working = 0
        self._count = threading.Lock()
        self._swapping = threading.RLock()  # held while a function changes its tier
        self._ticked = 0.0
        self._looked = time.perf_counter()
        self._outgoing: list[tuple[Any, ...]] = []  # constants of replaced code
        self._dropped = 0
        self.tiers: Counter[int] = Counter()  # functions in each at the last look
        self._counted = 0, 0  # then: pieces of code that run, and constants
        self.strategy = strategy
        self.threshold = threshold
        self._thread = threading.Thread(target=self._work, name="tier-up", daemon=True)
        self._thread.start()

    @property
    def limits(self) -> Limits:
        return self._batches.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._batches.limits = limits

    @property
    def compile_ms(self) -> float:
        """Milliseconds that Cling worked on functions."""
        return self._batches.compile_ms

    # --- new functions and hotness ----------------------------------------------------------------

    def watch(self, code: FnCode) -> None:
        """Have a new function tell when it is hot, as the strategy wants it."""
        code.hot = self._on_hot
        code.failed = self.on_guard_failures
        code.interpretable = self._make_interpretable
        self._arm(code)
        if code.policy == "jit" and self.strategy == "tiered":
            self.request([code], "^:jit")

    def _arm(self, code: FnCode) -> None:
        never = self.strategy != "tiered" or code.policy == "interpret"
        if never or code.state in ("failed", "refused"):
            code.hot_at = NEVER_HOT
        else:
            now, half_life = time.perf_counter(), self.limits.half_life_s
            code.hot_at = policy.look(code, self.asked_of(code, now), half_life, now)

    def asked_of(self, code: FnCode, now: float) -> int:
        """The heat at which a function is compiled: the threshold, more while it is being edited."""
        edits = self._edits.lately(code.name, self.limits.rest_s, now)
        return policy.raised(code, self.threshold, edits)

    def waits(self, code: FnCode, now: float) -> str:
        """Why a function is compiled later than others would be, or ""."""
        asked = self.asked_of(code, now)
        if code.tier != INTERPRETED or asked <= self.threshold:
            return ""
        edits = round(self._edits.lately(code.name, self.limits.rest_s, now))
        return (
            f"redefined {edits} times lately: compiled at a heat of {asked} instead of "
            f"{self.threshold}, which falls again while it rests"
        )

    def redefined(self, code: FnCode) -> None:
        """A function takes the place of another of its name."""
        self._edits.one_more(code.name, self.limits.rest_s, time.perf_counter())

    def rearm(self, codes: Iterable[FnCode]) -> None:
        """Strategy, threshold or limits changed: interpreted functions count towards the new one."""
        for code in codes:
            if code.state == "refused":
                code.state, code.error = "interpreted", ""
            if code.tier == INTERPRETED:
                self._arm(code)

    def look(self, now: float) -> None:
        """Let functions cool down until `now` (seconds of `time.perf_counter`), and free what replaced code
        referred to once nobody can be running it."""
        self._looked = now
        with BesideFrames():
            self._look(now)

    def _look(self, now: float) -> None:
        tiers: Counter[int] = Counter()
        live: set[int] = set()
        constants = 0
        for i, name in enumerate(self._table.names()):
            code = self._table.get(name)
            if code is None:
                continue
            tiers[code.tier] += 1
            constants += len(code.constants)
            if code.entry is not None:
                live.add(id(code.entry))
            if code.state == "interpreted" and code.hot_at != NEVER_HOT:
                code.hot_at = policy.look(
                    code, self.asked_of(code, now), self.limits.half_life_s, now
                )
            if i % LOOK_SLICE == LOOK_SLICE - 1:
                time.sleep(0)
        self._edits.forget(self.limits.rest_s, now)
        self.tiers = tiers
        self._counted = len(live), constants
        self._session.measure()
        HeldBack.collect_when_quiet(self._ticked)
        self._batches.cache.tidy()
        self.free_constants()

    def heat(self, code: FnCode) -> float:
        """How hot a function is now; at the threshold it is compiled."""
        return policy.heat(code, self.limits.half_life_s)

    def _on_hot(self, code: FnCode) -> None:
        now = time.perf_counter()
        asked = self.asked_of(code, now)
        if asked > self.threshold and self.heat(code) < 0.9 * asked:  # redefined after it was made
            self._arm(code)
            return
        parts = [f"{code.calls} calls"] if code.calls > 1 else []
        parts += [f"{code.loops} loop iterations"] if code.loops else []
        policy.look(code, self.threshold, self.limits.half_life_s, now)
        self._request([code], f"hot: {', '.join(parts) or 'called'}", by_heat=True)

    def request(self, codes: Iterable[FnCode], cause: str) -> None:
        """Queue functions for compiling. Those compiled or on their way already are left alone."""
        self._request(codes, cause, by_heat=False)

    def _request(self, codes: Iterable[FnCode], cause: str, by_heat: bool) -> None:
        for code in codes:
            if code.state == "interpreted" or (code.state == "refused" and not by_heat):
                code.state = "queued"
                self._work_left(1)
                self._hot.put(Wanted(ref(code), code.name, cause, by_heat))

    def _work_left(self, change: int) -> None:
        with self._count:
            self._working += change

    def _drop(self, name: str, cause: str) -> None:
        self._dropped += 1
        self._events.add(Dropped(function=name, cause=cause))

    # --- swapping ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """A frame begins."""
        self._ticked = time.perf_counter()

    def _install(self, ready: Ready) -> None:
        with self._swapping:
            self._put_in_force(ready)

    def _put_in_force(self, ready: Ready) -> None:
        code = ready.code
        if code.state not in ("compiling", "queued"):
            self._drop(code.name, "redefined while it was compiled")
            return
        if self.strategy == "interpret":
            code.state = "interpreted"
            self._drop(code.name, "strategy interpret")
            return
        self._dependents.assume(code, ready.roots)
        if (var := first_rebound(ready.roots)) is not None:
            self._start_again(code, var)
            return
        old, code.tier, code.state, code.error = code.tier, ready.tier, "compiled", ""
        code.cpp = ready.text.cpp.replace(ready.text.symbol, ready.entry.symbol)
        code.compile_ms += ready.compile_ms
        code.entry = ready.entry
        code.directs = ready.text.directs_in(ready.entry.symbol)
        # Calls of older code may be on a stack and read theirs; the list gets it after it is out of use.
        replaced, code.constants = code.constants, ready.text.constants
        if replaced:
            self._outgoing.append(replaced)
        code.beside = (code.beside & KEEPS_GIL) | ready.beside
        code.native = ready.entry.address
        code.timed_calls = code.timed_ns = 0  # the mean is that of the tier it is in
        self._events.add(TierChange(function=code.name, old=old, new=ready.tier, cause=ready.cause))
        if (var := first_rebound(ready.roots)) is not None:  # meanwhile, by another thread
            self._on_redefined(code, var)

    def _start_again(self, code: FnCode, var: Var) -> None:
        self._dependents.forget(code)
        code.state = "interpreted"
        self._drop(code.name, f"{var.full_name} was redefined meanwhile")
        self.request([code], f"again, since {var.full_name} was redefined")

    def free_constants(self) -> None:
        """Let go of what replaced code referred to, if no call of compiled code is on any stack."""
        waiting = len(self._outgoing)
        if waiting and compiled_running() == 0:
            del self._outgoing[:waiting]

    # --- back to tier 0 ---------------------------------------------------------------------------

    def deoptimise(self, code: FnCode, reason: str) -> None:
        """Back to tier 0; counting starts again."""
        if code.tier == INTERPRETED:
            return
        self._make_interpretable(code)
        with self._swapping:
            self._to_tier_0(code, reason)

    def _to_tier_0(self, code: FnCode, reason: str) -> None:
        if code.tier == INTERPRETED:  # another thread was quicker
            return
        self._dependents.forget(code)
        old, code.tier, code.state, code.entry = code.tier, INTERPRETED, "interpreted", None
        code.native = 0
        code.timed_calls = code.timed_ns = 0
        code.deopts += 1
        policy.forget_heat(code)
        self._arm(code)
        self._events.add(Deoptimised(function=code.name, reason=reason))
        self._events.add(TierChange(function=code.name, old=old, new=INTERPRETED, cause=reason))

    def _on_redefined(self, code: FnCode, var: Var) -> None:
        """A var has a new root that the code of a function took for constant."""
        policy.one_more_broken(code, time.perf_counter())
        self.deoptimise(code, f"{var.full_name} was redefined")

    def on_guard_failures(self, code: FnCode) -> None:
        """Too many calls of a function did not meet what its code assumes: the next assumes nothing."""
        code.speculate = False
        self.deoptimise(code, f"{code.guard_failures} calls did not meet what was assumed")

    def retire(self, code: FnCode) -> None:
        """A function was redefined: what its name means starts in tier 0 again."""
        code.hot_at = NEVER_HOT
        if code.tier != INTERPRETED:
            self._events.add(
                TierChange(function=code.name, old=code.tier, new=INTERPRETED, cause="redefinition")
            )
        if code.state in ("queued", "compiling"):
            code.state = "retired"

    # --- state ------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be compiled or swapped in."""
        return self._working == 0

    def stats(self, exact: bool = True) -> CodeStats:
        """Figures about compiled code; where it need not be exact, some are of the last look."""
        cache = self._batches.cache
        live, constants = self._counted
        if exact:
            codes = self._table.all()
            live = len({id(code.entry) for code in codes if code.entry is not None})
            constants = sum(len(code.constants) for code in codes)
        return CodeStats(
            live=live,
            dead=len(cache) - live,
            reused=cache.reused,
            dropped=self._dropped,
            transactions=self._session.transactions,
            grown_mb=self._batches.grown_mb,
            limit_mb=self.limits.code_mb,
            code_mb=self._session.code_mb,
            constants=constants,
            outgoing=sum(map(len, self._outgoing)),
        )

    def close(self) -> None:
        """End the thread; what is queued is dropped."""
        self._hot.put(None)

    # --- compiling --------------------------------------------------------------------------------

    def written(self, code: FnCode, tier: int) -> str:
        """The C++ that a tier would compile for a function now, or a comment that says why it would not."""
        return self._batches.written(code, tier)

    def compile_now(self, codes: list[FnCode], cause: str) -> None:
        """Compile and swap in at once, blocking: what `inline-jit` does on definition."""
        for code in codes:
            code.state = "compiling"
        for ready in self._batches.compile(codes, self._tier, URGENT, reuse=False):
            self._install(replace(ready, cause=cause))

    @property
    def _tier(self) -> int:
        return STUB_CPP if self.strategy == "stub-jit" else INLINE_CPP

    def _work(self) -> None:
        while True:
            try:
                item = self._hot.get(timeout=LOOK_S)
            except queue.Empty:
                self.look(time.perf_counter())
                continue
            if item is None:
                return
            time.sleep(GATHER_S)
            batch = [item]
            while not self._hot.empty():
                more = self._hot.get()
                if more is None:
                    return
                batch.append(more)
            with (
                BesideFrames()
            ):  # all of it: whoever waits for the GIL at the old interval waits that long
                self._compile_batch(batch)
            if time.perf_counter() - self._looked > LOOK_S:
                self.look(time.perf_counter())

    def _compile_batch(self, batch: list[Wanted]) -> None:
        causes: dict[FnCode, str] = {}
        for item in batch:
            code = self._still_wanted(item)
            if code is None:
                self._work_left(-1)
            else:
                code.state = "compiling"
                causes[code] = item.cause
        slow = self._batches.slow
        together = [code for code in causes if code.name not in slow]
        groups = [together] if together else []
        groups += [[code] for code in causes if code.name in slow]
        for group in groups:
            try:
                tiered = self.strategy == "tiered"
                found = self._batches.compile(group, self._tier, BACKGROUND, reuse=tiered)
            except Exception as e:  # a defect of ours must not end compiling
                found = []
                for code in group:
                    self._batches.fail(code, self._tier, f"{type(e).__name__}: {e}", 0.0)
            self._work_left(len(found) - len(group))
            for ready in found:
                known = "" if ready.compile_ms else "; compiled before"
                self._install(replace(ready, cause=causes[ready.code] + known))
                self._work_left(-1)

    def _still_wanted(self, item: Wanted) -> FnCode | None:
        """The function, unless compiling it became pointless while it waited."""
        code = item.code()
        if code is None:
            self._drop(item.name, "nothing refers to it any more")
            return None
        if code.state != "queued":
            self._drop(item.name, "redefined" if code.state == "retired" else f"it is {code.state}")
            return None
        if self.strategy == "interpret":
            code.state = "interpreted"
            self._drop(item.name, "strategy interpret")
            return None
        if item.by_heat:
            if self.heat(code) < policy.COOLED * self.threshold:
                code.state = "interpreted"
                self._arm(code)
                self._drop(item.name, "cooled down")
                return None
            if reason := policy.too_large(code, self.limits):
                self._batches.refuse(code, reason)
                return None
        return code
