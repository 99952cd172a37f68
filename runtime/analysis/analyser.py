"""Forms to AST: resolves names, expands macros, checks special forms. Interop stays as written (`Interop`);
`inference` asks Clang about it afterwards, for a whole top-level form at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NoReturn, Protocol

from runtime.analysis import nodes as n
from runtime.analysis.cpp_forms import interop
from runtime.analysis.cpp_names import cpp_name, is_type_form, type_text
from runtime.analysis.scope import FieldName, FnFrame, RecurTarget, Scope, new_label
from runtime.core import tracking
from runtime.core.collections import Set
from runtime.core.kinds import Map, PVector, vector
from runtime.core.meta import meta as meta_of
from runtime.core.meta import with_meta
from runtime.core.records import Fields
from runtime.core.sequences import Seq
from runtime.core.tracking import read
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import AnalysisError, DependentError, LispError, Span, found_text
from runtime.namespaces import CORE, Namespaces, Var
from runtime.process.interruption import CallLimits, limited
from runtime.reader.forms import CppLiteral, SpanTable

MAX_DEPTH = 400  # forms nested within each other; expansions count too
LONG = 64  # items of a literal that is looked through for constants before it is analysed
ATOMS = (int, float, str, bool, type(None), Keyword)
MAX_EXPANSIONS = 20_000  # in one top-level form

K_DYNAMIC = Keyword("dynamic")
K_MACRO = Keyword("macro")
AMPERSAND = Symbol("&")
UNQUOTES = {Symbol("unquote", CORE): "~", Symbol("unquote-splicing", CORE): "~@"}
_fn_keys = count(1)
_anonymous = count(1)

Analysed = Callable[["Analyser", List, Scope, Span | None], n.Node]
SPECIAL: dict[str, Analysed] = {}


class Host(Protocol):
    """What analysis needs of the runtime."""

    namespaces: Namespaces
    call_limits: CallLimits

    def declare_cpp(self, text: str, span: Span | None) -> None:
        """Declare C++ at global scope, or raise CppError."""


def special(name: str) -> Callable[[Analysed], Analysed]:
    """Register how a special form is analysed."""

    def register(function: Analysed) -> Analysed:
        SPECIAL[name] = function
        return function

    return register


class Analyser:
    """Analyses one top-level form. `table` places the form's vectors, maps and sets."""

    def __init__(self, host: Host, table: SpanTable | None = None) -> None:
        self.host = host
        self.table = table
        self.ns = host.namespaces.current
        self.depth = 0
        self.expansions = 0
        self.macros: set[Var] = set()  # that the form used
        self.origin: tuple[str, Span | None] | None = None  # the macro call whose expansion this is
        self.raws: list[str] = []  # the C++ that it declares

    # --- dispatch ---------------------------------------------------------------------------------

    def analyse(self, form: Any, scope: Scope, span: Span | None = None) -> n.Node:
        """The AST of `form`. Raises AnalysisError, CppError; `span` is used where the form has none."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("forms are nested too deeply", span, f"at most {MAX_DEPTH} levels")
        try:
            kind = type(form)
            if kind is Symbol:
                return self.symbol(form, scope, self.traced(form.span) or span)
            if kind is List:
                return self.list(form, scope, self.traced(form.span) or span)
            if kind is PVector:
                return self.vector(form, scope, span)
            if kind is Map:
                return self.map(form, scope, span)
            if isinstance(form, Set):
                return self.set(form, scope, span)
            if isinstance(form, CppLiteral):
                return self.cpp_literal(form, self.traced(form.span) or span)
            if isinstance(form, Seq):
                return self.list(List.make(form), scope, span)
            return n.Const(form, span=span)
        finally:
            self.depth -= 1

    def place(self, form: Any, span: Span | None) -> Span | None:
        """Where `form` stands, else `span`."""
        own = getattr(form, "span", None) or (self.table.of(form) if self.table else None)
        return self.traced(own) or span

    def traced(self, span: Span | None) -> Span | None:
        """`span` with the macro calls it came through: those whose text does not hold it."""
        origin = self.origin
        if origin is None or span is None:
            return span
        call: tuple[str, Span | None] | None = origin
        while call is not None and call[1] is not None:
            place = call[1]
            if place.holds(span):  # written in the call, so it came from where the call did
                while place.via is not None and place.via[1] == place:
                    place = place.via[1]
                return span if place.via is None else replace(span, via=place.via)
            call = place.via
        return replace(span, via=origin)

    def item_span(self, form: List, index: int, span: Span | None) -> Span | None:
        """Where the item `index` of a list stands."""
        item = form[index]
        own = getattr(item, "span", None)
        if own is not None:
            return self.traced(own)
        if form.spans is not None and form.start + index < len(form.spans):
            return self.traced(form.spans[form.start + index])
        return self.place(item, span)

    def items(self, form: List, scope: Scope, start: int, span: Span | None) -> tuple[n.Node, ...]:
        inner = scope.not_tail()
        return tuple(
            self.analyse(form[i], inner, self.item_span(form, i, span))
            for i in range(start, len(form))
        )

    def fail(
        self, message: str, span: Span | None, expected: str = "", found: Any = None
    ) -> NoReturn:
        shown = "" if found is None else found_text(found)
        raise AnalysisError(message, span, expected=expected, found=shown)

    # --- names ------------------------------------------------------------------------------------

    def symbol(self, sym: Symbol, scope: Scope, span: Span | None) -> n.Node:
        if sym.ns is None:
            local = scope.find(sym.name)
            if isinstance(local, FieldName):
                owner = n.LocalRef(local.owner, span=span)
                return n.Interop("any-member", local.name, (owner,), span=span)
            if local is not None:
                return n.LocalRef(local, span=span)
        self.check_require(sym)
        named = cpp_name(sym, self.ns)
        if named is not None:
            if named.kind == "entity":
                return n.Interop("name", named.text, (), span=span)
            if named.kind == "special" and named.text in ("nullptr", "true", "false"):
                return n.Interop("name", named.text, (), span=span)
            self.fail(f"{sym} is only meaningful at the head of a list", span, "a value", sym)
        var = self.host.namespaces.resolve(sym, self.ns) or self.type_var(sym)
        if var is None:
            self.unknown(sym, span)
        if var.is_macro:
            self.fail(
                f"{sym} is a macro: it has no value", span, "a function or another value", sym
            )
        self.check_access(var, sym, span)
        return n.VarRef(var, span=span)

    def macro_of(self, form: Any, scope: Scope | None = None) -> Var | None:
        """The macro that a form calls; None where its head is a local, names C++ or is no macro's name."""
        if type(form) is not List or not len(form) or type(form.first()) is not Symbol:
            return None
        head = form.first()
        if head.ns is None and (head.name in SPECIAL or (scope and scope.find(head.name))):
            return None
        if head.ns in self.ns.failed or cpp_name(head, self.ns) is not None:
            return None
        var = self.host.namespaces.resolve(head, self.ns)
        return var if var is not None and var.is_macro else None

    def type_var(self, sym: Symbol) -> Var | None:
        """The var of a record or type that `sym` names as its class: `ns.Name`."""
        home, _, name = sym.name.rpartition(".")
        target = self.host.namespaces.all.get(home) if sym.ns is None else None
        var = target.vars.get(name) if target is not None else None
        if var is None or not (isinstance(var.root, type) and issubclass(var.root, Fields)):
            return None
        return var

    def check_access(self, var: Var, sym: Symbol, span: Span | None) -> None:
        if var.is_private and var.ns != self.ns.name:
            self.fail(
                f"{var.full_name} is private", span, "a public name, or #'name for the var", sym
            )

    def check_require(self, sym: Symbol) -> None:
        if self.ns.failed and sym.ns in self.ns.failed:
            raise DependentError(
                f"{sym} needs a require that failed", sym.span, expected=f"{sym.ns} to load"
            )

    def unknown(self, sym: Symbol, span: Span | None) -> NoReturn:
        import difflib

        if sym in UNQUOTES:
            self.fail(f"{UNQUOTES[sym]} is only meaningful in a syntax quote", span, "`(… ~form …)")
        known = [*self.ns.vars, *self.ns.refers, *self.host.namespaces.ensure("clojure.core").vars]
        if sym.ns is not None:
            target = self.host.namespaces.find(sym.ns, self.ns)
            if target is None:
                self.fail(
                    f"there is no namespace or alias {sym.ns}", span, "a required namespace", sym
                )
            if target.broken:
                raise DependentError(f"{sym} needs a form that failed", span)
            known = list(target.vars)
        near = difflib.get_close_matches(sym.name, known, 3)
        hint = (
            f"a name that is defined (perhaps {' or '.join(near)})"
            if near
            else "a name that is defined"
        )
        self.fail(f"{sym} is not defined", span, hint, sym)

    # --- lists ------------------------------------------------------------------------------------

    def list(self, form: List, scope: Scope, span: Span | None) -> n.Node:
        if not len(form):
            return n.Const(form, span=span)
        head = form.first()
        if type(head) is Symbol:
            if head.ns is None:
                local = scope.find(head.name)
                if local is None and head.name in SPECIAL:
                    return SPECIAL[head.name](self, form, scope, span)
                if local is not None:
                    return self.call(form, scope, span)
            self.check_require(head)
            named = cpp_name(head, self.ns)
            if named is not None:
                return interop(self, named.kind, named.text, form, scope, span)
            var = self.host.namespaces.resolve(head, self.ns)
            if var is not None and var.is_macro:
                self.check_access(var, head, span)
                return self.expanded(var, form, scope, span)
            if var is None and head.name.endswith(".") and len(head.name) > 1:
                return self.constructor(head, form, scope, span)
        elif is_type_form(head):
            text = type_text(head, self.ns, span)
            return n.Interop(
                "construct", text, self.items(form, scope, 1, span), n.TypeName(text), span=span
            )
        return self.call(form, scope, span)

    def constructor(self, head: Symbol, form: List, scope: Scope, span: Span | None) -> n.Node:
        """`(Record. x …)` is `(->Record x …)`; an exception's class makes its instances itself."""
        maker = Symbol(head.name[:-1], head.ns, None, head.span)
        var = self.host.namespaces.resolve(maker, self.ns) or self.type_var(maker)
        if var is None:
            self.unknown(head, head.span or span)
        if not (isinstance(var.root, type) and issubclass(var.root, Exception)):
            maker = Symbol(f"->{var.name}", var.ns, None, head.span)
            if self.host.namespaces.resolve(maker, self.ns) is None:
                self.unknown(head, head.span or span)
        return self.call(
            List((maker, *list(form)[1:]), span=form.span, spans=form.spans), scope, span
        )

    def call(self, form: List, scope: Scope, span: Span | None) -> n.Node:
        fn = self.analyse(form.first(), scope.not_tail(), self.item_span(form, 0, span))
        return n.Call(fn, self.items(form, scope, 1, span), span=span)

    def expanded(self, var: Var, form: List, scope: Scope, span: Span | None) -> n.Node:
        """The AST of a macro call. What the macro made carries the macro's name and place."""
        made = self.expand(var, form, scope, span)
        if var.span is None and span is not None and span.via is not None and span.via[1] == span:
            return self.analyse(
                made, scope, span
            )  # core's macro in what another made: it says no more
        outer, self.origin = self.origin, (var.name, span)
        try:
            return self.analyse(made, scope, replace(span, via=self.origin) if span else None)
        finally:
            self.origin = outer

    def expand(self, var: Var, form: List, scope: Scope, span: Span | None) -> Any:
        """One macro expansion. Errors inside carry the macro's name and place."""
        self.expansions += 1
        self.macros.add(var)
        if self.expansions > MAX_EXPANSIONS:
            self.fail(
                f"the expansion of {var.name} does not end", span, f"at most {MAX_EXPANSIONS}"
            )
        try:
            env = scope.as_map() if var.span is not None else None  # core's macros never look
            with limited(self.host.call_limits):
                return expand_macro(var, form, env, span)
        except LispError as e:
            place = e.span or span
            e.span = replace(place, via=(var.name, span)) if place else None
            raise

    # --- literals ---------------------------------------------------------------------------------

    def vector(self, form: Any, scope: Scope, span: Span | None) -> n.Node:
        if len(form) > LONG and meta_of(form) is None and all(type(x) in ATOMS for x in form):
            return n.Const(form, span=span)
        return self.with_meta(
            n.VectorLit(self.parts(form, form, scope, span), span=span), form, scope, span
        )

    def map(self, form: Any, scope: Scope, span: Span | None) -> n.Node:
        flat = [x for pair in form.items() for x in pair]
        return self.with_meta(
            n.MapLit(self.parts(form, flat, scope, span), span=span), form, scope, span
        )

    def set(self, form: Any, scope: Scope, span: Span | None) -> n.Node:
        return self.with_meta(
            n.SetLit(self.parts(form, form, scope, span), span=span), form, scope, span
        )

    def parts(self, form: Any, plain: Any, scope: Scope, span: Span | None) -> tuple[n.Node, ...]:
        """The items of a collection literal in source order, each with its own place."""
        place = self.place(form, span)
        forms = self.table.forms(form) if self.table else None
        spans = self.table.items(form) if self.table else None
        if forms is None or spans is None:
            forms = tuple(plain)
            spans = (place,) * len(forms)  # type: ignore[assignment]
        inner = scope.not_tail()
        return tuple(self.analyse(f, inner, s) for f, s in zip(forms, spans or (), strict=True))

    def with_meta(self, node: n.Node, form: Any, scope: Scope, span: Span | None) -> n.Node:
        """A literal's constant parts fold into one constant; metadata is kept."""
        m = meta_of(form)
        if all(isinstance(part, n.Const) for part in node.items):  # type: ignore[attr-defined]
            values = [part.value for part in node.items]  # type: ignore[attr-defined]
            return n.Const(_with_values(form, values), span=span)
        if m is None or not len(m):
            return node
        return n.WithMeta(node, self.analyse(m, scope.not_tail(), span), span=span)

    def cpp_literal(self, form: CppLiteral, span: Span | None) -> n.Node:
        if isinstance(form.form, str):
            return n.Interop("literal", form.form, (), span=span)
        text = type_text(form.form, self.ns, span)
        return n.Interop("name", text, (), n.TypeName(text), span=span)

    # --- bodies and functions ---------------------------------------------------------------------

    def body(
        self, forms: Sequence[Any], scope: Scope, span: Span | None, like: List | None = None
    ) -> n.Node:
        """Statements and a value; an empty body is nil."""
        if not forms:
            return n.Const(None, span=span)
        first = len(like) - len(forms) if like is not None else 0

        def place(i: int) -> Span | None:
            return self.item_span(like, first + i, span) if like is not None else span

        last = len(forms) - 1
        statements = tuple(
            self.analyse(f, scope.not_tail(), place(i)) for i, f in enumerate(forms[:-1])
        )
        value = self.analyse(forms[-1], scope.inner(), place(last))
        return n.Do(statements, value, span=span) if statements else value

    def fn(self, form: List, scope: Scope, span: Span | None, name: str | None = None) -> n.Fn:
        """`(fn* name? ([param …] body …) …)`; `name` is that of the var it is defined as."""
        rest = list(form)[1:]
        own = rest.pop(0) if rest and type(rest[0]) is Symbol else None
        if rest and isinstance(rest[0], PVector):
            rest = [List(tuple(rest), span=form.span)]
        home = scope.frame.name if scope.frame else self.ns.name
        if name is None:
            label = own.name if own is not None else f"fn{next(_anonymous)}"
            name = f"{home}${label}" if scope.frame else f"{home}/{label}"
        frame = FnFrame(scope, name)
        this = n.Local(own.name if own is not None else "this", n.OBJECT)
        inside = replace(scope, frame=frame, recur=None, in_try=False, top=False)
        if own is not None:
            inside = inside.bind(this)
        arities: list[n.Arity] = []
        for clause in rest:
            arity = self.arity(clause, inside, span)
            self.check_arity(arity, arities, self.place(clause, span))
            arities.append(arity)
        captures = tuple(
            (n.LocalRef(out, span=span), inner) for out, inner in frame.captures.items()
        )
        if not arities:
            self.fail(
                "a function needs a parameter vector", span, "(fn [parameter …] body …)", form
            )
        return n.Fn(
            name,
            this,
            tuple(arities),
            captures,
            next(_fn_keys),
            meta_of(form) or None,
            span=span,
        )

    def arity(self, clause: Any, scope: Scope, span: Span | None) -> n.Arity:
        if isinstance(clause, Seq) and not isinstance(clause, List):
            clause = List.make(clause)
        if type(clause) is not List or not len(clause) or not isinstance(clause.first(), PVector):
            place = self.place(clause, span)
            self.fail("this is not an arity of a function", place, "([parameter …] body …)", clause)
        span = clause.span or span
        params: list[n.Local] = []
        variadic = False
        names = list(clause.first())
        for i, p in enumerate(names):
            if type(p) is not Symbol or p.ns is not None:
                self.fail(
                    "a parameter must be a plain symbol here", self.place(p, span), "a symbol", p
                )
            if p == AMPERSAND:
                if i != len(names) - 2:
                    place = self.traced(p.span) or span
                    self.fail(
                        "& must be followed by exactly one parameter",
                        place,
                        "[x … & rest]",
                        clause.first(),
                    )
                variadic = True
                continue
            params.append(n.Local(p.name, n.OBJECT))
        inner = scope
        for local in params:
            inner = inner.bind(local)
        label = new_label()
        inner = replace(inner, recur=RecurTarget(label, tuple(params)))
        body = self.body(list(clause)[1:], inner, span, clause)
        return n.Arity(tuple(params), variadic, label, body)

    def check_arity(self, new: n.Arity, others: Sequence[n.Arity], span: Span | None) -> None:
        for old in others:
            if old.variadic and new.variadic:
                self.fail("a function can have only one variadic arity", span)
            if len(old.params) == len(new.params) and old.variadic == new.variadic:
                self.fail(
                    f"two arities take {len(new.params)} parameters",
                    span,
                    "arities that differ in number",
                )
            low, high = (old, new) if old.variadic else (new, old)
            if low.variadic and not high.variadic and len(high.params) > low.required:
                self.fail("a fixed arity takes more parameters than the variadic one", span)


def _with_values(form: Any, values: list[Any]) -> Any:
    """The constant that a literal with these values is: `form` itself unless something in it is quoted."""
    made: Any
    if type(form) is PVector:
        if len(form) == len(values) and all(a is b for a, b in zip(form, values, strict=True)):
            return form
        made = vector(values)
    elif type(form) is Map:
        made = Map(zip(values[::2], values[1::2], strict=True))
    else:
        made = Set.make(values)
    return form if made == form else with_meta(made, meta_of(form))


def expand_macro(var: Var, form: List, env: Any, span: Span | None) -> Any:
    """Call a macro: core's take (form, env, args…), as scripts' do through &form and &env."""
    try:
        if var.span is not None and (tracked := tracking.here()) is not None:
            tracked.before_macro(var)
        return read(var)(form, env, *list(form)[1:])
    except LispError:
        raise
    except RecursionError:
        raise AnalysisError(f"the expansion of {var.name} is nested too deeply", span) from None
    except Exception as e:
        raise AnalysisError(
            f"the macro {var.full_name} failed: {e}", span, found=found_text(form)
        ) from e


import runtime.analysis.places  # noqa: E402
import runtime.analysis.special_forms  # noqa: E402, F401  (both fill SPECIAL)
