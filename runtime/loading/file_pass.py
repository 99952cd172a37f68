"""One file of a reload, form by form: what is as it was stays, what depends on a change is evaluated."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Set
from typing import TYPE_CHECKING, Any

from runtime.activity import evaluating, left_out
from runtime.core.tracking import Tracking
from runtime.core.values import Keyword, Symbol, Unbound
from runtime.errors import DependentError, LispError, LispErrors, ReaderError, Span
from runtime.interruption import SCRIPT_ERRORS, limited
from runtime.loading.directives import is_directive, run_directive
from runtime.loading.facts import Facts, keeps_for_later, same
from runtime.loading.preparing import in_file, prepare
from runtime.loading.records import Env, FileState, Record, env_of, names_changed
from runtime.loading.resolver import NamespaceResolver
from runtime.loading.source import Item, decoded, file_bytes, items
from runtime.loading.toplevel import Part, parts
from runtime.loading.transaction import AgainError, Late, Transaction, kind_of
from runtime.namespaces import Var
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
        self.records: list[Record] = []
        self.places: list[tuple[Record, Item]] = []
        self.text = state.text
        self.env: Env = {}
        self.hidden: set[Var] = set()
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
            self._look_ahead()
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
            self._end()
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

    def _own_variables(self) -> set[Var]:
        return {v for r in self.state.records for v in (*r.defines, *r.writes)}

    def _look_ahead(self) -> None:
        """Sort the known forms by their text, and find what is gone and what that touches."""
        known = self.state.records
        self.by_text: dict[str, deque[tuple[int, Record]]] = {}
        for index, record in enumerate(known):
            self.by_text.setdefault(record.text, deque()).append((index, record))
        self.last_index = -1
        self.here = -1.0  # where the form at hand stands among those that were known
        self.last_write: dict[Any, int] = {}  # where a var's value gets its last change
        writers: dict[Var, int] = {}
        gone = self._gone(known) if self.text != self.state.text else []
        lost = set(map(id, gone))
        for index, record in enumerate(known):
            for var in record.writes:
                writers[var] = writers.get(var, 0) + 1
            if not record.once and id(record) not in lost:
                for var in (*record.writes, *record.touches, *record.adds):
                    self.last_write[var] = index
        self.shared = {var for var, count in writers.items() if count > 1}
        group: set[Any] = set()
        keys: set[Any] = set()
        for record in gone:
            for var in record.defines:
                self.gone[var.name] = record
            group |= record.touches | ((record.writes | record.adds) & self.shared)
            keys |= {key for key in record.additions if self.program.additions[key] > 1}
            told = self.work.told_by_removals(record)
            self.work.changed |= told
            self.work.late_writes |= told
        if self.read or self.all:
            group |= {
                var
                for record in known
                for var in (record.writes & self.program.overridden)
                if var in self.shared
            }
        if (new := group - self.work.group) or keys - self.work.keys:
            self._again(new, keys)
        for record in known:  # what is made anew is not there before it is made
            if not record.once:
                for var in record.writes & self.work.group:
                    self.work.staged.setdefault(var, Unbound(var.full_name))

    def _gone(self, known: list[Record]) -> list[Record]:
        """The forms whose text is no longer in the file."""
        chunks = {chunk.strip() for chunk in self.text.split("\n(")}
        chunks |= {"(" + chunk for chunk in chunks}
        left = [r for r in known if r.text not in chunks]
        if len(left) <= MOST_SEARCHED:
            left = [r for r in left if r.text not in self.text]
        for text, several in self.by_text.items():
            if len(several) > 1:  # which of them is gone, nobody can say: it is the last ones
                left += [record for _, record in list(several)[self.text.count(text) :]]
        return left

    def _again(self, variables: Set[Any], keys: Set[Any] = frozenset()) -> None:
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
                self._again(sensitive)
        if (old is not None and old.directive) or (old is None and _directive_text(item.text)):
            read = item.read()
            if is_directive(read.form):
                self._directive(item, read, old)
                return
        reason = self.reason(old)
        if reason is None:
            assert old is not None
            self._keep(old, item)
            return
        if old is None and (name := _defined_name(item.text)) in self.gone:
            old = self.gone.pop(name)
            reason = "changed"
        self._evaluate(item, old, reason)

    def _keep(self, record: Record, item: Item) -> None:
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
        if found := record.reads & work.changed:
            return f"{_shown(found)} changed"
        if record.later and (found := record.reads & work.affected()):
            return f"{_shown(found)} gives something else"
        if found := record.refs & work.remeant:
            return f"{_shown(found)} means something else"
        if found := record.refs & self.hidden:
            return f"{_shown(found)} is not defined above it"
        if found := (record.writes | record.touches | record.adds) & (work.group | self.rewritten):
            return f"{_shown(found)} is made anew"
        if self.read and (found := record.writes & self.program.overridden):
            return f"{_shown(found)} was redefined by an eval"
        if work.keys and not work.keys.isdisjoint(record.additions):
            return "a method was removed"
        if record.cpp and work.cpp_changed:
            return "C++ it may use changed"
        if work.cpp is not None and (found_names := record.cpp_names & work.cpp.names):
            return f"{', '.join(sorted(found_names)[:3])} in C++ changed"
        names = names_changed(record.env, self.env) | work.names.get(record.ns, set())
        if names and (record.macros or any(name in record.text for name in names)):
            return f"{', '.join(sorted(names)[:3])} means something else"
        return None

    # --- directives -------------------------------------------------------------------------------

    def _directive(self, item: Item, read: ReadForm, old: Record | None) -> None:
        namespaces = self.host.namespaces
        head = read.form.first().name
        if "import" in item.text:
            self.work.flush()
        before: Env = {}
        if head == "ns" and len(read.form) > 1 and isinstance(read.form[1], Symbol):
            before = _empty(namespaces.ensure(str(read.form[1])))
        if old is None or self.all:
            self._count(item, "loaded" if not self.state.loaded else "changed")
        failed = not self._guarded(item, lambda: run_directive(self.host, read.form, read.span))
        if head == "ns" and namespaces.current.name != "user":
            namespaces.current.file = str(self.state.path)
        if failed and before:
            _restore(namespaces.current, before)
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
            if var not in self.rewritten:
                var.is_dynamic = False
        late: list[Late] = []
        done = self._guarded(item, lambda: self._parts(item.read(), facts, record, late))
        if not done:
            record.failed = True
            for var in old.defines if old is not None else ():
                if var not in self.rewritten and var in work.kinds:
                    var.is_macro, var.is_dynamic, var.span = work.kinds[var]
        self._finish_record(record, facts, found, bool(late), old)
        self._note_changes(record, facts, bool(late), old)
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

    def _needs_earlier(self, facts: Facts) -> None:
        """A form must not find what forms below it made of a value the last time."""
        if facts.refs and self.last_write:
            behind = self.program.behind(facts.refs)
            below = {v for v in behind if self.last_write.get(v, -1) >= self.here}
            if below := below - self.work.group:
                self._again(below)

    def _foreign_effects(self, facts: Facts, own: set[Var]) -> bool:
        """Whether something but what the form defines itself may have effects."""
        if not own & facts.refs:
            return True
        other = Facts(refs=facts.refs - own)
        return self.work.flags(other)[0]

    def _prepare(
        self, part: Part, read: ReadForm, record: Record, facts: Facts
    ) -> Callable[[], Any]:
        run, analyser = prepare(self.host, part, read.table, facts.add)
        record.macros = record.macros or any(m.span is not None for m in analyser.macros)
        macros = {m for m in (*analyser.macros, *part.macros) if m.span is not None}
        facts.refs |= macros
        self._needs_earlier(Facts(refs=macros))
        if analyser.raw:
            facts.cpp = True
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

    def _finish_record(
        self, record: Record, facts: Facts, found: Tracking, late: bool, old: Record | None
    ) -> None:
        """What is known of a form once it is evaluated, or before that where it waits."""
        if record.failed:
            defined = {*facts.defines, *found.writes, *record.defines}
        else:
            defined = {*facts.defines, *found.writes}
        record.defines = tuple(defined)
        record.once = record.text.startswith("(defonce") or bool(
            old is not None and old.once and not found.writes and not late
        )
        kept = record.once and all(var in self.program.definers for var in defined)
        record.writes = frozenset(found.writes if not late else ([] if kept else facts.defines))
        if record.once and not record.writes:
            record.writes = frozenset(defined)
        record.refs = frozenset(facts.refs - defined)
        reads = set(found.reads) - defined
        if late or not facts.simple:
            reads |= facts.mentions - defined
        if late:
            reads |= record.refs
        values = [self.work.staged.get(var) for var in found.writes] if not facts.simple else []
        record.later = facts.later or any(map(keeps_for_later, values))
        if record.later:
            reads |= record.refs
        record.reads = frozenset(reads)
        record.effects, record.mutates, record.cpp = facts.effects, facts.mutates, facts.cpp
        record.cpp_names = frozenset(facts.cpp_names)
        record.additions = dict(found.additions)
        if late and facts.mutates:
            record.touches = frozenset(self.work.touched(facts))

    def _note_changes(self, record: Record, facts: Facts, late: bool, old: Record | None) -> None:
        """Tell what follows which vars have other values and meanings now."""
        work = self.work
        self.hidden.difference_update(record.defines)
        if record.failed:
            return
        if late and record.touches:
            # What a new form adds at the end comes last in any case.
            others = any(r.touches & record.touches for q in self.by_text.values() for _, r in q)
            fresh = old is None and not others
            if not fresh and (again := record.touches - work.group - work.changed):
                self._again(again)
            work.changed |= record.touches
        if late:
            told = work.told_by_additions(facts)
            work.changed |= told
            work.late_writes |= told
            if facts.effects and facts.mentions:
                work.changed |= facts.mentions
        for var in record.defines:
            self._define(var, record, late)

    def _define(self, var: Var, record: Record, late: bool) -> None:
        work = self.work
        before = work.kinds.get(var)
        known = var in self.program.definers
        if known and before is not None and before[:2] != (var.is_macro, var.is_dynamic):
            work.remeant.add(var)
        if not known and self.state.loaded:
            work.names.setdefault(var.ns, set()).add(var.name)
        if var not in record.writes:
            return
        if record.once and known and var.is_bound:
            return
        self.rewritten.add(var)
        if late or not known or var in work.changed or not same(var.root, work.staged.get(var)):
            work.changed.add(var)

    def _swap(self, old: Record | None, record: Record, item: Item) -> None:
        self.work.swap(old, record)
        self.records.append(record)
        self.places.append((record, item))

    def _count(self, item: Item, reason: str) -> None:
        self.evaluated += 1
        if len(self.reasons) < 200:
            self.reasons.append(f"{_label(item.text)}: {reason}")

    # --- what goes wrong later --------------------------------------------------------------------

    def lacks_stubs(self, errors: list[LispError]) -> None:
        """Fail the forms of this file that lack a stub."""
        for record, item in self.places:
            own = [e for e in errors if _contains(item.span, e.span)]
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

    def _end(self) -> None:
        """Find what the file no longer defines. While something is wrong with it, nothing is taken away."""
        left = [record for waiting in self.by_text.values() for _, record in waiting]
        used = {id(record) for record in self.records}
        left = [r for r in left if id(r) not in used and not self._superseded(r)]
        if self.errors or self.reader_errors:
            self.left = left
            return
        self.left = []
        defined = {v for r in self.records for v in (*r.defines, *r.writes)}
        for record in left:
            self.work.swap(record, None)
            self._changed_by_removal(record)
        for record in self.state.records:
            for var in {*record.defines, *record.writes} - defined:
                if var not in self.program.definers and not self._kept(var):
                    self._remove(var, record)

    def _superseded(self, record: Record) -> bool:
        """Whether a changed form has taken a form's place."""
        return any(old is record for old, _ in self.work.journal)

    def _changed_by_removal(self, record: Record) -> None:
        self.work.changed |= self.work.told_by_removals(record)
        self.work.changed |= record.touches

    def _kept(self, var: Var) -> bool:
        return self.host.keeps_removed() or bool((var.own_meta or {}).get(K_KEEP))

    def _remove(self, var: Var, record: Record) -> None:
        self.work.remove(var)
        self.work.remeant.add(var)
        self.work.changed.add(var)
        self.work.names.setdefault(var.ns, set()).add(var.name)
        if record.once:
            self.host.namespaces.ensure(var.ns).attic[var.name] = var

    def finish(self) -> None:
        """It is in force: remember it."""
        state = self.state
        if not hasattr(self, "left"):  # the file could not be read
            state.errors = [e for e in self.errors if e is not _SILENT]
            state.loaded = state.loaded or not self.errors
            return
        for record, item in self.places:
            record.span, record.start, record.end = item.span, item.start, item.end
        for record in self.left:
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
    facts.later = facts.later or one.later
    facts.simple = facts.simple and one.simple


def _contains(outer: Span, inner: Span | None) -> bool:
    if inner is None or inner.file != outer.file:
        return False
    return (outer.line, outer.col) <= (inner.line, inner.col) < (outer.end_line, outer.end_col)


def _shown(variables: Iterable[Any]) -> str:
    names = sorted(getattr(var, "name", str(var)) for var in variables)
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _words(text: str) -> list[str]:
    return text[:200].replace("(", " ").replace(")", " ").split(None, 6)


def _defined_name(text: str) -> str:
    """The name that a form seems to define, for finding what it was before an edit."""
    for word in _words(text)[1:]:
        if not word.startswith(("^", "{", ":")):
            return word
    return ""


def _label(text: str) -> str:
    return _defined_name(text) if text.startswith("(def") else " ".join(text[:40].split())


def _directive_text(text: str) -> bool:
    return text.startswith("(")


def _empty(ns: Any) -> Env:
    """Forget what the names of a namespace mean that are not its own; gives what they meant."""
    before = env_of(ns)
    ns.aliases, ns.refers, ns.cpp_aliases = {}, {}, {}
    ns.cpp_globals, ns.excluded = set(), set()
    return before


def _restore(ns: Any, before: Env) -> None:
    """A clause of `ns` failed: what was known stays known."""
    from runtime.namespaces import CppScope

    for (kind, name), value in before.items():
        if kind == "alias":
            ns.aliases.setdefault(name, value)
        elif kind == "refer":
            ns.refers.setdefault(name, value)
        elif kind == "scope":
            ns.cpp_aliases.setdefault(name, CppScope(*value))
        elif kind == "global":
            ns.cpp_globals.add(name)
        else:
            ns.excluded.add(name)
