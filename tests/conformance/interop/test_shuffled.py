"""What is rejected leaves no trace: programs that are none, at random places among sound ones, in a process
that knows none of their types yet."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys

import pytest

from runtime import Runtime
from tests.conformance.interop.programs import FOLDER, PAIRS, REJECTED, Bench, Rejected

MODULES = ("calls", "conversions", "objects", "operators", "printf", "types")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1])
def test_what_is_rejected_changes_nothing_that_follows(seed: int) -> None:
    command = [sys.executable, "-m", __name__, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-3000:]
    count, rejected = map(int, done.stdout.split())
    assert count > 300
    assert rejected > 100


def main(seed: int) -> None:
    """Run all programs in an order that `seed` gives; prints how many, and how many were none."""
    chance = random.Random(seed)
    runtimes = []
    tried: list[tuple[Bench, tuple[str, str] | Rejected]] = []
    rejected: list[tuple[Bench, Rejected]] = []
    for module in MODULES:
        importlib.import_module(f"tests.conformance.interop.test_{module}")
        prelude = next(reversed(PAIRS))
        runtime = Runtime("interpret", include_dirs=[FOLDER])
        runtime.eval(prelude, filename="prelude.jank")
        runtimes.append(runtime)
        bench = Bench("interpret", runtime)
        tried += [(bench, pair) for pair in PAIRS[prelude]]  # these build on each other
        rejected += [(bench, program) for program in REJECTED[prelude]]
    for one in rejected:
        tried.insert(chance.randrange(len(tried) + 1), one)
    for bench, item in tried:
        if isinstance(item, Rejected):
            bench.rejection(item)
        else:
            source, expected = item
            found = bench.value(source)
            assert found == expected, f"{source}: {found}, not {expected}"
    for runtime in runtimes:
        runtime.close()
    print(len(tried), len(rejected))


if __name__ == "__main__":
    main(int(sys.argv[1]))
