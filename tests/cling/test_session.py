"""The Cling session: what one transaction asks for must not reach into the next."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runtime.cling.session import UNOPTIMISED, session
from runtime.native._support import modules_freed, take_addresses

STEPS = 2_000_000
LOOP = """
namespace ts_test{ident} {{
inline long times(long a, long b) {{ return a * b; }}
inline long plus(long a, long b) {{ return a + b; }}
static long loop(long steps) {{
  long x = 1, sum = 0;
  for(long i = 0; i < steps; i = plus(i, 1)) {{
    x = plus(times(x, 1103515245), 12345) & 2147483647;
    sum = plus(sum, x & 255);
  }}
  return sum;
}}
static void* const all[] = {{ (void*)loop }};
static int const done = ts::submit({ident}, all, 1);
}}
"""


def seconds(head: str = "") -> float:
    """Compile a loop, and say how long it computes: the shortest of several times."""
    ident = session().new_id()
    assert session().declare(head + LOOP.format(ident=ident)).ok
    loop = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(take_addresses(ident)[0])
    times = []
    for _ in range(9):
        start = time.thread_time()
        loop(STEPS)
        times.append(time.thread_time() - start)
    return min(times)


def test_what_follows_an_unoptimised_transaction_is_optimised() -> None:
    before = seconds()
    slow = seconds(UNOPTIMISED + "\n")
    after = seconds()
    assert slow > 1.5 * before
    assert after < 1.5 * before


UNIT = """
namespace ts_test{ident} {{
inline int text(int x) {{ return x + {ident}; }}
static int entry(int x) {{ try {{ if(x < 0) throw x; return text(x); }} catch(int y) {{ return -y; }} }}
static void* const all[] = {{ (void*)entry }};
static int const done = ts::submit({ident}, all, 1);
}}
"""


def unit() -> Callable[[int], int]:
    """A function compiled in a transaction of its own."""
    ident = session().new_id()
    assert session().declare(UNIT.format(ident=ident)).ok
    entry: Callable[[int], int] = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(
        take_addresses(ident)[0]
    )
    assert (entry(1), entry(-7)) == (ident + 1, 7)
    return entry


def test_intermediate_code_is_freed_with_the_next_transaction_and_the_machine_code_runs_on() -> (
    None
):
    entries = [unit()]
    for _ in range(20):
        freed = modules_freed()
        entries.append(unit())
        assert modules_freed() > freed
    assert all(entry(-3) == 3 for entry in entries)  # their unwind tables are there too


def test_what_cannot_be_linked_leaves_the_others_as_they_are() -> None:
    entry = unit()
    for i in range(5):
        name, ident = f"ts_nowhere_{i}", session().new_id()
        text = UNIT.replace("if(x < 0)", f"if({name}() < 0)").format(ident=ident)
        session().declare(f"int {name}();\n{text}")
        assert not take_addresses(ident)
        assert unit()(2) > 2
    assert entry(-3) == 3


def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path) -> None:
    for tool in ("sh", "sed"):  # what Cling asks the compiler with
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    form = '(cpp/raw "inline int a3() { return 3; }") (cpp/a3)'
    code = f"from runtime.runtime import Runtime; print(Runtime().eval({form!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
    assert "no C++ compiler is found" in done.stderr, done
    assert "cling::" not in done.stderr
