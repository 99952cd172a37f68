"""Macros for evaluation in a context: dynamic bindings, delays, locks, resources, output, assertions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.core import output
from runtime.core.macros.forms import (
    CATCH,
    DO,
    FINALLY,
    IF,
    K_ANY,
    THROW,
    TRY,
    VAR,
    call,
    check_count,
    check_symbol,
    core_symbol,
    gensym,
    let_form,
    map_form,
    pairs_of,
    quoted,
    special,
    thunk,
)
from runtime.core.macros.functions import fn_form
from runtime.core.registry import macro
from runtime.core.values import Keyword, List

K_ROUNDING = Keyword("rounding")


def guarded(body: Sequence[Any], cleanup: Sequence[Any], like: List) -> List:
    """`(try body… (finally cleanup…))`."""
    return special(TRY, *body, special(FINALLY, *cleanup), like=like)


@macro("comment", arglists="([& body])")
def comment_macro(form: List, env: Any, *args: Any) -> None:
    """Ignores its forms; gives nil."""
    return None


@macro("lazy-seq", arglists="([& body])")
def lazy_seq_macro(form: List, env: Any, *args: Any) -> List:
    """A sequence whose items the body gives when they are first asked for."""
    return call("lazy-seq*", thunk(args, like=form))


@macro("lazy-cat", arglists="([& colls])")
def lazy_cat_macro(form: List, env: Any, *args: Any) -> List:
    """The concatenation of collections that are not evaluated before they are needed."""
    return call("lazy-cat*", *(thunk([coll]) for coll in args))


@macro("delay", arglists="([& body])")
def delay_macro(form: List, env: Any, *args: Any) -> List:
    """A value that the body gives, once, when force or deref first asks for it."""
    return call("delay*", thunk(args, like=form))


@macro("future", arglists="([& body])")
def future_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body on another thread, with the bindings of this one; deref waits for its value."""
    return call("future-call", call("bound-fn*", thunk(args, like=form)))


@macro("bound-fn", arglists="([& fntail])")
def bound_fn_macro(form: List, env: Any, *args: Any) -> List:
    """A function that runs with the bindings that the thread making it has now."""
    return call("bound-fn*", fn_form(form, args))


@macro("binding", arglists="([bindings & body])")
def binding_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with new values for dynamic vars, seen by this thread alone."""
    check_count(form, args, 1, None, "(binding [var value …] body …)")
    push = call("push-thread-bindings", _vars_to_values(form, args[0]))
    return special(DO, push, guarded(args[1:], [call("pop-thread-bindings")], form), like=form)


@macro("with-bindings", arglists="([binding-map & body])")
def with_bindings_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the values that a map gives to dynamic vars."""
    check_count(form, args, 1, None, "(with-bindings map-of-vars body …)")
    push = call("push-thread-bindings", args[0])
    return special(DO, push, guarded(args[1:], [call("pop-thread-bindings")], form), like=form)


@macro("with-redefs", arglists="([bindings & body])")
def with_redefs_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with other root values for vars, seen by all threads, and restores them."""
    check_count(form, args, 1, None, "(with-redefs [var value …] body …)")
    old = gensym("old")
    swapped = call("exchange-roots*", _vars_to_values(form, args[0]))
    body = guarded(args[1:], [call("exchange-roots*", old)], form)
    return let_form([old, swapped], [body], like=form)


def _vars_to_values(form: List, bindings: Any) -> List:
    what = str(form.first())
    return map_form(
        (special(VAR, check_symbol(form, name, what, qualified=True)), value)
        for name, value in pairs_of(form, bindings, what)
    )


@macro("with-local-vars", arglists="([bindings & body])")
def with_local_vars_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with the names bound to fresh vars that var-get and var-set work on."""
    check_count(form, args, 1, None, "(with-local-vars [name value …] body …)")
    bindings: list[Any] = []
    for name, value in pairs_of(form, args[0], "with-local-vars"):
        bindings += (check_symbol(form, name, "with-local-vars"), call("local-var*", value))
    return let_form(bindings, args[1:], like=form)


@macro("with-open", arglists="([bindings & body])")
def with_open_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body, then closes the bound objects, the last one first, whatever happened."""
    check_count(form, args, 1, None, "(with-open [name object …] body …)")
    body: list[Any] = list(args[1:])
    for name, value in reversed(list(pairs_of(form, args[0], "with-open"))):
        check_symbol(form, name, "with-open")
        body = [let_form([name, value], [guarded(body, [call("close*", name)], form)], like=form)]
    return body[0] if args[0] else special(DO, *body, like=form)


@macro("with-out-str", arglists="([& body])")
def with_out_str_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body and gives what it printed as a string."""
    writer = gensym("out")
    out = special(VAR, core_symbol("*out*"))
    push = call("push-thread-bindings", call("hash-map", out, writer))
    body = guarded(args, [call("pop-thread-bindings")], form)
    return let_form(
        [writer, call("string-writer*")],
        [push, body, call("str", writer)],
        like=form,
    )


@macro("with-in-str", arglists="([s & body])")
def with_in_str_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with *in* reading from the string s."""
    check_count(form, args, 1, None, "(with-in-str string body …)")
    in_ = special(VAR, core_symbol("*in*"))
    push = call("push-thread-bindings", call("hash-map", in_, call("string-reader*", args[0])))
    return special(DO, push, guarded(args[1:], [call("pop-thread-bindings")], form), like=form)


@macro("time", arglists="([expr])")
def time_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the expression, prints how long that took, and gives its value."""
    check_count(form, args, 1, 1, "(time expression)")
    start, value = gensym("start"), gensym("value")
    report = call("report-time*", start)
    return let_form([start, call("system-time"), value, args[0]], [report, value], like=form)


@macro("assert", arglists="([x] [x message])")
def assert_macro(form: List, env: Any, *args: Any) -> List | None:
    """Raises an assertion error that shows the expression unless it is logical true.

    Where `*assert*` is false it is nothing.
    """
    check_count(form, args, 1, 2, "(assert expression message?)")
    if not output.read("*assert*"):
        return None
    failure = call("assertion-error*", quoted(args[0]), *args[1:])
    return special(IF, args[0], None, special(THROW, failure), like=form)


@macro("with-precision", arglists="([precision & exprs] [precision :rounding mode & exprs])")
def with_precision_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body with big decimals rounded to so many digits, HALF_UP unless it says otherwise."""
    check_count(form, args, 1, None, "(with-precision digits :rounding mode body …)")
    precision, *body = args
    mode = None
    if body and body[0] is K_ROUNDING:
        mode, body = (quoted(body[1]) if len(body) > 1 else None), body[2:]
    var = special(VAR, core_symbol("*math-context*"))
    pairs = map_form([(var, call("math-context*", precision, mode))])
    cleanup = [call("pop-thread-bindings")]
    return special(DO, call("push-thread-bindings", pairs), guarded(body, cleanup, form), like=form)


@macro("locking", arglists="([x & body])")
def locking_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body while this thread holds the lock of x."""
    check_count(form, args, 1, None, "(locking object body …)")
    target = gensym("lock")
    body = guarded(args[1:], [call("monitor-exit*", target)], form)
    return let_form([target, args[0]], [call("monitor-enter*", target), body], like=form)


@macro("dosync", arglists="([& exprs])")
@macro("sync", arglists="([& exprs])")
def dosync_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the forms as one transaction: no other transaction runs at the same time."""
    body = args[1:] if str(form.first()).endswith("/sync") or form.first().name == "sync" else args
    error = gensym("error")
    undo = special(CATCH, K_ANY, error, call("abort-transaction*"), special(THROW, error))
    guard = guarded([*body, undo], [call("leave-transaction*")], form)
    return special(DO, call("enter-transaction*"), guard, like=form)


@macro("io!", arglists="([& body])")
def io_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates the body; raises if that happens in a transaction."""
    return special(DO, call("check-no-transaction*"), *args, like=form)


@macro("vswap!", arglists="([vol f & args])")
def vswap_macro(form: List, env: Any, *args: Any) -> List:
    """Sets a volatile to f of its value and the arguments; gives the new value."""
    check_count(form, args, 2, None, "(vswap! volatile function argument …)")
    target = gensym("volatile")
    changed = List((args[1], call("deref", target), *args[2:]))
    return let_form([target, args[0]], [call("vreset!", target, changed)], like=form)


@macro("pvalues", arglists="([& exprs])")
def pvalues_macro(form: List, env: Any, *args: Any) -> List:
    """The values of the expressions, each evaluated on its own thread."""
    return call("pcalls", *(thunk([arg]) for arg in args))
