"""A display is found, or made and ended. Each case runs in a process of its own, as a start does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.environment import ASSETS, VirtualDisplay

PROGRAM = """
import os
from app.environment import ensure_display, has_display
print(ensure_display().value, os.environ.get("DISPLAY", ""), has_display())
"""


def start(**changes: str) -> tuple[str, str]:
    """What the program says in an environment with no display but `changes`."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment | changes,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr.strip()


def answers(display: str) -> bool:
    """Whether an X server listens there."""
    return os.path.exists(f"/tmp/.X11-unix/X{display.removeprefix(':')}")


def test_without_a_display_a_virtual_one_is_made_and_ended() -> None:
    out, err = start()
    kind, name, works = out.split()
    assert (kind, works) == ("virtual", "True")
    assert err == f"No display was found: running on the virtual display {name}."
    assert not answers(name)


def test_a_display_that_does_not_answer_counts_as_none() -> None:
    out, _ = start(DISPLAY=":987")
    assert out.startswith("virtual :")
    assert ":987" not in out


def test_a_display_that_answers_is_used_and_nothing_is_said(virtual_display: str) -> None:
    assert start(DISPLAY=virtual_display) == (f"real {virtual_display} True", "")


def test_without_xvfb_it_runs_offscreen_and_says_so() -> None:
    out, err = start(PATH="")
    assert out == "none  False"
    assert "no Xvfb" in err
    assert "offscreen" in err


def test_two_virtual_displays_have_different_names() -> None:
    first, second = VirtualDisplay(), VirtualDisplay(640, 480)
    first.start()
    try:
        second.start()
        assert first.name != second.name
        assert answers(first.name)
        assert answers(second.name)
    finally:
        first.stop()
        second.stop()
    assert not answers(first.name)


def test_a_virtual_display_that_ends_at_once_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Xvfb").symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="did not come up"):
        VirtualDisplay().start()


def test_the_assets_stand_beside_the_packages() -> None:
    assert (ASSETS.parent / "pyproject.toml").is_file()
