"""Which calls of `reduce` compiled code turns into one loop, with the `map`s and `filter`s they go over."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.analysis import nodes as n
from runtime.core.values import Keyword
from runtime.native import _support

STAGES = frozenset(("map", "filter", "remove"))
FOLDS = frozenset(("+", "*", "-", "max", "min"))
CORE = "clojure.core"


@dataclass(frozen=True, slots=True)
class Reduction:
    """`(reduce function init source)`, the source's items going through `stages`, the innermost last.

    `fold` names the core function that reduces, if it is one of FOLDS.
    """

    function: n.Node
    fold: str
    init: n.Node | None
    stages: tuple[n.Call, ...]
    source: n.Node


def core_name(node: n.Node) -> str:
    """The name of the core function that a node refers to, or ""."""
    return node.var.name if isinstance(node, n.VarRef) and node.var.ns == CORE else ""


def reduction(node: n.Call) -> Reduction | None:
    """A call of `reduce` that can be one loop."""
    if core_name(node.fn) != "reduce" or len(node.args) not in (2, 3):
        return None
    function, *init, source = node.args
    fold = core_name(function) if core_name(function) in FOLDS else ""
    if not fold and not _callable(function):
        return None
    stages: list[n.Call] = []
    while (
        isinstance(source, n.Call)
        and core_name(source.fn) in STAGES
        and len(source.args) == 2
        and _callable(source.args[0])
    ):
        stages.append(source)
        source = source.args[1]
    return Reduction(function, fold, init[0] if init else None, tuple(stages), source)


def _callable(node: n.Node) -> bool:
    """Whether a node's value can be called, as far as is known now."""
    if isinstance(node, n.Fn):
        return True
    if isinstance(node, n.Const):
        return type(node.value) is Keyword
    return (
        isinstance(node, n.VarRef)
        and not node.var.is_dynamic
        and (type(node.var.root) is _support.Fn or node.var.ns == CORE)
    )
