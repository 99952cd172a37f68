"""The lowered AST as text: a line a record, what is below it indented, its place behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.printer import cut
from runtime.core.printing import pr_str
from runtime.errors import Span
from runtime.native._support import Code, Stub, StubCall
from runtime.tiers import lowered as low
from runtime.tiers.closures import Host
from runtime.tiers.lowered_verifier import RECORDS
from runtime.tiers.lowering import Lowering

COLUMN = 76  # where places begin
_SLOTS = {"slot", "slots"}


def show_lowered(host: Host, fn: n.Fn) -> str:
    """A function's arities, each with its slots: a parameter or local by its name and number."""
    return "\n".join(_arity(host, fn, arity) for arity in fn.arities)


def _arity(host: Host, fn: n.Fn, arity: n.Arity) -> str:
    making = Lowering(host, fn.name, fn, host.code_of)
    record = making.arity(arity)
    names = {slot: f"{local.name}${slot}" for local, slot in making.slots.items()}
    params = " ".join(names[making.slots[p]] for p in arity.params)
    head = f"Arity [{params}]{' variadic' if arity.variadic else ''} {len(names)} slots"
    return "\n".join([head, *_rows(record, "  ", "", names, tuple(making.places))])


def _rows(
    record: Any, indent: str, role: str, names: Mapping[int, str], places: Sequence[Span]
) -> Iterator[str]:
    words: list[str] = []
    below: list[tuple[str, Any]] = []
    place = ""
    for name, value in zip(record._fields, record, strict=True):
        if name == "place":
            place = f"{places[value].line}:{places[value].col}" if value >= 0 else ""
        elif name in _SLOTS:
            slots = value if isinstance(value, tuple) else (value,)
            words += [names.get(slot, f"${slot}") for slot in slots]
        elif isinstance(value, RECORDS):
            below.append((name, value))
        elif isinstance(value, tuple) and any(isinstance(part, RECORDS) for part in value):
            below += [("state" if name == "state" else "", part) for part in value]
        elif type(record) is low.Const or _tells(value):
            words.append(name if value is True else _short(value))
    label = f"{role}: " if role and role not in ("args", "value", "body") else ""
    head = f"{indent}{label}{' '.join([type(record).__name__, *words])}"
    yield f"{head.ljust(COLUMN)} {place}".rstrip()
    for name, part in below:
        yield from _rows(part, f"{indent}  ", name, names, places)


def _tells(value: Any) -> bool:
    return (
        value is not False and value is not None and not (type(value) is tuple and not any(value))
    )


def _short(value: Any) -> str:
    if isinstance(value, StubCall):
        value = value.stub
    if isinstance(value, Stub):
        return cut(value.signature)
    if isinstance(value, Code):
        return value.name
    if hasattr(value, "full_name"):
        return f"#'{value.full_name}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"<{value.__name__}>"
    return cut(pr_str(value))
