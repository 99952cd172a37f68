"""The files that the monkey edits: sound at any time when no slip is in them, and different at every save."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from random import Random

from app.environment import ASSETS
from app.soak.slips import Place, Slip

SOURCES = ASSETS / "soak"
HOLE = "  ;; here\n"
WIDGETS = (
    "(imgui/Separator)",
    '(imgui/BulletText #cpp "%s" (str base))',
    '(imgui/Checkbox "flag" (cpp/& (cpp/value "(*new bool(true))")))',
    "(imgui/Text (pr-str table))",
    "(imgui/ProgressBar (cpp/float. 0.5))",
    '(dotimes [i 3] (imgui/BulletText #cpp "%d" (cpp/int. i)))',
)


class Project:
    """A folder with two scripts and a header. `stamp` rises with every save of both scripts."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self.folder = folder
        self.script = folder / "main.jank"
        self.header = folder / "engine.hpp"
        self.stamp = 0
        self._chance = chance
        self._texts: dict[Path, str] = {}
        for source in sorted(SOURCES.iterdir()):
            shutil.copy(source, folder)
            self._texts[folder / source.name] = source.read_text(encoding="utf-8")
        self._parts = folder / "parts.jank"

    def edit(self) -> str:
        """One sound edit, saved; returns what it was."""
        chance = self._chance
        number = chance.randrange(1, 1000)
        kinds = {
            "a constant": (self.script, r"\(def base \d+\)", f"(def base {number})"),
            "a text": (self.script, r'\(def label "\w+"\)', f'(def label "l{number}")'),
            "a constant elsewhere": (
                self._parts,
                r"\(def factor \d+\)",
                f"(def factor {number})",
            ),
            "a macro": (
                self._parts,
                r"`\(\+ ~x ~x.*?\)\)",
                f"`(+ ~x ~x {number}))",
            ),
            "a function": (
                self._parts,
                r"\(defn scaled.*\n",
                f"(defn scaled [x] (+ {number} (* x factor)))\n",
            ),
            "a method": (
                self._parts,
                r"\(\* 3 .*\n",
                f"(* {number} (:radius c) (:radius c)))\n",
            ),
            "a widget": (
                self.script,
                r"(  \(rows 5\)\n)(?:  .*\n)?(?=  ;; here)",
                f"\\1  {chance.choice(WIDGETS)}\n",
            ),
        }
        name = chance.choice(sorted(kinds))
        path, pattern, new = kinds[name]
        self._texts[path] = re.sub(pattern, new, self._texts[path], count=1)
        self.save()
        return name

    def edit_header(self) -> str:
        """Another constant in the header, saved."""
        number = self._chance.randrange(1, 1000)
        self._texts[self.header] = re.sub(
            r"return \d+; \} // edited", f"return {number}; }} // edited", self._texts[self.header]
        )
        self._write(self.header, self._texts[self.header])
        return "the header"

    def slip(self, slip: Slip) -> None:
        """Save a file with the slip in it; `mend` takes it out again."""
        text = self._texts[self.script]
        match slip.place:
            case Place.FRAME:
                self._write(self.script, text.replace(HOLE, f"  {slip.text}\n"))
            case Place.TOP:
                self._write(self.script, text.replace("(defn helper", f"{slip.text}\n(defn helper"))
            case Place.FILE:
                self._write(self.script, slip.text)
            case Place.HEADER:
                header = self._texts[self.header]
                text = header.replace("struct body", f"{slip.text}\nstruct body")
                self._write(self.header, text)
            case Place.EVAL:
                raise ValueError("evaluated, not saved")

    def mend(self) -> None:
        """Save every file without slips, under a new stamp."""
        self._write(self.header, self._texts[self.header])
        self.save()

    def save(self) -> None:
        """Save both scripts under a new stamp, the required one first."""
        self.stamp += 1
        for path in (self._parts, self.script):
            text = re.sub(r"\(def stamp \d+\)", f"(def stamp {self.stamp})", self._texts[path])
            self._texts[path] = text
            self._write(path, text)

    def _write(self, path: Path, text: str) -> None:
        """Save as editors do: in place, or by a file that takes the old one's place."""
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        if self._chance.random() < 0.5:
            path.write_text(text, encoding="utf-8")
        else:
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(text, encoding="utf-8")
            os.replace(fresh, path)
