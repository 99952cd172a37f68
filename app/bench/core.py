"""Core functions against the same operation in plain Python on the same collections."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

import immutables
import pyrsistent

from runtime.core import load_all
from runtime.core.registry import TABLE
from runtime.core.values import Keyword

ITEMS = 1_000  # in the vector that is walked
# Name of the row → (the core function's call, the same in plain Python). Names are those of `_names`.
CALLS = {
    "get": ("get(m, k)", "m.get(k)"),
    "assoc": ("assoc(m, k, 1)", "m.set(k, 1)"),
    "=": ("equal(1, 2)", "1 == n"),
    "= of maps": ("equal(m, m2)", "m == m2"),
    "<": ("less(1, n)", "1 < n"),
    "str": ("str_('a', 1, k)", "'a' + str(1) + str(k)"),
    "first": ("first(v)", "v[0]"),
    "nth": ("nth(v, 1)", "v[1]"),
    "count": ("count(v)", "len(v)"),
    "conj": ("conj(v, 1)", "v.append(1)"),
    "swap!": ("swap(atom, step)", "box.value = step(box.value)"),
    "swap! assoc": ("swap(state, assoc, k, 1)", "mbox.value = mbox.value.set(k, 1)"),
    "update": ("update(m, k, step)", "m.set(k, step(m.get(k)))"),
}
LOOPS = {
    "reduce": ("reduce(plus, 0, v)", "sum_by(plus, v)"),
    "map": ("dorun(map_(step, v))", "call_each(step, v)"),
    "map and reduce": ("reduce(plus, 0, map_(step, v))", "sum_mapped(plus, step, v)"),
    "filter": ("dorun(filter_(step, v))", "call_each(step, v)"),
    "mapv": ("mapv(step, v)", "pvector([step(x) for x in v])"),
    "doseq": ("walk(v)", "call_each(nothing, v)"),
    "into": ("into(empty, v)", "empty.extend(v)"),
}


class Box:
    """A mutable place, the plain Python counterpart of an atom."""

    def __init__(self, value: Any) -> None:
        self.value = value


def sum_by(f: Callable[[Any, Any], Any], items: Any) -> Any:
    acc = 0
    for x in items:
        acc = f(acc, x)
    return acc


def sum_mapped(f: Callable[[Any, Any], Any], g: Callable[[Any], Any], items: Any) -> Any:
    acc = 0
    for x in items:
        acc = f(acc, g(x))
    return acc


def call_each(f: Callable[[Any], Any], items: Any) -> None:
    for x in items:
        f(x)


def _names() -> dict[str, Any]:
    load_all()
    named = {
        "equal": "=",
        "less": "<",
        "str_": "str",
        "swap": "swap!",
        "map_": "map",
        "filter_": "filter",
    }
    plain = "get assoc first nth count conj update reduce dorun mapv into".split()  # noqa: SIM905
    core = {name: TABLE["clojure.core", name].value for name in plain}
    core |= {mine: TABLE["clojure.core", lisp].value for mine, lisp in named.items()}
    walk_of, advance, end = (TABLE["clojure.core", n].value for n in ("walk*", "advance*", "end*"))

    def nothing(x: Any) -> None:
        pass

    def walk(coll: Any) -> None:
        """What `doseq` expands to."""
        items = walk_of(coll)
        item = advance(items)
        while item is not end:
            nothing(item)
            item = advance(items)

    k = Keyword("k7")
    m = immutables.Map({Keyword(f"k{i}"): i for i in range(16)})
    atom = TABLE["clojure.core", "atom"].value
    return {
        **core,
        "k": k,
        "m": m,
        "m2": m.set(k, 0).set(k, 7),
        "n": 2,
        "v": pyrsistent.pvector(range(ITEMS)),
        "empty": pyrsistent.pvector(),
        "pvector": pyrsistent.pvector,
        "step": lambda x: x + 1,
        "plus": lambda a, b: a + b,
        "nothing": nothing,
        "walk": walk,
        "atom": atom(0),
        "box": Box(0),
        "state": atom(m),
        "mbox": Box(m),
        "sum_by": sum_by,
        "sum_mapped": sum_mapped,
        "call_each": call_each,
    }


def _nanoseconds(statement: str, names: dict[str, Any], number: int) -> float:
    times = timeit.repeat(statement, globals=names, number=number, repeat=5)
    return min(times) / number * 1e9


def run() -> dict[str, Any]:
    """Nanoseconds a call, or an item of a vector of 1,000; ratios are core over plain Python."""
    names = _names()
    rows: dict[str, dict[str, float]] = {}
    ratios: dict[str, float] = {}
    for table, number, per in ((CALLS, 50_000, 1), (LOOPS, 50, ITEMS)):
        for name, (core, python) in table.items():
            ours = _nanoseconds(core, names, number) / per
            theirs = _nanoseconds(python, names, number) / per
            rows[name] = {"core_ns": round(ours, 1), "python_ns": round(theirs, 1)}
            ratios[f"{name} / Python"] = round(ours / theirs, 2)
    return {"rows": rows, "ratios": ratios}
