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
        folder.mkdir()
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
                r"factor \d+\)",
                f"factor {number})",
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
            "C++ in a script": (self.script, r"return \d+", f"return {number}"),
            "one more definition": (
                chance.choice((self.script, self._parts)),
                ";; more\n",
                f"(def more-{number} {number})\n;; more\n",
            ),
            "one definition less": (
                chance.choice((self.script, self._parts)),
                r"\(def more-\d+ \d+\)\n",
                "",
            ),
            "a function or a macro": (
                self._parts,
                r"\(def\w+ grow .*\n",
                chance.choice(
                    ("(defn grow [x] (inc x))\n", "(defmacro grow [x] `(inc (inc ~x)))\n")
                ),
            ),
            "a dynamic var": (
                self._parts,
                r"\(def (\^:dynamic )?factor",
                chance.choice(("(def factor", "(def ^:dynamic factor")),
            ),
            "two definitions swapped": (
                self._parts,
                r"(\(def twice-defined \d\)\n)(\(def twice-defined \d\)\n)",
                r"\2\1",
            ),
        }
        name = chance.choice(sorted(kinds))
        path, pattern, new = kinds[name]
        self._texts[path] = re.sub(pattern, new, self._texts[path], count=1)
        self.save()
        return name

    def edit_header(self) -> str:
        """Another constant, macro or layout in the header, saved; returns what it was."""
        number = self._chance.randrange(1, 1000)
        kinds = {
            "a constant of the header": (
                r"return \d+; \} // edited",
                f"return {number}; }} // edited",
            ),
            "a macro of the header": (r"(#define ENGINE_SIZE) \d+", f"\\1 {number}"),
            "a struct's fields": (
                r"(?:  int more\d+ = 0;\n)*(?=  // fields)",
                "".join(f"  int more{i} = 0;\n" for i in range(number % 4)),
            ),
        }
        name = self._chance.choice(sorted(kinds))
        pattern, new = kinds[name]
        self._texts[self.header] = re.sub(pattern, new, self._texts[self.header], count=1)
        self._write(self.header, self._texts[self.header])
        return name

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
            case Place.DISK:
                self._spoil(self.script, slip.text)
            case Place.PART:
                self._spoil(self._parts, slip.text)
            case Place.INCLUDED:
                self._spoil(self.header, slip.text)
            case Place.EVAL | Place.WIRE:
                raise ValueError("sent, not saved")

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
        if path.is_file() and not path.is_symlink():
            if path.read_bytes() == text.encode():
                return
        else:
            _remove(path)
        if self._chance.random() < 0.5:
            path.write_text(text, encoding="utf-8")
        else:
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(text, encoding="utf-8")
            os.replace(fresh, path)

    def _spoil(self, path: Path, what: str) -> None:
        _remove(path)
        match what:
            case "a folder":
                path.mkdir()
            case "a pipe":
                os.mkfifo(path)
            case "a link to itself":
                path.symlink_to(path)
            case "no UTF-8":
                path.write_bytes(b"; \xff\xfe nothing\n" + self._texts[path].encode())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
