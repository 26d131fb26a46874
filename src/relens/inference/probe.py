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
