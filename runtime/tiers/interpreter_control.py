"""Tier 0's control flow as closures: branches, bindings, loops, exceptions. `interpreter` has the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import BOOL, CppType, Flag
from runtime.native import _support
from runtime.stubs.bodies import DISCARD, MATCHER, VALUE
from runtime.tiers.closures import (
    NOT_CAUGHT,
    RECUR,
    ClosureBuilder,
    CppException,
    Place,
    Run,
    holds_memory,
    needs_end,
    thrown_value,
)
from runtime.tiers.literals import case_index, throw
from runtime.tiers.osr import CHECKED_EVERY, LoopReplacement


class ControlClosures(ClosureBuilder):
    """How each kind of statement is built."""

    def condition(self, node: n.Node) -> tuple[Run, bool]:
        """A closure for a test, and whether it gives a Python bool for certain."""
        return self.build(node), isinstance(node, n.Truth) or node.type == BOOL

    def if_(self, node: n.If) -> Run:
        test, exact = self.condition(node.test)
        discarded = isinstance(node.type, CppType) and node.type.is_void
        build = self.effect if discarded else self.build
        then, otherwise = build(node.then), build(node.otherwise)
        if exact:
            return lambda e: then(e) if test(e) else otherwise(e)

        def run(e: list[Any]) -> Any:
            value = test(e)
            if value is not None and value is not False:
                return then(e)
            return otherwise(e)

        return run

    def do(self, node: n.Do) -> Run:
        parts = [self.effect(s) for s in node.statements]
        value = self.build(node.value)
        if len(parts) == 1:
            first = parts[0]

            def run_two(e: list[Any]) -> Any:
                first(e)
                return value(e)

            return run_two

        def run(e: list[Any]) -> Any:
            for part in parts:
                part(e)
            return value(e)

        return run

    def let(self, node: n.Let) -> Run:
        discarded = isinstance(node.type, CppType) and node.type.is_void
        bound = [
            (local, self.slot(local), self.binding(local, init), init)
            for local, init in node.bindings
        ]
        run = self.effect(node.body) if discarded else self.build(node.body)
        plain: list[tuple[int, Run, bool]] = []
        for local, slot, init, source in reversed(bound):
            if needs_end(local, source):
                run = self.owning_scope(slot, init, self.scope(plain, run))
                plain = []
            else:
                plain.insert(0, (slot, init, holds_memory(local, source)))
        return self.scope(plain, run)

    @staticmethod
    def scope(bindings: list[tuple[int, Run, bool]], body: Run) -> Run:
        """Bindings without C++ objects of their own; what may hold memory is let go of at the end."""
        if not bindings:
            return body
        if len(bindings) == 1:
            slot, init, releases = bindings[0]
            if releases:

                def run_released(e: list[Any]) -> Any:
                    e[slot] = init(e)
                    try:
                        return body(e)
                    finally:
                        e[slot] = None

                return run_released

            def run_one(e: list[Any]) -> Any:
                e[slot] = init(e)
                return body(e)

            return run_one

        steps = [(slot, init) for slot, init, _ in bindings]
        released = [slot for slot, _, releases in reversed(bindings) if releases]
        if not released:

            def run(e: list[Any]) -> Any:
                for slot, init in steps:
                    e[slot] = init(e)
                return body(e)

            return run

        def run_all_released(e: list[Any]) -> Any:
            try:
                for slot, init in steps:
                    e[slot] = init(e)
                return body(e)
            finally:
                for slot in released:
                    e[slot] = None

        return run_all_released

    @staticmethod
    def owning_scope(slot: int, init: Run, body: Run) -> Run:
        """A binding whose C++ object is destroyed when its scope ends."""

        def run(e: list[Any]) -> Any:
            owned = e[slot] = init(e)
            try:
                return body(e)
            finally:
                owned.destroy()

        return run

    def binding(self, local: n.Local, init: n.Node) -> Run:
        """What a local is bound to; a native one becomes an object of its own or a reference."""
        kind = init.type
        if not isinstance(kind, CppType) or (local.rvalue and kind.is_number_prvalue):
            return self.build(init)
        if isinstance(init, n.CppExpr) and not kind.has(Flag.LVALUE):
            return self.stub_call(init, VALUE)
        if kind.is_number_prvalue:  # a number that tier 0 holds as a Python one: give it an address
            stub = self.unary("@0@", kind, VALUE, kind, init)
            value = self.build(init)
            return lambda e: stub(value(e))
        return self.build(init)

    def loop(self, node: n.Loop) -> Run:
        bound = [(self.slot(local), self.binding(local, init)) for local, init in node.bindings]
        owned = [self.slot(local) for local, init in node.bindings if needs_end(local, init)]
        discarded = isinstance(node.type, CppType) and node.type.is_void
        body = self.effect(node.body) if discarded else self.build(node.body)
        count_loops = self.host.count_loops(self.name)
        replacement = LoopReplacement(node, self.name, self.slot, self.host.compile_loop)
        # Its replacement's errors are this activation's; what stops it while nothing is called is told here.
        place: Place = (self.name, node.span)

        def run(e: list[Any], _place: Place = place) -> Any:
            for slot, init in bound:
                e[slot] = init(e)
            rounds = 0
            while True:
                for turn in range(CHECKED_EVERY):
                    result = body(e)
                    if result is not RECUR:
                        if turn or rounds:
                            count_loops(turn + 1)
                        return result
                rounds += CHECKED_EVERY
                count_loops(CHECKED_EVERY)
                compiled = replacement.enter(e, rounds)
                if compiled is not None:
                    return compiled(*replacement.arguments(e))

        if not owned:
            return run

        def run_owning(e: list[Any]) -> Any:
            try:
                return run(e)
            finally:
                for slot in reversed(owned):
                    if isinstance(e[slot], _support.CppValue):
                        e[slot].destroy()

        return run_owning

    def recur(self, node: n.Recur) -> Run:
        values = self.each(node.args)
        targets: list[tuple[int, Any]] = []
        for local, arg in zip(node.locals, node.args, strict=True):
            slot = self.slot(local)
            if isinstance(local.type, CppType):
                operands = (n.Operand(n.LocalRef(local, type=local.type)), n.Operand(arg))
                stub = self.host.stubs.get(
                    "@0@ = @1@", operands, DISCARD, local.type, "recur", node.span
                )
                targets.append((slot, stub))
            else:
                targets.append((slot, None))
        if all(stub is None for _, stub in targets):
            slots = [slot for slot, _ in targets]
            if len(slots) == 1:
                only, value = slots[0], values[0]

                def run_one(e: list[Any]) -> Any:
                    e[only] = value(e)
                    return RECUR

                return run_one

            def run(e: list[Any]) -> Any:
                new = [value(e) for value in values]
                for slot, item in zip(slots, new, strict=True):
                    e[slot] = item
                return RECUR

            return run

        def run_native(e: list[Any]) -> Any:
            new = [value(e) for value in values]
            for (slot, stub), item in zip(targets, new, strict=True):
                if stub is None:
                    e[slot] = item
                else:
                    stub(e[slot], item)
            return RECUR

        return run_native

    def case(self, node: n.Case) -> Run:
        test, default, index = self.build(node.test), self.build(node.default), case_index(node)
        clauses = [
            *(self.build(result) for _, result in node.clauses),
            default,
        ]  # -1 is the default
        return lambda e: clauses[index(test(e))](e)

    def throw(self, node: n.Throw) -> Run:
        value, place = self.build(node.value), self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            throw(value(e))

        return run

    def try_(self, node: n.Try) -> Run:
        discarded = isinstance(node.type, CppType) and node.type.is_void
        build = self.effect if discarded else self.build
        body = build(node.body)
        handlers = [(self.matcher(c), self.slot(c.local), build(c.body)) for c in node.catches]
        finally_ = self.effect(node.finally_) if node.finally_ is not None else None

        def guarded(e: list[Any]) -> Any:
            try:
                return body(e)
            except Exception as error:
                for matches, slot, handler in handlers:
                    caught = matches(error)
                    if caught is not NOT_CAUGHT:
                        e[slot] = caught
                        return handler(e)
                raise

        if finally_ is None:
            return guarded

        def run(e: list[Any]) -> Any:
            try:
                return guarded(e)
            finally:
                finally_(e)

        return run

    def matcher(self, clause: n.Catch) -> Callable[[Exception], Any]:
        """What a catch clause binds for an exception, or NOT_CAUGHT."""
        if clause.kind == "any":
            return thrown_value
        if clause.kind == "lisp":
            classes = clause.matches

            def lisp(error: Exception) -> Any:
                value = thrown_value(error)
                return value if isinstance(value, classes) else NOT_CAUGHT

            return lisp
        kind: CppType = clause.matches
        stub = self.host.stubs.get(kind.name, (), MATCHER, kind, f"catch {kind.name}", clause.span)

        def cpp(error: Exception) -> Any:
            if not isinstance(error, CppException):
                return NOT_CAUGHT
            found = _support.match_exception(error.capsule, stub.address)
            return NOT_CAUGHT if found is None else found

        return cpp
