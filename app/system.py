"""What the project needs of the operating system, and how to get it on Debian and Ubuntu.

Runs before the environment exists (`python -m app.system base`), so it imports the standard library
only. Without the group `base` nothing works; a window on a virtual display needs `display` too.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PYTHON = f"python3.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing of the operating system: the Debian package that brings it, and whether it is here."""

    name: str
    package: str
    present: Callable[[], bool]
    group: str  # "base" or "display"


def has_command(*names: str) -> bool:
    """Whether any of the commands is on the path."""
    return any(shutil.which(name) for name in names)


def has_library(name: str) -> bool:
    """Whether the system's loader knows `lib<name>.so`."""
    return ctypes.util.find_library(name) is not None


def _has_mesa() -> bool:
    folders = [*Path("/usr/lib").glob("*/dri"), Path("/usr/lib/dri"), Path("/usr/lib64/dri")]
    return any(next(folder.glob("*_dri.so"), None) for folder in folders)


def _has_python_headers() -> bool:
    return Path(sysconfig.get_path("include"), "Python.h").is_file()


NEEDS = (
    Need("a C++ compiler", "g++", lambda: has_command("c++", "g++", "clang++"), "base"),
    Need("Python's headers", f"{PYTHON}-dev", _has_python_headers, "base"),
    Need(
        "Python's venv module",
        f"{PYTHON}-venv",
        lambda: importlib.util.find_spec("ensurepip") is not None or has_command("uv"),
        "base",
    ),
    # imgui-bundle's library is linked to it, so it is needed offscreen too.
    Need("libX11", "libx11-6", lambda: has_library("X11"), "base"),
    Need("libGL", "libgl1", lambda: has_library("GL"), "display"),
    Need("libXcursor", "libxcursor1", lambda: has_library("Xcursor"), "display"),
    Need("libXi", "libxi6", lambda: has_library("Xi"), "display"),
    Need("libXrandr", "libxrandr2", lambda: has_library("Xrandr"), "display"),
    Need("Mesa's drivers", "libgl1-mesa-dri", _has_mesa, "display"),
    Need("Xvfb", "xvfb", lambda: has_command("Xvfb"), "display"),
)


def missing(groups: Iterable[str]) -> list[Need]:
    """The needs of `groups` that this machine does not meet."""
    wanted = set(groups)
    return [need for need in NEEDS if need.group in wanted and not need.present()]


def install_line(needs: Iterable[Need]) -> str:
    """The command that installs `needs` on Debian and Ubuntu."""
    packages = " ".join(sorted({need.package for need in needs}))
    return f"sudo apt-get install --no-install-recommends {packages}"


def install(needs: Iterable[Need]) -> bool:
    """Install `needs` by apt-get as root or through a sudo that asks nothing; False where it may not."""
    if not has_command("apt-get"):
        return False
    sudo: list[str] = []
    if os.geteuid() != 0:
        sudo = ["sudo", "-n"]
        if not has_command("sudo") or subprocess.run([*sudo, "true"], check=False).returncode:
            return False
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    packages = sorted({need.package for need in needs})
    subprocess.run([*apt, "update", "-q"], check=False)  # an old list may do
    line = [*apt, "install", "-q", "-y", "--no-install-recommends", *packages]
    return subprocess.run(line, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    """`[--install] base|display …`: 0 when nothing lacks, else say what does and how to get it."""
    groups = [argument for argument in arguments if argument != "--install"]
    needs = missing(groups)
    if needs and "--install" in arguments and install(needs):
        needs = missing(groups)
    if not needs:
        return 0
    print(f"This machine lacks {', '.join(need.name for need in needs)}.", file=sys.stderr)
    print(f"On Debian and Ubuntu:\n    {install_line(needs)}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
