"""What all macros build with: core names, gensyms, list and vector makers, checks with good errors.

Expansions are hygienic: core functions are named in full, locals that a macro needs are gensyms, and
the operands of the user's form are put in as they are, because their identity carries their spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import count
from typing import Any, NoReturn

from runtime.core.kinds import Map, PVector, vector
from runtime.core.sequences import Seq
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import AnalysisError, Span, found_text

AMPERSAND = Symbol("&")
CATCH = Symbol("catch")
DEF = Symbol("def")
DO = Symbol("do")
FINALLY = Symbol("finally")
FN = Symbol("fn*")
IF = Symbol("if")
LET = Symbol("let*")
LETFN = Symbol("letfn*")
LOOP = Symbol("loop*")
QUOTE = Symbol("quote")
RECUR = Symbol("recur")
THROW = Symbol("throw")
TRY = Symbol("try")
VAR = Symbol("var")

K_ANY = Keyword("default")  # `(catch :default e …)` catches whatever was thrown
K_AS = Keyword("as")

_serial = count(1)


@cache
def core_symbol(name: str, ns: str = "clojure.core") -> Symbol:
    """The fully qualified name of a core function."""
    return Symbol(name, ns)


def gensym(prefix: str = "G") -> Symbol:
    """A local name that no source text contains."""
    return Symbol(f"{prefix}__{next(_serial)}__")


def call(name: str, *args: Any) -> List:
    """A call of the clojure.core function `name`."""
    return List((core_symbol(name), *args))


def special(head: Symbol, *items: Any, like: List | None = None) -> List:
    """The list `(head items…)`, standing where the form `like` stands."""
    return List((head, *items), span=like.span if like is not None else None)


def block(forms: Sequence[Any], like: List | None = None) -> Any:
    """`forms` as one form: nil, the only one, or a `do`."""
    if len(forms) == 1:
        return forms[0]
    return special(DO, *forms, like=like) if forms else None


def let_form(bindings: Iterable[Any], forms: Sequence[Any], like: List | None = None) -> List:
    """`(let* [bindings…] forms…)`, where `bindings` alternates names and values."""
    return special(LET, vector(bindings), *forms, like=like)


def thunk(forms: Sequence[Any], like: List | None = None) -> List:
    """A function of no arguments that runs `forms`."""
    return special(FN, List((vector(), *forms)), like=like)


def quoted(form: Any) -> List:
    return List((QUOTE, form))


def map_form(pairs: Iterable[tuple[Any, Any]]) -> List:
    """A call that makes a map; its values are evaluated in the order given, unlike a literal's."""
    return call("hash-map", *(item for pair in pairs for item in pair))


def is_vector(form: Any) -> bool:
    return type(form) is PVector


def is_map(form: Any) -> bool:
    return isinstance(form, Map)


def as_list(form: Any) -> List | None:
    """`form` as a List if it is a list form, one that a script's macro made of a lazy sequence
    included; else None."""
    if type(form) is List:
        return form
    return List.make(form) if isinstance(form, Seq) else None


def symbol_with_meta(symbol: Symbol, meta: Any) -> Symbol:
    """The same name at the same place with other metadata (None for none)."""
    return Symbol(symbol.name, symbol.ns, meta or None, symbol.span)


def pairs_of(form: List, bindings: Any, what: str) -> Iterator[tuple[Any, Any]]:
    """The pairs of a binding vector, checked for being one."""
    check_vector(form, bindings, what)
    if len(bindings) % 2:
        fail(
            form,
            f"{what} needs an even number of forms in its binding vector",
            "a value for every name",
            bindings,
        )
    items = iter(bindings)
    return zip(items, items, strict=True)


def check_vector(form: List, value: Any, what: str) -> None:
    if not is_vector(value):
        fail(form, f"{what} needs a vector for its bindings", "[name value …]", value)


def check_symbol(form: List, value: Any, what: str, qualified: bool = False) -> Symbol:
    """`value` if it is a name that can be bound or defined, else the error."""
    if type(value) is not Symbol:
        fail(form, f"{what} needs a name", "a symbol", value)
    if value.ns is not None and not qualified:
        fail(form, f"{what} cannot bind a qualified name", "a symbol without namespace", value)
    return value


def check_count(form: List, args: Sequence[Any], least: int, most: int | None, shape: str) -> None:
    """Raise unless `least <= len(args) <= most`; `shape` shows the macro as it should be used."""
    if len(args) < least or (most is not None and len(args) > most):
        fail(form, f"wrong number of forms for {form.first()}", shape, form)


_NOTHING = object()


def fail(
    form: List, message: str, expected: str = "", found: Any = _NOTHING, at: Span | None = None
) -> NoReturn:
    """Raise the AnalysisError at `at`, else at the place of `found`, if it has one, else of `form`."""
    span: Span | None = at or getattr(found, "span", None) or _place_in(form, found) or form.span
    text = "" if found is _NOTHING else found_text(found)
    raise AnalysisError(message, span, expected=expected, found=text)


def item_span(form: List, index: int) -> Span | None:
    """The place of an item of `form`; None where it is not known."""
    own: Span | None = getattr(form[index], "span", None)
    if own is None and form.spans is not None and form.start + index < len(form.spans):
        return form.spans[form.start + index]
    return own


def _place_in(form: List, item: Any) -> Span | None:
    # Other values, like numbers, may be the same object at several places.
    if is_vector(item) or is_map(item):
        for index, candidate in enumerate(form):
            if candidate is item:
                return item_span(form, index)
    return None
