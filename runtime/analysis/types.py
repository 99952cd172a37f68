"""Static types of expressions: Lisp values, some of known kind, and C++ types as Clang describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


class Flag:
    """What `ts::flags_of` says of a C++ type; the numbers are those of `ts::kind` in interop.hpp.

    Plain integers: they are tested for every operand of every form, and enum's operators are slow.
    """

    VOID = 1
    BOOL = 2
    INTEGER = 4
    FLOAT = 8
    ENUM = 16
    POINTER = 32
    CLASS = 64
    FUNCTION = 128
    NULLPTR = 256
    ARRAY = 512
    LVALUE = 1024
    RVALUE = 2048
    CONST = 4096
    CONVERTIBLE = 8192
    CONTEXTUAL_BOOL = 16384
    TRIVIAL_DESTRUCTOR = 32768
    MOVABLE = 65536
    SIGNED = 131072
    MEMBER_POINTER = 262144


@dataclass(frozen=True, slots=True)
class LispType:
    """A Lisp value. `kind` is "object" where nothing more is known, else "int", "double" or "bool".

    `boxed` is the pointer type of a value known to be made by `cpp/box`, else "".
    """

    kind: str = "object"
    boxed: str = ""

    @property
    def unboxed(self) -> bool:
        """Whether compiled code may hold it in a machine register."""
        return self.kind in ("int", "double", "bool")


OBJECT = LispType()
NEVER = LispType("never")  # of recur and throw: control does not come back
INT = LispType("int")
DOUBLE = LispType("double")
BOOL = LispType("bool")
OF_LITERALS: dict[type, LispType] = {int: INT, float: DOUBLE, bool: BOOL}


@dataclass(frozen=True, slots=True)
class CppType:
    """A C++ type: its name as Clang spells it, `flags` as in `Flag` and its size in bytes.

    While Clang has not said yet what it is, its name is "" and `pending` the question, if there is one.
    """

    name: str
    flags: int
    size: int = 0
    pending: Any = field(default=None, compare=False)

    @property
    def unknown(self) -> bool:
        return not self.name

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)

    @property
    def is_void(self) -> bool:
        return bool(self.flags & Flag.VOID)

    @property
    def is_reference(self) -> bool:
        return bool(self.flags & (Flag.LVALUE | Flag.RVALUE))

    @property
    def is_scalar(self) -> bool:
        """Whether it is a number, bool, enum or nullptr: tier 0 holds a prvalue of it as a Python number."""
        return bool(self.flags & (Flag.BOOL | Flag.INTEGER | Flag.FLOAT | Flag.ENUM | Flag.NULLPTR))

    @property
    def is_number_prvalue(self) -> bool:
        """Whether tier 0 holds an operand of this type as a Python number. `char` is text, not a number."""
        return self.is_scalar and not self.is_reference and self.value != "char"

    @property
    def value(self) -> str:
        """The type's name without reference and, for a value, without const. Of a function, its pointer's."""
        name = self.referred
        if self.flags & Flag.FUNCTION:
            return _DECLARATOR.sub(" (*)(", name, count=1)
        if self.flags & Flag.POINTER:
            return _POINTER_CONST.sub(r"*\1", name)
        return name.removeprefix("const ")

    @property
    def referred(self) -> str:
        """The type's name without the reference, const kept."""
        name = self.name.rstrip("& ")
        if name.endswith((")", "]")):  # the reference stands inside: int (&)[3], int (*&)(int)
            name = _INNER_REFERENCE.sub(lambda m: f"({m[1]})" if m[1] else "", name, count=1)
        return name

    def decayed(self) -> CppType:
        """The type of a value copied from one of this type."""
        if self.unknown:
            return CppType("", self.flags & ~Flag.LVALUE)
        keep = self.flags & ~(Flag.LVALUE | Flag.RVALUE | Flag.CONST)
        if keep & Flag.FUNCTION:
            keep = Flag.POINTER | Flag.TRIVIAL_DESTRUCTOR | Flag.MOVABLE
        return CppType(self.value, keep, self.size)

    def lvalue(self) -> CppType:
        """The type of a name that is bound to a value of this type."""
        if self.flags & Flag.LVALUE:
            return self
        if self.unknown:
            return CppType("", self.flags | Flag.LVALUE, 0, self.pending)
        return CppType(
            reference_to(self.referred), (self.flags & ~Flag.RVALUE) | Flag.LVALUE, self.size
        )

    def __str__(self) -> str:
        return self.name


@lru_cache(4096)
def known_type(name: str, flags: int, size: int) -> CppType:
    """A type that Clang told; one object for all that ask."""
    return CppType(name, flags, size)


Type = LispType | CppType

_INNER_REFERENCE = re.compile(r" ?\(([\w:]*\*)?(?: ?const)?&+\)")
_POINTER_CONST = re.compile(r"\* ?const(\)|$)")
_DECLARATOR = re.compile(r" ?\(")


def reference_to(name: str) -> str:
    """The spelling of an lvalue reference to the type `name`, as Clang spells it."""
    if name.endswith("]"):
        return name.replace("[", " (&)[", 1)
    if name.endswith(")"):
        inner = re.search(r"\*( ?const)?\)", name)
        if inner is None:  # a function
            return _DECLARATOR.sub(" (&)(", name, count=1)
        return f"{name[: inner.end() - 1]}&{name[inner.end() - 1 :]}"
    return f"{name}{'' if name.endswith('*') else ' '}&"


_NUMBER = Flag.CONVERTIBLE | Flag.TRIVIAL_DESTRUCTOR | Flag.MOVABLE


def _builtins() -> dict[str, CppType]:
    signed, unsigned = Flag.INTEGER | Flag.SIGNED | _NUMBER, Flag.INTEGER | _NUMBER
    rows = {
        "bool": (Flag.BOOL | _NUMBER, 1),
        "char": (signed, 1),
        "signed char": (signed, 1),
        "unsigned char": (unsigned, 1),
        "short": (signed, 2),
        "unsigned short": (unsigned, 2),
        "int": (signed, 4),
        "unsigned int": (unsigned, 4),
        "long": (signed, 8),
        "unsigned long": (unsigned, 8),
        "long long": (signed, 8),
        "unsigned long long": (unsigned, 8),
        "float": (Flag.FLOAT | Flag.SIGNED | _NUMBER, 4),
        "double": (Flag.FLOAT | Flag.SIGNED | _NUMBER, 8),
    }
    return {name: CppType(name, flags, size) for name, (flags, size) in rows.items()}


BUILTIN = _builtins()
BUILTIN_ALIASES = {
    "unsigned": "unsigned int",
    "uint": "unsigned int",
    "size_t": "unsigned long",
    "std::size_t": "unsigned long",
    "int8_t": "signed char",
    "uint8_t": "unsigned char",
    "int16_t": "short",
    "uint16_t": "unsigned short",
    "int32_t": "int",
    "uint32_t": "unsigned int",
    "int64_t": "long",
    "uint64_t": "unsigned long",
    "std::int32_t": "int",
    "std::uint32_t": "unsigned int",
    "std::int64_t": "long",
    "std::uint64_t": "unsigned long",
}
VOID = CppType("void", Flag.VOID)
NULLPTR = CppType("std::nullptr_t", Flag.NULLPTR | _NUMBER, 8)
C_STRING = CppType("char const *", Flag.POINTER | _NUMBER, 8)


def builtin(name: str) -> CppType | None:
    """The arithmetic type of that name or common alias."""
    return BUILTIN.get(BUILTIN_ALIASES.get(name, name))
