"""Functions that change tier at any moment while a program runs: in the middle of their own calls and of
those of others, and from another thread. It may change no result.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from runtime import Runtime
from runtime.tiers.batch import Ready
from runtime.tiers.functions import INTERPRETED, NEVER_HOT, FnCode

PAUSE_S = 0.0005  # between two interventions of the other thread
MOST_CALLS = 5  # of a function between two interventions


@dataclass(frozen=True, slots=True)
class Definition:
    """A function's definition, where it stands in its file."""

    ns: str
    text: str
    line: int


class Unrest:
    """A context in which a runtime's functions are sent down and up again and redefined to the same.

    Args:
        runtime: of the strategy `tiered`.
        seed: decides what happens at which call. What the other thread does depends on the time too.
    """

    def __init__(self, runtime: Runtime, seed: int) -> None:
        self.definitions: Sequence[Definition] = ()  # of functions that may be defined anew
        self._runtime, self._engine = runtime, runtime.engine
        self._random, self._other_random = random.Random(seed), random.Random(seed + 1)
        self._compiled: dict[FnCode, Ready] = {}  # code that was in force once
        self._intervening = self._calm = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beside, name="unrest")
        self._failure: BaseException | None = None  # of the other thread

    def __enter__(self) -> Unrest:
        self._watch, self._install = self._engine.watch, self._engine._install
        self._engine.watch = self._watched  # type: ignore[method-assign]
        self._engine._install = self._installed  # type: ignore[method-assign]
        for code in self._runtime.table.all():
            self._take_over(code)
        self._threshold, self._runtime.threshold = self._runtime.threshold, 1
        self._usual = sys.getswitchinterval()
        sys.setswitchinterval(PAUSE_S / 10)  # so that it happens in the middle of calls too
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._over.set()
        self._thread.join()
        sys.setswitchinterval(self._usual)
        self._engine.watch, self._engine._install = self._watch, self._install  # type: ignore[method-assign]
        for code in self._runtime.table.all():
            if code.hot == self._at_call:
                code.hot = self._engine._on_hot
        self._runtime.threshold = self._threshold  # and all count towards that again
        if self._failure is not None:
            raise self._failure

    def compile_all(self) -> None:
        """Compile what is not: then there is something to change to."""
        self._calm = True
        self._engine.request(self._runtime.table.all(), "unrest")
        assert self._runtime.wait_idle(120), "the compiler does not come to an end"
        self._calm = False

    # --- on the thread that runs the program ------------------------------------------------------

    def _watched(self, code: FnCode) -> None:
        self._watch(code)
        self._take_over(code)

    def _take_over(self, code: FnCode) -> None:
        if code.policy != "interpret":
            code.hot = self._at_call
            code.hot_at = 0

    def _at_call(self, code: FnCode) -> None:
        """A call of a function begins, in whatever tier it is."""
        if not self._intervening:
            self._intervening = True
            try:
                self._intervene(code)
            finally:
                self._intervening = False
        if code.hot_at == NEVER_HOT:
            code.hot_at = code.calls + self._random.randint(1, MOST_CALLS)

    def _intervene(self, code: FnCode) -> None:
        choice = self._random.random()
        if choice < 0.1 and self.definitions:
            self._define_again(self._random.choice(self.definitions))
        elif choice < 0.4:
            self._change(code, self._random)
        elif choice < 0.8:
            self._change(self._any(self._random), self._random)

    def _define_again(self, definition: Definition) -> None:
        namespaces = self._runtime.namespaces
        before = namespaces.current
        namespaces.current = namespaces.ensure(definition.ns)
        try:
            self._runtime.eval(definition.text, "t.jank", definition.line)
        finally:
            namespaces.current = before

    # --- on any thread ----------------------------------------------------------------------------

    def _any(self, chance: random.Random) -> FnCode | None:
        codes = self._runtime.table.all()
        return chance.choice(codes) if codes else None

    def _change(self, code: FnCode | None, chance: random.Random) -> None:
        """Down if it is up; up, where it has been before or will be compiled now, if it is down."""
        if code is None or code.policy == "interpret":
            return
        if code.tier != INTERPRETED:
            self._engine.deoptimise(code, "unrest")
            return
        compiled = self._compiled.get(code)
        if compiled is None or chance.random() < 0.1:
            self._engine.request([code], "unrest")
        elif code.state == "interpreted":
            code.state = "compiling"
            self._install(compiled)

    def _installed(self, ready: Ready) -> None:
        self._compiled[ready.code] = ready
        self._install(ready)

    def _beside(self) -> None:
        try:
            while not self._over.is_set():
                if not self._calm:
                    self._change(self._any(self._other_random), self._other_random)
                time.sleep(PAUSE_S)
        except Exception as e:
            self._failure = e
