"""Slips of a frame function, by name: what is wrong, what is said about it, and the same without the slip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """The body of a frame function, and words that the error about it has."""

    body: str
    says: tuple[str, ...]
    sound: str = '(imgui/Begin "Tool") (imgui/Text "sound") (imgui/End)'


def within(body: str) -> str:
    return f'(imgui/Begin "Tool" cpp/nullptr cpp/ImGuiWindowFlags_MenuBar) {body} (imgui/End)'


def slip(body: str, *says: str) -> Slip:
    return Slip(within(body), says)


TABLE = '(imgui/BeginTable "t" 2) (imgui/TableNextColumn) (imgui/Text "x")'
TREE = '(imgui/TreePush "tree")'

MISSING = {
    "missing End": Slip('(imgui/Begin "Tool")', ("Missing End()", "Tool")),
    "missing EndChild": slip('(imgui/BeginChild "c")', "EndChild()", "Tool"),
    "missing PopID": slip("(imgui/PushID 7)", "Missing PopID()", "Tool"),
    "missing EndTable": slip(TABLE, "Missing EndTable()", "Tool"),
    "missing EndMenuBar": slip("(imgui/BeginMenuBar)", "Missing EndMenuBar()", "Tool"),
    "missing EndTabBar": slip('(imgui/BeginTabBar "tabs")', "Missing EndTabBar()", "Tool"),
    "missing TreePop": slip(TREE, "Missing TreePop()", "Tool"),
    "missing EndGroup": slip("(imgui/BeginGroup)", "Missing EndGroup()", "Tool"),
    "missing EndDisabled": slip("(imgui/BeginDisabled)", "Missing EndDisabled()", "Tool"),
    "missing PopStyleVar": slip(
        "(imgui/PushStyleVar cpp/ImGuiStyleVar_FrameRounding 3.0)", "Missing PopStyleVar()", "Tool"
    ),
    "missing PopStyleColor": slip(
        "(imgui/PushStyleColor cpp/ImGuiCol_Text (cpp/ImVec4. 1.0 0.0 0.0 1.0))",
        "Missing PopStyleColor()",
        "Tool",
    ),
    "missing PopFont": slip("(imgui/PushFont cpp/nullptr 20.0)", "Missing PopFont()", "Tool"),
    "missing PopItemFlag": slip(
        "(imgui/PushItemFlag cpp/ImGuiItemFlags_NoNav true)", "Missing PopItemFlag()", "Tool"
    ),
    "missing PopID outside of a window": Slip("(imgui/PushID 7)", ("Missing PopID()",)),
    "missing EndGroup in a table": slip(
        f"{TABLE} (imgui/BeginGroup) (imgui/EndTable)", "EndGroup()", "Tool"
    ),
    "missing EndPopup": slip('(imgui/OpenPopup "p") (imgui/BeginPopup "p")', "EndPopup()", "Popup"),
    "missing everything": slip(
        f'(imgui/PushID 7) (imgui/BeginGroup) {TABLE} {TREE} (imgui/BeginChild "c")', "EndChild()"
    ),
}
SURPLUS = {
    "End too many": Slip(within("") + " (imgui/End)", ("End() once too often",)),
    "PopID too many": slip("(imgui/PopID)", "PopID() once too often", "Tool"),
    "PopFont too many": slip("(imgui/PopFont)", "PopFont() once too often"),
    "PopFont twice too many": slip("(imgui/PopFont) (imgui/PopFont)", "PopFont() once too often"),
    "PopClipRect too many": slip("(imgui/PopClipRect)", "PopClipRect()"),
    "PopClipRect three times too many": slip(
        "(imgui/PopClipRect) (imgui/PopClipRect) (imgui/PopClipRect)", "PopClipRect()"
    ),
    "PopStyleColor too many": slip("(imgui/PopStyleColor)", "PopStyleColor() once too often"),
    "PopStyleVar too many": slip("(imgui/PopStyleVar 2)", "PopStyleVar() once too often"),
    "PopItemFlag too many": slip("(imgui/PopItemFlag)", "PopItemFlag() once too often"),
    "PopItemWidth too many": slip("(imgui/PopItemWidth)", "PopItemWidth() once too often"),
    "PopTextWrapPos too many": slip("(imgui/PopTextWrapPos)", "PopTextWrapPos() once too often"),
    "TreePop too many": slip("(imgui/TreePop)", "TreePop()", "once too often"),
    "TreePop too many outside of a window": Slip("(imgui/TreePop)", ("TreePop()",)),
    "EndDisabled too many": slip("(imgui/EndDisabled)", "EndDisabled() once too often"),
    "EndGroup too many": slip("(imgui/EndGroup)", "EndGroup() once too often"),
    "EndTable too many": slip("(imgui/EndTable)", "EndTable()"),
    "EndTabBar too many": slip("(imgui/EndTabBar)", "TabBar()"),
    "EndTabItem too many": slip("(imgui/EndTabItem)", "TabBar()"),
    "EndMenuBar too many": slip("(imgui/EndMenuBar)", "EndMenuBar()"),
    "EndMenu too many": slip("(imgui/EndMenu)", "EndMenu()"),
    "EndChild too many": slip("(imgui/EndChild)", "EndChild()"),
    "EndPopup too many": slip("(imgui/EndPopup)", "EndPopup()"),
    "EndCombo too many": slip("(imgui/EndCombo)", "EndCombo()"),
    "EndTooltip too many": slip("(imgui/EndTooltip)", "EndTooltip()"),
    "EndListBox too many": slip("(imgui/EndListBox)", "ListBox"),
    "EndDragDropSource too many": slip("(imgui/EndDragDropSource)", "drag and drop"),
    "End in a child": slip('(imgui/BeginChild "c") (imgui/End)', "EndChild()"),
    "PopItemFlag for EndDisabled": slip(
        "(imgui/BeginDisabled) (imgui/PopItemFlag) (imgui/EndDisabled)", ""
    ),
    "EndGroup in another window": slip(
        '(imgui/BeginGroup) (imgui/BeginChild "c") (imgui/EndGroup) (imgui/EndChild)',
        "EndGroup() in another window",
    ),
    "TableNextColumn without a table": slip('(imgui/TableSetupColumn "c")', "BeginTable()"),
    "100 columns in no table": slip('(imgui/BeginTable "t" 0)', "ImGui"),
}
LATER = {
    "style.WindowMinSize 0": slip(
        "(cpp/= (.-WindowMinSize (imgui/GetStyle)) (cpp/ImVec2. 0.0 0.0))", "style.WindowMinSize"
    ),
    "style.Alpha 2": slip("(cpp/= (.-Alpha (imgui/GetStyle)) 2.0)", "style.Alpha"),
    "style.CurveTessellationMaxError 0": slip(
        "(cpp/= (.-CurveTessellationMaxError (imgui/GetStyle)) 0.0)", "style.CurveTessellation"
    ),
    "style.FontScaleMain 0": slip(
        "(cpp/= (.-FontScaleMain (imgui/GetStyle)) 0.0)", "FontScaleMain"
    ),
    "io viewports on": slip(
        "(cpp/= (.-ConfigFlags (imgui/GetIO)) (bit-or (.-ConfigFlags (imgui/GetIO)) "
        "cpp/ImGuiConfigFlags_ViewportsEnable))",
        "io.ConfigFlags",
    ),
    "io docking off": slip("(cpp/= (.-ConfigFlags (imgui/GetIO)) 0)", "io.ConfigFlags"),
    "io.DeltaTime -1": slip("(cpp/= (.-DeltaTime (imgui/GetIO)) -1.0)", "io.DeltaTime"),
    "io.DisplaySize negative": slip(
        "(cpp/= (.-DisplaySize (imgui/GetIO)) (cpp/ImVec2. -5.0 -5.0))", "io.DisplaySize"
    ),
    "io.BackendFlags 0": slip("(cpp/= (.-BackendFlags (imgui/GetIO)) 0)", "io.BackendFlags"),
    "io.ConfigErrorRecovery off": slip(
        "(cpp/= (.-ConfigErrorRecovery (imgui/GetIO)) false)", "io.ConfigErrorRecovery"
    ),
    "io.ConfigErrorRecoveryEnableAssert on": slip(
        "(cpp/= (.-ConfigErrorRecoveryEnableAssert (imgui/GetIO)) true)",
        "io.ConfigErrorRecoveryEnableAssert",
    ),
    "io.MouseDoubleClickTime too long": slip(
        "(cpp/= (.-MouseDoubleClickTime (imgui/GetIO)) 60.0)", "io.MouseSingleClickDelay"
    ),
    "io.KeyMods changed": slip("(cpp/= (.-KeyMods (imgui/GetIO)) 4096)", "io.KeyMods"),
    "SetCurrentContext of null": Slip(
        "(imgui/SetCurrentContext cpp/nullptr)", ("current context",)
    ),
    "DestroyContext": Slip("(imgui/DestroyContext cpp/nullptr)", ("destroyed",)),
    "fonts cleared": slip("", "io.Fonts").__class__(
        within("") + " (.Clear (.-Fonts (imgui/GetIO)))", ("io.Fonts",)
    ),
    "EndFrame": slip("(imgui/EndFrame)", ""),
    "Render": Slip("(imgui/Render)", ("",)),
    "NewFrame": Slip("(imgui/NewFrame)", ("",)),
}
# What is not to be seen is not looked at.
LARGE = "(imgui/SetNextWindowSize (cpp/ImVec2. 300.0 300.0)) "
WILD = {
    "a null pointer for a slider": Slip(
        LARGE + within('(imgui/SliderFloat "s" cpp/nullptr (cpp/float. 0.0) (cpp/float. 1.0))'),
        ("segmentation fault in ImGui::SliderFloat",),
    ),
    "a null pointer for a checkbox": Slip(
        LARGE + within('(imgui/Checkbox "c" cpp/nullptr)'),
        ("segmentation fault in ImGui::Checkbox",),
    ),
}
ALL = {**MISSING, **SURPLUS, **LATER, **WILD}
