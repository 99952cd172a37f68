"""Loops, compiled: numbers, draw-list primitives, map and reduce over a vector, keywords of many maps.

The same four programs in C++ or in hand-written Python stand beside them. Python works on the same persistent
collections; where it would take others, a second row shows that too.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import PyDLL, c_int64
from pathlib import Path
from statistics import median
from typing import Any

from imgui_bundle import imgui
from immutables import Map

from app.bench._measure import Metrics, Stage, compile_cpp, in_process, in_turn, scratch, stage
from runtime.core.values import Keyword
from runtime.runtime import Runtime

STEPS = 1_000_000  # of the numeric loop
PRIMITIVES = 10_000
ROUNDS = 9
ROUND_S = 0.03

LISP = """
(ns bench.loops
  (:require
   ["imgui.h" :as imgui :scope "ImGui"]
   ["imgui.h" :as imgui-h :scope ""]))

(defn numeric [steps]
  (loop [i 0, x 1, sum 0]
    (if (< i steps)
      (let [next (bit-and (+ (* x 1103515245) 12345) 2147483647)]
        (recur (inc i) next (+ sum (bit-and next 255))))
      sum)))

(defn primitives [count]
  (let [list (imgui/GetBackgroundDrawList)]
    (dotimes [i count]
      (let [x (* 10.0 (rem i 100))
            y (* 0.08 i)]
        (cpp/.AddRectFilled list (imgui-h/ImVec2. x y) (imgui-h/ImVec2. (+ x 8.0) (+ y 6.0))
                            (cpp/unsigned. 4294901760))))))

(def values (vec (range 1000)))

(defn map-reduce []
  (reduce + 0 (map (fn [x] (+ (* x x) 1)) values)))

(def objects
  (mapv (fn [i] {:name (str "object " i) :visible (odd? i) :scale 2.0
                 :position {:x (* 1.0 i) :y 2.0 :z 3.0}
                 :size {:width 4.0 :height 5.0}})
        (range 100)))

(defn walk []
  (loop [i 0, sum 0.0]
    (if (< i 100)
      (let [object (nth objects i)
            position (:position object)
            size (:size object)]
        (recur (inc i)
               (if (:visible object)
                 (+ sum (* (:scale object) (:width size) (:height size))
                    (:x position) (:y position) (:z position))
                 sum)))
      sum)))
"""

CPP = """
#include <imgui.h>
#include <cstdint>
extern "C" std::int64_t numeric(std::int64_t steps) {
  std::int64_t x = 1, sum = 0;
  for(std::int64_t i = 0; i < steps; i++) {
    x = (x * 1103515245 + 12345) & 2147483647;
    sum += x & 255;
  }
  return sum;
}
extern "C" void primitives(std::int64_t count) {
  ImDrawList* list = ImGui::GetBackgroundDrawList();
  for(std::int64_t i = 0; i < count; i++) {
    double const x = 10.0 * (i % 100), y = 0.08 * i;
    list->AddRectFilled(ImVec2(x, y), ImVec2(x + 8.0, y + 6.0), 4294901760u);
  }
}
"""

X, Y, Z, VISIBLE, SCALE, POSITION, SIZE, WIDTH, HEIGHT = map(
    Keyword, ("x", "y", "z", "visible", "scale", "position", "size", "width", "height")
)


def run() -> dict[str, Any]:
    """Microseconds of one run of each program, compiled under `tiered`."""
    rows = in_process(measure)
    over, cpp, python = rows["tiered"], rows["C++ -O2"], rows["Python"]
    ratios = {
        "numeric_vs_cpp": over["numeric_us"] / cpp["numeric_us"],
        "primitives_vs_cpp": over["primitives_us"] / cpp["primitives_us"],
        "keywords_vs_python": python["keywords_us"] / over["keywords_us"],
        "reduce_vs_python": python["reduce_us"] / over["reduce_us"],
    }
    return {"rows": rows, "ratios": ratios}


def measure() -> dict[str, Metrics]:
    """All rows, the programs of each kind in turn."""
    with stage() as on, scratch() as folder:
        runtime = on.runtime("tiered")
        runtime.eval(LISP)
        lisp = {name: compiled(on, runtime, name) for name in ("numeric", "map-reduce", "walk")}
        draw = compiled(on, runtime, "primitives", 10)
        cpp = load_cpp(Path(folder))
        values, objects = (runtime.eval(name) for name in ("values", "objects"))
        dicts = [as_dict(o) for o in objects]
        seconds = {
            "numeric_us": in_turn(
                {
                    "tiered": lambda: lisp["numeric"](STEPS),
                    "C++ -O2": lambda: cpp.numeric(STEPS),
                    "Python": lambda: numeric(STEPS),
                },
                ROUNDS,
            ),
            "primitives_us": drawn_in_turn(
                on,
                {
                    "tiered": lambda: draw(PRIMITIVES),
                    "C++ -O2": lambda: cpp.primitives(PRIMITIVES),
                    "Python": lambda: primitives(PRIMITIVES),
                },
            ),
            "keywords_us": in_turn(
                {
                    "tiered": lisp["walk"],
                    "Python": lambda: walk(objects),
                    "Python, dicts": lambda: walk_dicts(dicts),
                },
                ROUNDS,
                ROUND_S,
            ),
            "reduce_us": in_turn(
                {"tiered": lisp["map-reduce"], "Python": lambda: map_reduce(values)},
                ROUNDS,
                ROUND_S,
            ),
        }
    rows: dict[str, Metrics] = {}
    for metric, found in seconds.items():
        for name, value in found.items():
            rows.setdefault(name, {})[metric] = value * 1e6
    return rows


def compiled(on: Stage, runtime: Runtime, name: str, *args: int) -> Callable[..., Any]:
    """A function of the script, compiled after some calls in which its types were seen."""
    function = runtime.namespaces.current.vars[name].deref()
    args = args or ((1000,) if name == "numeric" else ())
    for _ in range(3):
        on.frame(lambda: function(*args))
    runtime.tier_up(f"bench.loops/{name}")
    runtime.wait_idle(30)
    return function


def drawn_in_turn(on: Stage, works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds that each work takes of a frame: the median, the works taking turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            on.frame(work)
            times[name] += [on.frame(work) for _ in range(3)]
    return {name: median(found) for name, found in times.items()}


def load_cpp(folder: Path) -> PyDLL:
    """The C++ programs, compiled."""
    source = folder / "loops.cpp"
    source.write_text(CPP, encoding="utf-8")
    library, _ = compile_cpp(source, folder)
    library.numeric.argtypes, library.numeric.restype = [c_int64], c_int64
    library.primitives.argtypes, library.primitives.restype = [c_int64], None
    return library


def as_dict(value: Any) -> Any:
    """Persistent maps as dicts with strings for keys."""
    return {k.name: as_dict(v) for k, v in value.items()} if isinstance(value, Map) else value


# --- the programs in Python ------------------------------------------------------------


def numeric(steps: int) -> int:
    x, total = 1, 0
    for _ in range(steps):
        x = (x * 1103515245 + 12345) & 2147483647
        total += x & 255
    return total


def primitives(count: int) -> None:
    draw_list = imgui.get_background_draw_list()
    for i in range(count):
        x, y = 10.0 * (i % 100), 0.08 * i
        draw_list.add_rect_filled(imgui.ImVec2(x, y), imgui.ImVec2(x + 8.0, y + 6.0), 4294901760)


def map_reduce(values: Any) -> int:
    return sum(x * x + 1 for x in values)


def walk(objects: Any) -> float:
    total = 0.0
    for o in objects:
        position, size = o[POSITION], o[SIZE]
        if o[VISIBLE]:
            total += o[SCALE] * size[WIDTH] * size[HEIGHT] + position[X] + position[Y] + position[Z]
    return total


def walk_dicts(objects: list[Any]) -> float:
    total = 0.0
    for o in objects:
        position, size = o["position"], o["size"]
        if o["visible"]:
            volume = o["scale"] * size["width"] * size["height"]
            total += volume + position["x"] + position["y"] + position["z"]
    return total
