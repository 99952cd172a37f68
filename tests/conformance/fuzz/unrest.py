"""Functions that change tier at any moment, on another thread, while a program runs."""

from __future__ import annotations

import random
import sys
import threading
import time
from types import TracebackType

from runtime import Runtime
from tests.conformance.fuzz.agreement import Bench, Difference, observed
from tests.conformance.fuzz.programs import ENTRY, Program

PAUSE_S = 0.0005  # between two interventions


class Unrest:
    """A context in which functions are sent down and up again, in an order that `seed` decides."""

    def __init__(self, runtime: Runtime, names: list[str], seed: int) -> None:
        self._runtime, self._names = runtime, names
        self._random = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._intervene, name="unrest")

    def __enter__(self) -> None:
        self._usual = sys.getswitchinterval()
        sys.setswitchinterval(PAUSE_S / 10)  # so that it happens in the middle of calls too
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._over.set()
        self._thread.join()
        sys.setswitchinterval(self._usual)

    def _intervene(self) -> None:
        while not self._over.is_set():
            change = self._random.choice((self._runtime.deoptimise, self._runtime.tier_up))
            change(self._random.choice(self._names))
            time.sleep(PAUSE_S)


def difference_in_unrest(
    bench: Bench, program: Program, seed: int, rounds: int = 12
) -> Difference | None:
    """How a program differs from tier 0 while its functions change tier and are defined anew."""
    quiet, restless = bench.runtimes["interpret"], bench.runtimes["tiered"]
    bench.compared += 1
    rows = quiet.eval(program.arguments)
    expected = bench.outcomes(quiet, program, rows)
    chance = random.Random(seed)
    text = f"(let [] {' '.join(program.definitions)})"
    if expected[0].value.startswith("rejected"):
        return None
    restless.eval(text, "fuzz.jank")
    with Unrest(restless, program.names, seed):
        for _ in range(rounds):
            if chance.random() < 0.2:
                restless.eval(text, "fuzz.jank")
            for row, wanted in zip(rows, expected, strict=True):
                found = observed(restless, lambda row=row: restless.call(ENTRY, *row))
                if found != wanted:
                    return Difference(program, "tiered, in unrest", str(wanted), str(found))
            time.sleep(2 * PAUSE_S)
    return None
