"""The user's settings: one TOML file in the configuration folder, beside the saved window layout."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from runtime.errors import EnvironmentFault, Span


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

    Raises EnvironmentFault for text that is not TOML, unknown names and values of the wrong kind.
    """
    path = folder / "settings.toml"
    if not path.exists():
        return Settings()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
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
    return Settings(**values)


def _at(path: Path) -> Span:
    return Span(str(path), 1, 1, 1, 1)
