"""What stub C++ is written with: slots, constants, places, and the steps that `ts::frame` does.

All values stand in the slots of one frame, so that a step is a call with numbers and there is next to
nothing to compile. A slot is free again as soon as what it was taken for is done. What a reader wants to
know stands in the comment of a step. (The idea is that of baseline compilers:
https://v8.dev/blog/sparkplug.)
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType
from runtime.core.values import Keyword, Symbol
from runtime.errors import Span
from runtime.stubs.cache import StubCache
from runtime.tiers.cpp_writer import Unsupported
from runtime.tiers.functions import FunctionTable
from runtime.tiers.names import munge

VAR_ROOTS = 100_000  # `frame::var_roots`
GIVEN = 1 << 20  # `frame::given`: added to a slot whose value a call takes over
RETURN, DISCARD = -2, -1  # where a value goes other than to a slot
LONGEST = 24  # characters of a constant in a comment

# An operand: a slot, the constant ~i, the root of the var that is the constant ~i - VAR_ROOTS, or the name of
# a slot whose number is known when all is written.
Operand = int | str


class BaselineWriter(ABC):
    """The text of one function in the making."""

    def __init__(self, node: n.Fn, symbol: str, table: FunctionTable, stubs: StubCache) -> None:
        self.node = node
        self.symbol = symbol
        self.table = table
        self.stubs = stubs
        self.lines: list[str] = []
        self.depth = 1
        self.constants: list[Any] = []
        self._constant_at: dict[int, int] = {}
        self.spans: list[Span] = []
        self._span_at: dict[Span, int] = {}
        self._line = 0  # of the source that the last comment named
        self.names: dict[n.Local, Operand] = {}
        self._shown: dict[Operand, str] = {}  # the Lisp names of slots
        self.top = 0  # the first free slot
        self.size = 0  # how many slots there are
        self.highest = 0  # the first slot that nothing since the scope's start has used
        self.owning: list[str] = []  # the names of slots whose objects end with their scopes
        self.ending: list[str] = []  # those of the scopes that are open
        self.passing: list[str] = []  # those of objects that end with the step that uses them
        self._labels = 0
        self.fail = "failed"  # where a step that failed goes

    # --- slots and constants ----------------------------------------------------------------------

    def slot(self, name: str = "") -> int:
        """A free slot, for the local `name` or for a value in passing."""
        slot = self.top
        self.top += 1
        self.size = max(self.size, self.top)
        self.highest = max(self.highest, self.top)
        if name:
            self._shown[slot] = name
        else:
            self._shown.pop(slot, None)
        return slot

    def owning_slot(self, name: str) -> str:
        """A slot of its own for a native local that ends with its scope."""
        made = f"{munge(name)}_{len(self.owning)}"
        self.owning.append(made)
        self._shown[made] = name
        return made

    def constant(self, value: Any) -> int:
        """The operand that is `value`."""
        index = self._constant_at.get(id(value))
        if index is None:
            index = self._constant_at[id(value)] = len(self.constants)
            self.constants.append(value)
            if index >= VAR_ROOTS:
                raise Unsupported("a function with that many constants")
        return ~index

    def root(self, var: Any) -> int:
        """The operand that is the root value of `var`."""
        return self.constant(var) - VAR_ROOTS

    # --- text -------------------------------------------------------------------------------------

    def emit(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def open(self, head: str) -> None:
        self.emit(f"{head} {{")
        self.depth += 1

    def close(self, tail: str = "}") -> None:
        self.depth -= 1
        self.emit(tail)

    def label(self, hint: str) -> str:
        self._labels += 1
        return f"{hint}_{self._labels}"

    def place(self, span: Span | None) -> int:
        """The index of a place for stack traces."""
        if span is None:
            return max(0, len(self.spans) - 1)
        index = self._span_at.get(span)
        if index is None:
            index = self._span_at[span] = len(self.spans)
            self.spans.append(span)
        return index

    def do(self, step: str, args: Sequence[Operand], comment: str = "", line: int = 0) -> None:
        """A step that cannot fail."""
        self.emit(f"f.{step}({', '.join(map(str, args))});{self.comment(comment, line)}")

    def attempt(self, step: str, args: Sequence[Operand], comment: str = "", line: int = 0) -> None:
        """A step that may fail."""
        text = ", ".join(map(str, args))
        self.emit(f"if(f.{step}({text})) goto {self.fail};{self.comment(comment, line)}")

    def comment(self, text: str, line: int = 0) -> str:
        """A comment for the end of a line; the first of a source line names it."""
        if line and line != self._line:
            self._line = line
            text = f"line {line}: {text}" if text else f"line {line}"
        # a backslash at the end would make the next line a comment too
        return f" // {' '.join(text.split())}".rstrip("\\") if text else ""

    def show(self, operand: Operand) -> str:
        """An operand for people."""
        if isinstance(operand, int) and operand >= GIVEN:
            operand -= GIVEN
        if isinstance(operand, str) or operand >= 0:
            return self._shown.get(operand) or f"t{operand}"
        index = ~operand
        if index >= VAR_ROOTS:
            return str(self.constants[index - VAR_ROOTS].name)
        return show_constant(self.constants[index])

    def shown_call(self, dst: int | str, callee: str, args: Sequence[Operand]) -> str:
        """A step for people."""
        call = f"{callee}({', '.join(map(self.show, args))})"
        return call if dst == DISCARD else f"{self.show(dst)} = {call}"

    # --- destinations -----------------------------------------------------------------------------

    def deliver(self, value: Operand, dst: Operand) -> None:
        """An operand to where it goes."""
        if dst == RETURN:
            self.emit(f"return f.leave({value});")
        elif dst not in (DISCARD, value):
            self.do("set", (dst, value), f"{self.show(dst)} = {self.show(value)}")

    def target(self, dst: Operand) -> Operand:
        """The slot for a step's result that goes to `dst`."""
        return self.slot() if dst == RETURN else dst

    # --- what the subclasses write ----------------------------------------------------------------

    @abstractmethod
    def into(self, node: n.Node, dst: Operand) -> None:
        """Statements that evaluate `node` and bring its value to `dst`."""

    @abstractmethod
    def value(self, node: n.Node) -> Operand:
        """The operand that is the value of `node`; the steps that evaluate it are emitted."""

    @abstractmethod
    def operands(self, nodes: Sequence[n.Node]) -> list[Operand]:
        """The operands that are the values of `nodes`, evaluated from left to right."""

    @abstractmethod
    def stub_step(
        self,
        text: str,
        operands: tuple[n.Operand, ...],
        gives: str,
        kind: CppType,
        node: n.Node,
        label: str,
        dst: Operand,
    ) -> None:
        """A call of the stub of an expression, its value to `dst`."""

    @abstractmethod
    def python_call(
        self, function: Callable[..., Any], args: Sequence[n.Node], node: n.Node, dst: Operand
    ) -> None:
        """A call of something of ours that is Python."""

    @abstractmethod
    def closure(self, node: n.Fn, dst: Operand, unset: dict[n.Local, Operand]) -> None:
        """A new closure to a slot; captured locals of `unset` do not have their values yet."""


def show_constant(value: Any) -> str:
    """A constant for people, in one line."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Keyword, Symbol, int, float)):
        return str(value)
    if not isinstance(value, str):
        return f"#<{type(value).__name__}>"
    text = (
        json.dumps(value[:LONGEST], ensure_ascii=False).encode(errors="backslashreplace").decode()
    )
    return text if len(value) <= LONGEST else f"{text[:-1]}…{text[-1]}"
