"""Frames without a window: ImGui builds them, and pictures of them show what was drawn."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from imgui_bundle import imgui

from app import png
from app.headless import Headless
from app.settings import Settings
from panels import theme


@pytest.fixture
def surface() -> Iterator[Headless]:
    surface = Headless((200, 100), Settings(), None)
    yield surface
    surface.close()


def drawn(surface: Headless, draw) -> np.ndarray:
    surface.begin()
    draw(imgui.get_foreground_draw_list())
    surface.draw()
    return surface.pixels()


def color(red: int, green: int, blue: int, alpha: int = 255) -> int:
    return alpha << 24 | blue << 16 | green << 8 | red


def test_an_empty_frame_has_the_background_color(surface):
    image = drawn(surface, lambda _: None)
    assert image.shape == (100, 200, 3)
    wanted = np.round(np.array(theme.BACKGROUND[:3]) * 255)
    assert (np.abs(image - wanted) <= 1).all()


def test_a_rectangle_covers_its_pixels_and_no_others(surface):
    red = color(255, 0, 0)
    image = drawn(surface, lambda d: d.add_rect_filled((10, 20), (30, 50), red))
    assert (image[20:50, 10:30] == (255, 0, 0)).all()
    assert (image[:19] != (255, 0, 0)).any(axis=2).all()
    assert (image[:, 32:] != (255, 0, 0)).any(axis=2).all()


def test_translucent_triangles_that_share_an_edge_blend_once(surface):
    def draw(lines):
        lines.add_rect_filled((10, 10), (90, 90), color(0, 0, 0))
        lines.add_rect_filled((10, 10), (90, 90), color(255, 255, 255, 128))

    inner = drawn(surface, draw)[12:88, 12:88].astype(int)
    assert inner.min() == inner.max() == 128


def test_clip_rectangles_cut(surface):
    def draw(lines):
        lines.push_clip_rect((0, 0), (50, 100))
        lines.add_rect_filled((0, 0), (200, 100), color(0, 255, 0))
        lines.pop_clip_rect()

    image = drawn(surface, draw)
    assert (image[:, :50] == (0, 255, 0)).all()
    assert (image[:, 50:] != (0, 255, 0)).any(axis=2).all()


def test_text_is_readable(surface):
    def draw(lines):
        lines.add_text((10, 10), color(255, 255, 255), "HHHH")

    image = drawn(surface, draw)
    assert (image[10:30, 10:60].max(axis=2) > 200).sum() > 40


def test_time_advances_by_the_given_step():
    surface = Headless((64, 64), Settings(), None, frame_seconds=0.25)
    try:
        for _ in range(4):
            surface.begin()
            surface.draw()
        assert imgui.get_time() == pytest.approx(1.0)
    finally:
        surface.close()


def test_png_files_hold_the_pixels(tmp_path):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    png.write(tmp_path / "deep" / "a.png", image)
    data = (tmp_path / "deep" / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT") + 4
    rows = np.frombuffer(zlib.decompressobj().decompress(data[start:]), np.uint8).reshape(2, 10)
    assert (rows[:, 1:].reshape(2, 3, 3) == image).all()
