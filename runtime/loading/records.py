"""What is known of every form that was evaluated out of a file: what it used, defined and added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.core.tracking import Addition
from runtime.errors import LispError, Span
from runtime.namespaces import Namespace, Var

NOTHING: frozenset[Any] = frozenset()
Env = dict[tuple[str, str], Any]


@dataclass(eq=False, slots=True)
class Record:
    """A form of a file, as it was evaluated last. `start` and `end` are offsets in the file's text."""

    text: str
    span: Span
    start: int
    end: int
    ns: str
    env: Env  # what the names of its namespace meant where it stands
    defines: tuple[Var, ...] = ()
    once: bool = False  # it is a `defonce`
    writes: frozenset[Var] = NOTHING  # vars that got their roots from it
    reads: frozenset[Any] = NOTHING  # vars whose values it was made of
    refs: frozenset[Var] = NOTHING  # vars that it mentions, in bodies of functions too
    touches: frozenset[Var] = NOTHING  # vars whose values it changed in place
    additions: dict[Any, Addition] = field(default_factory=dict)  # to multimethods and protocols
    adds: frozenset[Any] = NOTHING  # the vars whose values it added to, or that call them
    macros: bool = False  # it was expanded by macros of scripts
    effects: bool = False
    mutates: bool = False
    cpp: bool = False
    cpp_names: frozenset[str] = NOTHING  # as `Facts.cpp_names` says
    raws: tuple[str, ...] = ()  # what it declares by `cpp/raw`
    later: bool = False  # its value may read vars when it is looked at
    directive: bool = False
    behind: bool = False  # what is in force of it uses C++ that was replaced since
    failed: bool = False  # its last evaluation failed: what it defined before is in force


@dataclass(eq=False, slots=True)
class FileState:
    """A loaded file: its text, its forms in order, what stands wrong in it, and what it requires."""

    path: Path
    ns: str = "user"
    text: str = ""
    inode: int = 0  # of the file that was read
    records: list[Record] = field(default_factory=list)
    errors: list[LispError] = field(default_factory=list)
    requires: list[Path] = field(default_factory=list)
    readable: bool = True  # whether its text was free of reader errors
    loaded: bool = False


class Program:
    """All files of a runtime, and who mentions and defines which var."""

    def __init__(self) -> None:
        self.files: dict[Path, FileState] = {}
        self.mentions: dict[Var, set[Record]] = {}
        self.definers: dict[Var, set[Record]] = {}
        self.raws: Counter[str] = Counter()  # in how many forms each `cpp/raw` text stands
        self.additions: dict[Any, int] = {}  # how many forms made each
        self.overridden: set[Var] = set()  # vars of files that an eval defined

    def put(self, record: Record) -> None:
        """A record is in force."""
        for var in record.refs:
            self.mentions.setdefault(var, set()).add(record)
        for var in {*record.defines, *record.writes}:
            self.definers.setdefault(var, set()).add(record)
        self.raws.update(record.raws)
        for key in record.additions:
            self.additions[key] = self.additions.get(key, 0) + 1

    def drop(self, record: Record) -> None:
        """A record is no longer in force."""
        for var in record.refs:
            _discard(self.mentions, var, record)
        for var in {*record.defines, *record.writes}:
            _discard(self.definers, var, record)
        self.raws.subtract(record.raws)
        for key in record.additions:
            self.additions[key] -= 1

    def withdraw(self, records: Iterable[Record]) -> None:
        """Take away what dropped records had added and no other form did."""
        for record in records:
            for key, (_, undo, _) in record.additions.items():
                if self.additions.get(key) == 0:
                    del self.additions[key]
                    undo()

    def behind(self, variables: Iterable[Var]) -> set[Var]:
        """The vars that calling the values of these may read, themselves included."""
        found: set[Var] = set()
        left = list(variables)
        while left:
            var = left.pop()
            if var not in found:
                found.add(var)
                for record in self.definers.get(var, ()):
                    left += record.refs
        return found

    def affected(self, changed: set[Any]) -> set[Any]:
        """The vars whose functions may do something else now that others changed; those included."""
        found = set(changed)
        left = list(changed)
        while left:
            for record in self.mentions.get(left.pop(), ()):
                for var in record.defines:
                    if var not in found:
                        found.add(var)
                        left.append(var)
        return found


def _discard(table: dict[Var, set[Record]], var: Var, record: Record) -> None:
    found = table.get(var)
    if found is not None:
        found.discard(record)
        if not found:
            del table[var]


def env_of(ns: Namespace) -> Env:
    """What names mean in a namespace that are not its own vars."""
    return {
        **{("alias", k): v for k, v in ns.aliases.items()},
        **{("refer", k): v for k, v in ns.refers.items()},
        **{("scope", k): (v.scope, v.header) for k, v in ns.cpp_aliases.items()},
        **{("global", k): True for k in ns.cpp_globals},
        **{("excluded", k): True for k in ns.excluded},
    }


def names_changed(old: Env, new: Env) -> set[str]:
    """The names that mean something else, or nothing any more."""
    if old is new or old == new:
        return set()
    return {
        key[1]
        for key in old.keys() | new.keys()
        if old.get(key) is not new.get(key) and old.get(key) != new.get(key)
    }
