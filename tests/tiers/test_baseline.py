"""What stub C++ does by its own means: slots, scopes that end, jumps instead of C++ exceptions."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime import Runtime
from runtime.core.printing import pr_str
from runtime.errors import RuntimeFault

CPP = """
(cpp/raw "#include <string>
#include <stdexcept>
inline std::string baseline_log;
struct Baseline {
  char name;
  explicit Baseline(char n) : name(n) { baseline_log += '+'; baseline_log += n; }
  Baseline(Baseline&& o) : name(o.name) { o.name = '.'; }
  Baseline& operator=(Baseline&& o) { std::swap(name, o.name); return *this; }
  ~Baseline() { baseline_log += '-'; baseline_log += name; }
  int fail() { throw std::out_of_range(\\"far\\"); }
};
inline Baseline baseline_made(char n) { return Baseline(n); }
inline std::string baseline_logged() { return std::move(baseline_log); }")
"""


@pytest.fixture(scope="module", params=["interpret", "stub-jit", "inline-jit"])
def rt(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    runtime = Runtime(strategy=request.param)
    runtime.eval(CPP)
    yield runtime
    runtime.close()


ENDINGS = {
    "(let [a (made \\a) b (made \\b)] 1)": "+a+b-b-a",
    "(let [a (made \\a)] (let [b (made \\b)] 1) (let [c (made \\c)] 1))": "+a+b-b+c-c-a",
    "(let [a (made \\a) b (made \\b)] (cpp/.fail a))": "+a+b-b-a",
    """(let [a (made \\a)]
         (try (let [b (made \\b)] (cpp/.fail a))
              (catch cpp/std.exception e (let [c (made \\c)] 2))))""": "+a+b-b+c-c-a",
    """(let [a (made \\a)]
         (try (let [b (made \\b)] (throw (ex-info "" {})))
              (finally (let [c (made \\c)] 2))))""": "+a+b-b+c-c-a",
    """(loop [i 0]
         (let [a (made \\a)]
           (when (< i 2) (recur (inc i)))))""": "+a-a+a-a+a-a",
    """(loop [a (made \\a) i 0]
         (when (< i 1) (recur (made \\b) (inc i))))""": "+a+b-a-b",
    """(loop [a (made \\a) i 0]
         (when (< i 1) (recur (made \\b) (throw (ex-info "" {})))))""": "+a+b-b-a",
}


@pytest.mark.parametrize(("body", "log"), ENDINGS.items())
def test_native_locals_end_with_their_scopes(rt: Runtime, body: str, log: str) -> None:
    rt.eval(f"(defn f [] {body.replace('made', 'cpp/baseline_made')})")
    with contextlib.suppress(RuntimeFault):
        rt.call("user/f")
    assert rt.eval("(str (cpp/baseline_logged))") == log


VALUES = {
    "(def v 1) (defn f [] [v (do (def v 2) v) v])": "[1 2 2]",
    """(defn g [x] [:old x])
       (defn f [] (g (do (defn g [x] [:new x]) 1)))""": "[:old 1]",
    "(defn f [] (loop [a 1 b 2 n 0] (if (< n 3) (recur b a (inc n)) [a b])))": "[2 1]",
    "(defn f [] (loop [a 0 b 0] (if (< a 3) (recur (inc a) a) [a b])))": "[3 2]",
    """(defn f []
         (loop [i 0]
           (if (< (try i (finally (str i))) 3)
             (recur (try (inc i) (finally (str i))))
             i)))""": "3",
    """(defn f []
         (letfn [(e? [n] (or (= n 0) (o? (dec n))))
                 (o? [n] (and (not= n 0) (e? (dec n))))]
           [(e? 7) (o? 7)]))""": "[false true]",
    "(defn f [] (for [i (range 3)] ((fn g [n] (if (zero? n) i (g (dec n)))) i)))": "(0 1 2)",
    """(defn f []
         (mapv #(case % (0 1) :few 2 :two nil :none "s" :text :many)
               [0 1 2 3 nil "s"]))""": "[:few :few :two :many :none :text]",
    """(defn f []
         (mapv #(case % 0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 nil :none)
               [8 9 10 nil]))""": "[8 nil :none :none]",
    """(defn f []
         (try (try (throw (ex-info "a" {})) (finally (throw (ex-info "b" {}))))
              (catch Exception e (ex-message e))))""": '"b"',
    "(defn f [& xs] (if (seq xs) (recur nil) [xs]))": "[nil]",
    f"(defn f [] (count [{' '.join(map(str, range(400)))}]))": "400",
    """(def ^:dynamic *d* 1)
       (defn f []
         (binding [*d* 2]
           (set! *d* (inc *d*))
           [*d* (not *d*) (nil? *d*)]))""": "[3 false false]",
}


@pytest.mark.parametrize(("definition", "value"), VALUES.items())
def test_values(rt: Runtime, definition: str, value: str) -> None:
    rt.eval(definition)
    assert pr_str(rt.call("user/f")) == value


def test_a_call_gives_back_what_it_took(rt: Runtime) -> None:
    rt.eval("""(defn f [x g]
                 (let [a [x x] h (fn [y] [x y])]
                   (loop [i 0 seen nil]
                     (if (< i 3)
                       (recur (inc i) (try (g x) (h x) (catch Exception e [e x]) (finally (h a))))
                       (count seen)))))""")
    thing: Any = object()
    fail: list[Callable[..., Any]] = [lambda x: x, lambda x: 1 / 0]
    f = rt.eval("f")
    f(thing, fail[0])
    gc.collect()
    before = sys.getrefcount(thing)
    for _ in range(50):
        for g in fail:
            assert f(thing, g) == 2
    gc.collect()
    assert sys.getrefcount(thing) == before


def test_many_branches_in_each_other_compile() -> None:
    rt = Runtime(strategy="stub-jit")
    clauses = " ".join(f"(= x {i}) (str {i})" for i in range(300))
    rt.eval(f"(defn f [x] (let [found (cond {clauses})] [found]))")
    f = rt.functions()[-1]
    assert f.tier == 1, f.error
    assert [pr_str(rt.call("user/f", x)) for x in (0, 60, 299, 300)] == [
        '["0"]', '["60"]', '["299"]', "[nil]",
    ]  # fmt: skip
    rt.close()


def test_what_ends_the_program_is_not_caught() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    rt = Runtime(strategy="stub-jit")
    rt.eval("(def a (atom 0)) (defn f [g] (try (g) (catch Exception e 1) (finally (reset! a 2))))")
    with pytest.raises(KeyboardInterrupt):
        rt.eval("f")(interrupt)
    assert rt.eval("@a") == 2
    rt.close()


def test_the_text_reads_with_its_comments() -> None:
    rt = Runtime(strategy="stub-jit")
    rt.eval(
        '(defn f [camera] (let [far (:distance camera)] (if (nil? far) "none\\n\\\\" (+ far 1))))'
    )
    (f,) = rt.functions()
    assert f.tier == 1, f.error
    assert "f.get(" in f.cpp and "// line 1: far = get(camera, :distance)" in f.cpp
    assert "= +(far, 1)" in f.cpp
    assert rt.call("user/f", None) == "none\n\\"
    rt.close()
