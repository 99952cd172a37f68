"""`tierscope doctor`: what is installed, what is missing, and the command that mends it.

What loads native code is tried in a process of its own, so that a crash there is a finding here.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import environment, system
from runtime.cling import headers
from runtime.errors import EnvironmentFault

REINSTALL = "make clean setup"


class Status(Enum):
    """`WARNING` leaves the main job possible, `MISSING` does not."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one question about the machine; `remedy` is a command, "" when all is well."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def check_all() -> list[Check]:
    """Every check, in the order in which what is missing should be mended."""
    return [check() for check in CHECKS]


def report(console: Console) -> int:
    """Print the checks as a table, and the remedies below; 0, or 1 when the main job cannot run."""
    checks = check_all()
    table = Table(box=None, pad_edge=False)
    table.add_column("status", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("found", overflow="fold")
    styles = {Status.OK: "green", Status.WARNING: "yellow", Status.MISSING: "bold red"}
    for check in checks:
        style = styles[check.status]
        table.add_row(f"[{style}]{check.status.value}[/]", check.name, check.detail)
    console.print(table)
    for check in checks:
        if check.remedy:
            console.print(f"\n{check.name}: {check.detail}", markup=False)
            console.print(f"    {check.remedy}", markup=False, soft_wrap=True)
    broken = any(check.status is Status.MISSING for check in checks)
    console.print("\nScripts cannot run yet." if broken else "\nScripts can run.")
    return int(broken)


def _python() -> Check:
    found = f"{sys.version.split()[0]}, {sys.executable}"
    if (3, 11) <= sys.version_info < (3, 14):
        return Check("Python", Status.OK, found)
    return Check("Python", Status.MISSING, found, "make clean, then: make setup PYTHON=python3.11")


def _compiler() -> Check:
    for name in ("c++", "g++", "clang++"):
        path = shutil.which(name)
        if path:
            return Check("C++ compiler", Status.OK, f"{_first_line([path, '--version'])}, {path}")
    line = system.install_line(need for need in system.NEEDS if need.package == "g++")
    return Check("C++ compiler", Status.MISSING, "none on the path", line)


def _cppyy() -> Check:
    code = "#include <string>\\nstd::string tierscope_probe() { return __VERSION__; }"
    program = f"import cppyy; cppyy.cppdef('{code}'); print(cppyy.gbl.tierscope_probe())"
    found = _installed("cppyy")
    return _tried("cppyy and Cling", program, f"cppyy {found}", REINSTALL)


def _imgui() -> Check:
    program = "from imgui_bundle import imgui; print('Dear ImGui', imgui.get_version())"
    found, wanted = _installed("imgui-bundle"), _pinned("imgui-bundle")
    lacking = [need for need in system.missing(["base"]) if need.package == "libx11-6"]
    remedy = system.install_line(lacking) if lacking else REINSTALL
    check = _tried("imgui-bundle", program, found, remedy)
    if check.status is Status.OK and wanted and found != wanted:
        detail = f"{found}, tried only with {wanted}"
        return Check(check.name, Status.WARNING, detail, REINSTALL)
    return check


def _vectors() -> Check:
    name = "pyrsistent"
    if importlib.util.find_spec("pvectorc"):
        return Check(name, Status.OK, f"{_installed(name)} with its C extension")
    detail = f"{_installed(name)} without its C extension: vectors are many times slower"
    return Check(name, Status.WARNING, detail, REINSTALL)


def _native() -> Check:
    program = "import runtime.native._support as module; print(module.__file__)"
    return _tried("native extension", program, "built", "python -m runtime.native.build")


def _layouts() -> Check:
    name = "collections' layout"
    program = (
        "from runtime.native._support import readable_layouts as found;"
        "print(', '.join(name for name, known in found().items() if not known) or 'as expected')"
    )
    check = _tried(name, program, "immutables and pyrsistent", REINSTALL)
    if check.status is not Status.OK or check.detail.endswith("as expected"):
        return check
    detail = f"{check.detail.split(', ', 1)[1]} is laid out otherwise: look-ups are slower"
    return Check(name, Status.WARNING, detail, REINSTALL)


def _headers() -> Check:
    name = "Dear ImGui's headers"
    try:
        found = headers.find_headers()
    except EnvironmentFault as fault:
        return Check(name, Status.MISSING, f"{fault}; expected {fault.expected}", "")
    except PackageNotFoundError:
        return Check(name, Status.MISSING, "imgui-bundle is not installed", REINSTALL)
    if found is not None:
        return Check(name, Status.OK, str(found.include_dirs[0]))
    remedy = "python -m runtime.cling.headers"
    return Check(name, Status.WARNING, "not fetched yet: the first run does", remedy)


def _window() -> Check:
    lacking = [need for need in system.missing(["display"]) if need.package != "xvfb"]
    if lacking:
        names = ", ".join(need.name for need in lacking)
        detail = f"lacks {names}: scripts run offscreen"
        return Check("OpenGL", Status.WARNING, detail, system.install_line(lacking))
    return _tried(
        "OpenGL", "import glfw; print(glfw.get_version_string().decode())", "GLFW", REINSTALL
    )


def _display() -> Check:
    if environment.has_display():
        name = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform
        return Check("display", Status.OK, name)
    if shutil.which("Xvfb"):
        return Check("display", Status.OK, "none; Xvfb will make a virtual one")
    line = system.install_line(need for need in system.NEEDS if need.package == "xvfb")
    return Check("display", Status.WARNING, "none, and no Xvfb: scripts run offscreen", line)


def _folders() -> Check:
    for folder in (environment.cache_dir(), environment.config_dir()):
        standing = next(path for path in (folder, *folder.parents) if path.exists())
        if not (standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)):
            remedy = f"chmod u+wx {standing}, or set XDG_CACHE_HOME and XDG_CONFIG_HOME"
            return Check("user's folders", Status.MISSING, f"{folder} cannot be written", remedy)
    found = f"{environment.cache_dir()}, {environment.config_dir()}"
    return Check("user's folders", Status.OK, found)


def _assets() -> Check:
    scripts = sorted(environment.ASSETS.glob("scripts/*.jank"))
    if scripts:
        return Check("assets", Status.OK, f"{len(scripts)} scripts in {environment.ASSETS}")
    return Check("assets", Status.WARNING, f"no scripts in {environment.ASSETS}", REINSTALL)


CHECKS: Iterable[Callable[[], Check]] = (
    _python,
    _compiler,
    _cppyy,
    _imgui,
    _vectors,
    _native,
    _layouts,
    _headers,
    _window,
    _display,
    _folders,
    _assets,
)


def _tried(name: str, program: str, found: str, remedy: str) -> Check:
    """Run `program` in a new process: its last line is the detail, a failure the finding."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parent.parent,
    )
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    last = said[-1] if said else f"ended with status {done.returncode}"
    if done.returncode == 0:
        return Check(name, Status.OK, f"{found}, {last}")
    return Check(name, Status.MISSING, last, remedy)


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).split("\n", 1)[0].strip()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _pinned(package: str) -> str:
    """The version of `package` that the project names, or "" where it is not installed itself."""
    try:
        lines = requires("tierscope") or []
    except PackageNotFoundError:
        return ""
    pins = dict(line.split(";")[0].split("==") for line in lines if "==" in line)
    return pins.get(package, "").strip()
