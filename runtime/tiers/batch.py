"""Machine code for functions: their C++, one transaction of Cling for all that is new, their addresses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.cling.session import UNOPTIMISED, Declared, Session
from runtime.cling.worlds import worlds
from runtime.events import Compile, EventLog, Refused, SlowCompile
from runtime.namespaces import Var
from runtime.native._support import take_addresses
from runtime.process.gil import BesideFrames
from runtime.stubs.cache import StubCache
from runtime.tiers import beside, inline_cpp, policy, stub_cpp
from runtime.tiers.code_cache import CodeCache, Entry, key_of
from runtime.tiers.cpp_writer import Unsupported
from runtime.tiers.dependents import versions
from runtime.tiers.functions import NEVER_HOT, STUB_CPP, FnCode, FunctionTable
from runtime.tiers.inline_cpp import Generated
from runtime.tiers.policy import Limits
from runtime.tiers.speculation import Direct, Speculation, callees_first

GENERATED_AGAIN = 3  # times, when vars get new roots while C++ that assumes some is written
MOST_GROWN_MB = 5.0  # for a function; one of 68 calls takes 0.3


@dataclass(frozen=True, slots=True)
class Ready:
    """A function whose code can be put in force. `roots` are the vars it took for constant as it saw them."""

    code: FnCode
    tier: int
    entry: Entry
    text: Generated
    roots: dict[Var, int]
    compile_ms: float
    beside: int
    cause: str = ""


class BatchCompiler:
    """Compiles functions, several at once. Called from any thread."""

    def __init__(
        self,
        session: Session,
        events: EventLog,
        table: FunctionTable,
        stubs: StubCache,
        limits: Limits,
    ) -> None:
        self._session = session
        self._events = events
        self._table = table
        self._stubs = stubs
        self.limits = limits
        self.cache = CodeCache()
        self.slow: set[str] = set()  # functions of transactions that took too long: compiled alone
        self.compile_ms = 0.0
        self.grown_mb = 0.0

    def compile(self, codes: list[FnCode], tier: int, priority: int, reuse: bool) -> list[Ready]:
        """Those that could be compiled; the state of the others says why not. Blocks.

        With `reuse`, what was compiled before in this process is taken as it is. One transaction for all
        the others; if it is rejected, each on its own to find the guilty.
        """
        ready: list[Ready] = []
        new: dict[FnCode, tuple[Generated, dict[Var, int]]] = {}
        keys: dict[FnCode, str] = {}
        ident = self._session.new_id()
        with BesideFrames():
            fresh: dict[FnCode, dict[int, Direct]] = {}
            for i, code in enumerate(codes if tier == STUB_CPP else callees_first(codes)):
                unsteady = policy.broken(code, time.perf_counter()) > policy.MOST_BROKEN
                around = fresh if reuse and not unsteady else None
                made = self._generate(code, f"f{ident}_{i}", tier, around)
                if made is None:
                    continue
                text, roots = made
                keys[code] = key_of(text, code.name, tier)
                entry = self.cache.find(keys[code], code, text.spans) if reuse else None
                if entry is not None:
                    ready.append(Ready(code, tier, entry, text, roots, 0.0, _beside(code, tier)))
                elif self.grown_mb > self.limits.code_mb:
                    full = f"compiled code took {self.grown_mb:.0f} MB, the limit"
                    self.refuse(code, f"{full} is {self.limits.code_mb:.0f}")
                    continue
                else:
                    new[code] = made
                fresh[code] = text.directs_in(entry.symbol if entry is not None else text.symbol)
        if not new:
            return ready
        if tier == STUB_CPP:
            self._stubs.compile_pending()
        done, addresses = self._declare(
            ident, {code: text for code, (text, _) in new.items()}, tier, priority
        )
        names = tuple(code.name for code in new)
        if not addresses:
            if len(new) > 1:
                alone = [self.compile([code], tier, priority, reuse) for code in new]
                return ready + [found for one in alone for found in one]
            [(code, (text, _))] = new.items()
            code.cpp = text.cpp  # to be looked at beside the error
            self.fail(code, tier, _why(done), done.compile_ms)
            return ready
        self._events.add(Compile(functions=names, tier=tier, compile_ms=done.compile_ms))
        share = done.compile_ms / len(new)
        for (code, (text, roots)), address in zip(new.items(), addresses, strict=True):
            entry = self.cache.add(keys[code], code, address, text)
            ready.append(Ready(code, tier, entry, text, roots, share, _beside(code, tier)))
        return ready

    def written(self, code: FnCode, tier: int) -> str:
        """The C++ that a tier would compile for a function now; nothing is compiled. A comment says why where
        there is none."""
        try:
            if tier == STUB_CPP:
                return stub_cpp.generate(code.node, "entry", self._table, self._stubs).cpp
            speculation = Speculation(code, {})
            return inline_cpp.generate(code.node, "entry", self._table, speculation).cpp
        except Unsupported as e:
            return f"// none: {e}"

    def refuse(self, code: FnCode, reason: str) -> None:
        """Leave a function in tier 0 by policy."""
        code.state, code.error, code.hot_at = "refused", reason, NEVER_HOT
        self._events.add(Refused(function=code.name, reason=reason))

    def fail(self, code: FnCode, tier: int, why: str, spent_ms: float) -> None:
        """Leave a function in tier 0, because its C++ cannot be compiled."""
        code.state, code.error, code.hot_at = "failed", why, NEVER_HOT
        self._events.add(Compile(functions=(code.name,), tier=tier, compile_ms=spent_ms, error=why))

    def _generate(
        self,
        code: FnCode,
        symbol: str,
        tier: int,
        fresh: Mapping[FnCode, Mapping[int, Direct]] | None,
    ) -> tuple[Generated, dict[Var, int]] | None:
        """A function's C++ with the roots it assumes; None where there is none, or too much of it. It calls
        the `fresh` functions directly too; with None it speculates on nothing."""
        last: dict[Var, int] = {}
        try:
            for again in range(GENERATED_AGAIN + 1):
                if again == GENERATED_AGAIN:  # somebody binds vars all the time: speculate no more
                    fresh = None
                speculation = Speculation(code, fresh) if fresh is not None else None
                before = Var.binds
                if tier == STUB_CPP:
                    text = stub_cpp.generate(code.node, symbol, self._table, self._stubs)
                else:
                    text = inline_cpp.generate(code.node, symbol, self._table, speculation)
                roots = versions(text.assumes)
                if not roots or Var.binds == before or roots == last:
                    break
                last = roots
        except Unsupported as e:
            self.fail(code, tier, str(e), 0.0)
            return None
        if reason := policy.too_long(len(text.cpp), self.limits):
            self.refuse(code, reason)
            return None
        return text, roots

    def _declare(
        self, ident: int, texts: dict[FnCode, Generated], tier: int, priority: int
    ) -> tuple[Declared, list[int]]:
        """The outcome of a transaction, and the functions' addresses; none where it was rejected."""
        body = "\n".join(text.cpp for text in texts.values())
        entries = ", ".join(f"(void*){text.symbol}" for text in texts.values())
        # Stub C++ names nothing that scripts declare, and has nothing in it to be optimised.
        level = f"{UNOPTIMISED}\n" if tier == STUB_CPP else ""
        unit = (
            f"{level}{worlds.opening}namespace ts_f{ident} {{\n{body}\n"
            f'#line 1 "entries"\n'
            f"static void* const all[] = {{ {entries} }};\n"
            f"static int const done = ts::submit({ident}, all, {len(texts)});\n}}{worlds.closing}\n"
        )
        names = tuple(code.name for code in texts)
        limit = self.limits.slow_s

        def impatient() -> None:
            self._events.add(SlowCompile(functions=names, limit_s=limit))

        done = self._session.declare(unit, priority, limit, impatient)
        self.compile_ms += done.compile_ms
        # Other threads may have made the process grow too: no more than is likely.
        self.grown_mb += min(max(0.0, done.grown_mb), MOST_GROWN_MB * len(names))
        if done.compile_ms > limit * 1e3:
            self.slow.update(names)
        elif len(names) == 1:
            self.slow.discard(names[0])
        addresses = take_addresses(ident) if done.ok else []
        return done, addresses if len(addresses) == len(texts) else []


def _beside(code: FnCode, tier: int) -> int:
    """What its code does that matters on threads other than the window's; stubs see to it by themselves."""
    return 0 if tier == STUB_CPP else beside.flags_of(code)


def _why(done: Declared) -> str:
    """What Cling said against a transaction."""
    told = "; ".join(f"{d.message} ({d.file}:{d.line})" for d in done.errors)
    return told or "Cling gave no address"
