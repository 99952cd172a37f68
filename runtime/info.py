"""What the runtime tells about itself: plain records for panels, reports and tests."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.errors import LispError


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One function of a script. Times: `compile_ms` in all, `us_per_call` a sampled mean of recent calls."""

    name: str  # ns/fn
    tier: int  # 0 interpreted, 1 stub C++, 2 inline C++
    state: str  # "interpreted", "queued", "compiling", "compiled" or "failed"
    calls: int
    loops: int  # loop iterations counted in tier 0
    deopts: int
    compile_ms: float
    us_per_call: float
    threshold: int  # calls at which it becomes hot
    file: str
    line: int
    source: str  # the Lisp text of its definition
    cpp: str  # the C++ that was generated for it, or ""
    error: str  # why it stays in tier 0, or ""


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
class Problem:
    """An error that still stands. `script` is the file it belongs to; `count` how often it was raised."""

    script: str
    error: LispError
    count: int = 1
