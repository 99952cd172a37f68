"""Stubs are compiled unoptimised, unless inline C++ of the user would be compiled, and stay so, with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.cling.inline_names import InlineNames, declared_names, has_bodies
from runtime.events import StubMiss


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = Runtime("interpret", include_dirs=[tmp_path])
    yield made
    made.close()


def level_of(runtime: Runtime, name: str) -> bool:
    """Whether the stub of a function was optimised."""
    return {info.signature.split("(")[0]: info.optimised for info in runtime.stubs.entries()}[name]


def test_inline_code_of_a_script_is_optimised_and_a_librarys_glue_is_not(runtime: Runtime) -> None:
    runtime.eval('(cpp/raw "namespace levels_a { inline int twice(int x) { return 2 * x; } }")')
    assert runtime.eval("[(cpp/levels_a.twice 4) (cpp/abs -3)]") == runtime.eval("[8 3]")
    assert level_of(runtime, "levels_a::twice")
    assert not level_of(runtime, "abs")
    transactions = {(e.signature.split("(")[0], e.batch) for e in runtime.events.of(StubMiss)}
    assert {("levels_a::twice", 1), ("abs", 1)} <= transactions


def test_inline_code_of_a_header_is_optimised(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "levels_b_base.hpp").write_text("inline int levels_b(int x) { return x + 1; }\n")
    (tmp_path / "levels_b.hpp").write_text('#include "levels_b_base.hpp"\n')
    runtime.eval('(ns levels.b (:require ["levels_b.hpp" :as b :scope ""]))\n(b/levels_b 1)')
    assert level_of(runtime, "levels_b")


def test_a_compiled_header_needs_no_optimising(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "levels_c.hpp").write_text("int levels_c(int x);\n")
    (tmp_path / "levels_c.cpp").write_text("int levels_c(int x) { return x + 1; }\n")
    runtime.eval('(ns levels.c (:require ["levels_c.hpp" :as c :scope ""]))\n(c/levels_c 1)')
    assert not level_of(runtime, "levels_c")


def test_a_compiled_header_with_bodies_does(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "levels_d.hpp").write_text(
        "int levels_d(int x);\ninline int levels_d2() { return 2; }\n"
    )
    (tmp_path / "levels_d.cpp").write_text("int levels_d(int x) { return x + 1; }\n")
    runtime.eval('(ns levels.d (:require ["levels_d.hpp" :as d :scope ""]))\n(d/levels_d2)')
    assert level_of(runtime, "levels_d2")


def test_templates_are_optimised() -> None:
    names = InlineNames()
    assert names.mentioned_in("ts::take<std::vector<int> &>({0})")
    assert names.mentioned_in("std::abs({0})")
    assert not names.mentioned_in("({0}) < ({1}) float const &")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("inline float f(float x) { return x; }", {"inline", "f", "x", "return"}),
        ("void g() { ImGui::Text(a.b, p->c); }", {"g", "a", "p"}),
        (
            '#include "other.h"\n// words\nint h; /* more\nwords */ char const* s = "text";',
            {"h", "s"},
        ),
    ],
)
def test_names_are_those_that_a_text_may_declare(text: str, names: set[str]) -> None:
    assert declared_names(text) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("namespace a { struct P { float x = 0; }; int f(P p); }", False),
        ("struct P { float x; P(float a) : x(a) {} };", True),
        ("struct P { int get() const { return 1; } };", True),
        ("template <class T> T f(T);", True),
        ("// int f() { }\nint f();", False),
    ],
)
def test_bodies_are_found(text: str, expected: bool) -> None:
    assert has_bodies(text) is expected
