"""A top-level form as something to run: analysis, types, closures, stubs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from runtime.analysis import verifier
from runtime.analysis.analyser import Analyser
from runtime.analysis.inference import infer
from runtime.analysis.nodes import CppRaw, Node
from runtime.analysis.scope import Scope
from runtime.cling.oracle import TypeOracle
from runtime.core import tracking
from runtime.core.values import List, Symbol
from runtime.errors import Span
from runtime.loading.toplevel import Part
from runtime.namespaces import CORE, Namespaces
from runtime.process.collector import HeldBack
from runtime.reader import SpanTable
from runtime.stubs.cache import StubCache
from runtime.tiers.interpreter import build_form
from runtime.tiers.tracked import build_tracked

NO_FILE = "NO_SOURCE_PATH"
_thread = threading.local()


def current_file() -> str:
    """The file of the top-level form that this thread evaluates: `*file*`."""
    return getattr(_thread, "file", NO_FILE)


@contextmanager
def in_file(span: Span | None) -> Iterator[None]:
    """Has `current_file` tell the file of a form."""
    before = current_file()
    _thread.file = span.file if span is not None else before
    try:
        yield
    finally:
        _thread.file = before


class Host(Protocol):
    """What preparing needs of the runtime."""

    namespaces: Namespaces
    oracle: TypeOracle
    stubs: StubCache

    def compile_now(self, node: Node, name: str) -> Callable[[], Any] | None:
        """Under a strategy that compiles on definition: the form as compiled code; else None."""


def prepare(
    host: Host,
    part: Part,
    table: SpanTable | None,
    seen: Callable[[Node], None] | None = None,
    written: Callable[[Node], None] | None = None,
) -> tuple[Callable[[], Any], Analyser]:
    """A form as a function of nothing, its stubs asked for but not compiled. `seen` is told the typed AST,
    `written` the one before types. Raises what analysis raises. Where the evaluation of this thread is
    tracked, so is what is run."""
    with HeldBack():
        analyser = Analyser(host, table)  # type: ignore[arg-type]
        analyser.origin = part.origin
        node = analyser.analyse(part.form, Scope(), part.span)
        if written is not None:
            written(node)
        if isinstance(node, CppRaw):
            return (lambda: None), analyser
        typed = infer(node, host.oracle, host.namespaces.ensure(CORE).vars)
        if verifier.enabled:
            verifier.verify(typed)
        if seen is not None:
            seen(typed)
        name = f"{host.namespaces.current.name}/{form_name(part.written)}"
        compiled = host.compile_now(typed, name)
        if tracking.here() is not None:
            return build_tracked(host, typed, name), analyser  # type: ignore[arg-type]
        return compiled or build_form(host, typed, name), analyser  # type: ignore[arg-type]


def form_name(form: Any) -> str:
    """What a stack trace calls a top-level form."""
    if type(form) is List and len(form) > 1 and type(form[1]) is Symbol and type(form[0]) is Symbol:
        return f"({form[0].name} {form[1].name})"
    return "(top level)"
