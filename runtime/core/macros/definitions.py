"""Definitions: defn, defmacro, defonce, declare, and the metadata that they keep on a var's name.

All of them come down to `(def ^{…} name value)`. Metadata that the user wrote on the name (`^:frame`,
`^:jit`, `^:private`, …) stays, with :doc and :arglists beside it; a macro's name has `:macro true`.
The metadata is evaluated, so what should not be is quoted in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from runtime.core.kinds import EMPTY_MAP, Map, vector
from runtime.core.macros.forms import (
    DEF,
    DO,
    IF,
    VAR,
    as_list,
    call,
    check_count,
    check_symbol,
    fail,
    is_map,
    quoted,
    special,
    symbol_with_meta,
)
from runtime.core.macros.functions import arities_of, arity_form, fn_form
from runtime.core.meta import meta, with_meta
from runtime.core.registry import macro
from runtime.core.values import Keyword, List, Symbol

K_ARGLISTS = Keyword("arglists")
K_DOC = Keyword("doc")
K_MACRO = Keyword("macro")
K_PRIVATE = Keyword("private")
MACRO_PARAMETERS = (Symbol("&form"), Symbol("&env"))


@macro("defn", arglists="([name doc? attr-map? params & body] [name doc? attr-map? & arities])")
def defn_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a function."""
    return _defn(form, args, EMPTY_MAP)


@macro("defn-", arglists="([name & decls])")
def defn_private_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a function that is private to its namespace."""
    return _defn(form, args, Map({K_PRIVATE: True}))


def _defn(form: List, args: Sequence[Any], extra: Any) -> List:
    name, data, rest = split_definition(
        form, args, "(defn name doc? attributes? [params …] body …)"
    )
    arities, data = _attributes_last(rest, data)
    listed = arities_of(form, arities)
    shown = Map({K_ARGLISTS: quoted(_arglists(listed))})
    name = symbol_with_meta(name, merged(shown, name.meta, data, extra))
    return special(DEF, name, fn_form(form, arities), like=form)


@macro("definline", arglists="([name & decl])")
def definline_macro(form: List, env: Any, *args: Any) -> List:
    """Like defn: what is hot is compiled, and inlined, anyway."""
    return defn_macro(form, env, *args)


@macro("defmacro", arglists="([name doc? attr-map? params & body] [name doc? attr-map? & arities])")
def defmacro_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a macro: a function from forms to a form, which can also see &form and &env."""
    shape = "(defmacro name doc? attributes? [params …] body …)"
    name, data, rest = split_definition(form, args, shape)
    rest, data = _attributes_last(rest, data)
    arities = arities_of(form, rest)
    hidden = []
    for arity in arities:
        params, *body = arity_form(form, arity)
        params = with_meta(vector([*MACRO_PARAMETERS, *params]), meta(params))
        hidden.append(List((params, *body), span=arity.span))
    shown = Map({K_ARGLISTS: quoted(_arglists(arities)), K_MACRO: True})
    name = symbol_with_meta(name, merged(shown, name.meta, data))
    return special(DEF, name, fn_form(form, hidden), like=form)


@macro("defonce", arglists="([name expr])")
def defonce_macro(form: List, env: Any, *args: Any) -> List:
    """Defines the name unless it already has a value: a reload keeps what it was."""
    check_count(form, args, 2, 3, "(defonce name expression)")
    name = check_symbol(form, args[0], "defonce", qualified=True)
    this = special(VAR, symbol_with_meta(name, None))
    define = special(DEF, *args, like=form)
    kept = special(IF, call("bound?", this), this, define)
    return special(DO, special(DEF, name), kept, like=form)


@macro("declare", arglists="([& names])")
def declare_macro(form: List, env: Any, *args: Any) -> List:
    """Makes vars without values, so that what follows can refer to them."""
    return special(
        DO,
        *(special(DEF, check_symbol(form, n, "declare", qualified=True), like=form) for n in args),
        like=form,
    )


def split_definition(
    form: List, args: Sequence[Any], shape: str
) -> tuple[Symbol, Map[Any, Any], Sequence[Any]]:
    """Name, metadata (documentation and attributes) and rest of a definition's arguments."""
    check_count(form, args, 1, None, shape)
    name = args[0]
    if type(name) is not Symbol:
        fail(form, f"{form.first()} needs a name first", shape, name)
    rest = args[1:]
    data = EMPTY_MAP
    if len(rest) > 1 and isinstance(rest[0], str):
        data = Map({K_DOC: rest[0]})
        rest = rest[1:]
    if len(rest) > 1 and is_map(rest[0]):
        data = merged(data, rest[0])
        rest = rest[1:]
    return name, data, rest


def merged(*maps: Any) -> Map[Any, Any]:
    """One map of several, of which each may be None; later ones win."""
    result: dict[Any, Any] = {}
    for m in maps:
        result.update(m or {})
    return Map(result)


def _attributes_last(
    rest: Sequence[Any], data: Map[Any, Any]
) -> tuple[Sequence[Any], Map[Any, Any]]:
    """After several arities an attribute map may stand at the end."""
    if len(rest) > 1 and as_list(rest[0]) is not None and is_map(rest[-1]):
        return rest[:-1], merged(data, rest[-1])
    return rest, data


def _arglists(arities: Sequence[List]) -> List:
    return List(tuple(arity.first() for arity in arities))


def unsupported(name: str, instead: str) -> None:
    """Register `name` as a macro that says what to use instead."""

    def refuse(form: List, env: Any, *args: Any) -> NoReturn:
        fail(form, f"{name} is not part of this dialect: use {instead}", instead, form)

    refuse.__doc__ = f"Not part of this dialect: use {instead}."
    macro(name)(refuse)


for _name, _instead in {
    "definterface": "defprotocol",
    "gen-class": "deftype or defrecord",
    "gen-interface": "defprotocol",
    "proxy": "reify",
    "proxy-super": "reify",
    "defstruct": "defrecord",
    "create-struct": "defrecord",
    "struct": "defrecord",
    "struct-map": "defrecord",
    "accessor": "defrecord, or a keyword",
    "bean": "a map",
    "compile": "^:jit on a function",
    "construct-proxy": "reify",
    "get-proxy-class": "reify",
    "init-proxy": "reify",
    "proxy-mappings": "reify",
    "update-proxy": "reify",
    "add-classpath": "the option --include",
    "resultset-seq": "a sequence of maps",
    "print-dup": "print-method",
    "print-ctor": "print-method",
    "set-agent-send-executor!": "send: agents have one thread",
    "set-agent-send-off-executor!": "send-off: agents have one thread",
}.items():
    unsupported(_name, _instead)
