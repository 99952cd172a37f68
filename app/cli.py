"""The command line. Exit codes: 0 fine, 1 the script or check failed, 2 wrong usage, 3 something lacks."""

from __future__ import annotations

import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import environment, streams
from app.process import supervisor
from runtime.errors import EnvironmentFault, LispError, LispErrors, render, source_of

OFFSCREEN_FRAMES = 600  # where there is no display at all
PICTURE_FRAMES = 120  # until --screenshot, when --frames does not say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A workbench for Dear ImGui tools written in a Clojure dialect on C++, with a tiered JIT.",
)
cache_app = typer.Typer(no_args_is_help=True, help="The persistent caches.")
app.add_typer(cache_app, name="cache")


class Strategy(StrEnum):
    """How functions are run."""

    TIERED = "tiered"
    INTERPRET = "interpret"
    STUB_JIT = "stub-jit"
    INLINE_JIT = "inline-jit"


class Guard(StrEnum):
    """What becomes of faults inside C++."""

    OFF = "off"
    SIGNALS = "signals"
    PROCESS = "process"


Script = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .jank file.")]
StrategyOption = Annotated[Strategy, typer.Option(help="How functions are run.")]
GuardOption = Annotated[
    Guard,
    typer.Option(
        help="Faults inside C++: off, they end the process; signals, they are errors of the script; "
        "process, moreover a lost process is started again."
    ),
]
Folders = Annotated[
    list[Path] | None, typer.Option(help="A folder for C++ headers and namespaces. Repeatable.")
]
LimitOption = Annotated[
    float, typer.Option(min=0, help="Seconds that a call of a script may take; 0: no limit.")
]
Libraries = Annotated[list[Path] | None, typer.Option(help="A C++ library to load. Repeatable.")]


def main() -> None:
    """The console script. A path in a command's place means `run`."""
    arguments = sys.argv[1:]
    commands = {command.name or "" for command in app.registered_commands} | {"cache"}
    if arguments and arguments[0] not in commands | {"--help"}:
        arguments = ["run", *arguments]
    has_output = streams.open_standard()
    code = _exit_code(arguments)
    lost = streams.flush_output()
    if lost:
        print(f"Standard output could not be written: {lost}", file=sys.stderr)
    in_vain = arguments[:1] == ["eval"] and (lost or not has_output)
    supervisor.leave(3 if in_vain and not code else code)


def _exit_code(arguments: list[str]) -> int:
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except EnvironmentFault as fault:
        print(render(fault), file=sys.stderr)
        return 3
    except (LispError, LispErrors) as error:
        print(render(error), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"environment error: {error.strerror or error}", file=sys.stderr)
        return 3
    except Exception:  # a defect of ours; this process may not end as if it had been lost
        traceback.print_exc()
        return 1
    return 0


@app.command("run")
def run(
    scripts: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    entry: Annotated[
        list[str] | None, typer.Option(help="NS/FN to call in each frame. Repeatable.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="No window and no OpenGL.")] = False,
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many frames.")] = None,
    fps: Annotated[float, typer.Option(min=0, help="Frames a second at most.")] = 0.0,
    size: Annotated[str, typer.Option(metavar="WxH", help="The window's size.")] = "1280x800",
    screenshot: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A PNG of the last frame.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Figures of the run, as JSON.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A trace in Chrome's format.")
    ] = None,
    strategy: StrategyOption = Strategy.TIERED,
    threshold: Annotated[int, typer.Option(min=1, help="Calls until a function is hot.")] = 100,
    only_small: Annotated[
        int | None, typer.Option(min=1, help="Compile only functions of so many nodes.")
    ] = None,
    slow_compile: Annotated[
        float, typer.Option(min=0.001, help="Seconds after which a compile is called slow.")
    ] = 10.0,
    limit: LimitOption = 2.0,
    guard: Annotated[
        Guard,
        typer.Option(
            help="C++ that faults: off, nothing is done; signals, it becomes an error; process, "
            "a process that is lost all the same is started again, too."
        ),
    ] = Guard.PROCESS,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="No persistent cache.")] = False,
    include: Folders = None,
    lib: Libraries = None,
    nrepl_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve editors here; 0: any port.")
    ] = None,
) -> None:
    """Draw what scripts draw, in a window with the panels; reload them when they change."""
    if not headless and environment.ensure_display() is environment.DisplayKind.NONE:
        headless = True
        frames = frames or OFFSCREEN_FRAMES
        screenshot = screenshot or environment.cache_dir() / "offscreen.png"
        report = report or environment.cache_dir() / "offscreen.json"
        typer.echo(f"After {frames} frames: picture {screenshot}, report {report}", err=True)
    if screenshot is not None:
        frames = frames or PICTURE_FRAMES
    extent = _size(size)
    life = None
    if guard is Guard.PROCESS and supervisor.possible():
        life = supervisor.supervise(lambda text: typer.echo(text, err=True))
    from app.application import Application, Options  # it brings ImGui
    from runtime.cling.headers import fetch_headers

    fetch_headers()  # the first time this shows its progress, so before there is a window
    options = Options(
        scripts=tuple(scripts),
        entries=tuple(entry or ()),
        headless=headless,
        frames=frames,
        fps=fps,
        size=extent,
        screenshot=screenshot,
        report=report,
        trace=trace,
        strategy=strategy.value,
        threshold=threshold,
        only_small=only_small,
        slow_compile=slow_compile,
        limit=limit,
        cache=not no_cache,
        include=tuple(include or ()),
        libraries=tuple(lib or ()),
        nrepl_port=nrepl_port,
        guard=guard.value,
    )
    application = Application(options, life)
    try:
        code = application.run()
        problems = application.problem_texts()
    finally:
        application.close()
    for text in problems:
        typer.echo(text, err=True)
    raise typer.Exit(code)


@app.command("eval")
def evaluate(
    expressions: Annotated[list[str] | None, typer.Argument(metavar="EXPR")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", exists=True, dir_okay=False, help="Read it here.")
    ] = None,
    strategy: StrategyOption = Strategy.INTERPRET,
    limit: LimitOption = 0.0,
    guard: GuardOption = Guard.SIGNALS,
    include: Folders = None,
    lib: Libraries = None,
) -> None:
    """Evaluate with no window and print the last value readably. Ctrl-C ends it with its place."""
    if bool(expressions) == (file is not None):
        raise typer.BadParameter("give expressions, or a file with -f")
    import signal

    from runtime.core.printing import pr_str
    from runtime.native import _support
    from runtime.process.interruption import GB, CallLimits, listen_to_signals
    from runtime.runtime import Runtime
    from runtime.traces import fault

    def interrupted(_number: int, _frame: object) -> None:
        if not _support.signalled():  # nothing runs yet, or any more
            raise KeyboardInterrupt

    listen_to_signals()
    signal.signal(signal.SIGINT, interrupted)

    runtime = Runtime(
        strategy=strategy.value,
        include_dirs=[str(path) for path in include or ()],
        libraries=[str(path) for path in lib or ()],
        call_limits=CallLimits(limit, GB if limit else 0),
        guard=guard.value,
    )
    name = str(file) if file is not None else "<command line>"
    text = file.read_text(encoding="utf-8") if file is not None else "\n".join(expressions or ())
    try:
        shown = runtime.guarded(lambda: pr_str(runtime.eval(text, name)))
    except Exception as error:  # printing runs the script too, where the value is lazy
        known = error if isinstance(error, (LispError, LispErrors)) else fault(error)
        lines = render(known, lambda place: text if place == name else source_of(place))
        typer.echo(lines, err=True)
        raise typer.Exit(1) from error
    finally:
        runtime.close()
    try:
        print(shown, flush=True)
    except BrokenPipeError:
        raise  # whoever read it has seen enough
    except OSError as error:
        message = f"standard output cannot be written: {error.strerror}"
        raise EnvironmentFault(message) from error


@app.command("verify")
def verify(
    script: Script,
    entry: Annotated[
        list[str] | None, typer.Option(help="NS/FN to call in each frame. Repeatable.")
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="How many frames to compare.")] = 240,
    include: Folders = None,
    lib: Libraries = None,
) -> None:
    """Draw the same frames under every strategy with the same input and compare what ImGui drew."""
    from app.verify import Work, verify
    from runtime.cling.headers import fetch_headers

    fetch_headers()
    work = Work(script, "", frames, tuple(entry or ()), tuple(include or ()), tuple(lib or ()))
    raise typer.Exit(verify(work, typer.echo))


@app.command("explain")
def explain(
    function: Annotated[str, typer.Argument(metavar="NS/FN", help="The function.")],
    script: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Where it is defined.")
    ] = None,
    include: Folders = None,
    lib: Libraries = None,
) -> None:
    """Show one function as each stage has it: its source, typed AST, stub C++ and inline C++."""
    from app.explain import explain

    explain(function, script, list(include or ()), list(lib or ()), typer.echo)


@app.command("bench")
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.")
    ] = None,
) -> None:
    """Run the benchmarks: all, or those that are named."""
    from app import benchmarks
    from app.report import write_json

    unknown = set(names or ()) - set(benchmarks.names())
    if unknown:
        there_are = ", ".join(benchmarks.names()) or "none"
        raise typer.BadParameter(f"no benchmark is named {min(unknown)}; there are {there_are}")
    results = benchmarks.run(names or benchmarks.names(), typer.echo)
    if json_file is not None:
        write_json(json_file, results)


@app.command("soak")
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 2.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 0,
    headless: Annotated[bool, typer.Option("--headless", help="No window, no input.")] = False,
    report: Annotated[Path | None, typer.Option(help="What was found, as JSON.")] = None,
) -> None:
    """Let a seeded monkey edit, click, type and evaluate over the live app, and report what it found."""
    from app.soak import campaign

    found = campaign.run(minutes, seed, headless, report, typer.echo)
    typer.echo(found.summary())
    for failure in found.failures:
        typer.echo(failure, err=True)
    raise typer.Exit(1 if found.failures else 0)


@cache_app.command("info")
def cache_info() -> None:
    """What is kept, and how much of it."""
    from app import caches

    caches.show()


@cache_app.command("clear")
def cache_clear() -> None:
    """Remove everything that is kept; it is made again when it is needed."""
    from app import caches

    typer.echo(f"{caches.clear() / 1e6:.1f} MB removed from {environment.cache_dir()}")


@cache_app.command("build")
def cache_build() -> None:
    """Make ahead what the first run would have to make."""
    from app import caches

    caches.build()


@app.command("doctor")
def doctor() -> None:
    """Say what is installed, what is missing, and the command that mends it."""
    from rich.console import Console

    from app.doctor import report

    raise typer.Exit(report(Console()))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise typer.BadParameter(f"{text!r} is not WIDTHxHEIGHT", param_hint="--size")
    return int(width), int(height)


if __name__ == "__main__":
    main()
