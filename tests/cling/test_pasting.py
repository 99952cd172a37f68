"""Include guards are found in any header, in time that grows with its length only."""

from __future__ import annotations

import pytest

from runtime.cling.inline_names import declared_names, has_bodies
from runtime.cling.pasting import guard_of
from tests.robustness import Where, slip

BANNER = "\n".join(["//" + "/" * 58] * 60)


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        pytest.param("#ifndef X\n#define X\n", "X", id="plain"),
        pytest.param(f"{BANNER}\n#if !defined(X)\n#define X 1\n", "X", id="banner of slashes"),
        pytest.param(f"{BANNER}\n#if !defined(X) && Y\n#define X\n", "", id="more than a guard"),
        pytest.param("#if !defined X\n#define X", "X", id="defined without parentheses"),
        pytest.param("/* a * b **/ #ifndef X // y\n/**/ #define X", "X", id="comments between"),
        pytest.param("\ufeff#ifndef X\n#define X", "X", id="byte-order mark"),
        pytest.param("#ifndef X\n#define Y\n", "", id="another name"),
        pytest.param("#ifndef X\n#define XY\n", "", id="a longer name"),
        pytest.param("int a;\n#ifndef X\n#define X\n", "", id="something before"),
        pytest.param("/* " * 100_000, "", id="unterminated comment"),
    ],
)
@slip(Where.HEADERS, "headers with banners of slashes, and other guards", "Read in linear time.")
def test_guards(text: str, guard: str) -> None:
    assert guard_of(text) == guard


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        pytest.param("int f(int a, int b)\n" * 100_000, False, id="heads only"),
        pytest.param("/* ) { " * 100_000, False, id="unterminated comments"),
        pytest.param("struct A { A() noexcept(true) : a(1) {} int a; };", True, id="initialisers"),
    ],
)
def test_bodies_of_long_headers(text: str, bodies: bool) -> None:
    assert has_bodies(text) == bodies
    assert declared_names(text) <= {"f", "a", "b", "A", "noexcept"}
