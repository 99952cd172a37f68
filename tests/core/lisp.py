"""A tiny evaluator for tests of core functions: calls, literals, quote, fn and if. No macros, no compiler."""

from __future__ import annotations

from typing import Any

from runtime.core import load_all
from runtime.core.collections import Set
from runtime.core.invoke import as_fn
from runtime.core.kinds import Map, PVector, vector
from runtime.core.registry import TABLE
from runtime.core.values import EMPTY_LIST, List, Symbol
from runtime.reader.reader import read_all

load_all()
Env = dict[str, Any]


def function(name: str, ns: str = "clojure.core") -> Any:
    """The value of a core var."""
    return TABLE[ns, name].value


def evaluate(text: str, **names: Any) -> Any:
    """The value of the last form of `text`, in which `names` stand for Python values."""
    value: Any = None
    for form in read_all(text, "<test>"):
        value = _eval(getattr(form, "form", form), names)
    return value


def _eval(form: Any, env: Env) -> Any:
    if type(form) is Symbol:
        if form.ns is None and form.name in env:
            return env[form.name]
        return function(form.name, form.ns or "clojure.core")
    if type(form) is PVector:
        return vector([_eval(x, env) for x in form])
    if type(form) is Map:
        return Map([(_eval(k, env), _eval(v, env)) for k, v in form.items()])
    if type(form) is Set:
        return Set.make(_eval(x, env) for x in form)
    if type(form) is not List:
        return form
    if not len(form):
        return EMPTY_LIST
    head, *args = form
    if type(head) is Symbol and head.name == "quote":
        return args[0]
    if type(head) is Symbol and head.name == "if":
        test, then, *other = args
        answer = _eval(test, env)
        chosen = then if answer is not None and answer is not False else (*other, None)[0]
        return _eval(chosen, env)
    if type(head) is Symbol and head.name in ("fn", "fn*"):
        params, body = args
        if type(params) is List:  # (fn* ([x] body))
            params, body = params
        return _function(params, body, env)
    return as_fn(_eval(head, env))(*[_eval(arg, env) for arg in args])


def _function(params: Any, body: Any, env: Env) -> Any:
    names = [p.name for p in params]
    fixed = names.index("&") if "&" in names else len(names)

    def call(*args: Any) -> Any:
        if len(args) < fixed or (len(args) > fixed == len(names)):
            raise TypeError(f"wrong number of arguments: {len(args)}")
        local = dict(zip(names[:fixed], args[:fixed], strict=True))
        if fixed < len(names):
            local[names[-1]] = List(args[fixed:]) if args[fixed:] else None
        return _eval(body, {**env, **local})

    return call
