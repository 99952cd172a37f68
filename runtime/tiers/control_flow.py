"""The statements of compiled code: branches, bindings, loops, exceptions. `inline_cpp` has the rest."""

from __future__ import annotations

from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType, Flag
from runtime.core.values import BigInt
from runtime.tiers import literals
from runtime.tiers.closures import needs_end
from runtime.tiers.cpp_writer import (
    BORROWED,
    DISCARD,
    NATIVE,
    NUM,
    OWNED,
    CppWriter,
    Dest,
    Val,
)
from runtime.tiers.representations import INT, UNBOXED

INLINE_CASES = 8  # a case with more constants looks its value up in a table


class ControlFlow(CppWriter):
    """How each kind of statement is written; a value goes to a `Dest`."""

    def condition(self, node: n.Node) -> str:
        """A C++ condition for a Lisp or native test."""
        if isinstance(node, n.Truth):
            return self.value(node.value).text
        value = self.value(node)
        if value.rep == "bool":
            return value.text
        if value.rep in UNBOXED.values():
            return "true" if value.stable else f"(({value.text}), true)"
        if value.rep == OWNED:
            value = self.named(value)
        return f"ts::truthy({value.text})"

    def if_(self, node: n.If, dest: Dest) -> None:
        test = self.condition(node.test)
        self.open(f"if({test})")
        span = self.span
        self.into(node.then, dest)
        if dest.kind == "return":  # the branch ended there: a long `cond` needs no nesting
            self.close()
            self.span = span
            self.into(node.otherwise, dest)
            return
        if dest.kind == "discard" and isinstance(node.otherwise, (n.Const, n.NativeConst)):
            self.close()
            self.span = None
            return
        self.otherwise()
        self.span = span
        self.into(node.otherwise, dest)
        self.close()
        self.span = None

    def do(self, node: n.Do, dest: Dest) -> None:
        for statement in node.statements:
            self.into(statement, DISCARD)
        self.into(node.value, dest)

    def let(self, node: n.Let, dest: Dest) -> None:
        if dest.kind != "return":
            self.open("")
        for local, init in node.bindings:
            self.bind(local, init)
        self.into(node.body, dest)
        if dest.kind != "return":
            self.close()

    def bind(self, local: n.Local, init: n.Node) -> None:
        """A local's variable; one that recur changes is not const."""
        if isinstance(init.type, CppType) and isinstance(local.type, CppType):
            self.bind_native(local, init, init.type)
            return
        name = self.fresh(local.name)
        value = self.value(init)
        if not local.assigned:
            self.names[local] = self.named(value, local.name)
            return
        rep = self.reps.locals[local]
        self.emit(f"{rep} {name} = {self.as_rep(value, rep)};")
        self.names[local] = Val(
            f"{name}.p" if rep == OWNED else name, BORROWED if rep == OWNED else rep, False
        )

    def bind_native(self, local: n.Local, init: n.Node, kind: CppType) -> None:
        """A C++ object or reference under the local's name."""
        value = self.value(init)
        name = self.fresh(local.name)
        if needs_end(local, init):
            self.emit(f"ts::local {name}{{ {value.text} }};")
            self.names[local] = Val(f"{name}.v", NATIVE, True)
            return
        self.emit(f"{'auto&&' if kind.has(Flag.LVALUE) else 'auto'} {name} = {value.text};")
        self.names[local] = Val(name, NATIVE, True)

    def loop(self, node: n.Loop, dest: Dest) -> None:
        self.open("")
        for local, init in node.bindings:
            self.bind(local, init)
        self.open_round(node.span)
        self.span = None
        self.loops += 1
        self.into(node.body, dest)
        self.loops -= 1
        if dest.kind != "return":
            self.emit("break;")
        self.close()
        self.close()
        self.span = None

    def recur(self, node: n.Recur, dest: Dest) -> None:
        moves = []
        for local, arg in zip(node.locals, node.args, strict=True):
            if isinstance(arg, n.LocalRef) and arg.local is local:
                continue
            target = self.names[local]
            if isinstance(local.type, CppType):
                moves.append(self.next_native(local, arg))
                continue
            value = self.value(arg)
            name = self.fresh("next")
            if target.rep == BORROWED:
                self.emit(f"ts::ref {name} = {self.owned(value)};")
                moves.append(f"{target.text.removesuffix('.p')} = std::move({name});")
            else:
                self.emit(f"{target.rep} {name} = {self.as_rep(value, target.rep)};")
                given = f"std::move({name})" if target.rep == NUM else name
                moves.append(f"{target.text} = {given};")
        for move in moves:
            self.emit(move)
        self.emit("continue;")

    def next_native(self, local: n.Local, arg: n.Node) -> str:
        """Evaluates a native local's next value; gives the statement that assigns it."""
        name = self.fresh("next")
        self.emit(f"auto {name} = {self.value(arg).text};")
        return f"{self.names[local].text} = std::move({name});"

    def letfn(self, node: n.LetFn, dest: Dest) -> None:
        self.open("")
        order: dict[n.Local, str] = {}
        for local, _ in node.bindings:
            name = self.fresh(local.name)
            self.emit(f"ts::ref {name} = ts::ref::share(Py_None);")
            self.names[local] = Val(f"{name}.p", BORROWED, False)
            order[local] = name
        for local, fn in node.bindings:
            self.emit(f"{order[local]} = {self.owned(self.fn(fn))};")
        for local, fn in node.bindings:
            for index, (outer, _) in enumerate(fn.captures):
                if isinstance(outer, n.LocalRef) and outer.local in order:
                    self.emit(
                        f"ts::set_capture({order[local]}.p, {index}, {order[outer.local]}.p);"
                    )
        self.into(node.body, dest)
        self.close()

    def case(self, node: n.Case, dest: Dest) -> None:
        self.open("")
        test = self.named(self.value(node.test), "case")
        if test.rep == NUM:
            test = Val(self.pointer(test), BORROWED, True)
        constants = sum(len(c) for c, _ in node.clauses)
        if constants <= INLINE_CASES:
            branches = [
                (" || ".join(self.equals(test, c) for c in group), result)
                for group, result in node.clauses
            ]
        else:
            index = self.named(self.python_call(literals.case_index(node), [test], node))
            number = self.fresh("clause")
            self.emit(f'std::int64_t const {number} = ts::to_int64({index.text}, "case");')
            branches = [(f"{number} == {i}", result) for i, (_, result) in enumerate(node.clauses)]
        for i, (condition, result) in enumerate(branches):
            self.open(f"if({condition})" if i == 0 else f"else if({condition})")
            self.span = None
            self.into(result, dest)
            self.close()
        if branches:
            self.open("else")
        self.span = None
        self.into(node.default, dest)
        if branches:
            self.close()
        self.close()
        self.span = None

    def equals(self, test: Val, constant: Any) -> str:
        if constant is None:
            return f"({test.text} == Py_None)" if test.rep == BORROWED else "false"
        if test.rep in UNBOXED.values():
            value = self.const(n.Const(constant))
            equals_int = test.rep == INT and type(constant) is BigInt
            if value.rep != test.rep and not equals_int:
                return "false"
            return f"ts::equal({test.text}, {value.text})"
        return f"ts::equal({test.text}, {self.constant(constant)})"

    def throw(self, node: n.Throw, dest: Dest) -> None:
        value = self.python_call(literals.throw, self.values((node.value,)), node)
        self.emit(f"{value.text};")
        self.emit("__builtin_unreachable();")

    def try_(self, node: n.Try, dest: Dest) -> None:
        if node.finally_ is None:
            self.guarded(node, dest)
            return
        result = ""
        inner = dest
        if dest.kind == "return":  # the value waits until `finally` has run
            result = self.fresh("result")
            self.emit(f"{dest.rep} {result}{{}};")
            inner = Dest("assign", result, dest.rep)
        self.open("try")
        self.guarded(node, inner)
        self.depth -= 1
        self.emit("} catch(...) {")
        self.depth += 1
        self.disarm()
        pending = self.fresh("pending")
        self.emit(f"ts::ref {pending} = ts::caught(here, at);")
        self.span = None
        self.into(node.finally_, DISCARD)
        self.emit(f"ts::throw_again(std::move({pending}));")
        self.close()
        self.span = None
        self.into(node.finally_, DISCARD)
        if result:
            self.deliver(Val(result, dest.rep), dest)

    def guarded(self, node: n.Try, dest: Dest) -> None:
        """The body with its catch clauses: C++ ones natively, Lisp ones by what Python's error holds."""
        if not node.catches:
            self.into(node.body, dest)
            return
        self.open("try")
        self.span = None
        self.into(node.body, dest)
        self.depth -= 1
        before_any: list[n.Catch] = []
        general: n.Catch | None = None
        for clause in node.catches:
            if clause.kind == "any":
                general = clause
                break
            before_any.append(clause)
        self.catch_cpp([c for c in before_any if c.kind == "cpp"], dest)
        if general is None and all(c.kind == "cpp" for c in before_any):
            self.emit("}")
            return
        self.emit("} catch(...) {")
        self.depth += 1
        self.disarm()
        error, value = self.fresh("error"), self.fresh("thrown")
        self.emit(f"ts::ref {error} = ts::caught(here, at);")
        self.emit(f"ts::ref const {value} = ts::thrown_value({error});")
        self.span = None
        tested = 0
        for clause in before_any:
            if clause.kind == "cpp":
                continue
            self.open(f"if(ts::is_instance({value}.p, {self.constant(clause.matches)}))")
            self.handler(clause, value, dest)
            self.close()
            self.open("else")
            tested += 1
        if general is not None:
            self.handler(general, value, dest)
        else:
            self.emit(f"ts::throw_again(std::move({error}));")
        for _ in range(tested):
            self.close()
        self.close()

    def catch_cpp(self, clauses: list[n.Catch], dest: Dest) -> None:
        """Catch clauses for C++ types, which C++ itself matches; the `try` block is still open."""
        for clause in clauses:
            name = self.fresh(clause.local.name)
            kind: CppType = clause.matches
            self.emit(f"}} catch({kind.lvalue().name} {name}) {{")
            self.depth += 1
            self.disarm()
            self.names[clause.local] = Val(name, NATIVE, True)
            self.span = None
            self.into(clause.body, dest)
            self.depth -= 1

    def disarm(self) -> None:
        """At the start of a handler: what threw may have been guarded."""
        if self.guards:
            self.emit("guard.off();")

    def handler(self, clause: n.Catch, value: str, dest: Dest) -> None:
        self.names[clause.local] = Val(f"{value}.p", BORROWED, True)
        self.span = None
        self.into(clause.body, dest)
