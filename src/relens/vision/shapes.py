"""Where something is: a box, a polygon or a mask; no shape means the whole image.

Coordinates are upright pixels, origin top left, x1 y1 x2 y2, floats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from relens.kit.errors import Invalid


class BadShape(Invalid):
    """Numbers that are no shape: not finite, reversed, empty, or outside the image."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle with a positive area."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        # Boxes are made many thousand times a second: for a good one this is all there is to check (NaN compares as false).
        if -math.inf < self.x1 < self.x2 < math.inf and -math.inf < self.y1 < self.y2 < math.inf:
            return
        if not all(map(math.isfinite, (self.x1, self.y1, self.x2, self.y2))):
            raise BadShape(f"a box needs four finite numbers, not {self.corners()}")
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise BadShape(
                f"the box {self.corners()} is empty or reversed: write it as x1, y1, x2, y2 with x1 < x2 and y1 < y2"
            )

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return self.width * self.height

    def corners(self) -> tuple[float, float, float, float]:
        return (self.x1, self.y1, self.x2, self.y2)

    def box(self) -> Box:
        return self

    def inside(self, width: float, height: float, tolerance: float = 1.0) -> bool:
        """Whether it lies in an image of that size, give or take `tolerance` pixels."""
        return (
            self.x1 >= -tolerance
            and self.y1 >= -tolerance
            and self.x2 <= width + tolerance
            and self.y2 <= height + tolerance
        )

    def clipped(self, width: float, height: float) -> Box:
        """The part of it that lies in the image; refused when nothing is left."""
        return Box(max(self.x1, 0.0), max(self.y1, 0.0), min(self.x2, float(width)), min(self.y2, float(height)))


@dataclass(frozen=True, slots=True)
class Polygon:
    """One or several closed rings, each x, y, x, y, ... with at least three points (COCO's `segmentation` lists)."""

    rings: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not self.rings:
            raise BadShape("a polygon needs at least one ring of points")
        for ring in self.rings:
            if len(ring) < 6 or len(ring) % 2:
                raise BadShape(f"a polygon's ring needs at least three x, y pairs, not {len(ring)} numbers")
            if not all(map(math.isfinite, ring)):
                raise BadShape("a polygon has a coordinate that is not a finite number")
        self.box()

    def box(self) -> Box:
        xs = [x for ring in self.rings for x in ring[0::2]]
        ys = [y for ring in self.rings for y in ring[1::2]]
        return Box(min(xs), min(ys), max(xs), max(ys))

    @property
    def area(self) -> float:
        """Shoelace area of all rings, in square pixels (overlapping rings count twice, as in COCO's own tools)."""
        return sum(_ring_area(ring) for ring in self.rings)


def _ring_area(ring: Sequence[float]) -> float:
    xs, ys = ring[0::2], ring[1::2]
    return abs(sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs)))) / 2


@dataclass(frozen=True, slots=True)
class Mask:
    """A run-length mask of the whole image: COCO's uncompressed counts, column by column, starting with zeros."""

    height: int
    width: int
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1 or any(run < 0 for run in self.counts):
            raise BadShape("a mask needs a positive size and runs that are not negative")
        if sum(self.counts) != self.height * self.width:
            raise BadShape(f"the mask's runs add up to {sum(self.counts)}, not to {self.height} x {self.width} pixels")
        if not any(self.counts[1::2]):
            raise BadShape("the mask covers no pixel")

    @property
    def area(self) -> float:
        return float(sum(self.counts[1::2]))

    def box(self) -> Box:
        """The smallest box around the pixels that are set."""
        x1, y1, x2, y2, position = self.width, self.height, 0, 0, 0
        for index, run in enumerate(self.counts):
            if index % 2 and run:
                first, last = position, position + run - 1
                x1, x2 = min(x1, first // self.height), max(x2, last // self.height)
                if first // self.height != last // self.height:
                    y1, y2 = 0, self.height - 1
                else:
                    y1, y2 = min(y1, first % self.height), max(y2, last % self.height)
            position += run
        return Box(x1, y1, x2 + 1, y2 + 1)


Shape = Box | Polygon | Mask | None


def shape_to_json(shape: Shape) -> dict[str, object]:
    """{"box": [...]} and, where there is more than a box, {"polygon": [[...]]} or {"rle": {...}} beside it."""
    if shape is None:
        return {"box": None}
    written: dict[str, object] = {"box": list(shape.box().corners())}
    if isinstance(shape, Polygon):
        written["polygon"] = [list(ring) for ring in shape.rings]
    if isinstance(shape, Mask):
        written["rle"] = {"size": [shape.height, shape.width], "counts": list(shape.counts)}
    return written


def shape_from_json(written: object) -> Shape:
    """Reads what `shape_to_json` wrote; a polygon or mask wins over the box beside it."""
    if not isinstance(written, dict):
        raise BadShape("a shape is written as an object with box, polygon or rle")
    try:
        if written.get("rle") is not None:
            height, width = written["rle"]["size"]
            return Mask(int(height), int(width), tuple(int(run) for run in written["rle"]["counts"]))
        if written.get("polygon") is not None:
            return Polygon(tuple(tuple(float(v) for v in ring) for ring in written["polygon"]))
        if written.get("box") is not None:
            x1, y1, x2, y2 = (float(v) for v in written["box"])
            return Box(x1, y1, x2, y2)
    except (TypeError, ValueError, KeyError) as error:
        raise BadShape(
            "a shape is box: [x1, y1, x2, y2], polygon: [[x, y, x, y, ...]] or rle: {size: [height, width], counts: [...]}"
        ) from error
    return None
