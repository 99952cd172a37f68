"""What Dear ImGui says about wrong use of it: each message with the window it is about.

ImGui tells it to `ImGuiContext::ErrorCallback` ("Error handling and recovery" in imgui_internal.h), which
imgui-bundle does not bind. Its place in the context is found by a neighbour that is bound: where that is not
found, nothing is listened to.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass

from imgui_bundle import _imgui_bundle, imgui  # type: ignore[attr-defined]

_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
_MARK = 0x5EC7A61D
# In ImGuiContext stand ErrorCallback, ErrorCallbackUserData, ErrorTooltipLockedPos, ErrorFirst and
# ErrorCountCurrentFrame one after the other.
_BEFORE_COUNT = 28  # bytes
# After these messages ImGui goes on soundly. After others the code that follows may rely on what was checked
# (ImPlot's does), so they are raised where they come up.
_HARMLESS = re.compile(
    r"Missing |Must call End(?:Child|Popup)\(\) and not End|Mismatching PushID"
    r"|Too many PopItemWidth|Code uses SetCursor"
    r"|Calling \w+\(\) (?:too many times|in wrong window|not from a menu-bar)"
    r"|Call should only|EndTable\(\) call should only|Needs to be called between BeginTabBar"
    r"|Mismatched BeginTabBar|Calling PushStyleVar\(\) variant|Invalid flags for "
    r"|TableSetupColumn\(\)|TableSetColumnIndex\(\)|TableSetupColumn"
)
_MOST = 200  # messages kept of one entry: a loop may make any number


@dataclass(frozen=True, slots=True)
class Said:
    """One message and the name of the window that was open."""

    message: str
    window: str


_said: list[Said] = []
_sought = ""  # the message that is raised although it is harmless, to learn where it comes up
_offset: int | None = None  # of the callback in a context, once known


def take() -> list[Said]:
    """What was said since the last time; every message once, in order."""
    found = list(dict.fromkeys(_said))
    _said.clear()
    return found


def heard(since: int) -> list[Said]:
    """What was said behind the first `since` messages; it stays."""
    return _said[since:]


def seek(message: str) -> None:
    """Have ImGui raise at the next occurrence of a message; "" for none."""
    global _sought
    _sought = message


def say(message: str) -> None:
    """Add what ImGui's own recovery does not know of."""
    window = imgui.internal.get_current_window_read()
    _said.append(Said(message, window.name if window else ""))


def listen() -> bool:
    """Hear the errors of the current context, which has no frame open. False where that does not work."""
    address = _context_address()
    if address is None:
        return False
    global _offset
    if _offset is None:
        _offset = _find_offset(address)
        if _offset is None:
            return False
    slot = ctypes.c_void_p.from_address(address + _offset)
    slot.value = ctypes.cast(_hear, ctypes.c_void_p).value
    return True


def _context_address() -> int | None:
    library = ctypes.CDLL(str(_imgui_bundle.__file__))
    current = getattr(library, "_ZN5ImGui17GetCurrentContextEv", None)
    if current is None:
        return None
    current.restype = ctypes.c_void_p
    address: int | None = current()
    return address


def _find_offset(address: int) -> int | None:
    context = imgui.get_current_context()
    before = context.error_count_current_frame
    context.error_count_current_frame = _MARK
    try:
        size = _allocated(address)
        memory = (ctypes.c_ubyte * size).from_address(address)
        found = bytes(memory).find(_MARK.to_bytes(4, "little"))
    finally:
        context.error_count_current_frame = before
    offset = found - _BEFORE_COUNT
    if found < 0 or ctypes.c_void_p.from_address(address + offset).value:
        return None  # something else stands there
    return offset


def _allocated(address: int) -> int:
    usable = ctypes.CDLL(None).malloc_usable_size
    usable.argtypes, usable.restype = [ctypes.c_void_p], ctypes.c_size_t
    return int(usable(address))


@_CALLBACK
def _hear(_context: int | None, _data: int | None, message: bytes) -> None:
    if len(_said) >= _MOST:
        return
    text = message.decode(errors="replace")
    raised = text == _sought or not _HARMLESS.match(text)
    imgui.get_io().config_error_recovery_enable_assert = raised  # asked right after this
    if not raised:
        say(text)
