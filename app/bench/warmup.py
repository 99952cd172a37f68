"""Programs that a fresh process has never run: how long until each is as fast as it gets.

A program is defined and called again and again. What its first call takes above the final speed
(`first_vs_steady_ms`), and all its calls together until that is reached (`until_steady_ms`), is the price
of the start: of tier 0, of Cling's start, of compiling, and of whatever keeps the one waiting for the other.
Nothing is tuned for these programs; Clojure runs the same text on the JVM, where it is installed.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from app.bench._measure import Metrics, in_process, medians, scratch
from app.bench.fib import clojure_command
from runtime.runtime import Runtime

ROUNDS = 3  # processes for each program
LEAST_S = 1.0  # of calls
LEAST_CALLS = 40
AS_FAST = 1.25  # times the final speed
IN_A_ROW = 5  # calls whose median is to be as fast, the first of them too
HOW_TO_GET_IT = "the JVM's rows need Clojure: apt-get install clojure (Debian, Ubuntu)"

PROGRAMS = {
    "fib": "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (defn run [] (fib 27))",
    "tak": """
        (defn tak [x y z]
          (if (< y x)
            (tak (tak (dec x) y z) (tak (dec y) z x) (tak (dec z) x y))
            z))
        (defn run [] (tak 18 12 6))""",
    "mandelbrot": """
        (defn escapes [cr ci]
          (loop [i 0 x 0.0 y 0.0]
            (if (and (< i 50) (< (+ (* x x) (* y y)) 4.0))
              (recur (inc i) (+ (- (* x x) (* y y)) cr) (+ (* 2.0 x y) ci))
              i)))
        (defn run []
          (loop [p 0 total 0]
            (if (< p 4800)
              (recur (inc p) (+ total (escapes (- (* 0.0375 (rem p 80)) 2.0) (- (* 0.04 (quot p 80)) 1.2))))
              total)))""",
    "collatz": """
        (defn steps [n]
          (loop [n n s 0] (if (= n 1) s (recur (if (even? n) (quot n 2) (inc (* 3 n))) (inc s)))))
        (defn run [] (reduce max (map steps (range 1 3001))))""",
    "words": """
        (def text (apply str (repeat 200 "the quick brown fox jumps over the lazy dog and the cat ")))
        (defn tally [words] (reduce (fn [m w] (assoc m w (inc (get m w 0)))) {} words))
        (defn run [] (get (tally (re-seq #"[a-z]+" text)) "the"))""",
    "updates": """
        (defn step [world i]
          (-> world
              (update-in [:bodies (rem i 8) :x] + i)
              (update :ticks inc)
              (assoc :last i)))
        (defn run []
          (let [world {:ticks 0 :bodies (vec (repeat 8 {:x 0 :y 1}))}]
            (:ticks (reduce step world (range 2000)))))""",
    "mutual": """
        (declare male)
        (defn female [n] (if (zero? n) 1 (- n (male (female (dec n))))))
        (defn male [n] (if (zero? n) 0 (- n (female (male (dec n))))))
        (defn run [] (+ (female 32) (male 33)))""",
}
CLOJURE = f"""
(let [end (+ (System/nanoTime) {int(LEAST_S * 1e9)})]
  (loop [i 0]
    (when (or (< i {LEAST_CALLS}) (< (System/nanoTime) end))
      (let [start (System/nanoTime)]
        (run)
        (println "ms" (/ (- (System/nanoTime) start) 1e6))
        (recur (inc i))))))
"""


def run() -> dict[str, Any]:
    """Milliseconds, medians of the processes: above the final speed, and what each call takes at that. The
    JVM's, where it can be. The ratios are those of `(fib 27)`."""
    command = clojure_command()
    rows: dict[str, Metrics] = {}
    for name, text in PROGRAMS.items():
        rows[name] = medians([figures(in_process(measure, text)) for _ in range(ROUNDS)])
        if command is not None:
            theirs = medians([figures(clojure_ms(command, text)) for _ in range(ROUNDS)])
            rows[name] |= {f"jvm_{key}": value for key, value in theirs.items()}
    fib = rows["fib"]
    ratios = {name: fib[name] for name in ("first_vs_steady_ms", "until_steady_ms")}
    if command is not None:
        ratios["vs_clojure"] = fib["first_vs_steady_ms"] / fib["jvm_first_vs_steady_ms"]
        ratios["until_vs_clojure"] = fib["until_steady_ms"] / fib["jvm_until_steady_ms"]
    return {"rows": rows, "ratios": ratios, "notes": [] if command is not None else [HOW_TO_GET_IT]}


def measure(text: str) -> list[float]:
    """Milliseconds of one call after the other, in this process."""
    runtime = Runtime("tiered")
    runtime.eval(text)
    function = runtime.namespaces.ensure("user").vars["run"].root
    times: list[float] = []
    end = time.perf_counter() + LEAST_S
    while len(times) < LEAST_CALLS or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1e3)
        if not runtime.engine.idle:
            end = max(end, time.perf_counter() + LEAST_S / 2)
    runtime.close()
    return times


def clojure_ms(command: Sequence[str], text: str) -> list[float]:
    """The same on the JVM. Raises RuntimeError with its words where the program fails there."""
    with scratch() as folder:
        script = Path(folder) / "warmup.clj"
        script.write_text(text + CLOJURE, encoding="utf-8")
        done = subprocess.run([*command, str(script)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [float(ms) for ms in re.findall(r"ms ([\d.eE+-]+)", done.stdout)]


def figures(times: Sequence[float]) -> Metrics:
    """What the calls' times say. The final speed is that of the last quarter of them."""
    steady = median(times[-max(1, len(times) // 4) :])
    fast = AS_FAST * steady
    reached = 0
    while reached < len(times) and max(times[reached], median(times[reached:][:IN_A_ROW])) > fast:
        reached += 1
    return {
        "first_vs_steady_ms": times[0] - steady,
        "until_steady_ms": sum(times[:reached]) - reached * steady,
        "calls": reached,
        "steady_ms": steady,
    }
