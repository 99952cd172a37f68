"""Constants as C++ literals, and arithmetic on types that C++ does when it compiles."""

from __future__ import annotations

import struct
from sys import intern

from runtime.analysis import nodes as n
from runtime.analysis.types import BUILTIN, C_STRING, NULLPTR, CppType, Flag

INT_MAX = (1 << 31) - 1


def c_string(text: str) -> str:
    """A C++ string literal."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\?':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return intern('"' + "".join(out) + '"')


def is_literal(node: n.Node) -> bool:
    return isinstance(node, n.Const) and (
        node.value is None or type(node.value) in (int, float, bool, str)
    )


def native_literal(node: n.Node) -> n.Node:
    """A Lisp literal as the C++ constant it looks like; other nodes as they are."""
    if not is_literal(node):
        return node
    assert isinstance(node, n.Const)
    value = node.value
    if value is None:
        return n.NativeConst(None, "nullptr", True, span=node.span, type=NULLPTR)
    if isinstance(value, bool):
        return n.NativeConst(
            value, "true" if value else "false", True, span=node.span, type=BUILTIN["bool"]
        )
    if isinstance(value, str):
        return n.NativeConst(value, c_string(value), True, span=node.span, type=C_STRING)
    kind = (
        BUILTIN["double"]
        if isinstance(value, float)
        else BUILTIN["int" if -INT_MAX - 1 <= value <= INT_MAX else "long"]
    )
    return n.NativeConst(value, intern(native_text(kind, value)), True, span=node.span, type=kind)


def native_text(kind: CppType, value: float | int) -> str:
    """A C++ literal of that type."""
    if kind.has(Flag.BOOL):
        return "true" if value else "false"
    if kind.has(Flag.FLOAT):
        if value != value:
            return f'static_cast<{kind.name}>(__builtin_nan(""))'
        if value in (float("inf"), float("-inf")):
            return f"static_cast<{kind.name}>({'-' if value < 0 else ''}__builtin_inf())"
        return f"{value!r}f" if kind.name == "float" else repr(float(value))
    if kind.name == "int" and value > -INT_MAX:
        return repr(int(value))
    if kind.name in ("long", "long long") and value == -(1 << 63):
        return "(-9223372036854775807L - 1)"
    suffix = {
        "long": "L",
        "long long": "LL",
        "unsigned int": "u",
        "unsigned long": "UL",
        "unsigned long long": "ULL",
    }
    if kind.name in suffix:
        return f"{int(value)}{suffix[kind.name]}"
    return f"static_cast<{kind.name}>({int(value)})"


def fold(kind: CppType, value: float | int) -> float | int | bool | None:
    """The constant `value` as that arithmetic type, or None where C++ leaves it open."""
    if kind.has(Flag.BOOL):
        return bool(value)
    if kind.has(Flag.FLOAT):
        if kind.size == 4:
            try:
                return float(struct.unpack("f", struct.pack("f", float(value)))[0])
            except OverflowError:
                return None
        return float(value)
    if kind.name == "char" or value != value or value in (float("inf"), float("-inf")):
        return None
    whole = int(value)
    bits = 8 * kind.size
    low, high = (
        (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.has(Flag.SIGNED) else (0, (1 << bits) - 1)
    )
    if isinstance(value, float):
        return whole if low <= whole <= high else None
    wrapped = whole & ((1 << bits) - 1)
    return wrapped - (1 << bits) if wrapped > high else wrapped
