"""All panels together: which there are, where they stand at first, and drawing them."""

from __future__ import annotations

from imgui_bundle import imgui

from panels import events, frame_time, functions, memory, problems, status_bar, stub_cache, threads
from panels.generated_cpp import TITLE as GENERATED_CPP
from panels.generated_cpp import GeneratedCpp
from panels.model import Commands, Panel, PanelState, Snapshot

DOCK_SPACE = "tierscope"


class Desk:
    """The panels of one window. Call `draw` once a frame, after the scripts."""

    def __init__(self, state: PanelState) -> None:
        self.state = state
        self.panels: dict[str, Panel] = {
            functions.TITLE: functions.draw,
            stub_cache.TITLE: stub_cache.draw,
            GENERATED_CPP: GeneratedCpp(),
            problems.TITLE: problems.draw,
            events.TITLE: events.draw,
            memory.TITLE: memory.draw,
            threads.TITLE: threads.draw,
            frame_time.TITLE: frame_time.draw,
        }
        self._standing_problems = 0

    def draw(self, snapshot: Snapshot, commands: Commands) -> None:
        """The status bar, the dock space and every open panel."""
        state = self.state
        status_bar.draw(snapshot, state, commands, tuple(self.panels))
        if not state.show_panels:
            return
        dock = imgui.get_id(DOCK_SPACE)
        if imgui.internal.dock_builder_get_node(dock) is None:
            first_layout(dock)
        imgui.dock_space_over_viewport(dock, None, imgui.DockNodeFlags_.passthru_central_node)
        for title, panel in self.panels.items():
            if not state.open.get(title, True):
                continue
            shown_title = _problems_title(snapshot) if title == problems.TITLE else title
            visible, still_open = imgui.begin(shown_title, True)
            state.open[title] = bool(still_open)
            if visible:
                panel(snapshot, state, commands)
            imgui.end()
        if snapshot.problem_count > self._standing_problems:
            show_tab(_problems_title(snapshot))
        self._standing_problems = snapshot.problem_count


def show_tab(title: str) -> None:
    """Bring a docked panel to the front of its tabs without taking the keyboard from a script."""
    window = imgui.internal.find_window_by_name(title)
    if window is not None and window.dock_node is not None and window.dock_node.tab_bar is not None:
        window.dock_node.tab_bar.next_selected_tab_id = window.tab_id


def first_layout(dock: int) -> None:
    """Functions and stubs on the right, the frame time below on the left, the rest free for the scripts."""
    builder = imgui.internal
    viewport = imgui.get_main_viewport()
    builder.dock_builder_add_node(dock, imgui.internal.DockNodeFlagsPrivate_.dock_space)
    builder.dock_builder_set_node_pos(dock, viewport.work_pos)
    builder.dock_builder_set_node_size(dock, viewport.work_size)
    low = builder.dock_builder_split_node(dock, imgui.Dir.down, 0.38)
    right = builder.dock_builder_split_node(low.id_at_opposite_dir, imgui.Dir.right, 0.45)
    corner = builder.dock_builder_split_node(low.id_at_dir, imgui.Dir.right, 0.64)
    for title, node in (
        (functions.TITLE, right.id_at_dir),
        (stub_cache.TITLE, right.id_at_dir),
        (GENERATED_CPP, corner.id_at_dir),
        (f"###{problems.TITLE}", corner.id_at_dir),
        (events.TITLE, corner.id_at_dir),
        (memory.TITLE, corner.id_at_dir),
        (threads.TITLE, corner.id_at_dir),
        (frame_time.TITLE, corner.id_at_opposite_dir),
    ):
        builder.dock_builder_dock_window(title, node)
    builder.dock_builder_finish(dock)


def _problems_title(snapshot: Snapshot) -> str:
    count = snapshot.problem_count
    return f"Problems ({count})###{problems.TITLE}" if count else f"Problems###{problems.TITLE}"
