"""Faults while something else is under way: an error, a copy, a sort, the end of a scope."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime import Runtime
from runtime.errors import RuntimeFault, render
from runtime.events import FaultContained
from runtime.native import _support
from runtime.tiers.engine import STRATEGIES
from tests.robustness import Where, slip

HEADER = """#pragma once
#include <algorithm>
#include <exception>
#include <vector>
namespace within {
inline int touch(long address) { return *reinterpret_cast<int volatile*>(address); }
struct bad_what : std::exception {
  char const* what() const noexcept override { touch(8); return ""; }
};
struct wild_what : std::exception {
  char const* what() const noexcept override { return reinterpret_cast<char const*>(40); }
};
inline int throws() { throw bad_what(); }
inline int throws_wild() { throw wild_what(); }
inline int terminates() noexcept { throw bad_what(); }
struct bad_copy { bad_copy() {} bad_copy(bad_copy const&) { touch(16); } };
inline bad_copy const& get() { static bad_copy b; return b; }
struct ends_badly { ~ends_badly() { touch(24); } };
inline int unwinds() { ends_badly it; throw 3; }
inline int sorts(long address) {
  std::vector<int> v{ 3, 1, 2 };
  std::sort(v.begin(), v.end(), [=](int a, int b) { return a + touch(address) < b; });
  return v[0];
}
inline int fine() { return 42; }
}
"""
# name -> (the call, what the error says)
FAULTS = {
    "a what() that faults": ("(cpp/within.throws)", "within::bad_what: (its what() failed)"),
    "a what() that gives a wild pointer": (
        "(cpp/within.throws_wild)",
        "within::wild_what: (its what() failed)",
    ),
    "a what() that faults when nobody catches": (
        "(cpp/within.terminates)",
        "segmentation fault in within::terminates, at address 0x8",
    ),
    "a what() that a script calls": (
        "(try (cpp/within.throws) (catch cpp/std.exception e (.what e)))",
        "segmentation fault in std::exception::what, at address 0x8",
    ),
    "a copy that faults": (
        "(let [b (cpp/within.get)] (cpp/box (cpp/new cpp/within.bad_copy b)))",
        "segmentation fault in new within::bad_copy, at address 0x10",
    ),
    "a destructor that faults while an exception passes": (
        "(cpp/within.unwinds)",
        "segmentation fault in within::unwinds, at address 0x18",
    ),
    "a comparator of std::sort": (
        "(cpp/within.sorts 32)",
        "segmentation fault in within::sorts, at address 0x20",
    ),
}


@pytest.fixture(scope="module", params=STRATEGIES)
def rt(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("within")
    (folder / "within.hpp").write_text(HEADER)
    made = Runtime(strategy=request.param, include_dirs=[folder])
    made.eval('(ns faulty (:require ["within.hpp" :as w]))')
    yield made
    made.close()


@pytest.mark.parametrize("name", FAULTS)
@slip(
    Where.FAULTS,
    "a fault while an error is being reported, and within other faults",
    "An error; the rest goes on.",
)
def test_it_is_an_error_and_the_rest_goes_on(rt: Runtime, name: str) -> None:
    call, said = FAULTS[name]
    serial = rt.events.since(0)[0]
    rt.eval(f"(ns faulty)\n(defn f []\n  {call})", "case.jank")
    with pytest.raises(RuntimeFault) as caught:
        rt.eval("(faulty/f)")
    assert caught.value.message.endswith(said)
    assert caught.value.span is not None and caught.value.span.line == 3
    assert caught.value.stack[0].function == "faulty/f"
    assert said in render(caught.value)
    told = [e for e in rt.events.since(serial)[1] if isinstance(e, FaultContained)]
    assert told and told[0].damaged
    assert rt.eval("(ns faulty) (cpp/within.fine)") == 42
    assert rt.eval('(try (throw (ex-info "x" {:a 1})) (catch Exception e (:a (ex-data e))))') == 1


DEEP = """(cpp/raw "
struct ts_kept { int volatile n; ~ts_kept() { n = 0; } };
__attribute__((noinline)) inline int down(int n) {
  if(n == 0) throw 1;
  ts_kept kept{ n };
  return down(n - 1) + kept.n;
}")
(defn fall [] (try (cpp/down 5000) (catch cpp/int e 1)))"""


def test_what_unwinding_asks_again_and_again_is_remembered() -> None:
    rt = Runtime("interpret")
    try:
        rt.eval(DEEP)
        assert rt.eval("[(fall) (fall)]") == [1, 1]
        asked, known = _support.unwinding()
        assert rt.eval("(fall)") == 1
        asked_later, known_later = _support.unwinding()
    finally:
        rt.close()
    if not asked_later:
        pytest.skip("the C library does not tell which library a place is in")
    assert asked_later - asked > 5000
    assert known_later - known > 0.99 * (asked_later - asked)
