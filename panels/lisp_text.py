"""Lisp source in colours. The text editor's languages cannot be extended from Python: this draws text."""

from __future__ import annotations

import re
from functools import lru_cache

from imgui_bundle import imgui
from imgui_bundle.imgui_color_text_edit import TextEditor

Piece = tuple[int, str]  # an ImU32 colour and the text it colours

TOKEN = re.compile(
    r"""(?P<comment>;[^\n]*|\#_)
      | (?P<string>\#?"(?:\\.|[^"\\])*"?)
      | (?P<character>\\(?:[a-z]+|.))
      | (?P<keyword>::?[^\s()\[\]{}"',;`~@^]+)
      | (?P<number>[+-]?\d[^\s()\[\]{}"',;]*)
      | (?P<punctuation>[()\[\]{}'`~@^]|\#(?=[({'?]))
      | (?P<symbol>[^\s()\[\]{}"',;`~@^]+)
      | (?P<space>[\s,]+)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = """
    def defn defn- defmacro defonce fn fn* let let* loop loop* recur if if-not if-let if-some when
    when-not when-let when-some cond condp case do doseq dotimes for while and or not quote var throw
    try catch finally ns require binding letfn -> ->> some-> as-> doto set! swap! reset! defrecord
    defprotocol deftype defmulti defmethod extend-type reify
"""
SPECIAL = frozenset(_WORDS.split())


def draw(text: str) -> None:
    """Draw `text` with the current font, one widget a line; lines out of sight cost nothing."""
    lines = colored_lines(text)
    clipper = imgui.ListClipper()
    clipper.begin(len(lines), imgui.get_text_line_height())
    imgui.push_style_var(imgui.StyleVar_.item_spacing, (0, 0))
    while clipper.step():
        for line in lines[clipper.display_start : clipper.display_end]:
            if not line:
                imgui.text_unformatted("")
            for index, (color, piece) in enumerate(line):
                if index:
                    imgui.same_line(0, 0)
                imgui.push_style_color(imgui.Col_.text, color)
                imgui.text_unformatted(piece)
                imgui.pop_style_color()
    imgui.pop_style_var()


# Few: a form of 100 lines takes 0.2 MB here, and each edit of it is a new text.
@lru_cache(maxsize=4)
def colored_lines(text: str) -> tuple[tuple[Piece, ...], ...]:
    """`text` by lines, each as coloured pieces. The colours are those of the C++ beside it."""
    lines: list[list[Piece]] = [[]]
    for match in TOKEN.finditer(text):
        color = _color(match.lastgroup or "", match.group())
        for index, part in enumerate(match.group().split("\n")):
            if index:
                lines.append([])
            if part:
                lines[-1].append((color, part.expandtabs(4)))
    return tuple(tuple(line) for line in lines)


def _color(kind: str, text: str) -> int:
    names = TextEditor.Color
    palette = TextEditor.get_dark_palette()
    color = {
        "comment": names.comment,
        "string": names.string,
        "character": names.string,
        "keyword": names.known_identifier,
        "number": names.number,
        "punctuation": names.punctuation,
    }.get(kind, names.identifier)
    if kind == "symbol":
        if text in SPECIAL:
            color = names.keyword
        elif "/" in text[1:]:
            color = names.declaration
    return palette.get(color)
