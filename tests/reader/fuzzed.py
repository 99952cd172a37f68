"""Inputs for the reader that nobody would write: `python -m tests.reader.fuzzed COUNT SEED` tries many."""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from runtime.errors import ReaderError
from runtime.reader import read_all

ROOT = Path(__file__).parents[2]
# Pieces of tokens, whole tokens, and what tends to be wrong with them.
_PIECES = (
    "( ) [ ] { } #{ #( #' #_ #^ #? #?( #?@( #: #:a{ #::a{ #:: ## ##Inf ##NaN ##x #\" #!x ' ` ~ ~@ @ ^ ; "
    ';x\n , \n \r\n \t \\ \\a \\newline \\u \\u0041 \\ud800 \\o7 \\o777 " "a" "\\ "\\u00" "\\777" "\\ud800" '
    ": :: :a ::a :a/b ::a/b :/ :a/ a a/b a// / cpp/~ cpp/ a: %1 %& % %x x# nil true -1 +1 0 00 08 0x 0xfg 1N "
    "1r1 37r1 2r12 36rZz 1/2 1/0 1/ 1e 1e9 1e999 1.5e-3 1.M 1e99999999999999999999M 1M 1.0.0 -0.0 1_0 "
    '#inst "2020 #inst"2020-01-01" #uuid"x" #uuid #cpp #cpp"x" #cpp[] #user/tag #a \x00 \x7f \u00e9 '
    "\ud800 \U0001f600 \u2028 \ufeff \u0660 a\u0301 "
    'jank: :default :jank {:a 1 :a 2} #{1 1} {:a} ^{:a 1} ^:a ^"s" '
    '^x #"(" #"[" #"a{99999999999}" #"(?<n>x)\\k<m>" #"\\Q" #"(?i" #"\\p{X}" #"[[:a:]]"'
)
PIECES = _PIECES.split(" ")


def corpus() -> list[str]:
    """Every Lisp file of the project."""
    folders = (ROOT / "assets", ROOT / "tests", ROOT / "runtime")
    files = sorted(file for folder in folders for file in folder.rglob("*.jank"))
    return [file.read_text(encoding="utf-8") for file in files]


def soup(chance: random.Random) -> str:
    """Tokens in any order."""
    between = chance.choice(("", " ", "\n"))
    return between.join(chance.choice(PIECES) for _ in range(chance.randrange(1, 30)))


def mutated(chance: random.Random, texts: list[str]) -> str:
    """A stretch of a real file with pieces put in, taken out and swapped."""
    text = chance.choice(texts)
    start = chance.randrange(len(text))
    text = text[start : start + chance.randrange(1, 400)]
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(text) + 1)
        cut = chance.randrange(4)
        text = text[:at] + chance.choice((*PIECES, "")) + text[at + cut :]
    return text


def inputs(seed: int, count: int) -> list[str | bytes]:
    """That many texts, some as bytes that are not always UTF-8."""
    chance = random.Random(seed)
    texts = corpus()
    made: list[str | bytes] = []
    for _ in range(count):
        text = soup(chance) if chance.random() < 0.5 else mutated(chance, texts)
        if chance.random() < 0.2:
            data = bytearray(text.encode(errors="surrogatepass"))
            for _ in range(chance.randrange(3)):
                data.insert(chance.randrange(len(data) + 1), chance.randrange(256))
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
            made.append(bytes(data))
        else:
            made.append(text)
    return made


def outcome(text: str | bytes) -> str:
    """Read all of a text, once to the first error and once past errors. What escaped, or ""."""
    errors: list[ReaderError] = []
    try:
        for _ in read_all(text, "fuzz.jank", errors=errors):
            pass
        for _ in read_all(text, "fuzz.jank"):
            pass
    except ReaderError:
        return "" if errors else "an error that reading past errors does not have"
    except Exception:
        return traceback.format_exc(limit=-3)
    return "errors that reading to the first does not have" if errors else ""


def main(count: int, seed: int, say: Callable[[str], object] = print) -> None:
    """Try `count` inputs; tell what escaped, and what was slow."""
    found: Counter[str] = Counter()
    slowest = (0.0, "")
    for text in inputs(seed, count):
        start = time.perf_counter()
        escaped = outcome(text)
        slowest = max(slowest, (time.perf_counter() - start, repr(text)))
        if escaped:
            if not found[escaped]:
                say(f"{text!r}\n{escaped}")
            found[escaped] += 1
    say(
        f"{count} inputs, {sum(found.values())} escaped; slowest {slowest[0]:.3f} s: {slowest[1][:200]}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
