"""What C++ leaves undefined and Clang can see: rejected, or a fault of the call, in every strategy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.cling.session import session
from runtime.errors import CppError, RuntimeFault
from runtime.tiers.engine import STRATEGIES

# name -> (a text with @ for what makes names unique, line, what is said)
REJECTED = {
    "a missing return": ("inline int f@(int x) {\n}", 2, "does not return a value"),
    "a return missing on one way": (
        "inline int f@(int x) {\n  if(x > 100) return 1;\n}",
        3,
        "does not return a value in all control paths",
    ),
    "a missing return of a class": (
        "#include <string>\ninline std::string f@(int x) {\n  if(x > 100) return \"a\";\n}",
        4,
        "does not return a value in all control paths",
    ),
    "1 / 0": ("inline int f@() {\n  return 1 / 0; }", 2, "division by zero is undefined"),
    "x % 0": ("inline int f@(int x) {\n  return x % 0; }", 2, "by zero is undefined"),
}  # fmt: skip

# name -> (a text, a call, the fault)
FAULTS = {
    "a constant null written": (
        "inline void f@() { *(int*)nullptr = 3; }",
        "(cpp/f@)",
        "segmentation fault in f@, at address 0x0",
    ),
    "a constant null read": (
        "inline int f@() { return *(int*)nullptr; }",
        "(cpp/f@)",
        "segmentation fault in f@, at address 0x0",
    ),
    "a member of null": (
        "struct s@ { int a, b; }; inline int f@() { s@* p = nullptr; return p->b; }",
        "(cpp/f@)",
        "segmentation fault in f@, at address 0x4",
    ),
    "a method of null": (
        "struct s@ { int a; int get() { return a; } };"
        " inline int f@() { s@* p = nullptr; return p->get(); }",
        "(cpp/f@)",
        "segmentation fault in f@, at address 0x0",
    ),
}

# name -> (a text, a call, its value): what was used stays tested
KEPT = {
    "this tested for null": (
        "struct s@ { bool there() { return this != nullptr; } };"
        " inline bool f@() { s@* p = nullptr; return p->there(); }",
        "(cpp/f@)",
        False,
    ),
    "a pointer tested after its member's address": (
        "struct s@ { int a; }; inline int f@(s@* p) { int* a = &p->a; return p ? *a : 7; }",
        "(cpp/f@ cpp/nullptr)",
        7,
    ),
}


@pytest.fixture(scope="module", params=STRATEGIES)
def rt(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    made = Runtime(strategy=request.param, include_dirs=[tmp_path_factory.mktemp("headers")])
    yield made
    made.close()


def unique(*texts: str) -> list[str]:
    number = session().new_id()
    return [text.replace("@", f"_{number}") for text in texts]


def declare(rt: Runtime, text: str) -> None:
    rt.eval('(cpp/raw "%s")' % text.replace('"', '\\"'), "raw.jank")  # noqa: UP031


@pytest.mark.parametrize("name", REJECTED)
def test_it_is_rejected_with_its_place(rt: Runtime, name: str) -> None:
    text, line, said = REJECTED[name]
    (text,) = unique(text)
    with pytest.raises(CppError, match=said) as caught:
        declare(rt, text)
    assert caught.value.span is not None and caught.value.span.line == line
    mended = text.split("{")[0] + "{ return {}; }"
    declare(rt, mended)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_a_fault_at_the_call(rt: Runtime, name: str) -> None:
    text, call, said = unique(*FAULTS[name])
    declare(rt, text)
    rt.eval(f"(defn undefined []\n  {call})", "case.jank")
    with pytest.raises(RuntimeFault) as caught:
        rt.eval("(undefined)")
    assert caught.value.message == said
    assert caught.value.span is not None and caught.value.span.line == 2


@pytest.mark.parametrize("name", KEPT)
def test_a_test_for_null_stays_one(rt: Runtime, name: str) -> None:
    text, call, value = KEPT[name]
    text, call = unique(text, call)
    declare(rt, text)
    assert rt.eval(f"(defn tested [] {call}) (tested)") == value


def test_a_return_that_a_header_may_not_need_is_not_asked_for(
    rt: Runtime, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sound")
    name, text = unique("sound@", "inline int f@(int x) { if(x < 100) return 1; }")
    (folder / f"{name}.hpp").write_text(f"#pragma once\n{text}\n")
    rt.declarations.add_include_dirs([folder])
    rt.eval(
        f'(ns {name} (:require ["{name}.hpp" :as s :scope ""])) (s/{name.replace("sound", "f")} 3)'
    )


def test_a_source_s_missing_return_is_a_fault(rt: Runtime, tmp_path: Path) -> None:
    name = unique("part@")[0]
    (tmp_path / f"{name}.hpp").write_text(f"#pragma once\nint {name}(int);\n")
    (tmp_path / f"{name}.cpp").write_text(
        f'#include "{name}.hpp"\nint {name}(int x) {{ if(x > 100) return 1; }}\n'
    )
    rt.declarations.add_include_dirs([tmp_path])
    rt.eval(f'(ns {name} (:require ["{name}.hpp" :as part :scope ""]))')
    with pytest.raises(RuntimeFault, match=f"illegal instruction in {name}"):
        rt.eval(f"(defn f [] (part/{name} 1)) (f)")
    assert rt.eval(f"(part/{name} 101)") == 1
