"""Bad text: every kind of reader error, where it points and what it says."""

from __future__ import annotations

import pytest

from runtime.errors import ReaderError, render
from runtime.reader import read_all, read_one


def fault(text: str | bytes) -> ReaderError:
    with pytest.raises(ReaderError) as caught:
        list(read_all(text, "f.jank"))
    return caught.value


def place(error: ReaderError) -> tuple[int, int, int, int]:
    assert error.span is not None
    return error.span.line, error.span.col, error.span.end_line, error.span.end_col


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("(a\n (b c)", "( is not closed", (1, 1, 1, 2)),
        ("a\n [1 #{2", "#{ is not closed", (2, 5, 2, 7)),
        ('(a "b\n)', "the string is not closed", (1, 4, 1, 5)),
        ('"\\"', "the string is not closed", (1, 1, 1, 2)),
        ('#"a', "the regular expression is not closed", (1, 1, 1, 3)),
        ("#(a", "#( is not closed", (1, 1, 1, 3)),
        ("#?(:jank 1", "#?( is not closed", (1, 1, 1, 4)),
        ("(a\n ]", "] closes (", (2, 2, 2, 3)),
        ("a )", "nothing is open that ) closes", (1, 3, 1, 4)),
        ("(')", "' has no form after it", (1, 3, 1, 4)),
        ("'", "' has no form after it", (1, 1, 1, 2)),
        ("#_", "#_ has no form after it", (1, 1, 1, 3)),
        ("^:a", "^ has no form after it", (1, 1, 1, 2)),
        ("#cpp", "#cpp has no form after it", (1, 1, 1, 5)),
        ("(~@)", "~@ has no form after it", (1, 4, 1, 5)),
        ("[{:a 1 :b}]", "a map has a key without a value", (1, 2, 1, 11)),
        ("{:a 1 :a 2}", "this key is in the map already", (1, 7, 1, 9)),
        ("{[1] 1 [1] 2}", "this key is in the map already", (1, 8, 1, 11)),
        ("{(f) 1 (f) 2}", "this key is in the map already", (1, 8, 1, 11)),
        ("#:n{:a 1 :n/a 2}", "this key is in the map already", (1, 10, 1, 14)),
        ("#{1 2\n 1}", "this item is in the set already", (2, 2, 2, 3)),
        ("(+ 1x)", "this is not a number", (1, 4, 1, 6)),
        ("08", "this is not a number", (1, 1, 1, 3)),
        ("1.2.3", "this is not a number", (1, 1, 1, 6)),
        ("1/0", "a ratio divides by zero", (1, 1, 1, 4)),
        ("40r1", "a radix is from 2 to 36", (1, 1, 1, 3)),
        ("2r102", "not all of these are digits in base 2", (1, 3, 1, 6)),
        ('"a\\q"', "this escape does not exist", (1, 3, 1, 5)),
        ('"a\n\\u12"', "four hexadecimal digits follow \\u", (2, 1, 2, 3)),
        ('"\\777"', "an octal escape ends at \\377", (1, 2, 1, 6)),
        ('"\\ud800"', "half of a surrogate pair", (1, 2, 1, 8)),
        ("\\abc", "this is not a character", (1, 1, 1, 5)),
        ("\\ud800", "this is not a character", (1, 1, 1, 7)),
        ("\\o400", "this is not a character", (1, 1, 1, 6)),
        ("\\", "a character is missing", (1, 1, 1, 2)),
        ("(a/)", "this is not a symbol", (1, 2, 1, 4)),
        ("/a", "this is not a symbol", (1, 1, 1, 3)),
        ("a:", "this is not a symbol", (1, 1, 1, 3)),
        (":", "this is not a keyword", (1, 1, 1, 2)),
        (":a/", "this is not a keyword", (1, 1, 1, 4)),
        ("::", "this is not a keyword", (1, 1, 1, 3)),
        (":a::b", "this is not a keyword", (1, 1, 1, 6)),
        ("::x/a", "user has no alias x", (1, 1, 1, 6)),
        ("#::x{:a 1}", "user has no alias x", (1, 4, 1, 5)),
        ("#:a [1]", "#:a is not before a map", (1, 1, 1, 8)),
        ("#(a #(b))", "#() inside #()", (1, 5, 1, 7)),
        ("#(a %x)", "this is not a parameter of #()", (1, 5, 1, 7)),
        ("#(a %21)", "this is not a parameter of #()", (1, 5, 1, 8)),
        ("(#foo 1)", "unknown tag #foo", (1, 2, 1, 6)),
        ("# a", "# before nothing", (1, 1, 1, 2)),
        ("##Foo", "unknown ## literal", (1, 1, 1, 6)),
        ('#inst "2024-13"', "#inst cannot read this", (1, 1, 1, 16)),
        ("#uuid 1", "#uuid cannot read this", (1, 1, 1, 8)),
        ('(re #"a(b")', "this is not a regular expression", (1, 8, 1, 9)),
        ("^1 x", "this is not metadata", (1, 2, 1, 3)),
        ("^:a 1", "this cannot have metadata", (1, 5, 1, 6)),
        ("#?(:jank)", "a feature without a form", (1, 4, 1, 9)),
        ("#?(a 1)", "a feature is a keyword", (1, 4, 1, 5)),
        ("#?1", "a reader conditional is a list", (1, 1, 1, 3)),
        ("#?@(:jank [1])", "#?@ at the top level", (1, 1, 1, 15)),
        ("[#?@(:jank 1)]", "#?@ splices a sequence", (1, 12, 1, 13)),
    ],
)
def test_bad_text_is_an_error_at_its_place(
    text: str, message: str, where: tuple[int, int, int, int]
) -> None:
    error = fault(text)
    assert error.message.startswith(message)
    assert place(error) == where
    assert error.expected


def test_bytes_that_are_not_utf8_are_an_error_at_the_first_of_them() -> None:
    error = fault("(é\n é".encode() + b"\xff)")
    assert place(error) == (2, 3, 2, 4)
    assert error.found == "byte 0xff"
    assert place(fault(b"a\xff")) == (1, 2, 1, 3)


def test_an_unclosed_bracket_tells_where_the_text_ends_and_what_else_is_open() -> None:
    error = fault("(defn f [x]\n  (let [y 1]\n    (g y)\n(defn h [])")
    assert place(error) == (2, 3, 2, 4)
    notes = [(note.message, str(note.span)) for note in error.notes]
    assert notes == [
        ("the text ends here", "f.jank:4:12"),
        ("( was opened here", "f.jank:1:1"),
        ("it may be missing before this form", "f.jank:4:1"),
    ]


def test_a_mismatched_bracket_tells_what_it_should_close() -> None:
    error = fault("(a [b)")
    assert (error.expected, error.found) == ("]", ")")
    assert [str(note.span) for note in error.notes] == ["f.jank:1:4"]


def test_a_duplicate_tells_where_the_first_one_is() -> None:
    assert str(fault("{:a 1\n :a 2}").notes[0].span) == "f.jank:1:2"


def test_the_rendered_error_shows_the_line_with_a_caret() -> None:
    text = "(+ 1\n   2x)"
    assert render(fault(text), lambda _: text).splitlines() == [
        "f.jank:2:4: reader error: this is not a number",
        "  expected: a number",
        "  found:    2x",
        "     2 |    2x)",
        "       |    ^^",
    ]


@pytest.mark.parametrize(
    "opening", ["(", "[", "{:a ", "#{", "'", "^:a ", "#_", "#?(:jank ", "`(", "@"]
)
def test_very_deep_nesting_is_an_error(opening: str) -> None:
    assert fault(opening * 10_000).message == "nesting too deep"


@pytest.mark.parametrize(
    "text", ["(" * 450 + ")" * 450, "[" * 450 + "]" * 450, "'" * 450 + "x", "#{" * 400 + "}" * 400]
)
def test_deep_nesting_is_read(text: str) -> None:
    assert read_one(text).text == text


def test_templates_and_keys_that_are_too_deep_are_errors_too() -> None:
    for text in ("`" + "(" * 480 + "~x" + ")" * 480, "#{" + "(" * 480 + ")" * 480 + "}"):
        try:
            read_one(text)
        except ReaderError as error:
            assert error.message == "nesting too deep"


def test_nothing_to_read_is_an_error() -> None:
    with pytest.raises(ReaderError, match="nothing to read"):
        read_one(" ; nothing")


def test_reading_goes_on_at_the_next_form_in_column_one() -> None:
    errors: list[ReaderError] = []
    text = '(a 1x\n  (b))\n(c)\n(d ]\n e\n(f "g\n(h)\n)\n(i) :j'
    forms = [form.text for form in read_all(text, "f.jank", errors=errors)]
    assert forms == ["(c)", "(h)", "(i)", ":j"]
    assert [str(e.span) for e in errors] == ["f.jank:1:4", "f.jank:4:4", "f.jank:6:4", "f.jank:8:1"]


def test_an_error_in_an_anonymous_function_does_not_outlast_its_form() -> None:
    errors: list[ReaderError] = []
    forms = [form.text for form in read_all("(#(a 1x))\n(#(b %))", errors=errors)]
    assert forms == ["(#(b %))"]
    assert len(errors) == 1


def test_bytes_that_are_not_utf8_are_collected_too() -> None:
    errors: list[ReaderError] = []
    assert list(read_all(b"(a \xff)", errors=errors)) == []
    assert len(errors) == 1
