"""Events: what the runtime did lately, newest last."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from panels import theme
from panels.model import Commands, PanelState, Snapshot, matches
from panels.widgets import empty_note, filter_box
from runtime.events import (
    Analysed,
    BoxesCarried,
    Compile,
    CppReload,
    Degraded,
    Deoptimised,
    Dropped,
    Event,
    Fault,
    FaultContained,
    LibraryBuilding,
    LibraryBuilt,
    Refused,
    Reload,
    SlowCompile,
    StubMiss,
    TierChange,
    TypeQuery,
)

TITLE = "Events"


def draw(snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
    """The log, filtered by words, scrolling along while its end is in sight."""
    state.events_filter = filter_box("Filter events", state.events_filter)
    if not snapshot.events:
        empty_note("Nothing happened yet.")
        return
    start = snapshot.events[0].at
    rows = [(e, type(e).__name__, describe(e)) for e in snapshot.events]
    rows = [row for row in rows if matches(state.events_filter, row[1], row[2])]
    flags = imgui.TableFlags_.scroll_y | imgui.TableFlags_.row_bg
    if not imgui.begin_table("events", 3, flags):
        return
    scale = imgui.get_style().font_scale_dpi
    imgui.table_setup_column("s", imgui.TableColumnFlags_.width_fixed, 52 * scale)
    imgui.table_setup_column("kind", imgui.TableColumnFlags_.width_fixed, 82 * scale)
    imgui.table_setup_column("what", imgui.TableColumnFlags_.width_stretch)
    clipper = imgui.ListClipper()
    clipper.begin(len(rows))
    while clipper.step():
        for event, kind, text in rows[clipper.display_start : clipper.display_end]:
            imgui.table_next_row()
            imgui.table_next_column()
            imgui.text_colored(theme.DIM, f"{event.at - start:.2f}")
            imgui.table_next_column()
            imgui.text_colored(theme.EVENT_COLORS.get(type(event), theme.TEXT), kind)
            imgui.table_next_column()
            imgui.text_unformatted(text.replace("\n", "; "))
            if imgui.is_item_hovered(imgui.HoveredFlags_.delay_normal):
                imgui.set_tooltip(text)
    if imgui.get_scroll_y() >= imgui.get_scroll_max_y():
        imgui.set_scroll_here_y(1.0)
    imgui.end_table()


def describe(event: Event) -> str:
    """One line about `event`."""
    match event:
        case Reload():
            outcome = "" if event.ok else ", failed"
            done = f"{event.forms_evaluated} of {event.forms_total} forms"
            why = "".join(f"\n{reason}" for reason in event.reasons)
            return f"{Path(event.file).name}: {done} in {event.latency_ms:.1f} ms{outcome}{why}"
        case StubMiss():
            return f"{event.signature} ({event.compile_ms:.1f} ms, {event.batch} together)"
        case Analysed():
            return f"{Path(event.file).name}: {event.forms} forms in {event.ms:.1f} ms"
        case TypeQuery():
            return f"{event.questions} questions in {event.compile_ms:.1f} ms"
        case LibraryBuilding():
            return f"{Path(event.file).name} is being compiled, since {event.seconds:.0f} s"
        case LibraryBuilt():
            done = "found compiled" if event.cached else f"compiled in {event.compile_ms:.0f} ms"
            return f"{Path(event.file).name} {done}"
        case CppReload():
            files = ", ".join(Path(file).name for file in event.files)
            with_ = ", ".join(Path(header).name for header in event.headers)
            outcome = "" if event.ok else ", with errors"
            fresh = ", ".join(Path(source).name for source in event.rebuilt)
            anew = f"\n{fresh} was built again: its static variables start anew" if fresh else ""
            why = "".join(f"\n{reason}" for reason in event.reasons)
            return f"{files}: declared {with_} again, {event.latency_ms:.0f} ms{outcome}{anew}{why}"
        case BoxesCarried():
            lost = f", without {', '.join(event.lost)}" if event.lost else ""
            return f"{event.boxes} boxes of {event.type} carried over{lost}"
        case Compile():
            names = ", ".join(event.functions)
            outcome = f": {event.error}" if event.error else ""
            return f"{names} → {theme.tier_name(event.tier)}, {event.compile_ms:.1f} ms{outcome}"
        case TierChange():
            old, new = theme.tier_name(event.old), theme.tier_name(event.new)
            return f"{event.function}: {old} → {new} ({event.cause})"
        case Deoptimised():
            return f"{event.function}: {event.reason}"
        case Dropped():
            return f"{event.function} is not compiled after all: {event.cause}"
        case Refused():
            return f"{event.function} stays interpreted: {event.reason}"
        case Degraded():
            return f"{event.what} are slower: {event.reason}"
        case FaultContained():
            return event.what + ("; memory may be damaged" if event.damaged else "")
        case SlowCompile():
            return f"{', '.join(event.functions)}: more than {event.limit_s:g} s already"
        case Fault():
            return str(event.error).split("\n", 1)[0]
    return repr(event)
