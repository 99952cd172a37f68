"""Starting Cling: the libraries of cppyy's backend, and the first C++ that they are given.

cppyy's own Python module is not imported where that can be helped: it binds C++ classes to Python ones, which
nobody needs here, and holds the GIL meanwhile. The backend's libraries are opened without the GIL.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runtime.cling.bootstrap import BOOTSTRAP, NO_WAY_OUT
from runtime.native import _support
from runtime.process import faults

NATIVE = Path(_support.__file__).parent

# What Clang would else take for impossible, and drop: a null pointer that is used, and, where the result is
# no class, the end of a function without `return`.
DEFINED = "-fno-delete-null-pointer-checks -fno-strict-return"

# The backend, in the order in which they need each other. Cling's symbols are for the last one only.
_LIBRARIES = ("CoreLegacy", "ThreadLegacy", "RIOLegacy", "Cling", "cppyy_backend")


@dataclass(frozen=True, slots=True)
class Started:
    """The addresses of the functions by which Cling is driven, see runtime/native/cling.cpp, in the library
    `support`, which stays open."""

    declare: int
    declare_once: int
    free: int
    support: ctypes.CDLL


def start() -> Started:
    """Start Cling in this process, and have it know the support library. Raises RuntimeError, OSError."""
    with _compiler_told(), _compiler_options():
        backend = _backend()
    faults.reinstall()  # ROOT has set handlers of its own, which print pages
    support = ctypes.CDLL(_support.__file__, mode=ctypes.RTLD_GLOBAL)
    include = sysconfig.get_paths()["include"]
    first = f'#pragma cling add_include_path("{include}")\n{BOOTSTRAP}'
    # By its path: a folder of ours on the include path would hide users' headers of the same names.
    headers = f'#include "{NATIVE}/compiled.hpp"\n#include "{NATIVE}/baseline.hpp"\n{NO_WAY_OUT}'
    backend.cppyy_compile(first.encode())
    addresses = _support.take_addresses(0)
    if not addresses:
        raise RuntimeError("Cling rejects the C++ that it is driven by")
    if not backend.cppyy_compile(headers.encode()):
        raise RuntimeError("Cling rejects the support header")
    return Started(*_support.drive_cling(*addresses), support)


def _backend() -> Any:
    """cppyy's backend, with Cling in it."""
    pch = _folder("cppyy") / f"allDict.cxx.pch.{version('cppyy-cling')}"
    if not pch.exists() and "CLING_STANDARD_PCH" not in os.environ:
        import cppyy  # noqa: F401 - builds it, and loads all that follows

    os.environ.setdefault("CLING_STANDARD_PCH", str(pch))
    folder = _folder("cppyy_backend") / "lib"
    for name in _LIBRARIES:
        path = folder / f"lib{name}.so"
        mode = ctypes.RTLD_LOCAL if name == "Cling" else ctypes.RTLD_GLOBAL
        _support.open_library(str(path), mode)
    return ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def _folder(package: str) -> Path:
    """Where an installed package is, which is not imported."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return Path(found.submodule_search_locations[0])


@contextmanager
def _compiler_options() -> Iterator[None]:
    """Cling's options, which it takes from the environment; where nobody chose any, those it has then."""
    chosen = os.environ.get("EXTRA_CLING_ARGS")
    plain = "-O2" if "arm64" in platform.machine() else "-O2 -march=native"
    os.environ["EXTRA_CLING_ARGS"] = f"{plain if chosen is None else chosen} {DEFINED}"
    try:
        yield
    finally:
        os.environ.pop("EXTRA_CLING_ARGS")
        if chosen is not None:
            os.environ["EXTRA_CLING_ARGS"] = chosen


@contextmanager
def _compiler_told() -> Iterator[None]:
    """A sentence in place of Cling's own words where the machine has no compiler, whose folders it takes."""
    if shutil.which("c++") is not None:
        yield
        return
    kept, file = os.dup(2), os.memfd_create("words")
    os.dup2(file, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        size = os.lseek(file, 0, os.SEEK_END)
        words = os.pread(file, size, 0).decode(errors="replace")
        os.close(kept)
        os.close(file)
        told = "no C++ compiler is found (c++): headers may not be either; see tierscope doctor\n"
        sys.stderr.write(told if "createCI" in words else told + words)
