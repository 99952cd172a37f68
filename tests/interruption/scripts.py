"""Scripts that never end by themselves, by name: what is tried at load, in a frame and over `eval`."""

from __future__ import annotations

# name: (definitions, the call that does not end, whether the error's stack names `f`)
ENDLESS: dict[str, tuple[str, str]] = {
    "(while true)": ("(defn f [] (while true))", "(f)"),
    "(loop [] (recur))": ("(defn f [] (loop [] (recur)))", "(f)"),
    "a loop that counts": ("(defn f [] (loop [i 0] (recur (inc i))))", "(f)"),
    "a function that recurs": ("(defn f [x] (recur (not x)))", "(f 1)"),
    "exponential recursion": (
        "(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))",
        "(do (f 20) (f 90))",
    ),
    "mutual recursion": (
        "(declare g) (defn f [n] (if (< n 1) 0 (+ (g (dec n)) (g (dec n)))))"
        "(defn g [n] (if (< n 1) 0 (+ (f (dec n)) (f (dec n)))))",
        "(do (f 10) (f 200))",
    ),
    "(println (range))": ("(defn f [] (with-out-str (println (range))))", "(f)"),
    "(count (iterate inc 0))": ("(defn f [] (count (iterate inc 0)))", "(f)"),
    "(reduce + (range))": ("(defn f [] (reduce + (map inc (range))))", "(f)"),
    "(last (cycle))": ("(defn f [] (last (cycle [1 2])))", "(f)"),
    "a filter that finds nothing": ("(defn f [] (first (filter neg? (range))))", "(f)"),
    "doseq over an endless sequence": ("(defn f [] (doseq [x (range)] (str x)))", "(f)"),
    "lazy sequences of nothing": ("(defn g [] (lazy-seq (g))) (defn f [] (first (g)))", "(f)"),
    "@(promise)": ("(defn f [] @(promise))", "(f)"),
    "@(future (while true))": ("(defn f [] @(future (while true)))", "(f)"),
    "@(delay (while true))": ("(defn f [] @(delay (while true)))", "(f)"),
    "swap! within swap!": (
        "(defn f [] (let [a (atom 0)] (swap! a (fn [_] (swap! a inc)))))",
        "(f)",
    ),
    "a backtracking regex": (
        '(defn f [] (re-matches #"(a|a)+[bc]" (apply str (repeat 60 "a"))))',
        "(f)",
    ),
    "a finally that does not end either": (
        "(defn f [] (try (while true) (finally (while true))))",
        "(f)",
    ),
    "a catch of everything": (
        "(defn f [] (try (while true) (catch Throwable e :caught)))",
        "(f)",
    ),
}

# Those in which another thread waits, or computes in another way than the main thread.
ON_THREADS = (
    "(while true)",
    "exponential recursion",
    "(println (range))",
    "(count (iterate inc 0))",
    "@(promise)",
    "a backtracking regex",
)

# What grows without end, for the limit of memory.
GROWING: dict[str, tuple[str, str]] = {
    "(into [] (range))": (
        '(defn f [] (into [] (map (fn [x] (format "%09999d" x)) (range))))',
        "(f)",
    ),
    "a loop that conjoins": (
        '(defn f [] (loop [v []] (recur (conj v (format "%09999d" (count v))))))',
        "(f)",
    ),
}
