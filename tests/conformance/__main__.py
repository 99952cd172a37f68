"""Every program of the conformance tables in unrest: `python -m tests.conformance --seed 7`."""

from __future__ import annotations

import argparse
import sys

from tests.conformance.interop import test_repeated as interop
from tests.conformance.language import test_repeated as language
from tests.conformance.repeated import restless_disagreements


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calls", type=int, default=20, help="of each program")
    options = parser.parse_args()
    tables = [
        (t, language.programs_of(t), language.FOLDER / "modules", "") for t in language.TABLES
    ]
    for ns, prelude in interop.PRELUDES.items():
        tables.append((ns, interop.programs_of(ns), interop.FOLDER, prelude))
    differences = 0
    for name, programs, folder, prelude in tables:
        found = restless_disagreements(programs, folder, prelude, options.seed, options.calls)
        differences += len(found)
        print(f"{name}: {len(programs)} programs, {len(found)} differences", flush=True)
        for text in found:
            print(text)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
