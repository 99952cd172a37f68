"""Tier 0: lowered functions and forms as trees of native nodes (`runtime/native/tier0`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis import verifier
from runtime.native import _support
from runtime.tiers.closures import Host
from runtime.tiers.lowered_verifier import verify_lowered
from runtime.tiers.lowering import Lowering


def pulse() -> None:
    """What tier 0 calls every so often: here Python hands over the GIL and runs signal handlers."""


def build_arities(
    host: Host, node: n.Fn, lowering: type[Lowering] = Lowering
) -> tuple[_support.Body, ...]:
    """What tier 0 runs of a function, an arity each."""
    return tuple([_build_arity(host, node, arity, lowering) for arity in node.arities])


def _build_arity(host: Host, node: n.Fn, arity: n.Arity, lowering: type[Lowering]) -> _support.Body:
    making = lowering(host, node.name, node, lambda inner: build_code(host, inner))
    place = making.place(node.span)
    made = making.arity(arity)
    size, places = len(making.slots), tuple(making.places)
    if verifier.enabled:
        verify_lowered(made, size, places, len(node.captures))
    return _support.Body(node.name, arity.required, arity.variadic, size, made, places, place)


def build_code(host: Host, node: n.Fn) -> _support.Code:
    """The shared code of a function's closures, able to run in tier 0."""
    code = host.code_of(node)
    if not code.arities:
        code.arities = build_arities(host, node)
    return code


def build_form(
    host: Host, node: n.Node, name: str, lowering: type[Lowering] = Lowering
) -> Callable[[], Any]:
    """A top-level form as a function of nothing."""
    making = lowering(host, name, None, lambda inner: build_code(host, inner))
    made = making.lower(node)
    if verifier.enabled:
        verify_lowered(made, len(making.slots), tuple(making.places), 0)
    return _support.Body(name, 0, False, len(making.slots), made, tuple(making.places), -1)
