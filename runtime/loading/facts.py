"""What the typed AST of a top-level form tells about it before it is evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from runtime.analysis import nodes as n
from runtime.analysis.types import CppType
from runtime.cling.diagnostics import plain
from runtime.core.futures import Agent
from runtime.core.kinds import Map, PVector
from runtime.core.lazy import LazySeq
from runtime.core.refs import Ref
from runtime.core.state import Atom, Delay, Volatile
from runtime.core.values import Char, Keyword, Symbol
from runtime.namespaces import Var

# What acts on more than its result: a form that calls one of these is evaluated on the UI thread, when what
# was saved is put in force. Transients and bindings of a thread are its own.
_EFFECTS = """
    swap! reset! compare-and-set! swap-vals! reset-vals! vreset! vswap! set-validator!
    alter-meta! reset-meta! print println pr prn printf newline flush pprint print-doc*
    source-text* read-line read slurp spit future-call future* send send-off agent await
    await-for add-watch remove-watch alter-var-root intern ns-unmap ns-unalias alias remove-ns
    create-ns in-ns require use refer requiring-resolve eval load load-file load-string
    load-reader extend add-method* multi-fn* protocol* record-type* object-type* remove-method
    remove-all-methods prefer-method derive underive exchange-roots* with-redefs-fn deliver tap>
    add-tap remove-tap shutdown-agents var-set run-tests test alter ref-set commute ensure sleep
    aset gensym rand rand-int rand-nth shuffle set-agent-send-executor! restart-agent
"""
EFFECTS = frozenset(_EFFECTS.split())
MUTATORS = frozenset(("alter", "ref-set", "commute", "aset", "send", "send-off", "deliver"))
# What keeps for later what it would find out now.
LATER = frozenset(("memoize", "delay*", "lazy-seq*", "iterate", "promise", "future-call"))
MUTABLE = (Atom, Volatile, Agent, Ref)
PLAIN = (int, float, str, bool, type(None), Keyword, Symbol, Char)
_MEMBERS = frozenset(("method", "member", "any-method", "any-member", "set-member", "operator"))
_OUTERMOST = re.compile(r"(?<![\w:.])(?<!->)[A-Za-z_]\w*")
MOST_COMPARED = 20_000  # items of two values


@dataclass(slots=True)
class Facts:
    """`refs` are the vars of scripts that a form mentions, in bodies of functions too."""

    refs: set[Var] = field(default_factory=set)
    defines: list[Var] = field(default_factory=list)
    mentions: set[Var] = field(default_factory=set)  # vars themselves: `#'x`
    effects: bool = False
    mutates: bool = False  # it may change values in place
    hierarchy: bool = False  # it changes the global hierarchy
    cpp: bool = False
    cpp_names: set[str] = field(default_factory=set)  # outermost names in its C++ and its types
    raws: list[str] = field(default_factory=list)  # what it declares by `cpp/raw`
    later: bool = False
    simple: bool = True  # it defines functions and constants: evaluating it reads nothing

    def add(self, node: n.Node) -> None:
        """Take in the AST of a part of the form."""
        self.simple = self.simple and _is_simple(node)
        for item in n.walk(node):
            kind = type(item)
            if kind is n.VarRef or kind is n.TheVar or kind is n.Intrinsic:
                self._var(item.var, kind is n.TheVar)  # type: ignore[attr-defined]
            elif kind is n.Def:
                self.defines.append(item.var)  # type: ignore[attr-defined]
            elif kind is n.SetVar:
                self._var(item.var, True)  # type: ignore[attr-defined]
                self.effects = True
            elif kind in (n.CppExpr, n.Box, n.CppRaw) or isinstance(item.type, CppType):
                self.cpp = True
                self._cpp_names(item)
                if kind in (n.CppExpr, n.Box, n.CppRaw):
                    self.effects = True

    def add_written(self, node: n.Node) -> None:
        """Take in the AST before types: C++ constants are none of C++'s any more behind it."""
        for item in n.walk(node):
            if isinstance(item, n.Interop):
                self.cpp = True
                if item.op not in _MEMBERS:
                    target = item.target.text if item.target is not None else ""
                    self.cpp_names |= outermost_names(item.name) | outermost_names(target)

    def _cpp_names(self, node: n.Node) -> None:
        if isinstance(node, (n.CppExpr, n.CppRaw)):
            self.cpp_names |= outermost_names(node.text)
        if isinstance(node.type, CppType):
            self.cpp_names |= outermost_names(node.type.name)

    def _var(self, var: Var, itself: bool) -> None:
        if var.span is not None:
            self.refs.add(var)
            if itself:
                self.mentions.add(var)
            return
        if (var.name.endswith("!") and not _transient(var.name)) or var.name in MUTATORS:
            self.mutates = self.effects = True
        elif var.name in EFFECTS:
            self.effects = True
            self.hierarchy = self.hierarchy or var.name in ("derive", "underive")
        elif var.name in LATER:
            self.later = True


@lru_cache(maxsize=4096)
def outermost_names(text: str) -> frozenset[str]:
    """The names in C++ that are no member of something: of `eng::f(x.a)` only `eng` and `x`."""
    return frozenset(_OUTERMOST.findall(plain(text)))


def _transient(name: str) -> bool:
    return name in ("conj!", "assoc!", "dissoc!", "disj!", "pop!", "persistent!", "run!")


def _is_simple(node: n.Node) -> bool:
    if isinstance(node, n.Do):
        return all(_is_simple(s) for s in (*node.statements, node.value))
    if isinstance(node, n.Def):
        meta = node.meta is None or isinstance(node.meta, n.Const)
        init = (
            node.init is None
            or isinstance(node.init, (n.Const, n.NativeConst))
            or (isinstance(node.init, n.Fn) and not node.init.captures)
        )
        return meta and init
    return isinstance(node, (n.Const, n.NativeConst, n.TheVar))


def is_mutable(value: Any) -> bool:
    """Whether what is changed in place of a var's value would outlive the form that changed it."""
    return isinstance(value, MUTABLE)


def keeps_for_later(value: Any, depth: int = 4) -> bool:
    """Whether a value may read vars when somebody looks at it, and then never again."""
    if isinstance(value, (LazySeq, Delay)):
        return True
    if isinstance(value, PLAIN) or (callable(value) and not isinstance(value, (Map, PVector))):
        return False
    if not depth:
        return True
    if isinstance(value, Map):
        return any(keeps_for_later(v, depth - 1) for v in value.values())
    if isinstance(value, PVector):
        return any(keeps_for_later(v, depth - 1) for v in value[:100])
    return hasattr(value, "__next__") or type(value).__module__.startswith("runtime.core.sequences")


def same(old: Any, new: Any) -> bool:
    """Whether two values are one to whoever reads them: then nothing that reads the var has changed."""
    left = [(old, new)]
    budget = MOST_COMPARED
    while left:
        a, b = left.pop()
        budget -= 1
        if type(a) is not type(b) or not budget:
            return False
        if isinstance(a, PLAIN):
            if (a != b and not (a != a and b != b)) or (a == 0 and repr(a) != repr(b)):
                return False
        elif type(a) is PVector:
            if len(a) != len(b) or len(a) > budget:
                return False
            left += zip(a, b, strict=True)
        elif type(a) is Map:
            if len(a) != len(b) or len(a) > budget or not all(k in b for k in a):
                return False
            left += [(a[k], b[k]) for k in a]
        else:
            return False
    return True
