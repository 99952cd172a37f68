"""What is known of a form once it is evaluated: its record, and what follows for the forms after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.core.tracking import Tracking
from runtime.loading.facts import Facts, keeps_for_later, same
from runtime.loading.records import Record
from runtime.namespaces import Var

if TYPE_CHECKING:
    from runtime.loading.file_pass import FilePass


def finish_record(
    p: FilePass, record: Record, facts: Facts, found: Tracking, late: bool, old: Record | None
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
    kept = record.once and all(var in p.program.definers for var in defined)
    record.writes = frozenset(found.writes if not late else ([] if kept else facts.defines))
    if record.once and not record.writes:
        record.writes = frozenset(defined)
    record.refs = frozenset(facts.refs - defined)
    reads = set(found.reads) - defined
    if late or not facts.simple:
        reads |= facts.mentions - defined
    if late:
        reads |= record.refs
    values = [p.work.staged.get(var) for var in found.writes] if not facts.simple else []
    record.later = facts.later or any(map(keeps_for_later, values))
    if record.later:
        reads |= record.refs
    record.reads = frozenset(reads)
    record.effects, record.mutates, record.cpp = facts.effects, facts.mutates, facts.cpp
    record.cpp_names, record.raws = frozenset(facts.cpp_names), tuple(facts.raws)
    record.additions = dict(found.additions)
    if late and facts.mutates:
        record.touches = frozenset(p.work.touched(facts))


def note_changes(p: FilePass, record: Record, facts: Facts, late: bool, old: Record | None) -> None:
    """Tell what follows which vars have other values and meanings now."""
    work = p.work
    p.hidden.difference_update(record.defines)
    if record.failed:
        return
    if late and record.touches:
        # What a new form adds at the end comes last in any case.
        others = any(r.touches & record.touches for q in p.by_text.values() for _, r in q)
        fresh = old is None and not others
        if not fresh and (again := record.touches - work.group - work.changed):
            p.again(again)
        work.changed |= record.touches
    if late:
        told = work.told_by_additions(facts)
        work.changed |= told
        work.late_writes |= told
        if facts.effects and facts.mentions:
            work.changed |= facts.mentions
    for var in record.defines:
        _define(p, var, record, late)
    p.defined.update(record.defines)


def _define(p: FilePass, var: Var, record: Record, late: bool) -> None:
    work = p.work
    before = work.kinds.get(var)
    known = var in p.program.definers
    if known and before is not None and before[:2] != (var.is_macro, var.is_dynamic):
        work.remeant.add(var)
    if not known and p.state.loaded:
        work.names.setdefault(var.ns, set()).add(var.name)
    if var not in record.writes:
        return
    if record.once and known and var.is_bound:
        return
    p.rewritten.add(var)
    if late or not known or var in work.changed or not same(var.root, work.staged.get(var)):
        work.changed.add(var)
