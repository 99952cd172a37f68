"""Faults inside C++ that a script calls are errors with place and stack, the same in every strategy."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.errors import CppError, RuntimeFault, render
from runtime.events import FaultContained
from runtime.process import faults
from runtime.process.memory import rss_mb
from tests.robustness import Where, slip

HERE = Path(__file__).parent
STRATEGIES = ("interpret", "stub-jit", "inline-jit", "tiered")

# What C++ does: the call, and what the error says.
FAULTS = {
    "reads-null": ("(cpp/bad.read 0)", "segmentation fault in bad::read, at address 0x0"),
    "reads-wild": ("(cpp/bad.read 4096)", "segmentation fault in bad::read, at address 0x1000"),
    "writes-null": ("(cpp/bad.write 0)", "segmentation fault in bad::write, at address 0x0"),
    "calls-wild": ("(cpp/bad.jump)", "segmentation fault in bad::jump, at address 0x10"),
    "divides-by-zero": (
        "(cpp/bad.divide 1 0)",
        "integer division by zero or overflow in bad::divide",
    ),
    "divides-with-overflow": (
        "(cpp/bad.divide -2147483648 -1)",
        "integer division by zero or overflow in bad::divide",
    ),
    "traps": ("(cpp/bad.trap)", "illegal instruction in bad::trap"),
    "aborts": ("(cpp/bad.aborts)", "abort in bad::aborts"),
    "asserts": (
        "(cpp/bad.asserts 4)",
        "abort in bad::asserts: {header}:29: void bad::asserts(int): Assertion `x == 3' failed",
    ),
    "overflows-the-stack": ("(cpp/bad.deep 1)", "stack overflow in bad::deep"),
    "throws-through-noexcept": (
        "(cpp/bad.throws_through)",
        "abort in bad::throws_through: std::terminate was called because of std::runtime_error: boom",
    ),
    "terminates": ("(cpp/bad.terminates)", "abort in bad::terminates: std::terminate was called"),
    "frees-twice": (
        "(cpp/bad.frees_twice 24)",
        "abort in bad::frees_twice: free(): double free detected in tcache 2",
    ),
    "frees-a-large-block-twice": (
        "(cpp/bad.frees_twice 5000)",
        "abort in bad::frees_twice: double free or corruption (!prev)",
    ),
    "exits": ("(cpp/bad.exits)", "exit in bad::exits: exit(3) was called"),
    "exits-at-once": ("(cpp/bad.exits_at_once)", "exit in bad::exits_at_once: _exit(4) was called"),
    "exits-quickly": (
        "(cpp/bad.exits_quickly)",
        "exit in bad::exits_quickly: quick_exit(5) was called",
    ),
    "prints-a-wild-string": (
        "(cpp/bad.prints)",
        "segmentation fault in bad::prints, at address 0x20",
    ),
}


@pytest.fixture(scope="module", params=STRATEGIES)
def rt(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    runtime = Runtime(strategy=request.param, threshold=3, include_dirs=[HERE])
    runtime.eval('(ns faulty (:require ["faults.hpp" :as bad])) (defn ok [] (cpp/bad.fine 41))')
    for _ in range(5):
        runtime.eval("(faulty/ok)")
    runtime.wait_idle(120)
    yield runtime
    runtime.close()


def fails(rt: Runtime, source: str) -> RuntimeFault:
    with pytest.raises(RuntimeFault) as caught:
        rt.eval(source, "case.jank")
    return caught.value


def same_words(message: str, said: str) -> bool:
    """Of a double free the C library says what its caches at the moment find."""
    if "double free" in said:
        return message.startswith("abort in bad::frees_twice: ") and "double free" in message
    return message == said


def still_works(rt: Runtime) -> None:
    """Calls, collections, exceptions of both languages and the garbage collector do what they did."""
    assert rt.eval("(faulty/ok)") == 42
    assert rt.eval("(reduce + (map inc (range 100)))") == 5050
    assert rt.eval('(try (throw (ex-info "x" {:a 1})) (catch Exception e (:a (ex-data e))))') == 1
    gc.collect()


@pytest.mark.parametrize("name", FAULTS)
@slip(
    Where.FAULTS,
    FAULTS,
    "An error at the call, with the Lisp stack and the C++ function; the call is closed until "
    "its source or its C++ changes. The same in every strategy.",
)
def test_a_fault_is_an_error_at_its_call_and_the_call_is_closed(rt: Runtime, name: str) -> None:
    call, said = FAULTS[name]
    said = said.format(header=HERE / "faults.hpp")
    rt.eval(f"(ns faulty)\n(defn f [x]\n  (let [y (inc x)]\n    {call}\n    y))", "case.jank")
    error = fails(rt, "(faulty/f 1)")
    assert same_words(error.message, said), error.message
    assert (error.span.line, error.span.col) == (4, 5) if error.span else False
    assert [frame.function for frame in error.stack] == ["faulty/f", "faulty/(top level)"]
    assert any("closed until" in note.message for note in error.notes)
    again = fails(rt, "(faulty/f 1)")
    label = call.split()[0].strip("()").removeprefix("cpp/").replace(".", "::")
    assert again.message.startswith(f"{label} is closed after ")
    assert not [f.error for f in rt.functions() if f.error]
    if rt.strategy in ("stub-jit", "inline-jit"):
        (faulty,) = (f for f in rt.functions() if f.name == "faulty/f")
        assert faulty.tier == (1 if rt.strategy == "stub-jit" else 2)
    assert (again.span, again.stack[0]) == (error.span, error.stack[0])
    still_works(rt)
    rt.eval(f"(ns faulty)\n(defn f [x]\n  (let [y (inc x)]\n    {call}\n    y))", "case.jank")
    assert same_words(fails(rt, "(faulty/f 1)").message, said)  # evaluated again, it is open again
    still_works(rt)


def test_what_a_script_catches_it_goes_on_from(rt: Runtime) -> None:
    rt.eval("""(ns faulty) (def order (atom []))
      (defn g [x]
        (try (swap! order conj :tried) (cpp/bad.read x) (swap! order conj :after)
             (catch Exception e (swap! order conj (if (= x 0) :first :closed)) :caught)
             (finally (swap! order conj :finally))))""")
    assert str(rt.eval("(ns faulty) [(g 0) (g 1) @order]")) == str(
        rt.eval("[:caught :caught [:tried :first :finally :tried :closed :finally]]")
    )
    still_works(rt)


def test_only_the_call_that_faulted_is_closed(rt: Runtime) -> None:
    rt.eval("""(ns faulty)
      (defn h [x] (if (pos? x) (cpp/bad.read 0) (cpp/bad.fine x)))
      (defn other [x] (cpp/bad.fine x))""")
    fails(rt, "(faulty/h 1)")
    assert rt.eval("(faulty/h 0)") == 1
    assert rt.eval("(faulty/other 1)") == 2
    assert "closed" in fails(rt, "(faulty/h 1)").message


def test_a_fault_below_several_functions_has_all_of_them_in_its_stack(rt: Runtime) -> None:
    rt.eval("""(ns faulty) (defn c [x] (cpp/bad.write x))
      (defn b [x] (inc (c x)))
      (defn a [xs] (doall (map (fn step [x] (b x)) xs)))""")
    stack = fails(rt, "(faulty/a [0])").stack
    named = [frame.function.split("/")[1] for frame in stack if "step" not in frame.function]
    assert named[:2] == ["c", "b"] and "a" in named


@slip(
    Where.FAULTS,
    "a fault in a comparator that `sort` calls",
    "The error of the call; `sort` is left.",
)
def test_a_comparator_that_faults_leaves_sort_with_the_error(rt: Runtime) -> None:
    source = "(ns faulty) (sort (fn less [x y] (cpp/bad.read 0) (< x y)) [3 1 2])"
    assert fails(rt, source).message.startswith("segmentation fault in bad::read")
    assert str(rt.eval("(sort [3 1 2])")) == "(1 2 3)"
    still_works(rt)


@slip(Where.FAULTS, "a fault in a callback from C++ into Lisp", "The error of the inner call.")
def test_a_callback_that_faults_is_the_error_of_its_own_call(rt: Runtime) -> None:
    source = "(ns faulty) (defn cb [x] (cpp/bad.read 0)) (cpp/bad.twice cb 3)"
    error = fails(rt, source)
    assert error.message.startswith("segmentation fault in bad::read")
    assert error.stack[0].function == "faulty/cb"
    assert rt.eval("(ns faulty) (cpp/bad.twice (fn [x] (* x x)) 3)") == 81


@slip(Where.FAULTS, "a fault after C++ called back", "The error of the outer call.")
def test_c_plus_plus_that_faults_after_it_called_back_is_the_outer_call_s_error(
    rt: Runtime,
) -> None:
    error = fails(rt, "(ns faulty) (cpp/bad.calls_then_reads (fn [_] (ok)) 0)")
    assert error.message == "segmentation fault in bad::calls_then_reads, at address 0x0"
    still_works(rt)


@slip(
    Where.FAULTS,
    "a fault in a destructor",
    "A problem that names the type and where it was boxed; nothing else is lost.",
)
def test_a_destructor_that_faults_is_told_and_nothing_else_is_lost(rt: Runtime) -> None:
    before = len(list(rt.events.of(FaultContained)))
    rt.eval("""(ns faulty)
      (defn scope [p] (let [it (cpp/bad.ends_badly. p)] (cpp/.value it)))""")
    try:
        rt.eval("(faulty/scope 0)")
    except RuntimeFault as error:
        assert "segmentation fault" in error.message
    (scope,) = (f for f in rt.functions() if f.name == "faulty/scope")
    assert not scope.error
    assert len(list(rt.events.of(FaultContained))) > before
    still_works(rt)


@slip(Where.FAULTS, "a thousand faults", "Each is an error; neither stack nor memory is used up.")
def test_a_thousand_faults_cost_neither_stack_nor_memory(rt: Runtime) -> None:
    rt.eval("""(ns faulty)
      (defn many [p] (try (let [it (cpp/bad.ends_badly. p)] (cpp/.value it)) (catch Exception e 0)))""")
    before = len(list(rt.events.of(FaultContained)))
    for _ in range(100):
        rt.call("faulty/many", 0)
    grown = rss_mb()
    for _ in range(1000):
        rt.call("faulty/many", 0)
    assert rss_mb() - grown < 20
    assert rt.events.since(0)[0] > before + 1000
    still_works(rt)


@slip(Where.FAULTS, "a literal `nil` for a `std::string_view`", "An error that names the argument.")
def test_nil_for_a_view_of_a_string_is_an_error(rt: Runtime) -> None:
    rt.eval("(ns faulty) (defn length [x] (cpp/bad.length x))")
    assert "must be a string, found nil" in fails(rt, "(faulty/length nil)").message
    for null, found in (("nil", "nil"), ("cpp/nullptr", "a null pointer")):
        with pytest.raises(CppError) as caught:
            rt.eval(f"(ns faulty)\n(cpp/bad.length {null})", "case.jank")
        said = f"argument 1 of bad::length must be a string, found {found}"
        assert caught.value.message == said
        assert caught.value.span is not None
        assert (caught.value.span.line, caught.value.span.col) == (2, 17)
    assert rt.eval("(ns faulty) (cpp/bad.named nil)") == 1
    assert rt.eval("(ns faulty) (cpp/bad.held nil)") is True
    assert rt.eval('(faulty/length "abc")') == 3


@pytest.mark.parametrize("call", ["(cpp/bad.read 0)", "(cpp/bad.deep 1)", "(cpp/bad.aborts)"])
@slip(Where.THREADS, "a fault in a future's C++", "The future's error; other threads go on.")
def test_faults_on_other_threads_are_theirs(rt: Runtime, call: str) -> None:
    rt.eval(f"(ns faulty) (defn on-thread [] {call})")
    found: list[BaseException] = []

    def work() -> None:
        try:
            rt.call("faulty/on-thread")
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(found) == 1 and isinstance(found[0], RuntimeFault), found
    assert found[0].stack[0].function == "faulty/on-thread"
    rt.eval(f"(ns faulty) (defn on-thread [] {call})")
    error = fails(rt, "(ns faulty) @(future (on-thread))")
    assert error.message in (found[0].message, f"the future failed: {found[0].message}")
    still_works(rt)


def test_an_error_names_what_it_can_of_the_c_plus_plus_stack(rt: Runtime) -> None:
    error = fails(rt, "(ns faulty) (cpp/bad.prints)")
    assert "_IO_printf (libc.so.6)" in render(error)


def run(source: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A process of its own that runs Python, with a limit on its time."""
    command = [sys.executable, "-c", source, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@slip(
    Where.FAULTS,
    "a fault in a static destructor at exit",
    "The exit code is what it would have been.",
)
def test_a_destructor_of_a_static_object_that_faults_at_the_end_changes_nothing() -> None:
    done = run(
        "import sys\n"
        "from runtime import Runtime\n"
        "rt = Runtime(strategy='interpret')\n"
        "rt.eval('(cpp/raw \"struct late { ~late() { *(int volatile*)8 = 1; } }; inline late it; \")')\n"
        "print('fine'); sys.stdout.flush(); sys.exit(7)\n"
    )
    assert (done.returncode, done.stdout) == (7, "fine\n"), done
    assert done.stderr == ""


def test_where_nothing_guards_the_reason_and_the_stack_go_to_whoever_asked(tmp_path: Path) -> None:
    said = tmp_path / "said"
    done = run(
        "import sys, os\n"
        "from runtime import Runtime\n"
        "from runtime.native import _support\n"
        "import threading\n"
        "rt = Runtime(strategy='interpret')\n"
        "file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
        "os.write(file, f'{threading.get_ident():#x}\\n'.encode())\n"
        "_support.set_crash_fd(file)\n"
        "rt.eval('(cpp/raw \"#include <thread>\\nnamespace t { inline void go() {\\n"
        "std::thread([] { *(int volatile*)8 = 1; }).join(); } }\") (cpp/t.go)')\n",
        str(said),
    )
    assert done.returncode == 128 + 11, done
    ours, *lines = said.read_text().splitlines()
    assert lines[0] == "signal 11 (Segmentation fault), address 0x8"
    assert lines[1].startswith("thread 0x") and lines[1] != f"thread {ours}"
    assert len(lines) > 3 and done.stderr == ""


def test_with_the_guards_off_a_fault_ends_the_process() -> None:
    done = run(
        "from runtime import Runtime\n"
        "rt = Runtime(strategy='interpret', guard='off')\n"
        "rt.eval('(cpp/raw \"namespace t { inline int f(int* p) { return *p; } }\") (cpp/t.f nil)')\n"
    )
    assert done.returncode == -11, done
    assert done.stderr == ""


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="off, signals, process"):
        faults.install("some")
