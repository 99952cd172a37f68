"""A window that takes the place of a lost one is where that was, with the same panels."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.application import Application, Options
from app.process.deaths import Death
from app.process.logbook import Doing, Logbook
from app.process.supervisor import Life
from tests.robustness import Where, slip


@pytest.mark.gui
@slip(
    Where.PROCESS,
    "the window after a restart",
    "Its place, the panels and their filters are as they were.",
)
def test_window_and_panels_are_as_they_were_and_problems_say_why(script, tmp_path):
    path: Path = script('(defn ^:frame draw! [] (imgui/Begin "Tool") (imgui/End))\n')
    options = Options(scripts=(path,), config_dir=tmp_path / "config", strategy="interpret")
    before = Logbook()
    panels = {"show_panels": False, "functions_filter": "draw", "selected": "tool/draw!"}
    window = {"size": [700, 420], "position": [30, 40]}
    before.keep_session({"panels": panels, "window": window})
    doing = Doing("frame", str(path.resolve()), "tool/draw!")
    death = Death(9, 0, time.monotonic(), blamed=doing, session=before.session())
    app = Application(options, Life(Logbook(), [death], crash_file=2))
    try:
        app.start()
        while app.loading:
            app.step()
        for _ in range(10):
            app.step()
        assert app.surface.geometry() == {"size": (700, 420), "position": (30, 40)}
        assert not app.desk.state.show_panels
        assert app.desk.state.functions_filter == "draw"
        assert app.loop.entries == []
        (text,) = app.problem_texts()
        assert "SIGKILL" in text and "left out until its source changes: tool/draw!" in text
    finally:
        app.close()
