"""Threads: futures, agents, locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from concurrent.futures import Future as PythonFuture
from queue import SimpleQueue
from typing import Any

from runtime.core.exceptions import ExecutionError
from runtime.core.invoke import as_fn
from runtime.core.kinds import MISSING
from runtime.core.printing import print_reference, register_printer
from runtime.core.registry import core
from runtime.core.state import Reference
from runtime.core.values import Keyword, List
from runtime.process.interruption import Interrupted, acquire, interrupt, wait_for
from runtime.process.threads import AGENT, FUTURE, beside, described, failed, told


class Future:
    """A computation on a thread of its own."""

    __slots__ = ("_inner", "_thread", "_cancelled", "__weakref__")

    def __init__(self, thunk: Callable[[], Any]) -> None:
        self._inner: PythonFuture[Any] = PythonFuture()
        self._cancelled = False

        def run() -> None:
            if not self._inner.set_running_or_notify_cancel():
                return
            try:
                # It may take as long as it wants, until it is cancelled.
                with beside(FUTURE, described(thunk), self.cancel):
                    if self._cancelled:  # before there was anything to interrupt
                        raise CancelledError
                    result = thunk()
            except Interrupted as error:
                stopped = RuntimeError(f"the future was {error}")
                self._inner.set_exception(CancelledError() if self._cancelled else stopped)
            except BaseException as error:  # whoever derefs the future gets it
                if not self._cancelled:
                    failed(self, error)
                self._inner.set_exception(error)
            else:
                self._inner.set_result(result)

        self._thread = threading.Thread(target=run, name="future", daemon=True)
        self._thread.start()

    @property
    def realized(self) -> bool:
        return self._inner.done()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> bool:
        """Have it stop; False when it has its value already."""
        if self._cancelled or self._inner.done():
            return False
        self._cancelled = True
        if not self._inner.cancel():
            interrupt(self._thread.ident)
        return True

    def deref(self) -> Any:
        self._wait(None)
        return self._result()

    def deref_within(self, seconds: float, default: Any) -> Any:
        if not self._wait(seconds):
            return default
        return self._result()

    def _result(self) -> Any:
        """Raises ExecutionError with what the computation raised; CancelledError."""
        told(self)
        if self._inner.cancelled() or (self._cancelled and self._inner.exception() is not None):
            raise CancelledError("the future was cancelled")
        error = self._inner.exception()
        if error is not None:
            raise ExecutionError(error)
        return self._inner.result()

    def _wait(self, seconds: float | None) -> bool:
        return wait_for(lambda slice_s: bool(wait([self._inner], slice_s).done), seconds)


register_printer(Future, print_reference)


@core("future-call", arglists="([f])")
def future_call(f: Any) -> Future:
    """Calls `f` on another thread; deref waits for its result."""
    return Future(as_fn(f))


@core("future?", arglists="([x])")
def is_future(x: Any) -> bool:
    """Whether `x` is a future."""
    return type(x) is Future


@core("future-done?", arglists="([f])")
def future_done(f: Future) -> bool:
    """Whether the future has its value."""
    return f.realized


@core("future-cancel", arglists="([f])")
def future_cancel(f: Future) -> bool:
    """Stops a future that has no value yet; whether it was so. Derefs of it raise."""
    return f.cancel()


@core("future-cancelled?", arglists="([f])")
def future_cancelled(f: Future) -> bool:
    """Whether the future was cancelled."""
    return f.cancelled


FAIL, CONTINUE = Keyword("fail"), Keyword("continue")


class Agent(Reference):
    """A value that actions change, one after the other, on another thread."""

    __slots__ = ("error", "pending", "mode", "handler")

    def __init__(self, value: Any, meta: Any, validator: Any, mode: Keyword, handler: Any) -> None:
        super().__init__(value, meta, validator)
        self.error: BaseException | None = None
        self.mode = mode
        self.handler: Callable[..., Any] | None = handler
        self.pending: list[PythonFuture[Any]] = []

    def act(self, f: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if self.error is not None:
            return
        try:
            with beside(AGENT, described(f)):
                old, new = self.value, f(self.value, *args)
                self.check(new)
                self.value = new
                self.notify(old, new)
        except (Exception, Interrupted) as stopped:  # `agent-error` shows it
            interrupted = isinstance(stopped, Interrupted)
            error = RuntimeError(f"the action was {stopped}") if interrupted else stopped
            assert isinstance(error, Exception)
            if self.mode is FAIL:
                self.error = error
                failed(self, error)
            if self.handler is not None:
                self.handler(self, error)


class Actions:
    """What agents are to do, one after the other, on a thread of its own that ends with the program."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[PythonFuture[Any], Agent, Any, tuple[Any, ...]] | None]
        self._queue = SimpleQueue()
        threading.Thread(target=self._work, name="agents", daemon=True).start()

    def submit(self, target: Agent, f: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Have an action done; `target.pending` knows it until then."""
        done: PythonFuture[Any] = PythonFuture()
        target.pending = [p for p in target.pending if not p.done()]
        target.pending.append(done)
        self._queue.put((done, target, f, args))

    def end(self) -> None:
        """End the thread, after what was submitted."""
        self._queue.put(None)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            done, target, f, args = item
            try:
                target.act(f, args)
            except BaseException as error:  # its error handler failed
                done.set_exception(error)
            else:
                done.set_result(None)


_actions: Actions | None = None


@core("agent", arglists="([state & options])")
def agent(value: Any, *options: Any) -> Agent:
    """A new agent. Options are :meta, :validator, :error-mode and :error-handler."""
    from runtime.core.lookup import seq_to_map

    given = seq_to_map(options) if options else {}
    validator, handler = (
        None if f is None else as_fn(f)
        for f in (given.get(Keyword("validator")), given.get(Keyword("error-handler")))
    )
    mode = given.get(Keyword("error-mode")) or (FAIL if handler is None else CONTINUE)
    return Agent(value, given.get(Keyword("meta")), validator, mode, handler)


@core("send", arglists="([agent f & args])")
@core("send-off", arglists="([agent f & args])")
def send(target: Agent, f: Any, *args: Any) -> Agent:
    """Has the agent set to `(f value args…)` on another thread, soon. Raises if it has failed."""
    global _actions
    if target.error is not None:
        raise RuntimeError("Agent is failed, needs restart") from target.error
    if _actions is None:
        _actions = Actions()
    _actions.submit(target, as_fn(f), args)
    return target


@core("await", arglists="([& agents])")
def await_(*agents: Agent) -> None:
    """Waits until the actions sent to the agents so far are done."""
    for target in agents:
        for pending in list(target.pending):
            wait_for(lambda slice_s, p=pending: bool(wait([p], slice_s).done))  # type: ignore[misc]
            pending.result()


@core("agent-error", arglists="([a])")
def agent_error(target: Agent) -> Any:
    """The exception that stopped the agent, or nil."""
    told(target)
    return target.error


@core("restart-agent", arglists="([a new-state & options])")
def restart_agent(target: Agent, value: Any, *_: Any) -> Any:
    """Lets a failed agent go on with a new value."""
    told(target)
    target.error = None
    target.value = value
    return value


@core("shutdown-agents", arglists="([])")
def shutdown_agents() -> None:
    """Ends the thread of the agents."""
    global _actions
    if _actions is not None:
        _actions.end()
        _actions = None


_monitors: dict[int, tuple[Any, threading.RLock]] = {}


@core("monitor-enter*", arglists="([x])")
def monitor_enter(x: Any) -> None:
    """Takes the lock of `x`; `locking` expands to this."""
    acquire(_monitors.setdefault(id(x), (x, threading.RLock()))[1])


@core("monitor-exit*", arglists="([x])")
def monitor_exit(x: Any) -> None:
    """Gives the lock of `x` back."""
    _monitors[id(x)][1].release()


class LocalVar:
    """What with-local-vars binds: a box that var-get and var-set work on."""

    __slots__ = ("value",)

    def __init__(self, value: Any = MISSING) -> None:
        self.value = value

    def deref(self) -> Any:
        return self.value


@core("local-var*", arglists="([value])")
def local_var(value: Any) -> LocalVar:
    """A new local var."""
    return LocalVar(value)


@core("await-for", arglists="([timeout-ms & agents])")
def await_for(timeout_ms: float, *agents: Agent) -> bool:
    """Like await, for at most so long; whether all actions are done."""
    waiting = [pending for target in agents for pending in target.pending]
    return wait_for(lambda slice_s: not wait(waiting, slice_s).not_done, timeout_ms / 1000)


@core("send-via", arglists="([executor agent f & args])")
def send_via(_: Any, target: Agent, f: Any, *args: Any) -> Agent:
    """Like send: there is one thread for all agents."""
    return send(target, f, *args)


@core("error-mode", arglists="([a])")
def error_mode(target: Agent) -> Keyword:
    """:fail, where an exception stops the agent until it is restarted, or :continue."""
    return target.mode


@core("set-error-mode!", arglists="([a mode])")
def set_error_mode(target: Agent, mode: Keyword) -> None:
    """Sets the error mode, :fail or :continue."""
    if mode not in (FAIL, CONTINUE):
        raise ValueError(f"an error mode is :fail or :continue, found {mode}")
    target.mode = mode


@core("error-handler", arglists="([a])")
def error_handler(target: Agent) -> Any:
    """What is called with the agent and the exception of an action, or nil."""
    return target.handler


@core("set-error-handler!", arglists="([a handler])")
def set_error_handler(target: Agent, handler: Any) -> None:
    """Sets what is called with the agent and the exception of an action."""
    target.handler = None if handler is None else as_fn(handler)


@core("agent-errors", arglists="([a])")
def agent_errors(target: Agent) -> Any:
    """The list of the exception that stopped the agent, nil while it runs."""
    return None if target.error is None else List((target.error,))


@core("clear-agent-errors", arglists="([a])")
def clear_agent_errors(target: Agent) -> Any:
    """Lets a failed agent go on with the value it has."""
    return restart_agent(target, target.value)
