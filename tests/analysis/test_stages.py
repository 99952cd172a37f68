"""The typed AST as it is shown and as it must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime import Runtime
from runtime.analysis import nodes as n
from runtime.analysis.printer import show
from runtime.analysis.scope import new_label
from runtime.analysis.types import INT, NEVER, CppType
from runtime.analysis.verifier import Malformed, verify
from runtime.errors import AnalysisError
from runtime.events import Analysed
from runtime.tiers import lowered as low
from runtime.tiers.lowered_verifier import verify_lowered


@pytest.fixture(scope="module")
def rt() -> Iterator[Runtime]:
    runtime = Runtime("interpret")
    yield runtime
    runtime.close()


def rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n")]


def test_a_function_is_shown_a_node_a_line_with_types_and_places(rt: Runtime) -> None:
    rt.eval("(defn shown [x & more]\n  (loop [i 0]\n    (if (< i 3) (recur (inc i)) (str x))))")
    assert rows(rt.stages("user/shown").typed) == [
        "Fn user/shown this 1:1",
        "Arity [x more] variadic #1",
        "body: Loop #2 2:3",
        "i: Const 0 int 2:12",
        "body: If 3:5",
        "test: Intrinsic < bool 3:9",
        "LocalRef i int 3:12",
        "Const 3 int 3:14",
        "then: Recur #2 [i] never 3:17",
        "Intrinsic inc int 3:24",
        "LocalRef i int 3:29",
        "otherwise: Call 3:33",
        "fn: VarRef #'clojure.core/str 3:34",
        "LocalRef x 3:38",
    ]


def test_locals_of_one_name_are_told_apart(rt: Runtime) -> None:
    rt.eval("(defn twice [x] (let [x (inc x)] (let [x (inc x)] x)))")
    shown = rows(rt.stages("user/twice").typed)
    assert any(row.startswith("x.2: ") for row in shown)
    assert any(row.startswith("body: LocalRef x.3 ") for row in shown)


def test_interop_is_shown_as_the_cpp_it_is(rt: Runtime) -> None:
    rt.eval("(defn native [x] (cpp/abs (cpp/int. x)))")
    stages = rt.stages("user/native")
    assert "CppExpr abs(" in stages.typed
    assert "abs(" in stages.inline_cpp
    assert "f.stub(" in stages.stub_cpp


def test_stages_of_what_is_not_there_name_what_is_near(rt: Runtime) -> None:
    rt.eval("(defn compute-total [x] x)")
    with pytest.raises(AnalysisError, match="no function user/compute-totl") as raised:
        rt.stages("user/compute-totl")
    assert raised.value.expected == "user/compute-total"


X = n.Local("x", INT)
ONE = n.Const(1, type=INT)
LABEL = new_label()


def looped(body: n.Node) -> n.Node:
    return n.Loop(LABEL, ((X, ONE),), body)


RECUR = n.Recur(LABEL, (X,), (ONE,), type=NEVER)
MALFORMED = {
    "a local that is not bound": (n.LocalRef(X), "x is not bound here"),
    "one that is bound later": (n.Let(((X, n.LocalRef(X)),), ONE), "x is not bound here"),
    "one without a type": (n.Let(((y := n.Local("y"), ONE),), n.LocalRef(y)), "y has no type"),
    "a recur outside of a loop": (RECUR, "not in tail position"),
    "a recur before the tail": (looped(n.Do((RECUR,), ONE)), "not in tail position"),
    "a recur out of a try": (looped(n.Try(RECUR, (), None)), "not in tail position"),
    "a recur of another loop": (looped(replace(RECUR, label=-1)), "it names -1"),
    "a recur of too few": (looped(replace(RECUR, args=())), "0 values for 1 locals"),
    "interop as written": (n.Interop("name", "f", ()), "name f was never resolved"),
    "a C++ type nobody knows": (n.NativeConst(1, "1", type=CppType("", 0)), "is not known"),
    "a C++ value in a vector": (
        n.VectorLit((n.NativeConst(1, "1", type=CppType("int", 4)),)),
        "NativeConst is no Lisp value but int",
    ),
    "a Lisp value made one": (n.ToLisp(ONE), "a Lisp value already"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_no_tier_understands_is_refused(name: str) -> None:
    node, said = MALFORMED[name]
    with pytest.raises(Malformed, match=said):
        verify(node)


def test_what_is_sound_is_not(rt: Runtime) -> None:
    verify(looped(n.If(n.LocalRef(X), RECUR, ONE)))
    show(looped(n.If(n.LocalRef(X), RECUR, ONE)))


def test_a_load_tells_of_the_forms_that_were_analysed(rt: Runtime, tmp_path: Path) -> None:
    script = tmp_path / "forms.jank"
    script.write_text("(ns forms)\n(defn f [] 1)\n(defn g [] 2)\n")
    rt.load(script)
    script.write_text("(ns forms)\n(defn f [] 1)\n(defn g [] 3)\n")
    rt.load(script)
    assert [(e.file, e.forms) for e in rt.events.of(Analysed)] == [
        (str(script), 2),
        (str(script), 1),
    ]


LOWERED = """(defn lowered [x & more]
  (let [y (inc x)]
    (try
      (loop [i 0] (if (< i y) (recur (inc i)) (lowered more)))
      (catch Exception e [e]))))"""


def test_the_lowered_ast_is_shown_with_slots_and_places(rt: Runtime) -> None:
    rt.eval(LOWERED)
    assert rows(rt.stages("user/lowered").lowered) == [
        "Arity [x$0 more$1] variadic 5 slots",
        "Let",
        "Binding y$2",
        'init: Core "inc" <inc> 2:11',
        "Local x$0",
        "Try",
        "Loop <enter> 4:7",
        "Binding i$3",
        "init: Const 0",
        "If",
        'test: Core "<" <lt> 4:23',
        "Local i$3",
        "Local y$2",
        "then: Recur i$3",
        'Core "inc" <inc> 4:38',
        "Local i$3",
        "otherwise: CallVar #'user/lowered 4:47",
        "Local more$1",
        "state: Local y$2",
        "state: Local more$1",
        "state: Local i$3",
        'Clause "any" e$4',
        "Vector <pvector>",
        "Local e$4",
    ]


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (low.Local(2), "a slot outside of the frame"),
        (low.Capture(1), "no capture 1"),
        (low.CallConst(len, (low.Local(0),), 3), "a place outside of the table"),
        (low.Do((low.Recur((0,), (low.Const(1),), (None,)),), low.Const(1)), "outside of a tail"),
        (low.If(low.Const(1), 7, low.Const(2)), "a value is wanted, found 7"),
        (low.Let((low.Binding(5, low.Const(1), False),), low.Const(1)), "a slot outside"),
    ],
)
def test_a_lowered_ast_that_no_node_can_run_is_refused(record: Any, wrong: str) -> None:
    with pytest.raises(Malformed, match=wrong):
        verify_lowered(record, 2, [None], 1)
