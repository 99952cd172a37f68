"""A header as text, for when Clang will not read it again.

A header that was rejected is taken back, but Clang remembers having read it: `#pragma once` or its guard
would leave it out the next time, mended or not. Its text, with that of the headers it includes, is new.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from runtime.cling.companions import INCLUDE, find_header

_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once[ \t]*$", re.MULTILINE)
_GUARD = re.compile(
    r"\A\s*(?://[^\n]*\s*|/\*.*?\*/\s*)*#[ \t]*ifndef[ \t]+(\w+)\s+#[ \t]*define[ \t]+\1\b",
    re.DOTALL,
)


def pasted(path: Path, folders: Sequence[Path], declared: set[Path]) -> str:
    """The text of a header in the user's `folders` and of those it includes, save those `declared`.

    Places in it are those of the files. Every file is pasted once.
    """
    seen = set(declared)

    def paste(file: Path) -> str:
        seen.add(file)
        text = file.read_text(encoding="utf-8", errors="replace")
        guard = _GUARD.match(text)

        def include(m: re.Match[str]) -> str:
            found = find_header(m[1] or m[2], folders, file.parent if m[1] else None)
            if found is None:
                return m[0]
            if found in seen:
                return ""
            line = text.count("\n", 0, m.start()) + 1
            return f'{paste(found)}\n#line {line} "{file}"\n'

        undefined = f"#undef {guard[1]}\n" if guard else ""
        body = INCLUDE.sub(include, _ONCE.sub("", text))
        return f'{undefined}#line 1 "{file}"\n{body}'

    return paste(path)
