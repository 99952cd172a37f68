"""Small programs and what must come of them, under every strategy.

A module of tests declares its C++ in a header beside it and lists expressions: those that have a value, those
that are no program (`«…»` marks the form the error must stand at) and those that fail when they run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import LispError, RuntimeFault, render

FOLDER = Path(__file__).parent
STRATEGIES = {
    "interpret": 100,
    "stub-jit": 100,
    "inline-jit": 100,
    "tiered": 1,
}  # strategy -> threshold


@dataclass(frozen=True, slots=True)
class Rejected:
    """An expression that is no program. `texts` must all be in the error as people read it."""

    source: str
    kind: type[LispError]
    texts: tuple[str, ...]


TABLES: dict[str, list[str]] = {}  # by prelude: the programs with a value of the modules imported
PAIRS: dict[str, list[tuple[str, str]]] = {}  # likewise, with those values
REJECTED: dict[str, list[Rejected]] = {}  # likewise, those that are no programs


@dataclass(slots=True)
class Bench:
    """One runtime in which a module's programs run."""

    strategy: str
    runtime: Runtime
    count: int = 0
    prelude: list[str] = field(default_factory=list)

    def value(self, source: str) -> str:
        """The value of an expression as Lisp prints it; in tiers that warm up, that of every tier."""
        if self.strategy != "tiered":
            return pr_str(self.runtime.eval(source))
        self.count += 1
        name = f"program-{self.count}"
        self.runtime.eval(f"(defn {name} [] {source})")
        first = pr_str(self.runtime.eval(f"({name})"))
        assert self.runtime.wait_idle(120)
        assert pr_str(self.runtime.eval(f"({name})")) == first
        return first

    def rejection(self, program: Rejected) -> None:
        """Check the error of a program and that it changed nothing."""
        text = program.source
        mark = text.index("«")
        plain = text.replace("«", "").replace("»", "")
        self.runtime.eval("(defn victim [] :before)")
        line = f"(defn victim [] {plain})"
        with pytest.raises(LispError) as caught:
            self.runtime.eval(line, filename="rejected.jank")
        error = caught.value
        shown = render(error, lambda file: line if file == "rejected.jank" else None)
        assert type(error) is program.kind, shown
        for wanted in program.texts:
            assert wanted in shown, shown
        assert not re.search(r"\bts::", shown), shown
        before = text[:mark]
        assert error.span is not None, shown
        found = (error.span.line, error.span.col)
        column = (
            len("(defn victim [] ") + mark + 1 if "\n" not in before else mark - before.rfind("\n")
        )
        assert found == (1 + before.count("\n"), column), shown
        assert self.value("(victim)") == ":before"

    def fault(self, source: str) -> str:
        """The text of the error with which a program fails when it runs."""
        with pytest.raises(RuntimeFault) as caught:
            self.value(source)
        return render(caught.value, lambda file: None)


def bench(prelude: str) -> object:
    """A fixture: a `Bench` per strategy, in which `prelude` was evaluated. What follows in its module
    belongs to that prelude."""
    for tables in (TABLES, PAIRS, REJECTED):
        tables.pop(prelude, None)
        tables[prelude] = []

    @pytest.fixture(scope="module", params=list(STRATEGIES), name="bench")
    def make(request: pytest.FixtureRequest) -> Iterator[Bench]:
        strategy = request.param
        runtime = Runtime(strategy, threshold=STRATEGIES[strategy], include_dirs=[FOLDER])
        runtime.eval(prelude, filename="prelude.jank")
        yield Bench(strategy, runtime)
        runtime.close()

    return make


def each(table: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Parametrises a test over (source, expected) pairs."""
    TABLES[next(reversed(TABLES))] += [source for source, _ in table]
    PAIRS[next(reversed(PAIRS))] += table
    return pytest.mark.parametrize(("source", "expected"), table, ids=[short(s) for s, _ in table])


def each_rejected(
    table: list[tuple[str, type[LispError], tuple[str, ...]]],
) -> pytest.MarkDecorator:
    """Parametrises a test over programs that are none."""
    programs = [Rejected(*row) for row in table]
    REJECTED[next(reversed(REJECTED))] += programs
    return pytest.mark.parametrize("program", programs, ids=[short(r[0]) for r in table])


def short(source: str) -> str:
    """A source text as a test's name."""
    text = " ".join(source.split())
    return text if len(text) <= 60 else text[:59] + "…"
