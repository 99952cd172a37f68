"""When a function is worth compiling: its heat, and what keeps it in tier 0 all the same.

Heat is calls plus loop iterations, of which the older ones count less: it halves in `half_life_s`, as
HotSpot's counters do (`CounterHalfLifeTime`). What is called rarely never gets hot, however long the program
runs. The counting is native and knows nothing of time; a look at the functions about once a second moves the
count at which each becomes hot.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from runtime.analysis.nodes import walk
from runtime.tiers.functions import FnCode

LOOP_WEIGHT = 16  # so many loop iterations count as a call, as in function.cpp
COOLED = (
    1 / 8
)  # of the threshold: a function that waits to be compiled with less heat is left alone
MOST_BROKEN = (
    5  # assumptions about vars; while more broke lately, a function is compiled without any
)
BROKEN_HALF_LIFE_S = (
    10.0  # in which half of them are forgotten: edits are no reason, a program's own `def`s are
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What compiling may cost.

    Args:
        half_life_s: seconds in which a function's heat halves.
        only_small: most nodes of the AST of a function that is compiled when it is hot; None for any.
        cpp_chars: most characters of the C++ of one function; its hot loops are still compiled alone.
        slow_s: seconds after which a compile is called slow. Cling cannot be interrupted: what it makes is
            used, and the functions of that transaction are compiled one by one the next time.
        code_mb: by how many MB compiling functions may let the process grow; Cling gives nothing back.
    """

    half_life_s: float = 10.0
    only_small: int | None = None
    cpp_chars: int = 500_000
    slow_s: float = 10.0
    code_mb: float = 1024.0


def counted(code: FnCode) -> int:
    """All its calls and weighted loop iterations, as the native side adds them up."""
    return code.calls + code.loops // LOOP_WEIGHT


def heat(code: FnCode, half_life_s: float, now: float | None = None) -> float:
    """Its heat at `now`, in seconds of `time.perf_counter`. Calls since it was looked at count as if they
    had come evenly."""
    passed = max(0.0, (time.perf_counter() if now is None else now) - code.looked_at) / half_life_s
    left = 0.5**passed
    evenly = (1.0 - left) / (passed * math.log(2)) if passed > 1e-6 else 1.0
    return code.heat * left + (counted(code) - code.counted) * evenly


def look(code: FnCode, threshold: int, half_life_s: float, now: float) -> int:
    """Let it cool down until `now`; gives the count at which it is hot."""
    code.heat = heat(code, half_life_s, now)
    code.counted, code.looked_at = counted(code), max(now, code.looked_at)
    return code.counted + max(1, threshold - round(code.heat))


def forget_heat(code: FnCode) -> None:
    """Counting starts again."""
    code.heat, code.counted, code.looked_at = 0.0, counted(code), time.perf_counter()


def broken(code: FnCode, now: float) -> float:
    """How many of a function's assumptions about vars broke lately."""
    passed = max(0.0, now - code.broken_at)
    return float(code.broken * 0.5 ** (passed / BROKEN_HALF_LIFE_S))


def one_more_broken(code: FnCode, now: float) -> None:
    """An assumption about a var broke at `now`."""
    code.broken, code.broken_at = broken(code, now) + 1.0, now


def too_large(code: FnCode, limits: Limits) -> str:
    """Why a function is not small, or "". Metadata goes before the policy."""
    if limits.only_small is None or code.policy == "jit" or code.replaces_loop:
        return ""
    nodes = sum(1 for _ in walk(code.node))
    if nodes <= limits.only_small:
        return ""
    return f"{nodes} nodes, and only functions of at most {limits.only_small} are compiled"


def too_long(chars: int, limits: Limits) -> str:
    """Why C++ of so many characters is not compiled, or ""."""
    if chars <= limits.cpp_chars:
        return ""
    return f"{chars} characters of C++, and at most {limits.cpp_chars} are compiled"
