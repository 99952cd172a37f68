"""The functions of scripts that are called every frame."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from runtime.core.values import Symbol, Unbound
from runtime.errors import AnalysisError, RuntimeFault
from runtime.namespaces import Var
from runtime.native import _support
from runtime.process.interruption import Interrupted
from runtime.traces import fault
from runtime.world import DEFAULT_ENTRIES, K_FRAME, World


class EntryPoint:
    """A function to call each frame, through its var: a redefinition is seen at the next call."""

    def __init__(self, var: Var, world: World) -> None:
        self.var = var
        self.name = var.full_name
        self._world = world

    def __call__(self) -> Any:
        fn = self.var.root
        if isinstance(fn, Unbound):
            raise RuntimeFault(f"{self.name} has no value yet", self.var.span)
        limits = self._world.call_limits
        try:
            watched = _support.begin_watch(limits.seconds, limits.memory)
            try:  # what `limited` does, without the microsecond of a context
                return fn()
            finally:
                _support.end_watch(watched)
        except Interrupted as e:
            raise fault(e) from e


def named_entries(world: World, names: Sequence[str]) -> list[EntryPoint]:
    """The entries of these names. Raises AnalysisError where one is no function."""
    found = []
    for name in names:
        var = world.namespaces.resolve(Symbol.parse(name))
        if var is None:
            text = f"there is no function {name}"
            raise AnalysisError(text, expected="--entry namespace/function")
        found.append(EntryPoint(var, world))
    return found


def script_entries(world: World, path: Path, by_hand: Set[Path]) -> list[EntryPoint]:
    """A script's functions with ^:frame, else one called draw-debug-ui! or draw!.

    Those with ^:frame that are of no script, from an eval or out of a file that was loaded `by_hand`, are the
    first script's.
    """
    loader = world.loader
    script = loader.files.get(path)
    ns = world.namespaces.all.get(script.ns) if script else None
    if ns is None:
        return []
    framed = [v for v in _framed(world) if v.ns == ns.name]
    if loader.roots[:1] == [path]:
        scripts = [root for root in loader.roots if root not in by_hand]
        own = {loader.files[root].ns for root in scripts if root in loader.files}
        framed += [var for var in _framed(world) if var.ns not in own]
    if framed:
        return [EntryPoint(v, world) for v in framed]
    usual = [ns.vars[name] for name in DEFAULT_ENTRIES if name in ns.vars]
    return [EntryPoint(v, world) for v in usual if v.is_bound and callable(v.root)][:1]


def _framed(world: World) -> list[Var]:
    """The functions that have ^:frame now, in order of definition."""
    found = []
    for var in list(world.frame_vars):
        ns = world.namespaces.all.get(var.ns)
        named = ns is not None and ns.vars.get(var.name) is var
        if named and (var.own_meta or {}).get(K_FRAME) and var.is_bound and callable(var.root):
            found.append(var)
    return found
