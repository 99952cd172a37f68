"""Random sequences of ImGui's begins, ends, pushes and pops, with pieces missing or extra: frames go on.

`python -m tests.app.test_guard_fuzz 100000 SEED` runs any number of them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

from imgui_bundle import imgui, implot

from app.guard import Guard
from app.headless import Headless
from app.settings import Settings
from tests.robustness import Where, slip

Call = Callable[[], object]
RED = imgui.ImVec4(1, 0, 0, 1)


def in_table(call: Call) -> Call:
    """ImGui follows a null pointer where there is none: that is `faults`' business."""
    return lambda: call() if imgui.get_current_context().current_table is not None else None


def not_of_table(call: Call) -> Call:
    """Ending a scrolling table's own window as a child's leaves the table with none: a fault again."""

    def ends() -> None:
        table = imgui.get_current_context().current_table
        if table is None or table.inner_window != imgui.internal.get_current_window():
            call()

    return ends


OPENERS: dict[str, Call] = {
    "begin": lambda: imgui.begin("Tool"),
    "begin with menu": lambda: imgui.begin("Menu", None, imgui.WindowFlags_.menu_bar),
    "begin child": lambda: imgui.begin_child("child", (50, 50)),
    "begin framed child": lambda: imgui.begin_child("f", (0, 0), imgui.ChildFlags_.frame_style),
    "push id": lambda: imgui.push_id("id"),
    "push color": lambda: imgui.push_style_color(imgui.Col_.text, RED),
    "push var": lambda: imgui.push_style_var(imgui.StyleVar_.alpha, 0.5),
    "push var vec": lambda: imgui.push_style_var(imgui.StyleVar_.frame_padding, (3, 3)),
    "push font": lambda: imgui.push_font(None, 22.0),
    "push item flag": lambda: imgui.push_item_flag(imgui.ItemFlags_.no_nav, True),
    "push item width": lambda: imgui.push_item_width(30),
    "push wrap": lambda: imgui.push_text_wrap_pos(40),
    "push clip": lambda: imgui.push_clip_rect((0, 0), (50, 50), True),
    "begin disabled": lambda: imgui.begin_disabled(),
    "begin group": imgui.begin_group,
    "tree push": lambda: imgui.tree_push("tree"),
    "tree node": lambda: imgui.tree_node_ex("node", imgui.TreeNodeFlags_.default_open),
    "begin table": lambda: imgui.begin_table("table", 3),
    "begin scrolling table": lambda: imgui.begin_table(
        "scrolling", 2, imgui.TableFlags_.scroll_y | imgui.TableFlags_.borders, (80, 50)
    ),
    "begin tab bar": lambda: imgui.begin_tab_bar("tabs"),
    "begin tab item": lambda: imgui.begin_tab_item("tab"),
    "begin menu bar": imgui.begin_menu_bar,
    "begin main menu bar": imgui.begin_main_menu_bar,
    "begin menu": lambda: imgui.begin_menu("menu"),
    "open popup": lambda: imgui.open_popup("popup"),
    "begin popup": lambda: imgui.begin_popup("popup"),
    "begin modal": lambda: imgui.begin_popup_modal("popup"),
    "begin combo": lambda: imgui.begin_combo("combo", "preview"),
    "begin list box": lambda: imgui.begin_list_box("list", (50, 40)),
    "begin tooltip": imgui.begin_tooltip,
    "columns": lambda: imgui.columns(2, "columns"),
    "indent": imgui.indent,
    "begin plot": lambda: implot.begin_plot("plot", (90, 60)),
}
CLOSERS: dict[str, Call] = {
    "end": imgui.end,
    "end child": not_of_table(imgui.end_child),
    "pop id": imgui.pop_id,
    "pop color": imgui.pop_style_color,
    "pop 3 colors": lambda: imgui.pop_style_color(3),
    "pop var": imgui.pop_style_var,
    "pop font": imgui.pop_font,
    "pop item flag": imgui.pop_item_flag,
    "pop item width": imgui.pop_item_width,
    "pop wrap": imgui.pop_text_wrap_pos,
    "pop clip": imgui.pop_clip_rect,
    "end disabled": imgui.end_disabled,
    "end group": imgui.end_group,
    "tree pop": imgui.tree_pop,
    "end table": imgui.end_table,
    "end tab bar": imgui.end_tab_bar,
    "end tab item": imgui.end_tab_item,
    "end menu bar": imgui.end_menu_bar,
    "end main menu bar": imgui.end_main_menu_bar,
    "end menu": imgui.end_menu,
    "end popup": imgui.end_popup,
    "end combo": imgui.end_combo,
    "end list box": not_of_table(imgui.end_list_box),
    "end tooltip": imgui.end_tooltip,
    "one column": lambda: imgui.columns(1),
    "unindent": imgui.unindent,
    "end plot": implot.end_plot,
}
BETWEEN: dict[str, Call] = {
    "text": lambda: imgui.text("text"),
    "button": lambda: imgui.button("button"),
    "slider": lambda: imgui.slider_float("slider", 0.5, 0.0, 1.0),
    "same line": imgui.same_line,
    "next column": imgui.next_column,
    "table next column": imgui.table_next_column,
    "table row": in_table(imgui.table_next_row),
    "table setup": lambda: imgui.table_setup_column("c"),
    "table headers": in_table(imgui.table_headers_row),
    "cursor": lambda: imgui.set_cursor_pos((5, 5)),
    "raise": lambda: 1 // 0,
}
ALL = {**OPENERS, **CLOSERS, **BETWEEN}
NAMES = tuple(ALL)
WEIGHTS = [3] * len(OPENERS) + [2] * len(CLOSERS) + [2] * (len(BETWEEN) - 1) + [1]


class Frames:
    """Frames in memory whose middle is a random sequence."""

    def __init__(self) -> None:
        self.surface = Headless((300, 200), Settings(), None)
        self.guard = Guard()
        self.renewed = 0
        self.faulty = 0

    def frame(self, names: list[str]) -> None:
        def entry() -> None:
            for name in names:
                ALL[name]()

        if self.guard.restore() or self.guard.lost:
            self._renew()
        else:
            self._phase(self.surface.begin)
        self.faulty += bool(self.guard.run(entry))
        if self.guard.lost:
            self._renew()
        own = self.guard.run(self._panel)
        assert own == [], (names, [str(problem) for problem in own])
        self._phase(self.surface.draw)

    def _phase(self, phase: Callable[[], object]) -> None:
        try:
            phase()
        except RuntimeError:
            self._renew()

    def _panel(self) -> None:
        imgui.begin("Panel")
        imgui.text("panel")
        if imgui.begin_table("t", 2):
            imgui.table_next_column()
            imgui.end_table()
        if implot.begin_plot("times", (60, 60)):
            implot.end_plot()
        imgui.end()

    def _renew(self) -> None:
        self.renewed += 1
        self.surface.renew()
        self.guard = Guard()


def run(count: int, seed: int) -> Frames:
    choose = random.Random(seed)
    frames = Frames()
    for number in range(count):
        names = choose.choices(NAMES, WEIGHTS, k=choose.randint(1, 14))
        if number % 3:  # mostly within a window
            names = ["begin", *names, "end"]
        for _ in range(choose.choice((1, 1, 1, 3))):
            if "-v" in sys.argv:
                print(number, names, flush=True)
            frames.frame(names)
    for _ in range(5):
        frames.frame(["begin", "text", "end"])
    assert not frames.guard.lost
    frames.surface.close()
    return frames


@slip(Where.FRAME, "any sequence of ImGui calls, by a fuzzer", "Frames go on.")
def test_frames_go_on_after_any_sequence(tmp_path: Path) -> None:
    frames = run(3_000, 7)
    assert frames.faulty > 1_000


if __name__ == "__main__":
    done = run(int(sys.argv[1]), int(sys.argv[2]))
    print(f"{done.faulty} faulty frames, {done.renewed} fresh contexts")
