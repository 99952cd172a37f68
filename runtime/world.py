"""The parts of one runtime in one record: what analysis, loading, the tiers and host functions work with.

Each of these rooms says in a protocol of its own what it needs of its host; `World` is the host of them all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.analysis import nodes as n
from runtime.cling.declarations import Declarations
from runtime.cling.instances import Boxes
from runtime.cling.oracle import TypeOracle
from runtime.cling.session import Session
from runtime.core import tracking
from runtime.core.values import Keyword
from runtime.errors import AnalysisError, LispErrors, Span
from runtime.events import EventLog
from runtime.loading.directives import module_file, module_stem
from runtime.loading.loader import Loader, all_errors
from runtime.loading.turns import Turns
from runtime.namespaces import Namespace, Namespaces, Var
from runtime.native import _support
from runtime.process.interruption import CallLimits
from runtime.stubs.cache import StubCache
from runtime.tiers.beside import KEEPS_GIL
from runtime.tiers.engine import Engine
from runtime.tiers.functions import TOP_LEVEL, FnCode, FunctionTable
from runtime.tiers.interpreter import build_arities
from runtime.tiers.policy import Limits

K_JIT, K_INTERPRET, K_FRAME = Keyword("jit"), Keyword("interpret"), Keyword("frame")
K_GIL = Keyword("gil")
DEFAULT_ENTRIES = ("draw-debug-ui!", "draw!")


class World:
    """Cling and the C++ it knows are the process's; the rest is this runtime's own.

    `wait` is called while another thread's reload goes on.
    """

    def __init__(
        self,
        session: Session,
        events: EventLog,
        strategy: str,
        threshold: int,
        limits: Limits,
        call_limits: CallLimits,
        folders: list[Path],
        wait: Callable[[], None],
    ) -> None:
        self.session = session
        self.events = events
        self.call_limits = call_limits
        self.oracle = TypeOracle(session, events)
        self.declarations = Declarations(session, self.oracle.forget, events)
        self.stubs = StubCache(session, events, self.declarations.reaches_inline_code)
        self.namespaces = Namespaces()
        self.table = FunctionTable(self.on_def)
        interpretable = self.make_interpretable
        self.engine = Engine(
            session, events, self.table, self.stubs, interpretable, strategy, threshold, limits
        )
        self.folders = folders  # where headers and namespaces are looked for
        self.keep_removed = False  # whether what was removed from a file stays defined
        self.frame_vars: dict[Var, None] = {}  # vars that have, or had, ^:frame
        self.in_force_listeners: list[Callable[[], object]] = []
        self.entries_changed = 0  # rises whenever `entry_points` may give something else
        self.loader = Loader(self, wait)
        self.turns = Turns()
        self.boxes = Boxes(session)
        self.declarations.add_include_dirs(folders)

    # --- what loading asks ------------------------------------------------------------------------

    def module_path(self, name: str) -> Path | None:
        """The file of a namespace on the module path."""
        return module_file(name, self.folders)

    def no_namespace(self, name: str, span: Span | None) -> AnalysisError:
        """The error of a namespace that no file defines."""
        return AnalysisError(
            f"the namespace {name} is not found",
            span,
            expected=f"{module_stem(name)}.jank beside the script or in --include DIR",
            found=", ".join(map(str, self.folders)) or "no folders",
        )

    def keeps_removed(self) -> bool:
        """Whether what was removed from a file stays defined."""
        return self.keep_removed

    def look_at_boxes(self) -> bool:
        """Whether boxes have to follow C++ that was declared again. Blocks on Cling."""
        self.boxes.look()  # those refused were told when their header was declared
        return self.boxes.behind

    def carry_boxes(self) -> None:
        """Have them follow, on the thread that runs scripts."""
        for carried in self.boxes.carry():
            self.events.add(carried)

    def turn_over(self) -> bool:
        """Whether a reload has worked long enough to let a frame go first."""
        return self.turns.over()

    def give_way(self) -> None:
        """Between two forms of a reload: while a frame is being made, wait for its end, though not long."""
        self.turns.give_way()

    def came_into_force(self) -> None:
        """For loading: what was prepared is in force. Called on the thread that draws, before it draws."""
        for listener in self.in_force_listeners:
            listener()

    # --- what analysis, loading and the tiers call ------------------------------------------------

    def declare_cpp(self, text: str, span: Span | None) -> None:
        self.declarations.raw(text, span)
        if self.loader.current() is None and self.look_at_boxes():
            self.carry_boxes()  # of a reload, they follow when it comes into force

    def require_namespace(self, name: str, reload: bool, span: Span | None) -> Namespace:
        """The namespace of that name, loaded from the module path when it is new or to be reloaded."""
        going_on = self.loader.current()
        if going_on is not None:
            return going_on.require(name, reload, span)
        found = self.namespaces.find(name)
        if found is not None and not reload and (found.vars or found.file):
            return found
        path = self.module_path(name)
        if path is None:
            if found is not None:
                return found
            raise self.no_namespace(name, span)
        passes = self.loader.load(path, self.loader.apply, force=reload, root=False)
        errors = all_errors(passes)
        self.entries_changed += 1
        target = self.namespaces.ensure(name)
        target.file = str(path)
        if errors:
            raise LispErrors(errors)
        return target

    def code_of(self, node: n.Fn) -> FnCode:
        """The shared code of a function, made and watched by the engine when it is first asked for."""
        code = self.table.by_key.get(node.key)
        if code is None:
            code = FnCode(node)
            self.table.add(code)
            self.engine.watch(code)
        return code

    def make_interpretable(self, code: FnCode) -> None:
        """Build what tier 0 runs of a function that was compiled on definition. Raises LispErrors."""
        if not code.arities:
            code.arities = build_arities(self, code.node)
            self.stubs.compile_pending()

    def compile_loop(self, node: n.Fn) -> FnCode | None:
        """The code of a long loop, on its way to being compiled; None where the strategy forbids it."""
        if self.engine.strategy != "tiered":
            return None
        code = FnCode(node)
        code.replaces_loop = True
        self.table.add(code)
        self.engine.request([code], "long loop")
        return code

    def on_def(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """A `def` ran."""
        found = tracking.here()
        if found is not None:
            found.define(node, value, has_value, meta)
            return
        self.loader.overridden(node.var)
        self.put_in_force(node, value, has_value, meta)

    def put_in_force(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> None:
        """Give a var what its definition says."""
        var = node.var
        was_entry = bool((var.own_meta or {}).get(K_FRAME))
        old = self.prepare_definition(node, value, has_value, meta)
        if was_entry or (meta and meta.get(K_FRAME)) or var.name in DEFAULT_ENTRIES:
            self.entries_changed += 1
        if not has_value:
            return
        var.bind(value)
        if old is not None:
            self.retire(old)
        if var.watches:
            for key, watch in list(var.watches.items()):
                watch(key, var, None, value)

    def prepare_definition(self, node: n.Def, value: Any, has_value: bool, meta: Any) -> Any:
        """What there is to do before a var gets its new root. Gives the function that is replaced."""
        var = node.var
        var.meta = meta
        if meta and meta.get(K_FRAME):
            self.frame_vars[var] = None
        if not has_value:
            return None
        old, new = function_of(var, var.root), function_of(var, value)
        if new is not None:
            flags = meta or {}
            new.policy = (
                "jit" if flags.get(K_JIT) else "interpret" if flags.get(K_INTERPRET) else ""
            )
            if flags.get(K_GIL):
                new.beside |= KEEPS_GIL
            if new.policy:
                self.engine.watch(new)
            if old is not None and old is not new:
                self.engine.redefined(new)
            self.table.define(new)
        return old if old is not new else None

    def retire(self, old: FnCode) -> None:
        """A function's var has another root."""
        self.engine.retire(old)

    def compile_now(self, node: n.Node, name: str) -> Callable[[], Any] | None:
        """Under `inline-jit`, the form as compiled code."""
        if self.engine.strategy not in ("inline-jit", "stub-jit"):
            return None
        arity = n.Arity((), False, -1, node)
        thunk = n.Fn(name, n.Local("this", n.OBJECT), (arity,), (), TOP_LEVEL, span=node.span)
        codes = [self.code_of(fn) for fn in n.walk(thunk) if isinstance(fn, n.Fn)]
        self.engine.compile_now(codes, "compiled on definition")
        for code in codes:
            if not code.native:
                self.make_interpretable(code)
        return _support.Fn(codes[0], ())


def function_of(var: Var, value: Any) -> FnCode | None:
    """The code of a function that was written as the definition of `var`."""
    if isinstance(value, _support.Fn) and isinstance(value.code, FnCode):
        return value.code if value.code.name == var.full_name else None
    return None
