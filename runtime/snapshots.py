"""What the runtime tells about itself: plain records for panels, reports and tests."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import LispError


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One function of a script. Times: `compile_ms` in all, `us_per_call` a sampled mean of recent calls."""

    name: str  # ns/fn
    tier: int  # 0 interpreted, 1 stub C++, 2 inline C++
    state: str  # "interpreted", "queued", "compiling", "compiled", "refused" or "failed"
    calls: int
    loops: int  # loop iterations counted in tier 0
    deopts: int
    compile_ms: float
    us_per_call: float
    threshold: int  # heat at which it is compiled
    file: str
    line: int
    source: str  # the Lisp text of its definition
    cpp: str  # the C++ that was generated for it, or ""
    error: str  # why it stays in tier 0, or ""
    heat: float = 0.0  # calls and weighted loop iterations, the older the less they count
    policy: str = ""  # "jit" or "interpret" where its metadata says so
    waits: str = ""  # why it is compiled later than others would be
    guard_failures: int = 0  # of assumptions about its arguments
    assumes: tuple[str, ...] = ()  # the vars whose values its compiled code took for constants


@dataclass(frozen=True, slots=True)
class Stages:
    """One function as each stage has it. `stub_cpp` and `inline_cpp` are what tiers 1 and 2 would compile
    now; where one cannot, the reason as a comment."""

    source: str
    typed: str
    lowered: str
    stub_cpp: str
    inline_cpp: str


@dataclass(frozen=True, slots=True)
class StubInfo:
    """One entry of the stub cache: `misses` is 1 for the call that had it compiled."""

    signature: str
    hits: int
    misses: int
    compile_ms: float  # its share of the transaction it was compiled in
    cpp: str
    optimised: bool = True  # whether Cling optimised it, with the inline code it needs


@dataclass(frozen=True, slots=True)
class StubStats:
    """Totals of the stub cache. A hit is a call site that found its stub ready."""

    hits: int
    misses: int
    entries: int
    compile_ms: float

    @property
    def hit_rate(self) -> float:
        """Hits among all look-ups, 0 to 1; 0 where there was none."""
        total = self.hits + self.misses
        return self.hits / total if total else 0.0


@dataclass(frozen=True, slots=True)
class CodeStats:
    """Compiled functions and their memory. Cling gives nothing back: what is dead is kept for reuse."""

    live: int  # pieces of compiled code that some function runs
    dead: int  # those that none runs; they run again when their form comes back
    reused: int  # functions that got code that was there already
    dropped: int  # compiles that no longer mattered
    transactions: int  # of Cling in this process, questions about types and stubs included
    grown_mb: float  # by how much compiling functions let the process grow
    limit_mb: float  # of that; beyond it only known code is used
    code_mb: float  # machine code in memory, stubs included
    constants: int  # Lisp values and vars that compiled code refers to
    outgoing: int  # those of replaced code, until no compiled call is on any stack


@dataclass(frozen=True, slots=True)
class Problem:
    """An error that still stands. `script` is the file it belongs to; `count` how often it was raised."""

    script: str
    error: LispError
    count: int = 1
