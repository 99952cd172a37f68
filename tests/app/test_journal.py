"""What survives the loss of a process: values as bytes and back, the file that holds them, whole restarts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from app.journal import Journal
from app.process import journal_file
from app.process.journal_file import JournalFile, JournalFull
from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import LispError, LispErrors
from runtime.events import BoxesCarried, StateRestored, StateUnkept
from runtime.journal import codec
from tests.robustness import Where, slip

DEFINITIONS = """(ns kept)
(cpp/raw "#ifndef KEPT
#define KEPT
struct kept_in { short z = 3; };
struct kept_spot { int x = 1; double y[2] = {}; kept_in in; };
struct kept_pointer { int* p = nullptr; };
struct kept_heavy { kept_heavy() {} kept_heavy(kept_heavy const&) {} int x = 1; };
#endif")
(defrecord Point [x y])
(deftype Pair [a b])
"""


@pytest.fixture
def file() -> Iterator[JournalFile]:
    made = JournalFile()
    yield made
    made.close()


class Process:
    """A runtime with its journal, as one process after another has them on the same file."""

    def __init__(self, file: JournalFile) -> None:
        self.runtime = Runtime("interpret")
        self.journal = Journal(self.runtime, file)

    def load(self, script: str) -> None:
        self.errors = ""
        try:
            self.runtime.load(script)
        except (LispError, LispErrors) as errors:
            self.errors = str(errors)
        self.restored = self.journal.restore()

    def kept(self) -> None:
        """Wait until all that changed is written."""
        for _ in range(2 * len(self.runtime.kept_vars()) + 200):
            next(self.journal._scan)
        while not self.journal.idle:
            time.sleep(0.002)

    def value(self, form: str) -> str:
        return pr_str(self.runtime.eval(form))

    def close(self) -> None:
        self.journal.close()
        self.journal._thread.join(150)
        self.runtime.close()


@pytest.fixture
def process(tmp_path, file: JournalFile) -> Iterator[Callable[[str], Process]]:
    made: list[Process] = []

    def start(text: str) -> Process:
        for old in made:
            old.close()
        script = tmp_path / "kept.jank"
        script.write_text(DEFINITIONS + text)
        made.append(Process(file))
        made[-1].load(str(script))
        return made[-1]

    yield start
    for one in made:
        one.close()


VALUES = [
    "nil true false 1 -1 1.5 ##Inf ##-Inf 10N 12345678901234567890123 1.5M 2/3",
    r'"text" "" \a \newline \u00e9',
    ":key :a/b (quote sym) (quote a/b)",
    "[] [1 [2 [3]]] (list) (list 1 2) {} {:a {:b [1]}} #{} #{1 :a}",
    "(sorted-map 2 :b 1 :a) (sorted-set 3 1 2)",
    '#"a+(b)" #inst "2020-01-02T03:04:05.000-00:00" #uuid "00000000-0000-0000-0000-000000000001"',
    "(->Point 1 [2]) (assoc (->Point 1 2) :more 3)",
    "(doall (map inc [1 2 3])) (cons 1 [2 3]) (rest [1 2 3]) (seq {:a 1}) (doall (range 40))",
    "(let [x [1]] [x x])",
    "(vec (range 5000)) (into {} (map (fn [i] [i (str i)]) (range 2000)))",
]


@pytest.mark.parametrize("values", VALUES)
def test_a_value_comes_back_as_it_was(process, values: str) -> None:
    first = process(
        f"(def state (atom nil)) (defonce other nil) (defn go [] (reset! state [{values}]))"
    )
    first.runtime.eval("(kept/go)")
    was = first.value("@kept/state")
    first.kept()
    again = process("(def state (atom nil)) (defonce other nil)")
    assert again.value("@kept/state") == was
    assert again.restored == StateRestored(
        vars=again.restored.vars, lost=(), at=again.restored.at
    ), again.restored
    assert again.value("(= (map type @kept/state) (map type @kept/state))") == "true"


def test_metadata_and_order_come_back(process) -> None:
    first = process(
        "(def a (atom ^{:m 1} [1])) (def b (atom (with-meta {:x 1} {:n 2}))) (def c (atom (sorted-map 2 1)))"
    )
    first.kept()
    again = process("(def a (atom 0)) (def b (atom 0)) (def c (atom 0))")
    assert again.value("[(meta @kept/a) (meta @kept/b)]") == "[{:m 1} {:n 2}]"
    assert again.value("(assoc @kept/c 1 1)") == "{1 1, 2 1}"


def test_what_a_defonce_gave_by_chance_stays(process) -> None:
    text = "(defonce seed [(rand) (atom 1)])"
    first = process(text)
    was = first.value("(first kept/seed)")
    first.runtime.eval("(swap! (second kept/seed) + 41)")
    first.kept()
    again = process(text)
    assert again.value("(first kept/seed)") == was
    assert again.value("@(second kept/seed)") == "42"


def test_references_stay_those_that_the_program_holds(process) -> None:
    text = "(def inner (atom 1)) (def outer (atom {:in inner})) (def seen (:in @outer))"
    first = process(text)
    first.runtime.eval("(reset! kept/inner 5)")
    first.kept()
    again = process(text)
    assert (
        again.value("[@kept/inner @kept/seen (identical? kept/inner (:in @kept/outer))]")
        == "[5 5 true]"
    )


def test_an_atom_that_holds_itself(process) -> None:
    text = "(def loop-ed (atom nil))"
    first = process(text)
    first.runtime.eval("(reset! kept/loop-ed [1 kept/loop-ed])")
    first.kept()
    again = process(text)
    assert again.value("(identical? kept/loop-ed (second @kept/loop-ed))") == "true"


def test_boxed_numbers_and_plain_structs_come_back(process) -> None:
    text = """(defonce n (cpp/box (cpp/new cpp/float 1.0)))
    (defonce s (cpp/box (cpp/new cpp/kept_spot)))
    (defn look [] (let [s (cpp/* (cpp/unbox s))]
      [(cpp/* (cpp/unbox n)) (cpp/.-x s) (cpp/.-z (cpp/.-in s))]))"""
    first = process(text)
    first.runtime.eval(
        "(ns kept) (cpp/= (cpp/* (cpp/unbox n)) (cpp/float. 2.5)) (cpp/= (cpp/.-x (cpp/* (cpp/unbox s))) 7)"
        "(cpp/= (cpp/.-z (cpp/.-in (cpp/* (cpp/unbox s)))) (cpp/short. 9))"
    )
    first.kept()
    again = process(text)
    assert again.value("(kept/look)") == "[2.5 7 9]"


LOST = {
    "a function": ("(def x (atom {:f inc :n 1}))", "a function"),
    "a lazy sequence": ("(def x (atom [(iterate inc 0)]))", "a lazy sequence"),
    "a future": ("(def x (atom [(future 1)]))", "Future"),
    "a struct with a pointer": (
        "(defonce x [(cpp/box (cpp/new cpp/kept_pointer))])",
        "holds pointers",
    ),
    "a class": ("(defonce x [(cpp/box (cpp/new cpp/kept_heavy))])", "no plain struct"),
    "an order of its own": ("(def x (atom [(sorted-map-by > 1 2)]))", "sorted by a function"),
}


@slip(
    Where.PROCESS,
    "state that cannot be written: functions, futures, lazy sequences, C++ objects with pointers",
    "Named in Events as it happens, and as lost after a restart; the rest of the value is restored.",
)
@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_kept_is_named_and_the_rest_is_kept(process, name: str) -> None:
    text, said = LOST[name]
    first = process(f"{text} (def beside (atom 1))")
    first.runtime.eval("(reset! kept/beside 2)")
    first.kept()
    told = list(first.runtime.events.of(StateUnkept))
    assert [event.var for event in told] == ["kept/x"]
    assert said in told[0].why
    again = process(f"{text} (def beside (atom 1))")
    assert again.value("@kept/beside") == "2"


@slip(
    Where.PROCESS,
    "state that is too large or nested too deeply",
    "Named in Events; the other variables are kept.",
)
def test_what_is_too_large_or_too_deep_is_named(process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MOST_OBJECTS", 1000)
    first = process(
        "(def big (atom (mapv str (range 5000)))) (def big2 (atom (mapv keyword (map str (range 5000)))))"
        "(def deep (atom (reduce (fn [x _] [x]) [] (range 900)))) (def fine (atom 3))"
    )
    first.kept()
    told = {event.var: event.why for event in first.runtime.events.of(StateUnkept)}
    assert "more than 1,000 values" in told["kept/big2"]
    assert "kept/fine" not in told
    again = process("(def big2 (atom 1)) (def deep (atom 1)) (def fine (atom 1))")
    assert again.value("[@kept/big2 @kept/fine]") == "[1 3]"


@slip(
    Where.PROCESS,
    "a type or struct that changed before the restart",
    "What it held is named as lost.",
)
def test_a_type_that_changed_is_lost_and_says_so(process) -> None:
    first = process("(deftype Thing [a]) (def x (atom (->Thing 1))) (def y (atom 2))")
    first.runtime.eval("(reset! kept/y 5)")
    first.kept()
    again = process("(deftype Thing [a b]) (def x (atom nil)) (def y (atom 2))")
    assert again.restored.lost == ("kept/x: kept.Thing has the new field b",)
    assert again.value("[@kept/x @kept/y]") == "[nil 5]"


def test_nothing_is_put_back_that_its_script_does_not_define_any_more(process) -> None:
    first = process("(def gone (atom 1)) (def there (atom 1))")
    first.runtime.eval("(reset! kept/gone 2) (reset! kept/there 2)")
    first.kept()
    again = process("(def there (atom 1)) (defn gone [] 7)")
    assert again.value("[(kept/gone) @kept/there]") == "[7 2]"
    assert again.restored.vars == ("kept/there",)


def test_what_was_saved_waits_for_a_form_that_fails_at_first(process, tmp_path) -> None:
    first = process("(def waits (atom 1))")
    first.runtime.eval("(reset! kept/waits 2)")
    first.kept()
    again = process("(def waits (atom (/ 1 0)))")
    assert again.errors == "Divide by zero"
    script = tmp_path / "kept.jank"
    script.write_text(script.read_text().replace("(/ 1 0)", "1"))
    again.load(str(script))
    assert not again.errors
    assert again.value("@kept/waits") == "2"


def test_the_newest_of_many_changes_is_kept_through_renewals(file, monkeypatch) -> None:
    monkeypatch.setattr(journal_file, "_SLACK", 100)
    assert file.read() == {}
    for i in range(500):
        file.write(f"k{i % 7}", str(i).encode() * 10)
    file.write("k0", b"")
    held = file.read()
    assert held == {f"k{i % 7}": str(i).encode() * 10 for i in range(493, 500) if i % 7}
    assert all(os.fstat(f).st_size < 2000 for f in file._files)


@slip(Where.PROCESS, "a journal that ends in the middle of a record", "What was whole is restored.")
def test_a_record_that_is_not_whole_ends_the_journal(file) -> None:
    file.read()
    file.write("a", b"1" * 50)
    file.write("b", b"2" * 50)
    current = file._file
    os.ftruncate(current, os.fstat(current).st_size - 10)
    assert file.read() == {"a": b"1" * 50}
    file.write("b", b"3" * 50)
    os.pwrite(file._file, b"x", os.fstat(file._file).st_size - 1)
    assert file.read() == {"a": b"1" * 50}


@slip(
    Where.PROCESS, "a journal that is full", "What has no room is named in Events; the rest stays."
)
def test_a_full_journal_says_so_and_keeps_what_it_has(file, monkeypatch) -> None:
    monkeypatch.setattr(journal_file, "MOST_BYTES", 1000)
    file.read()
    file.write("a", b"1" * 500)
    with pytest.raises(JournalFull):
        file.write("b", b"2" * 600)
    file.write("a", b"3" * 600)
    assert file.read() == {"a": b"3" * 600}


@slip(Where.PROCESS, "a journal of another version", "Nothing is restored, and Problems says why.")
def test_what_another_version_wrote_is_left_alone(process, file, monkeypatch) -> None:
    first = process("(def a (atom 1))")
    first.runtime.eval("(reset! kept/a 2)")
    first.kept()
    monkeypatch.setattr(journal_file, "VERSION", 2)
    again = process("(def a (atom 1))")
    assert "another version" in again.journal.unreadable
    assert again.value("@kept/a") == "1"
    again.runtime.eval("(reset! kept/a 3)")
    again.kept()
    assert process("(def a (atom 1))").value("@kept/a") == "3"


@slip(
    Where.PROCESS,
    "a value that ends the process when it is restored",
    "The next process does without that value.",
)
def test_what_ends_a_process_when_it_is_put_back_is_not_tried_again(process, file) -> None:
    first = process("(def a (atom 1)) (def b (atom 1))")
    first.runtime.eval("(reset! kept/a 2) (reset! kept/b 2)")
    first.kept()
    file.attempt("kept/a")  # where a process had ended
    again = process("(def a (atom 1)) (def b (atom 1))")
    assert again.value("[@kept/a @kept/b]") == "[1 2]"
    assert (
        process("(def a (atom 1)) (def b (atom 1))").value("@kept/b") == "2"
    )  # it died again at once


def test_a_process_that_dies_before_it_wrote_anything_takes_nothing_along(process) -> None:
    first = process("(def a (atom 1))")
    first.runtime.eval("(reset! kept/a 2)")
    first.kept()
    for _ in range(3):
        assert process("(def a (atom 1))").value("@kept/a") == "2"


def test_many_cells_of_one_var_are_looked_at_in_steps(process) -> None:
    text = "(defonce many (mapv atom (range 5000)))"
    first = process(text)
    first.kept()
    first.runtime.eval("(reset! (nth kept/many 4321) :changed)")
    first.kept()
    assert process(text).value("@(nth kept/many 4321)") == ":changed"


def test_state_is_back_in_the_frame_in_which_its_definitions_come_into_force(
    process, tmp_path
) -> None:
    text = "(def a (atom 1))"
    first = process(text)
    first.runtime.eval("(reset! kept/a 2)")
    first.kept()
    again = process("")
    again.runtime.in_force_listeners.append(again.journal.restore)
    (tmp_path / "kept.jank").write_text(DEFINITIONS + text)
    again.runtime.load_async(tmp_path / "kept.jank")
    value = None
    while value is None:
        again.runtime.tick()
        var = again.runtime.namespaces.all["kept"].vars.get("a")
        value = var.root.value if var is not None and var.is_bound else None
    assert value == 2


def test_a_box_whose_type_was_declared_again_is_kept_as_it_is_then(process, tmp_path) -> None:
    header = tmp_path / "kept_again.hpp"
    header.write_text("#pragma once\nstruct kept_again { int x = 1; };\n")
    text = f"""(ns kept (:require ["{header}" :as h :scope ""]))
    (defonce box (cpp/box (cpp/new h/kept_again))) (def a (atom 1))
    (defn put [n] (cpp/= (cpp/.-x (cpp/* (cpp/unbox box))) (cpp/int. n)))
    (defn x [] (cpp/.-x (cpp/* (cpp/unbox box))))"""
    first = process(text)
    first.runtime.eval("(kept/put 5)")
    first.kept()
    header.write_text("#pragma once\nstruct kept_again { double y = 0; int x = 1; };\n")
    first.runtime.load_async(header)
    end = time.monotonic() + 150
    while not list(first.runtime.events.of(BoxesCarried)) and time.monotonic() < end:
        first.runtime.tick()
        time.sleep(0.002)
    first.runtime.eval("(kept/put 7) (reset! kept/a 2)")
    first.kept()
    again = process(text)
    assert again.value("[(kept/x) @kept/a]") == "[7 2]"
