"""The facade that the app, tests and other programs use: a Lisp runtime with tiers over C++."""

from __future__ import annotations

import difflib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runtime.analysis.printer import show
from runtime.cling import CPP_SUFFIXES
from runtime.cling.headers import ImGuiHeaders
from runtime.cling.instances import plain_layout
from runtime.cling.session import session
from runtime.core.output import use_vars
from runtime.core.values import Symbol
from runtime.entry_points import EntryPoint, named_entries, script_entries
from runtime.errors import AnalysisError, LispError, LispErrors, RuntimeFault
from runtime.events import Analysed, Degraded, EventLog, Reload
from runtime.host import controls, core_functions, native_hooks
from runtime.loading.background import Reloads
from runtime.loading.cpp_reload import CppReloads
from runtime.loading.evaluating import InFrame
from runtime.loading.file_pass import FilePass
from runtime.loading.loader import all_errors, here
from runtime.loading.transaction import Apply
from runtime.namespaces import CORE, Var
from runtime.native import _support
from runtime.problems import FRAME, LOAD, THREAD, Problems
from runtime.process import faults, interruption, threads
from runtime.process.interruption import SCRIPT_ERRORS, CallLimits, limited
from runtime.process.memory import rss_mb
from runtime.snapshots import CodeStats, FunctionInfo, Problem, Stages
from runtime.tiers.engine import STRATEGIES
from runtime.tiers.functions import INLINE_CPP, STUB_CPP
from runtime.tiers.lowered_printer import show_lowered
from runtime.tiers.policy import Limits
from runtime.traces import fault
from runtime.world import World


class Runtime:
    """A runtime of its own: namespaces, stubs, functions. Cling and the C++ it knows are the process's.

    Args:
        strategy: one of `STRATEGIES`, see contract.md.
        threshold: calls after which `tiered` compiles a function.
        cache_dir: folder of the persistent cache; None for none.
        include_dirs: folders for headers and for namespaces.
        libraries: shared libraries whose symbols scripts call. Raises OSError when one cannot be loaded.
        limits: what compiling may cost; None for the defaults.
        call_limits: what one call of a script may take: `call`, each form of a load or an `eval`, a frame's
            entry point, a macro's expansion. What exceeds it is interrupted. None for no limits.
        guard: whether faults inside C++ become errors, for the whole process: one of `faults.LEVELS`.
            "off" leaves the process's signals alone.
    """

    def __init__(
        self,
        strategy: str = "tiered",
        threshold: int = 100,
        cache_dir: str | os.PathLike[str] | None = None,
        include_dirs: Sequence[str | os.PathLike[str]] = (),
        libraries: Sequence[str | os.PathLike[str]] = (),
        limits: Limits | None = None,
        call_limits: CallLimits | None = None,
        guard: str = "signals",
    ) -> None:
        if strategy not in STRATEGIES:
            raise ValueError(f"unknown strategy {strategy!r}: {', '.join(STRATEGIES)}")
        faults.install(guard)
        cling = session()  # starts beside what follows
        native_hooks.install()
        interruption.start()
        self.events = EventLog()
        faults.tell(self.events)
        for library, readable in _support.readable_layouts().items():
            if not readable:
                reason = "its objects are not laid out in memory as expected"
                self.events.add(Degraded(what=f"look-ups in {library}", reason=reason))
        self.world = world = World(
            cling,
            self.events,
            strategy,
            threshold,
            limits or Limits(),
            call_limits or CallLimits(),
            [Path(d).resolve() for d in include_dirs],
            self._while_loading,
        )
        self.namespaces, self.table, self.engine = world.namespaces, world.table, world.engine
        self.stubs, self.oracle = world.stubs, world.oracle
        self.declarations = world.declarations
        self.cache_dir = Path(cache_dir) if cache_dir is not None else None
        self._by_hand: set[Path] = set()  # files of `load-file` that are no scripts
        self.more_stats: Callable[[], dict[str, float]] = dict  # of whoever draws the frames
        self._problems = Problems(self.events)
        self._reloads = Reloads(self._load_quietly)
        self._cpp_reloads = CppReloads(
            world.boxes,
            self.declarations,
            world.loader,
            self.events,
            lambda path: self._reloads.request(path, None),
            self._report_cpp,
        )
        for path in libraries:
            world.session.load_library(os.fspath(path), users=True)
        core_functions.install(world, self.load_again)
        controls.install(self)
        native_hooks.destructor_listeners.append(self._destructor_failed)
        use_vars(lambda name: self.namespaces.ensure(CORE).vars[name].deref())

    # --- parts of its world that others set -------------------------------------------------------

    @property
    def call_limits(self) -> CallLimits:
        """What one call of a script may take."""
        return self.world.call_limits

    @call_limits.setter
    def call_limits(self, limits: CallLimits) -> None:
        self.world.call_limits = limits

    @property
    def keep_removed(self) -> bool:
        """Whether what was removed from a file stays defined."""
        return self.world.keep_removed

    @keep_removed.setter
    def keep_removed(self, keep: bool) -> None:
        self.world.keep_removed = keep

    @property
    def entries_changed(self) -> int:
        """Rises whenever `entry_points` may give something else."""
        return self.world.entries_changed

    @property
    def in_force_listeners(self) -> list[Callable[[], object]]:
        """Called when what was loaded is in force, on the thread that draws, before it draws."""
        return self.world.in_force_listeners

    # --- evaluating -------------------------------------------------------------------------------

    def eval(
        self, source: str | bytes, filename: str = "<eval>", line: int = 1, col: int = 1
    ) -> Any:
        """The value of the last form of `source`.

        Raises LispError: ReaderError, AnalysisError, CppError where a form is no program, RuntimeFault
        with the Lisp stack where it failed.
        """
        try:
            return self.world.loader.eval_text(source, filename, line, col)
        except LispError:
            raise
        except LispErrors:
            raise
        except SCRIPT_ERRORS as e:
            raise fault(e) from e

    def eval_in_frames(
        self,
        source: str | bytes,
        filename: str,
        in_frame: InFrame,
        last: Callable[[Any], Any] = lambda value: value,
    ) -> Any:
        """`last` of the value of the last form: this thread prepares the forms, which may wait for the
        compiler, and `in_frame(run)` has them run on the thread that draws. Raises as `eval` does."""
        try:
            return self.world.loader.eval_in_frames(source, filename, in_frame, last)
        except (LispError, LispErrors):
            raise
        except SCRIPT_ERRORS as e:  # of a macro
            raise fault(e) from e

    def load(self, path: str | os.PathLike[str]) -> None:
        """Load a script and what it requires, or what changed of it since the last time. Blocks.

        Raises LispError, or LispErrors when several forms failed; the others are in force.
        """
        self._raise(self._load(Path(path), time.perf_counter(), here))

    def load_again(self, path: str | os.PathLike[str]) -> None:
        """Evaluate all of a file, changed or not: `load-file`. Raises as `load` does."""
        file = Path(path)
        if file not in self.world.loader.roots:
            self._by_hand.add(file)
        self._raise(self._load(file, time.perf_counter(), here, force=True))

    @staticmethod
    def _raise(errors: list[LispError]) -> None:
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise LispErrors(errors)

    def call(self, name: str, *args: Any) -> Any:
        """Call the function `ns/name`. Raises LispError where there is none or it fails."""
        sym = Symbol.parse(name)
        var = self.namespaces.resolve(sym)
        if var is None or not var.is_bound:
            raise AnalysisError(f"there is no function {name}")
        return self.guarded(var.deref(), *args)

    def guarded(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function of a script, or something that calls one, under `call_limits`. Raises LispError."""
        try:
            with limited(self.call_limits):
                return function(*args)
        except LispError:
            raise
        except SCRIPT_ERRORS as e:
            raise fault(e) from e

    def interrupt(self, thread: int | None = None) -> int:
        """End the calls of scripts on a thread (`threading.get_ident`; None: on all), each with an error at
        the place it had reached. How many calls that concerns; None of them has ended yet."""
        return interruption.interrupt(thread)

    # --- frames -----------------------------------------------------------------------------------

    def tick(self) -> None:
        """At a frame's start, on the UI thread: put reloads in force. Never waits."""
        self.world.turns.frame()
        _support.destroy_waiting()
        self.engine.tick()
        self._reloads.tick()
        for error in threads.unseen(time.perf_counter()):
            self._report_thread(error)

    def load_async(self, path: str | os.PathLike[str], changed_at: float | None = None) -> None:
        """Load or reload a script off this thread; a later `tick` puts it in force. Likewise a C++ file that
        changed, with everything that uses what it declares.

        `changed_at` (`time.perf_counter` seconds) is when the file changed, for the reload's latency.
        """
        if Path(path).suffix in CPP_SUFFIXES:
            self._cpp_reloads.changed(Path(path).resolve(), changed_at or time.perf_counter())
        else:
            self._reloads.request(Path(path), changed_at)

    def _load_quietly(self, path: Path, start: float, apply: Apply) -> None:
        """Load a script off the UI thread: whatever goes wrong becomes a problem."""
        try:
            if path.suffix in CPP_SUFFIXES:
                self._cpp_reloads.reload(apply, lambda passes, at: self._tell_problems(passes))
            else:
                self._load(path, start, apply)
        except SCRIPT_ERRORS as e:  # a defect of ours must not end reloading
            self._problems.add(str(path), LOAD, fault(e))

    def _load(self, path: Path, start: float, apply: Apply, force: bool = False) -> list[LispError]:
        self._problems.drop(str(path), THREAD)
        folder = Path(os.path.realpath(path)).parent
        if folder not in self.world.folders:
            self.world.folders.append(folder)
            self.declarations.add_include_dirs([folder])

        def told(passes: list[FilePass], at: float) -> None:
            self._tell_reload(path, passes, (at - start) * 1e3)

        return all_errors(self.world.loader.load(path, apply, force, told=told))

    def _tell_reload(self, path: Path, passes: list[FilePass], latency_ms: float) -> None:
        """A reload is in force."""
        self._tell_problems(passes)
        for work in passes:
            if work.analysed:
                file, ms = str(work.state.path), work.analysis_s * 1e3
                self.events.add(Analysed(file=file, forms=work.analysed, ms=ms))
        own = next((work for work in passes if work.state.path == path), None)
        self.events.add(
            Reload(
                file=str(path),
                forms_total=own.total if own is not None else 0,
                forms_evaluated=own.evaluated if own is not None else 0,
                latency_ms=latency_ms,
                ok=not all_errors(passes),
                reasons=tuple(
                    reason if work is own else f"{work.state.path.name}, {reason}"
                    for work in passes
                    for reason in work.reasons
                ),
            )
        )

    def _tell_problems(self, passes: list[FilePass]) -> None:
        """The errors of a reload are problems from now on, and the older ones are none."""
        for work in passes:
            self._problems.drop(str(work.state.path), LOAD)
            for error in work.shown_errors():
                self._problems.add(str(work.state.path), LOAD, error)
        self.world.entries_changed += 1

    def _report_cpp(self, path: Path, error: LispError | None) -> None:
        self._problems.drop(str(path), LOAD)
        if error is not None:
            self._problems.add(str(path), LOAD, error)

    def _while_loading(self) -> None:
        """This thread waits for a reload on another one, which may wait for a frame's start."""
        if threading.current_thread() is threading.main_thread():
            self._reloads.tick()

    def frame_done(self) -> None:
        """A frame was made: until the next one begins, the time is the background's."""
        self.world.turns.frame_done()

    def entry_points(
        self, path: str | os.PathLike[str], names: Sequence[str] = ()
    ) -> list[EntryPoint]:
        """The functions of a script to call every frame: those named, else those with ^:frame, else one
        called draw-debug-ui! or draw!. Raises AnalysisError where a name is not a function."""
        if names:
            return named_entries(self.world, names)
        return script_entries(self.world, Path(path), self._by_hand)

    # --- Dear ImGui -------------------------------------------------------------------------------

    def start_imgui(self, headers: ImGuiHeaders | None = None) -> None:
        """Let scripts call the very Dear ImGui that Python draws with.

        With a window, only after its OpenGL context is current and one GL call was made: the wheel
        carries a GL dispatcher of its own, which would otherwise take the system's place. Raises
        EnvironmentFault when the headers do not match the library.
        """
        from runtime.cling.imgui import connect

        connect(self.world.session, self.declarations, headers)

    # --- what it tells and what may be asked of it ------------------------------------------------

    def functions(self, names: Sequence[str] | None = None) -> list[FunctionInfo]:
        """Every function of the scripts, in order of definition; or those of these names."""
        engine = self.engine
        if names is None:
            codes = self.table.all()
        else:
            codes = [code for code in map(self.table.get, names) if code is not None]
        now = time.perf_counter()
        return [
            code.info(engine.asked_of(code, now), engine.heat(code), engine.waits(code, now))
            for code in codes
        ]

    def stages(self, name: str) -> Stages:
        """What each stage makes of the function `ns/name`; nothing is compiled. Raises AnalysisError where
        there is none."""
        code = self.table.get(name)
        if code is None:
            near = difflib.get_close_matches(name, self.table.names(), 3)
            raise AnalysisError(f"there is no function {name}", expected=" or ".join(near))
        return Stages(
            source=code.source(),
            typed=show(code.node),
            lowered=show_lowered(self.world, code.node),
            stub_cpp=self.engine.written(code, STUB_CPP),
            inline_cpp=self.engine.written(code, INLINE_CPP),
        )

    def module_files(self) -> list[Path]:
        """Every Lisp file that was loaded: what a watcher should watch."""
        return list(self.world.loader.files)

    def kept_vars(self) -> list[Var]:
        """The vars that forms of files define."""
        return list(self.world.loader.program.definers)

    def is_defonce(self, var: Var) -> bool:
        """Whether a `defonce` of a file defines it."""
        return any(r.once for r in tuple(self.world.loader.program.definers.get(var, ())))

    def layout_of(self, raw: str) -> tuple[str, int, str] | str:
        """What `cling.instances.plain_layout` says of boxes of a raw type. Blocks on Cling."""
        return plain_layout(self.world.session, raw)

    def problems(self) -> list[Problem]:
        """The errors that still stand, in order of appearance."""
        return self._problems.all()

    def report_fault(self, script: str, exc: BaseException, lasting: bool = False) -> None:
        """Record an error of a frame. The same error again only counts. A lasting one stands until the
        script is loaded again, another until a frame of it goes well."""
        self._problems.add(script, LOAD if lasting else FRAME, fault(exc))

    def _report_thread(self, exc: BaseException) -> None:
        """Record how a future or an agent failed that nobody asked; it belongs to the file that it ran."""
        error = fault(exc)
        spans = [error.span, *(frame.span for frame in error.stack)]
        file = next((span.file for span in spans if span is not None), "a thread")
        self._problems.add(file, THREAD, error)

    def clear_faults(self, script: str) -> None:
        """A frame of the script went well: its runtime errors no longer stand."""
        self._problems.drop(script, FRAME)

    def stats(self) -> dict[str, float]:
        """Figures of the whole process: memory in MB, functions compiled, milliseconds compiled; those of
        `code_stats` and of `more_stats` too."""
        codes = self.table.all()
        return {
            "rss_mb": rss_mb(),
            "functions": len(codes),
            "compiled": sum(1 for c in codes if c.tier),
            "compile_ms": self.engine.compile_ms + self.stubs.stats().compile_ms,
            **{f"code_{name}": float(n) for name, n in asdict(self.code_stats()).items()},
            **self.more_stats(),
        }

    def code_stats(self) -> CodeStats:
        """Compiled code and its memory."""
        return self.engine.stats()

    @property
    def strategy(self) -> str:
        return self.engine.strategy

    def set_strategy(self, name: str) -> None:
        """Change the strategy for what is called or defined from now on. Raises ValueError."""
        if name not in STRATEGIES:
            raise ValueError(f"unknown strategy {name!r}: {', '.join(STRATEGIES)}")
        self.engine.strategy = name
        if name == "interpret":
            for code in self.table.all():
                self.engine.deoptimise(code, "strategy interpret")
        self.engine.rearm(self.table.all())
        if name in ("inline-jit", "stub-jit"):
            self.engine.request(self.table.all(), f"strategy {name}")

    @property
    def threshold(self) -> int:
        return self.engine.threshold

    @threshold.setter
    def threshold(self, calls: int) -> None:
        self.engine.threshold = max(1, int(calls))
        self.engine.rearm(self.table.all())

    @property
    def limits(self) -> Limits:
        """What compiling may cost."""
        return self.engine.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.engine.limits = limits
        self.engine.rearm(self.table.all())

    def tier_up(self, name: str) -> None:
        """Compile a function now, in the background."""
        code = self.table.get(name)
        if code is not None:
            self.engine.request([code], "asked for")

    def deoptimise(self, name: str) -> None:
        """Send a function back to tier 0."""
        code = self.table.get(name)
        if code is not None:
            self.engine.deoptimise(code, "asked for")

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until no background work is left; False when `timeout` seconds were not enough.

        Reloads are put in force on the main thread, unless frames are ticking on another one.
        """
        end = None if timeout is None else time.perf_counter() + timeout
        while not (
            self.engine.idle
            and self._cpp_reloads.idle
            and self._reloads.idle
            and self.world.session.idle
        ):
            if end is not None and time.perf_counter() > end:
                return False
            if threading.current_thread() is threading.main_thread():
                self.tick()
            time.sleep(0.001)
        return True

    def spare_frames(self, spare: bool = True) -> None:
        """Frames are drawn from now on, or no longer: trying C++ must not hold them up."""
        self.world.session.spare_frames(spare)

    def close(self) -> None:
        """End the background threads. Cling stays: it is the process's."""
        if self._destructor_failed in native_hooks.destructor_listeners:
            native_hooks.destructor_listeners.remove(self._destructor_failed)
        faults.tell_no_more(self.events)
        self.engine.close()
        self._reloads.close()
        self._cpp_reloads.closed = True

    def _destructor_failed(self, error: BaseException, kind: str, place: str) -> None:
        """A problem until its script is loaded again: nobody called the destructor who could be told."""
        where = f", boxed at {place}" if place else ""
        failed = RuntimeFault(f"the destructor of {kind} failed: {error}{where}")
        failed.__cause__ = error
        self._problems.add(place.rsplit(":", 2)[0] or kind, LOAD, failed)
