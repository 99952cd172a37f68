"""What runs beside the frames: listed, stopped, standing aside for frames; its failures are told."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from runtime import Runtime
from runtime.native import _support
from runtime.process import threads
from tests.robustness import Where, slip


@pytest.fixture(scope="module")
def rt() -> Iterator[Runtime]:
    runtime = Runtime()
    yield runtime
    runtime.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait; the test's own limit ends it."""
    while not condition():
        time.sleep(0.002)


def listed(kind: str) -> list[tuple[int, str]]:
    return [(number, r.what) for number, r in threads.running() if r.kind == kind]


RUNAWAYS = {
    "a loop": ("(while true)", "future"),
    "a loop that recurs": ("(loop [i 0] (recur (inc i)))", "future"),
    "an endless seq": ("(count (iterate inc 0))", "future"),
    "one that allocates": ("(loop [] (count (into [] (range 1000))) (recur))", "future"),
    "one that waits": ("@(promise)", "future"),
    "an agent's action": ("(loop [] (recur))", "agent"),
}


@pytest.mark.parametrize("name", RUNAWAYS)
@slip(Where.THREADS, RUNAWAYS, "Listed with its place; cancelling ends it.")
def test_what_runs_away_is_listed_and_stops_when_it_is_cancelled(rt: Runtime, name: str) -> None:
    body, kind = RUNAWAYS[name]
    if kind == "future":
        rt.eval(f"(def it (future {body}))", "away.jank")
    else:
        rt.eval(f"(def it (agent 1)) (send it (fn [_] {body}))", "away.jank")
    until(lambda: bool(listed(kind)))
    [(number, what)] = listed(kind)
    assert "away.jank:1" in what
    threads.cancel(number)
    until(lambda: not listed(kind))
    if kind == "future":
        with pytest.raises(BaseException, match=r"|interrupted"):
            rt.eval("@it")
    else:
        assert rt.eval("(agent-error it)") is not None


def problems(rt: Runtime) -> list[str]:
    rt.tick()
    return [problem.error.message for problem in rt.problems()]


@slip(
    Where.THREADS,
    "a future that fails and nobody derefs",
    "A problem with its place and its causes.",
)
def test_a_failure_that_nobody_asks_for_becomes_a_problem_with_its_cause(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "UNSEEN_S", 0.0)
    rt.eval('\n(def lost (future (throw (ex-info "out" {} (ex-info "in" {})))))', "lost.jank")
    until(lambda: "out" in problems(rt))
    [problem] = [p for p in rt.problems() if p.error.message == "out"]
    assert problem.script == "lost.jank"
    assert problem.error.span is not None
    assert problem.error.span.line == 2
    with pytest.raises(Exception, match="out") as raised:
        rt.eval("@lost")
    causes = []
    cause: BaseException | None = raised.value
    while cause is not None:
        causes.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    assert any("in" in text for text in causes)


def test_a_future_whose_failure_is_asked_for_is_no_problem(rt: Runtime) -> None:
    before = len(problems(rt))
    for _ in range(20):
        with pytest.raises(Exception, match="asked for"):
            rt.eval('@(future (throw (ex-info "asked for" {})))')
    assert len(problems(rt)) == before


def test_a_future_that_is_dropped_after_it_failed_is_a_problem_at_once(rt: Runtime) -> None:
    rt.eval('(do (future (throw (ex-info "dropped" {}))) nil)')
    until(lambda: "dropped" in problems(rt))


@slip(Where.THREADS, "an agent that fails", "A problem, unless `agent-error` looked at it.")
def test_a_failed_agent_is_a_problem_unless_somebody_looks(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt.eval('(def seen (agent 1)) (send seen (fn [_] (throw (ex-info "looked at" {}))))')
    until(lambda: rt.eval("(agent-error seen)") is not None)
    monkeypatch.setattr(threads, "UNSEEN_S", 0.0)
    rt.eval('(def bad (agent 1)) (send bad (fn [_] (throw (ex-info "agent lost" {}))))')
    until(lambda: "agent lost" in problems(rt))
    assert "looked at" not in problems(rt)


def test_an_agent_goes_on_after_an_error_handler_that_fails(rt: Runtime) -> None:
    rt.eval('(def wild (agent 1 :error-handler (fn [a e] (throw (ex-info "again" {})))))')
    rt.eval("(send wild (fn [_] (/ 1 0)))")
    rt.eval("(def calm (agent 1)) (send calm inc)")
    assert rt.eval("(do (await calm) @calm)") == 2


@slip(
    Where.THREADS,
    "a busy future while a frame is drawn",
    "It stands aside; one that the frame waits for goes on.",
)
def test_futures_stand_aside_while_a_frame_is_drawn_and_lose_patience(rt: Runtime) -> None:
    rt.eval(
        "(def turns (atom 0)) (def go (atom true)) (def f (future (while @go (swap! turns inc))))"
    )
    until(lambda: rt.eval("@turns") > 100)
    assert _support.anybody_aside()
    _support.begin_frame()
    try:
        assert rt.eval("@(future (inc 1))") == 2  # the frame waits for it: it loses patience
        before = rt.eval("@turns")
        until(lambda: rt.eval("@turns") > before)
    finally:
        _support.end_frame()
    rt.eval("(reset! go false)")
    assert rt.eval("@f") is None
    assert not _support.anybody_aside()


ENDINGS = {
    "a loop": "(future (while true))",
    "one that allocates": "(future (loop [x nil] (recur (vec (range 1000)))))",
    "an agent": "(send (agent 1) (fn [_] (while true)))",
    "C++ that does not end": "(future (cpp/for_ever))",
    "Lisp after C++": "(future (while true (cpp/short_while)))",
}


@slip(Where.THREADS, ENDINGS, "The program ends, without a word.")
def test_the_program_ends_while_they_run() -> None:
    forms = "\n".join(ENDINGS.values())
    code = f'''
from runtime import Runtime
rt = Runtime()
rt.eval(r"""(cpp/raw "#include <unistd.h>
inline void for_ever() {{ for(int volatile go = 1; go;) usleep(1000); }}
inline void short_while() {{ usleep(100); }}")
{forms}
(println :up)""")
import time; time.sleep(0.2)
'''
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180)
    assert (done.returncode, done.stdout, done.stderr) == (0, ":up\n", "")
