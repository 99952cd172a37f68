"""The macros of clojure.core and clojure.test. Importing this package registers all of them."""

from runtime.core.macros import (  # noqa: F401
    conditions,
    definitions,
    functions,
    loops,
    reporting,
    state,
    testing,
    threading,
    types,
    vars,
)
