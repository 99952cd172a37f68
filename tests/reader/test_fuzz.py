"""Whatever the text, reading it ends in forms or in ReaderErrors with places."""

from __future__ import annotations

import pytest

from runtime.errors import ReaderError
from runtime.reader import read_all, read_one
from runtime.reader.reader import MOST_ERRORS
from tests.reader import fuzzed


def test_fuzzed_texts_give_forms_or_reader_errors() -> None:
    for text in fuzzed.inputs(seed=3, count=3_000):
        assert fuzzed.outcome(text) == "", text


MANY_ERRORS = {
    "brackets that close nothing": "(]\n",
    "forms that do not end": "(foo\n",
    "strings that do not end": '(foo "\n',
    "numbers that are none": "(foo 1x)\n",
}


@pytest.mark.parametrize("name", MANY_ERRORS)
def test_after_so_many_errors_the_rest_is_left_unread(name: str) -> None:
    errors: list[ReaderError] = []
    assert not list(read_all(MANY_ERRORS[name] * 5_000, "a.jank", errors=errors))
    assert len(errors) == MOST_ERRORS + 1
    assert errors[-1].message == "the rest was not read: too many errors before"
    assert errors[-1].span is not None
    assert errors[-1].span.line == MOST_ERRORS + 1


def test_errors_know_their_lines_however_many_came_before() -> None:
    errors: list[ReaderError] = []
    text = "(ok)\n(1x)\n" * 50
    forms = list(read_all(text, "a.jank", errors=errors))
    assert len(forms) == 50
    assert [e.span.line for e in errors if e.span] == list(range(2, 101, 2))


def test_an_exponent_no_decimal_has_is_an_error() -> None:
    with pytest.raises(ReaderError, match="the exponent is too large"):
        read_one("1e99999999999999999999M")


def test_long_numbers_of_any_radix_are_read() -> None:
    assert read_one("7r" + "1" * 6_000).form == (7**6_000 - 1) // 6
