"""Tier 0 against the same in plain Python over the same collections: calls, loops, maps, strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from immutables import Map

from app.bench._measure import Metrics, in_process, in_turn
from runtime.core.values import Keyword
from runtime.runtime import Runtime

ROUNDS = 15
LISP = """
(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(defn sums [n] (loop [i 0 s 0.0] (if (< i n) (recur (inc i) (+ s (* i 0.5))) s)))
(defn maps [n]
  (loop [i 0 m {:a 1 :b 2}]
    (if (< i n) (recur (inc i) (assoc m :a (+ (:a m) (get m :b)))) (:a m))))
(defn strings [n] (loop [i 0 c 0] (if (< i n) (recur (inc i) (+ c (count (str "item " i ": " c)))) c)))
"""
A, B = Keyword("a"), Keyword("b")


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def sums(n: int) -> float:
    i, s = 0, 0.0
    while i < n:
        i, s = i + 1, s + i * 0.5
    return s


def maps(n: int) -> Any:
    i = 0
    m: Map[Keyword, Any] = Map({A: 1, B: 2})
    while i < n:
        i, m = i + 1, m.set(A, m.get(A, 0) + m.get(B, 0))
    return m[A]


def strings(n: int) -> int:
    i, c = 0, 0
    while i < n:
        i, c = i + 1, c + len("item " + str(i) + ": " + str(c))
    return c


WORKS: dict[str, tuple[str, Callable[[int], Any], int]] = {
    "fib": ("fib", fib, 22),
    "loop": ("sums", sums, 10_000),  # too short to go on in compiled code
    "maps": ("maps", maps, 10_000),
    "strings": ("strings", strings, 10_000),
}


def run() -> dict[str, Any]:
    """Milliseconds a call, under `interpret` and in Python, which take turns."""
    rows = in_process(measure)
    ratios = {f"{name}_vs_python": row["tier0_ms"] / row["python_ms"] for name, row in rows.items()}
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """The rows of this process."""
    runtime = Runtime("interpret")
    runtime.eval(LISP)
    rows: dict[str, Metrics] = {}
    for name, (function, python, n) in WORKS.items():
        lisp = runtime.namespaces.ensure("user").vars[function].root
        assert lisp(n) == python(n)
        works: dict[str, Callable[[], object]] = {
            "tier0_ms": lambda f=lisp, n=n: f(n),  # type: ignore[misc]
            "python_ms": lambda f=python, n=n: f(n),  # type: ignore[misc]
        }
        rows[name] = {key: s * 1e3 for key, s in in_turn(works, ROUNDS, 0.01).items()}
    runtime.close()
    return rows
