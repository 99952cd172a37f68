"""A program in files, saved again and again, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import LispError, LispErrors
from runtime.events import Reload

STRATEGIES = ("interpret", "stub-jit", "inline-jit", "tiered")


class Files:
    """A runtime and the folder of its program. `save` writes files and loads each that was written."""

    def __init__(self, folder: Path, strategy: str) -> None:
        self.folder = folder
        self.runtime = Runtime(strategy, threshold=5, include_dirs=[folder])
        self.errors: list[str] = []

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.jank"

    def save(self, text: str | bytes, name: str = "main") -> list[str]:
        """Write a file and load it; the messages of what went wrong."""
        content = text if isinstance(text, bytes) else text.encode()
        self.path(name).write_bytes(content)
        return self.load(name)

    def load(self, name: str = "main") -> list[str]:
        try:
            self.runtime.load(self.path(name))
        except LispErrors as e:
            return [str(error) for error in e.errors]
        except LispError as e:
            return [str(e)]
        return []

    def value(self, expression: str) -> str:
        """The value of an expression in the namespace `main`, as it is printed."""
        return pr_str(self.runtime.eval(f"(in-ns 'main) {expression}"))

    def reasons(self) -> list[str]:
        """What the last reload evaluated and why."""
        return list(self.runtime.events.of(Reload)[-1].reasons)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Callable[..., Files]]:
    """Makes a program's folder under a strategy."""
    made: list[Files] = []

    def make(strategy: str = "tiered") -> Files:
        folder = tmp_path / f"program{len(made)}"
        folder.mkdir()
        made.append(Files(folder, strategy))
        return made[-1]

    yield make
    for each in made:
        each.runtime.close()
