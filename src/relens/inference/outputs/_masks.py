"""What the readers of segmenters share: from mask numbers on a coarse grid to polygons in the original's pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from relens.inference.outputs._boxes import FAR, Indices, Numbers
from relens.inference.preprocess import Placement
from relens.inference.reader import Found
from relens.vision.outline import outlines, straightened
from relens.vision.shapes import Polygon, Shape

# Outlines are long: of so many detections, the most confident, one is made; a crowded image still fits the log.
MOST_OUTLINES = 100
# In cells of the mask's grid: a mask's own uncertainty is larger than what this leaves out.
STRAIGHT = 0.08
SPECK, MOST_RINGS = 0.01, 8
Field = Callable[[int, slice, slice], npt.NDArray[np.floating]]
Window = tuple[slice, slice]


def segmented(
    boxes: Numbers, confidences: Numbers, labels: Indices, field: Field, grid: tuple[int, int], placement: Placement
) -> Found:
    """Detections with polygons; one whose mask is empty within its box, or lies in the padding, is left out.

    `boxes` (n, 4) are input pixels, the most confident first. `field(i, rows, columns)` gives a part of the i-th mask, positive
    inside, of a grid of (rows, columns) laid over the whole input.
    """
    count = min(len(boxes), MOST_OUTLINES)
    boxes = np.clip(boxes[:count], -FAR, FAR).astype(np.float64)
    shapes = _polygons(boxes, field, grid, placement)
    there = placement.back(boxes)
    said = [i for i, shape in enumerate(shapes) if shape is not None]
    return Found(
        np.asarray(labels[:count][said], np.intp),
        np.clip(confidences[:count][said], 0.0, 1.0).astype(np.float32),
        there[said],
        tuple(shapes[i] for i in said),
    )


def _polygons(boxes: Numbers, field: Field, grid: tuple[int, int], placement: Placement) -> list[Shape]:
    """All masks are traced in one go: each one's window, with a border of nothing, below the last on one canvas."""
    rows, columns = grid
    cell = placement.input_width / columns, placement.input_height / rows
    windows = [_window(box, cell, grid) for box in boxes]
    heights = [down.stop - down.start + 4 for down, _ in windows]
    starts = np.cumsum([0, *heights])
    widest = max((across.stop - across.start for _, across in windows), default=0)
    canvas = np.full((int(starts[-1]), widest + 4), -1.0, np.float32)
    for i, (down, across) in enumerate(windows):
        part = field(i, down, across)
        if part.size:
            canvas[starts[i] + 1 : starts[i + 1] - 1, 1 : part.shape[1] + 3] = np.pad(part, 1, mode="edge")
    # Cut at the box before points are left out: a long straight piece must not reach over it.
    traced = outlines(canvas)
    owner = np.searchsorted(starts, [ring[0, 1] for ring in traced], side="right") - 1
    for number, i in enumerate(owner):
        down, across = windows[i]
        moved = traced[number] + np.asarray([across.start - 2, down.start - starts[i] - 2])
        traced[number] = np.clip(moved, boxes[i, :2] / cell, boxes[i, 2:] / cell)
    rings: list[list[npt.NDArray[np.float64]]] = [[] for _ in boxes]
    for i, ring in zip(owner, straightened(traced, STRAIGHT), strict=True):
        rings[i].append(ring * cell)
    return [_polygon(one, placement) for one in rings]


def _window(box: npt.NDArray[np.float64], cell: tuple[float, float], grid: tuple[int, int]) -> Window:
    """The cells around a box and one more on each side, as far as there are any; (rows, columns)."""
    x1, y1, x2, y2 = box / np.tile(cell, 2)
    sides = []
    for low, high, most in ((y1, y2, grid[0]), (x1, x2, grid[1])):
        start = int(np.clip(np.floor(low) - 1, 0, most))
        sides.append(slice(start, max(start, int(np.clip(np.ceil(high) + 1, 0, most)))))
    return sides[0], sides[1]


def _polygon(rings: Sequence[npt.NDArray[np.float64]], placement: Placement) -> Shape:
    """The rings around something (holes and specks are left out) in pixels of the original; None where nothing is left."""
    there = [placement.back(np.hstack((ring, ring)))[:, :2].astype(np.float64) for ring in rings]
    areas = [_area(ring) for ring in there]
    least = SPECK * max(areas, default=0.0)
    order = sorted((i for i in range(len(there)) if areas[i] > 0 and areas[i] >= least), key=lambda i: -areas[i])
    kept = tuple(tuple(np.round(there[i], 1).ravel().tolist()) for i in order[:MOST_RINGS])
    xs, ys = [x for ring in kept for x in ring[0::2]], [y for ring in kept for y in ring[1::2]]
    if not kept or max(xs) <= min(xs) or max(ys) <= min(ys):
        return None
    return Polygon(kept)


def _area(ring: npt.NDArray[np.float64]) -> float:
    x, y = ring.T
    return float(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1]) / 2
