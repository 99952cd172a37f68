"""What every lowered AST must be. Checked where the typed AST is (`runtime.analysis.verifier`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.analysis.verifier import Malformed
from runtime.tiers import lowered as low

RECORDS = tuple(
    kind for kind in vars(low).values() if isinstance(kind, type) and hasattr(kind, "_fields")
)
_PARTS = (low.Binding, low.Clause)  # they stand in records, and are no values


def verify_lowered(record: Any, slots: int, places: Sequence[Any], captures: int) -> None:
    """Raise Malformed unless all slots are of the frame, all places of the table, all captures there, every
    `recur` in the tail of a loop or of the whole, and all parts records of the right kind."""
    faults: list[str] = []
    _check(record, True, (slots, len(places), captures), faults)
    if faults:
        raise Malformed(faults)


def _check(record: Any, tail: bool, most: tuple[int, int, int], faults: list[str]) -> None:
    kind = type(record)
    if not isinstance(record, RECORDS) or kind in _PARTS:
        faults.append(f"a value is wanted, found {record!r}")
        return
    slots, places, captures = most
    if any(not 0 <= slot < slots for slot in _slots(record)):
        faults.append(f"{kind.__name__}: a slot outside of the frame")
    if not -1 <= getattr(record, "place", -1) < places:
        faults.append(f"{kind.__name__}: a place outside of the table")
    if isinstance(record, low.Capture) and not 0 <= record.number < captures:
        faults.append(f"no capture {record.number}")
    if kind is low.Recur and not tail:
        faults.append("recur outside of a tail")
    for part, in_tail in _below(record, tail):
        _check(part, in_tail, most, faults)


def _slots(record: Any) -> list[int]:
    one = getattr(record, "slot", None)
    inner = [p.slot for name in ("bindings", "clauses") for p in getattr(record, name, ())]
    return [*([one] if one is not None else ()), *getattr(record, "slots", ()), *inner]


def _below(record: Any, tail: bool) -> list[tuple[Any, bool]]:
    """The records in a record, and whether each stands in the tail."""
    match record:
        case low.If():
            return [(record.test, False), (record.then, tail), (record.otherwise, tail)]
        case low.Do():
            return [*((s, False) for s in record.statements), (record.value, tail)]
        case low.Let():
            return [*((b.init, False) for b in record.bindings), (record.body, tail)]
        case low.Loop():
            inits = [(b.init, False) for b in record.bindings]
            return [*inits, (record.body, True), *((s, False) for s in record.state)]
        case low.LetFn():
            return [*((maker, False) for maker in record.makers), (record.body, tail)]
        case low.Case():
            return [(record.test, False), *((result, tail) for result in record.results)]
        case low.Try():
            end = [] if record.at_end is None else [(record.at_end, False)]
            return [(record.body, False), *((c.body, False) for c in record.clauses), *end]
    found: list[tuple[Any, bool]] = []
    for value in record:
        for part in value if type(value) is tuple else (value,):
            if isinstance(part, RECORDS):
                found.append((part, False))
    return found
