"""Which names a C++ text defines at global scope."""

from __future__ import annotations

import pytest

from runtime.cling.global_names import Kind, global_names

X, N, M = Kind.OTHER, Kind.NAMESPACE, Kind.MACRO


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("inline int f(int x) { return x; }", {"f": X}),
        ("int f(int x);", {"f": X}),
        ("static inline std::vector<int> const& f(std::map<int, int> m) noexcept { return g(); }", {"f": X}),
        ("auto f() -> int { return 1; }", {"f": X}),
        ("template<class T, class U = std::vector<T>> T f(T x) { return x; }", {"f": X}),
        ("struct s { int a = 1; int f() { return 1; } };", {"s": X}),
        ("struct s; class t : public s { };", {"s": X, "t": X}),
        ("template<class T> struct s { T v; };", {"s": X}),
        ("enum e { a, b }; enum class k : int { c };", {"e": X, "k": X}),
        ("using u = std::vector<int>; typedef unsigned long w;", {"u": X, "w": X}),
        ("using namespace std; using std::swap;", {}),
        ("namespace n { int f(); namespace m { } } namespace o::p { }", {"n": N, "o": N}),
        ("inline int level = 3; int array[4]; int braced{ 5 };", {"level": X, "array": X, "braced": X}),
        ("#define A 1\n#define B(x) \\\n  (x + f(x))\nint f();", {"A": M, "B": M, "f": X}),
        ("// int no();\n/* int never(); */ char const* t = \"int nope();\";", {"t": X}),
        ("extern \"C\" int c(int);", {"c": X}),
        ("namespace std { template<> struct hash<s> {}; }", {}),
        ("", {}),
        ("}}}{{{", {}),
    ],
)  # fmt: skip
def test_names(text: str, names: dict[str, Kind]) -> None:
    assert global_names(text) == names
