"""Every kind of image file becomes the same upright RGB pixels, and what is none is refused before it costs anything."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from relens.testing.images import BLUE, GREEN, RED, encode, make_jpeg, make_pixels, make_png
from relens.vision.decode import Image, ImageTooLarge, Limits, NotAnImage, TruncatedImage, decode, peek
from relens.vision.orientation import orientation

SCENE = make_pixels((60, 60, 60), (40, 30), 3, blobs=[((2, 3, 14, 12), RED), ((20, 15, 38, 28), BLUE)])
FORMS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"]


def save(picture: Pillow.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_a_lossless_image_comes_back_pixel_by_pixel(form: str) -> None:
    image = decode(encode(SCENE, form))
    assert (image.width, image.height, image.format) == (40, 30, form.lower())
    assert image.pixels.dtype == np.uint8
    np.testing.assert_array_equal(image.pixels, SCENE)
    np.testing.assert_array_equal(np.asarray(image.picture), SCENE)


@pytest.mark.parametrize("form", FORMS)
def test_the_header_says_what_decoding_finds(form: str) -> None:
    data = encode(SCENE, form)
    image = decode(data)
    assert peek(data) == (image.width, image.height, image.format) == (40, 30, form.lower())
    assert np.abs(image.pixels.astype(int) - SCENE).mean() < 12


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_turned_image_comes_out_upright_as_pillow_turns_it(form: str, turn: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if form == "WEBP" else {}
    data = save(Pillow.fromarray(SCENE), form, exif=exif, **options)
    expected = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))
    image = decode(data)
    np.testing.assert_array_equal(image.pixels, expected)
    assert peek(data)[:2] == (image.width, image.height) == expected.shape[1::-1]


@given(st.binary(max_size=64))
def test_a_damaged_exif_block_means_upright(block: bytes) -> None:
    for data in (block, b"Exif\0\0II*\0" + block, b"MM\0*" + block):
        assert 1 <= orientation(data) <= 8


def test_transparency_is_laid_on_white() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2] = (*RED, 255)
    pixels[2:] = (*GREEN, 0)
    expected = np.full((4, 4, 3), 255, np.uint8)
    expected[:2] = RED
    picture = Pillow.fromarray(pixels, "RGBA")
    for data in (save(picture, "PNG"), save(picture, "WEBP", lossless=True), save(picture, "TIFF")):
        np.testing.assert_array_equal(decode(data).pixels, expected)
    palette = save(picture.quantize(), "PNG")
    assert (decode(palette).pixels[3] == 255).all()
    grey = save(Pillow.fromarray(pixels, "RGBA").convert("LA"), "PNG")
    assert (decode(grey).pixels[3] == 255).all()


def test_a_palette_with_one_transparent_colour_becomes_white_there() -> None:
    picture = Pillow.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    assert decode(save(picture, "GIF", transparency=0)).pixels.tolist() == [[[255, 255, 255], [200, 100, 50]]]


def test_sixteen_bits_become_eight() -> None:
    values = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    expected = (values.astype(np.float64) / 65535 * 255).astype(np.uint8)
    for data in (save(Pillow.fromarray(values), "PNG"), save(Pillow.fromarray(values), "TIFF")):
        pixels = decode(data).pixels
        assert np.abs(pixels.astype(int) - expected[:, :, None]).max() <= 1
    shares = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    shares[0, 0] = np.nan
    assert np.abs(decode(save(Pillow.fromarray(shares), "TIFF")).pixels[..., 0].astype(int) - expected).max() <= 1


def test_print_colours_become_screen_colours() -> None:
    picture = Pillow.fromarray(SCENE).convert("CMYK")
    expected = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(decode(save(picture, "JPEG", quality=95)).pixels.astype(int) - expected).mean() < 6
    np.testing.assert_array_equal(decode(save(picture, "TIFF")).pixels, expected)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_black_and_white_become_colour(mode: str) -> None:
    picture = Pillow.fromarray(SCENE).convert(mode)
    np.testing.assert_array_equal(decode(save(picture, "PNG")).pixels, np.asarray(picture.convert("RGB")))


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in (RED, GREEN)]
    for form in ("GIF", "WEBP", "PNG", "TIFF"):
        data = save(frames[0], form, save_all=True, append_images=frames[1:])
        assert np.abs(decode(data).pixels.astype(int) - RED).max() < 8


def test_a_large_jpeg_is_decoded_small_but_keeps_its_size() -> None:
    data = make_jpeg(GREEN, (1600, 1200), 1)
    small = decode(data, smallest=320)
    assert (small.width, small.height) == (1600, 1200)
    assert small.pixels.shape == (300, 400, 3)
    whole = decode(data)
    assert whole.pixels.shape == (1200, 1600, 3)
    reduced = np.asarray(whole.picture.reduce(4)).astype(int)
    assert np.abs(reduced - small.pixels).mean() < 2
    assert np.abs(np.asarray(whole.small).astype(int) - np.asarray(small.small)).mean() < 2


@given(st.integers(16, 700), st.integers(16, 700), st.integers(8, 400))
@settings(max_examples=40, deadline=None)
def test_no_decoded_copy_is_smaller_than_asked(width: int, height: int, smallest: int) -> None:
    image = decode(encode(np.zeros((height, width, 3), np.uint8)), smallest=smallest)
    assert (image.width, image.height) == (width, height)
    assert max(image.pixels.shape) >= min(smallest, max(width, height))


def test_what_is_no_image_is_refused() -> None:
    for data in (b"", b"hello", b"%PDF-1.7 ....", b"RIFF\x10\0\0\0WAVEfmt ", b"\0" * 100, b"<svg/>", b"BM"[:1]):
        for look in (decode, peek):
            with pytest.raises(NotAnImage, match="send"):
                look(data)


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _webp_header(width: int, height: int) -> bytes:
    extended = (
        b"VP8X"
        + struct.pack("<I", 10)
        + b"\0" * 4
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(extended) + 4) + b"WEBP" + extended


def _gif_header(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\0;"
    return b"GIF89a" + struct.pack("<HH", 8, 8) + b"\x80\0\0" + b"\0" * 6 + frame


def _bmp_header(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def _jpeg_header(width: int, height: int) -> bytes:
    data = bytearray(make_jpeg(size=(64, 64)))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _tiff_header(width: int, height: int) -> bytes:
    data = bytearray(encode(SCENE, "TIFF"))
    for tag, value in ((0x100, width), (0x101, height)):
        at = (
            data.index(struct.pack("<HH", tag, 3))
            if struct.pack("<HH", tag, 3) in data
            else data.index(struct.pack("<HH", tag, 4))
        )
        data[at : at + 12] = struct.pack("<HHII", tag, 4, 1, value)
    return bytes(data)


@pytest.mark.parametrize(
    "bomb",
    [_png_header(30_000, 30_000), _webp_header(16_000, 16_000), _webp_header(1 << 24, 1 << 24), _gif_header(30_000, 30_000),
     _bmp_header(30_000, 30_000), _jpeg_header(30_000, 30_000), _tiff_header(30_000, 30_000), _png_header(2**31 - 1, 2**31 - 1)],
)  # fmt: skip
def test_a_huge_image_is_refused_by_its_header_before_memory_is_taken(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        for look in (decode, peek):
            with pytest.raises(ImageTooLarge, match="89 million pixels"):
                look(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_limits_can_be_set() -> None:
    data = make_png(size=(100, 80))
    assert decode(data, Limits(pixels=8000)).width == 100
    with pytest.raises(ImageTooLarge, match="100 x 80 pixels"):
        decode(data, Limits(pixels=7999))
    with pytest.raises(ImageTooLarge, match="at most 10 are taken"):
        decode(data, Limits(bytes=10))


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    data = encode(SCENE, "JPEG", progressive=True)
    assert decode(data).width == 40
    with pytest.raises(ImageTooLarge, match="scans"):
        decode(data, Limits(scans=2))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_image_is_refused(form: str, share: float) -> None:
    rich = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    data = encode(rich, form)
    if form == "TIFF":
        data = save(Pillow.fromarray(rich), form, compression="tiff_deflate")
    with pytest.raises(TruncatedImage, match="whole file"):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_damage_only_named_errors_come_out(form: str) -> None:
    chance = random.Random(form)
    whole = save(Pillow.fromarray(SCENE), form, **({"compression": "tiff_lzw"} if form == "TIFF" else {}))
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            image = decode(
                bytes(data[: chance.choice([len(data), chance.randrange(1, len(data))])]), Limits(pixels=10**6)
            )
        except (NotAnImage, TruncatedImage, ImageTooLarge):
            continue
        assert image.pixels.ndim == 3
        assert image.pixels.shape[2] == 3


def test_many_threads_decode_at_once() -> None:
    files = [encode(SCENE, form) for form in FORMS] * 20
    expected = [decode(data).pixels for data in files]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda data: decode(data).pixels, files))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_small_copy_is_at_most_128_pixels_long() -> None:
    for size in ((400, 100), (10, 1000), (64, 64), (5000, 1)):
        image = Image(np.zeros((size[1], size[0], 3), np.uint8), *size, "png")
        width, height = image.small.size
        assert max(width, height) == min(128, max(size))
        assert min(width, height) >= 1
