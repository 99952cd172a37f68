"""What boxes hold when their types were declared again: the same layout goes on as it is, a plain struct
is carried over field by field, anything else is refused and named."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.cling.diagnostics import plain
from runtime.cling.session import Session
from runtime.cling.worlds import World, worlds
from runtime.events import BoxesCarried
from runtime.native import _support

NATIVE = Path(_support.__file__).parent
_ROOT = re.compile(r"(?<![\w:])[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its path, such as `position.x`. `offset` and `size` are bytes."""

    path: str
    type: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Migration:
    """How boxes of one type follow it: `copied` are (old offset, new offset, bytes)."""

    raw: str  # the old type's raw name
    type: str  # as people write it
    info: int  # address of the new pointer type's type_info
    make: Callable[[], int]  # a new object, as its constructor leaves it
    delete: int  # address of what deletes it
    copied: tuple[tuple[int, int, int], ...]
    lost: tuple[str, ...]  # fields whose values have no place in the new layout

    def carry(self) -> int:
        """Give every living box of the old type a new object with its fields; returns their number."""
        of_object: dict[int, list[Any]] = {}
        for box in _support.boxes():
            if _support.raw_type(box) == self.raw:
                of_object.setdefault(0 if box.is_empty else box.address, []).append(box)
        for address, boxes in of_object.items():
            if not address:
                continue  # null stays null, and what was deleted stays so
            fresh = self.make()
            for old, new, size in self.copied:
                ctypes.memmove(fresh + new, address + old, size)
            _support.rebox(boxes, self.info, fresh, self.delete)
        return sum(map(len, of_object.values()))


@dataclass(frozen=True, slots=True)
class Refused:
    """Boxes that keep objects of a type as it was; `places` say where they were boxed."""

    type: str
    why: str
    places: tuple[str, ...]


class Boxes:
    """The boxes of a process, kept up with the newest world."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # The world and the types of boxes when they were looked at last.
        self._seen: tuple[int, frozenset[str]] = (0, frozenset())
        self._waiting: list[Migration] = []

    def look(self) -> list[Refused]:
        """Find out what has to be done for boxes since the world is another. Those refused stay as they are.
        Blocks on Cling; call it off the UI thread."""
        world = worlds.newest
        if not world.number:
            return []
        # A box may be made after its type was declared again, by what was compiled before.
        seen = world.number, frozenset(map(_support.raw_type, _support.boxes()))
        if seen == self._seen and not self._waiting:
            return []
        self._seen = seen
        self._waiting, refused = follow(self._session, world)
        return refused

    @property
    def behind(self) -> bool:
        """Whether `carry` has something to do."""
        return bool(self._waiting)

    def carry(self) -> list[BoxesCarried]:
        """Do it, on the thread that runs scripts, before what was compiled in the new world runs."""
        waiting, self._waiting = self._waiting, []
        return [BoxesCarried(type=m.type, boxes=m.carry(), lost=m.lost) for m in waiting]


def follow(session: Session, world: World) -> tuple[list[Migration], list[Refused]]:
    """What has to be done for the boxes of types in a new world, before its code runs. Types of the same
    layout need nothing from here on. Blocks on Cling; call it off the UI thread."""
    by_type: dict[str, list[Any]] = {}
    for box in _support.boxes():
        raw = _support.raw_type(box)
        if not world.roots.isdisjoint(_ROOT.findall(plain(_spelled(raw)))):
            by_type.setdefault(raw, []).append(box)
    migrations: list[Migration] = []
    refused: list[Refused] = []
    for raw, boxes in by_type.items():
        outcome = _compare(session, world, raw)
        if isinstance(outcome, Migration):
            migrations.append(outcome)
        elif outcome is not None:
            places = tuple(dict.fromkeys(str(box.place) for box in boxes))
            refused.append(Refused(plain(_pointee(raw)), outcome, places))
    return migrations, refused


def plain_layout(session: Session, raw: str) -> tuple[str, int, str] | str:
    """Of the boxes of a raw type: the type's name, its size in bytes and its fields, where its bytes are all
    there is to an object; else why not. Blocks on Cling."""
    kind = _pointee(raw)
    ident = session.new_id()
    done = session.declare(
        f'#include "{NATIVE}/fields.hpp"\nnamespace ts_l{ident} {{ using type = {kind};\n'
        f"{_LAYOUT.replace('IDENT', str(ident))} }}\n"
    )
    found = _support.take_addresses(ident) if done.ok else []
    if not found:
        return "its type has no definition here"
    fields, numbers = _text(found[0]), _words(found[1], 3)
    size, plainness, scalar = numbers
    if not plainness:
        return "it is no plain struct or number"
    leaves = _fields(fields)
    if not scalar and any(f.offset < 0 for f in leaves):
        return "it has bit-fields or references"
    if any("*" in f.type for f in leaves):
        return "it holds pointers"
    return plain(kind), size, plain(fields)


def _spelled(raw: str) -> str:
    start = raw.find("[T = ")
    return raw[start + 5 : -1] if start >= 0 else raw


def _pointee(raw: str) -> str:
    return _spelled(raw).rstrip().removesuffix("*").rstrip()


def _compare(session: Session, world: World, raw: str) -> Migration | str | None:
    """None where the layouts are the same, a Migration where fields can be copied, else why not."""
    old = _pointee(raw)
    ident = session.new_id()
    done = session.declare(
        f'#include "{NATIVE}/fields.hpp"\n#include <new>\nusing ts_old{ident} = {old};\n'
        f"{world.opening} namespace ts_m{ident} {{ using old_t = ts_old{ident}; using new_t = {plain(old)};\n"
        f"{_QUESTION.replace('IDENT', str(ident))} }} {world.closing}\n"
    )
    found = _support.take_addresses(ident) if done.ok else []
    if not found:
        return "it is declared no longer"
    old_text, new_text, sizes, new_raw, info, make, delete, plainness = found
    old_size, new_size = _words(sizes, 2)
    old_fields, new_fields = _fields(_text(old_text)), _fields(_text(new_text))
    if old_size == new_size and old_fields == new_fields:
        _support.declare_same_layout(raw, _text(new_raw))
        return None
    if _words(plainness, 1) != (1,):
        return "its layout changed, and it is no plain struct"
    if any(f.offset < 0 for f in (*old_fields, *new_fields)):
        return "its layout changed, and it has bit-fields or references"
    there = {f.path: f for f in new_fields}
    kept = [(f, there[f.path]) for f in old_fields if _same(f, there.get(f.path))]
    return Migration(
        raw,
        plain(old),
        info,
        ctypes.CFUNCTYPE(ctypes.c_size_t)(make),
        delete,
        tuple((a.offset, b.offset, a.size) for a, b in kept),
        tuple(f.path for f in old_fields if not _same(f, there.get(f.path))),
    )


def _same(old: Field, new: Field | None) -> bool:
    return new is not None and (plain(old.type), old.size) == (plain(new.type), new.size)


def _fields(lines: str) -> list[Field]:
    """The leaves among the lines that `ts::fields_of` gives."""
    rows = [line.split("\t") for line in lines.splitlines()]
    fields = []
    above: list[str] = []
    for i, (depth, kind, name, offset, size) in enumerate(rows):
        above[int(depth) - 1 :] = [name]
        nested = i + 1 < len(rows) and int(rows[i + 1][0]) > int(depth)
        if not nested:
            fields.append(Field(".".join(above), plain(kind), int(offset), int(size)))
    return fields


def _text(address: int) -> str:
    return ctypes.string_at(address).decode(errors="replace")


def _words(address: int, count: int) -> tuple[int, ...]:
    return tuple((ctypes.c_size_t * count).from_address(address))


_LAYOUT = """
static std::string const fields = ts::fields_of<type>();
constexpr bool scalar = std::is_arithmetic_v<type> || std::is_enum_v<type>;
static std::size_t const numbers[] = {
  sizeof(type), (scalar || std::is_class_v<type>) && std::is_trivially_copyable_v<type>, scalar };
static void const* const all[] = { fields.c_str(), numbers };
static int const done = ts::submit(IDENT, all, 2);
"""

_QUESTION = """
static std::string const old_fields = ts::fields_of<old_t>(), new_fields = ts::fields_of<new_t>();
static std::size_t const sizes[] = { sizeof(old_t), sizeof(new_t) };
static std::size_t const plainness =
  std::is_trivially_copyable_v<old_t> && std::is_trivially_copyable_v<new_t>
  && std::is_default_constructible_v<new_t>;
static ts::type_info const info{ ts::raw_name<new_t*>(), nullptr };
static std::size_t make() {
  if constexpr(std::is_default_constructible_v<new_t>) return reinterpret_cast<std::size_t>(new new_t());
  else return 0;
}
static void drop(void* p) { if constexpr(std::is_destructible_v<new_t>) delete static_cast<new_t*>(p); }
static void const* const all[] = { old_fields.c_str(), new_fields.c_str(), sizes, info.raw, &info,
                                   reinterpret_cast<void const*>(&make),
                                   reinterpret_cast<void const*>(&drop), &plainness };
static int const done = ts::submit(IDENT, all, 8);
"""
