"""Bytes of an image file become upright RGB pixels, or a sentence that says why they cannot.

JPEG, PNG, WebP, TIFF, BMP and the first frame of a GIF. Each format's own reader is called directly, so that nothing but these
six is ever parsed and the size in the header is judged by our limits before memory is taken.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as Pillow

from relens.kit.errors import Invalid, TooLarge
from relens.vision.orientation import orientation

Pixels = npt.NDArray[np.uint8]

# Pillow speaks of odd metadata through `warnings`, whose state belongs to the whole process: it cannot be hushed for one
# thread. What matters of it is an error here; the rest (a tag that is too long) helps nobody who sent an image.
for _module in (Pillow, PngImagePlugin, TiffImagePlugin):
    setattr(_module, "warnings", SimpleNamespace(warn=lambda *_, **__: None))  # noqa: B010


class NotAnImage(Invalid):
    """The bytes are none of the formats that are read."""


class TruncatedImage(Invalid):
    """It begins like an image, then its data ends too early or is damaged."""


class ImageTooLarge(TooLarge):
    """More bytes, pixels or scans than the limits allow."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost. `scans` bounds progressive JPEGs, whose every scan passes over the whole picture."""

    bytes: int = 64 << 20
    pixels: int = 89_000_000
    scans: int = 100


DEFAULT = Limits()
FORMATS = "JPEG, PNG, WebP, TIFF, BMP or GIF"


@dataclass(frozen=True, eq=False)
class Image:
    """Upright RGB pixels, uint8 (h, w, 3). `width` and `height` are the ORIGINAL's: `pixels` may be a smaller copy of it."""

    pixels: Pixels
    width: int
    height: int
    format: str

    @cached_property
    def picture(self) -> Pillow.Image:
        """The same pixels as Pillow holds them, for resizing."""
        return Pillow.fromarray(np.ascontiguousarray(self.pixels))

    @cached_property
    def small(self) -> Pixels:
        """A copy whose longer side is at most 128 pixels: what fingerprints and image statistics are made of."""
        longest = max(self.picture.size)
        if longest <= SMALL:
            return self.pixels
        picture = self.picture
        size = (max(1, round(picture.width * SMALL / longest)), max(1, round(picture.height * SMALL / longest)))
        return np.asarray(picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=1.5))


SMALL = 128


def decode(data: bytes, limits: Limits = DEFAULT, smallest: int | None = None) -> Image:
    """The image in `data`. With `smallest`, a JPEG may come out smaller, its longer side never below `smallest` pixels.

    Transparency is laid on white, 16 bits become 8, CMYK and palettes become RGB. Raises NotAnImage, TruncatedImage,
    ImageTooLarge.
    """
    file, name, turn = _open(data, limits)
    width, height = _upright(file.size, turn)
    if smallest is not None and name == "jpeg":
        _draft(file, smallest)
    try:
        file.load()
        picture = _rgb(file)
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels(f"the {name.upper()} image", limits) from error
    except _DAMAGE as error:
        raise TruncatedImage(
            f"the {name.upper()} image ends too early or is damaged ({error}): send the whole file"
        ) from error
    if turn > 1:
        picture = picture.transpose(_TURNS[turn])
    image = Image(np.asarray(picture), width, height, name)
    image.__dict__["picture"] = picture
    return image


def peek(data: bytes, limits: Limits = DEFAULT) -> tuple[int, int, str]:
    """(width, height, format) of the upright image, from the header alone. Raises as `decode` does."""
    file, name, turn = _open(data, limits)
    return (*_upright(file.size, turn), name)


_SIGNS: tuple[tuple[str, bytes, type[ImageFile.ImageFile]], ...] = (
    ("jpeg", b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    ("png", b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    ("webp", b"RIFF", WebPImagePlugin.WebPImageFile),
    ("gif", b"GIF8", GifImagePlugin.GifImageFile),
    ("bmp", b"BM", BmpImagePlugin.BmpImageFile),
    ("tiff", b"II*\0", TiffImagePlugin.TiffImageFile),
    ("tiff", b"MM\0*", TiffImagePlugin.TiffImageFile),
    ("tiff", b"II+\0", TiffImagePlugin.TiffImageFile),
    ("tiff", b"MM\0+", TiffImagePlugin.TiffImageFile),
)
# What Pillow's readers raise over damaged files; MemoryError because a lying header can ask for more than there is.
_DAMAGE = (
    OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError, AttributeError, OverflowError,
    AssertionError, NotImplementedError, RuntimeError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}


def _open(data: bytes, limits: Limits) -> tuple[ImageFile.ImageFile, str, int]:
    """The opened file, its format's name and its EXIF orientation; nothing is decoded yet."""
    if not data:
        raise NotAnImage("the image is empty: send the bytes of a " + FORMATS + " file")
    if len(data) > limits.bytes:
        raise ImageTooLarge(f"the image has {len(data)} bytes, at most {limits.bytes} are taken: send a smaller one")
    found = next(((name, reader) for name, sign, reader in _SIGNS if data.startswith(sign)), None)
    if found is None or (found[0] == "webp" and data[8:12] != b"WEBP"):
        raise NotAnImage(f"these bytes are not an image that can be read: send a {FORMATS} file")
    name, reader = found
    if name == "webp":
        # Its decoder takes memory for the whole canvas as soon as it is opened.
        _judge_size(*_webp_size(data), limits)
    try:
        file = reader(BytesIO(data))
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels(f"the {name.upper()} image", limits) from error
    except _DAMAGE as error:
        raise TruncatedImage(
            f"the {name.upper()} image ends in its header or is damaged there: send the whole file"
        ) from error
    _judge(file, name, data, limits)
    return file, name, 1 if name == "tiff" else orientation(file.info.get("exif", b""))


def _judge(file: ImageFile.ImageFile, name: str, data: bytes, limits: Limits) -> None:
    width, height = file.size
    if width < 1 or height < 1:
        raise TruncatedImage(f"the {name.upper()} image says it is {width} x {height} pixels")
    _judge_size(width, height, limits)
    # 0xFFDA begins a scan and cannot stand inside one.
    if name == "jpeg" and "progressive" in file.info and data.count(b"\xff\xda") > limits.scans:
        raise ImageTooLarge(f"the JPEG image has more than {limits.scans} scans: save it again as a plain JPEG")


def _judge_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise _too_many_pixels(f"the image has {width} x {height} pixels", limits)


def _webp_size(data: bytes) -> tuple[int, int]:
    head = data[:30].ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def _too_many_pixels(what: str, limits: Limits) -> ImageTooLarge:
    return ImageTooLarge(
        f"{what}: at most {limits.pixels / 1e6:.0f} million pixels are taken, make it smaller", pixels=limits.pixels
    )


def _upright(size: tuple[int, int], turn: int) -> tuple[int, int]:
    return (size[1], size[0]) if turn >= 5 else size


def _draft(file: ImageFile.ImageFile, smallest: int) -> None:
    """Let libjpeg decode at 1/2, 1/4 or 1/8: several times faster, and the scaling it does is an average over blocks."""
    width, height = file.size
    for part in (8, 4, 2):
        if max(width, height) >= part * smallest and min(width, height) >= part * 8:
            file.draft("RGB", (width // part, height // part))
            return


def _rgb(file: Pillow.Image) -> Pillow.Image:
    mode = file.mode
    if mode == "RGB" and "transparency" not in file.info:
        return file
    if mode.startswith(("I", "F")):
        return Pillow.fromarray(_eight_bits(np.asarray(file))).convert("RGB")
    if mode in _SEE_THROUGH or "transparency" in file.info:
        return _on_white(file.convert("RGBA"))
    return file.convert("RGB")


_SEE_THROUGH: frozenset[str] = frozenset({"RGBA", "LA", "La", "PA", "RGBa"})


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    ground = Pillow.new("RGBA", picture.size, (255, 255, 255, 255))
    return Pillow.alpha_composite(ground, picture).convert("RGB")


def _eight_bits(values: npt.NDArray[np.generic]) -> Pixels:
    """Grey values of 16 or 32 bits or floats, on 0 to 255: floats up to 1 are shares of white, all else up to 65535."""
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    most = float(numbers.max(initial=0.0))
    white = 1.0 if most <= 1.0 and values.dtype.kind == "f" else 65535.0
    return np.asarray(np.clip(numbers * (255.0 / white), 0, 255).astype(np.uint8))
