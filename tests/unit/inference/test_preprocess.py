"""Images are laid into the input as trainers lay them, and boxes find their way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.inference.errors import CannotBeServed
from relens.inference.input import InputSpec
from relens.inference.preprocess import Preprocess
from relens.testing.images import BLUE, GREEN, RED, make_jpeg, make_pixels
from relens.vision.decode import Image, decode


def image_of(pixels: np.ndarray) -> Image:
    return Image(pixels, pixels.shape[1], pixels.shape[0], "png")


def plain(width: int, height: int) -> Image:
    return image_of(np.zeros((height, width, 3), np.uint8))


sides = st.integers(1, 900)


@given(sides, sides, st.integers(1, 200), st.integers(1, 200), st.sampled_from(["letterbox", "stretch", "crop"]),
       st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=5))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_boxes_come_back_from_where_they_were_laid(
    width: int, height: int, across: int, down: int, resize: Any, shares: list[tuple[float, ...]]
) -> None:
    preprocess = Preprocess(InputSpec("images", across, down, resize))
    pixels, placement = preprocess.place(plain(width, height))
    assert pixels.shape == (down, across, 3)
    boxes = np.asarray([sorted((a * width, b * width)) + sorted((c * height, d * height)) for a, b, c, d in shares])
    boxes = boxes[:, [0, 2, 1, 3]]
    np.testing.assert_allclose(placement.back(placement.forth(boxes)), boxes, atol=1e-3 * max(width, height))


@given(sides, sides, st.integers(16, 200), st.integers(16, 200))
@settings(max_examples=150, deadline=None)
def test_a_letterbox_lies_where_ultralytics_lays_it(width: int, height: int, across: int, down: int) -> None:
    ratio = min(across / width, down / height)
    new = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    left, top = (round((wide - side) / 2 - 0.1) for wide, side in zip((across, down), new, strict=True))
    pixels, placement = Preprocess(InputSpec("images", across, down, "letterbox", pad=114)).place(plain(width, height))
    expected = np.full((down, across, 3), 114, np.uint8)
    expected[top : top + new[1], left : left + new[0]] = 0
    np.testing.assert_array_equal(pixels, expected)
    whole = placement.forth(np.asarray([[0.0, 0.0, width, height]]))[0]
    np.testing.assert_allclose(whole, [left, top, left + new[0], top + new[1]], atol=1e-3)


def test_what_lies_in_the_padding_is_clipped_to_the_image() -> None:
    _, placement = Preprocess(InputSpec("images", 64, 64)).place(plain(200, 100))
    np.testing.assert_allclose(placement.back(np.asarray([[-9.0, 0, 99, 64]])), [[0, 0, 200, 100]])


def test_the_tensor_holds_what_the_input_asks_for() -> None:
    pixels = make_pixels(RED, (8, 6), 2)
    planes = pixels.transpose(2, 0, 1).astype(np.float64)

    def tensor(**options: Any) -> Any:
        return Preprocess(InputSpec("images", 8, 6, "stretch", **options))(image_of(pixels))[0]

    assert tensor().dtype == np.float32
    assert tensor().flags.c_contiguous
    np.testing.assert_allclose(tensor(), planes / 255, rtol=1e-6)
    np.testing.assert_allclose(tensor(colour="bgr"), planes[::-1] / 255, rtol=1e-6)
    np.testing.assert_allclose(tensor(layout="nhwc"), pixels / 255, rtol=1e-6)
    np.testing.assert_array_equal(tensor(dtype="uint8", scale=1.0), planes.astype(np.uint8))
    np.testing.assert_allclose(tensor(dtype="float16"), planes / 255, atol=1e-3)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    expected = (planes / 255 - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(tensor(mean=mean, std=std), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        tensor(mean=mean, std=std, layout="nhwc"), expected.transpose(1, 2, 0), rtol=1e-4, atol=1e-5
    )


def test_a_crop_takes_the_middle() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:20], pixels[:, 20:] = RED, GREEN, BLUE
    laid, placement = Preprocess(InputSpec("images", 10, 10, "crop")).place(image_of(pixels))
    assert (laid == GREEN).all()
    np.testing.assert_allclose(placement.back(np.asarray([[0.0, 0, 10, 10]])), [[10, 0, 20, 10]])


@given(sides, sides, st.integers(8, 100))
@settings(max_examples=60, deadline=None)
def test_a_crop_lies_where_torchvision_lays_it(width: int, height: int, side: int) -> None:
    short, long = min(width, height), max(width, height)
    new = (side, side * long // short) if width <= height else (side * long // short, side)
    pixels, placement = Preprocess(InputSpec("images", side, side, "crop")).place(plain(width, height))
    assert pixels.shape == (side, side, 3)
    left, top = (-round((wide - side) / 2.0) for wide in new)
    whole = placement.forth(np.asarray([[0.0, 0.0, width, height]]))[0]
    np.testing.assert_allclose(whole, [left, top, left + new[0], top + new[1]], atol=0.02)


@pytest.mark.parametrize("resize", ["letterbox", "stretch", "crop"])
def test_a_jpeg_decoded_small_gives_nearly_the_tensor_of_the_whole_one(resize: Any) -> None:
    data = make_jpeg((90, 80, 70), (1280, 960), 4, blobs=[((200, 300, 700, 800), RED)], noise=40)
    preprocess = Preprocess(InputSpec("images", 96, 96, resize))
    small, whole = decode(data, smallest=preprocess.smallest), decode(data)
    assert small.pixels.size < whole.pixels.size
    (one, at), (other, there) = preprocess(small), preprocess(whole)
    assert at == there
    assert np.abs(one - other).mean() < 0.01


def test_inputs_that_cannot_be_fed_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"width": 0}, {"height": 5000}, {"resize": "squash"}, {"colour": "grey"}, {"layout": "chw"}, {"pad": 300},
        {"scale": float("nan")}, {"std": (1, 0, 1)}, {"mean": (0, 0)},
    ]  # fmt: skip
    for options in wrong:
        with pytest.raises(CannotBeServed):
            InputSpec(**{"name": "images", "width": 64, "height": 64, **options})
