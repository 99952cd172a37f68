"""Members of Lisp objects: `(.-field x)`, `(.method x …)` and `(set! field value)` of records and types.

The analyser makes calls of these where the object is a Lisp value; a C++ object's members are C++.
"""

from __future__ import annotations

from typing import Any

from runtime.core.invoke import Fn
from runtime.core.kinds import type_name
from runtime.core.protocols import PYTHON_METHODS, Reified
from runtime.core.records import Fields
from runtime.core.registry import core
from runtime.core.values import Keyword


@core("member*", arglists="([object field])")
def member(x: Any, name: Keyword) -> Any:
    """The value of a declared field of a record or type; `(.-field x)` expands to this."""
    if isinstance(x, Fields) and name in x.basis:
        return x.fields[name]
    raise _missing(x, f".-{name.name}", f"field {name.name}")


@core("method*", arglists="([object name & args])")
def method(x: Any, name: Keyword, *args: Any) -> Any:
    """What a method of the object's type gives, or the value of a field; `(.name x arg…)` expands to this."""
    if isinstance(x, Fields) and not args and name in x.basis:
        return x.fields[name]
    found = _method_of(x, name)
    if found is None:
        raise _missing(x, f".{name.name}", f"method {name.name}" if args else f"member {name.name}")
    return found(x, *args)


# What writers have, `*out*` and that of `print-method` among them.
_WRITER = {"write": "write", "append": "write", "flush": "flush", "close": "close"}


def _method_of(x: Any, name: Keyword) -> Fn | None:
    if isinstance(x, Fields):
        found = x.lisp_methods.get(name)
    elif isinstance(x, Reified):
        found = next((impl[name] for impl in x.impls.values() if name in impl), None)
    elif hasattr(x, "write") and name.name in _WRITER:
        return lambda w, *args: getattr(w, _WRITER[name.name])(*args)
    else:
        return None
    return found or getattr(type(x), PYTHON_METHODS.get(name.name, name.name), None)


def _missing(x: Any, form: str, what: str) -> Exception:
    if isinstance(x, Fields):
        known = ", ".join(field.name for field in x.basis) or "none"
        return AttributeError(f"{x.lisp_name} has no {what}; its fields: {known}")
    if isinstance(x, Reified):
        return AttributeError(f"this object has no {what}")
    return TypeError(
        f"{form} needs a C++ object, a record or a type's object, found {type_name(x)}; "
        "of a box: (cpp/unbox type box)"
    )


@core("set-member*", arglists="([object field value])")
def set_member(x: Any, name: Keyword, value: Any) -> Any:
    """Change a mutable field of a type's object; `set!` expands to this."""
    if not isinstance(x, Fields) or name not in x.basis:
        raise _missing(x, "set!", f"field {name.name}")
    if name not in x.mutable:
        raise TypeError(
            f"the field {name.name} of {x.lisp_name} is not ^:mutable: it cannot be set"
        )
    x.fields = x.fields.set(name, value)
    return value
