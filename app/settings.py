"""The user's settings: one TOML file in the configuration folder, beside the saved window layout."""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from runtime.errors import EnvironmentFault, Span

RANGES = {"font_size": (4.0, 200.0), "ui_scale": (0.25, 8.0)}  # what can be drawn and read


@dataclass(frozen=True, slots=True)
class Settings:
    """What `settings.toml` may say."""

    font_size: float = 15.0  # pixels, before the display's content scale
    ui_scale: float = 0.0  # 0: what the display asks for
    vsync: bool = True
    panels: bool = True  # shown at the start
    keep_removed: bool = False  # whether what was removed from a script stays defined


def load(folder: Path) -> Settings:
    """Read `folder/settings.toml`; without one, the defaults.

    Raises EnvironmentFault for what is no readable TOML, unknown names, and values of the wrong kind or
    out of range.
    """
    path = folder / "settings.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        why = error.strerror or str(error)
        message = f"the settings cannot be read: {why}"
        raise EnvironmentFault(message, _at(path), "a readable file, or none") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentFault(f"the settings cannot be read: {error}", _at(path)) from error
    known = {f.name: type(getattr(Settings(), f.name)) for f in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            expected = ", ".join(known)
            raise EnvironmentFault(f"unknown setting {name}", _at(path), expected, name)
        if known[name] is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not known[name]:
            expected = f"a {known[name].__name__}"
            raise EnvironmentFault(f"wrong value of {name}", _at(path), expected, repr(value))
        if name in RANGES and not _is_sound(name, values[name]):
            low, high = RANGES[name]
            expected = f"{low:g} to {high:g}" + (", or 0 for the display's" * (name == "ui_scale"))
            raise EnvironmentFault(f"wrong value of {name}", _at(path), expected, repr(value))
    return Settings(**values)


def layout_file(folder: Path) -> Path | None:
    """Where the windows' layout is kept; None, with a word about it, where that cannot be written.

    Raises EnvironmentFault where the folder's place is taken by a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        message = f"the configuration folder {folder} cannot be made: a file is in its place"
        raise EnvironmentFault(message, expected="a folder, or nothing there yet") from error
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"The layout is not kept, {folder} cannot be made: {reason}", file=sys.stderr)
        return None
    if not os.access(folder, os.W_OK):
        print(f"The layout is not kept, {folder} cannot be written.", file=sys.stderr)
    return folder / "layout.ini"


def _is_sound(name: str, value: float) -> bool:
    low, high = RANGES[name]
    return low <= value <= high or (name == "ui_scale" and value == 0.0)


def _at(path: Path) -> Span:
    return Span(str(path), 1, 1, 1, 1)
