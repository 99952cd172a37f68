"""How values are written: `pr_str` for the reader, `print_str` for people, `str_value` for `str`.

Printers are found by type, base classes included; `register_printer` adds one. The forms are Clojure's.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from runtime.core import huge
from runtime.core.collections import Set, SortedMap, SortedSet
from runtime.core.java_regex import regex_source
from runtime.core.kinds import Map, PVector
from runtime.core.meta import meta
from runtime.core.registry import TABLE
from runtime.core.sequences import Seq
from runtime.core.values import BigInt, Char, Keyword, List, Symbol, Unbound

Write = Callable[[str], Any]


class Output:
    """Where a value is being written: `write` takes pieces of text, `put` writes a value inside another."""

    __slots__ = ("write", "readably", "length", "level", "meta", "namespace_maps")

    def __init__(
        self,
        write: Write,
        readably: bool = True,
        length: int | None = None,
        level: int | None = None,
        meta: bool = False,
        namespace_maps: bool = False,
    ) -> None:
        self.write = write
        self.readably = readably
        self.length = length  # most items shown of each collection (`*print-length*`)
        self.level = level  # collections within collections still shown (`*print-level*`)
        self.meta = meta  # whether metadata is shown (`*print-meta*`)
        self.namespace_maps = namespace_maps  # `#:ns{…}` for maps of one (`*print-namespace-maps*`)

    def put(self, value: Any) -> None:
        if self.meta:
            print_meta(value, self)
        printer_of(type(value))(value, self)

    def deeper(self) -> Output:
        """The same for what is inside a collection."""
        if self.level is None:
            return self
        return Output(
            self.write, self.readably, self.length, self.level - 1, self.meta, self.namespace_maps
        )


Printer = Callable[[Any, Output], Any]
K_TAG = Keyword("tag")
_PRINTERS: dict[type, Printer] = {}
_FOUND: dict[type, Printer] = {}  # by exact type, what the search along base classes gave


def register_printer(kind: type, printer: Printer | None) -> None:
    """Print values of `kind` and of classes under it by `printer(value, output)`; None forgets it."""
    if printer is not None:
        _PRINTERS[kind] = printer
    else:
        _PRINTERS.pop(kind, None)
    _FOUND.clear()


def printer_of(kind: type) -> Printer:
    """The printer of the nearest class of `kind` that has one."""
    found = _FOUND.get(kind)
    if found is None:
        nearest = (_PRINTERS[base] for base in kind.__mro__ if base in _PRINTERS)
        found = _FOUND[kind] = next(nearest)
    return found


def print_to(
    value: Any,
    write: Write,
    readably: bool = True,
    length: int | None = None,
    level: int | None = None,
) -> None:
    """Write `value` in pieces to `write`. See `Output` for the limits."""
    Output(write, readably, length, level).put(value)


def pr_str(value: Any, length: int | None = None, level: int | None = None) -> str:
    """`value` as the reader reads it (Clojure's `pr-str` of one value)."""
    kind = type(value)
    if kind is str:
        return quoted(value)
    if kind is int or kind is Keyword:
        return str(value)
    parts: list[str] = []
    print_to(value, parts.append, True, length, level)
    return "".join(parts)


def print_str(value: Any, length: int | None = None, level: int | None = None) -> str:
    """`value` as `print` shows it: strings and characters, inside collections too, as they are."""
    if type(value) is str:
        return value
    parts: list[str] = []
    print_to(value, parts.append, False, length, level)
    return "".join(parts)


def str_value(value: Any) -> str:
    """What `(str value)` gives: nil is "", text as it is, collections as `pr_str` writes them."""
    convert = _STR.get(type(value))
    if convert is not None:
        return convert(value)
    if isinstance(value, str):
        return value
    if isinstance(value, BaseException):
        return f"{class_name(type(value))}: {value}"
    if "__str__" in type(value).__dict__:  # a script's toString, or a writer's text
        return str(value)
    return pr_str(value)


QUOTED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f", "\b": "\\b"}
NEEDS_QUOTE = re.compile(r'["\\\n\t\r\f\x08]')
CHARACTER_NAMES = {
    "\n": "newline",
    " ": "space",
    "\t": "tab",
    "\b": "backspace",
    "\f": "formfeed",
    "\r": "return",
}


def quoted(text: str) -> str:
    """`text` in quotes, with the escapes that the reader needs."""
    if NEEDS_QUOTE.search(text):
        text = NEEDS_QUOTE.sub(lambda m: QUOTED[m[0]], text)
    return f'"{text}"'


def double_text(value: float) -> str:
    """A finite double as Java writes it: plain from 1e-3 to 1e7, else like 1.0E10.

    The digits are the shortest that give it back. See java.lang.Double.toString.
    """
    text = repr(value)
    size = abs(value)
    if 1e-3 <= size < 1e7 or size == 0:
        return text
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}E{int(exponent)}"
    sign = "-" if value < 0 else ""
    whole, fraction = text.lstrip("-").split(".")
    digits = (whole + fraction).lstrip("0")
    power = len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1
    return f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{power}"


def integer_text(value: int) -> str:
    """The digits of `value`, however many."""
    return int.__repr__(value) if value.bit_length() < 12_000 else huge.text(value)


def ratio_text(value: Fraction) -> str:
    return f"{integer_text(value.numerator)}/{integer_text(value.denominator)}"


def double_str(value: float) -> str:
    if value - value == 0:
        return double_text(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def instant_text(value: datetime) -> str:
    """`value` in UTC, to the millisecond or, where there is more, the microsecond."""
    utc = value.astimezone(UTC)
    digits = f"{utc.microsecond:06d}"
    fraction = digits[:3] if digits.endswith("000") else digits
    stamp = f"{utc.year:04d}-{utc.month:02d}-{utc.day:02d}T{utc:%H:%M:%S}"
    return f"{stamp}.{fraction}-00:00"


_STR: dict[type, Callable[[Any], str]] = {
    str: lambda text: text,
    type(None): lambda _: "",
    bool: lambda flag: "true" if flag else "false",
    int: int.__repr__,
    BigInt: integer_text,
    float: double_str,
    Fraction: ratio_text,
    Decimal: str,
    Char: lambda char: char.text,
    Keyword: str,
    Symbol: str,
    re.Pattern: regex_source,
    datetime: instant_text,
    uuid.UUID: str,
}


def print_items(items: Iterable[Any], opening: str, closing: str, out: Output) -> None:
    """Write the items between the brackets, within the limits of `out`."""
    if out.level is not None:
        if out.level <= 0:
            out.write("#")
            return
        out = out.deeper()
    write, found = out.write, _FOUND.get
    write(opening)
    left = -1 if out.length is None else out.length
    separator = ""
    for item in items:
        write(separator)
        if left == 0:
            write("...")
            break
        left -= 1
        kind = type(item)
        if out.meta:
            print_meta(item, out)
        (found(kind) or printer_of(kind))(item, out)
        separator = " "
    write(closing)


def print_sequence(value: Iterable[Any], out: Output) -> None:
    """Write any iterable as a list."""
    print_items(value, "(", ")", out)


def print_map(value: Any, out: Output) -> None:
    """Write anything with `items()` as a map."""
    shared = common_namespace(value) if out.namespace_maps else None
    if shared is None:
        print_entries(value.items(), "{", out)
    else:
        bare = [(type(key)(key.name), item) for key, item in value.items()]
        print_entries(bare, f"#:{shared}{{", out)


def common_namespace(m: Any) -> str | None:
    """The namespace that all keys of a map are in, if there is one."""
    found = {getattr(key, "ns", None) if type(key) in (Keyword, Symbol) else None for key in m}
    return found.pop() if len(found) == 1 else None


def print_meta(value: Any, out: Output) -> None:
    """Write the metadata of a value before it, `:tag` alone as `^tag`."""
    m = meta(value)
    if not m or type(value) not in (Symbol, List, PVector, Map, Set):
        return
    out.write("^")
    tag = m.get(K_TAG) if len(m) == 1 else None
    out.put(m if tag is None else tag)
    out.write(" ")


def print_entries(entries: Iterable[tuple[Any, Any]], opening: str, out: Output) -> None:
    """Write the pairs as a map that begins with `opening`: a record's is `#ns.Name{`."""
    if out.level is not None:
        if out.level <= 0:
            out.write("#")
            return
        out = out.deeper()
    write = out.write
    write(opening)
    left = -1 if out.length is None else out.length
    separator = ""
    for key, item in entries:
        write(separator)
        if left == 0:
            write("...")
            break
        left -= 1
        out.put(key)
        write(" ")
        out.put(item)
        separator = ", "
    write("}")


def print_callable(value: Any, out: Output) -> None:
    """Write a function as `#<fn name>`: a script's by its full name, a Python one by its own."""
    code = getattr(value, "code", None)
    name = getattr(code, "name", None) or getattr(value, "__name__", type(value).__name__)
    out.write(f"#<fn {name}>")


def print_exception(value: BaseException, out: Output) -> None:
    out.write(f"#error {{:type {class_name(type(value))}, :message ")
    out.put(str(value))
    data = getattr(value, "data", None)
    if data is not None:
        out.write(", :data ")
        out.put(data)
    out.write("}")


def class_name(kind: type) -> str:
    """The name a script knows a class by: a record's `ns.Name`, else what core defines it as."""
    own = getattr(kind, "lisp_name", "")
    if own:
        return str(own)
    names = (entry.name for entry in TABLE.values() if entry.value is kind)
    return next(names, kind.__name__)


def print_reference(value: Any, out: Output) -> None:
    """Write what holds a value as `#<atom value>`, or `:pending` and `:failed` where it has none."""
    try:
        held = value.deref() if getattr(value, "realized", True) else Keyword("pending")
    except Exception:  # the error is for those who deref it
        held = Keyword("failed")
    out.write(f"#<{type(value).__name__.lower()} ")
    out.put(held)
    out.write(">")


def print_object(value: Any, out: Output) -> None:
    """Write what has no printer of its own."""
    if callable(value) and not isinstance(value, type):
        print_callable(value, out)
        return
    if isinstance(value, type):
        out.write(class_name(value))
        return
    text = repr(value)
    if text.startswith("#<"):
        out.write(text)
    else:
        out.write(f"#{text}" if text.startswith("<") else f"#<{type(value).__name__} {text}>")


def print_string(value: str, out: Output) -> None:
    out.write(quoted(value) if out.readably else value)


def print_character(value: Char, out: Output) -> None:
    text = value.text
    out.write("\\" + CHARACTER_NAMES.get(text, text) if out.readably else text)


def print_double(value: float, out: Output) -> None:
    if value - value == 0:
        out.write(double_text(value))
    else:
        out.write("##NaN" if value != value else "##Inf" if value > 0 else "##-Inf")


def as_text(convert: Callable[[Any], str], before: str = "", after: str = "") -> Printer:
    """A printer that writes `convert(value)`, whether readably or not."""
    return lambda value, out: out.write(f"{before}{convert(value)}{after}")


_PRINTERS.update(
    {
        object: print_object,
        type(None): lambda _, out: out.write("nil"),
        bool: as_text(_STR[bool]),
        int: as_text(int.__repr__),
        BigInt: as_text(integer_text, after="N"),
        float: print_double,
        Fraction: as_text(ratio_text),
        Decimal: as_text(str, after="M"),
        str: print_string,
        Char: print_character,
        Keyword: as_text(str),
        Symbol: as_text(str),
        List: print_sequence,
        Seq: print_sequence,
        tuple: print_sequence,
        PVector: lambda value, out: print_items(value, "[", "]", out),
        list: lambda value, out: print_items(value, "[", "]", out),
        Map: print_map,
        SortedMap: print_map,
        dict: print_map,
        Set: lambda value, out: print_items(value, "#{", "}", out),
        SortedSet: lambda value, out: print_items(value, "#{", "}", out),
        frozenset: lambda value, out: print_items(value, "#{", "}", out),
        re.Pattern: as_text(regex_source, '#"', '"'),
        datetime: as_text(instant_text, '#inst "', '"'),
        uuid.UUID: as_text(str, '#uuid "', '"'),
        BaseException: print_exception,
        Unbound: as_text(repr),
    }
)

List.__repr__ = pr_str  # type: ignore[method-assign]
