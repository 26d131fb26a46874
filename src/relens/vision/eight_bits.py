"""Whatever a decoder gives becomes eight bits of red, green and blue, in bands, so that little more memory is taken than for the result.

Transparency is laid on white. Grey of 16 bits (or 12, where a TIFF says so) is scaled to 0 to 255, grey of 32 bits as if it had 16;
floats up to 1 are shares of white. CMYK and palettes are converted as Pillow does, Adobe's inverted CMYK with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

BAND_PIXELS = 1 << 20
_BITS_PER_SAMPLE = 258
_SEE_THROUGH = frozenset({"RGBA", "LA", "La", "PA", "RGBa"})


def eight_bits(file: Pillow.Image) -> Pillow.Image:
    """The loaded `file` in mode RGB; itself where it is that already."""
    if file.mode == "RGB" and "transparency" not in file.info:
        return file
    if file.mode.startswith(("I", "F")):
        return _from_deep_grey(file)
    if file.mode in _SEE_THROUGH or "transparency" in file.info:
        return _on_white(file)
    return file.convert("RGB")


def is_16_bits(file: Pillow.Image) -> bool:
    """Grey that is read by the whole range of 16 bits."""
    return file.mode.startswith("I") and _white(file) == 65535.0


def _bands(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of whole rows, of about BAND_PIXELS pixels each."""
    width, height = size
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(height, top + rows)


def _on_white(file: Pillow.Image) -> Pillow.Image:
    made = Pillow.new("RGB", file.size)
    for box in _bands(file.size):
        band = file.crop(box)
        # A crop does not take along which colour of a palette is the transparent one.
        band.info = dict(file.info)
        ground = Pillow.new("RGBA", band.size, (255, 255, 255, 255))
        made.paste(Pillow.alpha_composite(ground, band.convert("RGBA")).convert("RGB"), box)
    return made


def _from_deep_grey(file: Pillow.Image) -> Pillow.Image:
    white = _white(file)
    made = Pillow.new("L", file.size)
    for box in _bands(file.size):
        values = np.asarray(file.crop(box))
        numbers = np.clip(np.nan_to_num(values.astype(np.float32), nan=0.0), 0.0, white)
        scaled: npt.NDArray[np.uint8] = (numbers * np.float32(255.0 / white) + np.float32(0.5)).astype(np.uint8)
        made.paste(Pillow.fromarray(scaled), box)
    return made.convert("RGB")


def _white(file: Pillow.Image) -> float:
    """The value that means white."""
    if file.mode == "F":
        finite = (
            float(np.nan_to_num(np.asarray(file.crop(box)), posinf=0, neginf=0).max()) for box in _bands(file.size)
        )
        return 1.0 if max(finite) <= 1.0 else 65535.0
    bits = getattr(file, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))
    return 4095.0 if tuple(bits if isinstance(bits, tuple) else (bits,)) == (12,) else 65535.0
