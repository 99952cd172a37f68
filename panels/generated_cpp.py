"""Generated C++: the selected function's Lisp beside the C++ that was made of it."""

from __future__ import annotations

from imgui_bundle import imgui
from imgui_bundle.imgui_color_text_edit import TextEditor

from panels import lisp_text, theme
from panels.model import Commands, PanelState, Snapshot, shown_function
from panels.widgets import badge, empty_note
from runtime.snapshots import FunctionInfo

TITLE = "Generated C++"


class GeneratedCpp:
    """A panel that keeps a read-only editor; call it to draw."""

    def __init__(self) -> None:
        self._shown = ""
        self._editor = TextEditor()
        self._editor.set_language(TextEditor.Language.cpp())
        self._editor.set_palette(TextEditor.get_dark_palette())
        self._editor.set_read_only_enabled(True)
        self._editor.set_show_whitespaces_enabled(False)
        self._editor.set_show_scrollbar_mini_map_enabled(False)

    def __call__(self, snapshot: Snapshot, state: PanelState, commands: Commands) -> None:
        function = shown_function(snapshot.functions, state.selected)
        if function is None:
            empty_note(
                "The Lisp of a function and the C++ that was made of it stand here side by side."
            )
            return
        self._heading(function)
        flags = imgui.TableFlags_
        if not imgui.begin_table("sides", 2, flags.resizable | flags.borders_inner_v):
            return
        imgui.table_next_row()
        imgui.table_next_column()
        with_mono = state.fonts.mono
        imgui.push_font(with_mono, 0.0)
        if imgui.begin_child("lisp", (0, 0), 0, imgui.WindowFlags_.horizontal_scrollbar):
            lisp_text.draw(function.source)
        imgui.end_child()
        imgui.pop_font()
        imgui.table_next_column()
        if function.cpp:
            self._cpp(function, with_mono)
        else:
            empty_note(_why_none(function))
        imgui.end_table()

    def _heading(self, function: FunctionInfo) -> None:
        imgui.text(function.name)
        imgui.same_line()
        badge(theme.tier_name(function.tier), theme.tier_color(function.tier))
        imgui.same_line()
        imgui.text_colored(theme.DIM, f"{function.file.rsplit('/', 1)[-1]}:{function.line}")
        if function.compile_ms:
            imgui.same_line()
            imgui.text_colored(theme.DIM, f"compiled in {function.compile_ms:.1f} ms")

    def _cpp(self, function: FunctionInfo, mono: imgui.ImFont) -> None:
        if function.cpp != self._shown:
            self._shown = function.cpp
            self._editor.set_text(function.cpp)
        imgui.push_font(mono, 0.0)
        self._editor.render("##cpp")
        imgui.pop_font()


def _why_none(function: FunctionInfo) -> str:
    if function.error:
        return f"It stays interpreted: {function.error}"
    if function.state in ("queued", "compiling"):
        return "Its C++ is being compiled."
    left = max(1, function.threshold - round(function.heat))
    waits = f"\n{function.waits[0].upper()}{function.waits[1:]}." if function.waits else ""
    return f"It is interpreted, so there is no C++. {left} calls until it tiers up.{waits}"
