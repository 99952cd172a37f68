"""Libraries of the user's that end the process, or assert: errors of the call, the same in every strategy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.errors import RuntimeFault, render
from runtime.native import build
from runtime.tiers.engine import STRATEGIES

HEADER = """#pragma once
namespace PART { void leave(int); void leave_now(int); void leave_as_c(int); void leave_quickly(int);
void check(int); int forks(int); int fine(int); inline void check_inline(int n); }
#include <cassert>
inline void PART::check_inline(int n) { assert(n == 3); }
"""
SOURCE = """#include "PART.hpp"
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>
namespace PART {
void leave(int n) { std::exit(n); }
void leave_now(int n) { _exit(n); }
void leave_as_c(int n) { std::_Exit(n); }
void leave_quickly(int n) { std::quick_exit(n); }
void check(int n) { assert(n == 3); }
int fine(int n) { return n + 1; }
int forks(int n) {
  int status = 0;
  pid_t const child = fork();
  if(child == 0) _exit(n);
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}
}
"""
# function -> what the error says, {file} being the source
WAYS = {
    "leave": "exit in {part}::leave: exit(4) was called",
    "leave_now": "exit in {part}::leave_now: _exit(4) was called",
    "leave_as_c": "exit in {part}::leave_as_c: _Exit(4) was called",
    "leave_quickly": "exit in {part}::leave_quickly: quick_exit(4) was called",
    "check": "abort in {part}::check: {file}:10: void {part}::check(int): Assertion `n == 3' failed",
    "check_inline": "abort in {part}::check_inline: {header}:5: "
    "void {part}::check_inline(int): Assertion `n == 3' failed",
}
PARTS = ("companion", "library")  # a source beside its header, and a file that --lib names


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("parts")
    apart = made / "apart"
    apart.mkdir()
    for part in PARTS:
        (made / f"{part}.hpp").write_text(HEADER.replace("PART", part))
        source = (made if part == "companion" else apart) / f"{part}.cpp"
        source.write_text(SOURCE.replace("PART", part))
    command = [*build.compiler(), "-std=c++20", "-O2", "-fPIC", "-shared", f"-I{made}"]
    target = str(apart / "library.so")
    subprocess.run([*command, str(apart / "library.cpp"), "-o", target], check=True)
    return made


@pytest.fixture(scope="module", params=STRATEGIES)
def rt(request: pytest.FixtureRequest, folder: Path) -> Iterator[Runtime]:
    libraries = [folder / "apart" / "library.so"]
    made = Runtime(strategy=request.param, include_dirs=[folder], libraries=libraries)
    for part in PARTS:
        made.eval(f'(ns {part} (:require ["{part}.hpp" :as part :scope "{part}"]))')
    yield made
    made.close()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_library_that_ends_the_process(rt: Runtime, folder: Path, part: str, way: str) -> None:
    rt.eval(f"(ns {part})\n(defn f [x]\n  (part/{way} x))", "case.jank")
    with pytest.raises(RuntimeFault) as caught:
        rt.eval(f"({part}/f 4)")
    error = caught.value
    file = (folder if part == "companion" else folder / "apart") / f"{part}.cpp"
    assert error.message == WAYS[way].format(part=part, file=file, header=folder / f"{part}.hpp")
    assert error.span is not None and (error.span.line, error.span.col) == (3, 3)
    assert error.stack[0].function == f"{part}/f"
    if way != "check_inline":
        assert f"{part}::{way}(int)" in render(error)
    assert rt.eval(f"(ns {part}) (part/fine 1)") == 2


@pytest.mark.parametrize("part", PARTS)
def test_what_a_library_forks_may_end(rt: Runtime, part: str) -> None:
    assert rt.eval(f"(ns {part}) (part/forks 7)") == 7
