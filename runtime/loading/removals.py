"""What a file has no longer: found before its forms are gone through, taken away after."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from runtime.core.values import Keyword, Unbound
from runtime.loading.records import Record
from runtime.namespaces import Var

if TYPE_CHECKING:
    from runtime.loading.file_pass import FilePass

K_KEEP = Keyword("keep")
MOST_SEARCHED = 2_000


def look_ahead(p: FilePass) -> None:
    """Sort the known forms by their text, and find what is gone and what that touches."""
    known = p.state.records
    for index, record in enumerate(known):
        p.by_text.setdefault(record.text, deque()).append((index, record))
    writers: dict[Var, int] = {}
    gone = _gone(p, known) if p.text != p.state.text else []
    lost = set(map(id, gone))
    for index, record in enumerate(known):
        for var in record.writes:
            writers[var] = writers.get(var, 0) + 1
        if not record.once and id(record) not in lost:
            for var in (*record.writes, *record.touches, *record.adds):
                p.last_write[var] = index
    p.shared = {var for var, count in writers.items() if count > 1}
    group: set[Any] = set()
    keys: set[Any] = set()
    for record in gone:
        for var in record.defines:
            p.gone[var.name] = record
        group |= record.touches | ((record.writes | record.adds) & p.shared)
        keys |= {key for key in record.additions if p.program.additions[key] > 1}
        told = p.work.told_by_removals(record)
        p.work.changed |= told
        p.work.late_writes |= told
    if p.read or p.all:
        group |= {
            var
            for record in known
            for var in (record.writes & p.program.overridden)
            if var in p.shared
        }
    if (new := group - p.work.group) or keys - p.work.keys:
        p.again(new, keys)
    for record in known:  # what is made anew is not there before it is made
        if not record.once:
            for var in record.writes & p.work.group:
                p.work.staged.setdefault(var, Unbound(var.full_name))


def _gone(p: FilePass, known: list[Record]) -> list[Record]:
    """The forms whose text is no longer in the file."""
    chunks = {chunk.strip() for chunk in p.text.split("\n(")}
    chunks |= {"(" + chunk for chunk in chunks}
    left = [r for r in known if r.text not in chunks]
    if len(left) <= MOST_SEARCHED:
        left = [r for r in left if r.text not in p.text]
    for text, several in p.by_text.items():
        if len(several) > 1:  # which of them is gone, nobody can say: it is the last ones
            left += [record for _, record in list(several)[p.text.count(text) :]]
    return left


def take_away(p: FilePass) -> None:
    """Find what the file no longer defines. While something is wrong with it, nothing is taken away."""
    left = [record for waiting in p.by_text.values() for _, record in waiting]
    used = {id(record) for record in p.records}
    left = [r for r in left if id(r) not in used and not _superseded(p, r)]
    if p.errors or p.reader_errors:
        p.left = left
        return
    p.left = []
    defined = {v for r in p.records for v in (*r.defines, *r.writes)}
    for record in left:
        p.work.swap(record, None)
        _changed_by_removal(p, record)
    for record in p.state.records:
        for var in {*record.defines, *record.writes} - defined:
            if var not in p.program.definers and not _kept(p, var):
                _remove(p, var, record)


def _superseded(p: FilePass, record: Record) -> bool:
    """Whether a changed form has taken a form's place."""
    return any(old is record for old, _ in p.work.journal)


def _changed_by_removal(p: FilePass, record: Record) -> None:
    p.work.changed |= p.work.told_by_removals(record)
    p.work.changed |= record.touches


def _kept(p: FilePass, var: Var) -> bool:
    return p.host.keeps_removed() or bool((var.own_meta or {}).get(K_KEEP))


def _remove(p: FilePass, var: Var, record: Record) -> None:
    p.work.remove(var)
    p.work.remeant.add(var)
    p.work.changed.add(var)
    p.work.names.setdefault(var.ns, set()).add(var.name)
    if record.once:
        p.host.namespaces.ensure(var.ns).attic[var.name] = var
