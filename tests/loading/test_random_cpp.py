"""Random edits of random programs over C++: after each save, the live program is what a fresh load gives."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

import pytest

from runtime import Runtime
from tests.loading.compare import errors, load, opened, state
from tests.loading.cpp_programs import CppPrograms

_serial = itertools.count(1)
EDITS = 6
CASES = [
    ("interpret", 301, False),
    ("interpret", 306, False),
    ("stub-jit", 341, False),
    ("inline-jit", 331, False),
    ("tiered", 322, False),
    ("tiered", 311, True),
]


@pytest.mark.parametrize(("strategy", "seed", "companion"), CASES)
def test_random_edits_of_cpp(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    seed: int,
    companion: bool,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert differences(seed, EDITS, strategy, companion, tmp_path) == []


def differences(seed: int, edits: int, strategy: str, companion: bool, folder: Path) -> list[str]:
    """What differs between a program that was edited while it ran and a fresh load, at the first edit
    where something does."""
    program = CppPrograms(Random(seed), companion)
    name, sound = f"fuzz{next(_serial)}_", 0
    (folder / "live").mkdir()
    written = _write(program, folder / "live", name, {})
    with opened(strategy, folder / "live") as live:
        load(live, folder / "live" / "main.jank")
        for number in range(edits):
            if number:
                if live.problems() and program.rng.random() < 0.7:
                    program.undo()
                else:
                    program.edit()
                written = _save(live, program, folder / "live", name, written)
            wrong = _beside_fresh(live, program, folder / str(number), name, f"{name}{number}_")
            if wrong:
                return [f"seed {seed}, edit {number}", *wrong, *program.files().values()]
            sound += not live.problems()
    return [] if sound > 1 else [f"seed {seed} has no sound states"]


def _write(
    program: CppPrograms, folder: Path, name: str, known: dict[Path, str]
) -> dict[Path, str]:
    """Write what differs from `known`; all texts by path."""
    found = {
        folder / file.replace("NAME", name): text.replace("NAME", name)
        for file, text in program.files().items()
    }
    for path, text in found.items():
        if known.get(path) != text:
            path.write_text(text)
    return found


def _save(
    live: Runtime, program: CppPrograms, folder: Path, name: str, known: dict[Path, str]
) -> dict[Path, str]:
    """Save an edit: what the watcher would tell."""
    texts = _write(program, folder, name, known)
    changed = [path for path in texts if known.get(path) != texts[path]]
    for path in program.rng.sample(changed, len(changed)):
        live.load_async(path)
    assert live.wait_idle(120)
    return texts


def _beside_fresh(
    live: Runtime, program: CppPrograms, folder: Path, name: str, other: str
) -> list[str]:
    """Differences to a load of the same files with other names."""
    folder.mkdir()
    _write(program, folder, other, {})
    with opened("interpret", folder) as fresh:
        load(fresh, folder / "main.jank")
        if bool(live.problems()) != bool(fresh.problems()):
            return [f"here: {errors(live)}", f"in a fresh load: {errors(fresh)}"]
        if live.problems():
            return []
        if not isinstance(live.call("main/once-read", 1), int):
            return ["the box is lost"]
        mine, its = state(live, ["main"]), state(fresh, ["main"])
    return [
        f"{var}: {mine.get(var)} is {its.get(var)} in a fresh load"
        for var in sorted(mine.keys() | its.keys())
        if mine.get(var) != its.get(var)
    ]
