"""What definitions leave behind is freed: by references, and cycles in a quiet moment."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from weakref import ref

import pytest

from runtime import Runtime
from runtime.errors import LispError
from runtime.loading.file_pass import FilePass
from runtime.loading.transaction import Transaction
from runtime.process import collector
from runtime.process.collector import HeldBack


@pytest.fixture
def rt() -> Iterator[Runtime]:
    runtime = Runtime(strategy="tiered", threshold=1_000_000)
    yield runtime
    runtime.close()


class Node:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


def frozen_cycle() -> ref[Node]:
    """A cycle that nothing refers to, out of the collector's sight."""
    with HeldBack():
        made = ref(Node())
    return made


FORMS = [
    "(defn f [x] (loop [i 0] (if (< i x) (recur (inc i)) i)))",
    "(defn f [x] (map (fn [y] (+ x y)) [1 2 3]))",
    "(defn f [x] (if (zero? x) 0 (f (dec x))))",
    "(defn f [x] (letfn [(ev [n] (od n)) (od [n] (if n (ev nil) n))] (ev x)))",
    "(defn f [x] (try (doseq [i [x]] (str i)) (catch Exception e e) (finally x)))",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_redefined_function_is_freed_without_a_collection(rt: Runtime, form: str) -> None:
    gc.disable()
    try:
        rt.eval(form)
        old = ref(rt.table.get("user/f"))
        assert old() is not None
        rt.eval(form)
        assert old() is None
    finally:
        gc.enable()


SAVES = {
    "sound": "(defn f [x] (inc x))\n(def k (f {}))",
    "a form that fails": "(defn f [x] (inc x))\n(def k (f :{}))",
    "a form that cannot be analysed": "(defn f [x] (inc nowhere-{}))",
    "text that cannot be read": "(defn f [x] (inc x)) (def k {}",
}


@pytest.mark.parametrize("text", SAVES.values(), ids=SAVES)
def test_a_saved_file_leaves_no_record_of_its_load(rt: Runtime, text: str, tmp_path: Path) -> None:
    script = tmp_path / "saved.jank"
    gc.disable()
    try:
        for i in range(4):
            script.write_text(text.format(i))
            with suppress(LispError):
                rt.load(script)
        gc.unfreeze()  # what is frozen is not among the objects
        kept = [o for o in gc.get_objects() if isinstance(o, Transaction | FilePass)]
        assert not [work for work in kept if script in paths_of(work)]
    finally:
        gc.enable()


def paths_of(work: Transaction | FilePass) -> list[Path]:
    passes = [work] if isinstance(work, FilePass) else work.passes
    return [one.state.path for one in passes]


def test_an_error_that_stands_keeps_no_function_alive(rt: Runtime) -> None:
    rt.eval("(defn f [x] (inc x))")
    old = ref(rt.table.get("user/f"))
    try:
        rt.namespaces.find("user").vars["f"].root("a")
    except Exception as e:
        rt.report_fault("a.jank", e)
    assert [frame.function for frame in rt.problems()[0].error.stack] == ["user/f"]
    rt.eval("(defn f [x] x)")
    assert old() is None and rt.problems()


def test_cycles_are_collected_once_many_forms_were_prepared_and_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "FORMS", 3)
    HeldBack.collect_when_quiet(-1e9)
    garbage = [frozen_cycle() for _ in range(3)]
    gc.collect()
    assert all(node() is not None for node in garbage)
    now = time.perf_counter()
    assert not HeldBack.collect_when_quiet(now)  # a form was prepared just now
    monkeypatch.setattr(collector, "QUIET_S", 0.0)
    assert not HeldBack.collect_when_quiet(now + 3600)  # a frame was drawn just now
    HeldBack.collect_when_quiet(now)
    assert all(node() is None for node in garbage)
    assert not HeldBack.collect_when_quiet(now)  # nothing new
