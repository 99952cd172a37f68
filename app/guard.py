"""Running a script's frame function so that nothing it does to ImGui can end the app.

ImGui mends wrong nesting itself and tells of it ("Error handling and recovery" in imgui.h) as long as its
asserts are off; `app.imgui_errors` hears it. A plain assert in the middle of a call leaves more: that is
mended here, as far as ImGui's stacks tell. Where they do not agree afterwards, the context is lost, and who
draws has to take a fresh one (`Surface.renew`).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from typing import Any

from imgui_bundle import _imgui_bundle, imgui, implot  # type: ignore[attr-defined]

from app import imgui_errors
from app.imgui_errors import Said
from app.openers import MISSING, Openers
from app.put_back import Settings
from app.surface import fonts_stand, len_of
from runtime.errors import Frame, LispError, RuntimeFault
from runtime.tiers.observed import observed
from runtime.traces import describe, fault

State = imgui.internal.ErrorRecoveryState

# What a stack of ImGui's error recovery state lacks when it is lower after the script than before.
SURPLUS = {
    "size_of_color_stack": "PopStyleColor()",
    "size_of_style_var_stack": "PopStyleVar()",
    "size_of_font_stack": "PopFont()",
    "size_of_item_flags_stack": "PopItemFlag()",
    "size_of_disabled_stack": "EndDisabled()",
    "size_of_focus_scope_stack": "PopFocusScope()",
    "size_of_id_stack": "PopID()",
    "size_of_tree_stack": "TreePop()",
    "size_of_group_stack": "EndGroup()",
}
_ATTEMPTS = 30  # at mending: each deals with one plain assert
_TOO_MANY = re.compile(r"Calling (\w+\(\)) too many times|(\w+)\(\) call should only be done")
_ASSERT = re.compile(
    r"^(?:C\+\+ exception )?(?:std::runtime_error: )?IM_ASSERT\( (.*) \)\s+---\s+(.*)$"
)
# Plain asserts, as people should read them. The texts are those of imgui.cpp and its sisters.
ASSERTS = (
    ("IDStack.Size > 1", "TreePop() or PopID() once too often"),
    ("g.GroupStack.Size > 0", "EndGroup() once too often"),
    ("group_data.WindowID == window->ID", "EndGroup() in another window than BeginGroup()"),
    ("Flags & ImGuiWindowFlags_ChildWindow", "EndChild() without BeginChild()"),
    ("Flags & ImGuiWindowFlags_Tooltip", "EndTooltip() without BeginTooltip()"),
    ("MenuBarAppending", "EndMenuBar() without BeginMenuBar()"),
    ("ImGuiWindowFlags_MenuBar", "EndMenuBar() without BeginMenuBar()"),
    ("inner_window == g.CurrentWindow", "EndTable() in another window than BeginTable()"),
    ("CurrentPlot != nullptr", "EndPlot() or a plot item without BeginPlot()"),
    ("DragDropWithinSource", "EndDragDropSource() without BeginDragDropSource()"),
    ("DragDropWithinTarget", "EndDragDropTarget() without BeginDragDropTarget()"),
    ("DragDropActive", "the end of a drag and drop that did not begin"),
)


class Guard:
    """Runs entries in one ImGui context; of a fresh context there has to be a fresh guard.

    `lost` is true from when ImGui could not be mended.
    """

    def __init__(self) -> None:
        self._context = imgui.get_current_context()
        self._settings: Settings | None = None
        self._located: dict[tuple[str, str, str], LispError | None] = {}
        self._to_locate: dict[str, tuple[str, str]] = {}
        # Entries whose missing ends are to be told with their place.
        self._to_observe: set[str] = set()
        self.lost = False

    def run(self, entry: Callable[[], Any], again: bool = True) -> list[Exception]:
        """Call `entry` within a frame. Returns what went wrong with it; ImGui's stacks are as before.

        `again`: it is called in the next frame too, so what is surplus or missing is told then, when its
        place is known.
        """
        name = str(getattr(entry, "name", None) or getattr(entry, "__name__", "the frame function"))
        if self._settings is None:
            self._settings = Settings()
        before = State()
        imgui.internal.error_recovery_store_state(before)
        number = imgui.get_frame_count()
        imgui_errors.take()
        sought = self._to_locate.pop(name, None)
        io = imgui.get_io()
        imgui_errors.seek(sought[0] if sought is not None else "")
        io.config_error_recovery_enable_assert = False
        keys = io.key_mods
        problem: Exception | None = None
        openers = Openers() if name in self._to_observe else None
        try:
            if openers is None:
                entry()
            else:
                with observed(openers) as begun:
                    entry()
                if not begun:
                    openers = None
        except Exception as error:
            problem = error
        problems: list[Exception] = []
        if not self._context_stands(problems):
            return [*_read(problem), *problems]
        io = imgui.get_io()
        if io.key_mods != keys:
            io.key_mods = keys
            problems.append(_told("io.KeyMods was put back", "what the keyboard says", name))
        imgui_errors.seek("")
        if problem is not None:  # raised by what `imgui_errors` had raised
            io.config_error_recovery_enable_assert = False
        said = imgui_errors.take()
        if not fonts_stand():
            self.lost = True
            problems.append(_told("io.Fonts was cleared", "the app's fonts in io.Fonts", name))
            return [*_read(problem), *problems]
        if not self._context.within_frame_scope or imgui.get_frame_count() != number:
            self.lost = True
            text = (
                "a script may not call EndFrame(), Render() or NewFrame(): the frame is the app's"
            )
            return [*_read(problem), _told(text, "none of these calls", name)]
        if sought is not None:
            self._found(name, sought, problem)
            problem = self._located.get((name, *sought)) or problem
            said = [s for s in said if (s.message, s.window) != sought]
        problem = _named(problem)
        asserting = io.config_error_recovery_enable_assert  # `imgui_errors` may change it
        try:
            surplus = self._mend(before)
        except RuntimeError:
            surplus, self.lost = [], True
        io.config_error_recovery_enable_assert = asserting
        said += imgui_errors.take()
        problems += [
            _told(f"{change.name} was put back", change.expected, change.found)
            for change in self._settings.restore()
        ]
        if problem is not None:
            return [*_read(problem), *problems]
        if openers is not None:
            self._to_observe.discard(name)
        return [*self._balance(name, said, surplus, again, openers), *problems]

    def restore(self) -> list[Exception]:
        """Put back, between two frames, what was done to io and style outside of entries."""
        problems: list[Exception] = []
        if not self._context_stands(problems) or not fonts_stand():
            self.lost = True
            return problems
        if self._settings is None:
            return problems
        io = imgui.get_io()  # a test engine that drives the window sets these for itself
        io.config_error_recovery_enable_assert = io.config_error_recovery_enable_tooltip = False
        return [
            _told(f"{change.name} was put back", change.expected, change.found)
            for change in self._settings.restore()
        ]

    # --- what was said ------------------------------------------------------------------------------

    def _balance(
        self,
        name: str,
        said: Sequence[Said],
        surplus: list[str],
        again: bool,
        openers: Openers | None,
    ) -> list[Exception]:
        """The problems of an entry that came to its end, from what ImGui said about it."""
        problems: list[Exception] = []
        standing: set[tuple[str, str, str]] = set()
        for one in said:
            key = (name, one.message, one.window)
            standing.add(key)
            known = self._located.get(key)
            missing = MISSING.search(one.message)
            if missing:
                if openers is not None:
                    opener = openers.of(missing[1], one.window)
                    known = self._located[key] = _missing(name, missing[1], one.window, opener)
                elif known is None and again:
                    self._to_observe.add(name)  # the next frame tells, with its place
                    continue
                problems.append(known or _missing(name, missing[1], one.window, None))
                continue
            if known is not None:
                problems.append(known)
                continue
            if again and key not in self._located and one is said[0]:
                self._to_locate[name] = (
                    one.message,
                    one.window,
                )  # the next frame tells, with its place
            else:
                problems.append(_misused(name, one))
        problems += [
            _misused(name, Said(f"Calling {call} too many times!", "")) for call in surplus
        ]
        for key in [k for k in self._located if k[0] == name and k not in standing]:
            del self._located[key]
        return problems

    def _found(self, name: str, sought: tuple[str, str], problem: Exception | None) -> None:
        """With asserts on, the wrong call has raised: its place is kept as long as it is made."""
        made: LispError | None = None
        if problem is not None and sought[0][:40] in str(problem):
            place = fault(problem)
            made = _misused(name, Said(*sought))
            made.span, made.stack = place.span, place.stack
        self._located[(name, *sought)] = made

    # --- mending ------------------------------------------------------------------------------------

    def _context_stands(self, problems: list[Exception]) -> bool:
        """Whether the current context is ours, if need be after making it so."""
        if imgui.get_current_context() == self._context:
            return True
        alive = len_of(self._context.windows) > 0
        if alive:
            imgui.set_current_context(self._context)
            text = "ImGui's current context was changed; it was put back"
        else:
            _set_current_context(None)
            self.lost = True
            text = "ImGui's context was destroyed; there is a new one"
        problems.append(_told(text, "the app's own context", "another one or none"))
        return alive

    def _mend(self, before: State) -> list[str]:
        """Bring ImGui's stacks to `before`. Returns the calls that were surplus."""
        after, surplus = State(), []
        if not len_of(self._context.item_flags_stack):  # nothing works without
            self._context.item_flags_stack.push_back(0)
        for _ in range(_ATTEMPTS):
            imgui.internal.error_recovery_store_state(after)
            surplus += self._fill(before, after)
            try:
                imgui.internal.error_recovery_try_to_recover_state(before)
                break
            except RuntimeError as error:
                _after_assert(str(error))
        imgui.internal.error_recovery_store_state(after)
        names = ("size_of_window_stack", "size_of_begin_popup_stack", *SURPLUS)
        context = self._context
        context.begin_combo_depth = context.begin_menu_depth = 0
        context.drag_drop_within_source = context.drag_drop_within_target = False
        if any(getattr(after, name) != getattr(before, name) for name in names):
            self.lost = True
        surplus += self._level_trees()
        if implot.get_current_context() is not None and implot.internal.get_current_plot():
            implot.internal.reset_ctx_for_next_plot(implot.get_current_context())
            imgui_errors.say("Missing EndPlot()")
        return surplus

    def _level_trees(self) -> list[str]:
        """Windows keep a negative tree depth, and ImGui asserts on it at their next End()."""
        found = []
        for window in self._context.windows:
            if window.dc.tree_depth < 0:
                window.dc.tree_depth = 0
                found.append(f"TreePop() once too often in window “{window.name}”")
        return found

    def _fill(self, before: State, after: State) -> list[str]:
        """Push again what was popped of the app's own, where ImGui did not mind."""
        if after.size_of_window_stack != before.size_of_window_stack:
            return []  # first the windows are closed
        found: list[str] = []
        for _ in range(before.size_of_font_stack - after.size_of_font_stack):
            imgui.push_font(imgui.get_io().fonts.fonts[0], imgui.get_style().font_size_base)
            found.append("PopFont()")
        for _ in range(before.size_of_item_flags_stack - after.size_of_item_flags_stack):
            self._context.item_flags_stack.push_back(0)
            found.append("PopItemFlag()")
        if after.size_of_disabled_stack < before.size_of_disabled_stack:
            self._context.disabled_stack_size = before.size_of_disabled_stack
            found.append("EndDisabled()")
        if after.size_of_tree_stack < before.size_of_tree_stack:
            imgui.internal.get_current_window().dc.tree_depth = before.size_of_tree_stack
            found.append("TreePop()")
        for _ in range(before.size_of_id_stack - after.size_of_id_stack):
            imgui.push_id("##mended")
            found.append("PopID()")
        return found


def _after_assert(text: str) -> None:
    """Take away what a plain assert met, so that the next attempt comes further."""
    window = imgui.internal.get_current_window()
    if "Size > 0" in text and len_of(window.draw_list._clip_rect_stack) < 2:
        # End() pops the window's own clip rectangle: a script has popped it already.
        window.draw_list.push_clip_rect_full_screen()
        window.draw_list.push_clip_rect_full_screen()
    context = imgui.get_current_context()
    if "group" in text.lower() and len_of(context.group_stack):
        context.group_stack.pop_back()
    if "IDStack" in text or "id_stack" in text.lower():
        imgui.push_id("##mended")
    if not len_of(context.item_flags_stack):
        context.item_flags_stack.push_back(0)


def _set_current_context(context: None) -> None:
    """What the binding does not do: leave ImGui without a context."""
    library = ctypes.CDLL(str(_imgui_bundle.__file__))
    library._ZN5ImGui17SetCurrentContextEP12ImGuiContext(context)


# --- texts ------------------------------------------------------------------------------------------


def _read(problem: Exception | None) -> list[Exception]:
    """An exception with ImGui's asserts in words, at the place where it was raised."""
    if problem is None:
        return []
    found = _ASSERT.match(str(problem))
    if found is None:
        return [problem]
    made = fault(problem)
    made.message = words(found[1])
    made.found = f"ImGui's check {found[1]} ({found[2].split(' ')[0]})"
    return [made]


def words(condition: str) -> str:
    """What an assert of ImGui means: its own message where it has one."""
    own = re.search(r'&& "([^"]+)"', condition)
    if own:
        return f"ImGui: {own[1]}"
    for part, text in ASSERTS:
        if part in condition:
            return text
    return "ImGui was used in a way it does not allow"


def _named(problem: Exception | None) -> Exception | None:
    """An assert that an empty stack of ImGui's was popped, with the name of the stack."""
    if problem is None or "Size > 0 )" not in str(problem):
        return problem
    window = imgui.internal.get_current_window()
    made = fault(problem)
    if not len_of(window.draw_list._clip_rect_stack):
        made.message = f"PopClipRect() once too often in window “{window.name}”"
    elif not len_of(imgui.get_current_context().item_flags_stack):
        made.message = "PopItemFlag() or EndDisabled() once too often"
    else:
        return problem
    made.found = "nothing pushed"
    return made


def in_words(error: BaseException) -> str:
    """An error of ImGui's as people should read it; another one's text as it is."""
    found = _ASSERT.match(str(error))
    return words(found[1]) if found else describe(error)


def _missing(name: str, call: str, window: str, opener: Frame | None) -> RuntimeFault:
    """`opener`: the call that is without its end, and the function it stands in."""
    return RuntimeFault(
        f"Missing {call} in window “{window}”, left open by {name}",
        opener.span if opener is not None else None,
        expected=call,
        found="the end of the window" if window else "the end of the frame function",
        stack=[opener] if opener is not None else (),
    )


def _misused(name: str, said: Said) -> RuntimeFault:
    where = f" in window “{said.window}”" if said.window else ""
    call = _TOO_MANY.search(said.message)
    if call:
        text = f"{call[1] or call[2] + '()'} once too often{where}, in {name}"
        return RuntimeFault(text, expected="what it ends, before it", found="nothing open")
    return RuntimeFault(f"{said.message.splitlines()[0]}{where}, in {name}")


class PutBack(RuntimeFault):
    """What a script did to ImGui as a whole, undone. Done once perhaps, so it is told until a change."""


def _told(text: str, expected: str, found: str) -> PutBack:
    return PutBack(text, expected=expected, found=found)


_guard: Guard | None = None


def run(entry: Callable[[], Any]) -> Exception | None:
    """Call `entry` within a frame under full protection: the first thing that went wrong, or None.

    For whoever draws no frames of an app (`verify`, an evaluation): the stacks are mended, and a context that
    was lost is only told of.
    """
    global _guard
    if _guard is None or _guard.lost or _guard._context != imgui.get_current_context():
        _guard = Guard()
    problems = _guard.run(entry, again=False)
    return problems[0] if problems else None
