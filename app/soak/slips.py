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
    WIRE = "to nREPL, and hung up"
    DISK = "instead of the script"
    INCLUDED = "instead of the header"
    PART = "instead of the script that it requires"


@dataclass(frozen=True, slots=True)
class Slip:
    """One mistake. `kills` is true where memory is really damaged, so that a restart is no fault of ours.

    `after` is evaluated in `main` before the slip is mended, once it can be: it ends what would go on.
    """

    name: str
    place: Place
    text: str
    kills: bool = False
    after: str = ""


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
        "missing PopFont": "(imgui/PushFont cpp/nullptr (cpp/float. 20.0))",
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
        "viewports switched on": (
            "(cpp/= (.-ConfigFlags (imgui/GetIO)) "
            "(bit-or (.-ConfigFlags (imgui/GetIO)) cpp/ImGuiConfigFlags_ViewportsEnable))"
        ),
        "a bad texture": (
            "(imgui/Image (cpp/ImTextureRef. (cpp/int. 123456)) (cpp/ImVec2. 20.0 20.0))"
        ),
        "fonts cleared": "(.Clear (.-Fonts (imgui/GetIO)))",
        "io.DeltaTime -1": "(cpp/= (.-DeltaTime (imgui/GetIO)) (cpp/float. -1.0))",
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
        "printing without end": "(println (range))",
        "swap! within swap!": "(swap! *presses (fn [_] (swap! *presses inc)))",
        "a line that nobody types": "(read-line)",
        "a C++ call that waits": "(engine/waits)",
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
        "frees twice": "(engine/frees_twice)",
        "nil for a view of a string": "(engine/length nil)",
        "faults in a comparator": "(sort (fn [a b] (engine/read_null)) [3 1 2])",
        "faults in a destructor": "(let [b (engine/bad_end.)] nil)",
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
        "a template type misused": "(defn wrong [] (let [v (#cpp (std.vector short))] (.push_bakc v 1)))",
        "a macro's loop behind a sound form": "(defonce sound 1) (def wrong (count (iterate inc 0)))",
        "a million digits": '(def wrong (count (str (read-string (apply str (repeat 1000000 "7"))))))',
        "a future that draws": '(def wrong (future (imgui/Text #cpp "from elsewhere")))',
        "a future that fails": '(def wrong (future (throw (ex-info "nobody looks" {}))))',
    },
)

FUTURES = [
    Slip(name, Place.TOP, f"(def wrong (future {text}))", after="(future-cancel wrong)")
    for name, text in {
        "a future without end": "(while true)",
        "a future that allocates": "(loop [v []] (recur (if (< (count v) 1000) (conj v {}) [])))",
        "a future in C++ without end": "(engine/spin)",
        "a future in C++ that waits": "(engine/waits)",
    }.items()
]

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
        "half a struct": "struct half { int a",
        "an initialiser that faults": "inline int const bad = *(int volatile*)nullptr;",
        "an initialiser that throws": (
            'struct thrower { thrower() { throw std::runtime_error("at the start"); } }; '
            "inline thrower const bad{};"
        ),
        "a banner": f"/*{'/' * 60}\n#if !defined(X)\n*/\nint broken",
    },
)

FILES = _all(
    Place.FILE,
    {
        "an empty file": "",
        "only white space": " \n\n ",
        "half a form": "(ns main",
        "no ns form": "(def lonely 1)",
        "half a string": '(ns main) (def s "',
        "a macro without end": "(ns main) (defmacro m [] (while true)) (m)",
        "circular": "(ns main (:require [main :as me]))",
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

WIRES = _all(
    Place.WIRE,
    {
        "no bencode": "GET / HTTP/1.1\r\n\r\n",
        "half a message": "d2:op4:eval4:code30:(+ 1",
        "an id of mixed keys": "d2:op4:eval4:code3:1232:idd1:ai1ei2ei3eee",
        "a length beyond all": "999999999999999:x",
        "an evaluation that nobody waits for": "d2:op4:eval4:code12:(while true)2:id1:1e",
    },
)

DISKS = [
    Slip(f"{what}{whose}", place, what)
    for place, whose in (
        (Place.DISK, ""),
        (Place.PART, " for the part"),
        (Place.INCLUDED, " for the header"),
    )
    for what in ("deleted", "a folder", "a pipe", "a link to itself", "no UTF-8")
]

KILLS = [
    Slip("a C++ thread that faults", Place.EVAL, "(engine/fault_elsewhere)", kills=True),
    Slip("a C++ thread that throws", Place.EVAL, "(engine/throw_elsewhere)", kills=True),
    Slip("kill -9", Place.EVAL, "(engine/kill_9)", kills=True),
]

SLIPS = [
    *UNBALANCED,
    *RUNAWAY,
    *THROWN,
    *FAULTS,
    *FORMS,
    *FUTURES,
    *HEADERS,
    *FILES,
    *EVALS,
    *WIRES,
    *DISKS,
]
