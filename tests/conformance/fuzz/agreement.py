"""Runs a program under every strategy and compares all that it does: value, output, error, C++ log."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime import Runtime
from runtime.core.exceptions import original
from runtime.core.printing import pr_str
from runtime.errors import LispError, LispErrors
from runtime.tiers.closures import CppException
from tests.conformance.fuzz.programs import ENTRY, PRELUDE, Program

FOLDER = Path(__file__).parent
STRATEGIES = {
    "interpret": 100,
    "stub-jit": 100,
    "inline-jit": 100,
    "tiered": 1,
}  # strategy -> threshold
ROUNDS = 2  # of calls under `tiered`, the background work finished between them
_VARYING = re.compile(
    r"0x[0-9a-f]{6,}|(?<=__)\d+|(?<=#)\d+|(?<=\$fn)\d+"
)  # addresses and serial numbers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did, as text. `stack` are the names of the Lisp calls an error went through."""

    value: str
    printed: str
    log: str
    stack: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.value, f"  printed {self.printed!r}" if self.printed else ""]
        parts.append(f"  C++ did {self.log}" if self.log else "")
        parts.append(f"  in {' < '.join(self.stack)}" if self.stack else "")
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Difference:
    """A program and how two strategies disagree about it."""

    program: Program
    strategy: str
    expected: str  # what tier 0 does
    found: str

    def __str__(self) -> str:
        return f"{self.program}\n--- interpret\n{self.expected}\n--- {self.strategy}\n{self.found}"


def told(error: BaseException) -> str:
    """An error's class and message."""
    cause = original(error)
    if isinstance(cause, CppException):
        return f"C++ {cause}"
    if isinstance(error, LispErrors):
        return "; ".join(told(e) for e in error.errors)
    message = error.message if isinstance(error, LispError) else str(error)
    return f"{type(cause).__name__}: {message}"


@dataclass(slots=True)
class Bench:
    """A runtime for each strategy; all share the process's C++."""

    runtimes: dict[str, Runtime] = field(default_factory=dict)
    compared: int = 0
    rejected: int = 0  # of those compared, programs that no strategy accepted
    failed: int = 0  # calls that raised

    def __post_init__(self) -> None:
        for strategy, threshold in STRATEGIES.items():
            self.runtimes[strategy] = runtime = Runtime(strategy, threshold, include_dirs=[FOLDER])
            runtime.eval(PRELUDE, "prelude.jank")

    def close(self) -> None:
        for runtime in self.runtimes.values():
            runtime.close()

    def difference(self, program: Program, only: str = "") -> Difference | None:
        """How the strategies disagree, if they do; with `only`, whether that one differs from tier 0."""
        self.compared += 1
        rows = self.runtimes["interpret"].eval(program.arguments)
        expected: list[Outcome] = []
        for strategy, runtime in self.runtimes.items():
            if only and strategy not in (only, "interpret"):
                continue
            found = self.outcomes(runtime, program, rows)
            if strategy == "interpret":
                expected = found
                continue
            for i, outcome in enumerate(found):
                if outcome != expected[i % len(expected)]:
                    index = i % len(expected)
                    return Difference(program, strategy, str(expected[index]), str(outcome))
            if why := not_compiled(runtime, program):
                return Difference(program, strategy, "compiles", why)
        return None

    def outcomes(self, runtime: Runtime, program: Program, rows: Any) -> list[Outcome]:
        """What every call does, in order; a program that is rejected has one outcome."""
        try:
            runtime.eval(f"(let [] {' '.join(program.definitions)})", "fuzz.jank")
        except (LispError, LispErrors) as e:
            self.rejected += runtime.strategy == "interpret"
            return [Outcome(f"rejected: {told(e)}", "", "")]
        found = [outcome(runtime, row) for row in rows]
        if runtime.strategy == "interpret":
            self.failed += sum(o.value.startswith("raised") for o in found)
        for _ in range(ROUNDS - 1 if runtime.strategy == "tiered" else 0):
            assert runtime.wait_idle(60), "the compiler does not come to an end"
            found += [outcome(runtime, row) for row in rows]
        return found


def not_compiled(runtime: Runtime, program: Program) -> str:
    """Why a function of the program stays in tier 0 for good, "" when none does."""
    wanted = set(program.names)
    return "\n".join(
        f"{f.name} does not compile: {f.error}\n{f.cpp}"
        for f in runtime.functions()
        if f.name in wanted and f.state == "failed"
    )


def outcome(runtime: Runtime, row: Any) -> Outcome:
    """What one call of `main` does."""
    return observed(runtime, lambda: runtime.call(ENTRY, *row))


def replay(runtime: Runtime, source: str) -> list[Outcome]:
    """What the last form of a program does, each time it is evaluated; those before it are definitions."""
    cut = source.rstrip().rfind("\n") + 1
    runtime.eval(source[:cut], "corpus.jank")
    found = []
    for _ in range(ROUNDS):
        found.append(observed(runtime, lambda: runtime.eval(source[cut:], "corpus.jank")))
        assert runtime.wait_idle(60), "the compiler does not come to an end"
    return found


def observed(runtime: Runtime, run: Callable[[], Any]) -> Outcome:
    """What `run` does, from a fresh state on."""
    runtime.call("fuzz/anew!")
    printed = io.StringIO()
    stack: tuple[str, ...] = ()
    with contextlib.redirect_stdout(printed):
        try:
            shown = pr_str(run())
        except LispError as e:
            shown = f"raised {told(e)}"
            stack = tuple(_VARYING.sub("…", f.function) for f in e.stack)
    log = runtime.call("fuzz/done-by-cpp")
    return Outcome(_VARYING.sub("…", shown), _VARYING.sub("…", printed.getvalue()), log, stack)
