"""Overlap of masks, pixel by pixel, as pycocotools counts it: masks and polygons are filled the same way, to the pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.metric import Judged
from relens.vision.shapes import Box, Mask, Polygon, Shape

Floats = NDArray[np.float64]
_SCALE = 5.0
"""Polygons are walked along on a grid five times as fine."""


class Overlaps(NamedTuple):
    """`ious` (detections, objects), crowds as pycocotools has them; areas in pixels."""

    ious: Floats
    dt_area: Floats
    gt_area: Floats


def overlaps(image: Judged) -> Overlaps | None:
    """Of the image's placed detections and annotations; None where all of them are boxes, which are compared as boxes."""
    said = [found.shape for found in image.detections if found.shape is not None]
    true = [one for one in image.annotations if one.shape is not None]
    if all(isinstance(shape, Box) for shape in [*said, *(one.shape for one in true)]):
        return None
    rows = _bitmaps(said, image.width, image.height)
    columns = _bitmaps([one.shape for one in true], image.width, image.height)
    dt_area, own_area = _pixels(rows), _pixels(columns)
    shared = np.array([[int(np.bitwise_count(a & b).sum()) for b in columns] for a in rows], dtype=np.float64)
    shared = shared.reshape(len(rows), len(columns))
    crowd = np.array([one.crowd for one in true], dtype=bool)
    union = np.where(crowd, dt_area[:, None], dt_area[:, None] + own_area - shared)
    ious: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    given = [one.given_area for one in true]
    gt_area = np.array([area if g is None else g for g, area in zip(given, own_area, strict=True)], dtype=np.float64)
    return Overlaps(ious, dt_area, gt_area)


def _bitmaps(shapes: Sequence[Shape], width: int, height: int) -> list[NDArray[np.uint8]]:
    """Each shape's pixels, column by column, eight to a byte."""
    return [np.packbits(filled(shape, width, height)) for shape in shapes]


def _pixels(bitmaps: Sequence[NDArray[np.uint8]]) -> Floats:
    return np.array([int(np.bitwise_count(one).sum()) for one in bitmaps], dtype=np.float64)


def filled(shape: Shape, width: int, height: int) -> NDArray[np.bool_]:
    """bool (width * height,), column by column, of a shape in an image of this size; a mask of another size counts as nothing."""
    if isinstance(shape, Mask):
        if (shape.width, shape.height) != (width, height):
            return np.zeros(width * height, dtype=bool)
        return np.repeat(np.arange(len(shape.counts)) % 2 == 1, shape.counts)
    if isinstance(shape, Polygon):
        rings = [_filled_ring(np.asarray(ring, dtype=np.float64), width, height) for ring in shape.rings]
        return np.asarray(np.logical_or.reduce(rings), dtype=bool)
    if isinstance(shape, Box):
        x1, y1, x2, y2 = shape.corners()
        return _filled_ring(np.array([x1, y1, x1, y2, x2, y2, x2, y1]), width, height)
    return np.zeros(width * height, dtype=bool)


def _filled_ring(ring: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """pycocotools' rleFrPoly: walks the outline, notes where columns are crossed, and fills between two crossings."""
    across, down = _outline(np.trunc(_SCALE * ring[0::2] + 0.5), np.trunc(_SCALE * ring[1::2] + 0.5))
    moved = np.flatnonzero(across[1:] != across[:-1]) + 1
    here, before = across[moved], across[moved - 1]
    column = (np.where(here < before, here, here - 1) + 0.5) / _SCALE - 0.5
    inside = (np.floor(column) == column) & (column >= 0) & (column <= width - 1)
    row = (np.minimum(down[moved], down[moved - 1]) + 0.5) / _SCALE - 0.5
    row = np.ceil(np.clip(row, 0, height))
    crossings = (column[inside] * height + row[inside]).astype(np.int64)
    # Beyond the last pixel nothing is filled; the extra place takes crossings there.
    turns = np.bincount(crossings, minlength=width * height + 1)[: width * height]
    return np.asarray(np.cumsum(turns) % 2 == 1, dtype=bool)


def _outline(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Every point of the closed outline on the fine grid, in order; the end of one edge and the start of the next both count."""
    across, down = [], []
    for xs, ys, xe, ye in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        dx, dy = abs(xe - xs), abs(ye - ys)
        wide = dx >= dy
        flip = (wide and xs > xe) or (not wide and ys > ye)
        if flip:
            xs, xe, ys, ye = xe, xs, ye, ys
        steps = np.arange((dx if wide else dy) + 1)
        if flip:
            steps = steps[::-1]
        if wide:
            slope = (ye - ys) / dx if dx else 0.0
            across.append(steps + xs)
            down.append(np.trunc(ys + slope * steps + 0.5))
        else:
            slope = (xe - xs) / dy
            across.append(np.trunc(xs + slope * steps + 0.5))
            down.append(steps + ys)
    return np.concatenate(across), np.concatenate(down)
