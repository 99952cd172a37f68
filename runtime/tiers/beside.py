"""What a function does that matters on threads other than the window's.

C++ that is called there gives the GIL up, so that a long call does not hold the frames. Stubs do so; compiled
code, where C++ stands in the midst of work on Lisp values, cannot: there a function that calls C++ runs in
tier 0, unless `^:gil` says that its C++ is over at once or needs the GIL.
"""

from __future__ import annotations

from runtime.analysis import nodes as n
from runtime.stubs.threads import draws, quick
from runtime.tiers.functions import FnCode

CALLS_CPP, KEEPS_GIL, DRAWS = 1, 2, 4  # as in native/function.hpp


def flags_of(code: FnCode) -> int:
    """What a function and those that its code may call directly do; KEEPS_GIL is its own affair."""
    found, seen, left = 0, {code}, [code]
    while left:
        found |= _own(at := left.pop())
        for node in n.walk(at.node):
            if isinstance(node, n.VarRef):
                callee = getattr(node.var.root, "code", None)
                if isinstance(callee, FnCode) and callee not in seen:
                    seen.add(callee)
                    left.append(callee)
    return found


def _own(code: FnCode) -> int:
    found = 0
    for node in n.walk(code.node):
        if isinstance(node, n.CppExpr) and not quick(node):
            found |= DRAWS if draws(node.text, node.operands) else 0
            found |= 0 if code.beside & KEEPS_GIL else CALLS_CPP
    return found
