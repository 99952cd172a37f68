"""The persistent caches: everything below the user's cache folder, each kind in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import environment


def show() -> None:
    """Print each kind with its number of files and its size."""
    root = environment.cache_dir()
    table = Table(box=None, pad_edge=False)
    table.add_column("kept")
    table.add_column("files", justify="right")
    table.add_column("MB", justify="right")
    for entry in sorted(root.iterdir()) if root.is_dir() else ():
        files = _files(entry)
        table.add_row(entry.name, str(len(files)), f"{_size(files) / 1e6:.1f}")
    console = Console()
    console.print(str(root), markup=False, highlight=False, soft_wrap=True)
    console.print(table if table.row_count else "Nothing is kept.")


def clear() -> int:
    """Remove everything. Returns how many bytes that was."""
    root = environment.cache_dir()
    if not root.is_dir():
        return 0
    size = _size(_files(root))
    shutil.rmtree(root)
    return size


def build() -> None:
    """Fetch Dear ImGui's headers, the one thing that a first run must wait for."""
    from runtime.cling.headers import fetch_headers

    folder = fetch_headers().include_dirs[0]
    Console().print(
        f"Dear ImGui's headers: {folder}", markup=False, highlight=False, soft_wrap=True
    )


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def _size(files: list[Path]) -> int:
    return sum(path.stat().st_size for path in files)
