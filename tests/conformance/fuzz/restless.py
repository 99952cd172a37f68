"""Generated programs in unrest."""

from __future__ import annotations

from tests.conformance.fuzz.agreement import Bench, Difference, define, outcome
from tests.conformance.fuzz.programs import Program
from tests.conformance.unrest import Unrest

ROUNDS = 12  # of calls with all rows of arguments
COMPILED_EVERY = 4  # rounds


def difference_in_unrest(bench: Bench, program: Program, seed: int) -> Difference | None:
    """How a program differs from tier 0 while its functions change tier and are defined anew."""
    bench.compared += 1
    rows = bench.runtimes["interpret"].eval(program.arguments)
    expected = bench.expected(program, rows)
    runtime = bench.runtimes["tiered"]
    if expected[0].value.startswith("rejected"):
        return None
    with Unrest(runtime, seed) as unrest:
        define(runtime, program)
        unrest.definitions = program.parts
        for number in range(ROUNDS):
            for row, wanted in zip(rows, expected, strict=True):
                found = outcome(runtime, row)
                if found != wanted:
                    return Difference(program, "tiered, in unrest", str(wanted), str(found))
            if number % COMPILED_EVERY == 0:
                unrest.compile_all()
    return None
