"""What code assumes: a broken assumption takes exactly the code out of use that made it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime import Runtime
from runtime.analysis import nodes as n
from runtime.events import Deoptimised, Dropped
from runtime.tiers import inline_cpp, policy
from runtime.tiers.dependents import Dependents
from runtime.tiers.functions import FnCode
from tests.tiers.agreement import info


def compiled(rt: Runtime, *names: str) -> None:
    for name in names:
        for _ in range(4):
            rt.call(name, 1)
    assert rt.wait_idle(120)
    assert [info(rt, name).tier for name in names] == [2] * len(names)


def reasons(rt: Runtime, name: str) -> list[str]:
    return [e.reason for e in rt.events.of(Deoptimised) if e.function == name]


@pytest.fixture
def assuming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function that reads `user/limit` takes it for constant."""
    generate = inline_cpp.generate

    def wrapped(node: n.Fn, *more: Any) -> inline_cpp.Generated:
        made = generate(node, *more)
        read = {x.var: None for x in n.walk(node) if isinstance(x, n.VarRef)}
        limits = tuple(var for var in read if var.name == "limit")
        return replace(made, assumes=tuple(dict.fromkeys((*made.assumes, *limits))))

    monkeypatch.setattr(inline_cpp, "generate", wrapped)


PROGRAM = "(def limit 3) (def other 4) (defn f [x] (+ x limit)) (defn g [x] (str x other))"


def test_a_redefinition_takes_out_of_use_what_depended_on_it_and_nothing_else(
    rt: Runtime, assuming: None
) -> None:
    rt.eval(PROGRAM)
    compiled(rt, "user/f", "user/g")
    assert info(rt, "user/f").assumes == ("user/limit",)
    rt.eval("(def other 5)")
    assert info(rt, "user/f").tier == info(rt, "user/g").tier == 2
    rt.eval("(def limit 10)")
    assert (info(rt, "user/f").tier, info(rt, "user/f").deopts) == (0, 1)
    assert info(rt, "user/g").tier == 2
    assert reasons(rt, "user/f") == ["user/limit was redefined"] and not reasons(rt, "user/g")
    assert rt.call("user/f", 1) == 11
    compiled(rt, "user/f")
    assert rt.call("user/f", 1) == 11


@pytest.mark.parametrize(
    "change",
    ["(alter-var-root #'limit inc)", "(with-redefs [limit 4] (f 1))", "(intern 'user 'limit 4)"],
)
def test_every_way_to_a_new_root_counts(rt: Runtime, assuming: None, change: str) -> None:
    rt.eval(PROGRAM)
    compiled(rt, "user/f")
    rt.eval(change)
    assert info(rt, "user/f").tier == 0
    assert rt.call("user/f", 1) == 1 + rt.eval("limit")


def test_code_whose_assumption_breaks_before_it_is_in_force_is_never_used(
    rt: Runtime, assuming: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt.eval(PROGRAM)
    compile_batch = type(rt.engine._batches).compile
    changed: list[bool] = []

    def compile_and_change(*args: Any, **more: Any) -> Any:
        ready = compile_batch(*args, **more)
        if not changed:
            changed.append(True)
            rt.namespaces.find("user").vars["limit"].bind(7)
        return ready

    monkeypatch.setattr(type(rt.engine._batches), "compile", compile_and_change)
    compiled(rt, "user/f")  # again, without being called again
    assert rt.call("user/f", 1) == 8
    dropped = [e.cause for e in rt.events.of(Dropped) if e.function == "user/f"]
    assert dropped == ["user/limit was redefined meanwhile"]
    assert info(rt, "user/f").deopts == 0


def test_a_function_whose_assumptions_break_all_the_time_is_compiled_without_any(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "BROKEN_HALF_LIFE_S", 1e9)
    rt.eval("(defn g [x] (str x)) (defn f [x] (str (g x) 1))")
    for i in range(policy.MOST_BROKEN + 1):
        compiled(rt, "user/g", "user/f")
        if info(rt, "user/f").assumes == ():  # it was compiled before there was a `g` to call
            rt.deoptimise("user/f")
            compiled(rt, "user/f")
        assert info(rt, "user/f").assumes == ("user/g",)
        rt.eval(f"(defn g [x] (str x {i}))")
        assert info(rt, "user/f").tier == 0
    compiled(rt, "user/g", "user/f")
    assert info(rt, "user/f").assumes == ()
    rt.eval("(defn g [x] (str :last))")
    assert info(rt, "user/f").tier == 2 and rt.call("user/f", 1) == ":last1"
    monkeypatch.setattr(policy, "BROKEN_HALF_LIFE_S", 1e-9)  # it is long ago now
    rt.deoptimise("user/f")
    compiled(rt, "user/g", "user/f")
    assert info(rt, "user/f").assumes == ("user/g",)


@pytest.mark.parametrize("other", ["unrelated", "limit"])
def test_vars_that_get_new_roots_while_code_is_written(
    rt: Runtime, assuming: None, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    rt.eval(f"{PROGRAM} (def unrelated 0)")
    generate = inline_cpp.generate

    def disturbed(*args: Any) -> inline_cpp.Generated:
        made = generate(*args)
        var = rt.namespaces.find("user").vars[other]
        var.bind(var.root)
        return made

    monkeypatch.setattr(inline_cpp, "generate", disturbed)
    for _ in range(4):
        rt.call("user/f", 1)
    assert rt.wait_idle(120)
    assert info(rt, "user/f").state == "compiled"
    assert rt.call("user/f", 1) == 4


def test_failing_guards_send_a_function_back_and_are_counted(rt: Runtime) -> None:
    rt.eval("(defn f [x] (* x x))")
    compiled(rt, "user/f")
    before = [rt.call("user/f", 1.5) for _ in range(200)]
    assert set(before) == {2.25}
    assert rt.wait_idle(120)
    found = info(rt, "user/f")
    assert found.guard_failures and found.deopts == 1  # its parameter was taken for an integer
    assert "did not meet what was assumed" in reasons(rt, "user/f")[0]
    assert not rt.table.get("user/f").speculate  # type: ignore[union-attr]
    for _ in range(10):
        assert rt.call("user/f", 3) == 9
    assert rt.wait_idle(120)
    assert info(rt, "user/f").tier == 2 and rt.call("user/f", 2.5) == 6.25


def test_dependents_forget_functions_that_are_gone(rt: Runtime) -> None:
    broken: list[tuple[str, str]] = []
    dependents = Dependents(lambda code, var: broken.append((code.name, var.name)))
    rt.eval("(def a 1) (def b 2) (defn f [x] x) (defn g [x] x)")
    a, b = (rt.namespaces.find("user").vars[name] for name in "ab")
    f, g = (rt.table.get(f"user/{name}") for name in "fg")
    assert isinstance(f, FnCode) and isinstance(g, FnCode)
    dependents.assume(f, [a, b])
    dependents.assume(g, [b])
    dependents.forget(g)
    b.bind(3)
    assert broken == [("user/f", "b")] and f.assumes == ()
    a.bind(3)
    assert len(broken) == 1 and a.on_bind is None and b.on_bind is None
