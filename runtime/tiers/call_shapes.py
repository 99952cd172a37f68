"""Closures for calls, one function per shape of arguments, made when a shape is first met.

A call `f(1, x, g(y))` has the shape "c l x": a constant, a local, something to evaluate. A closure
written for just that shape reads constants and locals itself, which saves tier 0 a Python call for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.invoke import as_fn

Factory = Callable[..., Callable[[list[Any]], Any]]
_FACTORIES: dict[tuple[str, str], Factory] = {}


def call_closure(
    mode: str, callee: Any, arguments: list[tuple[str, Any]], place: Any
) -> Callable[[list[Any]], Any]:
    """The closure of a call. `mode` says what `callee` is: a callable ("fixed"), a var ("var") or a
    closure that gives a callable ("run"). `arguments` pairs a kind with a constant, slot or closure.
    `place` is kept where stack traces find it."""
    shape = "".join(kind for kind, _ in arguments)
    factory = _FACTORIES.get((mode, shape))
    if factory is None:
        factory = _FACTORIES[mode, shape] = _make(mode, shape)
    return factory(callee, place, *[value for _, value in arguments])


def call_other(fn: Any, *args: Any) -> Any:
    """A call of what Python cannot call: vectors, maps and other Lisp values are functions too."""
    return as_fn(fn)(*args)


def _make(mode: str, shape: str) -> Factory:
    reads = {"c": "a{0}", "l": "e[a{0}]", "x": "a{0}(e)"}
    parts = [reads[kind].format(i) for i, kind in enumerate(shape)]
    params = "".join(f", a{i}" for i in range(len(shape)))
    lines = [f"def factory(f, place{params}):"]
    if mode == "fixed":
        lines += ["    def run(e, _place=place):", f"        return f({', '.join(parts)})"]
    else:
        # No argument has a name: Python functions get them without anybody else holding them.
        fn = "f.root" if mode == "var" else "f(e)"
        args = ", ".join(parts)
        lines += [
            "    def run(e, _place=place):",
            f"        fn = {fn}",
            "        if callable(fn):",
            f"            return fn({args})",
            f"        return call_other(fn{', ' if args else ''}{args})",
        ]
    lines += ["    return run"]
    scope: dict[str, Any] = {"call_other": call_other}
    exec(compile("\n".join(lines), "<call shape>", "exec"), scope)
    return scope["factory"]
