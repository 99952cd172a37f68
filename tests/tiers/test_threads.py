"""C++ that scripts call on threads other than the window's: it gives the GIL up, and may not draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runtime import Runtime
from runtime.errors import render
from runtime.native import _support
from runtime.tiers.engine import STRATEGIES
from runtime.tiers.interpreter import build_arities
from runtime.traces import fault
from tests.robustness import Where, slip

# A gate waits, without the GIL or with it, until somebody opens it; at most three seconds.
GATE = """
(cpp/raw "#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
namespace gate {
  inline std::atomic<int> opened{0};
  inline bool wait(int ticket) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while(opened < ticket && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return opened >= ticket;
  }
  inline std::string say(std::string const& what, int ticket) { return wait(ticket) ? what : std::string(); }
  inline void fail(int ticket) { if(ticket && wait(ticket)) throw std::runtime_error{\\"as told\\"}; }
  inline int open() { return ++opened; }
  struct door {
    int ticket;
    explicit door(int ticket) : ticket(ticket) { if(!wait(ticket)) throw std::runtime_error{\\"shut\\"}; }
    int number() const { return wait(ticket) ? ticket : -1; }
  };
}")
"""
FUNCTIONS = """
(defn opens [] (cpp/gate.open))
(defn waits [n] (cpp/gate.wait n))
(defn says [x n] (cpp/gate.say x n))
(defn fails [n] (cpp/gate.fail n))
(defn doors [n] (let [d (cpp/gate.door. (cpp/int. n))] (.number d)))
(defn calls [n] (inc (doors n)))
(defn loops [n] (loop [i 0 all []] (if (< i 3) (recur (inc i) (conj all (waits n))) all)))
"""
CASES = {
    "a call": ("(waits {})", True),
    "text both ways": ('(says (str "é" 1) {})', "é1"),
    "a constructor and a method": ("(doors {n})", "n"),
    "a function that calls one": ("(- (calls {n}) 1)", "n"),
    "a loop": ("(count (filter true? (loops {})))", 3),
    "at the top level": ("(cpp/gate.wait {})", True),
    "in a closure": ("((fn [f] (f {})) (fn [x] (cpp/gate.wait x)))", True),
}


@pytest.fixture(scope="module", params=STRATEGIES)
def rt(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """The functions, under `tiered` compiled already."""
    runtime = Runtime(strategy=request.param, threshold=3)
    if request.param == STRATEGIES[0]:
        runtime.eval(GATE)
    runtime.eval(FUNCTIONS)
    if request.param == "tiered":
        for _ in range(10):
            for name in ("waits", "fails", "doors", "calls", "loops"):
                runtime.call(f"user/{name}", 0)
        assert runtime.wait_idle(120)
        assert {f.tier for f in runtime.functions() if f.calls >= 10} == {2}
    yield runtime
    runtime.close()


def ticket(rt: Runtime) -> int:
    return int(rt.eval("(deref (future (+ (cpp/int. (cpp/gate.open)) 1)))"))


@pytest.mark.parametrize("case", CASES)
@slip(
    Where.THREADS,
    "a future inside a C++ call that waits",
    "The window's thread goes on: the call gives the GIL up.",
)
def test_c_plus_plus_of_a_future_runs_beside_the_windows_thread(rt: Runtime, case: str) -> None:
    source, expected = CASES[case]
    n = ticket(rt)
    future = rt.eval(f"(future {source.format(n, n=n)})")
    assert rt.call("user/opens") == n
    assert future.deref() == (n if expected == "n" else expected)


def test_an_exception_of_such_c_plus_plus_is_that_of_the_windows_thread(rt: Runtime) -> None:
    n = ticket(rt)
    future = rt.eval(f"(future (fails {n}))")
    rt.call("user/opens")
    texts = []
    for call in (future.deref, lambda: rt.call("user/fails", n)):
        with pytest.raises(Exception) as raised:
            call()
        texts.append(str(fault(raised.value)))
    assert texts[0] == texts[1]
    assert "as told" in texts[0]


def test_a_conversion_that_fails_there_is_an_error_and_no_more(rt: Runtime) -> None:
    for _ in range(200):
        with pytest.raises(Exception, match="argument 1 of gate::wait"):
            rt.eval("@(future (cpp/gate.wait (identity :no)))")
    assert rt.eval("@(future (waits 0))") is True


def test_a_function_told_so_keeps_the_gil_and_runs_compiled(rt: Runtime) -> None:
    rt.eval("(defn ^:gil quick [n] (cpp/gate.wait n))")
    for _ in range(10):
        rt.call("user/quick", 0)
    assert rt.wait_idle(120)
    through_stubs = rt.stubs.stats().hits
    assert rt.call("clojure.core/deref", rt.eval("(future (quick 0))")) is True
    compiled = rt.strategy in ("tiered", "inline-jit")
    assert rt.stubs.stats().hits - through_stubs == (0 if compiled else 1)


def test_a_hot_function_of_threads_agrees_with_itself_meanwhile(rt: Runtime) -> None:
    rt.eval("(defn sums [n] (reduce + (map (fn [i] (if (waits 0) i 0)) (range n))))")
    many: Any = rt.eval("(vec (for [_ (range 4)] (future (sums 2000))))")
    for _ in range(50):
        assert rt.call("user/sums", 100) == 4950
    assert [future.deref() for future in many] == [1999000] * 4


def test_what_two_threads_made_at_once_for_tier_0_is_what_the_first_one_made(rt: Runtime) -> None:
    code = rt.eval("(defn made [x] x) made").code
    rt.world.make_interpretable(code)
    first = code.arities
    code.arities = build_arities(rt.world, code.node)
    assert code.arities is first
    assert rt.call("user/made", 3) == 3


DRAWING = {
    "a widget": '(cpp/ImGui.Text #cpp "x")',
    "a state": "(cpp/ImGui.GetFrameCount)",
    "an object of ImGui's": "(.AddLine d (cpp/ImVec2.) (cpp/ImVec2.) (cpp/ImU32. 1))",
}


@pytest.mark.parametrize("case", DRAWING)
@slip(
    Where.THREADS,
    ["a future that calls ImGui: " + name for name in DRAWING],
    "An error of the future, with its place.",
)
def test_a_future_that_draws_is_told_so(rt: Runtime, case: str) -> None:
    rt.start_imgui()
    body = DRAWING[case]
    if "(.AddLine" in body:
        body = f"(let [d (cpp/cast (:* cpp/ImDrawList) cpp/nullptr)] {body})"
    rt.eval(f"\n(defn ^:jit draws-it []\n  {body}\n  nil)", "draw.jank")
    assert rt.wait_idle(120)
    future = rt.eval("(future (draws-it))")
    with pytest.raises(Exception, match="ImGui belongs to the window's thread") as raised:
        future.deref()
    assert "draw.jank:3" in render(fault(raised.value))
    assert _support.is_ui_thread()


# C++ of the user's own, whose text does not say that it draws.
HIDDEN = """
(cpp/raw "namespace hidden {
  inline int ended = 0;
  struct local { ~local() { ++ended; } };
  inline int text(int depth) {
    local const here;
    if(depth > 0) return text(depth - 1);
    ImGui::Text(\\"%d %f\\", depth, 1.5);
    return 1;
  }
  inline void line() {
    ImDrawListSharedData data;
    ImDrawList list(&data);
    list.AddLine({ 0, 0 }, { 1, 1 }, 1);
  }
  inline float colour(float hue) {
    float r, g, b;
    ImGui::ColorConvertHSVtoRGB(hue, 1.0f, 1.0f, r, g, b);
    ImVector<float> all;
    all.push_back(r);
    return all[0];
  }
}")
"""
UNSEEN = {
    "C++ of a script that draws": ("(cpp/hidden.text 3)", "ImGui::Text"),
    "C++ of a script that draws on a list": ("(cpp/hidden.line)", "ImDrawList::AddLine"),
}


@pytest.fixture(scope="module")
def hidden(rt: Runtime) -> Runtime:
    rt.start_imgui()
    if rt.strategy == STRATEGIES[0]:
        rt.eval('(cpp/raw "#include <imgui_internal.h>")')
        rt.eval(HIDDEN)
    return rt


@pytest.mark.parametrize("case", UNSEEN)
@pytest.mark.parametrize("how", ["a future", "an agent", "a function that keeps the GIL"])
@slip(Where.THREADS, list(UNSEEN), "An error of the future or agent, with the place of the call.")
def test_c_plus_plus_that_draws_unseen_is_told_so(hidden: Runtime, how: str, case: str) -> None:
    rt, (call, function) = hidden, UNSEEN[case]
    gil = "^:gil ^:jit " if how.endswith("GIL") else ""
    rt.eval(f"\n(defn {gil}draws-unseen []\n  {call}\n  nil)", "unseen.jank")
    assert rt.wait_idle(30)
    if how == "an agent":
        rt.eval("(def drawing (agent 1)) (send drawing (fn [_] (draws-unseen)))")
        with pytest.raises(Exception, match="ImGui belongs") as raised:
            rt.eval("(do (await drawing) (throw (agent-error drawing)))")
    else:
        future = rt.eval("(future (draws-unseen))")
        with pytest.raises(Exception, match="ImGui belongs") as raised:
            future.deref()
    text = render(fault(raised.value))
    assert f"ImGui belongs to the window's thread; {function} was called on another one" in text
    assert "unseen.jank:3" in text


def test_such_c_plus_plus_is_unwound_and_the_thread_goes_on(hidden: Runtime) -> None:
    before = hidden.eval("(cpp/int. cpp/hidden.ended)")
    source = "@(future (try (cpp/hidden.text 4) (catch Exception e (cpp/hidden.colour 0.0))))"
    assert hidden.eval(source) == 1.0
    assert hidden.eval("(cpp/int. cpp/hidden.ended)") - before == 5


@slip(
    Where.THREADS,
    "a future that fails, asked for in a frame",
    "An error at the place where it failed, with both stacks; `ex-cause` has what was thrown.",
)
def test_an_error_of_a_future_has_its_own_place_and_cause(rt: Runtime) -> None:
    rt.eval(
        '(defn ^:jit goes-wrong []\n  (throw (ex-info "gone" {:n 1})))\n'
        "(defn ^:jit asks []\n  @(future (goes-wrong)))\n"
        "(defn ^:jit looks []\n  (try (asks) (catch Exception e (ex-data (ex-cause e)))))",
        "asked.jank",
    )
    assert rt.wait_idle(30)
    with pytest.raises(Exception, match="gone") as raised:
        rt.call("user/asks")
    error = fault(raised.value)
    assert (error.message, str(error.span)) == ("gone", "asked.jank:2:3")
    functions = [frame.function.partition("$")[0] for frame in error.stack]
    assert functions == ["user/goes-wrong", "user/asks", "user/asks"]
    assert rt.call("user/looks") == rt.eval("{:n 1}")


SPINNING = """
(cpp/raw "#include <sys/resource.h>
#include <unistd.h>
namespace lowered {
  inline int priority() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }
  inline int compute_until_lowered(int from) { while(from < 19 && priority() == from) {} return priority(); }
}")
"""


def test_c_plus_plus_that_computes_for_long_comes_after_the_windows_thread(rt: Runtime) -> None:
    if rt.strategy == STRATEGIES[0]:
        rt.eval(SPINNING)
    usual = rt.eval("(cpp/lowered.priority)")
    brief = rt.eval("@(future (dotimes [_ 100] (cpp/lowered.priority)) (cpp/lowered.priority))")
    assert brief == usual
    assert rt.eval(f"@(future (cpp/lowered.compute_until_lowered {usual}))") == min(usual + 10, 19)
    assert rt.eval("(cpp/lowered.priority)") == usual
