"""What of a shape can be seen in its image: the one rule for what people draw and what imports bring.

A shape that reaches over the edge ends at the edge, as the image does; one with nothing inside says nothing of the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from relens.vision.shapes import BadShape, Box, Mask, Polygon, Shape

_LEAST = 0.01
"""Pixels. What is thinner comes of rounding, not of anything one could see."""


class NothingThere(BadShape):
    """The shape has no area, or none of it lies in the image. The sentence goes on after a name: "lies outside ..."."""


def visible(shape: Shape, width: int, height: int) -> Shape:
    """The part that lies in an image of that size; the shape itself where that is all of it. Raises NothingThere.

    Masks are as large as their image and are not looked at.
    """
    if shape is None or isinstance(shape, Mask):
        return shape
    if is_flat(shape):
        raise NothingThere("encloses nothing: its points are fewer than three, or lie on one line")
    if shape.box().inside(width, height, tolerance=0):
        return shape
    part = _cut_box(shape, width, height) if isinstance(shape, Box) else _cut_polygon(shape, width, height)
    if part is None or min(part.box().width, part.box().height) < _LEAST:
        corners = ", ".join(f"{value:g}" for value in shape.box().corners())
        raise NothingThere(f"({corners}) lies outside the image of {width} x {height} pixels")
    return part


def overhang(shape: Box | Polygon, width: int, height: int) -> float:
    """By how many pixels it reaches over the edge."""
    box = shape.box()
    return max(0.0, -box.x1, -box.y1, box.x2 - width, box.y2 - height)


def is_flat(shape: Shape) -> bool:
    """A polygon that encloses nothing."""
    return isinstance(shape, Polygon) and all(map(_is_flat, shape.rings))


def _is_flat(ring: Sequence[float]) -> bool:
    """All points on one line. Not by the area: that of an outline that crosses itself can add up to nothing."""
    x, y = ring[0], ring[1]
    others = [(ring[i] - x, ring[i + 1] - y) for i in range(2, len(ring), 2)]
    far = max(others, key=lambda at: math.hypot(*at))
    length = math.hypot(*far)
    return length == 0 or all(abs(far[0] * b - far[1] * a) / length < 1e-6 * max(1.0, length) for a, b in others)


def _cut_box(box: Box, width: int, height: int) -> Box | None:
    if box.x1 >= width or box.y1 >= height or box.x2 <= 0 or box.y2 <= 0:
        return None
    return box.clipped(width, height)


def _cut_polygon(polygon: Polygon, width: int, height: int) -> Polygon | None:
    rings = [ring for ring in (_cut_ring(one, width, height) for one in polygon.rings) if len(ring) >= 6]
    solid = tuple(ring for ring in rings if not _is_flat(ring))
    return Polygon(solid) if solid else None


def _cut_ring(ring: Sequence[float], width: int, height: int) -> tuple[float, ...]:
    """Cut at one edge after the other (Sutherland and Hodgman); parts that come apart stay joined along the edge, which adds no area."""
    points = list(zip(ring[0::2], ring[1::2], strict=True))
    for axis, limit, sign in ((0, 0.0, 1.0), (0, float(width), -1.0), (1, 0.0, 1.0), (1, float(height), -1.0)):
        points = _cut_at(points, axis, limit, sign)
    return tuple(value for point in points for value in point)


def _cut_at(points: list[tuple[float, float]], axis: int, limit: float, sign: float) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for before, here in zip([*points[-1:], *points[:-1]], points, strict=True):
        outside, was_outside = ((limit - one[axis]) * sign > 0 for one in (here, before))
        if outside != was_outside:
            part = (limit - before[axis]) / (here[axis] - before[axis])
            low, high = sorted((before[1 - axis], here[1 - axis]))
            # Not beyond its neighbours, by the last digit of a float.
            across = min(max(before[1 - axis] + part * (here[1 - axis] - before[1 - axis]), low), high)
            kept.append((limit, across) if axis == 0 else (across, limit))
        if not outside:
            kept.append(here)
    return kept
