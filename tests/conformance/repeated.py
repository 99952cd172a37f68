"""Programs that run again and again in one runtime, so that they change tier on the way.

A program's last form becomes a function's body. Whatever a call does, it must do it in every tier: what the
interpreter does in as many calls is what is expected, side effects and errors included.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime import Runtime
from runtime.errors import LispError
from runtime.namespaces import Namespace
from runtime.reader import PlainResolver, read_all
from tests.conformance.outcome import Outcome, observed
from tests.conformance.unrest import Definition, Unrest

THRESHOLDS = (1, 2, 100)
RESTLESS_CALLS = 8  # of each program
LONG_S = 0.2  # after which a program is not called any more, but for so many times:
FEW = 3


@dataclass(frozen=True, slots=True)
class Program:
    """Definitions, and the function to be called."""

    place: str  # where it is listed
    ns: str  # the namespace it begins in
    definitions: tuple[Definition, ...]
    function: Definition


def split(source: str, ns: str, place: str) -> Program | None:
    """A program of several forms, the last of which is to be repeated; None where it cannot be read."""
    try:
        spans = [form.span for form in read_all(source, "t.jank", PlainResolver(ns))]
    except LispError:
        return None
    rows = [0]
    for row in source.split("\n"):
        rows.append(rows[-1] + len(row) + 1)
    texts = [
        Definition(ns, source[rows[s.line - 1] + s.col - 1 : rows[s.end_line - 1] + s.end_col - 1],
                   s.line)
        for s in spans
        if s is not None
    ]  # fmt: skip
    *before, last = texts
    again = Definition(ns, f"(defn again [] {last.text}\n)", last.line)
    return Program(place, ns, tuple(before), again)


class Programs:
    """Programs defined in a runtime, to be called by their number."""

    def __init__(self, runtime: Runtime, programs: Sequence[Program]) -> None:
        self.runtime = runtime
        self.definitions: list[list[Definition]] = []  # of each program's named functions
        self._made = [self._define(program) for program in programs]

    def _define(self, program: Program) -> tuple[Namespace, Callable[[], Any], Outcome]:
        namespaces = self.runtime.namespaces
        namespaces.current = namespaces.ensure(program.ns)
        self.definitions.append([])
        variables: list[Any] = []

        def define() -> None:
            for form in (*program.definitions, program.function):
                variables.append(self.runtime.eval(form.text, "t.jank", form.line))
                if form.text.startswith("(defn ") and namespaces.current.name == program.ns:
                    self.definitions[-1].append(form)
            texts = [form.text for form in program.definitions]
            names = {text.split()[1] for text in texts if text.startswith("(def")}
            if "redef" in program.function.text or len(names) < len(texts):
                self.definitions[-1].clear()  # defining one of them anew would change what is meant

        outcome = observed(define)
        function = variables[-1].deref() if outcome.value == "nil" else None
        return namespaces.current, function, outcome

    def call(self, number: int) -> Outcome:
        """What a program does in one more call; of one that cannot be defined, why."""
        namespace, function, rejected = self._made[number]
        if function is None:
            return rejected
        self.runtime.namespaces.current = namespace
        return observed(function)


@contextlib.contextmanager
def running(
    strategy: str, programs: Sequence[Program], folder: Path, prelude: str = ""
) -> Iterator[Programs]:
    """The programs in a runtime of their own; one at a time, as core's own vars are the latest's."""
    runtime = Runtime(strategy, include_dirs=[folder])
    runtime.eval(prelude, "prelude.jank")
    yield Programs(runtime, programs)
    runtime.close()


def disagreements(programs: Sequence[Program], folder: Path, prelude: str = "") -> list[str]:
    """Where the tiers differ while programs warm up, with each threshold in turn."""
    with running("interpret", programs, folder, prelude) as quiet:
        expected = sequences(quiet, len(programs), sum(THRESHOLDS) + 2 * len(THRESHOLDS))
    with running("tiered", programs, folder, prelude) as warm:
        return list(warming_up(programs, expected, warm))


def restless_disagreements(
    programs: Sequence[Program],
    folder: Path,
    prelude: str = "",
    seed: int = 1,
    calls: int = RESTLESS_CALLS,
) -> list[str]:
    """Where the tiers differ while functions change tier at any moment."""
    with running("interpret", programs, folder, prelude) as quiet:
        expected = sequences(quiet, len(programs), calls)
    with running("tiered", programs, folder, prelude) as restless:
        return list(in_unrest(programs, expected, restless, seed))


def sequences(programs: Programs, count: int, calls: int) -> list[list[Outcome]]:
    """What tier 0 does: for each program its outcomes in `calls` calls, in fewer where they take long."""
    found: list[list[Outcome]] = []
    for number in range(count):
        start = time.perf_counter()
        found.append([])
        while len(found[-1]) < calls and (
            time.perf_counter() - start < LONG_S or len(found[-1]) < FEW
        ):
            found[-1].append(programs.call(number))
    return found


def warming_up(
    programs: Sequence[Program], expected: list[list[Outcome]], warm: Programs
) -> Iterator[str]:
    """Differences from what is expected with each threshold: in so many calls, of which the last makes a
    function hot, in one while it is compiled, and in one when all is compiled that will be."""
    runtime, done = warm.runtime, [0] * len(programs)
    ended: set[int] = set()  # of these a difference was told

    def call(number: int, threshold: int) -> Iterator[str]:
        wanted = expected[number][done[number]]
        found = warm.call(number)
        done[number] += 1
        if found != wanted:
            ended.add(number)
            yield disagreement(programs[number], f"with the threshold {threshold}", wanted, found)

    for threshold in THRESHOLDS:
        runtime.threshold = threshold
        for code in runtime.table.all():
            runtime.engine.deoptimise(code, "from the beginning")
        for calls in (threshold + 1, 1):
            for number in range(len(programs)):
                for _ in range(calls):
                    if number not in ended and done[number] < len(expected[number]):
                        yield from call(number, threshold)
            assert runtime.wait_idle(120), "the compiler does not come to an end"


def in_unrest(
    programs: Sequence[Program], expected: list[list[Outcome]], restless: Programs, seed: int
) -> Iterator[str]:
    """Differences from what is expected. After the first call of each program all is compiled, so that there
    is something to change to."""
    ended: set[int] = set()
    with Unrest(restless.runtime, seed) as unrest:
        for calls in (slice(1), slice(1, None)):
            for number, program in enumerate(programs):
                unrest.definitions = restless.definitions[number]
                for wanted in expected[number][calls]:
                    found = restless.call(number)
                    if found != wanted and number not in ended:
                        ended.add(number)
                        yield disagreement(program, "in unrest", wanted, found)
            unrest.compile_all()


def disagreement(program: Program, how: str, wanted: Outcome, found: Outcome) -> str:
    text = "\n".join(d.text for d in (*program.definitions, program.function))
    return f"{program.place} {how}\n{text}\n--- interpret\n{wanted}\n--- tiered\n{found}"
