"""Threading macros: ->, ->>, as->, some->, cond->, doto, .. and memfn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.core.kinds import vector
from runtime.core.macros.forms import (
    FN,
    IF,
    as_list,
    call,
    check_count,
    check_symbol,
    fail,
    gensym,
    let_form,
    special,
)
from runtime.core.registry import macro
from runtime.core.values import List, Symbol


def thread_first(value: Any, step: Any) -> List:
    """`step` with `value` as its first argument; a step that is no list is called with it."""
    listed = as_list(step)
    if listed is None:
        return List((step, value), span=getattr(step, "span", None))
    head, *rest = listed
    return List((head, value, *rest), meta=listed.meta, span=listed.span)


def thread_last(value: Any, step: Any) -> List:
    """`step` with `value` as its last argument; a step that is no list is called with it."""
    listed = as_list(step)
    if listed is None:
        return List((step, value), span=getattr(step, "span", None))
    return List((*listed, value), meta=listed.meta, span=listed.span)


@macro("->", arglists="([x & forms])")
def thread_first_macro(form: List, env: Any, *args: Any) -> Any:
    """Puts x in as the second item of the first form, that form in the next, and so on."""
    return _threaded(form, args, thread_first)


@macro("->>", arglists="([x & forms])")
def thread_last_macro(form: List, env: Any, *args: Any) -> Any:
    """Puts x in as the last item of the first form, that form in the next, and so on."""
    return _threaded(form, args, thread_last)


def _threaded(form: List, args: tuple[Any, ...], thread: Callable[[Any, Any], List]) -> Any:
    check_count(form, args, 1, None, f"({form.first()} value form …)")
    value = args[0]
    for step in args[1:]:
        _check_step(form, step)
        value = thread(value, step)
    return value


@macro("some->", arglists="([expr & forms])")
def some_thread_first_macro(form: List, env: Any, *args: Any) -> Any:
    """Like ->, and stops with nil at the first value that is nil."""
    return _some_threaded(form, args, thread_first)


@macro("some->>", arglists="([expr & forms])")
def some_thread_last_macro(form: List, env: Any, *args: Any) -> Any:
    """Like ->>, and stops with nil at the first value that is nil."""
    return _some_threaded(form, args, thread_last)


def _some_threaded(form: List, args: tuple[Any, ...], thread: Callable[[Any, Any], List]) -> Any:
    check_count(form, args, 1, None, f"({form.first()} value form …)")
    if len(args) == 1:
        return args[0]
    names = [gensym("some") for _ in args[1:]]
    result: Any = None
    for index in range(len(names) - 1, -1, -1):
        step = args[index + 1]
        _check_step(form, step)
        threaded = thread(names[index], step)
        if index < len(names) - 1:
            threaded = let_form([names[index + 1], threaded], [result])
        result = special(IF, call("nil?", names[index]), None, threaded, like=form)
    return let_form([names[0], args[0]], [result], like=form)


@macro("cond->", arglists="([expr & clauses])")
def cond_thread_first_macro(form: List, env: Any, *args: Any) -> Any:
    """Threads the value, as -> does, through each form whose test is logical true."""
    return _cond_threaded(form, args, thread_first)


@macro("cond->>", arglists="([expr & clauses])")
def cond_thread_last_macro(form: List, env: Any, *args: Any) -> Any:
    """Threads the value, as ->> does, through each form whose test is logical true."""
    return _cond_threaded(form, args, thread_last)


def _cond_threaded(form: List, args: tuple[Any, ...], thread: Callable[[Any, Any], List]) -> Any:
    shape = f"({form.first()} value test form …)"
    check_count(form, args, 1, None, shape)
    if len(args) % 2 == 0:
        fail(form, f"{form.first()} needs a form for every test", shape, form)
    if len(args) == 1:
        return args[0]
    value = gensym("cond")
    bindings: list[Any] = [value, args[0]]
    for test, step in zip(args[1::2], args[2::2], strict=True):
        _check_step(form, step)
        bindings += (value, special(IF, test, thread(value, step), value, like=form))
    return let_form(bindings[:-2], [bindings[-1]], like=form)


@macro("as->", arglists="([expr name & forms])")
def as_thread_macro(form: List, env: Any, *args: Any) -> Any:
    """Binds the name to the value, then to each form's value in turn."""
    check_count(form, args, 2, None, "(as-> value name form …)")
    value, name, *steps = args
    check_symbol(form, name, "as->")
    bindings = [name, value]
    for step in steps[:-1]:
        bindings += (name, step)
    return let_form(bindings, steps[-1:] or [name], like=form)


@macro("doto", arglists="([x & forms])")
def doto_macro(form: List, env: Any, *args: Any) -> List:
    """Evaluates x, then each form with it as first argument; gives x."""
    check_count(form, args, 1, None, "(doto value form …)")
    value = gensym("doto")
    for step in args[1:]:
        _check_step(form, step)
    steps = [thread_first(value, step) for step in args[1:]]
    return let_form([value, args[0]], [*steps, value], like=form)


@macro("..", arglists="([x form & more])")
def member_chain_macro(form: List, env: Any, *args: Any) -> Any:
    """Member access in a chain: `(.. x (m a) -f)` is `(.-f (.m x a))`."""
    check_count(form, args, 2, None, "(.. object member …)")
    value = args[0]
    for step in args[1:]:
        listed = as_list(step)
        member, *rest = listed if listed is not None else (step,)
        check_symbol(form, member, "..")
        value = List((_member(member), value, *rest), span=getattr(step, "span", None))
    return value


@macro("memfn", arglists="([name & args])")
def memfn_macro(form: List, env: Any, *args: Any) -> List:
    """A function that calls the member `name` of its first argument with its others."""
    check_count(form, args, 1, None, "(memfn name argument …)")
    target = gensym("target")
    called = List((_member(check_symbol(form, args[0], "memfn")), target, *args[1:]))
    return special(FN, List((vector([target, *args[1:]]), called)), like=form)


def _member(name: Symbol) -> Symbol:
    return Symbol(f".{name.name}", span=name.span)


def _check_step(form: List, step: Any) -> None:
    listed = as_list(step)
    if listed is not None and not len(listed):
        fail(form, f"{form.first()} cannot thread through an empty list", "(function …)", step)
