"""The ring of frame times."""

from __future__ import annotations

import pytest

from app import frame_log
from app.frame_log import FrameLog
from panels.model import percentiles


def test_the_last_frames_come_oldest_first():
    log = FrameLog()
    for i in range(5):
        log.add(i * 0.02, script=i, panels=1, render=2, total=3 + i)
    times = log.last(3)
    assert times.script.tolist() == [2, 3, 4]
    assert times.interval.tolist() == pytest.approx([20, 20, 20])
    assert times.fps == pytest.approx(50)


def test_a_full_ring_keeps_the_newest(monkeypatch):
    monkeypatch.setattr(frame_log, "CAPACITY", 4)
    log = FrameLog()
    for i in range(10):
        log.add(float(i), script=i, panels=0, render=0, total=0)
    assert log.count == 10
    assert log.last(100).script.tolist() == [6, 7, 8, 9]


def test_nothing_has_no_percentiles_and_no_rate():
    times = FrameLog().last(10)
    assert times.fps == 0
    assert percentiles(times.total) == {"p50": 0, "p95": 0, "p99": 0, "max": 0}
