"""From text to running code: reads forms one by one, prepares each (analysis, types, closures, stubs), then
evaluates. A reload prepares only what changed, off the UI thread, and is applied in one go.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runtime.analysis.analyser import Analyser
from runtime.analysis.inference import infer
from runtime.analysis.nodes import CppRaw, Node
from runtime.analysis.scope import Scope
from runtime.cling.oracle import TypeOracle
from runtime.collector import HeldBack
from runtime.core.invoke import as_fn
from runtime.core.output import use_vars
from runtime.core.records import Fields
from runtime.core.values import List, Symbol
from runtime.errors import DependentError, LispError, LispErrors, ReaderError, Span
from runtime.loading.directives import is_directive, run_directive
from runtime.loading.toplevel import Part, is_macro_definition, parts
from runtime.namespaces import CORE, Namespace, Namespaces, Var
from runtime.reader import ReadForm, SpanTable, read_all
from runtime.stubs.cache import StubCache
from runtime.tiers.interpreter import build_form
from runtime.traces import fault

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
    """What loading needs of the runtime."""

    namespaces: Namespaces
    oracle: TypeOracle
    stubs: StubCache

    def compile_now(self, node: Node, name: str) -> Callable[[], Any] | None:
        """Under a strategy that compiles on definition: the form as compiled code; else None."""


class NamespaceResolver:
    """How the reader resolves names while the namespace `namespaces.current` is being read."""

    def __init__(
        self, namespaces: Namespaces, before_tags: Callable[[], None] | None = None
    ) -> None:
        self.namespaces = namespaces
        self._before_tags = before_tags  # evaluates what was read: it may define how a tag is read

    def resolve_symbol(self, sym: Symbol) -> Symbol:
        """`sym` as a syntax quote qualifies it."""
        ns = self.namespaces.current
        if sym.ns is not None:
            if sym.ns in ns.cpp_aliases:
                return sym
            found = self.namespaces.find(sym.ns, ns)
            return Symbol(sym.name, found.name if found else sym.ns, sym.meta, sym.span)
        if sym.name in ns.cpp_globals:
            return sym
        if sym.name.endswith(".") and sym.name.strip("."):  # a constructor goes where its type is
            made_by = self.resolve_symbol(Symbol(sym.name[:-1]))
            known = self.namespaces.resolve(made_by)
            return Symbol(sym.name, made_by.ns if known else None, sym.meta, sym.span)
        var = self.namespaces.resolve(sym, ns)
        home = var.ns if var is not None else ns.name
        name = var.name if var is not None else sym.name
        return Symbol(name, home, sym.meta, sym.span)

    def resolve_alias(self, name: str) -> str | None:
        found = self.namespaces.find(name)
        return found.name if found else None

    def current_ns(self) -> str:
        return self.namespaces.current.name

    def data_reader(self, tag: Symbol) -> Callable[[Any], Any] | None:
        """What `*data-readers*`, else a record's name, else `*default-data-reader-fn*` says of a tag."""
        if self._before_tags is not None:
            self._before_tags()
        core = self.namespaces.ensure(CORE).vars
        found = (core["*data-readers*"].deref() or {}).get(tag)
        if found is not None:
            return as_fn(found)
        home, _, name = tag.name.rpartition(".")
        var = self.namespaces.all[home].vars.get(name) if home in self.namespaces.all else None
        if var is not None and isinstance(var.root, type) and issubclass(var.root, Fields):
            return var.root.from_literal
        default = core["*default-data-reader-fn*"].deref()
        return None if default is None else lambda form: as_fn(default)(tag, form)


@dataclass(eq=False, slots=True)
class Prepared:
    """A top-level form ready to run. `ns` is the namespace it belongs to."""

    form: ReadForm
    run: Callable[[], Any]
    ns: Namespace
    macros: frozenset[Var] = frozenset()  # used by its expansion


Failed = list[tuple[Prepared, LispError]]
Apply = Callable[[list[Prepared]], Failed]  # runs prepared forms; gives those that failed


@dataclass(eq=False, slots=True)
class Script:
    """What is known of a loaded file: the forms that were evaluated last, by text."""

    path: Path
    ns: str = "user"
    forms: dict[str, frozenset[Var]] = field(default_factory=dict)  # text -> macros it uses


def prepare(host: Host, part: Part, table: SpanTable | None) -> tuple[Callable[[], Any], Analyser]:
    """A form as a function of nothing, its stubs asked for but not compiled. Raises what analysis raises."""
    with HeldBack():
        analyser = Analyser(host, table)  # type: ignore[arg-type]
        analyser.origin = part.origin
        node = analyser.analyse(part.form, Scope(), part.span)
        if isinstance(node, CppRaw):
            return (lambda: None), analyser
        typed = infer(node, host.oracle, host.namespaces.ensure(CORE).vars)
        name = f"{host.namespaces.current.name}/{form_name(part.written)}"
        return host.compile_now(typed, name) or build_form(host, typed, name), analyser  # type: ignore[arg-type]


def form_name(form: Any) -> str:
    """What a stack trace calls a top-level form."""
    if type(form) is List and len(form) > 1 and type(form[1]) is Symbol and type(form[0]) is Symbol:
        return f"({form[0].name} {form[1].name})"
    return "(top level)"


class Loader:
    """Reads and evaluates source text for a runtime."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.scripts: dict[Path, Script] = {}

    def value_of(self, name: str) -> Any:
        """What a dynamic var of clojure.core is on this thread."""
        return self.host.namespaces.ensure(CORE).vars[name].deref()

    def eval_text(self, text: str | bytes, filename: str, line: int = 1, col: int = 1) -> Any:
        """The value of the last form. Raises LispError at the first form that fails."""
        use_vars(self.value_of)  # core is the process's: there may be other runtimes
        resolver = NamespaceResolver(self.host.namespaces)
        value: Any = None
        for read in read_all(text, filename, resolver, line=line, col=col):
            value = self.eval_form(read.form, read.span, read.table)
        return value

    def eval_form(self, form: Any, span: Span | None, table: SpanTable | None) -> Any:
        """Evaluate one top-level form now, on this thread. Raises LispError."""
        value: Any = None
        for part in parts(self.host, form, span, table):
            if is_directive(part.form):
                value = run_directive(self.host, part.form, part.span)  # type: ignore[arg-type]
                continue
            with in_file(part.span):
                try:
                    run, _ = prepare(self.host, part, table)
                    self.host.stubs.compile_pending()
                except LispErrors as e:
                    raise e.errors[0] from None
                value = run()
        return value

    def load(self, path: Path, apply: Apply) -> tuple[int, int, list[LispError]]:
        """Load a file, or what changed of it since the last time.

        `apply` runs prepared forms where the caller wants them run; it is called for a macro's
        definition as soon as it is met, because later forms need it, and at the end. Returns how many
        forms the file has, how many were evaluated, and the errors: what fails keeps its old version.
        """
        use_vars(self.value_of)
        script = self.scripts.setdefault(path, Script(path))
        work = _Load(self, script, apply)
        old = self.host.namespaces.current
        self.host.namespaces.current = self.host.namespaces.ensure("user")
        try:
            work.run(path.read_bytes())
        finally:
            self.host.namespaces.current = old
        return work.total, work.evaluated, work.errors


class _Load:
    """One pass over a file."""

    def __init__(self, loader: Loader, script: Script, apply: Apply) -> None:
        self.loader = loader
        self.host = loader.host
        self.script = script
        self.apply = apply
        self.pending: list[Prepared] = []
        self.errors: list[LispError] = []
        self.total = self.evaluated = 0
        self.forms: dict[str, frozenset[Var]] = {}
        self.changed_macros: set[Var] = set()
        self.everything = (
            False  # the ns form or raw C++ changed: all that follows is evaluated again
        )

    def run(self, text: bytes) -> None:
        reader_errors: list[ReaderError] = []
        resolver = NamespaceResolver(self.host.namespaces, self.flush)
        for read in read_all(text, str(self.script.path), resolver, reader_errors):
            self.total += 1
            try:
                self.form(read)
            except DependentError:
                pass  # the require that failed is reported
            except LispErrors as e:
                self.errors += e.errors
            except LispError as e:
                self.errors.append(e)
            except Exception as e:  # a macro or a value that was evaluated early failed
                self.errors.append(fault(e))
        self.flush()
        self.errors += reader_errors
        self.errors.sort(key=lambda e: (e.span.line, e.span.col) if e.span else (0, 0))
        self.script.ns = self.host.namespaces.current.name
        if not self.errors:
            self.script.forms = self.forms
        else:
            self.script.forms.update(self.forms)

    def form(self, read: ReadForm) -> None:
        known = self.script.forms.get(read.text)
        if is_directive(read.form):
            self.flush()
            run_directive(self.host, read.form, read.span)  # type: ignore[arg-type]
            if known is None:
                self.everything = bool(self.script.forms)
                self.evaluated += 1
            self.forms[read.text] = frozenset()
            return
        if known is not None and not self.everything and not known & self.changed_macros:
            self.forms[read.text] = known
            return
        macros: set[Var] = set()
        for part in parts(self.host, read.form, read.span, read.table):
            macros |= part.macros
            if is_directive(part.form):
                self.flush()
                run_directive(self.host, part.form, part.span)  # type: ignore[arg-type]
                continue
            with in_file(part.span):
                run, analyser = prepare(self.host, part, read.table)
            macros |= analyser.macros
            if analyser.raw and known is None and self.script.forms:
                self.everything = True
            self.pending.append(
                Prepared(read, run, self.host.namespaces.current, frozenset(macros))
            )
            if is_macro_definition(part.form):
                self.flush()
                var = self.host.namespaces.current.vars.get(part.form[1].name)
                if var is not None:
                    self.changed_macros.add(var)
        self.evaluated += 1
        self.forms[read.text] = frozenset(macros)

    def flush(self) -> None:
        """Compile the stubs of what is prepared, in one transaction, and have it run."""
        pending, self.pending = self.pending, []
        if not pending:
            return
        try:
            self.host.stubs.compile_pending()
        except LispErrors as e:
            pending = [p for p in pending if not self.report(p, e.errors)]
        for prepared, error in self.apply(pending):
            self.errors.append(error)
            self.forms.pop(prepared.form.text, None)

    def report(self, prepared: Prepared, errors: list[LispError]) -> bool:
        """Whether a form lacks a stub: then its first error is reported and it is not evaluated."""
        own = [e for e in errors if _contains(prepared.form.span, e.span)]
        if own:
            self.errors.append(own[0])
            self.forms.pop(prepared.form.text, None)
        return bool(own)


def _contains(outer: Span, inner: Span | None) -> bool:
    if inner is None:
        return False
    return (outer.line, outer.col) <= (inner.line, inner.col) < (outer.end_line, outer.end_col)


def run_all(pending: list[Prepared], namespaces: Namespaces) -> Failed:
    """Run prepared forms in order, each in its namespace; what fails is returned with its error."""
    failed = []
    old = namespaces.current
    try:
        for prepared in pending:
            namespaces.current = prepared.ns
            try:
                with in_file(prepared.form.span):
                    prepared.run()
            except Exception as e:
                failed.append((prepared, fault(e)))
    finally:
        namespaces.current = old
    return failed
