"""`reduce` over `map`, `filter` and `remove` as one loop: no lazy sequence is made, and known functions are
called directly. Each item goes through all stages before the next is asked for, as the lazy ones do.
"""

from __future__ import annotations

from abc import abstractmethod

from runtime.analysis import nodes as n
from runtime.tiers.cpp_writer import Val
from runtime.tiers.entries import Entries
from runtime.tiers.reductions import reduction
from runtime.tiers.representations import BORROWED, NUM, OWNED
from runtime.tiers.speculation import Callee


class Fused(Entries):
    """Reductions of one function being written."""

    def reduce(self, node: n.Call) -> Val | None:
        """A call of `reduce` as a loop; None where it stays a call."""
        found = reduction(node) if self.speculation is not None else None
        if found is None:
            return None
        function = "" if found.fold else self.pointer(self.value(found.function))
        init = self.named(self.value(found.init)) if found.init is not None else None
        stages = [(kind, fn, self.pointer(self.value(fn))) for kind, fn in found.stages]
        source = self.pointer(self.value(found.source))
        acc, items, item = self.fresh("acc"), self.fresh("items"), self.fresh("item")
        rep = NUM if found.fold else OWNED
        self.emit(f"{rep} {acc}{f' = {self.as_rep(init, rep)}' if init is not None else '{}'};")
        held = Val(acc, NUM) if found.fold else Val(f"{acc}.p", BORROWED)
        begun = self.fresh("begun")
        if init is None:
            self.emit(f"bool {begun} = false;")
        self.at(found.walk)
        self.emit(f"ts::cursor {items}{{ {source} }};")
        self.at(node)
        self.emit(f"PyObject* {item} = nullptr;")
        self.open(f"for(std::uint32_t turn = 1; {items}.next({item}); ++turn)")
        self.emit("if(turn % 1024 == 0) ts::breathe();")
        self.loops += 1
        given = Val(item, BORROWED, True)
        for kind, fn, holder in reversed(stages):
            made = self._applied(node, fn, holder, [given])
            if kind == "map":
                given = self.named(made)
                continue
            made = Val(self.pointer(made), BORROWED, True)
            self.emit(f"if({'!' if kind == 'filter' else ''}ts::truthy({made.text})) continue;")
        if init is None:
            self.open(f"if(!{begun})")
            self.emit(f"{acc} = {self.as_rep(given, rep)};")
            self.emit(f"{begun} = true;")
            self.emit("continue;")
            self.close()
        if found.fold:
            made = self.number(found.fold, [held, given], node)
            self.emit(f"{acc} = {self.as_rep(made, NUM)};")
        else:
            made = self._applied(node, found.function, function, [held, given])
            self.emit(f"{acc} = {self.owned(made)};")
            self.emit(
                f"if(ts::is_reduced({acc}.p)) {{ {acc} = ts::reduced_value({acc}.p); break; }}"
            )
        self.loops -= 1
        self.close()
        if init is None:
            self.open(f"if(!{begun})")
            empty = self.call_text(function or self.pointer(self.value(found.function)), [], node)
            self.emit(f"{acc} = {self.as_rep(empty, rep)};")
            self.close()
        return Val(acc, NUM, True) if found.fold else Val(f"{acc}.p", BORROWED, True)

    @abstractmethod
    def number(self, name: str, values: list[Val], node: n.Node) -> Val:
        """Arithmetic on two operands."""

    @abstractmethod
    def keyword_call(self, keyword: str, value: Val, node: n.Node) -> Val:
        """A look-up of a keyword."""

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
        tests = []
        if callee.var is not None:
            self.counted_on[callee.var] = None
            tests.append(f"{holder} == {self.constant(callee.function)}")
        return self.dispatch(node, callee, callee.direct, values, tests, lambda: holder, holder)
