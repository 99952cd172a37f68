"""The C++ of a stub: how its operands come out of Python objects and how its result goes back.

Written so that little has to be compiled: plain calls of the support library instead of templates wherever
the types are ordinary, because compiling stubs is what the first call of a form waits for.
"""

from __future__ import annotations

import re

from runtime.analysis import nodes as n
from runtime.analysis.cpp_literals import c_string
from runtime.analysis.types import CppType, Flag
from runtime.cling.worlds import worlds

# What a stub gives back: nothing, a Lisp value (numbers too), an object of its own, a reference, or the
# address of what a catch clause matched.
DISCARD, LISP, VALUE, REF, MATCHER = "discard", "lisp", "value", "ref", "matcher"

_PLAIN = re.compile(r"[\w:<>, ]+[\s*]*(const)?")  # a type to which `*` can be appended


def gives_of(kind: CppType) -> str:
    """How tier 0 holds a value of a native type."""
    if kind.is_void:
        return DISCARD
    if kind.is_number_prvalue:
        return LISP
    return REF if kind.has(Flag.LVALUE) else VALUE


def operand_cpp(op: n.Operand, value: str) -> str:
    """An operand in a stub's body, out of the Python object `value`."""
    kind = op.native
    if kind is None:
        return f"ts::dyn({value}, {{{c_string(op.callee)}, {op.arg}}})"
    if kind.has(Flag.LVALUE):
        referred = kind.referred
        if _PLAIN.fullmatch(referred):
            return f"(*static_cast<{referred}*>(ts::object_of({value})))"
    elif kind.has(Flag.BOOL):
        return f"({value} == Py_True)"
    elif kind.has(Flag.NULLPTR):
        return "nullptr"
    elif kind.has(Flag.FLOAT):
        return f"static_cast<{kind.value}>(ts::number_double({value}))"
    elif kind.has(Flag.INTEGER | Flag.ENUM) and kind.value != "char":
        number = "number_signed" if kind.has(Flag.SIGNED | Flag.ENUM) else "number_unsigned"
        return f"static_cast<{kind.value}>(ts::{number}({value}))"
    elif kind.value in ("const char *", "char const *"):
        return f"ts::string_operand({value})"
    elif kind.has(Flag.POINTER) and _PLAIN.fullmatch(kind.value):
        return f"static_cast<{kind.value}>(*static_cast<{kind.value}*>(ts::object_of({value})))"
    elif kind.has(Flag.CLASS):
        return f"static_cast<{kind.value}&&>(*static_cast<{kind.value}*>(ts::object_of({value})))"
    return f"ts::take<{kind.name}>({value})"


def body_cpp(expression: str, gives: str, kind: CppType) -> str:
    """The statements of a stub's body."""
    if gives == MATCHER:
        if kind.has(
            Flag.POINTER
        ):  # by reference it would be one to the catch clause's own variable
            caught, give = kind.value, body_cpp("e", VALUE, kind.decayed())
        else:
            caught, give = kind.lvalue().name, "return ts::give_ref(e);"
        return (
            f"try {{ std::rethrow_exception(p); }} "
            f"catch({caught} e) {{ {give} }} catch(...) {{ return nullptr; }}"
        )
    if gives == DISCARD or kind.is_void:
        return f"{expression if kind.is_void else f'(void)({expression})'}; return ts::nil();"
    if gives == LISP:
        return f"return {lisp_cpp(expression, kind)};"
    name = c_string(kind.referred if gives == REF else kind.value)
    if gives == REF:
        address = f"const_cast<void*>(static_cast<void const volatile*>(__builtin_addressof({expression})))"
        if kind.has(Flag.FUNCTION):
            return f"return ts::give_ref({expression});"
        return f"static ts::type_info const t{{ {name}, nullptr }}; return ts::give_object({address}, &t);"
    destroy = "nullptr" if kind.has(Flag.TRIVIAL_DESTRUCTOR) else f"ts::destroy_as<{kind.value}>"
    return (
        f"static ts::type_info const t{{ {name}, {destroy} }}; "
        f"ts::making v(sizeof({kind.value}), &t); new(v.ptr()) {alias(kind)}({expression}); return v.made();"
    )


def alias(kind: CppType) -> str:
    """A type as it may stand in front of parentheses."""
    return f"ts::id<{kind.value}>"


def lisp_cpp(expression: str, kind: CppType) -> str:
    """A native value as a new reference to a Lisp value."""
    if kind.has(Flag.BOOL):
        return f"ts::bool_to_lisp({expression})"
    if kind.has(Flag.FLOAT):
        return f"ts::double_to_lisp({expression})"
    if kind.value != "char" and kind.has(Flag.INTEGER):
        make = (
            "ts::signed_to_lisp"
            if kind.has(Flag.SIGNED) or kind.size < 8
            else "ts::unsigned_to_lisp"
        )
        return f"{make}({expression})"
    if kind.value in ("const char *", "char const *", "char *"):
        return f"ts::cstring_to_lisp({expression})"
    return f"ts::to_lisp({expression})"


def unit_cpp(
    ident: int, bodies: list[tuple[str, str, bool]], optimised: bool, trial: bool = False
) -> str:
    """One transaction. `bodies` holds signature, statements, and whether it is a matcher.

    For a `trial` nothing asks for the machine code, so that Clang only judges the text.
    """
    lines = [] if optimised else ["#pragma cling optimize(0)"]
    lines += [f"{worlds.opening}namespace ts_s{ident} {{"]
    for i, (signature, body, matcher) in enumerate(bodies):
        lines.append(f"// {signature}")
        lines.append(f'#line {i + 1} "s{ident}"')
        if matcher:
            lines.append(f"static void* s{i}(std::exception_ptr const& p) {{ {body} }}")
        else:
            lines.append(f"static PyObject* s{i}(PyObject* const* a) {{ {body} }}")
    if trial:
        return "\n".join([*lines, f"}}{worlds.closing}"])
    names = ", ".join(f"(void*)s{i}" for i in range(len(bodies)))
    lines.append(f"static void* const all[] = {{ {names} }};")
    lines.append(f"static int const done = ts::submit({ident}, all, {len(bodies)});")
    lines.append(f"}}{worlds.closing}")
    return "\n".join(lines)
