"""Builds the native extension `_support` in place: `python -m runtime.native.build`.

The extension is compiled again only when its sources, the flags or the interpreter changed; a digest of
them stands in a file beside it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
FLAGS = [
    "-std=c++20",
    "-O2",
    "-DNDEBUG",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-math-errno",
    "-fno-semantic-interposition",  # our functions call each other directly
    "-fno-tree-slp-vectorize",
    "-Wall",
    "-Wextra",
]
TARGET = HERE / f"_support{sysconfig.get_config_var('EXT_SUFFIX')}"


def sources() -> list[Path]:
    """Every C++ file of the extension, in a fixed order."""
    return sorted(HERE.rglob("*.cpp"))


def digest(facts: object, files: Iterable[Path]) -> str:
    """What a build depends on, as one hexadecimal number: `facts` by its representation, files by text."""
    state = hashlib.sha256(repr(facts).encode())
    for path in files:
        text = path.read_bytes()
        state.update(f"\0{path.name}\0{len(text)}\0".encode() + text)
    return state.hexdigest()


def extension_digest(compiler: list[str]) -> str:
    """What the built extension depends on."""
    facts = (sys.version, sysconfig.get_config_var("EXT_SUFFIX"), compiler, FLAGS)
    return digest(facts, sources() + sorted(HERE.rglob("*.hpp")))


def compiler() -> list[str]:
    """The C++ compiler's command: `$CXX`, else the first that is there of g++ and clang++."""
    chosen = os.environ.get("CXX")
    if chosen:
        return shlex.split(chosen)
    return ["g++" if shutil.which("g++") or not shutil.which("clang++") else "clang++"]


def build(force: bool = False) -> Path:
    """Compile the extension where it is missing or out of date; returns its path.

    Raises `subprocess.CalledProcessError` when the compiler rejects it (its words go to standard error)
    and `FileNotFoundError` when there is no compiler.
    """
    command = compiler()
    wanted = extension_digest(command)
    record = HERE / "build" / "digest"
    if not force and TARGET.exists() and record.exists() and record.read_text() == wanted:
        return TARGET
    record.parent.mkdir(exist_ok=True)
    include = f"-I{sysconfig.get_paths()['include']}"
    objects = [
        record.parent / f"{'-'.join(path.relative_to(HERE).parts)}.{os.getpid()}.o"
        for path in sources()
    ]

    def compile_one(pair: tuple[Path, Path]) -> None:
        source, target = pair
        subprocess.run(
            [*command, *FLAGS, include, "-c", str(source), "-o", str(target)], check=True
        )

    fresh = TARGET.with_suffix(f".{os.getpid()}.tmp")
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_one, zip(sources(), objects, strict=True)))
        subprocess.run([*command, "-shared", *map(str, objects), "-o", str(fresh)], check=True)
        os.replace(fresh, TARGET)  # processes that loaded the old one keep it
    finally:
        for leftover in [*objects, fresh]:
            leftover.unlink(missing_ok=True)
    record.write_text(wanted)
    return TARGET


if __name__ == "__main__":
    from runtime.native.gates import build_gates

    print(build(force="--force" in sys.argv[1:]))
    build_gates()
