"""How fast the reader reads: megabytes of ordinary source a second."""

from __future__ import annotations

import time
from typing import Any

from runtime.reader import read_all

FUNCTION = """
;; The panel of object {n}: its values, and buttons that change them.
(defn draw-object-{n}!
  "Draws one object and returns whether it was changed."
  [{{:keys [name position scale] :as object}} ^long index]
  (let [changed? (atom false)
        label    (str name "##" index "\\n")
        visible  (get-in object [:flags :visible] true)]
    (imgui/PushID (cpp/int. index))
    (when (imgui/CollapsingHeader label imgui-h/ImGuiTreeNodeFlags_DefaultOpen)
      (imgui/Text #cpp "Position: %.2f %.2f" (first position) (second position))
      (doseq [[key value] {{:scale scale :radius {n}.5 :count 0x{n}f}}]
        (when-not (nil? value)
          (imgui/Text (str key ": " value))))
      (if (and visible (< index 100))
        (swap! state update-in [:objects {n} :clicks] (fnil inc 0))
        (reset! changed? (some #(= % \\newline) [1 -2 3.25 :viewer/none]))))
    (imgui/PopID)
    @changed?))
"""


def source(size: int = 1_000_000) -> str:
    """Some `size` characters of Lisp as people write it."""
    count = size // len(FUNCTION.format(n=100)) + 1
    return "(ns bench.reader)\n" + "".join(FUNCTION.format(n=n) for n in range(count))


def run() -> dict[str, Any]:
    """Read 1 MB three times; the quickest counts."""
    text = source()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        for _form in read_all(text, "bench.jank"):
            pass
        times.append(time.perf_counter() - start)
    speed = len(text.encode()) / 1e6 / min(times)
    return {"rows": {"read": {"mb_per_s": round(speed, 3)}}, "ratios": {}}
