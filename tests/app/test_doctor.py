"""The doctor names what is missing and the command that mends it."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest
from rich.console import Console

from app import doctor, system
from app.doctor import Check, Status
from runtime.cling import headers


def find(name: str) -> Check:
    return next(check for check in doctor.check_all() if check.name == name)


def report() -> tuple[int, str]:
    """The exit code and the text as a terminal without colours shows it."""
    text = io.StringIO()
    code = doctor.report(Console(file=text, no_color=True, width=80))
    return code, text.getvalue()


def test_the_environment_of_the_tests_is_complete() -> None:
    code, text = report()
    assert code == 0, text
    assert "Scripts can run." in text
    assert "missing" not in text


def test_a_missing_compiler_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    code, text = report()
    assert code == 1
    assert "missing  C++ compiler" in text
    assert "    sudo apt-get install --no-install-recommends g++\n" in text
    assert "Scripts cannot run yet." in text


def test_vectors_without_their_extension_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pvectorc" else real(name)
    )
    check = find("pyrsistent")
    assert check.status is Status.WARNING
    assert check.remedy == "make clean setup"


def test_collections_that_cannot_be_read_in_place_are_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find("collections' layout").status is Status.OK
    said = Check("", Status.OK, "immutables and pyrsistent, pyrsistent.PVector")
    monkeypatch.setattr(doctor, "_tried", lambda *_: said)
    check = find("collections' layout")
    assert check.status is Status.WARNING
    assert check.detail == "pyrsistent.PVector is laid out otherwise: look-ups are slower"


def test_headers_that_were_not_fetched_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(headers.LOCAL_HEADERS, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find("Dear ImGui's headers").status is Status.WARNING
    assert report()[0] == 0


def test_named_headers_that_are_not_there_stop_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(headers.LOCAL_HEADERS, str(tmp_path))
    assert find("Dear ImGui's headers").status is Status.MISSING
    assert report()[0] == 1


def test_folders_that_cannot_be_made_stop_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(blocked / "config"))
    check = find("user's folders")
    assert check.status is Status.MISSING
    assert str(blocked) in check.remedy


def test_no_display_and_no_xvfb_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    check = find("display")
    assert check.status is Status.WARNING
    assert check.remedy == "sudo apt-get install --no-install-recommends xvfb"


def test_a_crash_while_trying_native_code_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    check = doctor._tried("a library", "import os; os.abort()", "1.0", "reinstall it")
    assert check.status is Status.MISSING
    assert "status -6" in check.detail
    assert check.remedy == "reinstall it"


def test_one_line_installs_everything_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = [need for need in system.NEEDS if need.package in ("xvfb", "g++")]
    assert system.install_line(absent) == ("sudo apt-get install --no-install-recommends g++ xvfb")


def test_a_machine_without_apt_is_told_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert system.main(["--install", "base"]) == 3
    told = capsys.readouterr().err
    assert "lacks a C++ compiler" in told
    assert "sudo apt-get install" in told


def test_a_machine_that_has_everything_is_told_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert system.main(["base", "display"]) == 0
    assert capsys.readouterr() == ("", "")
