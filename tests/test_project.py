"""The tree keeps its own rules: layout, directions of imports, dependencies, what files may say."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = ("app", "panels", "runtime")  # a package may import itself and those after it
NEEDED = {
    ".ci",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "README.md",
    "app",
    "assets",
    "panels",
    "pyproject.toml",
    "runtime",
    "tests",
}
ALLOWED = NEEDED | {".editorconfig", "docs"}


def files() -> list[Path]:
    """What git tracks, or would: not what is ignored, not what is deleted."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def sources(*packages: str) -> list[Path]:
    """The Python files of the packages."""
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The full name and line of every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield node.module or "", node.lineno


def distribution(line: str) -> str:
    """The normalised name in a requirement such as `PyOpenGL==3.1.10`."""
    return re.split(r"[=<>!~\[; ]", line)[0].lower().replace("_", "-")


def test_the_top_level_is_the_agreed_one() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in files()}
    assert found - ALLOWED == set()
    assert NEEDED - found == set()


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    words = [
        "py" + "pi.org",
        "python" + "hosted",
        "npm" + "js.",
        "deb." + "debian",
        "crates" + ".io",
    ]
    places = ["/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/", "/tmp/" + "w/", "." + "pyenv"]
    pattern = re.compile("|".join(map(re.escape, words + places)))
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize("package", OWN)
def test_imports_point_one_way(package: str) -> None:
    forbidden = {*OWN[: OWN.index(package)], "tests"}
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(package)
        for name, line in imports(path)
        if name.split(".")[0] in forbidden
    ]
    assert found == []


def test_one_package_imports_cppyy() -> None:
    found = {
        path.relative_to(ROOT).parent.as_posix()
        for path in sources(*OWN)
        for name, _ in imports(path)
        if name.split(".")[0] in ("cppyy", "cppyy_backend", "CPyCppyy")
    }
    assert found <= {"runtime/cling"}


def test_the_runtime_knows_no_window() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources("runtime")
        for name, line in imports(path)
        if name.split(".")[0] in ("glfw", "OpenGL", "typer")
    ]
    assert found == []


def third_party(*packages: str) -> dict[str, str]:
    """Distributions that the packages' files import, each with one place that does."""
    owners = packages_distributions()
    found: dict[str, str] = {}
    for path in sources(*packages):
        for name, line in imports(path):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in (*OWN, "tests"):
                owner = distribution(owners.get(top, [top])[0])
                found[owner] = f"{path.relative_to(ROOT)}:{line}"
    return found


def test_every_import_is_a_dependency() -> None:
    declared = {distribution(line) for line in METADATA["dependencies"]}
    used = third_party(*OWN)
    assert {name: used[name] for name in used.keys() - declared} == {}
    development = {distribution(line) for line in METADATA["optional-dependencies"]["dev"]}
    used = third_party("tests")
    assert {name: used[name] for name in used.keys() - declared - development} == {}


def test_every_dependency_is_imported() -> None:
    declared = {distribution(line) for line in METADATA["dependencies"]}
    assert declared - third_party(*OWN).keys() == set()


def test_every_dependency_has_one_exact_version() -> None:
    lines = METADATA["dependencies"] + METADATA["optional-dependencies"]["dev"]
    assert [line for line in lines if not re.fullmatch(r"[\w-]+==[\d.]+", line)] == []


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = METADATA["dependencies"] + METADATA["optional-dependencies"]["dev"]
    named = {distribution(name) for name in re.findall(r"^\| `?([\w-]+)`? \|", text, re.M)}
    assert {distribution(line) for line in lines} - named == set()


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(str(p.relative_to(ROOT)) for p in DOCS.rglob("*.md"))]
)
def test_what_pages_link_to_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_the_map_names_every_room_and_only_files_that_exist() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (ROOT / "runtime").iterdir() if (path / "__init__.py").exists()]
    assert [room for room in rooms if f"  {room}/ " not in text] == []
    named = set(re.findall(r"`((?:\w+/)*\w+\.(?:py|cpp|md))`", text))
    places = (ROOT, ROOT / "runtime", ROOT / "runtime" / "tiers", DOCS)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = []
    for path in sources(*OWN):
        text = path.read_text(encoding="utf-8")
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_continuous_integration_runs_make_test_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
