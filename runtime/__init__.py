"""The tiered Lisp runtime over C++. `Runtime` is the way in."""

from runtime.runtime import Runtime

__all__ = ["Runtime"]
