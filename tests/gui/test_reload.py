"""Saving a script changes the running window; whatever goes wrong, the window goes on."""

from __future__ import annotations

import os
import time

import pytest
from imgui_bundle import imgui

from tests.robustness import Where, slip

pytestmark = pytest.mark.gui

HELLO = '(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/Button "{label}") (imgui/End))\n'


def shows(gui, item: str) -> bool:
    """Whether an item is drawn in the next frame."""
    found = []
    gui.run(lambda c: found.append(c.item_exists(item)))
    return found[0]


def save(path, text: str) -> None:
    """As editors do it: a new file takes the old one's place."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)


def standing(gui) -> str:
    return "\n".join(str(p.error) for p in gui.runtime.problems())


@pytest.fixture
def tool(script):
    return script(HELLO.format(label="First"))


def test_saved_text_is_drawn(open_gui, tool):
    gui = open_gui(tool)
    assert shows(gui, "//Tool/First")
    save(tool, tool.read_text().replace("First", "Second"))
    gui.until(lambda: shows(gui, "//Tool/Second"), "the new button")
    assert not shows(gui, "//Tool/First")


def test_a_file_written_in_place_is_drawn_too(open_gui, tool):
    gui = open_gui(tool)
    tool.write_text(tool.read_text().replace("First", "In place"))
    gui.until(lambda: shows(gui, "//Tool/In place"), "the new button")


def test_a_required_namespace_is_reloaded(open_gui, debug_ui):
    gui = open_gui(debug_ui)
    state = debug_ui.parent / "viewer" / "state.jank"
    save(state, state.read_text().replace('"Front"', '"Ahead"'))
    gui.until(lambda: shows(gui, "//Scene/Ahead"), "the renamed preset")


def test_state_survives_a_reload(open_gui, script):
    body = (
        "(defonce *clicks (atom 0))\n"
        '(defn ^:frame draw! [] (imgui/Begin "Tool")'
        ' (when (imgui/Button "Count") (swap! *clicks inc)) (imgui/Text "one") (imgui/End))\n'
    )
    path = script(body)
    gui = open_gui(path)
    gui.run(lambda c: c.item_click("//Tool/Count"))
    save(path, path.read_text().replace('"one"', '"two"'))
    gui.until(lambda: any(r.forms_evaluated == 1 for r in reloads(gui)), "the reload")
    assert gui.value("@*clicks", "tool") == 1


def reloads(gui):
    from runtime.events import Reload

    return gui.runtime.events.of(Reload)[1:]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("(defn ^:frame draw! [] (imgui/Begin", "unterminated|EOF|not closed|unmatched"),
        ("(defn ^:frame draw! [] (no-such-name))", "no-such-name"),
        ("(defn ^:frame draw! [] (imgui/NoSuchFunction 1))", "NoSuchFunction"),
    ],
)
def test_a_broken_save_shows_a_problem_keeps_the_old_window_and_recovers(
    open_gui, tool, broken, says
):
    gui = open_gui(tool)
    good = tool.read_text()
    head = good.split("\n", 1)[0]
    save(tool, f"{head}\n{broken}\n")
    gui.until(gui.runtime.problems, "the problem")
    assert any(word in standing(gui) for word in says.split("|")), standing(gui)
    assert shows(gui, "//Tool/First")
    problems = imgui.internal.find_window_by_name("###Problems")
    gui.until(lambda: not problems.hidden, "the Problems panel comes to the front")
    save(tool, good.replace("First", "Mended"))
    gui.until(lambda: not gui.runtime.problems() and shows(gui, "//Tool/Mended"), "the recovery")


def test_an_exception_in_a_frame_is_a_problem_and_the_others_are_drawn(open_gui, script):
    bad = script(
        '(defn ^:frame draw! [] (imgui/Begin "Bad") (throw (ex-info "boom" {})))\n', "bad.jank"
    )
    good = script(HELLO.format(label="Fine"), "good.jank")
    gui = open_gui(bad, good)
    gui.frames(5)
    assert "boom" in standing(gui)
    assert shows(gui, "//Tool/Fine")
    problem = gui.runtime.problems()[0]
    assert problem.count > 1
    assert problem.error.span.file == str(bad)
    save(bad, bad.read_text().replace('(throw (ex-info "boom" {}))', "(imgui/End)"))
    gui.until(lambda: not gui.runtime.problems(), "the problem is gone")


def test_a_missing_end_is_named_and_frames_go_on(open_gui, script):
    path = script('(defn ^:frame draw! [] (imgui/Begin "Left open") (imgui/Text "in it"))\n')
    gui = open_gui(path)
    gui.frames(3)
    assert "Missing End()" in standing(gui)
    assert "Left open" in standing(gui)
    save(path, path.read_text().replace('"in it")', '"in it") (imgui/End)'))
    gui.until(lambda: not gui.runtime.problems(), "the problem is gone")


def test_a_broken_start_waits_for_the_mending(open_gui, script):
    path = script("(defn ^:frame draw! [] (imgui/Begin")
    gui = open_gui(path)
    assert gui.runtime.problems()
    save(path, path.read_text().split("\n", 1)[0] + "\n" + HELLO.format(label="At last"))
    gui.until(lambda: shows(gui, "//Tool/At last"), "the mended window")
    assert gui.runtime.problems() == []


def test_a_deleted_script_keeps_running_and_says_so(open_gui, tool):
    gui = open_gui(tool)
    text = tool.read_text()
    tool.unlink()
    gui.until(gui.runtime.problems, "the problem")
    assert "deleted" in standing(gui)
    assert shows(gui, "//Tool/First")
    tool.write_text(text.replace("First", "Back"))
    gui.until(lambda: shows(gui, "//Tool/Back"), "the script is back")
    assert gui.runtime.problems() == []


def test_an_emptied_script_keeps_running_and_says_so(open_gui, tool):
    gui = open_gui(tool)
    text = tool.read_text()
    tool.write_text("")
    gui.until(gui.runtime.problems, "the problem")
    assert "emptied" in standing(gui)
    assert shows(gui, "//Tool/First")
    tool.write_text(text)
    gui.until(lambda: not gui.runtime.problems(), "the problem is gone")


def test_many_saves_in_a_row_end_with_the_last_one(open_gui, tool):
    gui = open_gui(tool)
    text = tool.read_text()
    for number in range(15):
        save(tool, text.replace("First", f"Version {number}"))
        gui.frames(2)
        time.sleep(0.01)
    gui.until(lambda: shows(gui, "//Tool/Version 14"), "the last version")
    assert gui.runtime.problems() == []


def test_edited_headers_and_sources_are_in_force_without_a_restart(open_gui, script, tmp_path):
    header = tmp_path / "beside.hpp"
    header.write_text("namespace beside { int answer(); inline int more() { return 1; } }\n")
    source = tmp_path / "beside.cpp"
    source.write_text('#include "beside.hpp"\nint beside::answer() { return nothing; }\n')
    path = script(
        '(defn draw! [] (imgui/Begin (str "Window " (beside/answer) " " (beside/more))) (imgui/End))'
    )
    head, body = path.read_text().split("\n", 1)
    path.write_text(f'{head[:-2]}\n  ["beside.hpp" :as beside :scope "beside"]))\n{body}')
    gui = open_gui(path)
    gui.until(gui.runtime.problems, "the problem")
    assert "beside.cpp does not compile" in standing(gui)
    source.write_text('#include "beside.hpp"\nint beside::answer() { return 42; }\n')
    gui.until(lambda: shows(gui, "//Window 42 1"), "the mended source")
    source.write_text('#include "beside.hpp"\nint beside::answer() { return 43; }\n')
    gui.until(lambda: shows(gui, "//Window 43 1"), "the edited source")
    header.write_text("namespace beside { int answer(); inline int more() { return nowhere; } }\n")
    gui.until(lambda: "beside" in standing(gui), "the problem")
    assert shows(gui, "//Window 43 1")
    header.write_text("namespace beside { int answer(); inline int more() { return 2; } }\n")
    gui.until(lambda: shows(gui, "//Window 43 2"), "the edited header")
    assert not standing(gui)


@slip(
    Where.RELOAD,
    "a new `^:frame` function from an eval; one that is removed",
    "Drawn; no longer drawn.",
)
def test_a_frame_function_from_an_eval_is_drawn_and_a_removed_one_no_more(open_gui, tool):
    gui = open_gui(tool)
    gui.value(
        '(defn ^:frame more! [] (imgui/Begin "More") (imgui/Button "Extra") (imgui/End))', "tool"
    )
    gui.until(lambda: shows(gui, "//More/Extra"), "the new window")
    assert shows(gui, "//Tool/First")
    gui.value("(ns-unmap 'tool 'more!)", "tool")
    gui.until(lambda: not shows(gui, "//More/Extra"), "the window is gone")
    text = tool.read_text()
    extra = '(defn ^:frame more! [] (imgui/Begin "More") (imgui/Button "Extra") (imgui/End))\n'
    save(tool, text + extra)
    gui.until(lambda: shows(gui, "//More/Extra"), "the window of the file")
    save(tool, text)
    gui.until(lambda: not shows(gui, "//More/Extra"), "it is gone with its form")
    assert standing(gui) == ""


def test_a_file_loaded_by_hand_is_drawn_with_its_frame_function(open_gui, tool, tmp_path):
    gui = open_gui(tool)
    other = tmp_path / "other.jank"
    other.write_text(tool.read_text().replace("(ns tool", "(ns other").replace("Tool", "Other"))
    gui.value(f'(load-file "{other}")', "tool")
    gui.until(lambda: shows(gui, "//Other/First"), "the other window")
    assert shows(gui, "//Tool/First")


@pytest.mark.parametrize("content", [b" \n\n", b"; \xff\xfe nothing", b"(ns tool", b'(def s "'])
@slip(
    Where.FILES,
    "white space only, no UTF-8, half an `ns`, an unclosed string: in the window",
    "The last good version is drawn.",
)
def test_the_last_good_version_is_drawn_whatever_the_file_holds(open_gui, tool, content):
    gui = open_gui(tool)
    good = tool.read_bytes()
    tool.write_bytes(content)
    gui.until(gui.runtime.problems, "the problem")
    assert shows(gui, "//Tool/First")
    tool.write_bytes(good.replace(b"First", b"Mended"))
    gui.until(lambda: shows(gui, "//Tool/Mended") and not standing(gui), "the mended window")


def test_a_save_is_drawn_all_at_once(open_gui, script):
    body = "".join(f"(def d{i} {{0}})\n" for i in range(300))
    check = "(defn ^:frame draw! [] (swap! *seen conj (count (hash-set d0 d7 d150 d299))))\n"
    path = script("(defonce *seen (atom #{{}}))\n".replace("{{}}", "{}") + body.format(1) + check)
    gui = open_gui(path)
    for number in (2, 3, 4):
        text = path.read_text().replace(f" {number - 1})", f" {number})")
        save(path, text)
        gui.until(lambda n=number: gui.value("d299", "tool") == n, "the save is in force")
    assert gui.value("(= @*seen #{1})", "tool") is True
