"""The twin in whose copies C++ is tried while frames are drawn follows this process, and may be lost."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.cling import trial
from runtime.cling.session import session
from runtime.cling.trial import How, Trials, Tried
from runtime.errors import CppError
from runtime.runtime import Runtime
from tests.cling.test_trials import HARM, SLIPS, alive, literal, unique


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    found = Runtime(include_dirs=[tmp_path_factory.mktemp("headers")])
    yield found
    found.spare_frames(False)
    found.close()


@pytest.fixture
def trials(runtime: Runtime) -> Trials:
    """With a twin that is in step."""
    runtime.spare_frames()
    in_step()
    return session().trials


def twin() -> int:
    """The twin's process, once it has followed."""
    trials = session().trials
    session().declare(";")
    assert trials.beside_frames and trials.twin
    return trials.twin


def in_step() -> None:
    """Waits until the twin has declared all that this process has."""
    deadline = time.monotonic() + 150
    trials = session().trials
    while True:
        before = trials.by_twin
        session().submit("", trial=";").result()
        if trials.by_twin > before:
            return
        assert time.monotonic() < deadline, "the twin never follows"


def by_twin(text: str) -> bool:
    """Has a text tried; whether the twin's verdict was taken."""
    before = session().trials.by_twin
    session().submit("", trial=text).result()
    return session().trials.by_twin > before


def tried(code: str, with_twin: bool) -> Tried:
    """The verdict of one of both ways, on the thread that owns Cling."""
    trials = session().trials
    found: list[Tried] = []
    run = trials.run

    def instead(code: str, ident: int = 0) -> Tried:
        trials.beside_frames = with_twin
        found.append(run(code, ident))
        trials.beside_frames = True
        return found[-1]

    trials.run = instead  # type: ignore[method-assign]
    try:
        session().submit("", trial=code).result()
    finally:
        del trials.run  # type: ignore[method-assign]
    return found[0]


@pytest.mark.parametrize("name", SLIPS)
def test_both_ways_give_the_same_verdict_and_words(trials: Trials, name: str) -> None:
    code = unique(SLIPS[name][0])
    here, there = tried(code, False), tried(code, True)
    assert (there.how, there.signal, there.users) == (here.how, here.signal, here.users)
    plain = here.words.split("input_line", 1)[0]
    assert there.words.split("input_line", 1)[0] == plain
    assert trials.beside_frames


def test_what_is_accepted_is_known_to_the_next_trial(runtime: Runtime, trials: Trials) -> None:
    name = unique("known@")
    runtime.eval(literal(f"inline int {name}() {{ return 3; }}"))
    in_step()
    assert by_twin(f"static int const x_{name} = {name}();")
    before = trials.by_twin
    assert tried(f"static int const y_{name} = {name}s();", True).how is How.REJECTED
    assert trials.by_twin == before + 1


def test_questions_are_answered_by_the_twin(runtime: Runtime, trials: Trials) -> None:
    runtime.eval('(ns asked (:require ["map" :as m :scope "std"]))')
    in_step()
    before = trials.by_twin
    assert runtime.eval("(let [m (#cpp (std.map int short))] (.size m))") == 0
    assert trials.by_twin > before


@pytest.mark.parametrize("name", ["an initialiser that aborts", "an initialiser that exits"])
def test_harm_is_looked_at_in_this_process_s_own_copy(
    runtime: Runtime, trials: Trials, name: str
) -> None:
    text, words = HARM[name]
    before = trials.by_twin
    with pytest.raises(CppError) as error:
        runtime.eval(literal(unique(text)))
    told = str(error.value) + " ".join(note.message for note in error.value.notes)
    assert words in told and trials.by_twin == before
    alive(runtime)


def test_what_depends_on_memory_that_only_this_process_has_is_right(
    runtime: Runtime, trials: Trials
) -> None:
    """The twin's `ready` is never set: there the initialiser aborts."""
    name = unique("ready@")
    runtime.eval(
        literal(
            f"#include <cstdlib>\ninline int {name} = 0; inline void set_{name}() {{ {name} = 5; }}"
        )
    )
    runtime.eval(f"(cpp/set_{name})")
    in_step()
    runtime.eval(literal(f"inline int after_{name} = {name} ? {name} : (std::abort(), 0);"))
    assert runtime.eval(f"cpp/after_{name}") == 5


def test_a_twin_that_went_another_way_is_left(runtime: Runtime, trials: Trials) -> None:
    """This process takes a name that only one can have; the twin, after it, does not get it."""
    name = unique("only@")
    text = (
        "#include <stdexcept>\n#include <sys/socket.h>\n#include <sys/un.h>\n#include <cstring>\n"
        f"inline int take_{name}() {{ int s = socket(AF_UNIX, SOCK_DGRAM, 0); sockaddr_un a{{}};"
        f' a.sun_family = AF_UNIX; std::strcpy(a.sun_path + 1, "{name}");'
        ' if(bind(s, reinterpret_cast<sockaddr*>(&a), sizeof a) < 0) throw std::runtime_error("taken");'
        f" return s; }}\ninline int {name} = take_{name}();"
    )
    before = twin()
    runtime.eval(literal(text))
    file = runtime.eval(f"cpp/{name}")
    runtime.eval(literal(f"inline int next_{name} = 1;"))
    in_step()
    assert twin() != before
    socket.socket(fileno=file).close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_twin_that_died_is_made_again(runtime: Runtime, trials: Trials, number: int) -> None:
    before = twin()
    os.kill(before, number)
    alive(runtime)
    in_step()
    assert twin() != before
    alive(runtime)


def test_a_twin_that_hangs_is_not_waited_for(runtime: Runtime, trials: Trials) -> None:
    before = twin()
    os.kill(before, signal.SIGSTOP)
    name = unique("meanwhile@")
    session().declare(f"inline int {name} = 1;")  # it is behind from here on
    assert not by_twin(f"inline int more_{name} = {name};")
    os.kill(before, signal.SIGCONT)
    in_step()
    assert twin() == before
    assert by_twin(f"inline int more_{name} = {name};")


def test_a_twin_that_grew_is_made_anew(
    runtime: Runtime, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = twin()
    monkeypatch.setattr(trial, "TWIN_MB", 0)
    runtime.eval(literal(unique("inline char grown@[16 << 20] = { 1 };")))
    in_step()
    monkeypatch.setattr(trial, "TWIN_MB", 512)
    assert twin() != before


def test_the_twin_holds_nothing_open_of_this_process(trials: Trials) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        session().spare_frames(False)
        session().spare_frames()
        in_step()
        files = {file.name for file in Path(f"/proc/{twin()}/fd").iterdir()}
        assert files == {"0", "1", "2", "3"}
        port = listening.getsockname()[1]
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))


def test_a_hundred_declarations_cost_the_twin_no_more_than_this_process(
    runtime: Runtime, trials: Trials
) -> None:
    pid = twin()

    def own_mb(process: int | str) -> float:
        """Memory that is of no file, whoever shares it."""
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))

    text = "inline int many@(int a) { return a + 1; } static int const s@ = many@(1);"
    there, here = own_mb(pid), own_mb("self")
    for _ in range(100):
        session().declare(unique(text))
    in_step()
    assert twin() == pid
    assert own_mb(pid) - there < 2 * (own_mb("self") - here) + 10


def test_the_twin_ends_with_the_frames(runtime: Runtime, trials: Trials) -> None:
    pid = twin()
    runtime.spare_frames(False)
    assert not Path(f"/proc/{pid}").exists()
    alive(runtime)
    assert not trials.beside_frames
