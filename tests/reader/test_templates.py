"""Syntax quote: what the template of each form builds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runtime.core.kinds import vector
from runtime.core.meta import meta
from runtime.core.printing import pr_str
from runtime.core.values import List, Symbol
from runtime.errors import ReaderError
from runtime.reader import read_one


class Names:
    """Knows `let` and `inc` as core's, the alias `st`, no types, and puts all else into `user`."""

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        if sym.ns is not None:
            return Symbol(sym.name, self.resolve_alias(sym.ns) or sym.ns)
        if sym.name.endswith(".") and sym.name != "..":
            return sym
        return Symbol(sym.name, "clojure.core" if sym.name in ("let", "inc", "..") else "user")

    def resolve_alias(self, name: str) -> str | None:
        return "viewer.state" if name == "st" else None

    def current_ns(self) -> str:
        return "user"


def read(text: str) -> Any:
    return read_one(text, resolver=Names()).form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`x", "(quote user/x)"),
        ("`1", "1"),
        ("`:a", ":a"),
        ("`nil", "nil"),
        ("`()", "(quote ())"),
        ("`inc", "(quote clojure.core/inc)"),
        ("`st/x", "(quote viewer.state/x)"),
        ("`(if do .. . & .m T. a.b cpp/x)", "(quote (if do clojure.core/.. . & .m T. a.b cpp/x))"),
        ("`~x", "x"),
        ("`(a ~b)", "(clojure.core/list (quote user/a) b)"),
        ("`[~b]", "(clojure.core/vector b)"),
        ("`#{~b}", "(clojure.core/hash-set b)"),
        ("`{:a ~b}", "(clojure.core/hash-map :a b)"),
        ("`(~@b)", "(clojure.core/seq (clojure.core/concat b))"),
        (
            "`(1 ~@b 2)",
            "(clojure.core/seq (clojure.core/concat (clojure.core/list 1) b (clojure.core/list 2)))",
        ),
        ("`[~@b]", "(clojure.core/apply clojure.core/vector (clojure.core/concat b))"),
        ("`(a '~b)", "(clojure.core/list (quote user/a) (clojure.core/list (quote quote) b))"),
        ('`(#cpp "t")', '(quote (#cpp "t"))'),
    ],
)
def test_a_template_becomes_the_form_that_builds_it(text: str, expected: str) -> None:
    assert pr_str(read(text)) == expected


def test_generated_symbols_are_one_within_a_template_and_differ_between_templates() -> None:
    first, second = read("`(x# x# y#)")[1], read("`(x#)")[1]
    assert first[0] == first[1] != first[2]
    assert first[0] != second[0]
    assert re.fullmatch(r"x__\d+__auto__", first[0].name)


def test_parameters_of_a_function_in_a_template_are_generated_symbols() -> None:
    fn = read("`#(inc %)")[1]
    assert fn[1][0] == fn[2][1]
    assert fn[1][0].name.endswith("__auto__")


def test_metadata_in_a_template_is_kept() -> None:
    assert pr_str(meta(read("`^:a x")[1])) == "{:a true}"
    assert pr_str(meta(read("`^:a [x]")[1])) == "{:a true}"
    assert pr_str(read("`^{:t ~y} x")).startswith("(clojure.core/with-meta (quote user/x)")


def test_what_a_template_builds_stands_where_the_template_does() -> None:
    form = read("\n`(a ~b [c])")
    assert form.span.line == 2
    assert form[1][1].span.col == 3
    assert type(form) is List


def test_a_nested_template_is_expanded_inside_out() -> None:
    assert pr_str(read("``x")) == "(quote (quote user/x))"


def test_a_constant_template_holds_the_values_themselves() -> None:
    assert read('`[1 "a"]')[1] == vector([1, "a"])


def test_a_splice_needs_a_collection_around_it() -> None:
    with pytest.raises(ReaderError, match="not inside a list"):
        read("`~@x")


def test_a_native_literal_in_a_template_cannot_hold_an_unquote() -> None:
    with pytest.raises(ReaderError, match="cannot hold an unquote"):
        read("`(cpp/cast #cpp (:* ~t) x)")
