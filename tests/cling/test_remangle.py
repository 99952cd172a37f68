"""What functions are called in a world, held against what the system's compiler calls them there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.cling.remangle import in_world

DECLARED = """
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
struct glob {
  int x;
  glob(int); ~glob();
  int get() const; static glob make(int);
  bool operator==(glob const&) const; operator bool() const;
};
int of_glob(glob const& g, glob* h, int n);
double variadic(int n, ...);
namespace eng {
struct body { int a; void set(int); struct in { int q(); }; };
enum class kind { a, b };
int text(body const& x, std::string const& s);
int many(std::vector<body> const& x, std::map<std::string, body*> m, kind k);
int odd(std::function<int(body&, glob)> f, body (&a)[10], int (body::*p)(int), std::shared_ptr<body> s);
int plain(int const (*p)[4], unsigned long long u, char16_t c, decltype(nullptr));
namespace sub { int k(body, body::in&, kind); struct z { z(body const&); int m(z const&) const; }; }
template<class T> int of(T const& x, body y);
template<> int of<body>(body const&, body);
}
namespace usr {
int two(eng::body, glob&, eng::body&);
int pair(std::pair<eng::body, glob>, std::string_view);
}
"""
DEFINED = """
glob::glob(int) {} glob::~glob() {}
int glob::get() const { return 1; } glob glob::make(int) { return glob(1); }
bool glob::operator==(glob const&) const { return true; } glob::operator bool() const { return true; }
int of_glob(glob const& g, glob* h, int n) { return 1; }
double variadic(int n, ...) { return 1; }
namespace eng {
void body::set(int) {} int body::in::q() { return 1; }
int text(body const& x, std::string const& s) { return 1; }
int many(std::vector<body> const& x, std::map<std::string, body*> m, kind k) { return 1; }
int odd(std::function<int(body&, glob)> f, body (&a)[10], int (body::*p)(int), std::shared_ptr<body> s) { return 1; }
int plain(int const (*p)[4], unsigned long long u, char16_t c, decltype(nullptr)) { return 1; }
namespace sub { int k(body, body::in&, kind) { return 1; } z::z(body const&) {} int z::m(z const&) const { return 1; } }
template<> int of<body>(body const&, body) { return 1; }
}
namespace usr { int two(eng::body, glob&, eng::body&) { return 1; }
int pair(std::pair<eng::body, glob> p, std::string_view) { return 1; } }
"""  # noqa: E501 - a table of C++
ROOTS = {"glob", "eng", "usr"}
FUNCTIONS = {"of_glob", "variadic"}


def exported(folder: Path, name: str, text: str) -> set[str]:
    """The functions that the system's compiler exports for a text."""
    source, library = folder / f"{name}.cpp", folder / f"{name}.so"
    source.write_text(text)
    command = ["g++", "-std=c++20", "-fPIC", "-shared", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return {row[2] for row in rows if row[1] == "T"}


@pytest.mark.skipif(shutil.which("g++") is None, reason="the names are held against g++'s")
def test_every_function_is_called_what_the_compiler_calls_it(tmp_path: Path) -> None:
    includes = "\n".join(re.findall(r"#include.*", DECLARED))
    rest = re.sub(r"#include.*", "", DECLARED)
    outside = exported(tmp_path, "outside", DECLARED + DEFINED)
    inside = exported(tmp_path, "inside", f"{includes}\nnamespace ts_r12 {{ {rest} {DEFINED} }}\n")
    assert len(outside) > 20
    assert {in_world(symbol, "ts_r12", ROOTS, FUNCTIONS) for symbol in outside} == inside


@pytest.mark.parametrize(
    "symbol",
    [
        pytest.param("main", id="C"),
        pytest.param("_ZTVN3eng4bodyE", id="a table of virtual functions"),
        pytest.param("_ZN5other1fERKN3eng4bodyE", id="a function of somebody else"),
        pytest.param("_Z5otheri", id="a global function of somebody else"),
        pytest.param("_ZN3eng1fILi5EEEvv", id="a literal among its template's arguments"),
        pytest.param("_ZN3eng", id="cut off"),
    ],
)
def test_what_is_not_understood_has_no_name_there(symbol: str) -> None:
    assert in_world(symbol, "ts_r1", ROOTS, FUNCTIONS) is None
