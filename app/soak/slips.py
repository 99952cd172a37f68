"""What a careless user writes: slips by name, each with where it stands and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """Where a slip is written."""

    FRAME = "in the frame function"
    TOP = "a top-level form"
    HEADER = "in the header"
    FILE = "instead of the file"
    EVAL = "over nREPL"


@dataclass(frozen=True, slots=True)
class Slip:
    """One mistake. `kills` is true where memory is really damaged, so that a restart is no fault of ours."""

    name: str
    place: Place
    text: str
    kills: bool = False


def _all(place: Place, texts: dict[str, str]) -> list[Slip]:
    return [Slip(name, place, text) for name, text in texts.items()]


UNBALANCED = _all(
    Place.FRAME,
    {
        "missing PopID": "(imgui/PushID 1)",
        "missing EndTable": '(imgui/BeginTable "t" 2)',
        "missing EndMenuBar": "(imgui/BeginMenuBar)",
        "missing TreePop": '(imgui/TreePush "x")',
        "missing PopStyleVar": "(imgui/PushStyleVar 0 (cpp/float. 0.5))",
        "missing EndDisabled": "(imgui/BeginDisabled)",
        "missing EndGroup": "(imgui/BeginGroup)",
        "missing EndTabBar": '(imgui/BeginTabBar "bar")',
        "missing PopStyleColor": "(imgui/PushStyleColor 0 (cpp/unsigned-int. 255))",
        "missing PopItemFlag": "(imgui/PushItemFlag 1 true)",
        "missing End": '(imgui/Begin "left open")',
        "missing EndChild": '(imgui/BeginChild #cpp "child")',
        "surplus PopFont": "(imgui/PopFont)",
        "surplus PopClipRect": "(imgui/PopClipRect)",
        "surplus TreePop": "(imgui/TreePop)",
        "surplus PopID": "(imgui/PopID)",
        "surplus End": "(imgui/End) (imgui/End)",
        "surplus EndGroup": "(imgui/EndGroup)",
        "WindowMinSize 0": (
            "(cpp/= (cpp/.-x (cpp/.-WindowMinSize (imgui/GetStyle))) (cpp/float. 0.0))"
        ),
        "no context": "(imgui/SetCurrentContext cpp/nullptr)",
        "a null pointer for a widget": (
            '(imgui/SliderFloat "s" cpp/nullptr (cpp/float. 0.0) (cpp/float. 1.0))'
        ),
    },
)

RUNAWAY = _all(
    Place.FRAME,
    {
        "endless while": "(while true)",
        "endless loop": "(loop [] (recur))",
        "endless count": "(count (iterate inc 0))",
        "promise nobody keeps": "@(promise)",
        "endless loop in C++": "(engine/spin)",
        "recursion without end": "((fn f [n] (+ 1 (f n))) 1)",
        "memory without end": "(loop [v []] (recur (conj v (vec (range 1000)))))",
        "backtracking": '(re-matches #"(a+)+b" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac")',
    },
)

THROWN = _all(
    Place.FRAME,
    {
        "an exception": '(throw (ex-info "boom" {}))',
        "a changing exception": '(throw (ex-info (str "boom " (rand-int 1000000)) {}))',
        "a wrong kind": '(+ 1 "two")',
        "a wrong arity": "(parts/scaled 1 2 3 4)",
        "a C++ exception": "(engine/throws)",
        "division by zero": "(quot 1 0)",
    },
)

FAULTS = _all(
    Place.FRAME,
    {
        "reads through null": "(engine/read_null)",
        "writes through null": "(engine/write_null)",
        "reads a wild pointer": "(engine/read_wild)",
        "divides by zero in C++": "(engine/divide 0)",
        "aborts": "(engine/aborts)",
        "asserts": "(engine/asserts)",
        "terminates": "(engine/terminates)",
        "throws through noexcept": "(engine/throws_noexcept)",
        "overflows the stack in C++": "(engine/deep 1)",
        "exits": "(engine/exits)",
    },
)

FORMS = _all(
    Place.TOP,
    {
        "an unknown name": "(def wrong (no-such-function 1))",
        "a division at load": "(def wrong (/ 1 0))",
        "an endless def": "(def wrong (loop [] (recur)))",
        "an endless macro": "(defmacro wrong [] (while true)) (wrong)",
        "an unknown C++ function": "(defn wrong [] (engine/no_such 1))",
        "an unclosed string": '(def wrong "unclosed)',
        "an unclosed list": "(defn wrong [] (+ 1 2)",
        "a bracket too many": "(def wrong 1))",
        "an odd map": "(def wrong {:a})",
        "printing without end": "(def wrong (str (range)))",
        "C++ with a lost signature": '(cpp/raw "int f_lost(); { return 1; }")',
        "C++ with a brace too many": '(cpp/raw "int g_brace() { return 1; } }")',
        "C++ that is a statement": '(cpp/raw "return 1;")',
        "C++ that does not compile": '(cpp/raw "int h_bad() { return nope; }")',
        "an initialiser that faults": (
            '(cpp/raw "int init_fault(){ int volatile* p = nullptr; return *p; } '
            'static int init_x = init_fault();")'
        ),
        "an initialiser that loops": (
            '(cpp/raw "int init_loop(){ for(int volatile i = 0;; ++i) if(i < 0) return 1; } '
            'static int init_y = init_loop();")'
        ),
        "a template without end": (
            '(cpp/raw "template<int N> struct endless { static int const v = endless<N+1>::v; }; '
            'int use_endless = endless<0>::v;")'
        ),
        "a future without end": "(def wrong (future (while true)))",
        "a future that draws": '(def wrong (future (imgui/Text #cpp "from elsewhere")))',
        "a future that fails": '(def wrong (future (throw (ex-info "nobody looks" {}))))',
    },
)

HEADERS = _all(
    Place.HEADER,
    {
        "a statement at the top": "return 1;",
        "a lost signature": "{ return 1; }",
        "an extra brace": "}",
        "a namespace with a semicolon": "namespace lost; { int x; }",
        "an undeclared name": "inline int broken() { return undeclared; }",
        "an unclosed comment": "/* never closed",
        "an unclosed condition": "#if 1",
    },
)

FILES = _all(
    Place.FILE,
    {
        "an empty file": "",
        "only white space": " \n\n ",
        "half a form": "(ns main",
        "no ns form": "(def lonely 1)",
        "binary": "\x00\x01\x02\x7f",
    },
)

EVALS = _all(
    Place.EVAL,
    {
        "a widget": '(imgui/Text #cpp "x")',
        "a runaway": "(while true)",
        "an exception": '(throw (ex-info "over nREPL" {}))',
        "a fault": "(engine/read_null)",
        "broken text": '(str "unclosed',
        "much output": '(dotimes [i 20000] (println "a line of output"))',
        "an endless value": "(range)",
        "a redefinition": "(in-ns 'main) (defn helper [x] (* x 3))",
        "a huge number": "(count (str (reduce *' (range 1 3000))))",
        "a lone surrogate": "(str (char 0xd800))",
    },
)

KILLS = [
    Slip("a C++ thread that faults", Place.EVAL, "(engine/fault_elsewhere)", kills=True),
    Slip("kill -9", Place.EVAL, "(engine/kill_9)", kills=True),
]

SLIPS = [*UNBALANCED, *RUNAWAY, *THROWN, *FAULTS, *FORMS, *HEADERS, *FILES, *EVALS]
