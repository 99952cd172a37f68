"""Evaluations: one after the other on a thread of their own, which prepares them; run in frames.

What is prepared is handed over to `run_jobs`, which whoever draws calls in a frame. So no frame waits for the
compiler.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.nrepl.connection import Connection, Job, Message
from app.nrepl.printing import printing_to
from runtime.errors import render
from runtime.process.gil import BesideFrames
from runtime.process.interruption import CallLimits, limited
from runtime.process.threads import EVAL, listed

FRAME_S = 0.008  # so long evaluations may hold a frame; the next one begins in the next frame
STACK_BYTES = 64 << 20  # analysis recurses on nested forms

Run = Callable[[Callable[[], Any]], BaseException | None]  # calls it; what went wrong
InFrame = Callable[[Callable[[], Any]], Any]  # has it called in a frame; its value
Evaluate = Callable[[str, str, InFrame], str]


class GivenUp(BaseException):
    """Nobody waits for the evaluation any more, and it has not begun to run."""


def plainly(thunk: Callable[[], Any]) -> BaseException | None:
    """Call `thunk`; what it raised."""
    try:
        thunk()
    except Exception as error:
        return error
    return None


@dataclass(eq=False, slots=True)
class _Step:
    """Something of a job to be run in a frame, and how that went."""

    job: Job
    work: Callable[[], Any]
    value: list[Any] = field(default_factory=list)
    problem: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Evaluations:
    """`evaluate(source, file, in_frame)` returns the last value as readable text; what runs of it, it has run
    by `in_frame`. `interrupt(thread)` stops what the thread of that number evaluates."""

    def __init__(self, evaluate: Evaluate, interrupt: Callable[[int], object] | None) -> None:
        self._evaluate = evaluate
        self._interrupt = interrupt
        self._jobs: queue.SimpleQueue[tuple[Job, Connection] | None] = queue.SimpleQueue()
        self._steps: queue.SimpleQueue[_Step] = queue.SimpleQueue()
        self._at: tuple[Job, int] | None = None  # what is worked on, and by which thread
        self._lock = threading.Lock()
        self._closed = False
        before = threading.stack_size(STACK_BYTES)
        self._thread = threading.Thread(target=self._work, name="evaluations", daemon=True)
        self._thread.start()
        threading.stack_size(before)

    def submit(self, job: Job, connection: Connection) -> None:
        """Have a job evaluated."""
        self._jobs.put((job, connection))

    def give_up(self, job: Job) -> None:
        """Evaluate a job no more; stop it where it runs."""
        job.given_up.set()
        with self._lock:
            if self._at is not None and self._at[0] is job and self._interrupt is not None:
                self._interrupt(self._at[1])

    def run_jobs(self, run: Run = plainly) -> None:
        """Within a frame: run what is prepared, each by `run`; what this frame has no time for waits."""
        end = time.perf_counter() + FRAME_S
        while time.perf_counter() < end:
            try:
                step = self._steps.get_nowait()
            except queue.Empty:
                return
            try:
                self._run(step, run)
            except (
                BaseException
            ) as error:  # whatever `run` lets through: no evaluation ends the app
                step.problem = error
            finally:
                step.done.set()

    def close(self) -> None:
        """End the thread; what waits for a frame is given up."""
        self._closed = True
        self._jobs.put(None)
        while not self._steps.empty():
            step = self._steps.get()
            step.job.given_up.set()
            step.problem = GivenUp()
            step.done.set()

    def _run(self, step: _Step, run: Run) -> None:
        job = step.job
        with (
            limited(CallLimits()),  # from here on it can be interrupted
            self._worked_on(job),
            printing_to(lambda text: job.reply({"out": text})),
        ):
            if job.given_up.is_set():
                raise GivenUp
            step.problem = run(lambda: step.value.append(step.work()))

    # --- the thread that prepares -----------------------------------------------------------------

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None and not self._closed:
            job, connection = item
            try:
                outcome = self._answer(job)
            except BaseException as error:  # an answer that cannot be made
                outcome = _failed(job, error)
            if job in connection.jobs:
                connection.jobs.remove(job)
            job.reply(outcome)

    def _answer(self, job: Job) -> Message:
        """Evaluate and answer, but for the last message, which is returned."""
        value: list[str] = []
        problems: list[BaseException] = []
        what = f"{job.file}  {job.source.strip().partition(chr(10))[0][:200]}"
        try:
            with (
                limited(CallLimits()),
                self._worked_on(job),
                BesideFrames(),
                printing_to(lambda text: job.reply({"out": text})),
                listed(EVAL, what, lambda: self.give_up(job)),
            ):
                if not job.given_up.is_set():
                    in_frame = self._in_frame(job, problems)
                    value.append(self._evaluate(job.source, job.file, in_frame))
        except GivenUp:
            return {"status": ["done", "interrupted"]}
        except BaseException as error:  # macros are scripts', and may raise anything
            problems.insert(0, error)
        if value:
            job.reply({"value": value[0]})
        if not problems:
            return {"status": ["done"] if value else ["done", "interrupted"]}
        return _failed(job, problems[0])

    def _in_frame(self, job: Job, problems: list[BaseException]) -> InFrame:
        """What goes wrong in a frame that gave a value is added to `problems`."""

        def in_frame(work: Callable[[], Any]) -> Any:
            if self._closed or job.given_up.is_set():
                raise GivenUp
            step = _Step(job, work)
            with self._not_worked_on():  # not here
                self._steps.put(step)
                if self._closed:
                    self.close()
                step.done.wait()
            if not step.value:
                raise step.problem if step.problem is not None else GivenUp()
            if step.problem is not None:
                problems.append(step.problem)
            return step.value[0]

        return in_frame

    @contextmanager
    def _worked_on(self, job: Job) -> Iterator[None]:
        """Has `give_up` find it on this thread."""
        with self._lock:
            before, self._at = self._at, (job, threading.get_ident())
        try:
            yield
        finally:
            with self._lock:
                self._at = before

    @contextmanager
    def _not_worked_on(self) -> Iterator[None]:
        with self._lock:
            before, self._at = self._at, None
        try:
            yield
        finally:
            with self._lock:
                self._at = before


def _failed(job: Job, problem: BaseException) -> Message:
    job.reply({"err": _text_of(problem) + "\n", "ex": type(problem).__name__})
    return {"status": ["done", "interrupted" if job.given_up.is_set() else "eval-error"]}


def _text_of(problem: BaseException) -> str:
    """A problem as people read it, even one whose own text cannot be made."""
    try:
        return render(problem)
    except Exception:
        return type(problem).__name__
