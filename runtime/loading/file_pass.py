"""One file of a reload, form by form: what is as it was stays, what depends on a change is evaluated."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Set
from typing import TYPE_CHECKING, Any

from runtime.core.tracking import Tracking
from runtime.core.values import Keyword, Symbol
from runtime.errors import DependentError, LispError, LispErrors, ReaderError, Span
from runtime.loading.directives import is_directive, run_directive
from runtime.loading.facts import Facts
from runtime.loading.names import contains, defined_name, empty, label, restore, shown
from runtime.loading.outcome import finish_record, note_changes
from runtime.loading.preparing import in_file, prepare
from runtime.loading.records import Env, FileState, Record, env_of, names_changed
from runtime.loading.removals import look_ahead, take_away
from runtime.loading.resolver import NamespaceResolver
from runtime.loading.source import Item, decoded, file_bytes, items
from runtime.loading.toplevel import Part, parts
from runtime.loading.transaction import AgainError, Late, Transaction, kind_of
from runtime.namespaces import Var
from runtime.process.activity import evaluating, left_out
from runtime.process.interruption import SCRIPT_ERRORS, limited
from runtime.reader import ReadForm
from runtime.traces import fault

if TYPE_CHECKING:
    from pathlib import Path

K_KEEP = Keyword("keep")
MOST_SEARCHED = 2_000
ENDS_ALIKE = 24  # characters at the end of a file, by which it is known to be saved in full
SETTLE_S, SETTLE_MOST_S = 0.03, 1.0  # without a write, until a file counts as saved; waited at most


class FilePass:
    """A pass over a file. `finish` makes it the file's state, once it is in force."""

    def __init__(self, work: Transaction, state: FileState) -> None:
        self.work = work
        self.host = work.host
        self.program = work.program
        self.state = state
        self.errors: list[LispError] = []
        self.reader_errors: list[ReaderError] = []
        self.requires: list[Path] = []
        self.reasons: list[str] = []
        self.total = self.evaluated = 0
        self.analysed, self.analysis_s = 0, 0.0  # forms, and seconds that they took
        self.records: list[Record] = []
        self.places: list[tuple[Record, Item]] = []
        self.text = state.text
        self.env: Env = {}
        self.hidden: set[Var] = set()
        # Of the forms that were known, by text with their place in the order; see `removals.look_ahead`.
        self.by_text: dict[str, deque[tuple[int, Record]]] = {}
        self.shared: set[Var] = set()  # vars that several forms give a root
        self.last_write: dict[Any, int] = {}  # where a var's value gets its last change
        self.last_index = -1  # of those that were met, the furthest down
        self.here = -1.0  # where the form at hand stands among them
        self.left: list[Record] | None = (
            None  # what stays though its text is gone; None where all stays
        )
        self.stale: list[
            Record
        ] = []  # what cannot be evaluated again as long as nobody can read it
        self.defined: set[Var] = set()  # by a form of this pass
        self.rewritten: set[Var] = set()  # vars that a form of this pass gave a root
        self.gone: dict[
            str, Record
        ] = {}  # forms that are not there any more, by the name they define
        self.ns_name = "user"
        self.inode = state.inode
        self.read = state.path in work.saved or not state.loaded
        self.all = state.path in work.forced

    # --- the file ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Go through the file. What is wrong with it is in `errors`."""
        namespaces = self.host.namespaces
        before, hidden = namespaces.current, namespaces.hidden
        namespaces.current = namespaces.ensure("user")
        try:
            if (self.read or self.all) and not self._read_file():
                self._keep_all()
                return
            look_ahead(self)
            namespaces.hidden = self.hidden = (
                hidden | self._own_variables() | set(self.work.removed)
            )
            resolver = NamespaceResolver(namespaces, self._before_tags)
            self.env = env_of(namespaces.current)
            old = self.state.records if self.state.readable else []
            old_text = self.state.text if self.state.readable else ""
            file = str(self.state.path)
            for item in items(self.text, file, resolver, self.reader_errors, old_text, old):
                if self.reader_errors:
                    self.hidden.clear()  # nobody knows what stands in what cannot be read
                self.total += 1
                self.form(item)
                if self.host.turn_over():
                    self.host.give_way()
            self.ns_name = namespaces.current.name
            take_away(self)
        finally:
            namespaces.current, namespaces.hidden = before, hidden

    def _read_file(self) -> bool:
        """Take the file's text; False where it holds no program: then all stays as it is."""
        try:
            self.text = self._settled_text()
        except ReaderError as e:
            self.reader_errors.append(e)
        except LispError as e:
            self.errors.append(e)
        if not self.errors and not self.reader_errors and self.text.strip():
            return True
        if not self.errors and not self.reader_errors and not self.state.records:
            return True  # an empty file that defines nothing
        if not self.errors and not self.reader_errors:
            place = Span(str(self.state.path), 1, 1, 1, 1)
            self.errors.append(
                LispError(f"{self.state.path.name} is empty; what it defined keeps running", place)
            )
        self.text = self.state.text
        return False

    def _settled_text(self) -> str:
        """The file's text. One that ends unlike before may be half saved: it is read again once it has not
        been written to for a moment, unless it came as a whole, in the place of the one before."""
        state = self.state
        deadline = time.perf_counter() + SETTLE_MOST_S
        while True:
            content, seen = file_bytes(state.path)
            replaced = seen.st_ino != state.inode
            age = time.time() - seen.st_mtime
            try:
                text = decoded(content, str(state.path))
                whole = replaced or not state.text or text.endswith(state.text[-ENDS_ALIKE:])
            except ReaderError:
                whole = replaced
                text = ""
            if whole or not 0 <= age < SETTLE_S or time.perf_counter() > deadline:
                self.inode = seen.st_ino
                return text or decoded(content, str(state.path))
            time.sleep(SETTLE_S - age)

    def _keep_all(self) -> None:
        self.records = list(self.state.records)
        self.total = len(self.records)
        self.requires = list(self.state.requires)
        self.ns_name = self.state.ns
        self.errors += self.reader_errors
        self.stale = [r for r in self.records if not r.directive and self._reason_elsewhere(r)]

    def _own_variables(self) -> set[Var]:
        return {v for r in self.state.records for v in (*r.defines, *r.writes)}

    def again(self, variables: Set[Any], keys: Set[Any] = frozenset()) -> None:
        if not self.work.last:
            raise AgainError(variables, keys)
        self.work.group |= variables
        self.work.keys |= keys

    def _before_tags(self) -> None:
        """A tag is about to be read: what was read defines how."""
        self.work.flush()

    # --- a form -----------------------------------------------------------------------------------

    def form(self, item: Item) -> None:
        """Keep a form or evaluate it."""
        waiting = self.by_text.get(item.text)
        index, old = waiting.popleft() if waiting else (-1, None)
        moved = 0 <= index < self.last_index
        self.last_index = max(index, self.last_index)
        self.here = index if index >= 0 else self.last_index + 0.5
        if old is not None and moved:
            sensitive = old.touches | old.adds | (old.writes & self.shared)
            if sensitive - self.work.group:
                self.again(sensitive)
        if (old is not None and old.directive) or (old is None and item.text.startswith("(")):
            read = item.read()
            if is_directive(read.form):
                self._directive(item, read, old)
                return
        reason = self.reason(old)
        if reason is None:
            assert old is not None
            self._keep(old, item)
            return
        if old is None and (name := defined_name(item.text)) in self.gone:
            old = self.gone.pop(name)
            reason = "changed"
        self._evaluate(item, old, reason)

    def _keep(self, record: Record, item: Item) -> None:
        self.defined.update(record.defines)
        self.hidden.difference_update(record.defines, record.writes)
        self.records.append(record)
        self.places.append((record, item))

    def reason(self, record: Record | None) -> str | None:
        """Why a form is to be evaluated, or None."""
        work = self.work
        if record is None:
            return "new" if self.state.loaded else "loaded"
        if self.all:
            return "loaded again"
        if record.failed:
            return "it failed before"
        if record.once and all(var.is_bound for var in record.defines):
            return None
        if found_elsewhere := self._reason_elsewhere(record):
            return found_elsewhere
        if found := record.refs & self.hidden:
            return f"{shown(found)} is not defined above it"
        if found := (record.writes | record.touches | record.adds) & (work.group | self.rewritten):
            return f"{shown(found)} is made anew"
        if self.read and (found := record.writes & self.program.overridden):
            return f"{shown(found)} was redefined by an eval"
        if work.keys and not work.keys.isdisjoint(record.additions):
            return "a method was removed"
        names = names_changed(record.env, self.env) | work.names.get(record.ns, set())
        if names and (record.macros or any(name in record.text for name in names)):
            return f"{', '.join(sorted(names)[:3])} means something else"
        return None

    def _reason_elsewhere(self, record: Record) -> str | None:
        """Why a form is to be evaluated though nothing changed in its own file."""
        work = self.work
        if found := record.reads & work.changed:
            return f"{shown(found)} changed"
        if record.later and (found := record.reads & work.affected()):
            return f"{shown(found)} gives something else"
        if found := record.refs & work.remeant:
            return f"{shown(found)} means something else"
        if record.cpp and work.cpp_changed:
            return "C++ it may use changed"
        if work.cpp is not None and (found_names := record.cpp_names & work.cpp.names):
            return f"{', '.join(sorted(found_names)[:3])} in C++ changed"
        return None

    # --- directives -------------------------------------------------------------------------------

    def _directive(self, item: Item, read: ReadForm, old: Record | None) -> None:
        namespaces = self.host.namespaces
        head = read.form.first().name
        if "import" in item.text:
            self.work.flush()
        before: Env = {}
        if head == "ns" and len(read.form) > 1 and isinstance(read.form[1], Symbol):
            before = empty(namespaces.ensure(str(read.form[1])))
        if old is None or self.all:
            self._count(item, "loaded" if not self.state.loaded else "changed")
        failed = not self._guarded(item, lambda: run_directive(self.host, read.form, read.span))
        if head == "ns" and namespaces.current.name != "user":
            namespaces.current.file = str(self.state.path)
        if failed and before:
            restore(namespaces.current, before)
        self.env = env_of(namespaces.current)
        record = self._record(item, ())
        record.directive, record.failed = True, failed
        self._swap(old, record, item)

    # --- evaluating -------------------------------------------------------------------------------

    def _evaluate(self, item: Item, old: Record | None, reason: str) -> None:
        self._count(item, reason)
        work, found = self.work, self.work.tracking
        found.start()
        facts = Facts()
        record = self._record(item, old.defines if old is not None else ())
        for var in old.defines if old is not None else ():
            work.kinds.setdefault(var, kind_of(var))
            if var not in self.defined:
                var.is_dynamic = False
        late: list[Late] = []
        done = self._guarded(item, lambda: self._parts(item.read(), facts, record, late))
        if not done:
            record.failed = True
            record.behind = old is not None and (old.behind or (old.cpp and not old.failed))
            named = self.host.namespaces.current.vars.get(defined_name(item.text))
            if named is not None and named not in self.program.definers:
                record.defines = (*record.defines, named)  # it has a name, though no value
            for var in old.defines if old is not None else ():
                if var not in self.defined and var in work.kinds:
                    var.is_macro, var.is_dynamic, var.span = work.kinds[var]
        finish_record(self, record, facts, found, bool(late), old)
        note_changes(self, record, facts, bool(late), old)
        self._swap(old, record, item)
        if facts.cpp:
            work.unchecked.append(self)

    def _parts(self, read: ReadForm, facts: Facts, record: Record, late: list[Late]) -> None:
        """Analyse and evaluate the parts of a form, each after the one before."""
        work, namespaces = self.work, self.host.namespaces
        for part in parts(self.host, read.form, read.span, read.table):
            record.macros = record.macros or bool(part.macros)
            if is_directive(part.form):
                work.flush()
                run_directive(self.host, part.form, part.span)
                self.env = env_of(namespaces.current)
                continue
            one = Facts()
            with in_file(part.span):
                run = self._prepare(part, read, record, one)
            _merge(facts, one)
            if one.simple and not late and not work.waits(one):
                self.in_file(run, part.span)
                continue
            if one.refs or one.effects:
                work.check_stubs()
            effects, mutates = work.flags(one)
            own = set(facts.defines)
            effects = effects and (one.effects or self._foreign_effects(one, own))
            facts.mutates = facts.mutates or mutates
            facts.effects = facts.effects or effects
            self._needs_earlier(one)
            if late or effects or work.waits(one):
                work.late_writes.update(one.defines)
                work.late_reads |= self.program.behind(one.refs) - own
                late.append(Late(record, run, namespaces.current, self))
                work.late.append(late[-1])
            else:
                self.in_file(run, part.span)
        work.let_go(read.table.taken())

    def _needs_earlier(self, facts: Facts) -> None:
        """A form must not find what forms below it made of a value the last time."""
        if facts.refs and self.last_write:
            behind = self.program.behind(facts.refs)
            below = {v for v in behind if self.last_write.get(v, -1) >= self.here}
            if below := below - self.work.group:
                self.again(below)

    def _foreign_effects(self, facts: Facts, own: set[Var]) -> bool:
        """Whether something but what the form defines itself may have effects."""
        if not own & facts.refs:
            return True
        other = Facts(refs=facts.refs - own)
        return self.work.flags(other)[0]

    def _prepare(
        self, part: Part, read: ReadForm, record: Record, facts: Facts
    ) -> Callable[[], Any]:
        began = time.perf_counter()
        run, analyser = prepare(self.host, part, read.table, facts.add, facts.add_written)
        self.analysed += 1
        self.analysis_s += time.perf_counter() - began
        record.macros = record.macros or any(m.span is not None for m in analyser.macros)
        macros = {m for m in (*analyser.macros, *part.macros) if m.span is not None}
        facts.refs |= macros
        self._needs_earlier(Facts(refs=macros))
        if analyser.raws:
            facts.cpp = True
            facts.raws += analyser.raws
            if self.state.loaded:
                self.work.cpp_changed = True
        return run

    def in_file(self, run: Callable[[], Any], span: Span | None = None) -> Any:
        """Run something with `*file*` as this file."""
        with (
            in_file(span or Span(str(self.state.path), 1, 1, 1, 1)),
            limited(self.host.call_limits),
        ):
            return run()

    def _guarded(self, item: Item, run: Callable[[], Any]) -> bool:
        """Whether it went well; if not, its errors are noted."""
        try:
            left_out(item.text, item.span)
            with evaluating("load", str(self.state.path), item.text, item.span.line):
                run()
        except AgainError:
            raise
        except DependentError:
            self.errors.append(_SILENT)
        except LispErrors as e:
            mine = [error for error in e.errors if not isinstance(error, DependentError)]
            self.errors += mine or [_SILENT]
        except LispError as e:
            self.errors.append(e)
        except SCRIPT_ERRORS as e:  # a macro or a value failed
            self.errors.append(fault(e))
        else:
            return True
        return False

    # --- records ----------------------------------------------------------------------------------

    def _record(self, item: Item, defines: Iterable[Var]) -> Record:
        ns = self.host.namespaces.current.name
        return Record(item.text, item.span, item.start, item.end, ns, self.env, tuple(defines))

    def _swap(self, old: Record | None, record: Record, item: Item) -> None:
        self.work.swap(old, record)
        self.records.append(record)
        self.places.append((record, item))

    def _count(self, item: Item, reason: str) -> None:
        self.evaluated += 1
        if len(self.reasons) < 200:
            self.reasons.append(f"{label(item.text)}: {reason}")

    # --- what goes wrong later --------------------------------------------------------------------

    def lacks_stubs(self, errors: list[LispError]) -> None:
        """Fail the forms of this file that lack a stub."""
        for record, item in self.places:
            own = [e for e in errors if contains(item.span, e.span)]
            if own and record.cpp and not record.failed:
                record.failed = True
                self.errors.append(own[0])
                self.work.unstage(record.writes)
                for late in self.work.late:
                    late.failed = late.failed or late.record is record

    def late_failed(self, item: Late, error: LispError) -> None:
        """A form with effects failed. Parts of it that come after are not evaluated."""
        item.record.failed = True
        self.errors.append(error)
        for old, new in self.work.journal:  # what it had added stays
            if new is item.record and old is not None:
                for key, (_, _, redo) in old.additions.items():
                    if not self.program.additions.get(key):
                        self.program.additions[key] = 0
                        redo()
                item.record.additions = {**old.additions, **item.record.additions}
        for other in self.work.late:
            other.failed = other.failed or other.record is item.record

    def late_done(self, item: Late, found: Tracking) -> None:
        """A form with effects was evaluated: what it did is known now."""
        record, program = item.record, self.program
        program.drop(record)
        record.reads = frozenset({*record.reads, *found.reads} - set(record.defines))
        record.writes |= found.writes
        record.adds = frozenset(self.work.told_by_removals(record, found.additions))
        record.additions.update(found.additions)
        program.put(record)

    # --- the end ----------------------------------------------------------------------------------

    def finish(self) -> None:
        """It is in force: remember it."""
        state = self.state
        if self.left is None:  # the file could not be read
            state.errors = [e for e in self.errors if e is not _SILENT]
            state.loaded = state.loaded or not self.errors
            for record in self.stale:
                record.behind = record.behind or record.cpp
                record.failed = True  # to be evaluated once the file can be read
            return
        for record, item in self.places:
            record.span, record.start, record.end = item.span, item.start, item.end
        for record in self.left:
            record.behind = record.behind or self._lags(record)
            record.failed = True  # it stands for what is in force, but not for its text
        state.errors = [*self.errors, *self.reader_errors]
        state.records = [*self.records, *self.left]
        state.readable = not self.reader_errors and not self.left
        state.text, state.inode = self.text, self.inode
        state.requires = self.requires or (state.requires if state.errors else [])
        state.ns = self.ns_name
        state.loaded = True
        if state.ns in self.host.namespaces.all:
            self.host.namespaces.all[state.ns].broken = bool(state.errors)

    @property
    def lags(self) -> bool:
        """Whether something of the file goes on with C++ that was replaced."""
        kept = self.stale if self.left is None else self.left
        return any(r.behind for r in self.records) or any(map(self._lags, kept))

    def _lags(self, record: Record) -> bool:
        return record.behind or (record.cpp and self._reason_elsewhere(record) is not None)

    def shown_errors(self) -> list[LispError]:
        """What people are told, in the order of the text."""
        found = {id(e): e for e in [*self.errors, *self.reader_errors] if e is not _SILENT}
        return sorted(found.values(), key=lambda e: (e.span.line, e.span.col) if e.span else (0, 0))


# Stands for an error that is told at its own place.
_SILENT = DependentError("it needs what failed elsewhere")


def _merge(facts: Facts, one: Facts) -> None:
    facts.refs |= one.refs
    facts.defines += one.defines
    facts.mentions |= one.mentions
    facts.effects = facts.effects or one.effects
    facts.mutates = facts.mutates or one.mutates
    facts.hierarchy = facts.hierarchy or one.hierarchy
    facts.cpp = facts.cpp or one.cpp
    facts.cpp_names |= one.cpp_names
    facts.raws += one.raws
    facts.later = facts.later or one.later
    facts.simple = facts.simple and one.simple
