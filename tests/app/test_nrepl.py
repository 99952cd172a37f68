"""The nREPL server as an editor sees it, and as a broken or hostile client does."""

from __future__ import annotations

import io
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nrepl import (
    BencodeError,
    NreplServer,
    bencode,
    connection,
    decode,
    encode,
    printing,
    server,
)
from app.nrepl.evaluations import InFrame
from runtime import Runtime
from runtime.errors import AnalysisError
from runtime.process import threads
from tests.robustness import Where, slip

values = st.recursive(
    st.integers(-(10**18), 10**18) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values)
def test_bencode_round_trip(value: Any) -> None:
    assert decode(io.BytesIO(encode(value))) == value


NOT_BENCODE = {
    "nothing": b"",
    "a letter": b"x",
    "an integer without end": b"i12",
    "a short string": b"3:ab",
    "an open list": b"l",
    "a key without value": b"d1:a",
    "a key and the end": b"d1:ae",
    "too many digits": b"i" + b"9" * 100,
    "digits of Python": b"i1_0e",
    "a length of a terabyte": b"1000000000000:x",
    "a length with a sign": b"1-3:abc",
    "nested too deeply": b"l" * 10_000,
    "nested dictionaries": b"d1:a" * 10_000,
    "too many items": b"l" + b"i0e" * (bencode.MOST_ITEMS + 1),
}


@pytest.mark.parametrize("name", NOT_BENCODE)
@slip(Where.NREPL, NOT_BENCODE, "Refused; the connection is closed, the app goes on.")
def test_what_is_not_bencode_is_refused(name: str) -> None:
    with pytest.raises((EOFError, BencodeError)):
        decode(io.BytesIO(NOT_BENCODE[name]))


ANYTHING = {
    "half a surrogate pair": ("\ud800", b"6:\\ud800"),
    "keys of every kind": (
        {1: 2, "1x": 3, None: 4, (1, 2): 5},
        b"d6:(1, 2)i5e1:1i2e2:1xi3e4:Nonei4ee",
    ),
    "a float": (0.5, b"3:0.5"),
    "nothing": (None, b"4:none"),
    "truth": (True, b"4:true"),
    "bytes": (b"\xff", b"1:\xff"),
}


@pytest.mark.parametrize("name", ANYTHING)
@slip(Where.NREPL, ANYTHING, "Encoded; what has no place in bencode is escaped.")
def test_anything_can_be_encoded(name: str) -> None:
    value, expected = ANYTHING[name]
    assert encode(value) == expected


def mutated(chance: random.Random, messages: list[bytes]) -> bytes:
    """A message, broken in some way: cut, doubled, bytes changed, swapped in from another."""
    data = bytearray(chance.choice(messages))
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.choice(
                    (b"i", b"e", b"d", b"l", b"9", b":", b"-", b"\x00", b"\xff")
                )
            case 1:
                del data[at : at + chance.randrange(1, 5)]
            case 2:
                data[at:at] = chance.choice(messages)
            case 3:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                data[at:] = b""
    return bytes(data)


MESSAGES = [
    encode(message)
    for message in (
        {"op": "eval", "code": "(+ 1 2)", "id": "1"},
        {"op": "eval", "code": "(bad)", "id": {"a": 1, "b": [2]}},
        {"op": "eval", "code": 7, "session": ["x"]},
        {"op": "load-file", "file": "(def a 1)", "file-path": "a.jank", "id": 3},
        {"op": "clone", "id": []},
        {"op": "close", "session": "no such"},
        {"op": "interrupt", "session": "s", "interrupt-id": 1},
        {"op": {"eval": 1}},
        {"op": "describe"},
        ["op", "eval"],
        5,
        "text",
    )
]


def test_broken_messages_end_in_one_of_two_errors() -> None:
    chance = random.Random(7)
    for _ in range(3_000):
        stream = io.BytesIO(mutated(chance, MESSAGES))
        try:
            while True:
                encode(decode(stream))
        except (EOFError, BencodeError):
            pass


# --- a server whose frames are drawn by a thread -----------------------------------------------------


def outcome(source: str, file: str) -> str:
    if source == "(bad)":
        raise AnalysisError("no such var")
    if source == "(surrogate)":
        raise AnalysisError("\udc80 stands alone")
    if source == "(stop)":
        raise KeyboardInterrupt
    if source == "(untold)":
        raise Untold
    if source.startswith("(print"):
        for _ in range(int(source[6:-1])):
            print("x" * 1023)
        return "nil"
    if source == '"\ud800"':
        return source
    print("hello")
    return f"{source} in {file}"


def evaluate(source: str, file: str, in_frame: InFrame) -> str:
    return str(in_frame(lambda: outcome(source, file)))


class Untold(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.fixture
def nrepl() -> Iterator[NreplServer]:
    nrepl = NreplServer(0, evaluate)
    ending = threading.Event()

    def frames() -> None:
        while not ending.is_set():
            nrepl.run_jobs()
            time.sleep(0.001)

    thread = threading.Thread(target=frames)
    thread.start()
    yield nrepl
    ending.set()
    thread.join()
    nrepl.close()


def connect(nrepl: NreplServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", nrepl.port), timeout=120)


@pytest.fixture
def client(nrepl: NreplServer) -> Iterator[Any]:
    with connect(nrepl) as made, made.makefile("rwb") as stream:
        yield stream


def ask(client: Any, **message: Any) -> list[dict[str, Any]]:
    client.write(encode({"id": "1", **message}))
    client.flush()
    answers: list[dict[str, Any]] = []
    while not answers or "done" not in answers[-1].get("status", []):
        answers.append(decode(client))
    return answers


def until(condition: Callable[[], bool]) -> None:
    """Wait; the test's own limit ends it."""
    while not condition():
        time.sleep(0.002)


def test_a_session_is_cloned_and_evaluates(client: Any) -> None:
    session = ask(client, op="clone")[0]["new-session"]
    answers = ask(client, op="eval", code="(+ 1 2)", session=session)
    assert [a.get("out") for a in answers] == ["hello\n", None, None]
    assert answers[1]["value"] == "(+ 1 2) in <repl>"
    assert {a["session"] for a in answers} == {session}
    assert session in ask(client, op="ls-sessions")[0]["sessions"]


def test_an_error_is_rendered_and_the_session_goes_on(client: Any) -> None:
    answers = ask(client, op="eval", code="(bad)")
    assert "analysis error: no such var" in answers[0]["err"]
    assert answers[-1]["status"] == ["done", "eval-error"]
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


def test_files_keep_their_path(client: Any) -> None:
    answers = ask(client, op="load-file", file="(def a 1)", **{"file-path": "a.jank"})
    assert answers[1]["value"] == "(def a 1) in a.jank"


def test_unknown_operations_say_so(client: Any) -> None:
    assert "unknown-op" in ask(client, op="teleport")[0]["status"]
    assert "eval" in ask(client, op="describe")[0]["ops"]


# Each is asked for, then something sound: (message, what the answers must hold)
SLIPS: dict[str, tuple[dict[str, Any], Callable[[list[dict[str, Any]]], bool]]] = {
    "a lone surrogate in a value": (
        {"op": "eval", "code": "(surrogate)"},
        lambda a: "\\udc80 stands alone" in a[0]["err"],
    ),
    "an id that is a dictionary of mixed keys": (
        {"op": "eval", "code": "1", "id": {1: 2, "a": [3, {4: 5}]}},
        lambda a: a[-1]["id"] == {"1": 2, "a": [3, {"4": 5}]},
    ),
    "an id that is a list": (
        {"op": "describe", "id": [1, ["x"]]},
        lambda a: a[-1]["id"] == [1, ["x"]],
    ),
    "code that is no text": (
        {"op": "eval", "code": ["(+ 1 2)"]},
        lambda a: "bad-message" in a[-1]["status"],
    ),
    "a file that is no text": (
        {"op": "load-file", "file": "1", "file-path": {"a": 1}},
        lambda a: "bad-message" in a[-1]["status"],
    ),
    "an op that is a dictionary": ({"op": {"eval": 1}}, lambda a: "unknown-op" in a[-1]["status"]),
    "no op": ({}, lambda a: "unknown-op" in a[-1]["status"]),
    "a session that is a number": (
        {"op": "eval", "code": "1", "session": 5},
        lambda a: a[-1]["status"] == ["done"],
    ),
    "an error that is no Exception": (
        {"op": "eval", "code": "(stop)"},
        lambda a: a[-1]["status"] == ["done", "eval-error"],
    ),
    "an error that has no text": (
        {"op": "eval", "code": "(untold)"},
        lambda a: a[0]["err"] == "Untold\n",
    ),
    "an interrupt of nothing": ({"op": "interrupt"}, lambda a: "session-idle" in a[-1]["status"]),
}


@pytest.mark.parametrize("name", SLIPS)
@slip(Where.NREPL, SLIPS, "Answered; the session goes on.")
def test_a_slip_is_answered_and_the_next_message_too(client: Any, name: str) -> None:
    message, holds = SLIPS[name]
    answers = ask(client, **message)
    assert holds(answers), answers
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


@slip(Where.NREPL, "a lone surrogate in a value", "Escaped.")
def test_a_value_with_a_lone_surrogate_is_escaped(nrepl: NreplServer) -> None:
    replies: list[dict[str, Any]] = []
    job = connection.Job('"\ud800"', "<repl>", "s", 1, replies.append)
    holder = connection.Connection(nrepl, socket.socket())
    holder.jobs.append(job)
    nrepl.submit(job, holder)
    until(lambda: not holder.jobs and len(replies) == 2)
    assert decode(io.BytesIO(encode(replies[0])))["value"] == '"\\ud800"'


@slip(Where.NREPL, "messages that are no dictionaries", "Refused one by one.")
def test_messages_that_are_no_dictionaries_are_refused_one_by_one(client: Any) -> None:
    client.write(b"i5e" + b"le" + b"4:text")
    client.flush()
    assert [decode(client)["status"][-1] for _ in range(3)] == ["bad-message"] * 3
    assert ask(client, op="describe")[0]["ops"]


def test_what_is_no_bencode_ends_that_connection_only(nrepl: NreplServer, client: Any) -> None:
    with connect(nrepl) as broken, broken.makefile("rb") as stream:
        broken.sendall(b"l" * 1000)
        assert "nested deeper" in decode(stream)["err"]
        assert stream.read() == b""
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


@slip(
    Where.NREPL,
    "a client that does not read what it is sent",
    "Frames go on; the client is dropped.",
)
def test_a_client_that_reads_nothing_holds_nobody_and_is_dropped(
    nrepl: NreplServer, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "STALLED_S", 0.2)
    with connect(nrepl) as deaf:
        deaf.sendall(encode({"op": "eval", "code": "(print8192)"}))
        assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]
        until(lambda: len(nrepl.connections) == 1)
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


def test_a_client_for_whom_too_much_waits_is_dropped(
    nrepl: NreplServer, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_UNREAD", 1 << 20)
    with connect(nrepl) as deaf:
        deaf.sendall(encode({"op": "eval", "code": "(print16384)"}))
        until(lambda: len(nrepl.connections) == 1)
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


def test_a_client_that_reads_gets_all_of_it(client: Any) -> None:
    answers = ask(client, op="eval", code="(print4096)")
    assert sum(len(a.get("out", "")) for a in answers) == 4096 * 1024


def test_closing_a_connection_frees_it_and_its_evaluations(nrepl: NreplServer) -> None:
    before = threading.active_count()
    for _ in range(20):
        with connect(nrepl) as short:
            short.sendall(MESSAGES[0] * 5 + b"d2:op")
    until(lambda: not nrepl.connections and threading.active_count() <= before)


def test_more_clients_than_there_may_be_are_told_so(
    nrepl: NreplServer, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    ask(client, op="describe")
    with connect(nrepl) as second, second.makefile("rb") as stream:
        assert "busy" in decode(stream)["status"]
    monkeypatch.undo()
    until(lambda: len(nrepl.connections) == 1)
    with connect(nrepl) as third, third.makefile("rwb") as stream:
        assert ask(stream, op="describe")[0]["ops"]


def test_an_evaluation_that_waits_can_be_given_up() -> None:
    nrepl = NreplServer(0, evaluate)
    with connect(nrepl) as one, one.makefile("rwb") as stream:
        stream.write(encode({"op": "eval", "code": "1", "id": 1, "session": "s"}))
        stream.write(encode({"op": "interrupt", "interrupt-id": 1, "session": "s", "id": 2}))
        stream.flush()
        first = decode(stream)  # the evaluation may have been about to begin
        until(lambda: nrepl.run_jobs() is None and not any(c.jobs for c in nrepl.connections))
        told = {answer["id"]: answer["status"] for answer in (first, decode(stream))}
        assert told == {1: ["done", "interrupted"], 2: ["done"]}
    nrepl.close()


def test_what_other_threads_print_meanwhile_stays_theirs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    got: list[str] = []
    with printing.printing_to(got.append):
        other = threading.Thread(target=print, args=("elsewhere",))
        other.start()
        other.join()
        print("here")
    assert "".join(got) == "here\n"
    assert capsys.readouterr().out == "elsewhere\n"


@slip(Where.NREPL, "fuzzed clients", "The server is as it was.")
def test_fuzzed_clients_leave_the_server_as_it_was(nrepl: NreplServer, client: Any) -> None:
    chance = random.Random(11)
    for _ in range(60):
        with connect(nrepl) as broken:
            broken.sendall(b"".join(mutated(chance, MESSAGES) for _ in range(20)))
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]
    until(lambda: len(nrepl.connections) == 1)


ENDLESS = {
    "a loop": "(while true)",
    "what waits": "@(promise)",
    "an endless seq": "(count (iterate inc 0))",
}


@pytest.fixture
def lisp() -> Iterator[NreplServer]:
    """A server that evaluates Lisp."""
    runtime = Runtime()

    def evaluate(source: str, file: str, in_frame: InFrame) -> str:
        return str(runtime.eval_in_frames(source, file, in_frame, str))

    nrepl = NreplServer(0, evaluate, runtime.interrupt)
    ending = threading.Event()

    def frames() -> None:
        while not ending.is_set():
            nrepl.run_jobs()
            time.sleep(0.001)

    thread = threading.Thread(target=frames)
    thread.start()
    yield nrepl
    ending.set()
    thread.join()
    nrepl.close()
    runtime.close()


@pytest.fixture
def editor(lisp: NreplServer) -> Iterator[Any]:
    with connect(lisp) as made, made.makefile("rwb") as stream:
        yield stream


@pytest.mark.parametrize("name", ENDLESS)
@slip(Where.NREPL, ENDLESS, "`interrupt` ends it; the session goes on.")
def test_an_evaluation_that_does_not_end_is_interrupted(editor: Any, name: str) -> None:
    editor.write(encode({"op": "eval", "code": ENDLESS[name], "id": "it", "session": "s"}))
    editor.flush()
    until(lambda: any(r.kind == "eval" for _, r in threads.running()))
    told: dict[str, list[dict[str, Any]]] = {"it": [], "stop": []}
    editor.write(encode({"op": "interrupt", "id": "stop", "session": "s"}))
    editor.flush()
    while not all(answers and "done" in answers[-1].get("status", ()) for answers in told.values()):
        answer = decode(editor)
        told[answer["id"]].append(answer)
    assert told["stop"][-1]["status"] == ["done"]
    assert told["it"][-1]["status"] == ["done", "interrupted"]
    assert ask(editor, op="eval", code="(+ 1 2)")[0]["value"] == "3"


@slip(Where.NREPL, "a client that goes while its evaluation runs", "The evaluation ends too.")
def test_a_client_that_goes_takes_its_evaluation_along(lisp: NreplServer, editor: Any) -> None:
    with connect(lisp) as short:
        short.sendall(encode({"op": "eval", "code": "(while true)"}))
        until(lambda: any(r.kind == "eval" for _, r in threads.running()))
    assert ask(editor, op="eval", code="(+ 1 2)")[0]["value"] == "3"
