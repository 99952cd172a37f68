"""C++ that could harm is tried in a copy of the process: what it does there is told, and this one goes on.

Each row is named after the slip. After each, Cling must take the mended text as if nothing had been.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.cling.session import session
from runtime.cling.trial import TrialLimits
from runtime.errors import CppError, LispError, LispErrors
from runtime.runtime import Runtime
from runtime.tiers.engine import STRATEGIES
from tests.robustness import Where, slip

# name -> (a text that Clang's incremental mode takes for statements, its line, column, what is said)
SLIPS = {
    "a semicolon before a body": (
        "int a@;\ninline int f@();\n{ return 1; }",
        3,
        1,
        "';' before it",
    ),
    "an extra brace": (
        "inline int f@() { return 1; } }\nint a@;",
        1,
        0,
        "extraneous closing brace",
    ),
    "a lost signature": ("int a@;\n\n{ return 1; }", 3, 1, "outside of a function"),
    "a lost struct name": ("{ int a; int b; };", 1, 1, "head of its function or type missing"),
    "a semicolon after a struct's name": ("struct S@; { int a; };", 1, 0, "';' before it"),
    "a semicolon after a namespace's name": ("namespace n@; {\nint a;\n}", 1, 0, "expected '{'"),
    "a bare block": ("int a@;\n{ int b = 1; }", 2, 1, "outside of a function"),
    "a bare return": ("int a@;\nreturn 1;", 2, 1, "return"),
    "a bare for": ("for(int i = 0; i < 3; ++i) {}", 1, 1, "for"),
    "a bare while": ("while(true) {}", 1, 1, "while"),
    "a bare do": ("do {} while(true);", 1, 1, "do"),
    "a bare switch": ("switch(1) { case 1: break; }", 1, 1, "switch"),
    "a bare try": ("try {} catch(...) {}", 1, 1, "try"),
    "a label": ("again: int a@;", 1, 1, "label"),
    "a bare call": ("inline void f@(int) {}\nf@(1);", 2, 1, "a call outside of a function: f"),
    "a bare call without arguments": (
        "namespace n@ { inline void f() {} }\nint a@;\nn@::f();",
        3,
        1,
        "a call outside of a function: n",
    ),
    "a bare call of a member": (
        "struct S@ { void f() {} };\ninline S@ s@;\ns@.f();",
        3,
        1,
        "a statement outside of a function: s",
    ),
    "a bare assignment": ("int a@;\n  a@ = 3;", 2, 3, "a statement outside of a function: a"),
    "a bare increment": ("int a@;\na@++;", 2, 1, "a statement outside of a function: a"),
    "a call in a namespace": (
        "inline void f@(int) {}\nnamespace n@ {\nf@(1);\n}",
        3,
        1,
        "a call outside of a function: f",
    ),
    "a statement in a namespace": ("namespace n@ {\nint a;\nreturn 1;\n}", 3, 1, "return"),
    "a block in a namespace": ("namespace n@ {\nint a;\n{ int b; }\n}", 3, 1, "';' before it"),
    "half a function": ("inline int f@(int a) {\n  return a;", 2, 11, "the text ends here"),
    "half a head": ("inline int f@(int a", 1, 0, "the text ends here"),
    "half a struct": ("struct S@ {\n  int a;", 2, 8, "the text ends here"),
    "an unterminated comment": ("int a@;\n/* and so on", 2, 1, "unterminated /* comment"),
    "an unterminated string": ('char const* a@ = "abc;\nint b@;', 1, 0, ""),
    "an unterminated raw string": ('char const* a@ = R"(abc;\nint b@;', 1, 0, "raw string"),
    "an unterminated #if": ("#if 1\nint a@;", 1, 2, "unterminated conditional directive"),
    "braces without end": (
        "int a@ = " + "{" * 100_000 + "}" * 100_000 + ";",
        1,
        0,
        "nesting level",
    ),
}

# name -> (a text with a static initialiser that harms, what is said)
HARM = {
    "an initialiser that reads null": ("int a@ = *(int volatile*)0;", "a static initialiser of it faults"),
    "an initialiser that aborts": ("#include <cstdlib>\nint a@ = (abort(), 1);", "aborts"),
    "an initialiser that exits": ("#include <cstdlib>\nint a@ = (exit(3), 1);", "exit code 3"),
    "an initialiser that throws": (
        "#include <stdexcept>\nstruct T@ {"
        ' T@() { throw std::runtime_error("boo"); } }; T@ t@;', "boo"),
    "an initialiser that loops": (
        "inline int f@() { int volatile i = 0; while(true) i = i + 1; }"
        " int a@ = f@();", "does not end"),
    "an initialiser that waits": ("#include <unistd.h>\nint a@ = (pause(), 1);", "does not end"),
    "an initialiser that recurs": (
        "inline int f@(int i) { return f@(i + 1) + 1; } int a@ = f@(0);", "overflows"),
    "an initialiser that takes all memory": (
        "#include <vector>\nstd::vector<char> a@(8000000000ull);", "memory"),
    "a template bomb": (
        "template<int D, unsigned long N> struct F@ {"
        " static constexpr int v = F@<D - 1, 2 * N>::v + F@<D - 1, 2 * N + 1>::v; };"
        " template<unsigned long N> struct F@<0, N> { static constexpr int v = 1; };"
        " int a@ = F@<40, 1>::v;", "Clang"),
}  # fmt: skip

# header, alias and scope -> (a wrong form, the mended one, its value)
TEMPLATES = {
    "glm/glm.hpp": (
        "(let [a (cpp/glm.vec3. (cpp/float. 1.0) (cpp/float. 2.0) (cpp/float. 3.0)) d (cpp/glm.dott a a)] d)",
        "(let [a (cpp/glm.vec3. (cpp/float. 1.0) (cpp/float. 2.0) (cpp/float. 3.0)) d (cpp/glm.dot a a)] d)",
        14.0,
    ),
    "span": (
        "(let [v (cpp/int. 3) s (#cpp (std.span int) (cpp/& v) 1)] (.sizes s))",
        "(let [v (cpp/int. 3) s (#cpp (std.span int) (cpp/& v) 1)] (.size s))",
        1,
    ),
    "vector": (
        "(let [v (#cpp (std.vector short))] (.push_bakc v 1) (.size v))",
        "(let [v (#cpp (std.vector short))] (.push_back v 1) (.size v))",
        1,
    ),
    "Eigen/Dense": (
        "(let [v (cpp/Eigen.Vector3d. 1.0 2.0 3.0)] (.summ v))",
        "(let [v (cpp/Eigen.Vector3d. 1.0 2.0 3.0)] (.sum v))",
        6.0,
    ),
    "nlohmann/json.hpp": (
        '(let [j (cpp/nlohmann.json.parse #cpp "[1, 2]")] (.sizes j))',
        '(let [j (cpp/nlohmann.json.parse #cpp "[1, 2]")] (.size j))',
        2,
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers")


@pytest.fixture(scope="module")
def runtime(folder: Path) -> Iterator[Runtime]:
    found = Runtime(include_dirs=[folder])
    session().declare(";")
    yield found
    found.close()


@pytest.fixture
def short() -> Iterator[None]:
    """What does not end is given up soon."""
    before = session().trials.limits
    session().trials.limits = TrialLimits(cpu_s=1, wall_s=3, grown_mb=1024)
    yield
    session().trials.limits = before


def unique(text: str) -> str:
    return text.replace("@", f"_{session().new_id()}")


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'(cpp/raw "{escaped}")'


def alive(runtime: Runtime) -> None:
    """Declares something and calls it."""
    name = unique("alive@")
    assert runtime.eval(f'(cpp/raw "inline int {name}() {{ return 7; }}") (cpp/{name})') == 7


@pytest.mark.parametrize("name", SLIPS)
@slip(Where.CPP, SLIPS, "An error at its place, before it reaches Clang's incremental mode.")
def test_a_slip_in_raw_text(runtime: Runtime, name: str) -> None:
    text, line, col, words = SLIPS[name]
    with pytest.raises(CppError) as error:
        runtime.eval(literal(unique(text)), "slip.jank")
    assert words in str(error.value)
    span = error.value.span
    assert span is not None and span.line == line
    if col:
        assert span.col == (col + 10 if line == 1 else col)
    alive(runtime)


@pytest.mark.parametrize("name", SLIPS)
@slip(Where.CPP, "the same in a header that another one includes", "The same.")
def test_a_slip_in_a_header_behind_another(runtime: Runtime, folder: Path, name: str) -> None:
    text, _, _, words = SLIPS[name]
    number = session().new_id()
    inner, outer = folder / f"inner{number}.hpp", folder / f"outer{number}.hpp"
    inner.write_text(f"#pragma once\n{unique(text)}\n")
    outer.write_text(f'#pragma once\n#include "{inner.name}"\n')
    require = f'(ns slips{number} (:require ["{outer.name}" :as o :scope ""]))'
    with pytest.raises(CppError) as error:
        runtime.eval(require)
    assert words.removesuffix("the text ends here") in f"{error.value.found} {error.value.notes}"
    inner.write_text(f"#pragma once\ninline int mended{number}() {{ return 8; }}\n")
    assert runtime.eval(f"{require} (o/mended{number})") == 8


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", HARM)
@slip(
    Where.CPP, HARM, "Tried in a copy of the process first: an error that says what it does there."
)
def test_harm(runtime: Runtime, name: str) -> None:
    text, words = HARM[name]
    text = unique(text)
    with pytest.raises(CppError) as error:
        runtime.eval(literal(text))
    told = str(error.value) + " ".join(note.message for note in error.value.notes)
    assert words in told
    alive(runtime)


@slip(
    Where.CPP, "a header whose static initialiser threw, mended", "Loaded as if nothing had been."
)
def test_a_mended_initialiser_is_no_redefinition(runtime: Runtime, folder: Path) -> None:
    number = session().new_id()
    header = folder / f"throws{number}.hpp"
    text = (
        "#pragma once\n#include <stdexcept>\n"
        "struct T{0} {{ T{0}() {{ {1} }} int a = 3; }};\ninline T{0} t{0};\n"
    )
    header.write_text(text.format(number, 'throw std::runtime_error("boo");'))
    require = f'(ns throws{number} (:require ["{header.name}" :as o :scope ""]))'
    with pytest.raises(CppError, match="does not compile"):
        runtime.eval(require)
    header.write_text(text.format(number, ""))
    assert runtime.eval(f"{require} (.-a o/t{number})") == 3


@pytest.mark.parametrize("header", TEMPLATES)
@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(
    Where.RELOAD,
    ["a misused template type of " + header for header in TEMPLATES],
    "An error of the form; the mended form works, and so does every other use.",
)
def test_a_wrong_form_does_not_spoil_templates(strategy: str, header: str) -> None:
    """The first strategy is the first to use the types, wrongly; the others must not break them either."""
    if "/" in header and not any(
        (Path(d) / header).exists()
        for d in ("/usr/include", "/usr/include/eigen3", "/usr/local/include")
    ):
        pytest.skip(f"no {header} on this machine")
    if header.startswith("Eigen"):
        folders = [Path("/usr/include/eigen3")]
    else:
        folders = []
    wrong, mended, value = TEMPLATES[header]
    found = Runtime(strategy=strategy)
    found.declarations.add_include_dirs(folders, users=False)
    found.eval(f'(ns spoilt (:require ["{header}" :as h :scope ""]))')
    for form in (wrong, f"(defn f [] {wrong})"):
        with pytest.raises((LispError, LispErrors)):
            found.eval(form)
    assert found.eval(mended) == value
    assert found.eval(f"(defn f [] {mended}) (f)") == value
    found.close()


@slip(
    Where.CPP,
    "a companion's static initialiser that faults",
    "An error at the `require`; the mended source is loaded.",
)
def test_a_source_whose_initialiser_faults(runtime: Runtime, folder: Path) -> None:
    number = session().new_id()
    header, source = folder / f"engine{number}.hpp", folder / f"engine{number}.cpp"
    header.write_text(f"#pragma once\nint engine{number}();\n")
    text = f'#include "{header.name}"\n#include <cstdlib>\nint engine{number}() {{ return 9; }}\n'
    source.write_text(text + "static int const bad = (std::abort(), 1);\n")
    require = f'(ns engine{number} (:require ["{header.name}" :as o :scope ""]))'
    with pytest.raises(CppError) as error:
        runtime.eval(require)
    assert "cannot be loaded" in str(error.value)
    assert "a static initialiser of it aborts" in error.value.found
    source.write_text(text)
    assert runtime.eval(f"{require} (o/engine{number})") == 9


def test_no_child_stays(runtime: Runtime) -> None:
    alive(runtime)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
