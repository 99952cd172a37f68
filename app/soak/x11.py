"""A hand on mouse and keyboard: real X events through the XTEST extension, as a user's devices make them."""

from __future__ import annotations

from random import Random

from Xlib import XK, X, display
from Xlib.ext import xtest

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .-"
KEYS = ("Tab", "Return", "BackSpace", "Left", "Right", "Up", "Down", "Home", "End", "Delete")


class Hand:
    """Mouse and keyboard of the X display `name`, moved by chance; Escape is left alone."""

    def __init__(self, name: str) -> None:
        self._display = display.Display(name)
        screen = self._display.screen()
        self._size = (screen.width_in_pixels, screen.height_in_pixels)

    def act(self, chance: Random) -> str:
        """One gesture; returns what it was, for the report."""
        gesture = chance.choice(("click", "click", "drag", "wheel", "type", "key", "right click"))
        x, y = (chance.randrange(length) for length in self._size)
        self._send(X.MotionNotify, 0, x, y)
        match gesture:
            case "click":
                self._press(1)
            case "right click":
                self._press(3)
            case "wheel":
                self._press(chance.choice((4, 5)))
            case "drag":
                self._send(X.ButtonPress, 1)
                self._send(X.MotionNotify, 0, x + chance.randrange(-80, 81), y)
                self._send(X.ButtonRelease, 1)
            case "type":
                for letter in chance.choices(LETTERS, k=4):
                    self._key(XK.string_to_keysym("space" if letter == " " else letter))
            case "key":
                self._key(XK.string_to_keysym(chance.choice(KEYS)))
        self._display.sync()
        return gesture

    def close(self) -> None:
        """Let go of the display."""
        self._display.close()

    def _press(self, button: int) -> None:
        self._send(X.ButtonPress, button)
        self._send(X.ButtonRelease, button)

    def _key(self, keysym: int) -> None:
        code = self._display.keysym_to_keycode(keysym)
        if code:
            self._send(X.KeyPress, code)
            self._send(X.KeyRelease, code)

    def _send(self, kind: int, detail: int = 0, x: int = 0, y: int = 0) -> None:
        xtest.fake_input(self._display, kind, detail, x=x, y=y)
