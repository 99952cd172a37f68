"""References: atoms, volatiles, delays, promises, futures, and deref over all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from runtime.core.invoke import as_fn
from runtime.core.kinds import EMPTY_MAP, MISSING, Map, type_name, vector
from runtime.core.lookup import seq_to_map
from runtime.core.printing import print_reference, register_printer
from runtime.core.registry import core
from runtime.core.sequences import IterSeq, LazySeq
from runtime.core.values import Keyword
from runtime.process.interruption import acquire, wait


class Reference:
    """What can have watches and a validator. Both None is the common, fast case."""

    __slots__ = ("value", "watches", "validator", "meta", "__weakref__")

    def __init__(self, value: Any, meta: Any = None, validator: Any = None) -> None:
        self.value = value
        self.meta = meta
        self.watches: Map[Any, Any] | None = None
        self.validator: Callable[[Any], Any] | None = validator

    def deref(self) -> Any:
        return self.value

    def check(self, value: Any) -> None:
        """Raises RuntimeError when the validator refuses `value`."""
        if self.validator is not None:
            answer = self.validator(value)
            if answer is None or answer is False:
                raise RuntimeError("Invalid reference state")

    def notify(self, old: Any, new: Any) -> None:
        if self.watches is not None:
            for key, watch in self.watches.items():
                watch(key, self, old, new)


class Atom(Reference):
    """A value that changes by `swap!` and `reset!`."""

    __slots__ = ()

    def change(self, f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Any]:
        """Set the value to `f(value, *args)`; the old value and the new one."""
        while True:
            old = self.value
            new = f(old, *args)
            if self.validator is not None:
                self.check(new)
            # The interpreter changes threads at calls and backward jumps only: of these two there is
            # none between the test and the assignment, so together they are a compare-and-set.
            if self.value is old:
                self.value = new
                break
        if self.watches is not None:
            self.notify(old, new)
        return old, new


def _atom(ref: Any, who: str) -> Atom:
    if type(ref) is not Atom:
        raise TypeError(f"{who} takes an atom, found {type_name(ref)}")
    return ref


@core("atom", arglists="([x] [x & options])")
def atom(value: Any, *options: Any) -> Atom:
    """A new atom. Options are :meta and :validator."""
    if not options:
        return Atom(value)
    given = seq_to_map(options)
    validator = given.get(Keyword("validator"), None)
    made = Atom(value, given.get(Keyword("meta"), None))
    made.validator = None if validator is None else as_fn(validator)
    made.check(value)
    return made


@core("swap!", arglists="([atom f] [atom f x] [atom f x y] [atom f x y & args])")
def swap(ref: Any, f: Any, *args: Any) -> Any:
    """Sets the atom to `(f value args…)` and returns that. `f` may run more than once."""
    f = as_fn(f)
    if type(ref) is Atom and ref.validator is None and ref.watches is None:
        while True:
            old = ref.value
            new = f(old, *args)
            if ref.value is old:  # see `Atom.change`
                ref.value = new
                return new
    return _atom(ref, "swap!").change(f, args)[1]


@core("swap-vals!", arglists="([atom f] [atom f x] [atom f x y] [atom f x y & args])")
def swap_vals(ref: Any, f: Any, *args: Any) -> Any:
    """Like swap!, but returns the vector of the old and the new value."""
    return vector(_atom(ref, "swap-vals!").change(as_fn(f), args))


@core("reset!", arglists="([atom newval])")
def reset(ref: Any, value: Any) -> Any:
    """Sets the atom to `value`, whatever it was."""
    if type(ref) is Atom and ref.validator is None and ref.watches is None:
        ref.value = value
        return value
    return _atom(ref, "reset!").change(lambda _: value, ())[1]


@core("reset-vals!", arglists="([atom newval])")
def reset_vals(ref: Any, value: Any) -> Any:
    """Like reset!, but returns the vector of the old and the new value."""
    return vector(_atom(ref, "reset-vals!").change(lambda _: value, ()))


@core("compare-and-set!", arglists="([atom oldval newval])")
def compare_and_set(ref: Any, old: Any, new: Any) -> bool:
    """Sets the atom to `new` if it holds `old` (identical, or an equal number or string)."""
    ref = _atom(ref, "compare-and-set!")
    ref.check(new)
    found = ref.value
    if found is not old and not (type(found) is type(old) in (int, float, str) and found == old):
        return False
    if ref.value is found:
        ref.value = new
    ref.notify(found, new)
    return True


@core("add-watch", arglists="([reference key fn])")
def add_watch(ref: Any, key: Any, f: Any) -> Any:
    """Calls `(f key ref old new)` after each change of the reference."""
    ref.watches = (EMPTY_MAP if ref.watches is None else ref.watches).set(key, as_fn(f))
    return ref


@core("remove-watch", arglists="([reference key])")
def remove_watch(ref: Any, key: Any) -> Any:
    """Takes the watch with that key away."""
    if ref.watches is not None and key in ref.watches:
        ref.watches = ref.watches.delete(key) if len(ref.watches) > 1 else None
    return ref


@core("set-validator!", arglists="([reference f])")
def set_validator(ref: Any, f: Any) -> None:
    """Makes the reference refuse values for which `f` is logical false; nil takes it away."""
    old = ref.validator
    ref.validator = None if f is None else as_fn(f)
    try:
        ref.check(ref.value)
    except RuntimeError:
        ref.validator = old
        raise


@core("get-validator", arglists="([reference])")
def get_validator(ref: Any) -> Any:
    """The validator of the reference, or nil."""
    return ref.validator


class Volatile:
    """A box for a value that one thread changes, as transducers use it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def deref(self) -> Any:
        return self.value


@core("volatile!", arglists="([val])")
def volatile(value: Any) -> Volatile:
    """A new volatile."""
    return Volatile(value)


@core("vreset!", arglists="([vol newval])")
def vreset(ref: Volatile, value: Any) -> Any:
    """Sets the volatile to `value`."""
    ref.value = value
    return value


class Delay:
    """A computation that runs when it is first asked for; its exception is kept and raised again."""

    __slots__ = ("_thunk", "_value", "_error", "_lock")

    def __init__(self, thunk: Callable[[], Any]) -> None:
        self._thunk: Callable[[], Any] | None = thunk
        self._value: Any = None
        self._error: BaseException | None = None
        self._lock = threading.RLock()

    @property
    def realized(self) -> bool:
        return self._thunk is None

    def deref(self) -> Any:
        if self._thunk is not None:
            acquire(self._lock)
            try:
                if self._thunk is not None:
                    try:
                        self._value = self._thunk()
                    except Exception as error:
                        self._error = error
                    self._thunk = None
            finally:
                self._lock.release()
        if self._error is not None:
            raise self._error
        return self._value


@core("delay*", arglists="([thunk])")
def delay(thunk: Any) -> Delay:
    """The delay of what `thunk` returns; the macro `delay` expands to this."""
    return Delay(as_fn(thunk))


@core("force", arglists="([x])")
def force(x: Any) -> Any:
    """The value of a delay; anything else is its own."""
    return x.deref() if type(x) is Delay else x


class Promise:
    """A value that `deliver` (or calling the promise) sets once, and `deref` waits for."""

    __slots__ = ("_done", "_value")

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: Any = None

    @property
    def realized(self) -> bool:
        return self._done.is_set()

    def __call__(self, value: Any) -> Any:
        if self._done.is_set():
            return None
        self._value = value
        self._done.set()
        return self

    def deref(self) -> Any:
        wait(self._done)
        return self._value

    def deref_within(self, seconds: float, default: Any) -> Any:
        return self._value if wait(self._done, seconds) else default


@core("promise", arglists="([])")
def promise() -> Promise:
    """A new promise."""
    return Promise()


@core("deliver", arglists="([promise val])")
def deliver(ref: Promise, value: Any) -> Any:
    """Gives the promise its value; nil when it has one already."""
    return ref(value)


@core("deref", arglists="([ref] [ref timeout-ms timeout-val])")
def deref(ref: Any, timeout_ms: Any = MISSING, default: Any = None) -> Any:
    """The value of a reference. With a timeout, `default` if it takes longer."""
    if type(ref) is Atom or type(ref) is Volatile:
        return ref.value
    if timeout_ms is not MISSING and hasattr(ref, "deref_within"):
        return ref.deref_within(timeout_ms / 1000, default)
    try:
        read = ref.deref
    except AttributeError:
        raise TypeError(f"{type_name(ref)} cannot be dereferenced") from None
    return read()


@core("realized?", arglists="([x])")
def is_realized(x: Any) -> bool:
    """Whether a delay, promise, future or lazy sequence has its value."""
    if isinstance(x, LazySeq | IterSeq) or hasattr(x, "realized"):
        return bool(x.realized)
    raise TypeError(f"realized? is not supported on {type_name(x)}")


for _kind in (Reference, Volatile, Delay, Promise):
    register_printer(_kind, print_reference)


@core("system-time", arglists="([])")
def system_time() -> int:
    """A clock in nanoseconds, for differences."""
    return time.perf_counter_ns()
