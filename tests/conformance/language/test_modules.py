"""Namespaces in files: what is loaded when, what a reload changes, how deep forms may nest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.errors import AnalysisError, LispError, LispErrors, ReaderError


@pytest.fixture
def rt(tmp_path: Path) -> Iterator[Runtime]:
    runtime = Runtime("interpret", include_dirs=[tmp_path])
    yield runtime
    runtime.close()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_namespace_is_loaded_once(rt: Runtime, tmp_path: Path) -> None:
    write(tmp_path, "m/a.jank", "(ns m.a) (defonce loads (atom 0)) (swap! loads inc)")
    rt.eval("(require 'm.a) (require 'm.a) (require '[m.a :as a])")
    assert rt.eval("@m.a/loads") == 1


def test_reload_takes_what_changed(rt: Runtime, tmp_path: Path) -> None:
    write(tmp_path, "m/a.jank", "(ns m.a) (defn f [] 1)")
    rt.eval("(require '[m.a :as a]) (defn g [] (a/f))")
    write(tmp_path, "m/a.jank", "(ns m.a) (defn f [] 2)")
    assert rt.eval("(require 'm.a) (g)") == 1
    assert rt.eval("(require 'm.a :reload) (g)") == 2


def test_reload_of_one_among_several(rt: Runtime, tmp_path: Path) -> None:
    write(tmp_path, "m/a.jank", "(ns m.a) (def x 1)")
    write(tmp_path, "m/b.jank", "(ns m.b) (def x 1)")
    rt.eval("(require 'm.a 'm.b)")
    write(tmp_path, "m/a.jank", "(ns m.a) (def x 2)")
    write(tmp_path, "m/b.jank", "(ns m.b) (def x 2)")
    assert list(rt.eval("(require '[m.a :reload true] 'm.b) [m.a/x m.b/x]")) == [2, 1]


def test_a_failed_reload_keeps_the_old_definition(rt: Runtime, tmp_path: Path) -> None:
    write(tmp_path, "m/a.jank", "(ns m.a)\n(defn f [] 1)\n(defn g [] 1)")
    rt.eval("(require 'm.a)")
    path = write(tmp_path, "m/a.jank", "(ns m.a)\n(defn f [] nope)\n(defn g [] 2)")
    with pytest.raises(LispError) as raised:
        rt.eval("(require 'm.a :reload)")
    assert str(raised.value.span) == f"{path}:2:12"
    assert list(rt.eval("[(m.a/f) (m.a/g)]")) == [1, 2]


def test_the_extensions_have_an_order(rt: Runtime, tmp_path: Path) -> None:
    write(tmp_path, "m/a.clj", "(ns m.a) (def x :clj)")
    write(tmp_path, "m/a.cljc", "(ns m.a) (def x :cljc)")
    assert str(rt.eval("(require 'm.a) m.a/x")) == ":cljc"


def test_the_scripts_folder_is_on_the_path(tmp_path: Path) -> None:
    write(tmp_path, "beside.jank", "(ns beside) (def x 7)")
    script = write(tmp_path, "main.jank", "(ns main (:require [beside :as b])) (def y (inc b/x))")
    rt = Runtime("interpret")
    rt.load(script)
    assert rt.eval("main/y") == 8
    rt.close()


def test_all_broken_forms_of_a_file_are_reported(rt: Runtime, tmp_path: Path) -> None:
    script = write(tmp_path, "s.jank", "(ns s)\n(def a (nope))\n(def b 2)\n(if)\n(def c (/ 1 0))")
    with pytest.raises(LispErrors) as raised:
        rt.load(script)
    assert [(e.kind, e.span.line) for e in raised.value.errors if e.span] == [
        ("analysis error", 2),
        ("analysis error", 4),
        ("runtime error", 5),
    ]
    assert rt.eval("s/b") == 2


def test_evaluation_stops_at_the_form_that_fails(rt: Runtime) -> None:
    with pytest.raises(LispError):
        rt.eval("(def before 1) (nope) (def after 2)")
    assert rt.eval("[before (resolve 'after)]")[0] == 1
    assert rt.eval("(resolve 'after)") is None


@pytest.mark.parametrize("opening", ["(inc ", "[", "(let [a 1] ", "(fn [] ", "{:a ", "(when true "])
@pytest.mark.parametrize("depth", [500, 5_000])
def test_nesting_too_deep_is_an_error_with_a_place(rt: Runtime, opening: str, depth: int) -> None:
    closing = {"(": ")", "[": "]", "{": "}"}[opening[0]]
    with pytest.raises((ReaderError, AnalysisError), match="deep") as raised:
        rt.eval(opening * depth + "1" + closing * depth)
    assert raised.value.span is not None


def test_long_programs_are_no_deep_programs(rt: Runtime) -> None:
    assert rt.eval("(do " + "1 " * 10_000 + "2)") == 2
    assert rt.eval("(let [" + " ".join(f"a{i} {i}" for i in range(300)) + "] a299)") == 299
    assert rt.eval("(+ " + "1 " * 1_000 + ")") == 1_000
    assert rt.eval("(cond " + "false 1 " * 100 + ":else 2)") == 2


def test_an_endless_expansion_is_an_error(rt: Runtime) -> None:
    with pytest.raises(AnalysisError, match="does not end"):
        rt.eval("(defmacro again [] '(again)) (again)")
    with pytest.raises(AnalysisError, match="does not end"):
        rt.eval("(defmacro more [x] `(more (inc ~x))) (more 1)")
