"""`reduce` over `map`, `filter` and `remove` as one loop: no lazy sequence is made, and known functions are
called directly. Each item goes through all stages before the next is asked for, as the lazy ones do.
Where one of the functions has another value by then, the calls are made as they are written.
"""

from __future__ import annotations

from runtime.analysis import nodes as n
from runtime.tiers.core_calls import CoreCalls
from runtime.tiers.cpp_writer import Val
from runtime.tiers.reductions import Reduction, core_name, reduction
from runtime.tiers.representations import BORROWED, NUM, OWNED
from runtime.tiers.speculation import Callee


class Fused(CoreCalls):
    """Reductions of one function being written."""

    def reduce(self, node: n.Call) -> Val | None:
        """A call of `reduce` as a loop; None where it stays a call."""
        found = reduction(node) if self.speculation is not None else None
        if found is None:
            return None
        function = self.pointer(self.value(found.function))
        init = self.named(self.value(found.init)) if found.init is not None else None
        stages = [(call, self.pointer(self.value(call.args[0]))) for call in found.stages]
        source = self.pointer(self.value(found.source))
        acc, rep = self.fresh("acc"), NUM if found.fold else OWNED
        self.emit(f"{rep} {acc}{{}};")
        self.open(f"if({' && '.join(self._as_known([(node, function), *stages]))})")
        self._loop(node, found, function, init, stages, source, acc)
        self.otherwise()
        self.span = None
        for call, holder in reversed(stages):
            values = [Val(holder, BORROWED, True), Val(source, BORROWED, True)]
            source = self.pointer(self.call_text(self.pointer(self.value(call.fn)), values, call))
        values = [Val(function, BORROWED, True), Val(source, BORROWED, True)]
        if init is not None:
            values.insert(1, init)
        made = self.call_text(self.pointer(self.value(node.fn)), values, node)
        self.emit(f"{acc} = {self.as_rep(made, rep)};")
        self.close()
        self.span = None
        return Val(acc, NUM, True) if found.fold else Val(f"{acc}.p", BORROWED, True)

    def _as_known(self, calls: list[tuple[n.Call, str]]) -> list[str]:
        """Tests that the functions called and passed are those that the loop is written for."""
        assert self.speculation is not None
        root = self.speculation.root
        tests: dict[str, None] = {}
        for call, holder in calls:
            assert isinstance(call.fn, n.VarRef)
            self.counted_on[call.fn.var] = None
            var, value = self.constant(call.fn.var), self.constant(root(call.fn.var))
            tests[f"ts::holds({var}, {value})"] = None
            passed = call.args[0]
            if isinstance(passed, n.VarRef):
                self.counted_on[passed.var] = None
                tests[f"{holder} == {self._assumed(root(passed.var))}"] = None
        return list(tests)

    def _loop(
        self,
        node: n.Call,
        found: Reduction,
        function: str,
        init: Val | None,
        stages: list[tuple[n.Call, str]],
        source: str,
        acc: str,
    ) -> None:
        """The loop that brings a reduction's value to the variable `acc`."""
        rep = NUM if found.fold else OWNED
        items, item, begun = self.fresh("items"), self.fresh("item"), self.fresh("begun")
        if init is None:
            self.emit(f"bool {begun} = false;")
        else:
            self.emit(f"{acc} = {self.as_rep(init, rep)};")
        self.at(stages[-1][0] if stages else node)
        self.emit(f"ts::cursor {items}{{ {source} }};")
        self.at(node)
        self.emit(f"PyObject* {item} = nullptr;")
        self.open(f"for(std::uint32_t turn = 1; {items}.next({item}); ++turn)")
        self.breathe("turn", 1024, None)
        self.loops += 1
        given = Val(item, BORROWED, True)
        for call, holder in reversed(stages):
            made = self._applied(node, call.args[0], holder, [given])
            if core_name(call.fn) == "map":
                given = self.named(made)
                continue
            made = Val(self.pointer(made), BORROWED, True)
            sign = "!" if core_name(call.fn) == "filter" else ""
            self.emit(f"if({sign}ts::truthy({made.text})) continue;")
        if init is None:
            self.open(f"if(!{begun})")
            self.emit(f"{acc} = {self.as_rep(given, rep)};")
            self.emit(f"{begun} = true;")
            self.emit("continue;")
            self.close()
        if found.fold:
            made = self.number(found.fold, [Val(acc, NUM), given], node)
            self.emit(f"{acc} = {self.as_rep(made, NUM)};")
        else:
            held = Val(f"{acc}.p", BORROWED)
            made = self._applied(node, found.function, function, [held, given])
            self.emit(f"{acc} = {self.owned(made)};")
            self.emit(
                f"if(ts::is_reduced({acc}.p)) {{ {acc} = ts::reduced_value({acc}.p); break; }}"
            )
        self.loops -= 1
        self.close()
        if init is None:
            self.open(f"if(!{begun})")
            self.emit(f"{acc} = {self.as_rep(self.call_text(function, [], node), rep)};")
            self.close()

    def _applied(self, node: n.Call, fn: n.Node, holder: str, values: list[Val]) -> Val:
        """A call of one of the functions, whose value `holder` names."""
        if isinstance(fn, n.Const) and len(values) == 1:
            return self.keyword_call(holder, values[0], node)
        assert self.speculation is not None
        callee: Callee | None
        if isinstance(fn, n.Fn):
            direct = self.speculation.direct(self.table.by_key.get(fn.key), len(values))
            callee = Callee(None, None, direct) if direct is not None else None
        else:
            callee = self.speculation.callee(n.Call(fn, tuple(fn for _ in values)))
        if callee is None or callee.direct is None:
            return self.call_text(holder, values, node)
        return self.dispatch(node, callee.direct, values, [], lambda: holder, holder)
