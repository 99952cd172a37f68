"""When a function is worth compiling: its heat, and what keeps it in tier 0 all the same.

Heat is calls plus loop iterations, of which the older ones count less: it halves in `half_life_s`, as
HotSpot's counters do (`CounterHalfLifeTime`). What is called rarely never gets hot, however long the program
runs. The counting is native and knows nothing of time; a look at the functions about once a second moves the
count at which each becomes hot.

Compiled code is never given back, so what is being edited waits until it rests: each redefinition soon after
others doubles the heat that is asked for, unless interpreting it costs time that is noticed.
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
FREE_EDITS, MOST_EDITS = (
    3,
    8,
)  # redefinitions lately: so many cost nothing, more than so many no more
NOTICED_S = 0.05  # spent in tier 0 by the time that it would be hot: it is compiled, edited or not


@dataclass(frozen=True, slots=True)
class Limits:
    """What compiling may cost.

    Args:
        half_life_s: seconds in which a function's heat halves.
        only_small: most nodes of the AST of a function that is compiled when it is hot; None for any.
        cpp_chars: most characters of the C++ of one function; its hot loops are still compiled alone.
        slow_s: seconds after which a compile is called slow. Cling cannot be interrupted: what it makes is
            used, and the functions of that transaction are compiled one by one the next time.
        rest_s: seconds in which half of a function's redefinitions are forgotten; 0 to count none.
        code_mb: by how many MB compiling functions may let the process grow; Cling gives nothing back.
    """

    half_life_s: float = 10.0
    only_small: int | None = None
    cpp_chars: int = 500_000
    slow_s: float = 10.0
    rest_s: float = 20.0
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


class Edits:
    """How often functions were redefined lately, by name. A function within another counts as that one."""

    def __init__(self) -> None:
        self._lately: dict[str, tuple[float, float]] = {}  # how many, and when that was so

    def one_more(self, name: str, rest_s: float, now: float) -> None:
        """A function was redefined at `now`, in seconds of `time.perf_counter`."""
        self._lately[name] = min(MOST_EDITS, self.lately(name, rest_s, now) + 1.0), now

    def lately(self, name: str, rest_s: float, now: float) -> float:
        """How many redefinitions are not forgotten yet."""
        count, at = self._lately.get(name.partition("$")[0], (0.0, now))
        return count * 0.5 ** (max(0.0, now - at) / rest_s) if rest_s else 0.0

    def forget(self, rest_s: float, now: float) -> None:
        """Drop the names of what has rested for long."""
        for name in [n for n in list(self._lately) if self.lately(n, rest_s, now) < 0.1]:
            del self._lately[name]


def raised(code: FnCode, threshold: int, edits: float) -> int:
    """The heat at which a function is compiled that was redefined so often lately."""
    if edits <= FREE_EDITS:
        return threshold
    asked = threshold * 2.0 ** (edits - FREE_EDITS)
    if code.timed_ns and code.timed_calls and code.calls:
        spent_s = code.timed_ns / code.timed_calls / 1e9 * code.calls / max(1, counted(code))
        asked = min(asked, NOTICED_S / spent_s)
    return max(threshold, round(asked))


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
