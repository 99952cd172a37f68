"""What never ends by itself ends at its limit, in every strategy, with the same words, function and line."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import Runtime
from runtime.errors import Interruption, LispError
from runtime.native import _support
from runtime.process import interruption, threads
from runtime.process.interruption import CallLimits
from runtime.tiers.engine import STRATEGIES
from tests.interruption.scripts import ENDLESS, GROWING, ON_THREADS
from tests.robustness import Where, slip

SECONDS = 0.12
TOP_LEVEL = "user/(top level)"


@pytest.fixture(scope="module", params=STRATEGIES)
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    made = Runtime(request.param, threshold=3, call_limits=CallLimits(SECONDS))
    yield made
    made.close()


def proof_of_life(runtime: Runtime) -> None:
    """The runtime works, and nothing of the interruption is left to hit what comes next."""
    for _, other in threads.running():  # a future goes on when nobody waits for it any more
        other.cancel()
    limits, runtime.call_limits = runtime.call_limits, CallLimits()
    assert runtime.eval("(reduce + (map inc (range 100)))") == 5050
    assert runtime.eval("(loop [i 0] (if (< i 2000) (recur (inc i)) i))") == 2000
    runtime.call_limits = limits
    assert not _support.is_requested()
    assert not _support.watched() or all(t != threading.get_ident() for t, _ in _support.watched())


def interrupted(runtime: Runtime, source: str, file: str) -> Interruption:
    """What ends an evaluation in which something was called before its time was over."""
    for _ in range(20):
        with pytest.raises(Interruption) as caught:
            runtime.eval(source, file)
        if any(frame.function != TOP_LEVEL for frame in caught.value.stack):
            break  # else this thread had no turn yet
    return caught.value


@pytest.mark.parametrize("name", ENDLESS)
@slip(
    Where.ENDLESS,
    ENDLESS,
    "Interrupted at the limit, in every strategy: the error has the place of the loop and the Lisp stack.",
)
def test_what_does_not_end_is_interrupted(runtime: Runtime, name: str) -> None:
    definitions, call = ENDLESS[name]
    runtime.eval(definitions, "script.jank")
    caught = interrupted(runtime, call, "call.jank")
    assert caught.message == f"interrupted after {SECONDS:g} s"
    assert "the limit" in caught.expected
    assert caught.span is not None
    assert caught.span.file == "script.jank"
    assert any(frame.function == "user/f" for frame in caught.stack)
    proof_of_life(runtime)


@pytest.mark.parametrize("name", ON_THREADS)
@slip(Where.ENDLESS, "the same at load, on the loader's thread", "The same.")
def test_on_another_thread_too(runtime: Runtime, name: str) -> None:
    definitions, call = ENDLESS[name]
    found: list[BaseException] = []

    def work() -> None:
        try:
            runtime.eval(definitions, "script.jank")
            runtime.eval(call, "call.jank")
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(150)
    assert not thread.is_alive()
    assert [type(e) for e in found] == [Interruption]
    assert str(found[0]) == f"interrupted after {SECONDS:g} s"
    proof_of_life(runtime)


SLOW = """(cpp/raw "#include <chrono>
#include <cstdio>
inline int slow_rounds = 0;
inline int slow_round() { // nearly all of it in the C library, which nothing is taken out of
  using namespace std::chrono;
  char text[400];
  for(auto const end = steady_clock::now() + milliseconds(30); steady_clock::now() < end;)
    for(int i = 0; i < 50; ++i) snprintf(text, sizeof text, \\"%300d\\", i);
  return ++slow_rounds;
}")"""


def test_rounds_that_take_long_are_looked_at_one_by_one(runtime: Runtime) -> None:
    runtime.eval(SLOW)
    runtime.eval(
        "(defn rounds [n] (loop [i 0] (if (< i n) (do (cpp/slow_round) (recur (inc i))) i)))"
    )
    for _ in range(4):
        runtime.eval("(rounds 0)")
    runtime.wait_idle(120)
    before = runtime.eval("cpp/slow_rounds")
    with pytest.raises(Interruption, match="interrupted after"):
        runtime.eval("(rounds 1000)")
    assert runtime.eval("cpp/slow_rounds") - before < 40  # each 64th round was looked at once
    proof_of_life(runtime)


@slip(
    Where.ENDLESS,
    "a macro that does not end",
    "Interrupted at the limit; the stack names the macro.",
)
def test_a_macro_that_does_not_end(runtime: Runtime) -> None:
    caught = interrupted(runtime, "(defmacro m [] (while true))\n(m)", "macro.jank")
    assert "user/m" in [frame.function for frame in caught.stack]
    proof_of_life(runtime)


def test_a_call_within_its_limit_is_left_alone(runtime: Runtime) -> None:
    limits, runtime.call_limits = runtime.call_limits, CallLimits(60)
    try:
        runtime.eval("(defn f [n] (loop [i 0] (if (< i n) (recur (inc i)) i)))")
        for _ in range(20):
            assert runtime.call("user/f", 10_000) == 10_000
    finally:
        runtime.call_limits = limits


def test_evaluating_does_not_prolong_the_limit(runtime: Runtime) -> None:
    with pytest.raises(Interruption):
        runtime.eval("(while true (eval '(+ 1 2)))")
    proof_of_life(runtime)


def ask_until_it_runs(thread: int) -> None:
    """Interrupt what a thread is about to evaluate."""
    while not interruption.interrupt(thread):
        time.sleep(0.01)


@slip(
    Where.ENDLESS,
    "Esc, Ctrl-C, `interrupt` of an editor",
    'The call ends at once: "interrupted by the user".',
)
def test_somebody_asks(runtime: Runtime) -> None:
    limits, runtime.call_limits = runtime.call_limits, CallLimits()
    try:
        asked = threading.Thread(target=ask_until_it_runs, args=[threading.get_ident()])
        asked.start()
        with pytest.raises(Interruption, match="interrupted by the user"):
            runtime.eval("(while true)")
        asked.join()
    finally:
        runtime.call_limits = limits
    proof_of_life(runtime)


class _Swallows:
    """Its destructor is asked to stop, and Python drops what a destructor raises."""

    def __del__(self) -> None:
        while True:
            interruption.wait(threading.Event(), interruption.SLICE_S)


@pytest.mark.parametrize("seconds", [0, SECONDS], ids=["by the user", "at the limit"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_was_swallowed_comes_again(seconds: float) -> None:
    with interruption.limited(CallLimits(seconds)):
        if not seconds:
            threading.Thread(target=ask_until_it_runs, args=[threading.get_ident()]).start()
        swallows = _Swallows()
        del swallows
        with pytest.raises(interruption.Interrupted) as caught:
            while True:
                _support.check()
    assert caught.value.reason is (
        interruption.Reason.TOO_LONG if seconds else interruption.Reason.BY_USER
    )


@pytest.mark.parametrize("name", GROWING)
@slip(Where.ENDLESS, GROWING, "Interrupted when memory grew by the limit (1 GB), with the place.")
def test_memory_has_a_limit(runtime: Runtime, name: str) -> None:
    limits, runtime.call_limits = runtime.call_limits, CallLimits(30, 50 << 20)
    definitions, call = GROWING[name]
    try:
        runtime.eval(definitions, "script.jank")
        with pytest.raises(Interruption, match="memory grew by more than 50 MB") as caught:
            runtime.eval(call, "call.jank")
    finally:
        runtime.call_limits = limits
    assert any(frame.function == "user/f" for frame in caught.value.stack)
    proof_of_life(runtime)


@slip(Where.THREADS, "a future that does not end", "`future-cancel` and the *Threads* list end it.")
def test_a_future_can_be_cancelled(runtime: Runtime) -> None:
    runtime.eval("(def fut (future (while true)))")
    assert runtime.eval("(future-cancel fut)") is True
    assert runtime.eval("(future-cancelled? fut)") is True
    with pytest.raises(LispError):
        runtime.eval("@fut")
    assert runtime.eval("(future-cancel fut)") is False


def test_an_interrupted_sequence_does_not_look_ended(runtime: Runtime) -> None:
    runtime.eval("(def xs (for [x (range 1000)] (if (= x 40) (loop [] (recur)) x)))")
    with pytest.raises(Interruption):
        runtime.eval("(count xs)")
    with pytest.raises(LispError, match="was interrupted"):
        runtime.eval("(count xs)")


@slip(
    Where.ENDLESS,
    "`(read-line)` that nobody answers",
    "Interrupted at the limit; what is typed later is not lost.",
)
def test_reading_a_line_that_nobody_types(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    reading, writing = os.pipe()
    with open(reading) as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(Interruption):
            runtime.eval("(read-line)")
        os.write(writing, b"one\ntwo\nthree")
        assert runtime.eval("(read-line)") == "one"
        os.close(writing)
        assert runtime.eval("[(read-line) (read-line) (read-line)]") == ["two", "three", None]


def test_a_handler_of_signals_on_top_of_a_script_is_let_finish() -> None:
    """Raised in it, an interruption would lose the signal."""
    asked = "import sys\ndef ask(): return may_raise(sys._getframe())\n"
    root = Path(interruption.__file__).parents[2]
    names: dict[str, Any] = {"may_raise": interruption.may_raise, "__name__": "x"}
    exec(compile(asked, str(root / "app" / "handler.py"), "exec"), names)
    inside = {"handler": names["ask"], **names, "__name__": "y"}
    called = asked + "def call(): return handler()\n"
    exec(compile(called, str(root / "runtime" / "core" / "some.py"), "exec"), inside)
    assert inside["ask"]() is True
    assert inside["call"]() is False
