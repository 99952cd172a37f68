"""A live program beside a fresh load of the same files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from runtime import Runtime
from runtime.core.multimethods import MultiFn
from runtime.core.printing import pr_str
from runtime.core.protocols import Protocol
from runtime.core.state import Atom
from runtime.errors import LispError, LispErrors
from tests.loading.programs import Programs

SAMPLES = (3, 8, None, "s")


def shown(value: Any, depth: int = 3) -> str:
    """A value as text that two runtimes have in common: functions by what they do."""
    if isinstance(value, (Protocol, type)):
        return "protocol"
    if isinstance(value, Atom):
        return f"atom of {shown(value.deref(), depth - 1)}"
    if callable(value) and not hasattr(value, "items") and not isinstance(value, (str, tuple)):
        name = "multi" if isinstance(value, MultiFn) else "fn"
        return f"{name} {[_called(value, sample) for sample in SAMPLES]}"
    if hasattr(value, "items") and depth:
        pairs = [f"{pr_str(k)} {shown(v, depth - 1)}" for k, v in value.items()]
        return f"{{{', '.join(sorted(pairs))}}}"
    return pr_str(value)


def _called(f: Any, sample: Any) -> str:
    try:
        return pr_str(f(sample))
    except Exception as e:
        return type(e).__name__


def state(rt: Runtime, names: list[str]) -> dict[str, str]:
    """Every var of some namespaces, but for what `defonce` keeps."""
    found = {}
    for name in names:
        ns = rt.namespaces.all.get(name)
        for var in list(ns.vars.values()) if ns is not None else ():
            if var.name.startswith("once"):
                continue
            kind = f"{'macro' if var.is_macro else ''}{'dynamic' if var.is_dynamic else ''}"
            if not var.is_bound:
                found[var.full_name] = f"{kind} unbound"
            elif var.is_macro:
                found[var.full_name] = kind
            else:
                found[var.full_name] = f"{kind} {shown(var.root)}"
    return found


def errors(rt: Runtime) -> list[str]:
    return sorted(f"{p.error.span} {p.error}" for p in rt.problems())


def load(rt: Runtime, path: Path) -> None:
    try:
        rt.load(path)
    except (LispError, LispErrors):
        pass  # they are among the problems


@contextmanager
def opened(strategy: str, folder: Path) -> Iterator[Runtime]:
    rt = Runtime(strategy, threshold=3, include_dirs=[folder])
    try:
        yield rt
    finally:
        rt.close()


def differences(seed: int, edits: int, strategy: str, folder: Path) -> list[str]:
    """What differs between a program that was edited while it ran and a fresh load, at the first edit
    where something does."""
    program = Programs(Random(seed))

    def path(name: str) -> Path:
        return folder / f"{name}.jank"

    for module in program.modules:
        path(module.name).write_text(module.text)
    names = [module.name for module in program.modules]
    sound = 0
    with opened(strategy, folder) as live:
        load(live, path("main"))
        for number in range(edits):
            if number:
                bad = bool(live.problems())
                changed = program.undo() if bad and program.rng.random() < 0.7 else program.edit()
                for module in changed:
                    path(module.name).write_text(module.text)
                for module in changed:
                    load(live, path(module.name))
            with opened("interpret", folder) as fresh:
                load(fresh, path("main"))
                wrong = []
                if bool(live.problems()) != bool(fresh.problems()):
                    wrong = [f"here: {errors(live)}", f"in a fresh load: {errors(fresh)}"]
                elif not fresh.problems():
                    sound += 1
                    mine, its = state(live, names), state(fresh, names)
                    wrong = [
                        f"{name}: {mine.get(name)} is {its.get(name)} in a fresh load"
                        for name in sorted(mine.keys() | its.keys())
                        if mine.get(name) != its.get(name)
                    ]
                if wrong:
                    return [f"seed {seed}, edit {number}", *wrong]
    return [] if sound else [f"seed {seed} has no sound state"]
