"""C++ that is declared again: headers, their sources, and the boxes that hold objects of its types."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.cling.instances import Migration, Refused, follow
from runtime.cling.worlds import World, worlds
from runtime.errors import CppError, LispError
from tests.robustness import Where, slip

_names = itertools.count(1)
STRATEGIES = ("interpret", "stub-jit", "inline-jit", "tiered")


class Engine:
    """A header, perhaps its source, and a script's namespace that uses them. `NAME` stands for its own."""

    def __init__(self, folder: Path, strategy: str) -> None:
        self.folder = folder
        self.name = f"world_engine_{next(_names)}"
        self.runtime = Runtime(strategy, threshold=2, include_dirs=[folder])

    def write(self, text: str, file: str = "NAME.hpp") -> Path:
        path = self.folder / file.replace("NAME", self.name)
        path.write_text(text.replace("NAME", self.name))
        return path.resolve()

    def edit(self, old: str, new: str, file: str = "NAME.hpp") -> frozenset[str]:
        """Change a file and have what it says declared again."""
        path = self.folder / file.replace("NAME", self.name)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return self.runtime.declarations.changed({path.resolve()})

    def value(self, form: str, *headers: str) -> object:
        required = "".join(
            f'["{header}" :as {header.split(".")[0].replace("NAME", "e")} :scope ""] '
            for header in ("NAME.hpp", *headers)
        )
        source = f"(ns test.NAME (:require {required})) {form}"
        return self.runtime.eval(source.replace("NAME", self.name))


@pytest.fixture(params=STRATEGIES)
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        worlds, "units", []
    )  # those of other tests have nothing to do with this one
    monkeypatch.setattr(worlds, "newest", World())
    monkeypatch.setattr(worlds, "_ever", {})
    (tmp_path / "cpp").mkdir()
    made = Engine(tmp_path / "cpp", request.param)
    yield made
    made.runtime.close()


HEADER = """#pragma once
#include <string>
#include <functional>
#define NAME_macro 41
namespace NAME {
enum class kind { red = 1, blue };
struct body { int a = 1; int b = 2; int get() const { return a; } };
template<class T> T twice(T x) { return x + x; }
inline int f(body const& x) { return x.a; }
inline int g() { return 5; }
inline int through() { return g(); }
inline int level = 3;
}
template<> struct std::hash<NAME::kind> { size_t operator()(NAME::kind) const { return 7; } };
namespace std {
template<> struct hash<NAME::body> { size_t operator()(NAME::body const& x) const { return x.a; } };
}
"""


@pytest.mark.parametrize(
    ("old", "new", "call", "before", "after"),
    [
        pytest.param("return 5;", "return 6;", "(cpp/NAME.g)", 5, 6, id="a function"),
        pytest.param("return 5;", "return 6;", "(cpp/NAME.through)", 5, 6, id="one that calls it"),
        pytest.param("x.a; }", "x.b; }", "(cpp/NAME.f (cpp/NAME.body.))", 1, 2, id="its body"),
        pytest.param("int a = 1;", "int a = 9;", "(.-a (cpp/NAME.body.))", 1, 9, id="a default"),
        pytest.param(
            "int a = 1;", "double z = 0; int a = 9;", "(.get (cpp/NAME.body.))", 1, 9, id="a layout"
        ),
        pytest.param("x + x", "x * x", "(cpp/NAME.twice (cpp/int 5))", 10, 25, id="a template"),
        pytest.param("red = 1", "red = 4", "(cpp/int cpp/NAME.kind.red)", 1, 4, id="an enum"),
        pytest.param("macro 41", "macro 42", "cpp/NAME_macro", 41, 42, id="a macro"),
        pytest.param("level = 3", "level = 8", "cpp/NAME.level", 3, 8, id="a variable"),
        pytest.param("inline int g()", "inline double g()", "(cpp/NAME.g)", 5, 5.0, id="a result"),
    ],
)
def test_an_edited_header_is_in_force(
    engine: Engine, old: str, new: str, call: str, before: object, after: object
) -> None:
    engine.write(HEADER)
    assert engine.value(call) == before
    assert engine.name in engine.edit(old, new)
    assert engine.value(call) == after
    engine.edit(new, old)  # undone: as at first
    assert engine.value(call) == before


def test_a_header_that_includes_the_edited_one_follows(engine: Engine) -> None:
    engine.write(HEADER)
    engine.write(
        '#pragma once\n#include "NAME.hpp"\ninline int NAME_o() { return 10 * NAME::g(); }\n',
        "NAME_o.hpp",
    )
    assert engine.value("(cpp/NAME_o)", "NAME_o.hpp") == 50
    engine.edit("return 5;", "return 6;")
    assert engine.value("(cpp/NAME_o)", "NAME_o.hpp") == 60


def test_a_header_of_the_same_namespace_follows(engine: Engine) -> None:
    """Else what it declares would be found beside what took its place, by its arguments' namespace."""
    engine.write(HEADER)
    engine.write("#pragma once\nnamespace NAME { struct other { int v = 2; }; }\n", "NAME_s.hpp")
    headers = ("NAME_s.hpp",)
    assert engine.value("(.-v (cpp/NAME.other.))", *headers) == 2
    engine.edit("inline int g()", "inline int of(body) { return 1; } inline int g()")
    assert engine.value("(cpp/NAME.of (cpp/NAME.body.))", *headers) == 1
    assert engine.value("(.-v (cpp/NAME.other.))", *headers) == 2


def test_a_header_required_later_sees_the_new(engine: Engine) -> None:
    engine.write(HEADER)
    engine.value("nil")
    engine.edit("return 5;", "return 6;")
    engine.write(
        '#pragma once\n#include "NAME.hpp"\ninline int NAME_l() { return NAME::g(); }\n',
        "NAME_l.hpp",
    )
    assert engine.value("(cpp/NAME_l)", "NAME_l.hpp") == 6


def test_raw_text_that_uses_the_header_follows(engine: Engine) -> None:
    engine.write(HEADER)
    raw = '(cpp/raw "inline int NAME_r() { return 100 * NAME::g(); }")'
    assert engine.value(f"{raw} (cpp/NAME_r)") == 500
    engine.edit("return 5;", "return 6;")
    assert engine.value("(cpp/NAME_r)") == 600
    assert engine.value(f"{raw} (cpp/NAME_r)") == 600


@pytest.mark.parametrize(
    "wrong",
    ["return nowhere;", "return 5", "return 5; } }", '#error "no"\nreturn 5;', "#if 1\nreturn 5;"],
)
@slip(
    Where.HEADERS,
    "a header that no longer compiles",
    "The old one stays in force, the error has its place.",
)
def test_a_header_that_no_longer_compiles_leaves_the_old_in_force(
    engine: Engine, wrong: str
) -> None:
    engine.write(HEADER)
    assert engine.value("(cpp/NAME.g)") == 5
    with pytest.raises(CppError):
        engine.edit("return 5;", wrong)
    assert engine.value("(cpp/NAME.g)") == 5
    engine.edit(wrong, "return 7;")
    assert engine.value("(cpp/NAME.g)") == 7


def test_what_was_removed_is_known_no_longer(engine: Engine) -> None:
    engine.write(HEADER)
    assert engine.value("(cpp/NAME.g)") == 5
    engine.edit("inline int g() { return 5; }\ninline int through() { return g(); }", "")
    with pytest.raises(LispError, match="no member named 'g'"):
        engine.value("(cpp/NAME.g)")


def carried(engine: Engine) -> tuple[list[Migration], list[Refused]]:
    """What boxes need, done."""
    migrations, refused = follow(engine.runtime.world.session, worlds.newest)
    for migration in migrations:
        migration.carry()
    return migrations, refused


BOX = "(def b (cpp/box (cpp/new cpp/NAME.body))) (cpp/= (.-b (cpp/unbox (:* cpp/NAME.body) b)) 77)"
FIELD = "(.-{} (cpp/unbox (:* cpp/NAME.body) b))"


def test_a_box_goes_on_where_the_layout_is_the_same(engine: Engine) -> None:
    engine.write(HEADER)
    engine.value(BOX)
    engine.edit("return 5;", "return 6;")
    assert carried(engine) == ([], [])
    assert engine.value(FIELD.format("b")) == 77


def test_a_plain_struct_is_carried_over_field_by_field(engine: Engine) -> None:
    engine.write(HEADER)
    engine.value(BOX)
    engine.edit("int a = 1;", "double z = 2.5; int a = 1;")
    [migration], refused = carried(engine)
    assert not refused and migration.lost == ()
    assert engine.value(FIELD.format("b")) == 77
    assert engine.value(FIELD.format("z")) == 2.5
    engine.edit("int b = 2;", "float b = 4;")
    [migration], _ = carried(engine)
    assert migration.lost == ("b",)
    assert engine.value(FIELD.format("b")) == 4.0


@slip(
    Where.HEADERS,
    "a changed type that is no plain struct, while boxes of it live",
    "Refused, with the list of boxes.",
)
def test_what_is_no_plain_struct_is_refused_and_named(engine: Engine) -> None:
    engine.write(HEADER.replace("int b = 2;", "int b = 2; std::string s;"))
    engine.value(BOX)
    engine.edit("int a = 1;", "double z = 2.5; int a = 1;")
    migrations, [refused] = carried(engine)
    assert not migrations
    assert refused.type.endswith("::body") and len(refused.places) == 1
    with pytest.raises(LispError, match="body"):
        engine.value(FIELD.format("b"))


# --- sources beside headers ---------------------------------------------------------------------------------

API = """#pragma once
#include <string>
namespace NAME {
struct t { int v = 1; int get() const; };
int f(std::string const& s);
int count();
}
"""
SOURCE = """#include "NAME.hpp"
#include <cstring>
namespace NAME {
static int n = 0;
int f(std::string const& s) { return 10 * s.size(); }
int count() { return ++n; }
}
int NAME::t::get() const { return v; }
"""
CALLS = '[(cpp/NAME.f "abc") (cpp/NAME.count) (.get (cpp/NAME.t.))]'


def test_an_edited_source_is_built_again_and_in_force(engine: Engine) -> None:
    engine.write(API)
    engine.write(SOURCE, "NAME.cpp")
    assert list(engine.value(CALLS)) == [30, 1, 1]  # type: ignore[call-overload]
    engine.edit("10 *", "20 *", "NAME.cpp")
    assert list(engine.value(CALLS)) == [60, 1, 1]  # type: ignore[call-overload]
    engine.edit("int v = 1", "double pad = 0; int v = 8")
    assert list(engine.value(CALLS)) == [60, 1, 8]  # type: ignore[call-overload]


@slip(Where.HEADERS, "a companion that no longer compiles or links", "The old one stays in force.")
def test_a_source_that_is_wrong_leaves_the_old_in_force(engine: Engine) -> None:
    engine.write(API)
    engine.write(SOURCE, "NAME.cpp")
    assert list(engine.value(CALLS)) == [30, 1, 1]  # type: ignore[call-overload]
    with pytest.raises(CppError, match="does not compile"):
        engine.edit("10 *", "nowhere *", "NAME.cpp")
    assert list(engine.value(CALLS)) == [30, 2, 1]  # type: ignore[call-overload]
    with pytest.raises(CppError, match=r"needs .*_far.*, which no loaded library defines"):
        engine.edit("{ return nowhere *", "{ int NAME_far(); return NAME_far() *", "NAME.cpp")
    assert list(engine.value(CALLS)) == [30, 3, 1]  # type: ignore[call-overload]
    engine.edit("{ int NAME_far(); return NAME_far() *", "{ return 20 *", "NAME.cpp")
    assert list(engine.value(CALLS)) == [60, 1, 1]  # type: ignore[call-overload]


def test_an_untouched_source_goes_on_with_its_state(engine: Engine) -> None:
    """It is called under its new names by jumps to the code that there is."""
    engine.write(API)
    engine.write(SOURCE, "NAME.cpp")
    engine.write(
        "#pragma once\nnamespace NAME { inline int extra() { return 1; } }\n", "NAME_x.hpp"
    )
    assert list(engine.value(CALLS, "NAME_x.hpp")) == [30, 1, 1]  # type: ignore[call-overload]
    engine.edit("return 1;", "return 2;", "NAME_x.hpp")
    assert engine.value("(cpp/NAME.extra)", "NAME_x.hpp") == 2
    assert list(engine.value(CALLS, "NAME_x.hpp")) == [30, 2, 1]  # type: ignore[call-overload]
