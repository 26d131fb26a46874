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
from relens.vision.before_decoding import plain_png, tiff_tile, webp_frames, webp_size
from relens.vision.eight_bits import eight_bits, is_16_bits
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
    """What one image may cost: at most about 16 bytes of memory for each pixel beside its own bytes.

    `scans` bounds progressive JPEGs, whose every scan passes over the whole picture, `frames` animated WebPs, whose decoder looks
    at all of them; of other animations no more than the first frame is looked at.
    """

    bytes: int = 64 << 20
    pixels: int = 89_000_000
    scans: int = 100
    frames: int = 2000


DEFAULT = Limits()
_LARGEST_TILE = 4 << 20
FORMATS = "JPEG, PNG, WebP, TIFF, BMP or GIF"


@dataclass(frozen=True, eq=False)
class Image:
    """An upright RGB image. `width` and `height` are the ORIGINAL's: what is held may be a smaller copy of it. `deep`: it came as grey of 16 bits.

    It is held as Pillow does or as an array, and becomes the other when that is asked for.
    """

    held: Pixels | Pillow.Image
    width: int
    height: int
    format: str
    deep: bool = False

    @cached_property
    def pixels(self) -> Pixels:
        """uint8 (h, w, 3)."""
        return np.asarray(self.held)

    @cached_property
    def picture(self) -> Pillow.Image:
        """The same pixels as Pillow holds them, for resizing."""
        return self.held if isinstance(self.held, Pillow.Image) else Pillow.fromarray(np.ascontiguousarray(self.held))

    @cached_property
    def small(self) -> Pillow.Image:
        """A copy whose longer side is at most 128 pixels: what fingerprints and image statistics are made of."""
        picture = self.picture
        longest = max(picture.size)
        if longest <= SMALL:
            return picture
        size = (max(1, round(picture.width * SMALL / longest)), max(1, round(picture.height * SMALL / longest)))
        return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=1.0)

    @cached_property
    def grey(self) -> Pillow.Image:
        """The small copy in 256 greys: 0.299 red + 0.587 green + 0.114 blue."""
        return self.small.convert("L")


SMALL = 128


def decode(data: bytes, limits: Limits = DEFAULT, smallest: int | None = None) -> Image:
    """The image in `data`. With `smallest`, a JPEG may come out smaller, its longer side never below `smallest` pixels.

    Transparency is laid on white, 16 bits become 8, CMYK and palettes become RGB (see `eight_bits`). Raises NotAnImage, TruncatedImage,
    ImageTooLarge.
    """
    file, name, turn = _open(data, limits)
    width, height = _upright(file.size, turn)
    if smallest is not None and name == "jpeg":
        _draft(file, smallest)
    try:
        file.load()
        picture = eight_bits(file)
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels(f"the {name.upper()} image", limits) from error
    except _DAMAGE as error:
        raise TruncatedImage(
            f"the {name.upper()} image ends too early or is damaged ({error}): send the whole file"
        ) from error
    if turn > 1:
        picture = picture.transpose(_TURNS[turn])
    return Image(picture, width, height, name, is_16_bits(file))


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
        _judge_size(*webp_size(data), limits)
        if webp_frames(data) > limits.frames:
            raise ImageTooLarge(f"the WebP image has more than {limits.frames} frames: send one picture")
    try:
        file = reader(BytesIO(plain_png(data) if name == "png" else data))
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
    if name == "tiff" and tiff_tile(getattr(file, "tag_v2", {})) > max(_LARGEST_TILE, 4 * width * height):
        raise ImageTooLarge("the TIFF image has tiles far larger than itself: save it again without tiles")
    # 0xFFDA begins a scan and cannot stand inside one.
    if name == "jpeg" and "progressive" in file.info and data.count(b"\xff\xda") > limits.scans:
        raise ImageTooLarge(f"the JPEG image has more than {limits.scans} scans: save it again as a plain JPEG")


def _judge_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise _too_many_pixels(f"the image has {width} x {height} pixels", limits)


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
