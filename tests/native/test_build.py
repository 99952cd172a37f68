"""The extension is compiled when something it depends on changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.native import build


def test_a_second_build_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    target = build.build()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing changed, and yet the compiler runs")

    monkeypatch.setattr(build.subprocess, "run", refuse)
    assert build.build() == target


def test_a_changed_source_or_flag_asks_for_a_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build, "HERE", tmp_path)
    source = tmp_path / "part.cpp"
    source.write_text("int a;")
    before = build.extension_digest(["g++"])
    source.write_text("int b;")
    changed = build.extension_digest(["g++"])
    monkeypatch.setattr(build, "FLAGS", ["-O0"])
    assert (
        len({before, changed, build.extension_digest(["g++"]), build.extension_digest(["clang++"])})
        == 4
    )
