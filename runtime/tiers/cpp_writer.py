"""What all of compiled code is written with: lines, names, constants, places, values and where they go."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.analysis import nodes as n
from runtime.errors import Span
from runtime.tiers.functions import FunctionTable
from runtime.tiers.names import munge
from runtime.tiers.representations import BORROWED, NATIVE, NUM, OWNED, Representations

# A look each round would cost a loop of arithmetic half its speed. Calls of Lisp in slow rounds look
# themselves, and rounds that call C++, which may take long, do each time.
ROUNDS_A_LOOK = 64
ROUNDS_A_BREATH = 65536  # a millisecond at most, where a round is arithmetic
DEEPEST_INDENT = 24  # a long `cond` would else be mostly white space


# Around the call site of an expression of C++, in front of its text: the statement that it becomes part of is
# guarded (runtime/native/guard.hpp).
GUARDED, GUARDED_BY = "\x01", "\x02"
_MARK = re.compile(f"{GUARDED}([^{GUARDED_BY}]*){GUARDED_BY}")


class Unsupported(Exception):
    """A construct that compiled code does not have; the function stays in tier 0."""


@dataclass(frozen=True, slots=True)
class Val:
    """A C++ expression and what it is: OWNED, BORROWED, NATIVE, NUM or the C++ type of an unboxed number.

    `stable` ones may be written where they are used: evaluating them later changes nothing.
    """

    text: str
    rep: str
    stable: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """The line by which a loop looks whether to stop, how deep it is, and what it says in slow rounds."""

    line: int
    depth: int
    each_round: str


@dataclass(frozen=True, slots=True)
class Dest:
    """Where a value goes: "return", "discard", "assign" to the variable `name` of kind `rep`, or its
    "address" to the pointer `name`."""

    kind: str
    name: str = ""
    rep: str = OWNED


RETURN, DISCARD = Dest("return"), Dest("discard")


class CppWriter(ABC):
    """The text of one function in the making."""

    def __init__(self, node: n.Fn, symbol: str, table: FunctionTable) -> None:
        self.node = node
        self.symbol = symbol
        self.table = table
        self.lines: list[str] = []
        self.depth = 1
        self.loops = 0  # around what is being written
        self.looks: list[_Look] = []  # of the loops that are open, the innermost last
        self.serial = 0
        self.constants: list[Any] = []
        self.names: dict[n.Local, Val] = {}
        self.reps: Representations  # of the arity being written
        self.span: Span | None = None  # what `at` stands at, where that is known
        self.spans: list[Span] = []
        self.guards = False  # whether what was written so far has guarded statements

    # --- text -------------------------------------------------------------------------------------

    def emit(self, text: str) -> None:
        marked = _MARK.search(text) if GUARDED in text else None
        indent = "  " * min(self.depth, DEEPEST_INDENT)
        if marked is None:
            self.lines.append(indent + text)
            return
        self.guards = True
        for look in self.looks:
            self.lines[look.line] = look.each_round
        self.lines.append(f"{indent}if(ts_arm(&guard, {marked[1]})) ts::landed(guard);")
        self.lines.append(indent + _MARK.sub("", text))
        if not text.startswith("return "):
            self.lines.append(f"{indent}guard.off();")

    def open(self, head: str) -> None:
        if GUARDED in head:
            test = self.fresh("test")
            self.emit(f"bool const {test} = static_cast<bool>({head.removeprefix('if(')[:-1]});")
            head = f"if({test})"
        self.emit(f"{head} {{".lstrip())
        self.depth += 1

    def otherwise(self) -> None:
        """The else of the `if` that was opened last."""
        self.depth -= 1
        self.emit("} else {")
        self.depth += 1

    def open_round(self, span: Span | None) -> None:
        """A loop that ends by other ways; where it is asked to, it lets other threads run or stops."""
        turn = self.fresh("turn")
        self.open(f"for(std::uint32_t {turn} = 1;; ++{turn})")
        self.breathe(turn, ROUNDS_A_BREATH, span)

    def breathe(self, turn: str, rounds: int, span: Span | None) -> None:
        """What stands at the start of a round. The place is told where it stops, which is seldom."""
        place = ""
        if span is not None:
            place = f"at = {len(self.spans)}; "
            self.spans.append(span)
        due = f"ts::attention_wanted() || {turn} % {rounds} == 0"
        then = f"{{ {place}ts::breathe(); }}"
        self.emit(f"if({turn} % {ROUNDS_A_LOOK} == 0 && ({due})) {then}")
        each = f"{'  ' * min(self.depth, DEEPEST_INDENT)}if({due}) {then}"
        self.looks.append(_Look(len(self.lines) - 1, self.depth, each))

    def close(self) -> None:
        if self.looks and self.looks[-1].depth == self.depth:
            self.looks.pop()
        self.depth -= 1
        self.emit("}")

    def fresh(self, hint: str = "t") -> str:
        self.serial += 1
        return f"{munge(hint)}_{self.serial}"

    def constant(self, value: Any) -> str:
        """`value`'s place in K."""
        for i, known in enumerate(self.constants):
            if known is value:
                return f"K[{i}]"
        self.constants.append(value)
        return f"K[{len(self.constants) - 1}]"

    def at(self, node: n.Node) -> None:
        """Keep the place for stack traces."""
        if node.span is not None and node.span != self.span:
            self.span = node.span
            self.emit(f"at = {len(self.spans)}; // line {node.span.line}")
            self.spans.append(node.span)

    # --- destinations -----------------------------------------------------------------------------

    def deliver(self, value: Val, dest: Dest) -> None:
        match dest.kind:
            case "discard":
                if not value.stable:
                    self.emit(f"(void)({value.text});")
            case "return":
                text = self.as_rep(value, dest.rep)
                if dest.rep == NUM and value.rep == NUM and value.stable:
                    text = f"ts::num({text})"  # the variable may be const
                self.emit(f"return {text}{'.release()' if dest.rep in (OWNED, NUM) else ''};")
            case "address":
                self.emit(f"{dest.name} = std::addressof({value.text});")
            case _:
                self.emit(f"{dest.name} = {self.as_rep(value, dest.rep)};")

    def as_rep(self, value: Val, rep: str) -> str:
        if rep == OWNED:
            return self.owned(value)
        if rep in (NATIVE, value.rep):
            return value.text
        if rep == NUM:
            return f"ts::num({value.text})"
        raise Unsupported(f"a {value.rep} where a {rep} was expected")

    def owned(self, value: Val) -> str:
        """The value as a `ts::ref`."""
        if value.rep == OWNED:
            return value.text
        if value.rep == BORROWED:
            return f"ts::ref::share({value.text})"
        return f"ts::box({value.text})"

    def named(self, value: Val, hint: str = "t") -> Val:
        """The value in a variable of its own, unless it is stable."""
        if value.stable:
            return value
        name = self.fresh(hint)
        if value.rep == NATIVE:
            self.emit(f"auto&& {name} = {value.text};")
            return Val(name, NATIVE, True)
        if value.rep in (OWNED, BORROWED):
            self.emit(f"ts::ref const {name} = {self.owned(value)};")
            return Val(f"{name}.p", BORROWED, True)
        self.emit(f"{value.rep} const {name} = {value.text};")
        return Val(name, value.rep, True)

    def values(self, nodes: tuple[n.Node, ...]) -> list[Val]:
        """Operands in order of evaluation: all but the last are named, so that the order holds."""
        return [self.named(self.value(node)) for node in nodes]

    def pointer(self, value: Val) -> str:
        """A Lisp value as a `PyObject*` that stays alive for the rest of the block."""
        if value.rep == BORROWED and value.stable:
            return value.text
        return self.named(Val(self.owned(value), OWNED)).text

    # --- what the subclasses write ----------------------------------------------------------------

    @abstractmethod
    def into(self, node: n.Node, dest: Dest) -> None:
        """Statements that evaluate `node` and bring its value to `dest`."""

    @abstractmethod
    def value(self, node: n.Node) -> Val:
        """An expression for `node`; statements that must come first are emitted."""

    @abstractmethod
    def const(self, node: n.Const) -> Val:
        """A Lisp constant."""

    @abstractmethod
    def fn(self, node: n.Fn) -> Val:
        """A new closure."""

    @abstractmethod
    def python_call(self, function: Callable[..., Any], values: list[Val], node: n.Node) -> Val:
        """A call of something of ours that stays Python."""
