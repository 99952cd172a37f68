"""`tierscope verify`: the same frames, with the same input, under every strategy, compared vertex by vertex.

Each strategy runs in a process of its own, as scripts keep state in C++. What is compared is ImGui's draw
data: for every window its vertices, indices and commands.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from imgui_bundle import imgui

from app import environment, guard, scripted_input
from app.driver import Driver
from app.headless import Headless
from app.rasterise import DrawList, draw_lists
from app.settings import Settings
from panels.model import STRATEGIES
from runtime.errors import LispError, LispErrors, render

SIZE = (1280, 800)
THRESHOLD = 20  # low, so that most frames of `tiered` run compiled
SETTLE_EVERY = 30  # frames; then `tiered` waits for the compiler: the same frames are compiled
REFERENCE = "interpret"
Widget = tuple[str, tuple[float, float, float, float]]  # label; left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Work:
    """What one process is to draw. `keep` is the frame whose draw lists are wanted in full, if any."""

    script: Path
    strategy: str
    frames: int
    entries: tuple[str, ...] = ()
    include: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What one strategy drew: for each frame its windows in drawing order, each with a digest."""

    frames: list[list[tuple[str, str]]]
    kept: list[DrawList]
    widgets: list[Widget]  # of frame `keep`
    problems: list[str]
    compiled: int  # functions that ended above tier 0


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that two strategies drew differently."""

    frame: int
    strategy: str
    window: str
    widget: str
    detail: str

    def __str__(self) -> str:
        return (
            f"frame {self.frame}, {self.strategy}: window “{self.window}”, "
            f"widget “{self.widget}”: {self.detail}"
        )


def verify(work: Work, say: Callable[[str], object]) -> int:
    """Compare every strategy with the interpreter. Returns the exit code: 0 when all drew the same."""
    recordings: dict[str, Recording] = {}
    for strategy in (REFERENCE, *(s for s in STRATEGIES if s != REFERENCE)):
        drawn = _in_process(work, strategy)
        if drawn is None:
            say(f"{strategy}: the process ended before its frames were drawn")
            return 1
        recordings[strategy] = drawn
        say(f"{strategy}: {len(drawn.frames)} frames, {drawn.compiled} functions compiled")
    reference = recordings[REFERENCE]
    for strategy, drawn in recordings.items():
        if drawn.problems != reference.problems:
            say(f"{strategy} has other errors than {REFERENCE}:")
            for text in drawn.problems or ["none"]:
                say(text)
            return 1
        found = _first_difference(work, strategy, reference, drawn)
        if found is not None:
            say(str(found))
            return 1
    for text in reference.problems:
        say(text)
    return 1 if reference.problems else 0


def record(work: Work) -> Recording:
    """Draw the frames of `work` in this process."""
    from runtime.cling.headers import fetch_headers
    from runtime.runtime import Runtime

    surface = Headless(SIZE, Settings(), None)
    runtime = Runtime(
        strategy=work.strategy,
        threshold=THRESHOLD,
        cache_dir=None,
        include_dirs=[str(path) for path in (*work.include, environment.ASSETS / "cpp")],
        libraries=[str(path) for path in work.libraries],
    )
    runtime.start_imgui(fetch_headers())
    script = str(work.script.resolve())
    try:
        runtime.load(script)
    except (LispError, LispErrors):
        pass  # among the problems
    entries = runtime.entry_points(script, work.entries)
    frames: list[list[tuple[str, str]]] = []
    kept: list[DrawList] = []
    for number in range(work.frames):
        if number % SETTLE_EVERY == 0:
            runtime.wait_idle(60.0)
        scripted_input.feed(number, SIZE)
        surface.begin()
        runtime.tick()
        for entry in entries:
            problem = guard.run(entry)
            if problem is not None:
                runtime.report_fault(script, problem)
        surface.draw()
        lists = draw_lists(imgui.get_draw_data())
        frames.append([(drawn.owner, digest(drawn)) for drawn in lists])
        if number == work.keep:
            kept = lists
            break
    widgets = _widgets(surface, entries, kept) if kept else []
    problems = [render(problem.error) for problem in runtime.problems()]
    compiled = sum(f.tier > 0 for f in runtime.functions())
    runtime.close()
    return Recording(frames, kept, widgets, problems, compiled)


def digest(drawn: DrawList) -> str:
    """What stands for everything that a window drew."""
    text = hashlib.sha256(drawn.vertices.tobytes())
    text.update(drawn.indices.tobytes())
    text.update(repr(drawn.commands).encode())
    return text.hexdigest()


def _in_process(work: Work, strategy: str, keep: int | None = None) -> Recording | None:
    """`record` in a new process; None if that died."""
    job = Work(work.script, strategy, work.frames, work.entries, work.include, work.libraries, keep)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(record, job).result()
        except BrokenProcessPool:
            return None


def _first_difference(
    work: Work, strategy: str, reference: Recording, drawn: Recording
) -> Difference | None:
    pairs = zip(reference.frames, drawn.frames, strict=True)
    frame = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    if frame is None:
        return None
    wanted = _in_process(work, REFERENCE, keep=frame)
    got = _in_process(work, strategy, keep=frame)
    if wanted is None or got is None:
        return Difference(frame, strategy, "?", "?", "the process ended when it was repeated")
    owners = [d.owner for d in wanted.kept], [d.owner for d in got.kept]
    if owners[0] != owners[1]:
        window = (set(owners[0]) ^ set(owners[1])) or {"?"}
        return Difference(frame, strategy, min(window), "", "other windows are drawn")
    for a, b in zip(wanted.kept, got.kept, strict=True):
        if digest(a) != digest(b):
            widget, detail = compare(a, b, wanted.widgets)
            return Difference(frame, strategy, a.owner, widget, detail)
    return Difference(frame, strategy, "?", "?", "it did not show again when it was repeated")


def compare(wanted: DrawList, got: DrawList, widgets: Sequence[Widget]) -> tuple[str, str]:
    """In which widget two draw lists of one window begin to differ, and how.

    What is drawn in no widget, such as the border of a window as wide as what it holds, often differs
    only because a widget does: a difference within a widget goes before one outside of all.
    """
    shared = min(len(wanted.vertices), len(got.vertices))
    unequal = np.flatnonzero(wanted.vertices[:shared] != got.vertices[:shared]).tolist()
    longer = max(wanted.vertices, got.vertices, key=len)
    if shared == 0:
        return _nearest(widgets, longer["pos"][0]), "one of them is empty"
    numbers = unequal + list(range(shared, len(longer)))
    places = np.concatenate([wanted.vertices["pos"][unequal], longer["pos"][shared:]])
    for number, place in zip(numbers, places, strict=True):
        inside = _around(widgets, place)
        if inside is not None:
            return inside, _told(wanted, got, number)
    if not numbers:
        return "", "the same vertices are put together otherwise"
    return _nearest(widgets, places[0]), _told(wanted, got, numbers[0])


def _told(wanted: DrawList, got: DrawList, number: int) -> str:
    """What is different about a vertex."""
    if number >= min(len(wanted.vertices), len(got.vertices)):
        return f"{len(got.vertices)} vertices instead of {len(wanted.vertices)}"
    a, b = wanted.vertices[number], got.vertices[number]
    parts = [name for name in ("pos", "uv", "color") if (a[name] != b[name]).any()]
    told = "; ".join(f"{name} {b[name].tolist()} instead of {a[name].tolist()}" for name in parts)
    return f"vertex {number}: {told}"


def _around(widgets: Sequence[Widget], place: Sequence[float]) -> str | None:
    """The smallest widget around a point."""
    x, y = place
    around = [
        ((right - left) * (bottom - top), label)
        for label, (left, top, right, bottom) in widgets
        if left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1
    ]
    return min(around)[1] if around else None


def _nearest(widgets: Sequence[Widget], place: Sequence[float]) -> str:
    """The widget nearest to a point; where the point is when there are none."""
    x, y = (float(v) for v in place)

    def distance(widget: Widget) -> float:
        left, top, right, bottom = widget[1]
        return max(left - x, x - right, 0.0) + max(top - y, y - bottom, 0.0)

    return min(widgets, key=distance)[0] if widgets else f"at {x:.0f}, {y:.0f}"


def _widgets(
    surface: Headless, entries: Sequence[Callable[[], object]], kept: Sequence[DrawList]
) -> list[Widget]:
    """The labels and rectangles of the widgets, gathered over some more frames; closes `surface`."""
    found: list[Widget] = []

    def frame() -> None:
        surface.begin()
        for entry in entries:
            guard.run(entry)
        surface.draw()

    def gather(context: imgui.test_engine.TestContext) -> None:
        for owner in dict.fromkeys(drawn.owner for drawn in kept):
            items = imgui.test_engine.TestItemList()
            context.gather_items(items, f"//{owner}")
            for index in range(items.get_size()):
                item = items.get_by_index(index)
                # The label itself is not bound; a description of the item quotes it.
                reference = imgui.test_engine.TestRef(item.id_)
                told = imgui.test_engine.TestRefDesc(reference, item).c_str()
                label = told.partition('(label "')[2].removesuffix('")')
                box = item.rect_full
                found.append((label, (box.min.x, box.min.y, box.max.x, box.max.y)))

    driver = Driver(frame)
    driver.run(gather)
    driver.close(surface.close)
    return found
