"""The settings file, and what is said about a wrong one."""

from __future__ import annotations

import pytest

from app.settings import Settings, load
from runtime.errors import EnvironmentFault


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load(tmp_path) == Settings()


def test_values_are_read_and_whole_numbers_are_numbers(tmp_path):
    (tmp_path / "settings.toml").write_text("font_size = 18\nvsync = false\n")
    assert load(tmp_path) == Settings(font_size=18.0, vsync=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("font_size =", "cannot be read"),
        ("fontsize = 3", "unknown setting fontsize"),
        ("vsync = 'yes'", "wrong value of vsync"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_it(tmp_path, text, says):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(EnvironmentFault, match=says) as raised:
        load(tmp_path)
    assert raised.value.span.file.endswith("settings.toml")
