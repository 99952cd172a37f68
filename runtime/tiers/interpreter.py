"""Tier 0: the typed AST as Python closures over a frame. C++ is reached through stubs.

A frame is a list: a function's captures, the function itself, its parameters, then the other locals. Every
`build_…` turns one node class into a closure `run(e)` that evaluates it in the frame `e`. Native values
are held as `runtime.stubs.bodies.gives_of` says: numbers as Python numbers, the rest as CppValue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pyrsistent import pvector

from runtime.analysis import nodes as n
from runtime.analysis.types import BOOL, CppType, Flag
from runtime.core.exceptions import Thrown
from runtime.core.meta import with_meta
from runtime.errors import Span
from runtime.native import _support
from runtime.stubs.bodies import DISCARD, LISP, MATCHER, VALUE, gives_of
from runtime.stubs.cache import StubCache
from runtime.tiers.call_shapes import call_closure
from runtime.tiers.literals import case_index, make_map, make_set, throw

Run = Callable[[list[Any]], Any]
RECUR = object()  # what a body returns whose loop or function goes round again
Place = tuple[str, Span | None]  # function and span, for stack traces


class Host(Protocol):
    """What building and running closures needs of the runtime."""

    stubs: StubCache

    def code_of(self, node: n.Fn) -> _support.Code:
        """The shared part of a function's closures, made when it is first asked for."""

    def count_loops(self, name: str) -> Callable[[int], None]:
        """What a loop of the function `name` tells its iterations to."""

    def on_def(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """A `def` ran: bind the var and tell who depends on it."""


class CppException(Exception):
    """A C++ exception on its way through Python. `capsule` holds it for C++ to catch again."""

    def __init__(self, what: str, type_name: str, capsule: Any) -> None:
        super().__init__(what)
        self.what = what
        self.type_name = type_name
        self.capsule = capsule

    def __str__(self) -> str:
        return f"{self.type_name}: {self.what}" if self.what else self.type_name


class Builder:
    """Builds the closures of one function, or of a top-level form, whose locals share a frame."""

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name
        self.slots: dict[n.Local, int] = {}

    def slot(self, local: n.Local) -> int:
        """The local's place in the frame."""
        return self.slots.setdefault(local, len(self.slots))

    # --- dispatch ---------------------------------------------------------------------------------

    def build(self, node: n.Node) -> Run:
        """The closure of a node that gives a Lisp value, or a native one as tier 0 holds it."""
        return _BUILD[type(node)](self, node)

    def effect(self, node: n.Node) -> Run:
        """The closure of a node whose value nobody looks at."""
        kind = node.type
        if isinstance(node, n.CppExpr) and isinstance(kind, CppType) and not kind.is_number_prvalue:
            return self.stub_call(node, DISCARD)
        return self.build(node)

    def place(self, node: n.Node) -> Place:
        return (self.name, node.span)

    def each(self, nodes: tuple[n.Node, ...]) -> list[Run]:
        return [self.build(node) for node in nodes]

    # --- values -----------------------------------------------------------------------------------

    def const(self, node: n.Const | n.NativeConst) -> Run:
        value = node.value
        return lambda e: value

    def local(self, node: n.LocalRef) -> Run:
        slot = self.slot(node.local)
        return lambda e: e[slot]

    def var_ref(self, node: n.VarRef) -> Run:
        var = node.var
        if var.is_dynamic:
            return lambda e: var.deref()
        return lambda e: var.root

    def the_var(self, node: n.TheVar) -> Run:
        var = node.var
        return lambda e: var

    def def_(self, node: n.Def) -> Run:
        host, var = self.host, node.var
        init = self.build(node.init) if node.init is not None else None
        meta = self.build(node.meta) if node.meta is not None else None

        def run(e: list[Any]) -> Any:
            value = init(e) if init is not None else None
            host.on_def(node, value, init is not None, meta(e) if meta is not None else None)
            return var

        return run

    def set_var(self, node: n.SetVar) -> Run:
        var, value, place = node.var, self.build(node.value), self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return var.set(value(e))

        return run

    def vector(self, node: n.VectorLit) -> Run:
        items = self.each(node.items)
        return lambda e: pvector([item(e) for item in items])

    def map(self, node: n.MapLit) -> Run:
        parts = self.each(node.items)
        place = self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return make_map(*[part(e) for part in parts])

        return run

    def set(self, node: n.SetLit) -> Run:
        items = self.each(node.items)
        place = self.place(node)

        def run(e: list[Any], _place: Place = place) -> Any:
            return make_set(*[item(e) for item in items])

        return run

    def with_meta(self, node: n.WithMeta) -> Run:
        value, meta = self.build(node.value), self.build(node.meta)
        return lambda e: with_meta(value(e), meta(e))

    # --- control ----------------------------------------------------------------------------------

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
        plain: list[tuple[int, Run]] = []
        for local, slot, init, source in reversed(bound):
            if needs_end(local, source):
                run = self.owning_scope(slot, init, self.scope(plain, run))
                plain = []
            else:
                plain.insert(0, (slot, init))
        return self.scope(plain, run)

    @staticmethod
    def scope(bindings: list[tuple[int, Run]], body: Run) -> Run:
        """Bindings that need no end."""
        if not bindings:
            return body
        if len(bindings) == 1:
            slot, init = bindings[0]

            def run_one(e: list[Any]) -> Any:
                e[slot] = init(e)
                return body(e)

            return run_one

        def run(e: list[Any]) -> Any:
            for slot, init in bindings:
                e[slot] = init(e)
            return body(e)

        return run

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

        def run(e: list[Any]) -> Any:
            for slot, init in bound:
                e[slot] = init(e)
            rounds = 1
            result = body(e)
            while result is RECUR:
                rounds += 1
                result = body(e)
            if rounds > 1:
                count_loops(rounds)
            return result

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

    # --- functions and calls ----------------------------------------------------------------------

    def fn(self, node: n.Fn) -> Run:
        code = build_code(self.host, node)
        make = _support.Fn
        captures = [self.build(outer) for outer, _ in node.captures]
        meta = node.meta
        if meta is not None:
            return lambda e: make(code, tuple([c(e) for c in captures])).with_meta(meta)
        if not captures:
            return lambda e: make(code, ())
        return lambda e: make(code, tuple([c(e) for c in captures]))

    def letfn(self, node: n.LetFn) -> Run:
        slots = [self.slot(local) for local, _ in node.bindings]
        makers = [self.build(fn) for _, fn in node.bindings]
        order = {local: i for i, (local, _) in enumerate(node.bindings)}
        patches = [
            (i, index, order[outer.local])
            for i, (_, fn) in enumerate(node.bindings)
            for index, (outer, _) in enumerate(fn.captures)
            if isinstance(outer, n.LocalRef) and outer.local in order
        ]
        body = self.build(node.body)

        def run(e: list[Any]) -> Any:
            made = [make(e) for make in makers]
            for i, index, target in patches:
                made[i].set_capture(index, made[target])
            for slot, fn in zip(slots, made, strict=True):
                e[slot] = fn
            return body(e)

        return run

    def call(self, node: n.Call) -> Run:
        fn = node.fn
        if isinstance(fn, n.VarRef) and not fn.var.is_dynamic:
            return call_closure("var", fn.var, self.arguments(node.args), self.place(node))
        return call_closure("run", self.build(fn), self.arguments(node.args), self.place(node))

    def intrinsic(self, node: n.Intrinsic) -> Run:
        if node.name == "nil?":
            value = self.build(node.args[0])
            return lambda e: value(e) is None
        if node.name == "some?":
            value = self.build(node.args[0])
            return lambda e: value(e) is not None
        if node.name == "not":
            value, exact = self.condition(node.args[0])
            if exact:
                return lambda e: not value(e)
        return call_closure("fixed", node.var.root, self.arguments(node.args), self.place(node))

    def arguments(self, nodes: tuple[n.Node, ...]) -> list[tuple[str, Any]]:
        """Each argument as the shape of a call sees it: a constant, a slot or a closure."""
        made: list[tuple[str, Any]] = []
        for node in nodes:
            if isinstance(node, (n.Const, n.NativeConst)):
                made.append(("c", node.value))
            elif isinstance(node, n.LocalRef):
                made.append(("l", self.slot(node.local)))
            else:
                made.append(("x", self.build(node)))
        return made

    # --- C++ --------------------------------------------------------------------------------------

    def cpp(self, node: n.CppExpr) -> Run:
        assert isinstance(node.type, CppType)
        return self.stub_call(node, gives_of(node.type))

    def stub_call(self, node: n.CppExpr, gives: str) -> Run:
        kind = node.type
        assert isinstance(kind, CppType)
        stub = self.host.stubs.get(node.text, node.operands, gives, kind, node.label, node.span)
        arguments = self.arguments(tuple(op.node for op in node.operands))
        return call_closure("fixed", stub, arguments, self.place(node))

    def unary(
        self, text: str, operand: CppType, gives: str, kind: CppType, node: n.Node
    ) -> _support.Stub:
        op = n.Operand(n.LocalRef(n.Local("value"), type=operand))
        return self.host.stubs.get(text, (op,), gives, kind, kind.name, node.span)

    def to_lisp(self, node: n.ToLisp | n.Truth) -> Run:
        value = node.value
        kind = value.type
        if not isinstance(kind, CppType):
            return self.build(value)
        if isinstance(value, n.CppExpr):
            return self.stub_call(value, LISP)
        if kind.is_number_prvalue:
            return self.build(value)
        stub = self.unary("@0@", kind, LISP, kind, value)
        return call_closure("fixed", stub, self.arguments((value,)), self.place(node))

    def box(self, node: n.Box) -> Run:
        text, operands, label = box_operands(node)
        stub = self.host.stubs.get(text, operands, LISP, BOX_TYPE, label, node.span)
        arguments = self.arguments(tuple(op.node for op in operands))
        return call_closure("fixed", stub, arguments, self.place(node))

    def raw(self, node: n.CppRaw) -> Run:
        return lambda e: None


NOT_CAUGHT = object()


def thrown_value(error: Exception) -> Any:
    """What `catch` binds: the Lisp value that was thrown, or the exception itself."""
    return error.value if isinstance(error, Thrown) else error


BOX_TYPE = CppType("ts::ref", int(Flag.CONVERTIBLE | Flag.CLASS), 8)


def box_operands(node: n.Box) -> tuple[str, tuple[n.Operand, ...], str]:
    """The expression that boxes a pointer, its operands (the pointer and the place), and its label."""
    kind = node.value.type
    assert isinstance(kind, CppType)
    where = n.Const(str(node.span) if node.span else "", span=node.span)
    operands = (n.Operand(node.value), n.Operand(where, "cpp/box", 2))
    return "ts::box(@0@, @1@)", operands, f"box<{kind.value}>"


def needs_end(local: n.Local, init: n.Node) -> bool:
    """Whether a local owns a C++ object that has something to do when it is destroyed."""
    kind = init.type
    if (
        not isinstance(kind, CppType)
        or kind.has(Flag.LVALUE)
        or not isinstance(local.type, CppType)
    ):
        return False
    return kind.has(Flag.CLASS) and not kind.has(Flag.TRIVIAL_DESTRUCTOR)


def build_code(host: Host, node: n.Fn) -> _support.Code:
    """The shared code of a function's closures, able to run in tier 0."""
    code = host.code_of(node)
    if not code.arities:
        code.arities = build_arities(host, node)
    return code


def build_arities(host: Host, node: n.Fn) -> tuple[Any, ...]:
    """What tier 0 runs of a function: (required parameters, variadic, frame size, body) of each arity."""
    arities = []
    for arity in node.arities:
        builder = Builder(host, node.name)
        for _, inner in node.captures:
            builder.slot(inner)
        builder.slot(node.this)
        for param in arity.params:
            builder.slot(param)
        body = builder.build(arity.body)
        arities.append((arity.required, arity.variadic, len(builder.slots), body))
    return tuple(arities)


def build_form(host: Host, node: n.Node, name: str) -> Callable[[], Any]:
    """A top-level form as a function of nothing."""
    builder = Builder(host, name)
    run = builder.build(node)
    size = len(builder.slots)
    return lambda: run([None] * size)


_BUILD: dict[type, Callable[[Builder, Any], Run]] = {
    n.Const: Builder.const,
    n.NativeConst: Builder.const,
    n.LocalRef: Builder.local,
    n.VarRef: Builder.var_ref,
    n.TheVar: Builder.the_var,
    n.Def: Builder.def_,
    n.SetVar: Builder.set_var,
    n.If: Builder.if_,
    n.Do: Builder.do,
    n.Let: Builder.let,
    n.Loop: Builder.loop,
    n.Recur: Builder.recur,
    n.Fn: Builder.fn,
    n.LetFn: Builder.letfn,
    n.Call: Builder.call,
    n.Intrinsic: Builder.intrinsic,
    n.Throw: Builder.throw,
    n.Try: Builder.try_,
    n.Case: Builder.case,
    n.VectorLit: Builder.vector,
    n.MapLit: Builder.map,
    n.SetLit: Builder.set,
    n.WithMeta: Builder.with_meta,
    n.CppExpr: Builder.cpp,
    n.ToLisp: Builder.to_lisp,
    n.Truth: Builder.to_lisp,
    n.Box: Builder.box,
    n.CppRaw: Builder.raw,
}
