"""Core functions that need the running runtime: evaluating, resolving, namespaces, macros, source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from immutables import Map

from runtime.analysis.analyser import expand_macro
from runtime.core.constructors import sorted_set
from runtime.core.output import println
from runtime.core.registry import TABLE
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import source_of
from runtime.host import dynamic_vars
from runtime.host.reading import Reading
from runtime.loading.directives import run_directive
from runtime.namespaces import CORE, Namespace, Var
from runtime.world import World


def install(world: World, load_again: Callable[[Path], None]) -> None:
    """Give a runtime's core namespace the functions that act on it."""
    namespaces = world.namespaces

    def ns_of(x: Any) -> Namespace:
        """`x`, a namespace or its name, as a namespace."""
        if isinstance(x, Namespace):
            return x
        found = namespaces.find(str(x))
        if found is None:
            raise LookupError(f"no namespace {x}")
        return found

    def expand_once(form: Any) -> Any:
        if type(form) is not List or not len(form) or type(form.first()) is not Symbol:
            return form
        var = namespaces.resolve(form.first())
        return (
            expand_macro(var, form, None, form.span) if var is not None and var.is_macro else form
        )

    def expand(form: Any) -> Any:
        while (expanded := expand_once(form)) is not form:
            form = expanded
        return form

    def directive(name: str) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            return run_directive(world, List((Symbol(name), *args)), None)

        return run

    def source(sym: Symbol) -> str | None:
        var = namespaces.resolve(sym)
        if var is None or var.span is None:
            return None
        text = world.loader.source_text(var.full_name)
        if text is not None:
            return text
        lines = (source_of(var.span.file) or "").split("\n")
        return lines[var.span.line - 1] if len(lines) >= var.span.line else None

    def doc(sym: Symbol) -> None:
        var = namespaces.resolve(sym)
        if var is None:
            return
        m = var.meta or {}
        lines = ["-" * 25, var.full_name]
        if m.get(Keyword("arglists")):
            lines.append(str(m[Keyword("arglists")]))
        if var.is_macro:
            lines.append("Macro")
        if m.get(Keyword("doc")):
            lines.append("  " + str(m[Keyword("doc")]))
        println("\n".join(lines))

    def intern(ns: Any, name: Any, *value: Any) -> Var:
        var = ns_of(ns).intern(name.name)
        if value:
            var.bind(value[0])
        return var

    def unmap(ns: Any, sym: Any) -> None:
        ns_of(ns).vars.pop(sym.name, None)
        world.entries_changed += 1

    def publics(ns: Any) -> Map[Any, Any]:
        return Map({Symbol(v.name): v for v in ns_of(ns).vars.values() if not v.is_private})

    def interns(ns: Any) -> Map[Any, Any]:
        return Map({Symbol(v.name): v for v in ns_of(ns).vars.values()})

    def refers(ns: Any) -> Map[Any, Any]:
        target = ns_of(ns)
        shown = {k: v for k, v in namespaces.ensure(CORE).vars.items() if k not in target.excluded}
        return Map({Symbol(k): v for k, v in {**shown, **target.refers}.items()})

    def enter(sym: Any) -> Namespace:
        namespaces.current = namespaces.ensure(str(sym))
        return namespaces.current

    def evaluate(form: Any) -> Any:
        return world.loader.eval_form(form, getattr(form, "span", None), None)

    def load(*paths: str) -> None:
        for path in paths:  # "/a/b_c", or "b_c" beside the current namespace, without an extension
            home = namespaces.current.name.rpartition(".")[0].replace(".", "/")
            stem = path.lstrip("/") if path.startswith("/") or not home else f"{home}/{path}"
            world.require_namespace(stem.replace("/", ".").replace("_", "-"), True, None)

    def test(var: Any) -> Keyword:
        run = var.meta.get(Keyword("test"), None)
        if run is None:
            return Keyword("no-test")
        run()
        return Keyword("ok")

    functions: dict[str, Any] = {
        "eval": evaluate,
        "load-string": lambda text: world.loader.eval_text(text, "<load-string>"),
        "load-file": lambda path: load_again(Path(path)),
        "load": load,
        "loaded-libs": lambda: sorted_set(*map(Symbol, namespaces.all)),
        **Reading(namespaces, evaluate).functions(),
        "resolve": lambda sym: namespaces.resolve(sym),
        "ns-resolve": lambda ns, sym: namespaces.resolve(sym, ns_of(ns)),
        "requiring-resolve": lambda sym: (
            world.require_namespace(sym.ns, False, None) if sym.ns else None,
            namespaces.resolve(sym),
        )[1],
        "find-var": lambda sym: namespaces.resolve(sym),
        "find-ns": lambda sym: namespaces.find(str(sym)),
        "the-ns": ns_of,
        "all-ns": lambda: List.make(namespaces.all.values()),
        "create-ns": lambda sym: namespaces.ensure(str(sym)),
        "remove-ns": lambda sym: namespaces.all.pop(str(sym), None),
        "ns-name": lambda ns: Symbol(ns_of(ns).name),
        "ns-publics": publics,
        "ns-interns": interns,
        "ns-map": lambda ns: refers(ns).update(interns(ns)),
        "ns-aliases": lambda ns: Map(
            {Symbol(k): namespaces.find(v) for k, v in ns_of(ns).aliases.items()}
        ),
        "ns-refers": refers,
        "ns-imports": lambda ns: (ns_of(ns), Map())[1],
        "test": test,
        "ns-unmap": unmap,
        "ns-unalias": lambda ns, sym: (ns_of(ns).aliases.pop(str(sym), None), None)[1],
        "alias": lambda sym, ns: namespaces.current.aliases.update({str(sym): ns_of(ns).name}),
        "intern": intern,
        "macroexpand-1": expand_once,
        "macroexpand": expand,
        "source-text*": source,
        "print-doc*": doc,
        "require": directive("require"),
        "use": directive("use"),
        "refer": directive("refer"),
        "in-ns": enter,
    }
    prewalk = TABLE["clojure.walk", "prewalk"].value
    namespaces.ensure("clojure.walk").intern("macroexpand-all").bind(
        lambda form: prewalk(expand, form)
    )
    core = namespaces.ensure(CORE)
    for name, function in functions.items():
        core.intern(name).bind(function)
    for name, helper, call in (("doc", "print-doc*", False), ("source", "source-text*", True)):
        var = core.intern(name)
        var.is_macro = True
        var.bind(_quoting_macro(helper, call))
    dynamic_vars.install(namespaces)


def _quoting_macro(helper: str, print_it: bool) -> Callable[..., Any]:
    """A macro that quotes its one symbol for a function."""

    def expand(form: List, env: Any, sym: Any) -> List:
        quoted = List.of(Symbol("quote"), sym)
        call = List.of(Symbol(helper, CORE), quoted)
        return List.of(Symbol("println", CORE), call) if print_it else call

    return expand
