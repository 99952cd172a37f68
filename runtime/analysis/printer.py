"""The typed AST as text: a line a node, what is below it indented, its type and its place behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import OBJECT
from runtime.core.printing import pr_str
from runtime.errors import Span

COLUMN = 76  # where types and places begin
LONGEST = 60  # characters of a constant or of a C++ text
_SILENT = {"span", "type", "key", "site", "lisp", "meta"}
_SAID = {
    (n.Intrinsic, "var"),
    (n.NativeConst, "value"),
    (n.CppExpr, "label"),
}  # by another field of theirs


def show(node: n.Node) -> str:
    """A tree of the AST. Locals of one name are told apart by numbers, in order of appearance."""
    return "\n".join(_rows(node, "", "", _Names()))


class _Names:
    """What locals and the targets of `recur` are called."""

    def __init__(self) -> None:
        self._known: dict[n.Local, str] = {}
        self._used: dict[str, int] = {}
        self._labels: dict[int, str] = {}

    def label(self, label: int) -> str:
        return self._labels.setdefault(label, f"#{len(self._labels) + 1}")

    def of(self, local: n.Local) -> str:
        if local not in self._known:
            count = self._used[local.name] = self._used.get(local.name, 0) + 1
            self._known[local] = local.name if count == 1 else f"{local.name}.{count}"
        return self._known[local]


def _rows(item: Any, indent: str, role: str, names: _Names) -> Iterator[str]:
    words: list[str] = []
    below: list[tuple[str, Any]] = []
    for f in fields(item):
        if f.name not in _SILENT and (type(item), f.name) not in _SAID:
            _sort(f.name, getattr(item, f.name), words, below, names)
    label = f"{role}: " if role else ""
    head = f"{indent}{label}{' '.join([type(item).__name__, *words])}"
    yield f"{head.ljust(COLUMN)} {_remark(item, names)}".rstrip()
    for name, part in below:
        yield from _rows(part, f"{indent}  ", name, names)


def _sort(
    name: str, value: Any, words: list[str], below: list[tuple[str, Any]], names: _Names
) -> None:
    """Put what a field holds on the node's own line, or below it."""
    if isinstance(value, (n.Node, n.Arity, n.Catch)):
        below.append((name, value))
    elif isinstance(value, n.Operand):
        below.append(("", value.node))
    elif isinstance(value, n.Local):
        words.append(names.of(value))
    elif isinstance(value, tuple) and name == "bindings":
        below += [(names.of(local), bound) for local, bound in value]
    elif isinstance(value, tuple) and name == "captures":
        below += [(f"captures {names.of(local)}", taken) for taken, local in value]
    elif isinstance(value, tuple) and name == "clauses":
        below += [(" ".join(map(_short, constants)), result) for constants, result in value]
    elif isinstance(value, tuple) and value and all(isinstance(v, n.Local) for v in value):
        words.append(f"[{' '.join(names.of(local) for local in value)}]")
    elif (
        isinstance(value, tuple)
        and value
        and isinstance(value[0], (n.Node, n.Arity, n.Catch, n.Operand))
    ):
        for part in value:
            _sort("", part, words, below, names)
    elif name == "var":
        words.append(f"#'{value.full_name}")
    elif name == "label" and isinstance(value, int):
        words.append(names.label(value))
    elif value is True:
        words.append(name)
    elif isinstance(value, str) and name != "value":
        words.append(cut(value))
    elif name == "value" or (value is not None and value is not False and value != ()):
        words.append(_short(value))


def _short(value: Any) -> str:
    return cut(pr_str(value))


def cut(text: str) -> str:
    """A text as one line of no more than LONGEST characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _remark(item: Any, names: _Names) -> str:
    kind = getattr(item, "type", None)
    span: Span | None = getattr(item, "span", None)
    known = (
        str(kind if not hasattr(kind, "kind") else kind.kind) if kind not in (None, OBJECT) else ""
    )
    place = f"{span.line}:{span.col}" if span is not None else ""
    return f"{known:<20} {place}".rstrip()
