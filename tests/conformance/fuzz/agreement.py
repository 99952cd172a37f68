"""Runs a program under every strategy and compares all that it does: value, output, error, C++ log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime import Runtime
from runtime.errors import LispError, LispErrors
from tests.conformance.fuzz.programs import ENTRY, PRELUDE, Program
from tests.conformance.outcome import Outcome, observed, told

FOLDER = Path(__file__).parent
RUNTIMES = {
    "interpret": ("interpret", 100),
    "stub-jit": ("stub-jit", 100),
    "inline-jit": ("inline-jit", 100),
    "tiered": ("tiered", 1),
    "tiered, 2": ("tiered", 2),
}  # label -> strategy, threshold
ROUNDS = 3  # under `tiered`: the first row alone, then all, then all again, nothing left to compile between


@dataclass(frozen=True, slots=True)
class Difference:
    """A program and how two strategies disagree about it."""

    program: Program
    strategy: str
    expected: str  # what tier 0 does
    found: str

    def __str__(self) -> str:
        return f"{self.program}\n--- interpret\n{self.expected}\n--- {self.strategy}\n{self.found}"


@dataclass(slots=True)
class Bench:
    """A runtime for each strategy; all share the process's C++."""

    runtimes: dict[str, Runtime] = field(default_factory=dict)
    compared: int = 0
    rejected: int = 0  # of those compared, programs that no strategy accepted
    failed: int = 0  # calls that raised

    def __post_init__(self) -> None:
        for label, (strategy, threshold) in RUNTIMES.items():
            self.runtimes[label] = runtime = Runtime(strategy, threshold, include_dirs=[FOLDER])
            runtime.eval(PRELUDE, "prelude.jank")

    def close(self) -> None:
        for runtime in self.runtimes.values():
            runtime.close()

    def difference(self, program: Program, only: str = "") -> Difference | None:
        """How the strategies disagree, if they do; with `only`, whether that one differs from tier 0."""
        self.compared += 1
        rows = self.runtimes["interpret"].eval(program.arguments)
        expected = self.expected(program, rows)
        for label, runtime in self.runtimes.items():
            if label == "interpret" or (only and label != only):
                continue
            for wanted, found in zip(*self.outcomes(runtime, program, rows, expected), strict=True):
                if found != wanted:
                    return Difference(program, label, str(wanted), str(found))
            if why := not_compiled(runtime, program):
                return Difference(program, label, "compiles", why)
        return None

    def expected(self, program: Program, rows: Any) -> list[Outcome]:
        """What tier 0 does for each row of arguments; a program that is rejected has one outcome."""
        runtime = self.runtimes["interpret"]
        if rejected := define(runtime, program):
            self.rejected += 1
            return [rejected]
        found = [outcome(runtime, row) for row in rows]
        self.failed += sum(o.value.startswith("raised") for o in found)
        return found

    def outcomes(
        self, runtime: Runtime, program: Program, rows: Any, expected: list[Outcome]
    ) -> tuple[list[Outcome], list[Outcome]]:
        """What every call should do and does, in order."""
        rejected = define(runtime, program)
        if rejected or expected[0].value.startswith("rejected"):
            return [expected[0]], [rejected or Outcome("accepted", "")]
        if runtime.strategy != "tiered":
            return expected, [outcome(runtime, row) for row in rows]
        first = [0] * runtime.threshold
        wanted: list[Outcome] = []
        found: list[Outcome] = []
        for numbers in (first, range(len(rows)), range(len(rows))):
            for i in numbers:
                wanted.append(expected[i])
                found.append(outcome(runtime, rows[i]))
            assert runtime.wait_idle(120), "the compiler does not come to an end"
        return wanted, found


def define(runtime: Runtime, program: Program) -> Outcome | None:
    """Define a program's functions; gives why that cannot be."""
    try:
        runtime.eval(program.text, "fuzz.jank")
    except (LispError, LispErrors) as e:
        return Outcome(f"rejected: {told(e)}", "")
    return None


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
    return afresh(runtime, lambda: runtime.call(ENTRY, *row))


def replay(runtime: Runtime, source: str) -> list[Outcome]:
    """What the last form of a program does, each time it is evaluated; those before it are definitions."""
    cut = source.rstrip().rfind("\n") + 1
    runtime.eval(source[:cut], "corpus.jank")
    found = []
    for _ in range(ROUNDS):
        found.append(afresh(runtime, lambda: runtime.eval(source[cut:], "corpus.jank")))
        assert runtime.wait_idle(120), "the compiler does not come to an end"
    return found


def afresh(runtime: Runtime, run: Callable[[], Any]) -> Outcome:
    """What `run` does, from a fresh state on."""
    runtime.call("fuzz/anew!")
    return observed(run, lambda: str(runtime.call("fuzz/done-by-cpp")))
