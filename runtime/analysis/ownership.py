"""Whose object a box holds, as far as the form that makes it says.

A box of what `cpp/new` gave owns it, directly or through `let`; one of what came out of another box shares
that box's ownership; one of any other pointer, of `cpp/&` or from C++, owns nothing.
"""

from __future__ import annotations

from runtime.analysis import nodes as n


def holds_of(pointer: n.Node) -> str:
    """OWN, SHARE or BORROW: what a box of this pointer does with its object."""
    if isinstance(pointer, n.CppExpr):
        if pointer.text.startswith("new "):
            return n.BORROW if _of_array(pointer.text) else n.OWN
        if pointer.text.startswith("ts::unbox<"):
            return n.SHARE
        if pointer.text == "ts::copy(@0@)":
            return holds_of(pointer.operands[0].node)
    if isinstance(pointer, n.LocalRef):
        return pointer.local.holds or n.BORROW
    if isinstance(pointer, n.Let):
        return holds_of(pointer.body)
    if isinstance(pointer, n.Do):
        return holds_of(pointer.value)
    if isinstance(pointer, n.If):
        first, second = holds_of(pointer.then), holds_of(pointer.otherwise)
        return first if first == second else n.BORROW
    return n.BORROW


def _of_array(text: str) -> bool:
    """Whether `new` made an array, which `delete` must not be used on."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">")
        if letter == ">" and not depth:
            return text[:at].endswith("]")
    return False


def reassigned(body: n.Node, local: n.Local) -> bool:
    """Whether a body, as written, may point a local elsewhere: `(cpp/= p …)`, or takes its address."""
    for node in n.walk(body):
        if isinstance(node, n.Interop) and node.op == "operator" and node.args:
            first = node.args[0]
            changes = node.name.endswith("=") and node.name not in ("==", "!=", "<=", ">=")
            if (
                changes or node.name in ("++", "--") or (node.name == "&" and len(node.args) == 1)
            ) and (isinstance(first, n.LocalRef) and first.local is local):
                return True
    return False
