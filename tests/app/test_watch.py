"""Changes of files are told once they have settled, however the editor saves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import watch
from app.watch import Change, FileChange, Watcher

PROBE = "probe.jank"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "ui.jank"
    path.write_text("(def a 1)")
    return path


@pytest.fixture
def watcher(script: Path) -> Iterator[Watcher]:
    watcher = Watcher([script])
    write_until_seen(watcher, script.with_name(PROBE))
    yield watcher
    watcher.close()


def seen(watcher: Watcher, seconds: float = 100.0) -> list[FileChange]:
    """The first changes that come, or none after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        changes = [change for change in watcher.changes() if change.path.name != PROBE]
        if changes:
            return changes
        time.sleep(0.01)
    return []


def write_until_seen(watcher: Watcher, path: Path) -> None:
    """Write a file anew until it is told as written: the system's watch takes a while to stand."""
    while FileChange(path, Change.WRITTEN) not in watcher.changes():
        path.write_text("(ns probe)")
        time.sleep(0.05)


def test_a_written_file_is_told(watcher, script):
    script.write_text("(def a 2)")
    assert seen(watcher) == [FileChange(script, Change.WRITTEN)]


def test_a_file_replaced_by_renaming_is_told_as_written(watcher, script):
    fresh = script.with_suffix(".tmp")
    fresh.write_text("(def a 3)")
    os.replace(fresh, script)
    assert seen(watcher) == [FileChange(script, Change.WRITTEN)]


def test_a_file_that_is_removed_and_comes_back_is_told_as_written(watcher, script, monkeypatch):
    monkeypatch.setattr(watch, "SETTLE_SECONDS", 60.0)
    script.unlink()
    time.sleep(0.1)
    script.write_text("(def a 4)")
    changes = seen(watcher)
    assert {change.change for change in changes} == {Change.WRITTEN}


def test_a_deleted_file_is_told_and_its_return_too(watcher, script):
    script.unlink()
    assert seen(watcher) == [FileChange(script, Change.DELETED)]
    script.write_text("(def a 5)")
    assert seen(watcher) == [FileChange(script, Change.WRITTEN)]


def test_an_emptied_file_is_told(watcher, script):
    script.write_text("")
    assert seen(watcher) == [FileChange(script, Change.EMPTIED)]


def test_new_namespaces_below_the_folder_are_seen_and_other_files_are_not(watcher, script):
    (script.parent / "notes.txt").write_text("no script")
    folder = script.parent / "viewer"
    folder.mkdir()
    told: list[FileChange] = []
    while not told:
        (folder / "state.jank").write_text("(ns viewer.state)")
        told = seen(watcher, 0.1)
    assert told == [FileChange(folder / "state.jank", Change.WRITTEN)]
