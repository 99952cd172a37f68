"""The nREPL server as an editor sees it."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nrepl import NreplServer, decode, encode
from runtime.errors import AnalysisError

values = st.recursive(
    st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values)
def test_bencode_round_trip(value):
    assert decode(io.BytesIO(encode(value))) == value


@pytest.mark.parametrize("text", [b"", b"x", b"i12", b"3:ab", b"l", b"d1:a", b"i" + b"9" * 100])
def test_what_is_not_bencode_is_refused(text):
    with pytest.raises((EOFError, ValueError)):
        decode(io.BytesIO(text))


def evaluate(source: str, file: str) -> str:
    if source == "(bad)":
        raise AnalysisError("no such var")
    print("hello")
    return f"{source} in {file}"


@pytest.fixture
def client() -> Iterator[socket.SocketIO]:
    server = NreplServer(0, evaluate)
    ending = threading.Event()

    def frames() -> None:
        while not ending.is_set():
            server.run_jobs()
            time.sleep(0.005)

    thread = threading.Thread(target=frames)
    thread.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        yield connection.makefile("rwb")
    ending.set()
    thread.join()
    server.close()


def ask(client, **message) -> list[dict]:
    client.write(encode({"id": "1", **message}))
    client.flush()
    answers = []
    while not answers or "done" not in answers[-1].get("status", []):
        answers.append(decode(client))
    return answers


def test_a_session_is_cloned_and_evaluates(client):
    session = ask(client, op="clone")[0]["new-session"]
    answers = ask(client, op="eval", code="(+ 1 2)", session=session)
    assert [a.get("out") for a in answers] == ["hello\n", None, None]
    assert answers[1]["value"] == "(+ 1 2) in <repl>"
    assert {a["session"] for a in answers} == {session}


def test_an_error_is_rendered_and_the_session_goes_on(client):
    answers = ask(client, op="eval", code="(bad)")
    assert "analysis error: no such var" in answers[0]["err"]
    assert answers[-1]["status"] == ["done", "eval-error"]
    assert ask(client, op="eval", code="1")[-1]["status"] == ["done"]


def test_files_keep_their_path(client):
    answers = ask(client, op="load-file", file="(def a 1)", **{"file-path": "a.jank"})
    assert answers[1]["value"] == "(def a 1) in a.jank"


def test_unknown_operations_say_so(client):
    assert "unknown-op" in ask(client, op="teleport")[0]["status"]
    assert "eval" in ask(client, op="describe")[0]["ops"]
