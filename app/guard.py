"""Running a script's frame function so that no error of it can end the app or unbalance ImGui's stacks.

ImGui's own description of what is recovered here: "Error handling and recovery" in imgui.h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgui_bundle import imgui

from runtime.errors import RuntimeFault

# What a stack of ImGui's error recovery state lacks when it is higher after the script than before.
CLOSERS = {
    "size_of_window_stack": "End() or EndChild()",
    "size_of_begin_popup_stack": "EndPopup()",
    "size_of_tree_stack": "TreePop()",
    "size_of_group_stack": "EndGroup()",
    "size_of_id_stack": "PopID()",
    "size_of_color_stack": "PopStyleColor()",
    "size_of_style_var_stack": "PopStyleVar()",
    "size_of_font_stack": "PopFont()",
    "size_of_item_flags_stack": "PopItemFlag()",
    "size_of_disabled_stack": "EndDisabled()",
}


def run(entry: Callable[[], Any]) -> Exception | None:
    """Call `entry` and return what went wrong with it, with ImGui's stacks as they were before."""
    before = imgui.internal.ErrorRecoveryState()
    imgui.internal.error_recovery_store_state(before)
    problem: Exception | None = None
    try:
        entry()
    except Exception as error:
        problem = error
    after = imgui.internal.ErrorRecoveryState()
    imgui.internal.error_recovery_store_state(after)
    missing = [
        closer for name, closer in CLOSERS.items() if getattr(after, name) > getattr(before, name)
    ]
    if problem is None and missing:
        problem = _unbalanced(entry, missing)
    if missing or problem is not None:
        _recover(before)
    return problem


def _unbalanced(entry: Callable[[], Any], missing: list[str]) -> RuntimeFault:
    window = imgui.internal.get_current_window()
    name = getattr(entry, "name", None) or getattr(entry, "__name__", "the frame function")
    return RuntimeFault(
        f"Missing {missing[0]} in window “{window.name}”, left open by {name}",
        expected=", ".join(missing),
        found="the end of the frame function",
    )


def _recover(state: imgui.internal.ErrorRecoveryState) -> None:
    io = imgui.get_io()
    io.config_error_recovery_enable_assert = False
    try:
        imgui.internal.error_recovery_try_to_recover_state(state)
    finally:
        io.config_error_recovery_enable_assert = True
