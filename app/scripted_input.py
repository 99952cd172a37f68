"""The same made-up user every time: moves, clicks, drags and wheel turns that depend on the frame alone."""

from __future__ import annotations

import random

from imgui_bundle import imgui

PERIOD = 12  # frames from one target to the next


def feed(frame: int, size: tuple[int, int]) -> None:
    """Give ImGui the input of frame number `frame`, for a display of `size` pixels.

    Of every period the pointer is moved first, then pressed, dragged a little and let go.
    """
    io = imgui.get_io()
    chance = random.Random(frame // PERIOD)
    x, y = chance.uniform(0, size[0]), chance.uniform(0, size[1])
    drag, wheel = chance.uniform(-40, 40), chance.choice((-1.0, 0.0, 0.0, 1.0))
    step = frame % PERIOD
    if step == 0:
        io.add_mouse_pos_event(x, y)
        io.add_mouse_wheel_event(0.0, wheel)
    elif step == 3:
        io.add_mouse_button_event(0, True)
    elif step == 6:
        io.add_mouse_pos_event(x + drag, y)
    elif step == 8:
        io.add_mouse_button_event(0, False)
