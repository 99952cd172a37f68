"""Whatever a file holds: its last good version keeps running, and what is wrong is told until mended."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.errors import source_of
from runtime.loading.transaction import AgainError, Transaction
from runtime.process.files import read_text
from tests.robustness import Where, slip

GOOD = "(ns main)\n(defonce state (atom 1))\n(def base 10)\n(defn f [] (* 2 base))\n"
MENDED = GOOD.replace("10", "50")
# what the file holds -> a word of what is told
TEXTS: dict[str, tuple[bytes, str]] = {
    "half a form": (GOOD.encode() + b"(defn g [] (inc", "unterminated|closed"),
    "an unclosed string near the top": (b'(ns main)\n(def s "open)\n(def base 10)\n', "string"),
    "no ns": (b"(def base 10)\n(nope)\n", "nope"),
    "a broken ns": (b"(ns main (:requir [x]))\n(def base 10)\n", "requir"),
    "half an ns": (
        b"(ns main (:require [clojure.string :as s\n(def base 10)\n",
        "unterminated|closed",
    ),
    "one byte that is no UTF-8": (GOOD.encode() + b"; \xff\n", "UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-8"),
    "Latin-1": (GOOD.encode() + '(def s "é")\n'.encode("latin-1"), "UTF-8"),
    "a binary": (bytes(range(256)) * 20, "UTF-8"),
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t\n", "empty"),
    "a stray bracket": (GOOD.encode() + b")\n", "nothing is open"),
}


def told(found: list[str], words: str) -> bool:
    return any(word.lower() in text.lower() for text in found for word in words.split("|"))


@pytest.mark.parametrize("name", TEXTS)
@slip(
    Where.FILES,
    TEXTS,
    "Told as long as it stands; the last good version keeps running, with its state.",
)
def test_texts(files, name):
    program = files("interpret")
    assert program.save(GOOD) == []
    program.value("(swap! state inc)")
    content, words = TEXTS[name]
    found = program.save(content)
    assert told(found, words), found
    assert program.value("[@state (f)]") == "[2 20]"
    assert program.save(content) == found, "it is told as long as it stands"
    assert program.save(MENDED) == []
    assert program.value("[@state (f)]") == "[2 100]"


@slip(
    Where.FILES,
    "a folder, a pipe, a link to itself in a script's place",
    "Told; the last good version keeps running.",
)
def test_a_folder_a_pipe_and_links(files):
    program = files("interpret")
    program.save(GOOD)
    path = program.path("main")

    def as_what(make) -> list[str]:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        make()
        return program.load()

    assert told(as_what(path.mkdir), "is a folder")
    assert told(as_what(lambda: os.mkfifo(path)), "no ordinary file")
    assert told(as_what(lambda: path.symlink_to(path)), "cannot be read")
    assert program.value("(f)") == "20"
    other = program.folder / "elsewhere.txt"
    other.write_text(MENDED)
    assert as_what(lambda: path.symlink_to(other)) == []
    assert program.value("(f)") == "100"


@slip(Where.FILES, "a pipe, where panels and errors show a script's lines", "Nobody waits for it.")
def test_nobody_waits_for_the_other_end_of_a_pipe(tmp_path):
    pipe = tmp_path / "main.jank"
    os.mkfifo(pipe)
    assert source_of(str(pipe)) is None  # whose lines panels and errors would show
    with pytest.raises(OSError, match="no ordinary file"):
        read_text(pipe)
    with pytest.raises(OSError, match="a folder"):
        read_text(tmp_path)


@slip(Where.FILES, "a file that is saved in two steps", "Read once it is whole.")
def test_a_file_that_is_written_in_two_steps_is_read_whole(files):
    program = files("interpret")
    program.save(GOOD + "(def last-one 1)\n")
    path = program.path("main")
    begun = threading.Event()

    def slowly() -> None:
        with path.open("w") as file:
            file.write("(ns main)\n(defonce state (atom 1))\n")
            file.flush()
            begun.set()
            time.sleep(0.01)
            file.write("(def base 50)\n(defn f [] (* 2 base))\n(def last-one 1)\n")

    writer = threading.Thread(target=slowly)
    writer.start()
    begun.wait()
    assert program.load() == []
    writer.join()
    assert program.value("[(f) last-one]") == "[100 1]"


@slip(Where.RELOAD, "circular requires", "Told at every edit.")
def test_circles_are_told_at_every_edit(files):
    program = files("interpret")
    program.path("b").write_text("(ns b (:require [main]))\n(def y 1)\n")
    text = "(ns main (:require [b]))\n(def x {})\n"
    for number in range(3):
        assert told(program.save(text.format(number)), "requires itself"), number
    program.path("b").write_text("(ns b)\n(def y 1)\n")
    assert program.load("b") == []
    assert program.save("(ns main (:require [b]))\n(def x b/y)\n") == []
    assert program.value("x") == "1"


@slip(Where.RELOAD, "a lost required file", "Told at every edit; what it defined keeps running.")
def test_a_lost_required_file_is_told_at_every_edit(files):
    program = files("interpret")
    program.path("b").write_text("(ns b)\n(defn y [] 1)\n")
    text = "(ns main (:require [b]))\n(defn x [] [{} (b/y)])\n"
    assert program.save(text.format(0)) == []
    program.path("b").unlink()
    for number in (1, 2):
        assert told(program.save(text.format(number)), "is gone"), number
    program.path("b").write_text("(ns b)\n(defn y [] 2)\n")
    assert program.load("b") == []
    assert program.value("(x)") in ("[2 2]", "[1 2]", "[0 2]")
    assert program.runtime.problems() == []


@slip(
    Where.RELOAD,
    "a form that fails while its dependents wait",
    "It keeps its definition, and so do they; the other forms come into force.",
)
def test_a_form_that_fails_keeps_its_definition_and_leaves_the_others(files):
    program = files("interpret")
    program.save("(ns main)\n(defonce a 1)\n(defn f [] 1)\n(def t [(f)])\n")
    found = program.save(
        "(ns main)\n(defonce b 2)\n(def k 5)\n(defn f [] (nope))\n(def t [(f) k])\n"
    )
    assert told(found, "nope")
    assert program.value("[b k (f) t]") == "[2 5 1 [1 5]]"
    assert (
        program.save("(ns main)\n(defonce b 2)\n(def k 5)\n(defn f [] 3)\n(def t [(f) k])\n") == []
    )
    assert program.value("[(f) t (resolve 'a)]") == "[3 [3 5] nil]"


@slip(Where.RELOAD, "a `defonce` that is cut and comes back", "It keeps its value.")
def test_a_defonce_that_was_cut_and_comes_back_keeps_its_value(files):
    program = files("interpret")
    program.save("(ns main)\n(defonce a (atom 1))\n")
    program.value("(reset! a 7)")
    program.save("(ns main)\n")
    assert program.value("(resolve 'a)") == "nil"
    program.save("(ns main)\n(defonce a (atom 1))\n")
    assert program.value("@a") == "7"


@slip(
    Where.RELOAD,
    "a function redefined by an eval, and the file saved again",
    "The file has the last word.",
)
def test_the_file_has_the_last_word_over_an_eval(files):
    program = files("interpret")
    program.save("(ns main)\n(defn f [] 1)\n(def x (f))\n")
    program.value("(defn f [] 2)")
    assert program.value("[(f) x]") == "[2 1]"
    program.save("(ns main)\n(defn f [] 1)\n(def x (f))\n(def y 1)\n")
    assert program.value("[(f) x]") == "[1 1]"


@slip(
    Where.RELOAD,
    "`(require … :reload)` and `load-file` of an unchanged file",
    "All of it is evaluated.",
)
def test_reload_and_load_file_evaluate_all_of_an_unchanged_file(files):
    program = files("interpret")
    program.path("b").write_text("(ns b)\n(defonce loads (atom 0))\n(swap! loads inc)\n")
    program.save("(ns main (:require [b]))\n")
    program.value("(require 'b)")
    assert program.value("@b/loads") == "1"
    program.value("(require 'b :reload)")
    assert program.value("@b/loads") == "2"
    program.runtime.eval(f'(load-file "{program.path("b")}")')
    assert program.value("@b/loads") == "3"


def test_only_what_depends_on_a_change_is_evaluated(files):
    program = files("interpret")
    text = (
        "(ns main)\n(defonce log (atom []))\n(def base 1)\n(def other 2)\n(swap! log conj other)\n"
        "(def derived (* 2 base))\n(defn f [] (g))\n(def held [other])\n"
    ).replace("(g)", "derived")
    program.save(text)
    program.save(text.replace("base 1", "base 5"))
    assert program.reasons() == ["base: changed", "derived: base changed"]
    assert program.value("[(f) @log]") == "[10 [2]]"
    program.save(text.replace("base 1", "base  5"))
    assert program.reasons() == ["base: changed"], "its value is the same"


def test_what_other_namespaces_use_is_evaluated_too(files):
    program = files("interpret")
    program.path("b").write_text(
        "(ns b)\n(def base 1)\n(defmacro m [x] `[~x base])\n(defn h [] 1)\n"
    )
    program.path("c").write_text(
        "(ns c (:require [b]))\n(def two (* 2 b/base))\n(defn g [] (b/m 1))\n"
    )
    program.save("(ns main (:require [c] [b]))\n(def four (* 2 c/two))\n(defn f [] (c/g))\n")
    program.path("b").write_text(
        "(ns b)\n(def base 5)\n(defmacro m [x] `[:m ~x base])\n(defn h [] 1)\n"
    )
    assert program.load("b") == []
    assert program.value("[four (f)]") == "[20 [:m 1 5]]"
    assert program.reasons() == [
        "base: changed",
        "m: changed",
        "c.jank, two: base changed",
        "c.jank, g: m changed",
        "main.jank, four: two changed",
    ]


def test_a_load_that_begins_again_leaves_no_name_of_a_form_that_is_gone_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "again.jank"
    script.write_text("(ns again)\n(def x 1)\n(def wrong (nope 1))\n")
    check_stubs, rounds = Transaction.check_stubs, []

    def begins_again(self: Transaction) -> None:
        check_stubs(self)
        rounds.append(self)
        if (
            len(rounds) == 1
        ):  # as when a form finds what another one made later; and the file is saved
            script.write_text("(ns again)\n(def x 2)\n")
            raise AgainError(set())

    runtime = Runtime("interpret")
    try:
        monkeypatch.setattr(Transaction, "check_stubs", begins_again)
        runtime.load(script)
        assert list(runtime.namespaces.all["again"].vars) == ["x"]
        assert runtime.eval("again/x") == 2
    finally:
        runtime.close()
