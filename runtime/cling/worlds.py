"""C++ that takes the place of C++ declared before, though Clang never forgets a declaration.

What is declared first stands at global scope. When a header or a raw text changes, it is declared again in a
*world*, a namespace `ts_r7`, together with everything of the user's that may mean it: what includes it, what
shares a namespace with it (argument-dependent look-up would find both), and what was in the world before.
Generated code stands in the newest world, so unqualified look-up finds what is in force there, and all that
never changed at global scope. System headers are never part of a world.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.cling.diagnostics import Diagnostic
from runtime.cling.forwarding import forwarding
from runtime.cling.global_names import Kind, global_names
from runtime.cling.inline_names import declared_names
from runtime.cling.judging import Source, judged
from runtime.cling.pasting import pasted
from runtime.cling.session import Declared, Session
from runtime.process.files import read_text

_CLASH = re.compile(
    r"redefinition|differ only in their return type|different kind of symbol|redeclar|conflict"
)
_MACRO = re.compile(r"'(\w+)' macro redefined")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NAMESPACE = re.compile(r"\bnamespace\s+(?:\[\[.*?\]\]\s*)?(\w+)(?:\s*::\s*\w+)*\s*\{")
# Specialisations of std's templates: a namespace that is opened, or a qualified name.
_STD = re.compile(
    r"^[ \t]*(?:namespace\s+std\s*\{|template\s*<[^;{}]*?>\s*(?:struct|class)\s+(?:::\s*)?std\s*::[^;{}]*\{)",
    re.MULTILINE,
)
_TYPE = re.compile(
    r"^(?:struct|class|union|enum(?:\s+class)?)\s+(\w+)", re.MULTILINE
)  # of the global scope
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[^\n]*", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)


@dataclass(eq=False, slots=True)
class Unit:
    """A header that was required, or a raw text. `name` is what its places are told by; `files` are the
    user's files that it reaches, itself included, with what they said when it was declared."""

    name: str
    path: Path | None
    text: str
    files: Mapping[Path, str] = field(default_factory=dict)
    namespaces: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    defined: Mapping[str, Kind] = field(default_factory=dict)  # at global scope


@dataclass(slots=True)
class World:
    """A namespace and what is in it, in order."""

    number: int = 0
    units: list[Unit] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()  # its outermost namespaces and types
    hidden: dict[str, Kind] = field(default_factory=dict)  # names that are known no longer

    @property
    def opening(self) -> str:
        return f"namespace ts_r{self.number} {{" if self.number else ""

    @property
    def closing(self) -> str:
        return "}" if self.number else ""

    @property
    def outermost(self) -> frozenset[str]:
        """The names by which forms reach what is in it, and those that it hides."""
        defined = {name for unit in self.units for name in (*unit.defined, *unit.namespaces)}
        return frozenset(defined | self.hidden.keys())

    @property
    def files(self) -> set[Path]:
        """The user's files in it."""
        return {file for unit in self.units for file in unit.files}

    def around(self, text: str) -> str:
        """A text in this world, its includes before it at global scope."""
        head = _skeleton(text) if _INCLUDE.search(text) else ""
        return f"{head}\n{self.opening}\n{_INCLUDE.sub('', text)}\n{self.closing}\n"


_heads: set[str] = set()  # what was included at global scope for a world, once for all


class Worlds:
    """What replaced what in this process. `serial` counts the texts declared so far."""

    def __init__(self) -> None:
        self.serial = 0
        self._worlds = 0
        self.newest = World()
        self.units: list[Unit] = []  # everything in force, in order
        self._ever: dict[str, Kind] = {}  # all names that units ever defined at global scope
        self._mentioned: dict[str, int] = {}  # name -> the last text that may have declared it
        self._all = 0

    # --- what generated code needs ----------------------------------------------------------------

    @property
    def opening(self) -> str:
        """What stands before generated code, for its names to mean what is in force."""
        return self.newest.opening

    @property
    def closing(self) -> str:
        """What stands behind it."""
        return self.newest.closing

    def generation(self, *texts: str) -> int:
        """A number that is another once the names in C++ expressions may mean something else."""
        words = (word for text in texts for word in _WORD.findall(text))
        return max((self._mentioned.get(word, 0) for word in words), default=0) or self._all

    def mention(self, names: Iterable[str]) -> None:
        """Names were declared: what was known of them may be known no longer."""
        self.serial += 1
        self._mentioned.update(dict.fromkeys(names, self.serial))

    def mention_all(self) -> None:
        """A header was declared whose names are not looked at."""
        self.serial += 1
        self._all = self.serial

    # --- units ------------------------------------------------------------------------------------

    def add(self, unit: Unit, inside: bool) -> None:
        """A unit was declared as it is, at global scope or `inside` the newest world."""
        self.units.append(unit)
        self._ever.update(unit.defined)
        if inside:
            self.newest.units.append(unit)
            self.newest.names |= unit.names
            self.newest.roots |= unit.namespaces | unit.defined.keys()

    def in_force(self, text: str) -> Unit | None:
        """The raw text as a unit, where it was declared and not replaced since."""
        return next((u for u in self.units if u.path is None and u.text == text), None)

    def superseded(self, done: Declared) -> list[Unit]:
        """The units with which a text clashed: Clang's notes name them; also those whose macros it
        defines anew, which is no error."""
        told = {note.file for d in done.diagnostics if _clashing(d) for note in d.notes}
        return [u for u in self.units if u.name in told or _names_file(u, told)]

    def affected(self, changed: Sequence[Unit]) -> list[Unit]:
        """What must be declared again with `changed`, in order: see the head of this file."""
        wanted = {id(unit) for unit in (*changed, *self.newest.units)}
        spaces = {s for unit in changed for s in unit.namespaces}
        files = {f for unit in changed for f in unit.files}
        names = {n for unit in changed for n in unit.defined}
        grown = True
        while grown:
            grown = False
            for unit in self.units:
                if id(unit) in wanted:
                    continue
                if (
                    not files.isdisjoint(unit.files)
                    or unit.namespaces & spaces
                    or _uses(unit, names)
                ):
                    wanted.add(id(unit))
                    spaces |= unit.namespaces
                    files |= set(unit.files)
                    names |= unit.defined.keys()
                    grown = True
        return [unit for unit in self.units if id(unit) in wanted]

    def _reserve(self) -> int:
        self._worlds += 1
        return self._worlds

    def sources_for(
        self, old: Sequence[Unit], sources: Sequence[Path], folders: Sequence[Path]
    ) -> tuple[int, dict[Path, str]]:
        """The number of the world that will replace the headers `old`, and the text of each of their
        `sources` in it, for the system's compiler."""
        world = World(self._reserve(), self.affected(old))
        outside = _outside(world, self.units)
        made: dict[Path, str] = {}
        for source in sources:
            text = pasted(source, folders, set(outside))
            made[source] = f"{_skeleton(text)}\n{_world_text(world, [text])}"
        return world.number, made

    def replace(
        self,
        session: Session,
        old: Sequence[Unit],
        new: Unit | None,
        folders: Sequence[Path],
        number: int | None = None,
    ) -> Declared:
        """Declare a new world in which `new` stands for the units `old`, or, where it is None, these are
        read from their files again. Nothing changes when Clang rejects it. `number` is one that
        `sources_for` gave."""
        if new is None:
            units = [_again(unit, folders) if unit in old else unit for unit in self.units]
            return self._enter(
                session, units, [u for u in units if u not in self.units], folders, number
            )
        at = min((i for i, unit in enumerate(self.units) if unit in old), default=len(self.units))
        units = [unit for unit in self.units if unit not in old]
        units.insert(at, new)
        return self._enter(session, units, [new, *old], folders, number)

    def retire(self, session: Session, gone: Sequence[Unit], folders: Sequence[Path]) -> Declared:
        """Declare a new world in which the names of the units `gone` are known no longer."""
        units = [unit for unit in self.units if unit not in gone]
        return self._enter(session, units, gone, folders, None)

    def _enter(
        self,
        session: Session,
        units: list[Unit],
        changed: Sequence[Unit],
        folders: Sequence[Path],
        number: int | None,
    ) -> Declared:
        """Declare the world that comes of `units` being in force; `changed` among them are new, or others
        are no longer."""
        before, self.units = self.units, units
        try:
            inside = self.affected(changed)
        finally:
            self.units = before
        world = World(self._reserve() if number is None else number)
        world.units = [u for u in units if u in inside]
        new = changed[0] if changed and changed[0] in units else None
        while True:
            texts = _texts(world.units, folders, _outside(world, units))
            world.hidden = self._gone(units)
            done = self._declare(session, world, texts)
            stale = [u for u in _blamed(done, world.units) if u.path is None and u is not new]
            if done.ok or not stale:
                break
            # Raw text that does not fit what changed: its form says so, when it is evaluated again.
            units = [u for u in units if u not in stale]
            world.units = [u for u in world.units if u not in stale]
        if done.ok:
            for unit in units:
                self._ever.update(unit.defined)
            self.units, self.newest = units, world
            self.mention({*world.names, *world.hidden})
        return done

    def _gone(self, units: Sequence[Unit]) -> dict[str, Kind]:
        """The names that were defined at global scope and are no longer."""
        now = {name for unit in units for name in unit.defined}
        return {name: kind for name, kind in self._ever.items() if name not in now}

    def concerns(self, unit: Unit) -> bool:
        """Whether a new unit belongs in the newest world: it is raw text, includes what is there, or adds to
        a namespace of it."""
        world = self.newest
        return bool(world.number) and (
            unit.path is None
            or not world.files.isdisjoint(unit.files)
            or not world.roots.isdisjoint(unit.namespaces)
        )

    def straddles(self, unit: Unit) -> bool:
        """Whether a new unit that belongs in the newest world adds to a namespace that is only outside of it
        too, which it would hide there, so that it needs another world."""
        return self.concerns(unit) and any(
            other.namespaces & unit.namespaces
            for other in self.units
            if other not in self.newest.units
        )

    def hides(self, unit: Unit) -> bool:
        """Whether the newest world hides a name that a unit defines, so that it needs another one."""
        return not self.newest.hidden.keys().isdisjoint(unit.defined)

    @staticmethod
    def _declare(session: Session, world: World, texts: Sequence[str]) -> Declared:
        """Declare a world's text, and its functions that libraries have."""
        body = "\n".join(texts)
        world.names = frozenset(n for text in texts for n in declared_names(text))
        world.roots = _spaces(body) | set(_TYPE.findall(body))
        head = "\n".join(_skeleton(text) for text in texts)
        if _INCLUDE.search(head) and head not in _heads:
            done = session.declare(head, trial=head)
            if not done.ok:
                return done
            _heads.add(head)
        done = judged(session, _world_text(world, texts), sources_of(world.units))
        if done.ok:
            jumps = forwarding.jumps(f"ts_r{world.number}", world.roots, world.names)
            if jumps:
                session.declare(jumps)
        return done


def sources_of(units: Iterable[Unit]) -> list[Source]:
    """The texts of units, those of files as they are now."""
    found: dict[str, Source] = {}
    for unit in units:
        if unit.path is None:
            found[unit.name] = Source(unit.name, unit.text)
        for file in sorted(unit.files, key=lambda file: file != unit.path):
            if file.is_file():
                found[str(file)] = Source(str(file), read_text(file))
    return list(found.values())


def _blamed(done: Declared, units: Iterable[Unit]) -> list[Unit]:
    """The units in whose own text Clang saw errors."""
    files = {d.file for d in done.errors}
    return [unit for unit in units if unit.name in files]


def _clashing(d: Diagnostic) -> bool:
    return bool(_CLASH.search(d.message) if d.severity == "error" else _MACRO.search(d.message))


def _names_file(unit: Unit, told: set[str]) -> bool:
    return unit.path is not None and any(str(file) in told for file in unit.files)


def _uses(unit: Unit, names: set[str]) -> bool:
    return unit.path is None and not names.isdisjoint(_WORD.findall(unit.text))


def _again(unit: Unit, folders: Sequence[Path]) -> Unit:
    """A unit, from what its files say now."""
    if unit.path is None:
        return raw_unit(unit.text, unit.name, unit.files)
    return header_unit(unit.path, unit.name, folders)


def header_unit(path: Path, name: str, folders: Sequence[Path]) -> Unit:
    """A user's header as a unit."""
    from runtime.cling.companions import reached

    files = {file: read_text(file) for file in (path, *reached(path, folders))}
    text = pasted(path, folders, set(), files)
    names = frozenset(declared_names(text))
    return Unit(name, path, text, files, _spaces(text), names, global_names(text))


def raw_unit(text: str, name: str, files: Iterable[Path]) -> Unit:
    """A raw text as a unit; `files` are the user's headers that it includes."""
    known = {file: read_text(file) for file in files}
    names = frozenset(declared_names(text))
    return Unit(name, None, text, known, _spaces(text), names, global_names(text))


def _spaces(text: str) -> frozenset[str]:
    return frozenset(_NAMESPACE.findall(text)) - {"std"}


def _outside(world: World, units: Sequence[Unit]) -> set[Path]:
    """The user's files that stay at global scope."""
    return {f for unit in units for f in unit.files} - world.files


def _texts(units: Sequence[Unit], folders: Sequence[Path], known: set[Path]) -> list[str]:
    """The units' texts as they stand in a world: with that of the user's headers in place of includes,
    each once, and nothing in place of those `known` at global scope."""
    from runtime.cling.companions import INCLUDE, find_header

    seen = set(known)
    said: dict[Path, str] = {}
    for unit in units:
        said.update(unit.files)  # of a file that several units have, the last is the newest
    texts = []
    for unit in units:
        if unit.path is not None:
            texts.append(pasted(unit.path, folders, seen, said))
            continue

        def include(m: re.Match[str]) -> str:
            path = find_header(m[1] or m[2], folders)
            return m[0] if path is None else pasted(path, folders, seen, said)

        texts.append(f'#line 1 "{unit.name}"\n{INCLUDE.sub(include, unit.text)}')
    return texts


def _skeleton(text: str) -> str:
    """The directives of a text: with them its includes can be read before the rest, at global scope."""
    return "\n".join(
        m[0] for m in _DIRECTIVE.finditer(text) if not re.match(r"[ \t]*#[ \t]*(line|error)", m[0])
    )


def _world_text(world: World, texts: Sequence[str]) -> str:
    body = "\n".join(_INCLUDE.sub("", text) for text in texts)
    inside = _std_outside(body, f"ts_r{world.number}")
    return f"{world.opening}\n{_hiding(world.hidden)}\n{inside}\n{world.closing}\n"


def _hiding(names: Mapping[str, Kind]) -> str:
    """Declarations behind which names are not found any more."""
    how = {
        Kind.MACRO: "\n#undef {0}\n",
        Kind.NAMESPACE: "namespace {0} {{}} ",
        Kind.OTHER: "extern struct ts_gone {0}; ",
    }
    return "".join(how[kind].format(name) for name, kind in sorted(names.items()))


def _std_outside(body: str, home: str) -> str:
    """The text with its specialisations of std's templates at global scope, about the world's types."""
    blocks = list(_STD.finditer(body))
    if not blocks:
        return body
    roots = "|".join(sorted(_spaces(body))) or r"(?!)"
    types = "|".join(sorted(set(_TYPE.findall(body)))) or r"(?!)"
    own = re.compile(rf"(?<![\w:.])(?=(?:{roots})\s*::|(?:{types})\b)")
    parts: list[str] = []
    at = 0
    for m in blocks:
        if m.start() < at:
            continue
        end = _matching_brace(body, m.end())
        inner = own.sub(f"::{home}::", body[m.start() : end])
        parts += [body[at : m.start()], f"}} {inner}}}; namespace {home} {{"]
        at = end + 1
    return "".join(parts) + body[at:]


def _matching_brace(text: str, at: int) -> int:
    depth = 1
    for m in re.compile(r'//[^\n]*|/\*(?:.*?\*/|.*)|"(?:\\.|[^"\\\n])*"|[{}]', re.DOTALL).finditer(
        text, at
    ):
        depth += {"{": 1, "}": -1}.get(m[0], 0)
        if not depth:
            return m.start()
    return len(text)


worlds = Worlds()
