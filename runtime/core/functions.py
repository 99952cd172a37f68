"""Functions about functions: apply, comp, partial, juxt, memoize, fnil and the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial as python_partial
from itertools import chain, islice
from typing import Any

from runtime.core.invoke import as_fn, invoke
from runtime.core.kinds import vector
from runtime.core.registry import TABLE, core
from runtime.core.sequences import Concat, Cons, IterSeq, LazySeq, iterate, seq
from runtime.native import _support

Fn = Callable[..., Any]


@core("identity", arglists="([x])")
def identity(x: Any) -> Any:
    """Its argument."""
    return x


@core("constantly", arglists="([x])")
def constantly(x: Any) -> Fn:
    """A function that takes anything and returns `x`."""
    return lambda *_: x


class Rest:
    """The last argument of a call that stands for all further ones: what a rest parameter is to become."""

    __slots__ = ("seq",)

    def __init__(self, seq: Any) -> None:
        self.seq = seq


@core("apply", arglists="([f args] [f x args] [f x y & args])")
def apply(f: Any, *args: Any) -> Any:
    """Calls `f` with the arguments, the last of which is a sequence of further ones.

    A lazy one is not evaluated further than a variadic `f` needs: it may be endless.
    """
    last = args[-1]
    if type(last) in _LAZY:
        return _apply_lazily(f, list(args[:-1]), last)
    if len(args) == 1:
        return as_fn(f)(*iterate(last))
    return as_fn(f)(*args[:-1], *iterate(last))


_LAZY = frozenset((LazySeq, IterSeq, Cons, Concat))


def _apply_lazily(f: Any, args: list[Any], more: Any) -> Any:
    kind = type(f)
    if issubclass(kind, _support.VarBase):
        return _apply_lazily(f.deref(), args, more)
    if kind is python_partial:
        return _apply_lazily(f.func, [*f.args, *args], more)
    if kind is _support.Fn:
        required = next((a.required for a in f.code.node.arities if a.variadic), None)
        if required is not None:
            left = iter(iterate(more))
            if len(args) <= required:
                args += islice(left, required + 1 - len(args))
                if len(args) <= required:
                    return f(*args)
            rest: Any = IterSeq.over(left)
            for item in reversed(args[required:]):
                rest = Cons(item, rest)
            return f(*args[:required], Rest(rest))
    elif f is TABLE["clojure.core", "concat"].value:
        return IterSeq.over(item for part in chain(args, iterate(more)) for item in iterate(part))
    return as_fn(f)(*args, *iterate(more))


@core("comp", arglists="([] [f] [f g] [f g & fs])")
def comp(*fs: Any) -> Fn:
    """The composition: the last function takes the arguments, each other one the result before it."""
    if not fs:
        return identity
    *outer, innermost = [as_fn(f) for f in fs]
    if not outer:
        return innermost
    if len(outer) == 1:
        f = outer[0]
        return lambda *args: f(innermost(*args))
    outer.reverse()

    def composed(*args: Any) -> Any:
        value = innermost(*args)
        for f in outer:
            value = f(value)
        return value

    return composed


@core("partial", arglists="([f] [f arg1 & args])")
def partial(f: Any, *args: Any) -> Fn:
    """`f` with its first arguments given."""
    return python_partial(as_fn(f), *args) if args else as_fn(f)


@core("complement", arglists="([f])")
def complement(f: Any) -> Fn:
    """A function that is true where `f` is logical false."""
    f = as_fn(f)

    def negated(*args: Any) -> bool:
        answer = f(*args)
        return answer is None or answer is False

    return negated


@core("juxt", arglists="([f] [f g] [f g & fs])")
def juxt(f: Any, *fs: Any) -> Fn:
    """A function that returns the vector of what each of the functions returns."""
    functions = [as_fn(g) for g in (f, *fs)]
    return lambda *args: vector([g(*args) for g in functions])


@core("fnil", arglists="([f x] [f x y] [f x y z])")
def fnil(f: Any, *defaults: Any) -> Fn:
    """`f` with its first arguments replaced by the defaults where they are nil."""
    f = as_fn(f)

    def patched(*args: Any) -> Any:
        given = [
            default if arg is None else arg for arg, default in zip(args, defaults, strict=False)
        ]
        return f(*given, *args[len(given) :])

    return patched


@core("memoize", arglists="([f])")
def memoize(f: Any) -> Fn:
    """`f` remembering its result for each list of arguments."""
    f = as_fn(f)
    known: dict[Any, Any] = {}

    def remembered(*args: Any) -> Any:
        # Python takes 1, 1.0 and true for one key; functions tell them apart.
        key = (args, tuple(map(type, args)))
        if key not in known:
            known[key] = f(*args)
        return known[key]

    return remembered


@core("every-pred", arglists="([p] [p1 p2 & ps])")
def every_pred(*preds: Any) -> Fn:
    """A predicate that is true when all predicates hold for all arguments."""
    preds = tuple(map(as_fn, preds))

    def holds(*args: Any) -> bool:
        for pred in preds:
            for arg in args:
                answer = pred(arg)
                if answer is None or answer is False:
                    return False
        return True

    return holds


@core("some-fn", arglists="([p] [p1 p2 & ps])")
def some_fn(*preds: Any) -> Fn:
    """A function that returns the first logical true value of a predicate on an argument."""
    preds = tuple(map(as_fn, preds))

    def first_true(*args: Any) -> Any:
        answer = None
        for arg in args:
            for pred in preds:
                answer = pred(arg)
                if answer is not None and answer is not False:
                    return answer
        return answer

    return first_true


@core("not", arglists="([x])")
def not_(x: Any) -> bool:
    """True for nil and false."""
    return x is None or x is False


@core("trampoline", arglists="([f] [f & args])")
def trampoline(f: Any, *args: Any) -> Any:
    """Calls `f`, then whatever function comes back, until something else does."""
    from runtime.core.predicates import is_fn

    result = invoke(f, *args)
    while is_fn(result):
        result = result()
    return result


@core("comparator", arglists="([pred])")
def comparator(pred: Any) -> Fn:
    """A three-way comparison of a less-than predicate."""
    from runtime.core.constructors import comparator as three_way

    return three_way(pred)


@core("pmap", arglists="([f coll] [f coll & colls])")
def pmap(f: Any, *colls: Any) -> Any:
    """Like map. Python runs one thread at a time, so nothing would be gained by more of them."""
    from runtime.core.lazy import map_

    return map_(f, *colls)


@core("seque", arglists="([s] [n-or-q s])")
def seque(*args: Any) -> Any:
    """The sequence, which is evaluated as it is consumed: no other thread works ahead."""
    return seq(args[-1])


@core("pcalls", arglists="([& fns])")
def pcalls(*fns: Any) -> Any:
    """The lazy sequence of the results of the functions."""
    from runtime.core.lazy import map_

    return map_(lambda f: as_fn(f)(), vector(fns))
