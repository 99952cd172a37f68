"""One reload: what was saved and all that depends on it, prepared off the UI thread and put in force at once.

Files are visited so that one stands after what it requires. Values are evaluated into `staged`, which only
this evaluation sees (`runtime.core.tracking`); forms with effects wait for the moment at which everything
comes into force (`late`), and are evaluated then, in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from sys import getrefcount
from typing import TYPE_CHECKING, Any, Protocol

from runtime.analysis import nodes as n
from runtime.core import tracking
from runtime.core.kinds import PVector
from runtime.core.multimethods import MultiFn
from runtime.core.protocols import Protocol as LispProtocol
from runtime.core.tracking import Tracking
from runtime.core.values import Unbound
from runtime.errors import AnalysisError, LispErrors, Span
from runtime.loading.facts import Facts, is_mutable
from runtime.loading.records import FileState, Program, Record
from runtime.namespaces import Namespace, Namespaces, Var
from runtime.native import _support
from runtime.process.activity import evaluating
from runtime.process.interruption import SCRIPT_ERRORS
from runtime.stubs.cache import StubCache
from runtime.tiers.tracked import tracked
from runtime.traces import fault

if TYPE_CHECKING:
    from runtime.loading.file_pass import FilePass

Apply = Callable[
    [Callable[[], None]], None
]  # has something done at a frame's start, and waits for it
MOST_ROUNDS = 50
LARGE = 10_000  # items of a collection that is not freed at once


class Host(Protocol):
    """What a reload needs of the runtime."""

    namespaces: Namespaces
    stubs: StubCache

    def put_in_force(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """A `def` ran, here and now."""

    def prepare_definition(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> Any:
        """Before a var gets its new root: what there is to do off the UI thread. Gives what is replaced."""

    def retire(self, old: Any) -> None:
        """A function's var has another root now."""

    def module_path(self, name: str) -> Path | None:
        """The file of a namespace on the module path."""

    def keeps_removed(self) -> bool:
        """Whether what was removed from a file stays defined."""

    def look_at_boxes(self) -> bool:
        """Whether boxes have to follow C++ that was declared again. Blocks on Cling."""

    def carry_boxes(self) -> None:
        """Have them follow, on the thread that runs scripts."""

    def give_way(self) -> None:
        """Between two forms: frames have their turn."""

    def came_into_force(self) -> None:
        """What was prepared is in force, in the same frame."""


class AgainError(Exception):
    """The reload has to be done again from the start: these vars need all that defines them evaluated, and
    these keys of additions all that add under them."""

    def __init__(self, variables: Set[Any], keys: Set[Any] = frozenset()) -> None:
        super().__init__()
        self.variables = variables
        self.keys = keys


@dataclass(frozen=True, slots=True)
class CppChange:
    """C++ was declared again: the outermost `names` of it."""

    names: frozenset[str]


@dataclass(eq=False, slots=True)
class Late:
    """A part of a form that waits until everything is in force."""

    record: Record
    run: Callable[[], Any]
    ns: Namespace
    place: FilePass
    failed: bool = False


class Transaction:
    """Visits files, and commits. `saved` are files to read again, `forced` are those to evaluate in full.
    `told` is called once it is in force."""

    def __init__(
        self,
        host: Any,
        program: Program,
        apply: Apply,
        saved: set[Path],
        forced: set[Path],
        told: Callable[[], None],
        cpp: CppChange | None = None,
    ) -> None:
        self.host = host
        self.program = program
        self.apply = apply
        self.saved = saved
        self.forced = forced
        self.told = told
        self.cpp = cpp
        self.in_force_at = 0.0  # `time.perf_counter` seconds
        self.group: set[Var] = set()  # written by several forms of which one changed
        self.keys: set[Any] = set()  # of additions that others made, too, of which one is gone
        # Of rounds that had to be done again when a part of them was in force already:
        self.flushed: set[Any] = set()  # vars whose values were changed in place
        self.carried: set[Any] = set()  # vars that got other values
        self.passes: list[FilePass] = []
        self.begin()

    def begin(self) -> None:
        """Nothing was visited yet."""
        self.done: set[Path] = set()
        self.active: list[FilePass] = []
        self.passes = []
        self.changed: set[Any] = set(self.carried)  # vars with other values
        self.remeant: set[Var] = set()  # vars that became macros, dynamic, or are gone
        self.names: dict[str, set[str]] = {}  # by namespace: what hides or uncovers another meaning
        self.cpp_changed = False
        self.staged: dict[Var, Any] = {}
        self.definitions: list[tuple[n.Def, Any, bool, Any]] = []
        self.late: list[Late] = []
        self.late_writes: set[Any] = set()
        self.late_reads: set[Any] = set()
        self.journal: list[tuple[Record | None, Record | None]] = []
        self.dropped_raws: set[str] = set()
        self.kinds: dict[Var, tuple[Any, ...]] = {}  # what vars were before
        self.removed: list[Var] = []
        self._affected: tuple[int, set[Any]] = (0, set())
        self._flags: dict[Var, tuple[bool, bool]] = {}
        self.tracking = Tracking(self.staged, self._stage, self._before_macro)
        self.unchecked: list[FilePass] = []  # with stubs to compile

    def end(self) -> None:
        """It is over. What it refers to refers to it, too: without this the texts and forms of every edit
        would stay until cycles are collected, which is not while frames are drawn."""
        self.begin()
        del self.tracking, self.told, self.apply

    # --- visiting ---------------------------------------------------------------------------------

    def run(self, paths: Iterable[Path]) -> None:
        """Visit files and put in force what changed. What fails is in the files' states."""
        for _ in range(MOST_ROUNDS):
            try:
                self._run(paths)
                return
            except AgainError as again:
                self.roll_back()
                self.group |= again.variables
                self.keys |= again.keys
                self.group |= self.flushed
                self.begin()
            except BaseException:
                self.roll_back()
                raise
        self._run(paths, last=True)

    def _run(self, paths: Iterable[Path], last: bool = False) -> None:
        self.last = last
        with tracked(self.host, self.tracking):
            for path in paths:
                self.visit(path)
            self.check_stubs()
        self.commit(final=True)

    def visit(self, path: Path) -> FileState:
        """Bring a file and what it requires up to date."""
        from runtime.loading.file_pass import FilePass

        state = self.program.files.setdefault(path, FileState(path))
        if path in self.done:
            return state
        self.done.add(path)
        work = FilePass(self, state)
        self.active.append(work)
        try:
            if path not in self.saved and path not in self.forced and state.loaded:
                for required in state.requires:
                    if required not in {w.state.path for w in self.active}:
                        self.visit(required)
                if not self.concerns(state):
                    return state
            self.passes.append(work)
            work.run()
        finally:
            self.active.pop()
        return state

    def concerns(self, state: FileState) -> bool:
        """Whether a file that was not saved may have to do with what was."""
        return bool(
            self.changed
            or self.remeant
            or self.names
            or self.cpp_changed
            or self.cpp is not None
            or self.group
            or state.errors
            or any(not path.is_file() for path in state.requires)
        )

    def require(self, name: str, reload: bool, span: Span | None) -> Namespace:
        """The namespace that a file of this reload requires. Raises AnalysisError."""
        namespaces = self.host.namespaces
        found: Namespace | None = namespaces.find(name)
        if found is not None and not found.file and found.vars:
            return found
        path = self.host.module_path(name)
        if path is None and found is not None and found.file:
            raise AnalysisError(
                f"the file of {name} is gone; what it defined keeps running",
                span,
                expected=found.file,
            )
        if path is None:
            if found is not None:
                return found
            raise self.host.no_namespace(name, span)
        chain = [work.state.path for work in self.active]
        if path in chain:
            names = " requires ".join([p.stem for p in chain[chain.index(path) :]] + [path.stem])
            raise AnalysisError(
                f"{name} requires itself, directly or through others", span, found=names
            )
        if reload and path not in self.done:
            self.forced.add(path)
        old = namespaces.current
        state = self.visit(path)
        namespaces.current = old
        if self.active and path not in self.active[-1].requires:
            self.active[-1].requires.append(path)
        target: Namespace = namespaces.ensure(name)
        target.file = str(path)
        done = [bool(w.errors or w.reader_errors) for w in self.passes if w.state is state]
        target.broken = done[-1] if done else bool(state.errors)
        return target

    # --- what changed -----------------------------------------------------------------------------

    def affected(self) -> set[Any]:
        """The vars whose values, or whose functions' results, may be others now."""
        if self._affected[0] != len(self.changed):
            self._affected = (len(self.changed), self.program.affected(self.changed))
        return self._affected[1]

    def flags(self, facts: Facts) -> tuple[bool, bool]:
        """Whether evaluating a form has effects or needs those of a form that waits, and whether it may
        change values in place."""
        effects, mutates = facts.effects, facts.mutates
        behind = self.program.behind(facts.refs) if facts.refs else set()
        if self.late_writes and not effects:
            effects = not behind.isdisjoint(self.late_writes) or (
                tracking.HIERARCHY in self.late_writes
                and any(isinstance(self.tracking.root(var), MultiFn) for var in behind)
            )
        for var in behind:
            known = self._flags.get(var)
            if known is None:
                records = self.program.definers.get(var)
                known = (
                    not records or any(r.effects and not r.once for r in records),
                    bool(records) and any(r.mutates for r in records or ()),
                )
                self._flags[var] = known
            effects, mutates = effects or known[0], mutates or known[1]
        return effects, mutates

    def waits(self, facts: Facts) -> bool:
        """Whether a form gives a var a root that a form before it, which waits, is to find as it was."""
        awaited = self.late_reads | self.late_writes
        return bool(awaited) and not awaited.isdisjoint(facts.defines)

    def touched(self, facts: Facts) -> set[Var]:
        """The vars whose values a form that mutates may change in place, but for those of `defonce`."""
        return {
            var
            for var in self.program.behind(facts.refs)
            if is_mutable(self.tracking.root(var))
            and not any(r.once for r in self.program.definers.get(var, ()))
        }

    def swap(self, old: Record | None, new: Record | None) -> None:
        """A record takes another's place."""
        self.journal.append((old, new))
        if old is not None:
            self.dropped_raws.update(old.raws)
            self.program.drop(old)
        if new is not None:
            self.program.put(new)
            for var in (*new.defines, *new.writes):
                self._flags.pop(var, None)

    def roll_back(self) -> None:
        """Nothing of this happened."""
        for old, new in reversed(self.journal):
            if new is not None:
                self.program.drop(new)
            if old is not None:
                self.program.put(old)
        for var, (is_macro, is_dynamic, span) in self.kinds.items():
            var.is_macro, var.is_dynamic, var.span = is_macro, is_dynamic, span
        # The next round may read a file without the form that made a var, which had no value yet.
        for var in {var for _, new in self.journal if new is not None for var in new.defines}:
            if not var.is_bound and var not in self.program.definers:
                self._unmap(var)
        self.journal = []

    # --- staging ----------------------------------------------------------------------------------

    def _stage(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        if self.tracking.staged is not self.staged:  # everything is in force: so is this
            self.host.put_in_force(node, value, has_value, meta)
            return
        if has_value:
            self.tracking.writes.add(node.var)
            self.staged[node.var] = value
        self.definitions.append((node, value, has_value, meta))

    def check_stubs(self) -> None:
        """Compile what stubs the forms so far need. A form that lacks one fails."""
        unchecked, self.unchecked = self.unchecked, []
        try:
            self.host.stubs.compile_pending()
        except LispErrors as e:
            for work in unchecked:
                work.lacks_stubs(e.errors)

    def raws_gone(self) -> list[str]:
        """The `cpp/raw` texts that stood in a form before and in none now."""
        return [text for text in self.dropped_raws if not self.program.raws[text]]

    def unstage(self, variables: Iterable[Var]) -> None:
        """A form failed after all: these vars keep what they have."""
        gone = set(variables)
        for var in gone:
            self.staged.pop(var, None)
        self.definitions = [d for d in self.definitions if d[0].var not in gone]

    def flush(self) -> None:
        """Something needs the effects of what waits: put in force what there is, before the rest."""
        if self.late:
            self.check_stubs()
            late = [item.record for item in self.late]
            self.commit(final=False)
            for record in late:
                self.flushed |= record.touches
            self.carried |= self.changed

    def _before_macro(self, var: Var) -> None:
        """A macro is about to be called: it may need what waits."""
        if self.late and not self.late_writes.isdisjoint(self.program.behind([var])):
            self.flush()

    def commit(self, final: bool) -> None:
        """Put everything in force at a frame's start."""
        definitions, self.definitions = self.definitions, []
        late, self.late = self.late, []
        removed, self.removed = self.removed, []
        awaited = {var for item in late for var in item.record.defines}
        values = {
            var: value
            for var, value in self.staged.items()
            if type(value) is not Unbound or var in awaited
        }
        self.staged.clear()
        dropped = [
            old for old, new in self.journal if old is not None and new is not old and old.additions
        ]
        replaced = [self.host.prepare_definition(*d) for d in definitions]
        variables = list(values)
        roots = [values[var] for var in variables]
        for var in variables:
            self.program.overridden.discard(var)
        watched = [var for var in variables if var.watches]
        before: list[Any] = []

        carried = final and self.host.look_at_boxes() and not self._lags()

        def in_force() -> None:
            if carried:
                self.host.carry_boxes()
            before.extend(_support.bind_all(variables, roots))
            Var.binds += len(variables)
            for var in [v for v in variables if v.on_bind is not None]:
                var.on_bind(var)  # type: ignore[misc]
            for var in removed:
                self._unmap(var)
            if final:
                self.program.withdraw(dropped)
            for var in watched:
                for key, watch in list(var.watches.items()):
                    watch(key, var, None, values[var])
            self._run_late(late)
            self.host.came_into_force()

        if variables or removed or late or carried or (final and dropped):
            self.apply(in_force)
        self.in_force_at = time.perf_counter()
        if final:
            for work in self.passes:
                work.finish()
            self.told()
        for old in replaced:
            if old is not None:
                self.host.retire(old)
        del replaced, definitions
        values.clear()
        roots.clear()
        self.let_go(before)
        if final:
            self.let_go(self.journal)
            for work in self.passes:
                self.let_go(work.places)
                while work.by_text:
                    work.by_text.popitem()
                    if self.host.turn_over():
                        self.host.give_way()

    def let_go(self, things: list[Any]) -> None:
        """Free what nobody needs any more little by little: all at once, it would hold up a frame."""
        while things:
            some = things[-100:]
            del things[-100:]
            while some:
                thing = some.pop()
                if (
                    type(thing) in (PVector, tuple)
                    and len(thing) >= LARGE
                    and getrefcount(thing) == 2
                ):
                    items = iter(thing)  # they outlive it, to be let go of in their turn
                    while part := list(islice(items, 1000)):
                        things += part
            self.host.give_way()

    def remove(self, var: Var) -> None:
        """No form defines a var any more: from now on it does not resolve."""
        if var not in self.removed:
            self.removed.append(var)
        for work in self.active:
            work.hidden.add(var)

    def _lags(self) -> bool:
        """Whether something goes on with C++ that was replaced, boxes included: those follow with the reload
        that mends it."""
        visited = {work.state.path: work for work in self.passes}
        return any(
            visited[path].lags if path in visited else any(r.behind for r in state.records)
            for path, state in self.program.files.items()
        )

    def _unmap(self, var: Var) -> None:
        ns = self.host.namespaces.ensure(var.ns)
        if ns.vars.get(var.name) is var:
            del ns.vars[var.name]

    def _run_late(self, late: list[Late]) -> None:
        if not late:
            return
        found = Tracking({}, self._stage, lambda var: None)
        before, self.tracking = self.tracking, found
        namespaces = self.host.namespaces
        old = namespaces.current
        try:
            with tracked(self.host, found):
                for item in late:
                    if item.failed:
                        continue
                    found.start()
                    namespaces.current = item.ns
                    try:
                        place, record = item.place, item.record
                        file, line = str(place.state.path), record.span.line
                        with evaluating("load", file, record.text, line):
                            place.in_file(item.run)
                    except SCRIPT_ERRORS as e:
                        item.place.late_failed(item, fault(e))
                    item.place.late_done(item, found)
        finally:
            namespaces.current = old
            self.tracking = before

    def told_by_removals(
        self, record: Record, additions: dict[Any, tracking.Addition] | None = None
    ) -> set[Any]:
        """The vars whose functions do something else without what a form had added to their values."""
        additions = record.additions if additions is None else additions
        if not additions:
            return set()
        targets = [target for target, _, _ in additions.values()]
        found = self.told_by_additions(Facts(refs=set(record.refs)))
        return found | {t for t in targets if t is tracking.HIERARCHY}

    def told_by_additions(self, facts: Facts) -> set[Any]:
        """The vars whose functions do something else once a form added methods to what they hold."""
        found: set[Any] = {tracking.HIERARCHY} if facts.hierarchy else set()
        for var in facts.refs:
            value = self.tracking.root(var)
            if isinstance(value, MultiFn):
                found.add(var)
            elif isinstance(value, LispProtocol):
                found |= {var, *protocol_vars(self.host.namespaces, value)}
        return found


def protocol_vars(namespaces: Namespaces, protocol: LispProtocol) -> set[Var]:
    """The vars of a protocol's functions."""
    ns = namespaces.all.get(protocol.ns)
    names = [method.name for method in protocol.methods]
    return {ns.vars[name] for name in names if name in ns.vars} if ns is not None else set()


def kind_of(var: Var) -> tuple[bool, bool, Span | None]:
    """How the analyser treats a var."""
    return var.is_macro, var.is_dynamic, var.span
