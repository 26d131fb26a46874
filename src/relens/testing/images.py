"""Small images of known content, the same bytes for the same arguments."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

Colour = tuple[int, int, int]
Blob = tuple[float, float, float, float]

RED: Colour = (220, 40, 40)
GREEN: Colour = (40, 200, 60)
BLUE: Colour = (50, 70, 220)
DARK: Colour = (24, 24, 28)


def make_pixels(
    colour: Colour = DARK,
    size: tuple[int, int] = (96, 64),
    seed: int = 0,
    *,
    blobs: Sequence[tuple[Blob, Colour]] = (),
    noise: float = 6.0,
) -> npt.NDArray[np.uint8]:
    """Pixels (h, w, 3): one colour with a faint pattern of its own for each seed, and blobs ((x1, y1, x2, y2), colour) on it.

    `size` is (width, height). Two seeds give images that are no near-duplicates of each other.
    """
    width, height = size
    chance = np.random.default_rng([seed, width, height])
    coarse = Pillow.fromarray(chance.integers(0, 256, (8, 9), np.uint8)).resize(size, Pillow.Resampling.BICUBIC)
    pattern = (np.asarray(coarse, np.float32) - 127.5) / 127.5 * noise
    pixels = (
        np.asarray(colour, np.float32) + pattern[:, :, None] + chance.normal(0, noise / 6 + 1e-9, (height, width, 1))
    )
    for (x1, y1, x2, y2), tone in blobs:
        pixels[round(y1) : round(y2), round(x1) : round(x2)] = tone
    return np.asarray(np.clip(pixels, 0, 255), np.uint8)


def encode(pixels: npt.NDArray[np.uint8], form: str = "JPEG", **options: object) -> bytes:
    """The bytes of an image file."""
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def make_jpeg(
    colour: Colour = DARK,
    size: tuple[int, int] = (96, 64),
    seed: int = 0,
    *,
    blobs: Sequence[tuple[Blob, Colour]] = (),
    noise: float = 6.0,
    quality: int = 92,
) -> bytes:
    """A JPEG of `make_pixels`, colours kept at full resolution so that blobs keep their edges."""
    return encode(make_pixels(colour, size, seed, blobs=blobs, noise=noise), "JPEG", quality=quality, subsampling=0)


def make_png(
    colour: Colour = DARK,
    size: tuple[int, int] = (96, 64),
    seed: int = 0,
    *,
    blobs: Sequence[tuple[Blob, Colour]] = (),
    noise: float = 6.0,
) -> bytes:
    """A PNG of `make_pixels`."""
    return encode(make_pixels(colour, size, seed, blobs=blobs, noise=noise), "PNG")
