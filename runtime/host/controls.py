"""The namespace `tierscope.runtime`: what a script or an editor may ask of the runtime it runs in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from immutables import Map
from pyrsistent import pvector

from runtime.core.values import Keyword
from runtime.errors import RuntimeFault, render
from runtime.namespaces import Namespaces
from runtime.process.interruption import GB, CallLimits
from runtime.snapshots import FunctionInfo, Problem
from runtime.tiers.engine import STRATEGIES

NAMESPACE = "tierscope.runtime"


class Controlled(Protocol):
    """What the namespace needs of a runtime."""

    namespaces: Namespaces
    call_limits: CallLimits

    @property
    def strategy(self) -> str: ...
    def set_strategy(self, name: str) -> None: ...
    def tier_up(self, name: str) -> None: ...
    def deoptimise(self, name: str) -> None: ...
    def functions(self) -> list[FunctionInfo]: ...
    def stats(self) -> dict[str, float]: ...
    def problems(self) -> list[Problem]: ...


def install(rt: Controlled) -> None:
    """Define the namespace in a runtime. Names and results are in each function's docstring."""
    ns = rt.namespaces.ensure(NAMESPACE)
    for name, function in _functions(rt).items():
        ns.intern(name).bind(function)


def _functions(rt: Controlled) -> dict[str, Callable[..., Any]]:
    def set_strategy(name: Any) -> None:
        """Run functions as `name` (a string or keyword of `STRATEGIES`) says from now on."""
        text = name.name if isinstance(name, Keyword) else str(name)
        if text not in STRATEGIES:
            raise RuntimeFault(
                f"unknown strategy {text}", expected=", ".join(STRATEGIES), found=text
            )
        rt.set_strategy(text)

    def set_limit(seconds: Any) -> None:
        """Interrupt what scripts call after so many seconds from now on; 0 for never."""
        rt.call_limits = CallLimits(float(seconds), GB if seconds else 0)

    def functions() -> Map[str, Any]:
        """The tier of every function, by full name."""
        return Map({f.name: f.tier for f in rt.functions()})

    def stats() -> Map[Keyword, float]:
        """Figures of the whole process, as `Runtime.stats` has them."""
        return Map({Keyword(name.replace("_", "-")): n for name, n in rt.stats().items()})

    def problems() -> Any:
        """The errors that still stand, as people are shown them, in order of appearance."""
        return pvector(render(problem.error) for problem in rt.problems())

    return {
        "problems": problems,
        "strategy": lambda: rt.strategy,
        "set-strategy!": set_strategy,
        "set-limit!": set_limit,
        "tier-up!": lambda name: rt.tier_up(str(name)),
        "deoptimise!": lambda name: rt.deoptimise(str(name)),
        "functions": functions,
        "stats": stats,
    }
