"""The namespace `tierscope.runtime`: what a script or an editor may ask of the runtime it runs in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from immutables import Map
from pyrsistent import pvector

from runtime.core.values import Keyword
from runtime.errors import RuntimeFault, render
from runtime.process.interruption import GB, CallLimits
from runtime.tiers.engine import STRATEGIES

if TYPE_CHECKING:
    from runtime.runtime import Runtime

NAMESPACE = "tierscope.runtime"


def install(rt: Runtime) -> None:
    """Define the namespace in a runtime. Names and results are in each function's docstring."""
    ns = rt.namespaces.ensure(NAMESPACE)
    for name, function in _functions(rt).items():
        ns.intern(name).bind(function)


def _functions(rt: Runtime) -> dict[str, Callable[..., Any]]:
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
