"""Everything observable is an event: typed records in one ring buffer.

Panels, reports, traces and tests read the same records. Times are seconds of `time.perf_counter`,
durations are milliseconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of all records; `at` is when it happened."""

    at: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload(Event):
    """A script was read again. `latency_ms` runs from the file's change to the swap."""

    file: str
    forms_total: int
    forms_evaluated: int
    latency_ms: float
    ok: bool
    reasons: tuple[str, ...] = ()  # each form that was evaluated, and why: "derived: base changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CppReload(Event):
    """Edited C++ was declared again, with the `headers` that may mean it. `latency_ms` and `reasons` as of a
    Reload, the latter with the script's name. What is static in the sources `rebuilt` starts anew."""

    files: tuple[str, ...]
    headers: tuple[str, ...]
    latency_ms: float
    ok: bool
    reasons: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxesCarried(Event):
    """Boxes hold new objects of a struct whose layout changed; the fields `lost` have no place in it."""

    type: str
    boxes: int
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRestored(Event):
    """After a restart: the `vars` hold what they held before, but for what was `lost`."""

    vars: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateUnkept(Event):
    """What a var holds would not survive the loss of this process, and why."""

    var: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed(Event):
    """Forms of a file became typed ASTs, and those what tier 0 runs. `ms` includes Clang's answers."""

    file: str
    forms: int
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StubMiss(Event):
    """A stub had to be compiled. `batch` counts the stubs made in the same transaction."""

    signature: str
    batch: int
    compile_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeQuery(Event):
    """Clang answered a batch of type questions."""

    questions: int
    compile_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryBuilt(Event):
    """The C++ beside a header was compiled as a library, or found compiled: then the time is that of loading.
    Its variables start anew."""

    file: str
    compile_ms: float
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryBuilding(Event):
    """The C++ beside a header is still being compiled, since so many seconds; reloads behind it wait."""

    file: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compile(Event):
    """A transaction that compiled whole functions. `error` is empty when it succeeded."""

    functions: tuple[str, ...]
    tier: int
    compile_ms: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChange(Event):
    """A function moved between tiers; `cause` says why: what was counted, `^:jit`, a redefinition …"""

    function: str
    old: int
    new: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deoptimised(Event):
    """Compiled code met a broken assumption and its function went back to tier 0."""

    function: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped(Event):
    """A function on its way to compiled code was taken out of it, because that no longer mattered."""

    function: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """A hot function stays in tier 0 by policy."""

    function: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded(Event):
    """Something goes its slower way for as long as this process lives."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultContained(Event):
    """C++ that a script called faulted, and the process goes on. `frames` are C++, innermost first."""

    what: str
    frames: tuple[str, ...]
    damaged: bool  # memory may be


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowCompile(Event):
    """A transaction takes longer than `limit_s` seconds; it goes on, and so does everything else."""

    functions: tuple[str, ...]
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Event):
    """An error the user can see; `error` is an instance of `runtime.errors.LispError`."""

    error: Exception
    source: str = ""  # the script or the subsystem it belongs to


E = TypeVar("E", bound=Event)


class EventLog:
    """A ring buffer of the last `capacity` events, with totals that outlive it. Safe across threads."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._ring: deque[tuple[int, Event]] = deque(maxlen=capacity)
        self._serial = count(1)
        self._listeners: list[Callable[[Event], None]] = []

    def add(self, event: Event) -> None:
        """Append `event` and tell the listeners, on the calling thread."""
        self._ring.append((next(self._serial), event))
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every later event, on the thread that adds it."""
        self._listeners.append(listener)

    def since(self, serial: int) -> tuple[int, list[Event]]:
        """Events with a number above `serial`, and the newest number: pass it the next time."""
        entries = list(self._ring)
        newest = entries[-1][0] if entries else serial
        return newest, [event for number, event in entries if number > serial]

    def of(self, kind: type[E]) -> list[E]:
        """The buffered events of one type, oldest first."""
        return [event for _, event in list(self._ring) if isinstance(event, kind)]

    def __iter__(self) -> Iterator[Event]:
        return iter([event for _, event in list(self._ring)])

    def __len__(self) -> int:
        return len(self._ring)
