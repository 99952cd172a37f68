"""C++ in a program that is saved again: raw text edited and removed, headers edited under what uses them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from runtime.events import CppReload
from tests.loading.conftest import STRATEGIES, Files
from tests.robustness import Where, slip

_serial = itertools.count(1)
Make = Callable[..., Files]


def edit_header(files: Files, name: str, text: str) -> None:
    """Save a header and wait until that is in force."""
    path = files.folder / name
    path.write_text(text)
    files.runtime.load_async(path)
    assert files.runtime.wait_idle(120)


def standing(files: Files) -> list[str]:
    return [str(problem.error) for problem in files.runtime.problems()]


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(Where.HEADERS, "a `cpp/raw` that is taken out", "Its names are known no longer.")
def test_removed_raw_text_is_known_no_longer(files: Make, strategy: str) -> None:
    program, f = files(strategy), f"removed_{next(_serial)}"
    use = f"(defn now [] (cpp/{f}))"
    raw = f'(cpp/raw "inline int {f}() {{ return 1; }}")'
    assert not program.save(f"(ns main) {raw} {use}")
    assert program.value("(now)") == "1"
    [error] = program.save(f"(ns main) {use}")
    assert "removed" in error
    assert program.value("(now)") == "1"  # the last good one
    assert not program.save(f"(ns main) {raw.replace('1;', '2;')} {use}")
    assert program.value("(now)") == "2"


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(Where.HEADERS, "a C++ macro changed 41 → 42 → 41", "It means what the file says.")
def test_a_macro_of_cpp_means_what_the_file_says(files: Make, strategy: str) -> None:
    program, name = files(strategy), f"MACRO_{next(_serial)}"
    for value in (41, 42, 41):
        text = f'(ns main) (cpp/raw "#define {name} {value}\\n") (def x cpp/{name})'
        assert not program.save(f"{text} (defn now [] cpp/{name})")
        assert program.value("[x (now)]") == f"[{value} {value}]"


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(
    Where.HEADERS, "an inline function redefined in a namespace", "What follows calls the new one."
)
def test_a_function_redefined_in_a_namespace_is_called_by_what_follows(
    files: Make, strategy: str
) -> None:
    """Not the old one beside it, which argument-dependent look-up would find."""
    program, n = files(strategy), f"adl_{next(_serial)}"
    for value in (1, 2):
        first = f"namespace {n} {{ struct s {{}}; inline int f(s) {{ return {value}; }} }}"
        second = f"inline int {n}_u() {{ return f({n}::s()); }}"
        text = f'(ns main) (cpp/raw "{first}") (cpp/raw "{second}") (defn now [] (cpp/{n}_u))'
        assert not program.save(text)
        assert program.value("(now)") == str(value)


HEADER = "#pragma once\nnamespace {n} {{ struct s {{ {field} }}; inline int f() {{ return {value}; }} }}\n"


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(
    Where.HEADERS,
    "an edited header",
    "All that depends on it is evaluated again; one that no longer compiles leaves the old in force.",
)
def test_an_edited_header_is_seen_by_all_that_depends_on_it(files: Make, strategy: str) -> None:
    program, n = files(strategy), f"dep_{next(_serial)}"
    header = f"{n}.hpp"

    def text(value: int, field: str = "int v = 1;") -> str:
        return HEADER.format(n=n, value=value, field=field)

    (program.folder / header).write_text(text(5))
    parts = f'(ns parts (:require ["{header}" :as h :scope "{n}"])) (def base (h/f)) (defn call [] (h/f))'
    program.path("parts").write_text(parts)
    main = (
        "(ns main (:require [parts :as p])) (def derived (* 10 p/base)) (def other 7)"
        "(defonce kept (atom 1)) (defn now [] [(p/call) p/base derived other @kept])"
    )
    assert not program.save(main)
    program.value("(reset! kept 3)")
    assert program.value("(now)") == "[5 5 50 7 3]"
    edit_header(program, header, text(6))
    assert program.value("(now)") == "[6 6 60 7 3]"
    [event] = program.runtime.events.of(CppReload)
    assert "main.jank, derived: base changed" in event.reasons
    assert not [reason for reason in event.reasons if "other" in reason or "kept" in reason]
    edit_header(program, header, text(8).replace("return 8", "return nowhere"))
    assert standing(program)
    assert program.value("(now)") == "[6 6 60 7 3]"
    edit_header(program, header, text(9))
    assert program.value("(now)") == "[9 9 90 7 3]"
    assert standing(program) == []


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(
    Where.HEADERS,
    "a struct whose layout changes while boxes of it live",
    "Plain structs are carried over field by field; a field that a script uses and that is gone "
    "is an error of the script.",
)
def test_a_box_outlives_a_change_of_layout(files: Make, strategy: str) -> None:
    program, n = files(strategy), f"box_{next(_serial)}"
    header = f"{n}.hpp"
    (program.folder / header).write_text(HEADER.format(n=n, value=1, field="int v = 1;"))
    main = (
        f'(ns main (:require ["{header}" :as h :scope "{n}"]))'
        "(defonce *b (cpp/box (cpp/new h/s))) (defn get-v [] (cpp/.-v (cpp/unbox *b)))"
        "(defn set-v [n] (cpp/= (cpp/.-v (cpp/unbox *b)) (cpp/int n)) nil)"
    )
    assert not program.save(main)
    program.value("(set-v 77)")
    edit_header(program, header, HEADER.format(n=n, value=1, field="double pad = 1; int v = 1;"))
    assert standing(program) == []
    assert program.value("(get-v)") == "77"
    program.value("(set-v 78)")
    edit_header(program, header, HEADER.format(n=n, value=1, field="double pad = 1; int w = 1;"))
    assert any("'v'" in error for error in standing(program))  # a field that a script uses is lost
    assert program.value("(get-v)") == "78"  # the last good one, over the object as it was
    edit_header(program, header, HEADER.format(n=n, value=1, field="int v = 2; int w = 1;"))
    assert standing(program) == []
    assert program.value("(get-v)") == "78"


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(
    Where.HEADERS,
    "the same while the script is broken or cannot be read",
    "The last good version goes on over the object as it was; both follow with the save that mends it.",
)
def test_a_box_follows_when_what_was_broken_is_mended(files: Make, strategy: str) -> None:
    program, n = files(strategy), f"late_{next(_serial)}"
    header = f"{n}.hpp"
    (program.folder / header).write_text(HEADER.format(n=n, value=1, field="int v = 1;"))
    main = (
        f'(ns main (:require ["{header}" :as h :scope "{n}"])) (def answer (h/f))'
        "(defonce *b (cpp/box (cpp/new h/s))) (defn get-v [] (cpp/.-v (cpp/unbox *b)))"
    )
    assert not program.save(main)
    program.value("(cpp/= (cpp/.-v (cpp/unbox *b)) (cpp/int 77))")
    for i, broken in enumerate((f"{main})", f'{main} (def s "', "", b"\xff")):
        assert program.save(broken)
        field = "double pad = 1; int v = 1;" if i % 2 == 0 else "int v = 1;"
        edit_header(program, header, HEADER.format(n=n, value=i + 2, field=field))
        assert program.value("(get-v)") == "77"  # the last good one
        assert not program.save(main)
        assert program.value("[answer (get-v)]") == f"[{i + 2} 77]"
        assert program.value("(cpp/.-v (cpp/unbox *b))") == "77"  # compiled now
    edit_header(program, header, HEADER.format(n=n, value=9, field="float pad = 1; int v = 1;"))
    assert program.value("[answer (get-v) (cpp/.-v (cpp/unbox *b))]") == "[9 77 77]"


@pytest.mark.parametrize("strategy", STRATEGIES)
@slip(Where.HEADERS, "a `cpp/raw` edited after a header that boxes hold types of", "Boxes go on.")
def test_a_box_follows_when_raw_text_is_declared_again_with_a_header(
    files: Make, strategy: str
) -> None:
    program, n = files(strategy), f"again_{next(_serial)}"
    header = f"{n}.hpp"
    (program.folder / header).write_text(HEADER.format(n=n, value=1, field="int v = 1;"))
    main = (
        f'(ns main (:require ["{header}" :as h :scope "{n}"]))'
        "(defonce *b (cpp/box (cpp/new h/s))) (defn get-v [] (cpp/.-v (cpp/unbox *b)))"
        f'(cpp/raw "namespace {n}_raw {{{{ inline int g() {{{{ return {{0}}; }}}} }}}}")'
        f"(defn g [] (cpp/{n}_raw.g))"
    )
    assert not program.save(main.format(1))
    program.value("(cpp/= (cpp/.-v (cpp/unbox *b)) (cpp/int 77))")
    edit_header(program, header, HEADER.format(n=n, value=2, field="int v = 1;"))
    for number in (2, 3):
        assert not program.save(main.format(number))
        assert program.value("[(g) (get-v) (cpp/.-v (cpp/unbox *b))]") == f"[{number} 77 77]"
    raw = f'(cpp/raw "namespace {n}_raw {{ inline int g() {{ return 4; }} }}")'
    assert program.value(f"{raw} [(g) (get-v) (cpp/.-v (cpp/unbox *b))]") == "[3 77 77]"
    assert not program.save(main[: main.index("(cpp/raw")])
    assert program.value("[(get-v) (cpp/.-v (cpp/unbox *b))]") == "[77 77]"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_script_that_gives_up_a_lost_field_gets_boxes_of_the_new_layout(
    files: Make, strategy: str
) -> None:
    program, n = files(strategy), f"lost_{next(_serial)}"
    header = f"{n}.hpp"
    (program.folder / header).write_text(HEADER.format(n=n, value=1, field="int v = 1; int k = 3;"))
    main = (
        f'(ns main (:require ["{header}" :as h :scope "{n}"]))'
        "(defonce *b (cpp/box (cpp/new h/s))) (defn get-it [] (cpp/.-v (cpp/unbox *b)))"
        "(defn set-k [n] (cpp/= (cpp/.-k (cpp/unbox *b)) (cpp/int n)) nil)"
    )
    assert not program.save(main)
    program.value("(set-k 5)")
    edit_header(program, header, HEADER.format(n=n, value=1, field="int k = 3; int w = 8;"))
    assert any("'v'" in error for error in standing(program))
    assert program.value("(get-it)") == "1"  # the last good one, over the object as it was
    assert not program.save(main.replace("cpp/.-v", "cpp/.-w"))
    assert program.value("(get-it)") == "8"
    assert not program.save(main.replace("cpp/.-v", "cpp/.-k"))
    assert program.value("(get-it)") == "5"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_box_follows_a_struct_of_raw_text(files: Make, strategy: str) -> None:
    program, n = files(strategy), f"rawbox_{next(_serial)}"
    raw = f'(cpp/raw "struct {n} {{ FIELDS }};")'
    main = (
        f"(ns main) {raw} (defonce *b (cpp/box (cpp/new cpp/{n})))"
        "(defn get-v [] (cpp/.-v (cpp/unbox *b)))"
        "(defn set-v [n] (cpp/= (cpp/.-v (cpp/unbox *b)) (cpp/int n)) nil)"
    )
    assert not program.save(main.replace("FIELDS", "int v = 1;"))
    program.value("(set-v 7)")
    for fields in ("double pad = 1; int v = 2;", "int v = 3;", "int v = 3; int more = 4;"):
        assert not program.save(main.replace("FIELDS", fields))
        assert program.value("(get-v)") == "7"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_headers_that_are_new_after_a_reload_share_namespaces_with_others(
    files: Make, strategy: str
) -> None:
    """With what was declared again, and with what never was."""
    program, n, o = files(strategy), f"shared_{next(_serial)}", f"other_{next(_serial)}"
    text = "#pragma once\n{more}namespace {n} {{ inline int {f}() {{ return {value}; }} }}\n"

    def write(file: str, f: str, value: str, ns: str = n, more: str = "") -> str:
        found = text.format(n=ns, f=f, value=value, more=more)
        (program.folder / f"{ns}{file}.hpp").write_text(found)
        return found

    def required(*names: str) -> str:
        return " ".join(f'["{s}{f}.hpp" :as {a} :scope "{s}"]' for a, s, f in map(str.split, names))

    write("_a", "a", "1")
    assert not program.save(f"(ns main (:require {required(f'a {n} _a')})) (defn now [] (a/a))")
    edit_header(program, f"{n}_a.hpp", write("_a", "a", "2"))
    write("_b", "b", "20")
    write("_c", "c", f"100 + {o}::d()", o, f'#include "{o}_d.hpp"\n')
    write("_d", "d", "300", o)
    headers = required(f"a {n} _a", f"b {n} _b", f"d {o} _d", f"c {o} _c")
    assert not program.save(
        f"(ns main (:require {headers})) (defn now [] [(a/a) (b/b) (d/d) (c/c)])"
    )
    assert program.value("(now)") == "[2 20 300 400]"
    edit_header(program, f"{o}_d.hpp", write("_d", "d", "500", o))
    assert program.value("(now)") == "[2 20 500 600]"
    raw = f'(cpp/raw "namespace {o} {{ inline int e() {{ return d() + 1; }} }}")'
    use = f"(defn now [] [(a/a) (b/b) (d/d) (c/c) (cpp/{o}.e)])"
    assert not program.save(f"(ns main (:require {headers})) {raw} {use}")
    assert program.value("(now)") == "[2 20 500 600 501]"
