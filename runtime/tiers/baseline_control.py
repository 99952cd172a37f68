"""The statements of stub C++: branches, bindings, loops, exceptions. `stub_cpp` has the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag
from runtime.errors import Span
from runtime.native._support import ANYWHERE, StubCall
from runtime.stubs.bodies import DISCARD as NOTHING
from runtime.stubs.bodies import MATCHER, VALUE
from runtime.tiers import literals
from runtime.tiers.baseline_writer import DISCARD, RETURN, BaselineWriter, Operand, show_constant
from runtime.tiers.closures import holds_memory, needs_end

SCANNED_CASES = 8  # a case with more constants looks its value up in a table
DEEPEST = 50  # blocks in each other; what is deeper jumps
AT_ONCE = (n.Const, n.NativeConst, n.LocalRef, n.VarRef, n.CppExpr, n.Call, n.Intrinsic)


@dataclass(slots=True)
class Again:
    """The start of a loop's round: its line, its label, the scopes that are open there, the first free slot,
    and how many scopes of Lisp locals that may hold memory are open."""

    line: int
    label: str
    open_scopes: int
    top: int
    holding: int
    used: bool = False


class BaselineControl(BaselineWriter):
    """How each kind of statement is written; a value goes to a slot, out of the function or nowhere."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.again: dict[int, Again] = {}  # by the label of `Recur`s
        self.holding = 0  # how many scopes of Lisp locals that may hold memory are open

    def condition(self, node: n.Node) -> str:
        """A C++ condition for a Lisp or native test."""
        mark = self.top
        text = self.answer(node) if isinstance(node, n.Intrinsic) else ""
        if not text:
            text = f"f.is({self.value(node)})"
        self.top = mark
        return text

    def answer(self, node: n.Intrinsic) -> str:
        """A C++ condition for a test that needs no step of its own; "" for other intrinsics."""
        match node.name:
            case "not":
                return f"!{self.condition(node.args[0])}"
            case "nil?":
                return f"f.nil({self.value(node.args[0])})"
            case "some?":
                return f"!f.nil({self.value(node.args[0])})"
            case "identical?":
                a, b = self.operands(node.args)
                return f"f.identical({a}, {b})"
        return ""

    def if_(self, node: n.If, dst: Operand) -> None:
        if self.depth > DEEPEST:
            self.deep_if(node, dst)
            return
        self.open(f"if({self.condition(node.test)})")
        self.into(node.then, dst)
        if dst != DISCARD or not isinstance(node.otherwise, (n.Const, n.NativeConst)):
            self.depth -= 1
            self.emit("} else {")
            self.depth += 1
            self.into(node.otherwise, dst)
        self.close()

    def deep_if(self, node: n.If, dst: Operand) -> None:
        """A branch without blocks: Clang nests 256 of them at most."""
        otherwise, done = self.label("else"), self.label("done")
        self.emit(f"if(!({self.condition(node.test)})) goto {otherwise};")
        self.into(node.then, dst)
        self.emit(f"goto {done};")
        self.emit(f"{otherwise}:;")
        self.into(node.otherwise, dst)
        self.emit(f"{done}:;")

    def do_(self, node: n.Do, dst: Operand) -> None:
        for statement in node.statements:
            self.into(statement, DISCARD)
        self.into(node.value, dst)

    # --- bindings ---------------------------------------------------------------------------------

    def let(self, node: n.Let, dst: Operand) -> None:
        if dst == RETURN and self.fail != "failed" and any(needs_end(*b) for b in node.bindings):
            mark, result = self.top, self.slot()  # what a destructor throws is for the `try` around
            self.let(node, result)
            self.deliver(result, RETURN)
            self.top = mark
            return
        mark, open_ = self.top, len(self.ending)
        outer, self.highest = self.highest, self.top
        holds = any(holds_memory(local, init) for local, init in node.bindings)
        self.holding += holds
        for local, init in node.bindings:
            self.bind(local, init)
        self.into(node.body, dst)
        self.end_scopes(open_)
        del self.ending[open_:]
        self.holding -= holds
        if holds and dst != RETURN:
            self.do("release", (mark, self.highest))
        self.highest = max(outer, self.highest)
        self.top = mark

    def bind(self, local: n.Local, init: n.Node) -> None:
        """What a local is bound to; a native one becomes an object of its own or a reference."""
        if not local.assigned and not needs_end(local, init):
            kind = init.type
            native = isinstance(kind, CppType) and not kind.has(Flag.LVALUE)
            if isinstance(init, n.LocalRef) and not native:
                self.names[local] = self.names[init.local]
                return
            if isinstance(init, n.Const):
                self.names[local] = self.constant(init.value)
                return
        if needs_end(local, init):
            slot: Operand = self.owning_slot(local.name)
            self.bind_native(local, init, slot)
            self.ending.append(str(slot))
        else:
            slot = self.slot(local.name)
            self.bind_native(local, init, slot)
        self.names[local] = slot

    def bind_native(self, local: n.Local, init: n.Node, slot: Operand) -> None:
        kind = init.type
        if not isinstance(kind, CppType) or (local.rvalue and kind.is_number_prvalue):
            self.into(init, slot)
        elif isinstance(init, n.CppExpr) and not kind.has(Flag.LVALUE):
            self.stub_step(init.text, init.operands, VALUE, kind, init, init.label, slot)
        elif kind.is_number_prvalue:  # held as a Python number: give it an address
            self.stub_step("@0@", (n.Operand(init),), VALUE, kind, init, kind.name, slot)
        else:
            self.into(init, slot)

    def end_scopes(self, first: int) -> None:
        """The end of the native locals of the scopes that are open, from the `first` on."""
        for slot in reversed(self.ending[first:]):
            self.attempt("end", (slot,), f"~{self.show(slot)}")

    def end_passing(self, first: int) -> None:
        """The end of objects in passing, from the `first` on."""
        for slot in reversed(self.passing[first:]):
            self.attempt("end", (slot,))
        del self.passing[first:]

    def letfn(self, node: n.LetFn, dst: Operand) -> None:
        mark = self.top
        made = {local: self.slot(local.name) for local, _ in node.bindings}
        self.names.update(made)
        for local, fn in node.bindings:
            self.closure(fn, made[local], dict(made))
        for local, fn in node.bindings:
            for index, (outer, _) in enumerate(fn.captures):
                if isinstance(outer, n.LocalRef) and outer.local in made:
                    self.do("capture", (made[local], index, made[outer.local]))
        self.into(node.body, dst)
        self.top = mark

    # --- loops ------------------------------------------------------------------------------------

    def loop(self, node: n.Loop, dst: Operand) -> None:
        mark, open_ = self.top, len(self.ending)
        for local, init in node.bindings:
            self.bind(local, init)
        self.open_loop(node.label, node.span)
        self.into(node.body, dst)
        self.close_loop(node.label)
        self.end_scopes(open_)
        del self.ending[open_:]
        self.top = mark

    def open_loop(self, label: int, span: Span | None) -> None:
        """Where the `Recur`s of that label go."""
        start = Again(
            len(self.lines), self.label("again"), len(self.ending), self.top, self.holding
        )
        self.again[label] = start
        self.emit(f"{start.label}:;")
        self.attempt("round", (self.place(span),))

    def close_loop(self, label: int) -> None:
        """The end of a loop: where none came back, there is no label."""
        start = self.again[label]
        if not start.used:
            del self.lines[start.line : start.line + 2]

    def recur(self, node: n.Recur, dst: Operand) -> None:
        mark = self.top
        changed = [
            (local, arg)
            for local, arg in zip(node.locals, node.args, strict=True)
            if not (isinstance(arg, n.LocalRef) and arg.local is local)
        ]
        lisp = [local for local, _ in changed if not isinstance(local.type, CppType)]
        if len(changed) == 1 and lisp and isinstance(changed[0][1], AT_ONCE):
            self.into(changed[0][1], self.names[lisp[0]])
        elif changed:
            passing = len(self.passing)
            values = self.operands([arg for _, arg in changed])
            moves: list[Operand] = []
            for (local, _), value in zip(changed, values, strict=True):
                if not isinstance(local.type, CppType):
                    moves += (self.names[local], value)
            if moves:
                self.do("recur", (len(moves) // 2, *moves), self.shown_moves(moves))
            for (local, arg), value in zip(changed, values, strict=True):
                if isinstance(local.type, CppType):
                    self.next_native(local, arg, value)
            self.end_passing(passing)
        start = self.again[node.label]
        start.used = True
        self.end_scopes(start.open_scopes)
        if self.holding > start.holding:
            self.do("release", (start.top, max(self.top, self.highest)))
        self.emit(f"goto {start.label};")
        self.top = mark

    def shown_moves(self, moves: list[Operand]) -> str:
        pairs = zip(moves[::2], moves[1::2], strict=True)
        return ", ".join(f"{self.show(to)} = {self.show(value)}" for to, value in pairs)

    def next_native(self, local: n.Local, arg: n.Node, value: Operand) -> None:
        """A native local's next value is assigned to the object that it has."""
        kind = local.type
        assert isinstance(kind, CppType)
        target = n.Operand(n.LocalRef(local, type=kind))
        stub = self.stubs.get(
            "@0@ = @1@", (target, n.Operand(arg)), NOTHING, kind, "recur", arg.span
        )
        slot = self.names[local]
        self.attempt(
            "stub",
            (self.place(arg.span), DISCARD, self.constant(StubCall(stub, ANYWHERE)), slot, value),
            f"{self.show(slot)} = {self.show(value)}",
        )

    # --- case and exceptions ----------------------------------------------------------------------

    def case(self, node: n.Case, dst: Operand) -> None:
        mark = self.top
        test = self.value(node.test)
        self.top = mark
        groups = tuple(constants for constants, _ in node.clauses)
        few = sum(map(len, groups)) <= SCANNED_CASES
        table = self.constant(groups if few else literals.case_index(node))
        self.open(f"switch(f.clause({self.place(node.span)}, {test}, {table}))")
        self.emit(f"case -2: goto {self.fail};")
        for index, (constants, result) in enumerate(node.clauses):
            shown = " ".join(map(show_constant, constants))
            self.emit(f"case {index}:{self.comment(shown)}")
            self.branch(result, dst)
        self.emit("default:")
        self.branch(node.default, dst)
        self.close()

    def branch(self, node: n.Node, dst: Operand) -> None:
        self.depth += 1
        self.into(node, dst)
        if dst != RETURN:
            self.emit("break;")
        self.depth -= 1

    def throw(self, node: n.Throw, dst: Operand) -> None:
        self.python_call(literals.throw, (node.value,), node, DISCARD)

    def try_(self, node: n.Try, dst: Operand) -> None:
        if node.finally_ is None:
            self.guarded(node, dst)
            return
        mark = self.top
        result = self.target(dst)  # a result waits until `finally` has run
        pending = self.slot()
        outer, self.fail, keep = self.fail, self.label("finally"), len(self.owning)
        self.guarded(node, result)
        self.emit(f"{self.fail}:")
        self.fail = outer
        self.do("pend", (pending, keep), "finally")
        self.into(node.finally_, DISCARD)
        self.attempt("resume", (pending,))
        if dst == RETURN:
            self.deliver(result, RETURN)
        self.top = mark

    def guarded(self, node: n.Try, dst: Operand) -> None:
        """The body with its catch clauses."""
        if not node.catches:
            self.into(node.body, dst)
            return
        mark = self.top
        exception, value = self.slot(), self.slot()
        outer, self.fail, keep = self.fail, self.label("catch"), len(self.owning)
        done = self.label("done")
        self.into(node.body, dst)
        self.emit(f"goto {done};")
        self.emit(f"{self.fail}:")
        self.fail = outer
        self.attempt("caught", (exception, value, keep), "catch")
        for clause in node.catches:
            self.clause(clause, exception, value, dst)
            if clause.kind == "any":
                break
            self.emit(f"goto {done};")
            self.close()
        else:
            self.do("rethrow", (exception,))
            self.emit(f"goto {self.fail};")
        self.emit(f"{done}:;")
        self.top = mark

    def clause(self, clause: n.Catch, exception: int, value: int, dst: Operand) -> None:
        """A catch clause, its block still open unless it takes everything."""
        bound = value
        if clause.kind == "lisp":
            self.open(f"if(f.instance({value}, {self.constant(clause.matches)}))")
        elif clause.kind == "cpp":
            kind: CppType = clause.matches
            stub = self.stubs.get(kind.name, (), MATCHER, kind, f"catch {kind.name}", clause.span)
            bound = self.slot()
            self.open(f"if(f.matches({bound}, {exception}, {self.constant(stub)}))")
        self._shown[bound] = clause.local.name
        self.names[clause.local] = bound
        self.into(clause.body, dst)
