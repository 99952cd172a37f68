"""`ns`, `require` and their like: forms that change how later forms are read, carried out at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn, Protocol

from pyrsistent import pvector

from runtime.cling.declarations import Declarations
from runtime.core.collections import Set
from runtime.core.kinds import Map, PVector
from runtime.core.records import Fields
from runtime.core.sequences import Seq
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import AnalysisError, DependentError, LispError, LispErrors, Span, found_text
from runtime.namespaces import CORE, CppScope, Namespace, Namespaces
from runtime.reader.forms import CppLiteral

NAMES = frozenset(("ns", "require", "use", "refer", "in-ns", "import", "refer-clojure"))
K_AS, K_REFER, K_SCOPE, K_ONLY, K_EXCLUDE, K_RENAME, K_RELOAD, K_ALL = (
    Keyword(k) for k in ("as", "refer", "scope", "only", "exclude", "rename", "reload", "all")
)
EXTENSIONS = (".jank", ".cljc", ".clj")


class Host(Protocol):
    """What directives need of the runtime."""

    namespaces: Namespaces
    declarations: Declarations

    def require_namespace(self, name: str, reload: bool, span: Span | None) -> Namespace:
        """The namespace of that name, loaded from the module path when it is not there yet."""


def is_directive(form: Any) -> bool:
    """Whether a top-level form is one of those handled here."""
    if type(form) is not List or not len(form) or type(form.first()) is not Symbol:
        return False
    head = form.first()
    return head.ns in (None, CORE) and head.name in NAMES


def run_directive(host: Host, form: List, span: Span | None) -> Any:
    """Carry out a directive; gives nil. Raises AnalysisError, CppError, and what loading raises."""
    return Directive(host, span).run(form)


def unquoted(form: Any) -> Any:
    """`'x` at top level means x to a directive."""
    if type(form) is List and len(form) == 2 and form.first() == Symbol("quote"):
        return form[1]
    return form


class Directive:
    """One directive being carried out; errors stand at the clause they concern."""

    def __init__(self, host: Host, span: Span | None) -> None:
        self.host = host
        self.span = span
        self.errors: list[LispError] = []  # of requires; the others are carried out all the same

    def fail(self, message: str, at: Any, expected: str = "") -> NoReturn:
        raise AnalysisError(
            message, getattr(at, "span", None) or self.span, expected=expected, found=found_text(at)
        )

    def run(self, form: List) -> Any:
        name, args = form.first().name, [unquoted(a) for a in list(form)[1:]]
        if name == "ns":
            return self.ns(form, args)
        if name == "in-ns":
            if len(args) != 1 or type(args[0]) is not Symbol:
                self.fail("in-ns takes a symbol", form, "(in-ns 'name)")
            self.host.namespaces.current = self.host.namespaces.ensure(str(args[0]))
            return self.host.namespaces.current
        self.clause(name, args, form)
        self.raise_errors()
        return None

    def ns(self, form: List, args: list[Any]) -> Any:
        if not args or type(args[0]) is not Symbol:
            self.fail("ns needs a name", form, "(ns name (:require …) …)")
        ns = self.host.namespaces.ensure(str(args[0]))
        ns.meta = self.ns_meta(args)
        ns.failed.clear()
        self.host.namespaces.current = ns
        for clause in args[1:]:
            if isinstance(clause, (str, Map)):
                continue
            if not isinstance(clause, (List, PVector)) or not isinstance(clause[0], Keyword):
                self.fail(
                    "this is not a clause of ns", clause, "(:require …), (:include …), (:use …) …"
                )
            self.clause(clause[0].name, list(clause)[1:], clause)
        self.raise_errors()
        return None

    def raise_errors(self) -> None:
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise LispErrors(self.errors)

    @staticmethod
    def ns_meta(args: list[Any]) -> Any:
        """What stands on a namespace's name, in its doc string and in its attribute map."""
        m = args[0].meta or Map()
        for extra in args[1:3]:
            if isinstance(extra, str):
                m = m.set(Keyword("doc"), extra)
            elif isinstance(extra, Map):
                m = m.update(extra)
        return m if len(m) else None

    def clause(self, name: str, args: list[Any], at: Any) -> None:
        match name:
            case "require" | "require-macros":
                flags = {a for a in args if isinstance(a, Keyword)}
                for spec in args:
                    if not isinstance(spec, Keyword):
                        self.try_require(unquoted(spec), K_RELOAD in flags)
            case "use":
                for spec in args:
                    spec = unquoted(spec)
                    parts = list(spec) if isinstance(spec, PVector) else [spec]
                    options = self.options(parts[1:], spec)
                    target = self.host.require_namespace(str(parts[0]), False, self.at(parts[0]))
                    self.refer(target, options.get(K_ONLY, K_ALL), options, spec)
            case "refer":
                options = self.options(args[1:], at)
                target = self.host.require_namespace(str(args[0]), False, self.at(args[0]))
                self.refer(target, options.get(K_ONLY, K_ALL), options, at)
            case "refer-clojure":
                options = self.options(args, at)
                ns = self.host.namespaces.current
                ns.excluded |= {str(s) for s in options.get(K_EXCLUDE) or ()}
                if K_ONLY in options:
                    only = {str(s) for s in options[K_ONLY]}
                    ns.excluded |= set(self.host.namespaces.ensure(CORE).vars) - only
            case "include":
                for header in args:
                    self.include(header)
            case "refer-global":
                options = self.options(args, at)
                self.host.namespaces.current.cpp_globals |= {
                    str(s) for s in options.get(K_ONLY) or ()
                }
            case "import":
                for spec in args:
                    self.import_types(unquoted(spec))
            case "gen-class" | "export":
                return
            case _:
                self.fail(
                    f"{name} is not a clause of ns",
                    at,
                    ":require, :use, :refer, :include, :refer-global, :refer-clojure",
                )

    def import_types(self, spec: Any) -> None:
        """`ns.Name` or `(ns Name …)`: records and types by their names. Other classes do not exist here."""
        if isinstance(spec, Symbol):
            home, _, name = spec.name.rpartition(".")
            names = [name]
        else:
            home, *names = map(str, spec)
        target = self.host.namespaces.all.get(home)
        for name in names:
            var = target.vars.get(name) if target is not None else None
            if var is not None and isinstance(var.root, type) and issubclass(var.root, Fields):
                self.host.namespaces.current.refers[name] = var

    def at(self, form: Any) -> Span | None:
        return getattr(form, "span", None) or self.span

    def options(self, parts: list[Any], at: Any) -> dict[Any, Any]:
        if len(parts) % 2 or not all(isinstance(k, Keyword) for k in parts[::2]):
            self.fail(
                "options must be pairs of a keyword and a value", at, ":as name, :refer [name …]"
            )
        return dict(zip(parts[::2], [unquoted(v) for v in parts[1::2]], strict=True))

    def include(self, header: Any) -> None:
        text = header.form if isinstance(header, CppLiteral) else header
        if not isinstance(text, str):
            self.fail("a header is named by a string", header, '"header.h"')
        self.host.declarations.include(text, self.at(header))

    def try_require(self, spec: Any, reload: bool) -> None:
        """One require of several. Names of one that fails are marked, so that only it is reported."""
        failed = self.host.namespaces.current.failed
        names: set[str] = set()
        if isinstance(spec, PVector) and len(spec):
            pairs = zip(list(spec), list(spec)[1:], strict=False)
            names = {str(spec[0])} | {str(b) for a, b in pairs if a is K_AS}
        try:
            self.require(spec, reload)
            failed -= names
        except (LispError, LispErrors) as e:
            self.errors += e.errors if isinstance(e, LispErrors) else [e]
            failed |= names

    def require(self, spec: Any, reload: bool) -> None:
        if isinstance(spec, str):
            return self.include(spec)
        if isinstance(spec, Symbol):
            self.host.require_namespace(str(spec), reload, self.at(spec))
            return None
        if isinstance(spec, (List, Seq)):
            return self.prefix_list(list(spec), reload)
        if not isinstance(spec, PVector) or not len(spec):
            self.fail(
                "this is not a require",
                spec,
                '[namespace :as alias] or ["header.h" :as alias :scope "scope"]',
            )
        options = self.options(list(spec)[1:], spec)
        if isinstance(spec[0], str):
            return self.require_header(spec, options)
        target = self.host.require_namespace(
            str(spec[0]), reload or bool(options.get(K_RELOAD)), self.at(spec[0])
        )
        ns = self.host.namespaces.current
        alias = options.get(K_AS) or options.get(Keyword("as-alias"))
        if alias is not None:
            ns.aliases[str(alias)] = target.name
            ns.cpp_aliases.pop(str(alias), None)
        if K_REFER in options:
            self.refer(target, options[K_REFER], options, spec)
        return None

    def prefix_list(self, parts: list[Any], reload: bool) -> None:
        """`(clojure string [set :as s])` stands for several namespaces with one prefix."""
        for part in parts[1:]:
            items = list(part) if isinstance(part, PVector) else [part]
            name = Symbol(f"{parts[0]}.{items[0]}", None, None, getattr(items[0], "span", None))
            self.require(pvector([name, *items[1:]]), reload)

    def require_header(self, spec: Any, options: dict[Any, Any]) -> None:
        unknown = set(options) - {K_AS, K_SCOPE}
        if unknown:
            self.fail(
                f"{next(iter(unknown))} is no option of a header require", spec, ":as and :scope"
            )
        self.include(spec[0])
        alias = options.get(K_AS)
        if alias is None:
            return
        scope = options.get(K_SCOPE) or ""
        if not isinstance(scope, str):
            self.fail(":scope must be a string", spec, '"ImGui", or "" for the global scope')
        ns = self.host.namespaces.current
        ns.cpp_aliases[str(alias)] = CppScope(scope.replace(".", "::"), spec[0])
        ns.aliases.pop(str(alias), None)

    def refer(self, target: Namespace, names: Any, options: dict[Any, Any], at: Any) -> None:
        ns = self.host.namespaces.current
        excluded = {str(s) for s in options.get(K_EXCLUDE) or ()}
        renamed = {str(k): str(v) for k, v in (options.get(K_RENAME) or {}).items()}
        if names is not K_ALL and not isinstance(names, (PVector, List, Seq, Set)):
            self.fail(
                "the names to refer must be in a vector", at, ":refer [name …] or :refer :all"
            )
        public = [v.name for v in target.vars.values() if not v.is_private]
        wanted: Any = public if names is K_ALL else names
        for name in map(str, wanted):
            var = target.vars.get(name)
            if var is None and target.broken:
                raise DependentError(f"{name} needs a form that failed", self.at(at))
            if var is None or var in self.host.namespaces.hidden:
                self.fail(f"{target.name} has no {name}", at, f"a name that {target.name} defines")
            if var.is_private:
                self.fail(f"{var.full_name} is private", at, "a public name")
            if name not in excluded:
                ns.refers[renamed.get(name, name)] = var


def module_stem(name: str) -> str:
    """The path of a namespace's file below a folder of the module path, without its extension."""
    return name.replace("-", "_").replace(".", "/")


def module_file(name: str, folders: list[Path]) -> Path | None:
    """The file of a namespace on the module path."""
    for folder in folders:
        for extension in EXTENSIONS:
            path = folder / f"{module_stem(name)}{extension}"
            if path.is_file():
                return path
    return None
