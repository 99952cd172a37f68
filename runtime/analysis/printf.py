"""C variadics: what each directive of a literal printf format wants of its argument."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtime.analysis.types import CppType, Flag

_DIRECTIVE = re.compile(
    r"%(?:%|([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|j|z|t|L)?([diouxXcsfFeEgGaAp]))|%(.?)"
)
_SIGNED = {
    "": "int",
    "hh": "int",
    "h": "int",
    "l": "long",
    "ll": "long long",
    "j": "long",
    "z": "long",
    "t": "long",
}
_UNSIGNED = {
    "": "unsigned int",
    "hh": "unsigned int",
    "h": "unsigned int",
    "l": "unsigned long",
    "ll": "unsigned long long",
    "j": "unsigned long",
    "z": "unsigned long",
    "t": "unsigned long",
}


@dataclass(frozen=True, slots=True)
class Directive:
    """One argument that a format takes: its text (`%.2f`, or `*` for a width) and the C++ type it wants."""

    text: str
    wants: str

    @property
    def of_lisp(self) -> str:
        """The C++ type that a Lisp value becomes here: for %c it is a character."""
        return "char" if self.text.endswith("c") else self.wants

    def accepts(self, given: CppType) -> bool:
        """Whether a native argument of that type may stand here without a cast."""
        if self.wants == "char const *":
            return given.has(Flag.POINTER | Flag.ARRAY) and "char" in given.name
        if self.wants == "void const *":
            return given.has(Flag.POINTER | Flag.NULLPTR | Flag.ARRAY)
        if self.wants == "double":
            return given.has(Flag.FLOAT)
        whole = given.has(Flag.INTEGER | Flag.BOOL | Flag.ENUM)
        return whole and (given.size == 8) == ("long" in self.wants)


def directives(text: str) -> list[Directive] | str:
    """The arguments that the format takes in order, or what is wrong with it."""
    found: list[Directive] = []
    for m in _DIRECTIVE.finditer(text):
        if m[0] == "%%":
            continue
        if m[5] is None:
            return (
                f"%{m[6]} is not a directive"
                if m[6]
                else "the format ends in the middle of a directive"
            )
        found += [Directive("*", "int") for star in (m[2], m[3]) if star == "*"]
        length, kind = m[4] or "", m[5]
        if kind in "di":
            wants = _SIGNED.get(length, "int")
        elif kind in "ouxX":
            wants = _UNSIGNED.get(length, "unsigned int")
        elif kind == "c":
            wants = "int"
        elif kind == "s":
            wants = "char const *"
        elif kind == "p":
            wants = "void const *"
        else:
            wants = "double"
        found.append(Directive(m[0], wants))
    return found
