"""Every kind of file Pillow writes, in every mode and turned every way, becomes the picture Pillow itself shows upright."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from relens.testing.images import BLUE, GREEN, RED, make_pixels
from relens.vision.decode import ImageTooLarge, Limits, decode, peek

SCENE = make_pixels((90, 80, 70), (37, 24), 5, blobs=[((2, 3, 14, 12), RED), ((20, 15, 36, 22), BLUE)])
ALPHA = np.dstack((SCENE, np.linspace(0, 255, 24 * 37).reshape(24, 37).astype(np.uint8)))
MODES = {
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("1", "L", "P", "RGB"),
}
TURNED = ("JPEG", "PNG", "WEBP", "TIFF")


def picture_in(mode: str) -> Pillow.Image:
    if mode == "I;16":
        return Pillow.fromarray(np.asarray(Pillow.fromarray(SCENE).convert("L")).astype(np.uint16) * 257)
    if mode == "F":
        return Pillow.fromarray(np.asarray(Pillow.fromarray(SCENE).convert("L")).astype(np.float32) / 255)
    if mode in ("LA", "RGBA"):
        return Pillow.fromarray(ALPHA).convert(mode)
    return Pillow.fromarray(SCENE).convert(mode)


def shown(data: bytes, mode: str) -> np.ndarray:
    """What Pillow shows: upright, on white."""
    turned = ImageOps.exif_transpose(Pillow.open(io.BytesIO(data)))
    if mode in ("I;16", "F"):
        values = np.asarray(turned).astype(np.float64) * (255 if mode == "F" else 255 / 65535)
        return np.repeat(np.round(values)[:, :, None], 3, axis=2)
    colours = np.asarray(turned.convert("RGBA")).astype(np.float64)
    share = colours[:, :, 3:] / 255
    return colours[:, :, :3] * share + 255 * (1 - share)


@pytest.mark.parametrize(("form", "mode"), [(form, mode) for form, modes in MODES.items() for mode in modes])
@pytest.mark.parametrize("turn", range(1, 9))
def test_each_format_in_each_mode_turned_each_way_is_upright_colour(form: str, mode: str, turn: int) -> None:
    options: dict[str, object] = {"lossless": True} if form == "WEBP" else {"quality": 97} if form == "JPEG" else {}
    if form in TURNED:
        exif = Pillow.Exif()
        exif[0x0112] = turn
        options["exif"] = exif
    elif turn > 1:
        return
    file = io.BytesIO()
    picture_in(mode).save(file, form, **options)
    image, expected = decode(file.getvalue()), shown(file.getvalue(), mode)
    assert image.pixels.shape == expected.shape
    assert (image.width, image.height) == peek(file.getvalue())[:2] == expected.shape[1::-1]
    assert np.abs(image.pixels - expected).max() <= 1.01


def png(
    depth: int, colour: int, rows: bytes, size: tuple[int, int], chunks: tuple[tuple[bytes, bytes], ...] = ()
) -> bytes:
    """A PNG written by hand: Pillow writes no 16-bit colours."""
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    written = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_of_any_colour_keep_their_upper_eight(colour: int, channels: int) -> None:
    values = np.random.default_rng(colour).integers(0, 65536, (9, 7, channels)).astype(">u2")
    if colour in (4, 6):
        values[:, :, -1] = 65535
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    pixels = decode(png(16, colour, rows, (7, 9))).pixels
    colours = values[:, :, : 1 if channels < 3 else 3].astype(float) / 65535 * 255
    assert np.abs(pixels - np.broadcast_to(colours, (9, 7, 3))).max() <= 1.01


def test_twelve_bits_of_grey_fill_the_whole_scale() -> None:
    values = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)
    pairs = values.reshape(-1, 2).astype(int)
    packed = np.stack((pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255), axis=1)
    strip = packed.astype(np.uint8).tobytes()
    tags = [(256, 3, 8), (257, 3, 8), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, 8),
            (279, 4, len(strip))]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    data = b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + struct.pack("<H", len(tags)) + entries + bytes(4)
    pixels = decode(data).pixels
    assert np.abs(pixels[:, :, 0].astype(float) - values / 4095 * 255).max() <= 1
    assert pixels[-1, -1].tolist() == [255, 255, 255]


def test_adobes_inverted_cmyk_is_not_a_negative() -> None:
    file = io.BytesIO()
    Pillow.new("RGB", (16, 16), (250, 240, 20)).convert("CMYK").save(file, "JPEG", quality=95)
    assert b"Adobe" in file.getvalue()[:100]
    assert np.abs(decode(file.getvalue()).pixels.astype(int) - (250, 240, 20)).max() < 12


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_many_frames_the_first_is_decoded_and_the_others_cost_nothing(form: str) -> None:
    frames = [Pillow.new("RGB", (8, 8), (GREEN, RED)[i % 2]) for i in range(300)]
    file = io.BytesIO()
    frames[0].save(
        file, form, save_all=True, append_images=frames[1:], **({"lossless": True} if form == "WEBP" else {})
    )
    assert np.abs(decode(file.getvalue()).pixels.astype(int) - GREEN).max() < 8


def test_an_animated_webp_of_too_many_frames_is_refused() -> None:
    frames = [Pillow.new("RGB", (8, 8), (RED, GREEN, BLUE)[i % 3]) for i in range(40)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    assert decode(file.getvalue()).width == 8
    with pytest.raises(ImageTooLarge, match="more than 10 frames"):
        decode(file.getvalue(), Limits(frames=10))


def bomb_chunks() -> tuple[tuple[bytes, bytes], ...]:
    packed = zlib.compress(bytes(80 << 20), 9)
    return (
        (b"iCCP", b"profile\0\0" + packed),
        (b"zTXt", b"Raw profile type exif\0\0" + packed),
        (b"iTXt", b"Comment\0\1\0\0\0" + packed),
        (b"tEXt", b"Comment\0" + b"x" * 2_000_000),
    )


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt", b"tEXt"])
def test_a_profile_or_text_of_any_size_is_passed_over(kind: bytes) -> None:
    rows = b"".join(b"\0" + row.tobytes() for row in SCENE)
    chunks = tuple(one for one in bomb_chunks() if one[0] == kind)
    np.testing.assert_array_equal(decode(png(8, 2, rows, (37, 24), chunks)).pixels, SCENE)


def test_a_tile_far_larger_than_its_image_is_refused() -> None:
    tags = [(256, 3, 10), (257, 3, 10), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1), (322, 4, 40_000), (323, 4, 40_000),
            (324, 4, 8), (325, 4, 20)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    strip = zlib.compress(bytes(10_000))[:20].ljust(20, b"\0")
    data = b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + struct.pack("<H", len(tags)) + entries + bytes(4)
    with pytest.raises(ImageTooLarge, match="tiles far larger"):
        decode(data)
