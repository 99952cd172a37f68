"""How C++ gets into a namespace: header requires, includes, referred globals, raw text; what fails there."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.errors import AnalysisError, CppError, LispError, render
from tests.conformance.interop.programs import FOLDER, STRATEGIES

_names = itertools.count(1)


@pytest.fixture(params=list(STRATEGIES))
def runtime(request: pytest.FixtureRequest) -> Runtime:
    made = Runtime(request.param, threshold=STRATEGIES[request.param], include_dirs=[FOLDER])
    request.addfinalizer(made.close)
    return made


def fresh(runtime: Runtime, clauses: str) -> str:
    """A new namespace with these clauses; its name."""
    name = f"conformance.headers{next(_names)}"
    runtime.eval(f"(ns {name} {clauses})")
    return name


@pytest.mark.parametrize(
    ("clauses", "source", "expected"),
    [
        ('(:require ["nested/inner.hpp" :as i :scope "outer_ns::inner_ns"])', "(i/answer)", 42),
        ('(:require ["nested/inner.hpp" :as i :scope "outer_ns.inner_ns"])', "(i/answer)", 42),
        ('(:require ["nested/inner.hpp" :as i :scope "outer_ns.inner_ns"])', "(.-v (i/thing.))", 6),
        ('(:require ["nested/inner.hpp" :as i :scope "outer_ns"])', "(i/inner_ns.answer)", 42),
        ('(:require ["nested/inner.hpp" :as i :scope ""])', "(i/nested_global)", 11),
        ('(:require ["nested/inner.hpp" :as i])', "(i/nested_global)", 11),
        ('(:require ["nested/inner.hpp" :as i])', "i/NESTED_MACRO", 31),
        ('(:require ["nested/inner.hpp" :as i])', "i/nested_b", 4),
        ('(:require ["nested/inner.hpp" :as i])', "(.-v (i/nested_struct. 8))", 8),
        ('(:require ["nested/inner.hpp"])', "(cpp/nested_global)", 11),
        ('(:require "nested/inner.hpp")', "(cpp/outer_ns.inner_ns.answer)", 42),
        ('(:include "nested/inner.hpp")', "(cpp/nested_global)", 11),
        ('(:include "cmath" "nested/inner.hpp")', "(cpp/std.sqrt 16.0)", 4.0),
        ('(:include "<cmath>")', "(cpp/std.floor 1.5)", 1.0),
        ('(:require ["cmath" :as m :scope "std"])', "(m/pow 2.0 3.0)", 8.0),
        ('(:require ["cstdlib" :as c :scope ""])', "(c/abs -4)", 4),
        (
            '(:include "nested/inner.hpp") (:refer-global :only [nested_global])',
            "(nested_global)",
            11,
        ),
        (
            '(:include "nested/inner.hpp") (:refer-global :only [nested_struct nested_b])',
            "(.-v (nested_struct. nested_b))",
            4,
        ),
        (
            '(:include "nested/inner.hpp") (:refer-global :only [outer_ns.inner_ns.answer])',
            "(outer_ns.inner_ns.answer)",
            42,
        ),
        (
            '(:require ["nested/inner.hpp" :as i] [clojure.string :as str])',
            "(str/upper-case (str (i/nested_global)))",
            "11",
        ),
    ],
)
def test_a_header_declares_its_names(
    runtime: Runtime, clauses: str, source: str, expected: object
) -> None:
    fresh(runtime, clauses)
    assert runtime.eval(source) == expected


def test_one_header_under_two_aliases(runtime: Runtime) -> None:
    fresh(
        runtime,
        '(:require ["nested/inner.hpp" :as a :scope "outer_ns"] ["nested/inner.hpp" :as b :scope ""])',
    )
    assert runtime.eval("(+ (a/inner_ns.answer) (b/nested_global))") == 53


def test_an_alias_belongs_to_its_namespace(runtime: Runtime) -> None:
    fresh(runtime, '(:require ["nested/inner.hpp" :as only-here :scope "outer_ns"])')
    fresh(runtime, "")
    with pytest.raises(AnalysisError, match="only-here"):
        runtime.eval("(only-here/inner_ns.answer)")


def test_require_as_a_call(runtime: Runtime) -> None:
    fresh(runtime, "")
    runtime.eval("""(require '["nested/inner.hpp" :as late :scope "outer_ns.inner_ns"])""")
    assert runtime.eval("(late/answer)") == 42


@pytest.mark.parametrize(
    ("clause", "kind", "texts"),
    [
        (
            '(:require «"absent.hpp"»)',
            CppError,
            ("the header absent.hpp is not found", "--include DIR", str(FOLDER)),
        ),
        ('(:require [«"absent.hpp" :as a»])', CppError, ("the header absent.hpp is not found",)),
        ('(:include «"absent.hpp"»)', CppError, ("the header absent.hpp is not found",)),
        (
            '(:require [«"broken.hpp" :as b :scope "broken"»])',
            CppError,
            ("broken.hpp does not compile", "undeclared_name", "broken.hpp:4:29"),
        ),
        (
            '(:require «["nested/inner.hpp" :refer [a]]»)',
            AnalysisError,
            (":refer is no option of a header require", ":as and :scope"),
        ),
        (
            '(:require «["nested/inner.hpp" :as i :scope 5]»)',
            AnalysisError,
            (":scope must be a string",),
        ),
        (
            '(:require «["nested/inner.hpp" :as]»)',
            AnalysisError,
            ("pairs of a keyword and a value",),
        ),
        ("(:include «5»)", AnalysisError, ("a header is named by a string",)),
        ("«(:nonsense 5)»", AnalysisError, ("nonsense is not a clause of ns",)),
    ],
)
def test_a_clause_that_is_wrong(
    runtime: Runtime, clause: str, kind: type[LispError], texts: tuple[str, ...]
) -> None:
    line = f"(ns wrong.clause {clause})".replace("«", "").replace("»", "")
    with pytest.raises(LispError) as caught:
        runtime.eval(line, filename="wrong.jank")
    shown = render(caught.value, lambda file: line if file == "wrong.jank" else None)
    assert type(caught.value) is kind, shown
    for text in texts:
        assert text in shown
    assert caught.value.span is not None
    assert caught.value.span.file == "wrong.jank"
    runtime.eval("(in-ns 'user)")
    assert runtime.eval("(+ 1 2)") == 3


def test_names_of_a_broken_header_stay_unknown(runtime: Runtime) -> None:
    for _ in range(2):
        with pytest.raises(CppError, match=r"broken.hpp does not compile"):
            runtime.eval('(ns wrong.broken (:require ["broken.hpp" :as b :scope "broken"]))')
        with pytest.raises(CppError, match="broken"):
            runtime.eval("(cpp/broken.fine)")
    assert runtime.eval("(+ 1 2)") == 3


@pytest.mark.parametrize("once", ["#pragma once\n", "#ifndef {0}_H\n#define {0}_H\n"])
def test_a_mended_header_is_read_again(runtime: Runtime, tmp_path: Path, once: str) -> None:
    name = f"mended{next(_names)}"
    end = "#endif\n" if "ifndef" in once else ""
    head = once.format(name)
    runtime.declarations.add_include_dirs([tmp_path])
    inner = tmp_path / f"{name}_inner.hpp"
    inner.write_text(
        once.format(f"{name}_inner") + f"inline int {name}_inner() {{ return 20; }}\n" + end
    )
    header = tmp_path / f"{name}.hpp"
    text = f'{head}#include "{inner.name}"\ninline int {name}() {{ return {name}_inner() + 1; }}\n{end}'
    header.write_text(text.replace("+ 1", "+ nowhere"))
    source = f'(ns {name} (:require ["{header.name}" :as h :scope ""]))'
    with pytest.raises(CppError, match="does not compile"):
        runtime.eval(source)
    with pytest.raises(CppError, match="does not compile"):
        runtime.eval(source)
    header.write_text(text)
    runtime.eval(source)
    assert runtime.eval(f"(h/{name})") == 21


# --- cpp/raw ---------------------------------------------------------------------------------------------


def test_raw_declares_at_global_scope(runtime: Runtime) -> None:
    n = next(_names)
    assert runtime.eval(f'(cpp/raw "inline int raw_fn{n}(int x) {{ return x + 1; }}")') is None
    assert runtime.eval(f"(cpp/raw_fn{n} 2)") == 3


def test_raw_text_may_span_lines_and_quote(runtime: Runtime) -> None:
    n = next(_names)
    runtime.eval(f"""(cpp/raw "#include <string>
      namespace raw_ns{n} {{
        inline std::string text() {{ return \\"a\\\\n\\"; }}
        template<class T> T twice(T x) {{ return x + x; }}
      }}")""")
    assert runtime.eval(f"(cpp/raw_ns{n}.text)") == "a\n"
    assert runtime.eval(f"(cpp/raw_ns{n}.twice 4)") == 8


def test_the_same_raw_twice_is_declared_once(runtime: Runtime) -> None:
    n = next(_names)
    source = f'(cpp/raw "struct raw_once{n} {{ int v = 4; }}; inline int raw_count{n} = 0;")'
    runtime.eval(source)
    runtime.eval(f"(cpp/= cpp/raw_count{n} 5)")
    runtime.eval(source)
    assert runtime.eval(f"cpp/raw_count{n}") == 5


def test_raw_inside_a_function_is_declared_when_it_is_compiled(runtime: Runtime) -> None:
    n = next(_names)
    runtime.eval(
        f'(defn f [] (cpp/raw "inline int raw_inner{n}() {{ return 9; }}") (cpp/raw_inner{n}))'
    )
    assert runtime.eval("(f)") == 9


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('(cpp/raw "int raw_bad_a = «undeclared_a»;")', "undeclared_a"),
        (
            '(cpp/raw "inline int raw_ok_b() { return 1; }\n  int raw_bad_b = «undeclared_b»;")',
            "undeclared_b",
        ),
        ('(str 1 (cpp/raw "\n\n int raw_bad_c() { return «undeclared_c»; }"))', "undeclared_c"),
        (
            '(cpp/raw "char const* raw_bad_d = \\"quoted\\"; int raw_bad_d2 = «undeclared_d»;")',
            "undeclared_d",
        ),
        ('(cpp/raw "int raw_bad_e = 1;\\nint raw_bad_e2 = «undeclared_e»;")', "undeclared_e"),
        ('(cpp/raw #cpp "int raw_bad_f = «undeclared_f»;")', "undeclared_f"),
        ('(cpp/raw "struct raw_bad_g { int a }«»")', "expected ';'"),
    ],
)
def test_an_error_in_raw_text_stands_where_clang_saw_it(
    runtime: Runtime, source: str, text: str
) -> None:
    mark = source.index("«")
    plain = source.replace("«", "").replace("»", "")
    with pytest.raises(CppError) as caught:
        runtime.eval(plain, filename="raw.jank")
    error = caught.value
    shown = render(error, lambda file: plain if file == "raw.jank" else None)
    assert text in shown
    before = source[:mark]
    assert error.span is not None
    place = (error.span.file, error.span.line, error.span.col)
    column = mark - before.rfind("\n")
    if text == "expected ';'":  # Clang points behind the word
        column -= 2
    assert place == ("raw.jank", 1 + before.count("\n"), column), shown


@pytest.mark.parametrize(
    "source",
    [
        "(cpp/raw)",
        "(cpp/raw 5)",
        '(cpp/raw "a" "b")',
        '(cpp/raw (str "int " "x;"))',
        '(let [t "int x;"] (cpp/raw t))',
    ],
)
def test_raw_takes_one_literal(runtime: Runtime, source: str) -> None:
    with pytest.raises(AnalysisError, match="cpp/raw"):
        runtime.eval(source)


def test_candidates_in_raw_text_are_shown_where_they_stand(runtime: Runtime) -> None:
    n = next(_names)
    runtime.eval(
        f'\n\n(cpp/raw "inline int raw_cand{n}(int a, int b) {{ return a + b; }}")',
        filename="cand.jank",
    )
    with pytest.raises(CppError) as caught:
        runtime.eval(f"(cpp/raw_cand{n} 1)")
    shown = render(caught.value)
    assert f"int raw_cand{n}(int a, int b)" in shown
    assert "cand.jank:3:22" in shown


# --- later declarations -------------------------------------------------------------------------------------


def test_a_later_overload_is_seen_by_later_forms(runtime: Runtime) -> None:
    n = next(_names)
    runtime.eval(
        f'(cpp/raw "#include <string>\ninline std::string over{n}(double) {{ return \\"double\\"; }}")'
    )
    call = f"(cpp/over{n} 1)"
    assert runtime.eval(call) == "double"
    runtime.eval(f'(cpp/raw "inline std::string over{n}(int) {{ return \\"int\\"; }}")')
    assert runtime.eval(call) == "int"


def test_a_name_unknown_before_is_known_after(runtime: Runtime) -> None:
    n = next(_names)
    with pytest.raises(CppError):
        runtime.eval(f"(cpp/soon{n} 1)")
    runtime.eval(f'(cpp/raw "inline int soon{n}(int x) {{ return x; }}")')
    assert runtime.eval(f"(cpp/soon{n} 1)") == 1


@pytest.mark.parametrize(
    ("first", "second", "call", "values"),
    [
        (
            "inline int {n}(int x) {{ return x + 1; }}",
            "inline int {n}(int x) {{ return x + 2; }}",
            "(cpp/{n} 1)",
            (2, 3),
        ),
        (
            "inline int {n}() {{ return 1; }}",
            "inline double {n}() {{ return 2.5; }}",
            "(cpp/{n})",
            (1, 2.5),
        ),
        (
            "struct {n} {{ int a = 1; }};",
            "struct {n} {{ double z = 0; int a = 2; }};",
            "(.-a (cpp/{n}.))",
            (1, 2),
        ),
        (
            "struct {n} {{ int f() {{ return 1; }} }};",
            "struct {n} {{ int f() {{ return 2; }} }};",
            "(.f (cpp/{n}.))",
            (1, 2),
        ),
        ("inline int {n} = 1;", "inline int {n} = 2;", "cpp/{n}", (1, 2)),
        ("enum {n}_t {{ {n} = 1 }};", "enum {n}_t {{ {n} = 2 }};", "cpp/{n}", (1, 2)),
        (
            "namespace {n} {{ inline int f() {{ return 1; }} }}",
            "namespace {n} {{ inline int f() {{ return 2; }} }}",
            "(cpp/{n}.f)",
            (1, 2),
        ),
        (
            "namespace {n} {{ struct s {{ int a = 1; }}; inline int f(s const& x) {{ return x.a; }} }}",
            "namespace {n} {{ struct s {{ int b = 0, a = 2; }}; inline int f(s const& x) {{ "
            "return x.a; }} }}",
            "(cpp/{n}.f (cpp/{n}.s.))",
            (1, 2),
        ),
        (
            "template<class T> T {n}(T x) {{ return x + 1; }}",
            "template<class T> T {n}(T x) {{ return x + 2; }}",
            "(cpp/{n} 1)",
            (2, 3),
        ),
    ],
)
def test_edited_raw_text_takes_the_place_of_the_old(
    runtime: Runtime,
    tmp_path: Path,
    first: str,
    second: str,
    call: str,
    values: tuple[object, object],
) -> None:
    name = f"edited{next(_names)}"
    script = tmp_path / f"{name}.jank"
    for text, expected in ((first, values[0]), (second, values[1]), (first, values[0])):
        body = text.format(n=name)
        script.write_text(
            f'(ns {name})\n(cpp/raw "{body}")\n(defn call [] {call.format(n=name)})\n'
        )
        runtime.load(script)
        assert runtime.call(f"{name}/call") == expected
        assert runtime.wait_idle(120)
        assert runtime.call(f"{name}/call") == expected


def test_raw_text_that_uses_what_was_edited_follows(runtime: Runtime, tmp_path: Path) -> None:
    name = f"follows{next(_names)}"
    script = tmp_path / f"{name}.jank"
    for value in (1, 2):
        pad = "double pad = 0; " * (value - 1)
        script.write_text(
            f'(ns {name})\n(cpp/raw "struct {name}_s {{ {pad}int a = {value}; }};")\n'
            f'(cpp/raw "inline int {name}_get({name}_s const& s) {{ return s.a; }}")\n'
            f"(defn call [] (cpp/{name}_get (cpp/{name}_s.)))\n"
        )
        runtime.load(script)
        assert runtime.call(f"{name}/call") == value


def test_edited_raw_text_that_is_wrong_leaves_the_old_running(
    runtime: Runtime, tmp_path: Path
) -> None:
    name = f"kept{next(_names)}"
    script = tmp_path / f"{name}.jank"
    good = f'(ns {name})\n(cpp/raw "inline int {name}_f() {{ return 1; }}")\n(defn call [] (cpp/{name}_f))\n'
    script.write_text(good)
    runtime.load(script)
    script.write_text(good.replace("return 1", "return nowhere"))
    with pytest.raises(LispError, match="nowhere"):
        runtime.load(script)
    assert runtime.call(f"{name}/call") == 1
    script.write_text(good.replace("return 1", "return 3"))
    runtime.load(script)
    assert runtime.call(f"{name}/call") == 3


@pytest.mark.parametrize("first", ["raw", "require"])
@pytest.mark.parametrize("through", ["", "other_"])
def test_a_header_that_includes_itself_is_an_error_until_it_is_mended(
    tmp_path: Path, first: str, through: str
) -> None:
    name = f"self{next(_names)}"
    header, other = tmp_path / f"{name}.hpp", tmp_path / f"other_{name}.hpp"
    body = f"\ninline int of_{name}() {{ return 5; }}\n"
    header.write_text(f'#include "{through}{name}.hpp"{body}')
    other.write_text(f'#include "{name}.hpp"\n')
    raw = f'(cpp/raw "#include \\"{name}.hpp\\"")'
    require = f'(require ["{name}.hpp" :as h :scope ""])'
    ways = [raw, require, require, raw] if first == "raw" else [require, raw, raw, require]
    runtime = Runtime("interpret", include_dirs=[tmp_path])
    for way in ways:
        with pytest.raises(CppError) as raised:
            runtime.eval(way)
        assert "nested too deeply" in render(raised.value)
    header.write_text(f"#pragma once{body}")
    assert runtime.eval(f"{require} (h/of_{name})") == 5
    assert runtime.eval(f"{raw} (cpp/of_{name})") == 5
    runtime.close()


def test_a_header_that_raw_text_could_not_include_is_read_again(tmp_path: Path) -> None:
    name = f"mended{next(_names)}"
    header = tmp_path / f"{name}.hpp"
    header.write_text(f"#pragma once\ninline int of_{name}() {{ return nothing; }}\n")
    raw = f'(cpp/raw "#include \\"{name}.hpp\\"\\ninline int twice_{name}() {{ return 2 * of_{name}(); }}")'
    runtime = Runtime("interpret", include_dirs=[tmp_path])
    for _ in range(2):
        with pytest.raises(CppError, match="nothing"):
            runtime.eval(raw)
    header.write_text(f"#pragma once\ninline int of_{name}() {{ return 4; }}\n")
    assert runtime.eval(f"{raw} (cpp/twice_{name})") == 8
    runtime.close()


@pytest.mark.parametrize("sound", [True, False])
def test_a_header_without_a_guard_may_be_included_twice_by_another(
    tmp_path: Path, sound: bool
) -> None:
    name = f"list{next(_names)}"
    (tmp_path / f"{name}.inc").write_text("ITEM(1) ITEM(2)\n")
    twice = f'#include "{name}.inc"\n#undef ITEM\n'
    text = f"""inline int sum_{name}() {{ int n = wrong;
#define ITEM(x) n += x;
{twice}
#define ITEM(x) n += 10 * x;
{twice}return n; }}
"""
    header = tmp_path / f"{name}.hpp"
    runtime = Runtime("interpret", include_dirs=[tmp_path])
    require = f'(require ["{name}.hpp" :as h :scope ""])'
    if not sound:
        header.write_text(text)
        with pytest.raises(CppError):
            runtime.eval(require)
    header.write_text(text.replace("wrong", "0"))
    assert runtime.eval(f"{require} (h/sum_{name})") == 33
    runtime.close()
