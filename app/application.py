"""The app: scripts and their runtime, a surface, panels and a watcher, from first frame to report."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from imgui_bundle import imgui

from app import environment, png, settings
from app.continuity import Continuity
from app.frame_loop import FrameLoop
from app.headless import Headless
from app.look import Look
from app.nrepl import NreplServer
from app.nrepl.evaluations import InFrame
from app.process.supervisor import Life
from app.report import process_start, report, trace, write_json
from app.surface import Surface
from app.watch import Change, Watcher
from app.window import Window
from panels.desk import Desk
from panels.model import PanelState
from runtime.cling import CPP_SUFFIXES
from runtime.errors import EnvironmentFault, LispError, LispErrors, RuntimeFault, Span, render
from runtime.events import Event, Fault, Reload
from runtime.native import _support
from runtime.process import threads
from runtime.process.memory import rss_mb

if TYPE_CHECKING:
    from runtime.runtime import Runtime

SAME_SIGNAL_S = 0.15  # in which two Ctrl-C are one
TWICE_S = 3.0  # in which a second one quits


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    scripts: tuple[Path, ...]
    entries: tuple[str, ...] = ()
    headless: bool = False
    frames: int | None = None  # None: until the window is closed
    fps: float = 0.0
    size: tuple[int, int] = (1280, 800)
    screenshot: Path | None = None
    report: Path | None = None
    trace: Path | None = None
    strategy: str = "tiered"
    threshold: int = 100
    only_small: int | None = None  # nodes; larger functions stay in tier 0
    slow_compile: float = 10.0  # seconds after which a compile is called slow
    limit: float = 2.0  # seconds that one call of a script may take; 0 for no limit
    cache: bool = True
    include: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    nrepl_port: int | None = None
    guard: str = "signals"
    config_dir: Path = field(default_factory=environment.config_dir)


class Application:
    """One run. `step` draws a frame, `run` draws all of them and writes what was asked for."""

    def __init__(self, options: Options, life: Life | None = None) -> None:
        self.options = options
        self.scripts = [str(path.resolve()) for path in options.scripts]
        self.continuity = Continuity(life)
        self.surface = _surface(options, self.continuity.session.get("window", {}))
        chosen = settings.load(options.config_dir)
        self.desk = Desk(PanelState(self.surface.fonts, show_panels=chosen.panels))
        self.continuity.restore_panels(self.desk.state)
        self.loop = FrameLoop(
            self.surface, self.scripts, options.entries, self._draw_panels, options.fps
        )
        self.continuity.follow(self.loop)
        self._life = life
        self.loop.on_renewed.append(self._take_fonts)
        self.runtime: Runtime | None = None
        self.startup: dict[str, float | None] = {
            "first_frame_ms": None,
            "first_script_frame_ms": None,
        }
        self._rss_start = rss_mb()
        self._awaited = set(self.scripts)  # scripts that were neither loaded nor refused yet
        self._frames_before = 0  # frames drawn while scripts were still being read
        self.look = Look(self.loop.log, self.scripts)
        self.snapshot = self.look.snapshot
        self._watcher: Watcher | None = None
        self._nrepl: NreplServer | None = None
        self._stopping = False
        self._faults = 0  # how often an error was told
        self._interrupted_at = (
            -TWICE_S
        )  # seconds of time.monotonic: the last Ctrl-C that ended a call
        self._unwritten: list[EnvironmentFault] = []

    def start(self) -> None:
        """Draw the first frame, then make the runtime and hand it the scripts."""
        self.step()
        self.startup["first_frame_ms"] = (time.perf_counter() - self._began()) * 1000
        self.continuity.first_frame()
        from runtime.cling.headers import fetch_headers
        from runtime.process.interruption import GB, CallLimits
        from runtime.runtime import Runtime  # it brings Cling, which takes longer than the window
        from runtime.tiers.policy import Limits

        options = self.options
        runtime = Runtime(
            strategy=options.strategy,
            threshold=options.threshold,
            cache_dir=environment.cache_dir() if options.cache else None,
            include_dirs=[str(path) for path in (*options.include, environment.ASSETS / "cpp")],
            libraries=[str(path) for path in options.libraries],
            limits=Limits(only_small=options.only_small, slow_s=options.slow_compile),
            call_limits=CallLimits(options.limit, GB if options.limit else 0),
            guard=options.guard,
        )
        runtime.keep_removed = settings.load(options.config_dir).keep_removed
        runtime.events.listen(self._note)
        runtime.more_stats = self._figures
        runtime.start_imgui(fetch_headers())
        self.runtime = runtime
        self.continuity.start(runtime)
        for script in self.scripts:
            if options.headless:  # there is no window to keep alive, and frames are to be the same
                self._load_now(script)
            else:
                runtime.load_async(script)
        self.loop.start(runtime)
        self.loop.in_frame.append(self.continuity.look)
        self._watcher = Watcher(options.scripts, options.include, self._script_written)
        if options.nrepl_port is not None:
            nrepl = self._nrepl = NreplServer(options.nrepl_port, self._evaluate, runtime.interrupt)
            self.loop.in_frame.append(lambda: nrepl.run_jobs(self.loop.protected))

    def run(self) -> int:
        """Draw until the frames are done or the window is closed. Returns the exit code."""
        wanted = self.options.frames
        from runtime.process.interruption import listen_to_signals

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        listen_to_signals()
        self.start()
        if wanted is not None and self.options.screenshot is not None:
            self.loop.before_swap.append(self._picture)
        while not self._stopping and (wanted is None or self.counted < wanted):
            if not self.step():
                break
        self._write()
        assert self.runtime is not None
        if self._unwritten:
            return 3
        return 1 if self.runtime.problems() else 0

    @property
    def nrepl_port(self) -> int | None:
        """The port on which editors are served, if they are."""
        return self._nrepl.port if self._nrepl is not None else None

    def problem_texts(self) -> list[str]:
        """Every problem that still stands, as it is shown to people."""
        problems = [render(problem.error) for problem in self._started().problems()]
        return problems + [render(fault) for fault in self._unwritten]

    @property
    def counted(self) -> int:
        """Frames drawn since the scripts were read."""
        return self.loop.log.count - self._frames_before

    @property
    def loading(self) -> bool:
        """Whether a script was neither loaded nor refused yet."""
        return bool(self._awaited)

    def step(self) -> bool:
        """One frame; False when the user closed the window."""
        was_loading = self.loading
        self._take_changes()
        going_on = self.loop.step()
        if self.loading or (was_loading and going_on):
            self._frames_before = self.loop.log.count
        elif self.startup["first_script_frame_ms"] is None and self.loop.entries:
            self.startup["first_script_frame_ms"] = (time.perf_counter() - self._began()) * 1000
            self._started().spare_frames()
        return going_on

    def close(self) -> None:
        """End the threads, the runtime and the window."""
        _support.end_frame()
        for part in (self._watcher, self._nrepl):
            if part is not None:
                part.close()
        if self.runtime is not None:
            self.runtime.spare_frames(False)
            self.runtime.close()
        self.surface.close()
        self.continuity.close()

    # What the panels ask for (panels.model.Commands).

    def set_strategy(self, name: str) -> None:
        self._started().set_strategy(name)

    def set_threshold(self, calls: int) -> None:
        self._started().threshold = calls
        self.look.renew()

    def tier_up(self, function: str) -> None:
        self._started().tier_up(function)

    def deoptimise(self, function: str) -> None:
        self._started().deoptimise(function)

    def set_limit(self, seconds: float) -> None:
        from runtime.process.interruption import GB, CallLimits

        self._started().call_limits = CallLimits(seconds, GB if seconds else 0)
        self.look.renew()

    def resume(self, script: str, entry: str) -> None:
        self.loop.resume(script, entry)
        self.look.renew()

    def interrupt(self) -> None:
        self._started().interrupt()

    def cancel(self, number: int) -> None:
        threads.cancel(number)

    def reload(self) -> None:
        for script in self.scripts:
            self._started().load_async(script)

    def _started(self) -> Runtime:
        assert self.runtime is not None, "commands come from panels, and those know no function yet"
        return self.runtime

    def _load_now(self, script: str) -> None:
        assert self.runtime is not None
        try:
            self.runtime.load(script)
        except (LispError, LispErrors):
            pass  # the runtime keeps it among its problems, and the report has it
        self._awaited.discard(script)

    def _evaluate(self, source: str, file: str, in_frame: InFrame) -> str:
        from runtime.core.printing import pr_str

        # Printing runs the script too, where the value is lazy.
        return str(self._started().eval_in_frames(source, file, in_frame, pr_str))

    def _note(self, event: Event) -> None:
        self.look.events.append(event)
        if isinstance(event, Reload):
            if event.file not in self._awaited and event.forms_evaluated:
                self.continuity.reloaded(event.file, self.loop, self.runtime)
            self._awaited.discard(event.file)
        elif isinstance(event, Fault):
            self._faults += 1
            self._awaited.discard(event.source)

    def _figures(self) -> dict[str, float]:
        log = self.loop.log
        return {"frames": log.count, "longest_frame_ms": log.longest, "faults": self._faults}

    def _script_written(self, path: Path) -> bool:
        """On the watcher's thread: a known script is loaded at once, without waiting for a frame."""
        runtime = self._started()
        for file in runtime.module_files():
            if file == path or os.path.realpath(file) == os.path.realpath(path):
                runtime.clear_faults(str(file))
                runtime.load_async(file)
                return True
        return False

    def _take_changes(self) -> None:
        runtime = self.runtime
        if self._watcher is None or runtime is None:
            return
        for change in self._watcher.changes():
            path = Path(os.path.realpath(change.path))
            if path.suffix in CPP_SUFFIXES:
                if path in runtime.declarations.files and change.change is Change.WRITTEN:
                    runtime.clear_faults(str(path))
                    runtime.load_async(path)
                elif path in runtime.declarations.files:
                    text = f"{path.name} was {change.change.value}; what it declared stays in force"
                    runtime.report_fault(str(path), RuntimeFault(text, _start_of(path)))
                else:  # a script may have been refused for what stood there before
                    for script in {problem.script for problem in runtime.problems()} & set(
                        self.scripts
                    ):
                        runtime.load_async(script)
                continue
            known = {Path(os.path.realpath(f)): str(f) for f in runtime.module_files()}
            if path not in known:
                continue
            if change.change is Change.WRITTEN:
                runtime.clear_faults(known[path])
                runtime.load_async(known[path])
            else:
                text = f"{path.name} was {change.change.value}; what it defined keeps running"
                runtime.report_fault(known[path], RuntimeFault(text, _start_of(path)))

    def _draw_panels(self) -> None:
        now = imgui.get_time()  # without a window, frames are made faster than they would be shown
        snapshot = self.look.at(now, self.runtime, self.loading, self.desk.state, self.loop.paused)
        if snapshot is not self.snapshot:
            self.snapshot = snapshot
            self.continuity.keep(self.desk.state, self.surface.geometry())
        self.desk.draw(snapshot, self)

    def _take_fonts(self) -> None:
        self.desk.state.fonts = self.surface.fonts
        self.look.renew()  # ImGui's time begins again

    def _picture(self) -> None:
        if self.counted + 1 == self.options.frames:
            assert self.options.screenshot is not None
            target, pixels = self.options.screenshot, self.surface.pixels()
            self._leave("picture", target, lambda: png.write(target, pixels))

    def _write(self) -> None:
        options, runtime, log = self.options, self._started(), self.loop.log
        if options.report is not None:
            rss = {"start": self._rss_start, "end": rss_mb()}
            stubs = runtime.stubs.stats()
            content = report(
                log,
                self.counted,
                self.startup,
                runtime.functions(),
                stubs,
                runtime.code_stats(),
                runtime.events,
                rss,
            )
            content["restarts"] = self.continuity.report()
            target = options.report
            self._leave("report", target, lambda: write_json(target, content))
        if options.trace is not None:
            file = options.trace
            self._leave("trace", file, lambda: write_json(file, trace(log, runtime.events)))

    def _leave(self, what: str, path: Path, write: Callable[[], object]) -> None:
        """Write a file that was asked for; the others are written even if this one cannot be."""
        try:
            write()
        except OSError as error:
            reason = error.strerror or str(error)
            self._unwritten.append(
                EnvironmentFault(f"the {what} cannot be written to {path}: {reason}")
            )

    def _began(self) -> float:
        """When the user's command began, or where it died since, this process: seconds of perf_counter."""
        return process_start(self._life.parent if self._life and not self._life.deaths else None)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """A signal: what has run for long was asked to end already. Ctrl-C ends that alone, at first."""
        from runtime.native import _support

        now, before = time.monotonic(), self._interrupted_at
        if number == signal.SIGINT and now - before < SAME_SIGNAL_S:
            return  # the terminal sends it, and so does a parent process
        if number == signal.SIGINT and _support.signalled() and now - before > TWICE_S:
            self._interrupted_at = now
            return
        self._stopping = self.loop.ending = True


def _surface(options: Options, before: dict[str, Any]) -> Surface:
    """`before`: the geometry of the window that a lost process had."""
    chosen = settings.load(options.config_dir)
    if options.headless:
        return Headless(options.size, chosen, None)
    layout = settings.layout_file(options.config_dir)
    title = "Tierscope – " + ", ".join(path.name for path in options.scripts)
    # With a frame rate of our own, the display's must not be waited for as well.
    vsync = chosen.vsync and not options.fps
    size = tuple(before.get("size", options.size))
    window = Window(title, size, chosen, layout, vsync)
    if "position" in before:
        window.move(*before["position"])
    return window


def _start_of(path: Path) -> Span:
    return Span(str(path), 1, 1, 1, 1)
