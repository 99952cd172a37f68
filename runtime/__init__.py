"""The tiered Lisp runtime over C++. `Runtime` is the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.runtime import Runtime

__all__ = ["Runtime"]


def __getattr__(name: str) -> Any:
    """`Runtime`, on first use: building the native extension imports this package before it exists."""
    if name == "Runtime":
        from runtime.runtime import Runtime

        return Runtime
    raise AttributeError(name)
