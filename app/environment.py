"""Where things are on this machine: a display to open a window on, the assets, the user's folders."""

from __future__ import annotations

import atexit
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import platformdirs

# `assets` stands beside the package `app`, in the source tree and when installed.
ASSETS = Path(__file__).resolve().parent.parent / "assets"

SCREEN = (1280, 800)  # the virtual display's size in pixels
_START_SECONDS = 20.0  # how long the virtual display may take to come up


class DisplayKind(Enum):
    """What a window can be opened on."""

    REAL = "real"
    VIRTUAL = "virtual"
    NONE = "none"


def cache_dir() -> Path:
    """The user's folder for what can be made again: headers, compiled code."""
    return platformdirs.user_cache_path("tierscope")


def config_dir() -> Path:
    """The user's folder for settings and the windows' layout."""
    return platformdirs.user_config_path("tierscope")


def has_display() -> bool:
    """Whether a display is named by the environment and its server answers."""
    if sys.platform == "darwin" or os.environ.get("WAYLAND_DISPLAY"):
        return True
    return bool(os.environ.get("DISPLAY")) and _x_server_answers()


def ensure_display(say: Callable[[str], object] | None = None) -> DisplayKind:
    """Find a display, or start a virtual one that lives as long as this process.

    `say` is told, in a sentence, when there is no real display. After VIRTUAL, DISPLAY names the new
    one. Call it before anything opens a connection, and from the main thread.
    """
    say = say or (lambda text: print(text, file=sys.stderr))
    if has_display():
        return DisplayKind.REAL
    if shutil.which("Xvfb") is None:
        say("No display was found, and no Xvfb to make a virtual one: running offscreen.")
        return DisplayKind.NONE
    display = VirtualDisplay()
    try:
        display.start()
    except OSError as error:
        say(f"No display was found, and Xvfb did not start ({error}): running offscreen.")
        return DisplayKind.NONE
    atexit.register(display.stop)
    os.environ["DISPLAY"] = display.name
    say(f"No display was found: running on the virtual display {display.name}.")
    return DisplayKind.VIRTUAL


class VirtualDisplay:
    """An Xvfb of `width` × `height` pixels, ended by `stop` or with this process."""

    def __init__(self, width: int = SCREEN[0], height: int = SCREEN[1]) -> None:
        self.size = (width, height)
        self.name = ""  # what DISPLAY must say, once started
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on the first free number. Raises OSError where that fails."""
        reading, writing = os.pipe()
        width, height = self.size
        screen = ["-screen", "0", f"{width}x{height}x24", "+extension", "GLX"]
        try:
            self._process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writing), *screen, "-nolisten", "tcp", "-noreset"],
                pass_fds=[writing],
                start_new_session=True,  # Ctrl-C is for the app, which ends it after its window
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=end_with_parent,
            )
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            ready, _, _ = select.select([pipe], [], [], _START_SECONDS)
            number = pipe.readline().decode().strip() if ready else ""
        if not number:  # it ended, or it hangs
            self.stop()
            raise OSError("the virtual display did not come up")
        self.name = f":{number}"

    def stop(self) -> None:
        """End it; harmless where it has ended."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def end_with_parent() -> None:
    """In the child: be told to end when the parent is killed (Linux only)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _x_server_answers() -> bool:
    """Whether a connection to DISPLAY can be made; True where that cannot be told."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x11.XOpenDisplay(None)
    if connection:
        x11.XCloseDisplay(connection)
    return bool(connection)
