"""Drawing ImGui's triangles into memory, with NumPy alone: screenshots where there is no OpenGL.

ImGui's output is described in docs/BACKENDS.md of Dear ImGui: lists of textured, coloured triangles with
clip rectangles, blended in order. Textures are sampled at the nearest texel, which is exact for text.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

VERTEX = np.dtype([("pos", "<f4", 2), ("uv", "<f4", 2), ("color", "u1", 4)])
Pixels = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class DrawList:
    """One window's draw list, copied: vertices, indices, and its commands."""

    owner: str
    vertices: NDArray[np.void]
    indices: NDArray[np.uint32]
    commands: tuple[tuple[tuple[float, float, float, float], int, int, int, int], ...]
    # each command: clip rectangle, texture, number of indices, first index, first vertex


def draw_lists(data: imgui.ImDrawData) -> list[DrawList]:
    """Copy what ImGui drew in the frame that was rendered last."""
    return [_copied(drawn) for drawn in data.cmd_lists]


def _copied(drawn: imgui.ImDrawList) -> DrawList:
    vertices = _array(drawn.vtx_buffer, VERTEX)
    indices = _array(drawn.idx_buffer, np.dtype("<u4"))
    commands = tuple(
        (
            (c.clip_rect.x, c.clip_rect.y, c.clip_rect.z, c.clip_rect.w),
            int(c.get_tex_id()),
            c.elem_count,
            c.idx_offset,
            c.vtx_offset,
        )
        for c in drawn.cmd_buffer
        if c.elem_count
    )
    return DrawList(drawn._owner_name or "", vertices, indices, commands)


def _array(vector: Any, dtype: np.dtype) -> NDArray:
    size = vector.size()
    if size == 0:
        return np.empty(0, dtype)
    return np.frombuffer(
        ctypes.string_at(vector.data_address(), size * dtype.itemsize), dtype, count=size
    )


def rasterise(
    data: imgui.ImDrawData,
    textures: dict[int, NDArray[np.uint8]],
    background: tuple[float, float, float],
) -> NDArray[np.uint8]:
    """The frame as height × width × 3 bytes; `textures` maps texture numbers to RGBA images."""
    width, height = int(data.display_size.x), int(data.display_size.y)
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = background
    scaled = {key: image.astype(np.float32) / 255 for key, image in textures.items()}
    for drawn in draw_lists(data):
        for clip, texture, count, first_index, first_vertex in drawn.commands:
            picks = drawn.indices[first_index : first_index + count] + first_vertex
            corners = drawn.vertices[picks].reshape(-1, 3)
            _draw_triangles(canvas, corners, clip, scaled[texture])
    return (canvas * 255 + 0.5).astype(np.uint8)


def _draw_triangles(
    canvas: Pixels,
    triangles: NDArray[np.void],
    clip: tuple[float, float, float, float],
    texture: Pixels,
) -> None:
    height, width, _ = canvas.shape
    left, top = max(0, int(clip[0])), max(0, int(clip[1]))
    right, bottom = min(width, int(clip[2])), min(height, int(clip[3]))
    pos = triangles["pos"].astype(np.float64)
    low = np.ceil(pos.min(axis=1) - 0.5).astype(int)
    high = np.ceil(pos.max(axis=1) - 0.5).astype(int)
    np.maximum(low, (left, top), out=low)
    np.minimum(high, (right, bottom), out=high)
    edge1, edge2 = pos[:, 1] - pos[:, 0], pos[:, 2] - pos[:, 0]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    alive = np.flatnonzero((low < high).all(axis=1) & (area != 0))
    colors = triangles["color"].astype(np.float32) / 255
    uvs = triangles["uv"]
    texels = np.array((texture.shape[1], texture.shape[0]))
    for i in alive:
        (x0, y0), (x1, y1) = low[i], high[i]
        dx = np.arange(x0, x1) + 0.5 - pos[i, 0, 0]
        dy = (np.arange(y0, y1) + 0.5 - pos[i, 0, 1])[:, None]
        (ax, ay), (bx, by) = edge1[i], edge2[i]
        w1 = (dx * by - dy * bx) / area[i]
        w2 = (dy * ax - dx * ay) / area[i]
        inside = _covered(w1, w2, area[i], ax, ay, bx, by)
        if not inside.any():
            continue
        w1, w2 = w1[inside][:, None], w2[inside][:, None]
        c, uv = colors[i], uvs[i]
        color = c[0] + w1 * (c[1] - c[0]) + w2 * (c[2] - c[0])
        at = ((uv[0] + w1 * (uv[1] - uv[0]) + w2 * (uv[2] - uv[0])) * texels).astype(int)
        np.clip(at, 0, texels - 1, out=at)
        color = color * texture[at[:, 1], at[:, 0]]
        alpha = color[:, 3:]
        box = canvas[y0:y1, x0:x1]
        box[inside] = color[:, :3] * alpha + box[inside] * (1 - alpha)


def _covered(
    w1: NDArray, w2: NDArray, area: float, ax: float, ay: float, bx: float, by: float
) -> NDArray[np.bool_]:
    """The pixels of a triangle. One on an edge that two triangles share belongs to exactly one of them."""
    sign = 1.0 if area > 0 else -1.0
    w0 = 1.0 - w1 - w2
    inside = None
    for weight, (ex, ey) in (
        (w2, (ax * sign, ay * sign)),
        (w0, ((bx - ax) * sign, (by - ay) * sign)),
        (w1, (-bx * sign, -by * sign)),
    ):
        owns_edge = ey < 0 or (ey == 0 and ex > 0)
        part = weight >= -1e-9 if owns_edge else weight > 1e-9
        inside = part if inside is None else inside & part
    assert inside is not None
    return inside
