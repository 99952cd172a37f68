"""Where a script opened what it left open: ImGui's stacks are looked at after each C++ call of a frame."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from imgui_bundle import imgui, implot

from app import imgui_errors
from app.surface import len_of
from runtime.errors import Frame, Span

State = imgui.internal.ErrorRecoveryState
MISSING = re.compile(r"Missing (\w+\(\))")
Stack = tuple[str, str]  # the call that ends it, and the window it belongs to; "" for all of them

_OF_ALL = {
    "End()": "size_of_window_stack",
    "EndGroup()": "size_of_group_stack",
    "EndDisabled()": "size_of_disabled_stack",
    "PopStyleColor()": "size_of_color_stack",
    "PopStyleVar()": "size_of_style_var_stack",
    "PopFont()": "size_of_font_stack",
    "PopItemFlag()": "size_of_item_flags_stack",
    "PopFocusScope()": "size_of_focus_scope_stack",
}
_OF_WINDOW = {"PopID()": "size_of_id_stack", "TreePop()": "size_of_tree_stack"}
_SAME = {"EndChild()": "End()", "EndPopup()": "End()"}


@dataclass
class Openers:
    """Observes one call of an entry, within a frame: who made each stack of ImGui's longer."""

    _depths: dict[Stack, int] = field(default_factory=dict)
    _open: dict[Stack, list[Frame]] = field(default_factory=lambda: defaultdict(list))
    _heard: int = 0
    _found: dict[tuple[str, str], Frame | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._depths = _depths()

    def __call__(self, span: Span | None, function: str) -> None:
        """A C++ call of the entry has ended; ImGui may have mended something in it."""
        for said in imgui_errors.heard(self._heard):
            self._heard += 1
            if missing := MISSING.search(said.message):
                self._found.setdefault(
                    (missing[1], said.window), self._last(missing[1], said.window)
                )
        for stack, depth in _depths().items():
            before = self._depths.get(stack)
            self._depths[stack] = depth
            if before is None:  # a window that this call opened, with what is in it from the start
                continue
            opened = self._open[stack]
            del opened[max(0, len(opened) - max(0, before - depth)) :]
            opened += [Frame(function, span)] * (depth - before)

    def of(self, call: str, window: str) -> Frame | None:
        """What opened the innermost of those that `call` should have ended, if it was seen."""
        return self._found.get((call, window)) or self._last(call, window)

    def _last(self, call: str, window: str) -> Frame | None:
        name = _SAME.get(call, call)
        opened = self._open.get((name, window)) or self._open.get((name, ""))
        return opened[-1] if opened else None


def _depths() -> dict[Stack, int]:
    """How high ImGui's stacks are."""
    state = State()
    imgui.internal.error_recovery_store_state(state)
    context = imgui.get_current_context()
    window = imgui.internal.get_current_window_read()
    found = {(call, ""): int(getattr(state, name)) for call, name in _OF_ALL.items()}
    found["EndTable()", ""] = context.tables_temp_data_stacked
    found["EndTabBar()", ""] = len_of(context.current_tab_bar_stack)
    found["EndMultiSelect()", ""] = context.multi_select_temp_data_stacked
    plotting = implot.get_current_context() is not None and implot.internal.get_current_plot()
    found["EndPlot()", ""] = int(bool(plotting))
    if window is not None:
        for call, name in _OF_WINDOW.items():
            found[call, window.name] = int(getattr(state, name))
        found["EndMenuBar()", window.name] = int(window.dc.menu_bar_appending)
    return found
