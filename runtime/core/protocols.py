"""Protocols: methods chosen by the type of their first argument; extend, satisfies?, reify."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from runtime.core.invoke import Fn, as_fn
from runtime.core.kinds import Map, type_name
from runtime.core.meta import meta
from runtime.core.predicates import conforms
from runtime.core.printing import register_printer
from runtime.core.registry import core
from runtime.core.tracking import added
from runtime.core.values import Keyword, List, Symbol

NIL = type(None)
VIA_METADATA = Keyword("extend-via-metadata")
# What Python calls the methods that classes of the JVM call so: `(reify Object (toString [_] …))`.
PYTHON_METHODS = {
    "toString": "__str__",
    "equals": "__eq__",
    "hashCode": "__hash__",
    "invoke": "__call__",
    "count": "__len__",
    "close": "close",
    "deref": "deref",
}


class Protocol:
    """A protocol: the names of its methods, and by type its implementations."""

    __slots__ = ("ns", "name", "methods", "impls", "caches", "via_metadata", "meta")

    def __init__(self, ns: str, name: str) -> None:
        self.ns = ns
        self.name = name
        self.methods: tuple[Keyword, ...] = ()
        self.impls: dict[type, dict[Keyword, Fn]] = {}
        self.caches: list[dict[type, Fn]] = []  # of the method functions, cleared by a change
        self.via_metadata = False
        self.meta: Any = None

    def changed(self) -> None:
        for cache in self.caches:
            cache.clear()

    def impl_of(self, kind: type) -> dict[Keyword, Fn] | None:
        """The implementation for a type: its own, or that of the nearest class it is under."""
        for base in (bool, object) if kind is bool else kind.__mro__[:-1]:
            if base in self.impls:
                return self.impls[base]
        # Abstract classes such as numbers.Number are in nobody's base classes; object comes last.
        candidates = [c for c in self.impls if c not in (NIL, object) and conforms(kind, c)]
        if candidates:
            return self.impls[candidates[-1]]
        return self.impls.get(object) if kind is not NIL else None

    def find(self, method: Keyword, target: Any) -> Fn | None:
        if isinstance(target, Reified) and self in target.impls:
            return target.impls[self].get(method)
        impl = self.impl_of(type(target))
        return None if impl is None else impl.get(method)

    def find_in_metadata(self, method: Keyword, target: Any) -> Fn | None:
        m = meta(target) if self.via_metadata else None
        found = None if m is None else m.get(Symbol(method.name, self.ns), None)
        return None if found is None else as_fn(found)


class Reified:
    """The base of what `reify` makes: every object brings its own methods."""

    __slots__ = ("impls", "meta", "__weakref__")

    def __init__(self, impls: dict[Any, dict[Keyword, Fn]]) -> None:
        self.impls = impls
        self.meta: Any = None


@core("protocol*", arglists="([var methods options])")
def protocol(var: Any, methods: Any, options: Any) -> Protocol:
    """The protocol for a var; the one it holds already keeps its implementations."""
    found = getattr(var, "root", None)
    made = found if type(found) is Protocol else Protocol(var.ns, var.name)
    made.methods = tuple(methods)
    made.via_metadata = bool(options and options.get(VIA_METADATA, False))
    made.changed()
    return made


@core("protocol-method*", arglists="([protocol method])")
def protocol_method(proto: Protocol, name: Keyword) -> Callable[..., Any]:
    """The function that calls the method of its first argument's type."""
    cache: dict[type, Fn] = {}
    proto.caches.append(cache)

    def method(target: Any, *args: Any) -> Any:
        f = cache.get(type(target))
        if f is None:
            f = look_up(target)
        return f(target, *args)

    def look_up(target: Any) -> Fn:
        found = proto.find_in_metadata(name, target)
        if found is not None:
            return found
        found = proto.find(name, target)
        if found is None:
            raise TypeError(
                f"No implementation of method: {name} of protocol: {proto.ns}/{proto.name} "
                f"found for: {type_name(target)}"
            )
        if not isinstance(target, Reified) and not proto.via_metadata:
            cache[type(target)] = found
        return found

    method.__name__ = name.name
    return method


def _method_map(methods: Any) -> dict[Keyword, Fn]:
    return {name: as_fn(f) for name, f in methods.items()}


@core("extend", arglists="([atype & proto+mmaps])")
def extend(kind: Any, *pairs: Any) -> None:
    """Implements protocols for a type (nil, or a type by its name) by maps of keywords to functions."""
    if kind is None:
        kind = NIL
    if not isinstance(kind, type):
        raise TypeError(f"extend takes a type or nil, found {type_name(kind)}")
    for proto, methods in zip(pairs[::2], pairs[1::2], strict=True):
        if type(proto) is Protocol:
            made = _method_map(methods)
            _implement(proto, kind, made)
            added(
                proto, kind, partial(_withdraw, proto, kind), partial(_implement, proto, kind, made)
            )
            own = getattr(kind, "lisp_methods", None)
            if own is not None:  # a record or type: `(.method x)` looks there
                own.update(proto.impls[kind])
        elif isinstance(proto, type):
            for name, f in _method_map(methods).items():
                setattr(kind, PYTHON_METHODS.get(name.name, name.name), _as_method(f))
        else:
            raise TypeError(f"extend takes protocols, found {type_name(proto)}")


def _implement(proto: Protocol, kind: type, made: dict[Keyword, Fn]) -> None:
    proto.impls[kind] = made
    proto.changed()


def _withdraw(proto: Protocol, kind: type) -> None:
    """The form that extended a protocol to a type is gone."""
    proto.impls.pop(kind, None)
    proto.changed()


def _as_method(f: Fn) -> Fn:
    """A Lisp function as a Python function, which classes bind to their objects."""
    return lambda *args: f(*args)


@core("satisfies?", arglists="([protocol x])")
def satisfies(proto: Protocol, x: Any) -> bool:
    """Whether the protocol is implemented for `x`."""
    if isinstance(x, Reified) and proto in x.impls:
        return True
    if proto.impl_of(type(x)) is not None:
        return True
    return any(proto.find_in_metadata(name, x) for name in proto.methods)


@core("extends?", arglists="([protocol atype])")
def extends(proto: Protocol, kind: Any) -> bool:
    """Whether the type was given an implementation of the protocol."""
    return (NIL if kind is None else kind) in proto.impls


@core("extenders", arglists="([protocol])")
def extenders(proto: Protocol) -> Any:
    """The types that were given an implementation, nil for none."""
    kinds = tuple(None if kind is NIL else kind for kind in proto.impls)
    return List(kinds) if kinds else None


@core("find-protocol-impl", arglists="([protocol x])")
def find_protocol_impl(proto: Protocol, x: Any) -> Any:
    """The map of methods that the protocol has for `x`, or nil."""
    impl = proto.impl_of(type(x))
    return None if impl is None else Map(impl)


@core("find-protocol-method", arglists="([protocol methodk x])")
def find_protocol_method(proto: Protocol, name: Keyword, x: Any) -> Any:
    """The function that a method has for `x`, or nil."""
    return proto.find(name, x)


_python_classes: dict[tuple[str, ...], type] = {}


@core("reify*", arglists="([& proto+mmaps])")
def reify(*pairs: Any) -> Reified:
    """An object with its own methods; `reify` expands to this."""
    impls: dict[Any, dict[Keyword, Fn]] = {}
    python: dict[str, Fn] = {}
    for proto, methods in zip(pairs[::2], pairs[1::2], strict=True):
        if type(proto) is Protocol:
            impls[proto] = _method_map(methods)
        else:
            python |= {
                PYTHON_METHODS.get(k.name, k.name): f for k, f in _method_map(methods).items()
            }
    names = tuple(sorted(python))
    kind = _python_classes.get(names)
    if kind is None:
        kind = _python_classes[names] = _class_calling(names)
    made: Reified = kind(impls)
    for name, f in python.items():
        setattr(made, "own_" + name.strip("_"), f)
    return made


def _class_calling(names: tuple[str, ...]) -> type:
    """A class whose Python methods call the functions that each of its objects brings."""

    def calling(slot: str) -> Fn:
        return lambda self, *args: getattr(self, slot)(self, *args)

    slots = tuple("own_" + name.strip("_") for name in names)
    body: dict[str, Any] = {name: calling(slot) for name, slot in zip(names, slots, strict=True)}
    if "__eq__" in body and "__hash__" not in body:
        body["__hash__"] = object.__hash__
    return type("reify", (Reified,), {**body, "__slots__": slots})


register_printer(Protocol, lambda p, out: out.write(f"#<protocol {p.ns}/{p.name}>"))
