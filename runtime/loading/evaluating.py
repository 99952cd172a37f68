"""Text evaluated at once: form by form on one thread, or prepared on one and run in frames on another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.analysis import nodes as n
from runtime.errors import LispError, LispErrors, Span
from runtime.loading.directives import is_directive, run_directive
from runtime.loading.preparing import in_file, prepare
from runtime.loading.resolver import NamespaceResolver
from runtime.loading.toplevel import Part, parts
from runtime.namespaces import Namespace
from runtime.process.activity import evaluating
from runtime.process.interruption import SCRIPT_ERRORS, limited
from runtime.reader import SpanTable, read_all
from runtime.traces import fault

Run = Callable[[], Any]
InFrame = Callable[[Run], Any]  # has it called in a frame, on the thread that draws; its value


def eval_form(host: Any, form: Any, span: Span | None, table: SpanTable | None) -> Any:
    """Evaluate one top-level form now, on this thread. Raises LispError."""
    value: Any = None
    for part in parts(host, form, span, table):
        if is_directive(part.form):
            value = run_directive(host, part.form, part.span)
            continue
        run = _prepared(host, part, table)
        with in_file(part.span), limited(host.call_limits):
            value = run()
    return value


def eval_in_frames(
    host: Any, text: str | bytes, filename: str, in_frame: InFrame, last: Callable[[Any], Any]
) -> Any:
    """`last` of the value of the last form, called in the frame that gave it.

    This thread reads, analyses and makes stubs; forms run by `in_frame`. Those that define nothing run in one
    frame together: nothing that follows needs them to be run before it is prepared. Where that turns out
    wrong, because it cannot be prepared, they are run first.
    """
    work = _InFrames(host, in_frame)
    resolver = NamespaceResolver(host.namespaces)
    for read in read_all(text, filename, resolver):
        with evaluating("eval", filename, read.text, read.span.line):
            for part in parts(host, read.form, read.span, read.table):
                if is_directive(part.form):
                    work.run()
                    work.value = run_directive(host, part.form, part.span)
                else:
                    work.add(part, read.table, (filename, read.text, read.span.line))
    return work.run(last)


def _prepared(
    host: Any,
    part: Part,
    table: SpanTable | None,
    seen: Callable[[n.Node], None] | None = None,
) -> Run:
    """A part as a function of nothing, with its stubs. Raises LispError."""
    try:
        with in_file(part.span):
            run, _ = prepare(host, part, table, seen)
            host.stubs.compile_pending()
    except LispErrors as e:
        raise e.errors[0] from None
    return run


@dataclass(slots=True)
class _Waiting:
    run: Run
    span: Span | None
    activity: tuple[str, str, int]  # file, text, line


@dataclass(slots=True)
class _InFrames:
    """What is prepared and waits for a frame."""

    host: Any
    in_frame: InFrame
    value: Any = None
    waiting: list[_Waiting] = field(default_factory=list)

    def add(self, part: Part, table: SpanTable | None, activity: tuple[str, str, int]) -> None:
        """Prepare a part; one that defines something is run at once, with those before it."""
        defines: list[n.Node] = []

        def seen(typed: n.Node) -> None:
            defines.extend(node for node in n.walk(typed) if isinstance(node, n.Def))

        try:
            run = _prepared(self.host, part, table, seen)
        except (LispError, *SCRIPT_ERRORS):
            if not self.waiting:
                raise
            self.run()
            run = _prepared(self.host, part, table, seen)
        self.waiting.append(_Waiting(run, part.span, activity))
        if defines:
            self.run()

    def run(self, last: Callable[[Any], Any] | None = None) -> Any:
        """Run what waits in a frame, and there `last` of the value; gives what that gives."""
        if not self.waiting and last is None:
            return None
        waiting, self.waiting = self.waiting, []
        namespaces = self.host.namespaces
        current: Namespace = namespaces.current

        def there() -> Any:
            nonlocal current
            before, namespaces.current = namespaces.current, current
            try:
                with limited(self.host.call_limits):
                    for form in waiting:
                        with in_file(form.span), evaluating("eval", *form.activity):
                            self.value = form.run()
                    return last(self.value) if last is not None else None
            except LispError:
                raise
            except SCRIPT_ERRORS as e:
                raise fault(e) from e
            finally:
                current, namespaces.current = namespaces.current, before

        try:
            return self.in_frame(there)
        finally:
            namespaces.current = current
