"""Lisp names as C++ identifiers that people still recognise."""

from __future__ import annotations

import re

_SIGNS = {
    "-": "_", "!": "_bang", "?": "_p", "*": "_star", "+": "_plus", "<": "_lt", ">": "_gt", "=": "_eq",
    "/": "_", ".": "_", "'": "_prime", "&": "_and", "%": "_pct", "#": "_", "|": "_bar", "$": "_", ":": "_",
}  # fmt: skip
_GENERATED = re.compile(r"__\d+(__auto__|__)?$")  # what makes a macro's own locals unique


def munge(name: str) -> str:
    """A C++ identifier that begins with a letter; not unique by itself.

    The serial numbers of generated names are left out: the same form gives the same text each time.
    """
    name = _GENERATED.sub("", name)
    text = "".join(_SIGNS.get(c, c) for c in name)
    text = re.sub(r"[^A-Za-z0-9_]", "_", text).strip("_") or "x"
    text = re.sub(r"__+", "_", text)
    return text if text[0].isalpha() else f"x_{text}"
