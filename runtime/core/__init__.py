"""The core namespaces: importing their modules fills the table of `runtime.core.registry`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages


def load_all() -> None:
    """Import every module of this package, macros included. A second call does nothing."""
    for module in sorted(info.name for info in walk_packages(__path__, __name__ + ".")):
        import_module(module)
