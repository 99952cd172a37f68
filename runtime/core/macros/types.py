"""Polymorphism: multimethods, protocols, records, types and reify.

The macros only arrange: classes, dispatch tables and instances are made by the core functions with a
star, which get methods as maps from keywords to functions:

    (multi-fn* var dispatch-fn option…)      a multimethod; keeps the methods of the var's old one
    (add-method* multi-fn value function)
    (protocol* var [:method …] options)      a protocol
    (protocol-method* protocol :method)      the function that dispatches on its first argument's type
    (extend type protocol methods)
    (record-type* var [:field …])            a map-like class
    (object-type* var [:field …] [:mutable …])  a class that is no map
    (positional-factory* class) (map-factory* class)
    (field* object :field)
    (fields* [field object …] body …)        a special form: mutable fields by their names
    (reify* protocol methods …)              an object
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from runtime.core.kinds import Map, vector
from runtime.core.macros.definitions import K_ARGLISTS, K_DOC, merged, split_definition
from runtime.core.macros.forms import (
    AMPERSAND,
    DEF,
    DO,
    FN,
    LET,
    LOOP,
    RECUR,
    VAR,
    as_list,
    call,
    check_count,
    check_symbol,
    fail,
    is_map,
    is_vector,
    map_form,
    quoted,
    special,
    symbol_with_meta,
)
from runtime.core.macros.functions import arities_of, arity_form, fn_form
from runtime.core.registry import macro
from runtime.core.values import Keyword, List, Symbol

Impl = tuple[Any, list[List]]  # a protocol (or type) and the method forms that follow it

FIELDS = Symbol("fields*")
K_MUTABLE = (Keyword("mutable"), Keyword("unsynchronized-mutable"), Keyword("volatile-mutable"))


@macro("defmulti", arglists="([name doc? attr-map? dispatch-fn & options])")
def defmulti_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a multimethod: `dispatch-fn` of the arguments chooses the method.

    Options are :default and :hierarchy. Evaluating it again keeps the methods, with the new dispatch.
    """
    shape = "(defmulti name doc? attributes? dispatch-function :default value)"
    name, data, rest = split_definition(form, args, shape)
    check_count(form, rest, 1, None, shape)
    made = call("multi-fn*", special(VAR, symbol_with_meta(name, None)), *rest)
    return special(DEF, symbol_with_meta(name, merged(name.meta, data)), made, like=form)


@macro("defmethod", arglists="([multifn dispatch-val & fn-tail])")
def defmethod_macro(form: List, env: Any, *args: Any) -> List:
    """Adds a method for a dispatch value to a multimethod."""
    check_count(form, args, 3, None, "(defmethod multimethod dispatch-value [params …] body …)")
    return call("add-method*", args[0], args[1], fn_form(form, args[2:]))


@macro("defprotocol", arglists="([name & opts+sigs])")
def defprotocol_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a protocol and a function for each of its methods."""
    check_count(form, args, 1, None, "(defprotocol Name doc? (method [this …] doc?) …)")
    name = check_symbol(form, args[0], "defprotocol", qualified=True)
    data: dict[Any, Any] = {}
    options: list[tuple[Any, Any]] = []
    methods: list[Symbol] = []
    rest = list(args[1:])
    while rest:
        item = rest.pop(0)
        signature = as_list(item)
        if isinstance(item, str):
            data[K_DOC] = item
        elif isinstance(item, Keyword) and rest:
            options.append((item, rest.pop(0)))
        elif signature is not None:
            methods.append(_signature(form, signature))
        else:
            fail(form, "this is not part of a protocol", "(method [this …] doc?)", item)
    plain = symbol_with_meta(name, None)
    keys = vector(Keyword(method.name) for method in methods)
    made = call("protocol*", special(VAR, plain), keys, map_form(options))
    functions = (
        special(DEF, method, call("protocol-method*", plain, Keyword(method.name)), like=form)
        for method in methods
    )
    defined = special(DEF, symbol_with_meta(name, merged(name.meta, data)), made, like=form)
    return special(DO, defined, *functions, quoted(plain), like=form)


def _signature(form: List, signature: List) -> Symbol:
    """The method's name with its parameters and documentation as metadata."""
    first, *rest = signature if len(signature) else (None,)
    name = check_symbol(form, first, "a method of defprotocol", qualified=True)
    arglists = [item for item in rest if is_vector(item)]
    docs = [item for item in rest if isinstance(item, str)]
    if not arglists or len(arglists) + len(docs) < len(rest):
        fail(form, "this is not a method of a protocol", "(method [this …] doc?)", signature)
    for params in arglists:
        if not len(params) or AMPERSAND in params:
            fail(form, f"{name} needs a fixed first parameter", "[this …]", signature)
    data = Map({K_ARGLISTS: quoted(List(tuple(arglists)))})
    return symbol_with_meta(name, merged(data, name.meta, {K_DOC: docs[0]} if docs else None))


@macro("extend-type", arglists="([type & specs])")
def extend_type_macro(form: List, env: Any, *args: Any) -> List:
    """Implements protocols for a type: `(extend-type T P (method [this] …) … Q …)`."""
    check_count(form, args, 1, None, "(extend-type Type Protocol (method [this …] body …) …)")
    extended = _extensions(form, args[0], _impls(form, args[1:]), _plain_method)
    return special(DO, *extended, None, like=form)


@macro("extend-protocol", arglists="([protocol & specs])")
def extend_protocol_macro(form: List, env: Any, *args: Any) -> List:
    """Implements a protocol for types: `(extend-protocol P T (method [this] …) … nil …)`."""
    check_count(form, args, 1, None, "(extend-protocol Protocol Type (method [this …] body …) …)")
    extended = [
        call("extend", target, args[0], _method_map(form, methods, _plain_method))
        for target, methods in _impls(form, args[1:])
    ]
    return special(DO, *extended, None, like=form)


@macro("defrecord", arglists="([name fields & specs])")
def defrecord_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a record: a map type with known keys. Also makes ->Name and map->Name."""
    return _define_type(form, args, "record-type*")


@macro("deftype", arglists="([name fields & specs])")
def deftype_macro(form: List, env: Any, *args: Any) -> List:
    """Defines a type whose fields its methods see by name. Also makes ->Name."""
    return _define_type(form, args, "object-type*")


def _define_type(form: List, args: Sequence[Any], maker: str) -> List:
    what = str(form.first())
    check_count(form, args, 2, None, f"({what} Name [field …] Protocol (method [this …] body …) …)")
    name = check_symbol(form, args[0], what, qualified=True)
    fields = args[1]
    if not is_vector(fields):
        fail(form, f"{what} needs a vector of fields", "[field …]", fields)
    for field in fields:
        check_symbol(form, field, what)
        if maker == "record-type*" and _is_mutable(field):
            fail(form, "a field of a record cannot change", "deftype, or an atom in it", field)
    plain = symbol_with_meta(name, None)

    def method(form: List, arity: List) -> List:
        return _method_in_scope(form, arity, fields)

    parts = [special(VAR, plain), vector(Keyword(field.name) for field in fields)]
    if maker == "object-type*":
        parts.append(vector(Keyword(field.name) for field in fields if _is_mutable(field)))
    made = call(maker, *parts)
    factories = [_factory(form, f"->{name.name}", "positional-factory*", plain, fields)]
    if maker == "record-type*":
        factories.append(_factory(form, f"map->{name.name}", "map-factory*", plain, [Symbol("m")]))
    extended = _extensions(form, plain, _impls(form, args[2:]), method)
    defined = special(DEF, name, made, like=form)
    return special(DO, defined, *factories, *extended, plain, like=form)


def _is_mutable(field: Symbol) -> bool:
    return field.meta is not None and any(field.meta.get(key) for key in K_MUTABLE)


def _factory(form: List, name: str, maker: str, of: Symbol, params: Iterable[Any]) -> List:
    data = Map({K_ARGLISTS: quoted(List((vector(params),)))})
    return special(DEF, Symbol(name, meta=data, span=of.span), call(maker, of), like=form)


@macro("reify", arglists="([& specs])")
def reify_macro(form: List, env: Any, *args: Any) -> List:
    """An object that implements protocols with methods that see the names around them."""
    items: list[Any] = []
    for protocol, methods in _impls(form, args):
        items += (protocol, _method_map(form, methods, _method_without_fields))
    return List((*call("reify*", *items),), span=form.span)


def _impls(form: List, specs: Sequence[Any]) -> list[Impl]:
    """`P (m …) (n …) Q (o …)` by protocol."""
    groups: list[Impl] = []
    for spec in specs:
        method = as_list(spec)
        if method is None:
            groups.append((spec, []))
        elif not groups:
            fail(form, "a method needs a protocol before it", "Protocol (method [this …] …)", spec)
        else:
            groups[-1][1].append(method)
    return groups


def _extensions(form: List, target: Any, impls: Iterable[Impl], method: Any) -> list[List]:
    return [
        call("extend", target, protocol, _method_map(form, methods, method))
        for protocol, methods in impls
    ]


def _method_map(form: List, methods: Iterable[List], arity_maker: Any) -> List:
    """A map of keywords to functions. Arities of one method may be written apart."""
    arities: dict[str, list[List]] = {}
    names: dict[str, Symbol] = {}
    for spec in methods:
        name, *rest = spec
        check_symbol(spec, name, "a method", qualified=True)
        names.setdefault(name.name, name)
        arities.setdefault(name.name, []).extend(
            arity_maker(spec, arity) for arity in arities_of(spec, rest)
        )
    return map_form(
        (Keyword(name), List((FN, *found), span=names[name].span))
        for name, found in arities.items()
    )


_plain_method = arity_form


def _method_without_fields(form: List, arity: List) -> List:
    return _method_in_scope(form, arity, ())


def _method_in_scope(form: List, arity: List, fields: Iterable[Symbol]) -> List:
    """A method's arity whose body sees the fields it mentions and may recur without `this`."""
    params, *body = arity_form(form, arity)
    if not len(params):
        fail(form, "a method needs a parameter for its object", "[this …]", arity)
    mentioned = set(_symbols(body))
    if RECUR in mentioned and len(params) > 1 and AMPERSAND not in params:
        turn = [item for param in params[1:] for item in (param, param)]
        body = [special(LOOP, vector(turn), *body, like=arity)]
    fixed: list[Any] = []
    changing: list[Any] = []
    hidden = set(params)
    for field in fields:
        if field not in mentioned or field in hidden:
            continue
        if _is_mutable(field):
            changing += (field, params[0])
        else:
            fixed += (field, call("field*", params[0], Keyword(field.name)))
    if changing:
        body = [special(FIELDS, vector(changing), *body, like=arity)]
    if fixed:
        body = [special(LET, vector(fixed), *body, like=arity)]
    return List((params, *body), span=arity.span)


def _symbols(form: Any) -> Iterable[Symbol]:
    """Every symbol in a form, quoted ones and those of nested functions included."""
    if type(form) is Symbol:
        yield form
    elif is_map(form):
        for key, value in form.items():
            yield from _symbols(key)
            yield from _symbols(value)
    elif not isinstance(form, str) and hasattr(form, "__iter__"):
        for item in form:
            yield from _symbols(item)
