"""Names: keyword, symbol, name, namespace, gensym, and the predicates on identifiers."""

from __future__ import annotations

from itertools import count
from typing import Any

from runtime.core.kinds import type_name
from runtime.core.registry import core
from runtime.core.values import Char, Keyword, Symbol

_serial = count(1)


@core("name", arglists="([x])")
def name(x: Any) -> str:
    """The name of a keyword or symbol without its namespace; a string is its own."""
    if isinstance(x, str):
        return x
    if type(x) is Keyword or type(x) is Symbol:
        return x.name
    raise TypeError(f"name takes a keyword, symbol or string, found {type_name(x)}")


@core("namespace", arglists="([x])")
def namespace(x: Any) -> Any:
    """The namespace of a keyword or symbol, or nil."""
    if type(x) is Keyword or type(x) is Symbol:
        return x.ns
    raise TypeError(f"namespace takes a keyword or symbol, found {type_name(x)}")


def _split(text: str) -> tuple[str | None, str]:
    ns, slash, rest = text.partition("/")
    return (ns, rest) if slash and ns and rest else (None, text)


@core("keyword", arglists="([name] [ns name])")
def keyword(*args: Any) -> Any:
    """The keyword of that name; nil for what cannot name one."""
    if len(args) == 2:
        return Keyword(args[1], args[0])
    (x,) = args
    if type(x) is Keyword:
        return x
    if type(x) is Symbol:
        return Keyword(x.name, x.ns)
    if isinstance(x, str):
        ns, rest = _split(x)
        return Keyword(rest, ns)
    return None


@core("find-keyword", arglists="([name] [ns name])")
def find_keyword(*args: Any) -> Any:
    """The keyword of that name."""
    return keyword(*args)


@core("symbol", arglists="([name] [ns name])")
def symbol(*args: Any) -> Symbol:
    """The symbol of that name."""
    if len(args) == 2:
        return Symbol(args[1], args[0])
    (x,) = args
    if type(x) is Symbol:
        return x
    if isinstance(x, str):
        ns, rest = _split(x)
        return Symbol(rest, ns)
    if type(x) is Keyword or (hasattr(x, "ns") and hasattr(x, "name")):  # vars too
        return Symbol(x.name, x.ns)
    raise TypeError(f"symbol takes a name, found {type_name(x)}")


@core("gensym", arglists="([] [prefix-string])")
def gensym(prefix: Any = "G__") -> Symbol:
    """A symbol that no other call gives."""
    return Symbol(f"{prefix}{next(_serial)}")


@core("keyword?", arglists="([x])")
def is_keyword(x: Any) -> bool:
    """Whether `x` is a keyword."""
    return type(x) is Keyword


@core("symbol?", arglists="([x])")
def is_symbol(x: Any) -> bool:
    """Whether `x` is a symbol."""
    return type(x) is Symbol


@core("ident?", arglists="([x])")
def is_ident(x: Any) -> bool:
    """Whether `x` is a keyword or symbol."""
    return type(x) is Keyword or type(x) is Symbol


@core("simple-ident?", arglists="([x])")
def is_simple_ident(x: Any) -> bool:
    """Whether `x` is a keyword or symbol without a namespace."""
    return is_ident(x) and x.ns is None


@core("qualified-ident?", arglists="([x])")
def is_qualified_ident(x: Any) -> bool:
    """Whether `x` is a keyword or symbol with a namespace."""
    return is_ident(x) and x.ns is not None


@core("simple-keyword?", arglists="([x])")
def is_simple_keyword(x: Any) -> bool:
    """Whether `x` is a keyword without a namespace."""
    return type(x) is Keyword and x.ns is None


@core("qualified-keyword?", arglists="([x])")
def is_qualified_keyword(x: Any) -> bool:
    """Whether `x` is a keyword with a namespace."""
    return type(x) is Keyword and x.ns is not None


@core("simple-symbol?", arglists="([x])")
def is_simple_symbol(x: Any) -> bool:
    """Whether `x` is a symbol without a namespace."""
    return type(x) is Symbol and x.ns is None


@core("qualified-symbol?", arglists="([x])")
def is_qualified_symbol(x: Any) -> bool:
    """Whether `x` is a symbol with a namespace."""
    return type(x) is Symbol and x.ns is not None


CHARACTER_NAMES = {
    "\n": "newline",
    "\t": "tab",
    " ": "space",
    "\b": "backspace",
    "\f": "formfeed",
    "\r": "return",
}
ESCAPES = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
    "\f": "\\f",
    "\b": "\\b",
}


@core("char-name-string", arglists="([c])")
def char_name_string(c: Char) -> Any:
    """The name of a character that has one, such as "newline", else nil."""
    return CHARACTER_NAMES.get(c.text)


@core("char-escape-string", arglists="([c])")
def char_escape_string(c: Char) -> Any:
    """How a string literal writes the character, nil when as it is."""
    return ESCAPES.get(c.text)
