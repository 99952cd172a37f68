"""Where the libraries' collections cannot be read in place, the libraries are called instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

PROGRAM = """
import sys
from runtime.native import _support
_support.forget_layouts()
from runtime import Runtime
from runtime.events import Degraded
rt = Runtime(strategy="interpret")
assert {e.what for e in rt.events.of(Degraded)} == {
    "look-ups in immutables.Map", "look-ups in pyrsistent.PVector"}
assert rt.eval("(= {:a [1 {:b 2}]} {:a (list 1 {:b 2})})") is True
assert rt.eval("(reduce (fn [n [k v]] (+ n v)) 0 {:a 1 :b 2})") == 3
rt.close()
import pytest
sys.exit(pytest.main([*sys.argv[1:], "-q", "-p", "no:cacheprovider", "-k", "not in_place"]))
"""


def test_the_libraries_themselves_are_good_enough() -> None:
    tests = [str(HERE / name) for name in ("test_collections.py", "test_iteration.py")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *tests],
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
