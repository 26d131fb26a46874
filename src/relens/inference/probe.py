"""A fixed made-up image, answered before and after a change: the same version must say the same."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image as Pillow

from relens.inference.load import LoadedVersion
from relens.inference.predict import predict
from relens.vision.prediction import Detection


@cache
def probe_image() -> bytes:
    """A PNG of 320 x 240 pixels: a slope of greys, coloured blocks, fine noise; the same bytes always."""
    chance = np.random.default_rng(20261122)
    pixels = np.repeat(np.linspace(30, 200, 320)[None, :, None], 240, axis=0).repeat(3, axis=2)
    for colour, (x, y, side) in zip(np.eye(3) * 200 + 40, ((30, 40, 60), (140, 90, 80), (250, 30, 50)), strict=True):
        pixels[y : y + side, x : x + side] = colour
    pixels += chance.normal(0, 4, pixels.shape)
    file = BytesIO()
    Pillow.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def probe(loaded: LoadedVersion) -> tuple[Detection, ...]:
    """What the version says of the probe image. Raises BrokenModel."""
    return predict(probe_image(), loaded).prediction.detections


def same_answer(one: tuple[Detection, ...], other: tuple[Detection, ...], tolerance: float = 0.02) -> bool:
    """Whether two answers agree: threads and batching may move a confidence or a corner a little, not more."""
    if len(one) != len(other):
        return False
    return all(_close(a, b, tolerance) for a, b in zip(one, other, strict=True))


def _close(a: Detection, b: Detection, tolerance: float) -> bool:
    if a.label != b.label or abs(a.confidence - b.confidence) > tolerance or (a.shape is None) != (b.shape is None):
        return False
    if a.shape is None or b.shape is None:
        return True
    corners = zip(a.shape.box().corners(), b.shape.box().corners(), strict=True)
    return all(abs(p - q) <= 1.0 for p, q in corners)


def agreement(one: tuple[Detection, ...], other: tuple[Detection, ...]) -> float:
    """How much of what either found on one image the other found too, 0 to 1; 1 when both found nothing.

    Boxes are the same when they have one label and overlap by half or more (intersection over union). Of whole images the first label counts.
    """
    if not one or not other:
        return float(not one and not other)
    if one[0].shape is None or other[0].shape is None:
        return float(one[0].label == other[0].label)
    left, matched = list(other), 0
    for detection in one:
        near = max(left, key=lambda d: (d.label == detection.label) * _overlap(d, detection), default=None)
        if near is not None and near.label == detection.label and _overlap(near, detection) >= 0.5:
            left.remove(near)
            matched += 1
    return 2 * matched / (len(one) + len(other))


def _overlap(one: Detection, other: Detection) -> float:
    if one.shape is None or other.shape is None:
        return float(one.shape is other.shape)
    a, b = one.shape.box(), other.shape.box()
    across, down = min(a.x2, b.x2) - max(a.x1, b.x1), min(a.y2, b.y2) - max(a.y1, b.y1)
    common = max(0.0, across) * max(0.0, down)
    return common / (a.area + b.area - common)
