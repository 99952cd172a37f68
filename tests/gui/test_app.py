"""The app around the scripts: status bar, panels, keys, pictures, reports, nREPL."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from imgui_bundle import imgui

from app.application import Application, Options
from app.nrepl import decode, encode
from panels.desk import show_tab
from runtime.cling.session import Session
from tests.gui.conftest import SCRIPTS
from tests.robustness import Where, slip

pytestmark = pytest.mark.gui

HELLO = '(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Button "Push") (imgui/End))\n'


@pytest.fixture
def gui(open_gui, script):
    return open_gui(script(HELLO))


def test_the_strategy_is_chosen_in_the_status_bar(gui):
    def steps(c):
        c.set_ref("##status")
        c.item_click("##MenuBar/##strategy")
        c.item_click("//$FOCUSED/interpret")

    gui.run(steps)
    assert gui.runtime.strategy == "interpret"


def test_the_threshold_is_typed_in_the_status_bar(gui):
    gui.run(lambda c: c.item_input_value("//##status/##MenuBar/##threshold", 250))
    assert gui.runtime.threshold == 250


def test_f10_hides_the_panels_and_shows_them_again(gui):
    gui.run(lambda c: c.key_press(imgui.Key.f10))
    assert gui.app.desk.state.show_panels is False
    gui.frames(3)
    gui.run(lambda c: c.key_press(imgui.Key.f10))
    assert gui.app.desk.state.show_panels is True


def test_a_closed_panel_is_opened_again_from_the_menu(gui):
    gui.run(lambda c: c.window_close("//Functions"))
    assert gui.app.desk.state.open["Functions"] is False

    def reopen(c):
        c.set_ref("##status")
        c.menu_click("Panels/Functions")

    gui.run(reopen)
    assert gui.app.desk.state.open["Functions"] is True


def test_f5_reloads(gui):
    from runtime.events import Reload

    before = len(gui.runtime.events.of(Reload))
    gui.run(lambda c: c.key_press(imgui.Key.f5))
    gui.until(lambda: len(gui.runtime.events.of(Reload)) > before, "the reload")


def test_selecting_a_function_shows_its_source(gui):
    gui.until(lambda: gui.app.snapshot.functions, "the function")
    gui.run(lambda c: c.item_click("//Functions/**/tool∕draw!".replace("∕", "\\/")))
    assert gui.app.desk.state.selected == "tool/draw!"


def test_the_layout_is_kept_in_the_configuration_folder(open_gui, script, tmp_path):
    gui = open_gui(script(HELLO))
    gui.frames(5)
    imgui.save_ini_settings_to_disk(imgui.get_io().get_ini_filename())
    assert "Functions" in (tmp_path / "config" / "layout.ini").read_text()


def test_an_editor_evaluates_in_the_running_app(open_gui, script):
    gui = open_gui(script(HELLO + "(def answer 41)\n"), nrepl_port=0)
    answers = []

    def client() -> None:
        with socket.create_connection(("127.0.0.1", gui.app.nrepl_port), timeout=120) as connection:
            stream = connection.makefile("rwb")
            stream.write(encode({"op": "eval", "code": "(inc tool/answer)", "id": "1"}))
            stream.flush()
            answers.append(decode(stream))

    thread = threading.Thread(target=client)
    thread.start()
    gui.until(lambda: answers, "the answer")
    thread.join()
    assert answers[0]["value"] == "42"


def evaluated(gui, sources: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """What an editor is answered that evaluates named sources one by one while frames are drawn."""
    answers: dict[str, list[dict[str, object]]] = {}

    def client() -> None:
        with socket.create_connection(("127.0.0.1", gui.app.nrepl_port), timeout=120) as connection:
            stream = connection.makefile("rwb")
            for name, source in sources.items():
                stream.write(encode({"op": "eval", "code": source, "id": name}))
                stream.flush()
                told = answers[name] = []
                while not told or "status" not in told[-1]:
                    told.append(decode(stream))

    thread = threading.Thread(target=client)
    thread.start()
    gui.until(lambda: not thread.is_alive(), "the answers")
    return answers


# What an editor evaluates: (source, what the value or the error holds)
DRAWN_OVER_NREPL = {
    "a widget call": ('(cpp/ImGui.Text #cpp "x")', "nil"),
    "a window": (
        '(do (cpp/ImGui.Begin #cpp "Mine") (cpp/ImGui.Text #cpp "x") (cpp/ImGui.End))',
        "nil",
    ),
    "a window left open": ('(cpp/ImGui.Begin #cpp "Mine")', "End()"),
    "an identifier left on the stack": ('(cpp/ImGui.PushID #cpp "a")', "PopID()"),
    "an error in the midst of a window": (
        '(do (cpp/ImGui.Begin #cpp "Mine") (throw (ex-info "half-way" {})))',
        "half-way",
    ),
    "what is only known in a frame": ("(cpp/ImGui.IsItemHovered)", "false"),
    "a lone surrogate as value": ("(str (char 0xd800))", "\\ud800"),
    "a lone surrogate in an error": ("(throw (ex-info (str (char 0xd800)) {}))", "\\ud800"),
    "a lone surrogate as output": ("(print (str (char 0xd800)))", "\\ud800"),
}


@slip(Where.NREPL, DRAWN_OVER_NREPL, "Evaluated within a frame, and answered.")
def test_an_editor_may_draw_and_say_anything(open_gui, script):
    gui = open_gui(script(HELLO), nrepl_port=0)
    gui.until(lambda: gui.app.loop.entries, "the script's first frame")
    answers = evaluated(gui, {name: source for name, (source, _) in DRAWN_OVER_NREPL.items()})
    for name, (_, holds) in DRAWN_OVER_NREPL.items():
        told = "".join(str(a.get(key, "")) for a in answers.get(name, ()) for key in a)
        assert holds in told, (name, answers.get(name))
    assert not gui.runtime.problems()


# Each needs stubs or declarations that nobody has made: (source, what the value is)
NEEDS_THE_COMPILER = {
    "a widget": ('(cpp/ImGui.TextDisabled #cpp "x")', "nil"),
    "C++ and what calls it": (
        '(cpp/raw "namespace over_nrepl { inline int twice(int x) { return 2 * x; } }")'
        " (cpp/over_nrepl.twice 4)",
        "8",
    ),
    "a macro and what uses it": (
        "(defmacro over-nrepl [x] `(+ (cpp/over_nrepl.twice (cpp/int. ~x)) 1)) (over-nrepl 3)",
        "7",
    ),
    "a window of several forms": (
        '(cpp/ImGui.Begin #cpp "Over") (cpp/ImGui.LabelText #cpp "a" #cpp "b") (cpp/ImGui.End) :done',
        ":done",
    ),
    "a value that an earlier form interns": ("(intern 'user 'made 5) (inc user/made)", "6"),
    "another namespace": ("(ns over.nrepl) (def here (cpp/float. 1.5))", "#'over.nrepl/here"),
    "where the one before left off": (
        "(str (+ here (cpp/over_nrepl.twice 1)) *ns*)",
        '"3.5over.nrepl"',
    ),
    "back in the first namespace": ("(in-ns 'user) (str *ns*)", '"user"'),
}


def test_no_frame_waits_for_the_compiler_while_an_editor_evaluates(
    open_gui, script, monkeypatch, tmp_path
):
    gui = open_gui(script(HELLO), nrepl_port=0)
    gui.until(lambda: gui.app.loop.entries, "the script's first frame")
    assert gui.runtime.wait_idle(30)
    asked, submit = [], Session.submit

    def submitted(*args, **kwargs):
        asked.append(threading.current_thread())
        return submit(*args, **kwargs)

    monkeypatch.setattr(Session, "submit", submitted)
    (tmp_path / "required_there.jank").write_text(
        "(ns required-there)\n(defn eight [] (cpp/over_nrepl.twice 4))\n"
    )
    sources = {name: source for name, (source, _) in NEEDS_THE_COMPILER.items()}
    sources["a file"] = "(require 'required-there) (required-there/eight)"
    answers = evaluated(gui, sources)
    expected = {name: value for name, (_, value) in NEEDS_THE_COMPILER.items()} | {"a file": "8"}
    assert {name: told[0].get("value", told) for name, told in answers.items()} == expected
    assert asked
    assert threading.current_thread() not in asked
    assert not gui.runtime.problems()


@pytest.mark.parametrize("headless", [False, True])
def test_a_run_leaves_a_picture_a_report_and_a_trace(virtual_display, script, tmp_path, headless):
    options = Options(
        scripts=(script(HELLO),),
        headless=headless,
        frames=30,
        size=(640, 400),
        screenshot=tmp_path / "a.png",
        report=tmp_path / "a.json",
        trace=tmp_path / "trace.json",
        cache=False,
        config_dir=tmp_path / "config",
    )
    app = Application(options)
    try:
        assert app.run() == 0
    finally:
        app.close()
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["frames"]["count"] == 30
    assert set(report["frames"]["total_ms"]) == {"p50", "p95", "p99", "max"}
    assert report["startup"]["first_script_frame_ms"] >= report["startup"]["first_frame_ms"] > 0
    assert [f["name"] for f in report["functions"]] == ["tool/draw!"]
    assert report["functions"][0]["calls"] == 30
    assert report["errors"] == []
    assert len(report["reloads"]) == 1
    trace = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(row["name"] == "frame" for row in trace) >= 30
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_window_and_memory_draw_the_same_picture(virtual_display, tmp_path):
    """The software rasteriser against OpenGL, on the example's first frames."""
    import numpy as np

    images = []
    for headless in (True, False):
        options = Options(
            scripts=(SCRIPTS / "particles.jank",),
            headless=headless,
            cache=False,
            config_dir=tmp_path / "config",
        )
        app = Application(options)
        app.desk.state.show_panels = False
        try:
            app.start()
            while app.loading:
                app.step()
            app.runtime.eval(
                "(in-ns 'particles) (reset! *time 0.0) (cpp/= (cpp/* (cpp/unbox *speed)) 0.0)"
            )
            for _ in range(3):
                app.step()
            app.loop.before_swap.append(lambda app=app: images.append(app.surface.pixels()))
            app.step()
        finally:
            app.close()
    memory, window = (image.astype(int) for image in images)
    assert memory.shape == window.shape
    close = (np.abs(memory - window).max(axis=2) <= 24).mean()
    assert close > 0.985


def test_a_runaway_future_is_cancelled_from_the_list_of_threads(open_gui, script):
    gui = open_gui(script(HELLO + "(defonce runaway (future (while true)))\n"))
    futures = lambda: [t for t in gui.app.snapshot.threads if t.kind == "future"]  # noqa: E731
    gui.until(futures, "the future is listed")
    [thread] = futures()
    assert "tool.jank:3" in thread.what

    gui.frames(2)
    show_tab("Threads")
    gui.frames(2)
    gui.run(lambda c: c.item_click(f"//Threads/**/Cancel##{thread.number}"))
    gui.until(lambda: not gui.app.snapshot.threads, "the future stopped")
    assert gui.value("(future-cancelled? runaway)", "tool") is True
