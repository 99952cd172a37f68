"""Compares the tiers on many generated programs: `python -m tests.conformance.fuzz --programs 2000`."""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky

from tests.conformance.fuzz.agreement import Bench, Difference
from tests.conformance.fuzz.programs import Program, programs
from tests.conformance.fuzz.restless import difference_in_unrest

ROUND = 100  # programs between two looks at the clock; a round ends with its first difference


def first_difference(
    bench: Bench, count: int, number: int, depth: int, unrest: bool
) -> Difference | None:
    """The smallest difference that `count` programs of the seed `number` lead to."""
    last: list[Difference] = []

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink], print_blob=False)  # fmt: skip
    @given(programs(depth))
    def agree(program: Program) -> None:
        if unrest:
            found = difference_in_unrest(bench, program, number)
        else:
            found = bench.difference(program, last[0].strategy if last else "")
        if found is not None:
            last.append(found)
            raise AssertionError(found.strategy)

    try:
        agree()
    except (AssertionError, BaseExceptionGroup, Flaky):
        return min(last, key=lambda d: len(str(d.program)))
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--depth", type=int, default=4, help="how deep expressions nest")
    parser.add_argument(
        "--differences", type=int, default=3, metavar="N", help="stop after so many"
    )
    parser.add_argument("--unrest", action="store_true", help="change tiers while programs run")
    options = parser.parse_args()
    bench, found, start = Bench(), 0, time.perf_counter()
    tried, number = 0, options.seed
    while tried < options.programs and found < options.differences:
        before = bench.compared
        count = min(ROUND, options.programs - tried)
        difference = first_difference(bench, count, number, options.depth, options.unrest)
        tried += min(count, bench.compared - before)
        number += 1
        if difference is not None:
            found += 1
            print(f"\n=== difference {found}, seed {number - 1}\n{difference}", flush=True)
    seconds = time.perf_counter() - start
    print(
        f"{bench.compared} programs compared in {seconds:.0f} s: {found} differences; "
        f"{bench.rejected} programs rejected by all, {bench.failed} calls raised"
    )
    bench.close()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
