"""fib(35), the doubly recursive one: calls and integer arithmetic. Milliseconds, everything compiled."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from ctypes import c_int64
from pathlib import Path
from statistics import median
from typing import Any

from app.bench._measure import Metrics, compile_cpp, in_process, in_turn, scratch
from runtime.runtime import Runtime

N = 35
ROUNDS = 5
LISP = "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))"
CPP = """#include <cstdint>
extern "C" std::int64_t fib(std::int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
"""
CLOJURE = f"""{LISP}
(dotimes [_ 5] (fib {N}))
(dotimes [_ {ROUNDS}]
  (let [start (System/nanoTime)]
    (fib {N})
    (println "ms" (/ (- (System/nanoTime) start) 1e6))))
"""
JARS = ("clojure", "spec.alpha", "core.specs.alpha")


def run() -> dict[str, Any]:
    """Compiled, C++ and CPython in one process; then Clojure on the JVM, where it is installed."""
    rows = in_process(measure)
    clojure = clojure_ms()
    if clojure is not None:
        rows["Clojure, JVM"] = {"ms": clojure}
    ratios = {"vs_cpp": rows["tiered"]["ms"] / rows["C++ -O2"]["ms"]}
    if clojure is not None:
        ratios["vs_clojure"] = rows["tiered"]["ms"] / clojure
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """The rows of this process."""
    tiered = Runtime("tiered")
    tiered.eval(LISP)
    tiered.call("user/fib", 20)  # hot
    tiered.wait_idle(30)
    inline = Runtime("inline-jit")
    inline.eval(LISP)
    with scratch() as folder:
        source = Path(folder) / "fib.cpp"
        source.write_text(CPP, encoding="utf-8")
        library, _ = compile_cpp(source, Path(folder))
        library.fib.argtypes, library.fib.restype = [c_int64], c_int64
        times = in_turn(
            {
                "tiered": lambda: tiered.call("user/fib", N),
                "inline-jit": lambda: inline.call("user/fib", N),
                "C++ -O2": lambda: library.fib(N),
            },
            ROUNDS,
        )
    start = time.perf_counter()
    fib(N)
    times["CPython"] = time.perf_counter() - start
    for runtime in (tiered, inline):
        runtime.close()
    return {name: {"ms": seconds * 1e3} for name, seconds in times.items()}


def fib(n: int) -> int:
    """The same in Python."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def clojure_ms() -> float | None:
    """fib on the JVM, warm; None where there is no Clojure."""
    command = clojure_command()
    if command is None:
        return None
    with scratch() as folder:
        script = Path(folder) / "fib.clj"
        script.write_text(CLOJURE, encoding="utf-8")
        done = subprocess.run([*command, str(script)], capture_output=True, text=True)
    found = [float(ms) for ms in re.findall(r"ms ([\d.eE+-]+)", done.stdout)]
    return median(found) if found else None


def clojure_command() -> list[str] | None:
    """How to run a Clojure script: by its own command, or by its archives where systems keep them."""
    own = shutil.which("clojure")
    if own is not None:
        return [own]
    java = shutil.which("java")
    folders = (Path("/usr/share/java"), Path.home() / ".m2/repository/org/clojure")
    found = [jar for name in JARS if (jar := find_jar(name, folders)) is not None]
    if java is None or len(found) < len(JARS):
        return None
    return [java, "-cp", ":".join(map(str, found)), "clojure.main"]


def find_jar(name: str, folders: tuple[Path, ...]) -> Path | None:
    """The archive `name.jar` or `name-1.2.3.jar` below the folders."""
    pattern = re.compile(re.escape(name) + r"(-\d[\w.]*)?\.jar")
    jars = (jar for folder in folders for jar in sorted(folder.rglob("*.jar"), reverse=True))
    return next((jar for jar in jars if pattern.fullmatch(jar.name)), None)
