"""What a program asks about its surroundings: versions, arguments, files, and switches of Clojure's compiler.

`SETTABLE` names the dynamic vars that `set!` changes outside of any binding too: a script begins with
`(set! *warn-on-reflection* true)`, as Clojure's loader allows.
"""

from __future__ import annotations

from typing import Any

from runtime.core.kinds import Map
from runtime.core.registry import core, define
from runtime.core.values import Keyword

VERSION = Map(
    {
        Keyword("major"): 1,
        Keyword("minor"): 11,
        Keyword("incremental"): 0,
        Keyword("qualifier"): None,
    }
)
_VARS: dict[str, tuple[Any, str]] = {
    "*agent*": (None, "The agent whose action runs on this thread."),
    "*clojure-version*": (VERSION, "The version of Clojure that decides what forms mean."),
    "*command-line-args*": (None, "The arguments after the script's name, nil for none."),
    "*compile-files*": (False, "Always false: nothing is compiled ahead of time."),
    "*read-eval*": (False, "Always false: the reader evaluates nothing."),
    "*unchecked-math*": (False, "Has no effect: arithmetic is always checked."),
    "*warn-on-reflection*": (False, "Has no effect: there is no reflection to warn about."),
}
SETTABLE = (
    "*assert*",
    "*data-readers*",
    "*default-data-reader-fn*",
    "*flush-on-newline*",
    "*math-context*",
    "*print-length*",
    "*print-level*",
    "*print-meta*",
    "*print-namespace-maps*",
    "*print-readably*",
    "*unchecked-math*",
    "*warn-on-reflection*",
)

for _name, (_value, _doc) in _VARS.items():
    define(_name, _value, doc=_doc, dynamic=True)


@core("clojure-version", arglists="([])")
def clojure_version() -> str:
    """The version of Clojure that decides what forms mean, as text."""
    return ".".join(str(VERSION[Keyword(part)]) for part in ("major", "minor", "incremental"))


@core("munge", arglists="([s])")
def munge(name: Any) -> Any:
    """The name as C++ can spell it: what is no letter, digit, dot or underscore becomes `_NAME_`."""
    text = "".join(_MUNGED.get(char, char) for char in str(name))
    return text if isinstance(name, str) else type(name)(text)


@core("namespace-munge", arglists="([ns])")
def namespace_munge(ns: Any) -> str:
    """The name of a namespace as its file spells it: dashes become underscores."""
    return str(ns).replace("-", "_")


_MUNGED = {
    "-": "_", ":": "_COLON_", "+": "_PLUS_", ">": "_GT_", "<": "_LT_", "=": "_EQ_", "~": "_TILDE_",
    "!": "_BANG_", "@": "_CIRCA_", "#": "_SHARP_", "'": "_SINGLEQUOTE_", '"': "_DOUBLEQUOTE_",
    "%": "_PERCENT_", "^": "_CARET_", "&": "_AMPERSAND_", "*": "_STAR_", "|": "_BAR_",
    "{": "_LBRACE_", "}": "_RBRACE_", "[": "_LBRACK_", "]": "_RBRACK_", "/": "_SLASH_",
    "\\": "_BSLASH_", "?": "_QMARK_",
}  # fmt: skip
