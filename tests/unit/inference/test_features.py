"""Each number moves when, and in the direction, its words say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from relens.inference import features
from relens.inference.features import FAMILY, NAMES, describe, scalars
from relens.inference.reader import Found
from relens.testing.images import make_pixels
from relens.vision.decode import Image

SCENE = make_pixels((110, 100, 90), (160, 120), 7, blobs=[((20, 20, 60, 80), (200, 60, 40))], noise=50)
NOTHING = Found(np.zeros(0, int), np.zeros(0, np.float32), np.zeros((0, 4), np.float32))


def image_of(pixels: Any) -> Image:
    return Image(np.clip(pixels, 0, 255).astype(np.uint8), pixels.shape[1], pixels.shape[0], "png")


def found(*rows: tuple[float, tuple[float, ...]]) -> Found:
    confidences = np.asarray([row[0] for row in rows], np.float32)
    return Found(np.zeros(len(rows), int), confidences, np.asarray([row[1] for row in rows], np.float32).reshape(-1, 4))


def numbers(pixels: Any = SCENE, said: Found = NOTHING, feature: Any = None, threshold: float | None = None) -> Any:
    return dict(zip(NAMES, scalars(image_of(pixels), said, feature, threshold).tolist(), strict=True))


def test_every_number_has_a_family_and_words() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(FAMILY)
    assert set(FAMILY.values()) == {"image", "model", "prediction"}
    titles = [describe(name)[0] for name in NAMES]
    assert len(set(titles)) == len(titles)
    assert all(word for name in NAMES for word in describe(name))
    assert describe("brightness") == ("brightness", "darker", "brighter")
    assert scalars(image_of(SCENE), NOTHING, None).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("brightness", lambda p: p * 0.5),
        ("contrast", lambda p: 100 + (p - 100.0) * 0.3),
        ("log_sharpness", lambda p: np.asarray(Pillow.fromarray(p).filter(ImageFilter.GaussianBlur(2)))),
        ("saturation", lambda p: p.mean(axis=2, keepdims=True).repeat(3, 2)),
        ("entropy", lambda p: p // 64 * 64),
        ("red_green", lambda p: p - [60, 0, 0]),
        ("blue_green", lambda p: p - [0, 0, 60]),
        ("log_area", lambda p: p[:60, :80]),
        ("log_aspect", lambda p: p[:, :60]),
    ],
)
def test_an_image_number_falls_when_the_image_changes_so(name: str, change: Any) -> None:
    assert numbers(change(SCENE))[name] < numbers()[name] - 0.02


def test_clipping_is_seen_at_both_ends() -> None:
    assert numbers(SCENE * 0.0)["clipped_dark"] == 1
    assert numbers(SCENE * 0.0 + 255)["clipped_bright"] == 1
    assert numbers()["clipped_dark"] + numbers()["clipped_bright"] < 0.5


def test_image_numbers_agree_with_their_definitions() -> None:
    small = SCENE[:100, :120]
    grey = np.round(small @ np.asarray([0.299, 0.587, 0.114]))
    got = numbers(small)
    assert got["brightness"] == pytest.approx(grey.mean() / 255, abs=1e-5)
    assert got["contrast"] == pytest.approx(grey.std() / 255, abs=1e-5)
    middle, around = grey[1:-1, 1:-1], grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    assert got["log_sharpness"] == pytest.approx(np.log1p((around - 4 * middle).var()), rel=1e-4)
    shares = np.unique(grey, return_counts=True)[1] / grey.size
    assert got["entropy"] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-2)
    most, least = small.max(axis=2).astype(float), small.min(axis=2)
    assert got["saturation"] == pytest.approx(((most - least) / np.maximum(most, 1)).mean(), abs=1e-4)
    assert got["log_area"] == pytest.approx(np.log(100 * 120))


def test_model_numbers_describe_confidence_and_features() -> None:
    sure = numbers(said=found((0.9, (0, 0, 9, 9)), (0.1, (0, 0, 9, 9))), feature=np.asarray([3.0, 4.0], np.float16))
    assert sure["feature_norm"] == pytest.approx(5)
    assert sure["confidence_max"] == pytest.approx(0.9)
    assert sure["confidence_mean"] == pytest.approx(0.5)
    assert sure["confidence_margin"] == pytest.approx(0.8)
    torn = numbers(said=found((0.5, (0, 0, 9, 9)), (0.5, (0, 0, 9, 9))))
    assert torn["confidence_entropy"] == pytest.approx(np.log(2))
    assert torn["confidence_entropy"] > sure["confidence_entropy"]
    assert np.isnan(torn["feature_norm"])


def test_prediction_numbers_count_what_reaches_the_threshold() -> None:
    said = found((0.9, (0, 0, 80, 60)), (0.62, (80, 60, 160, 120)), (0.3, (0, 0, 1, 1)))
    got = numbers(said=said)
    assert got["detections"] == 2
    assert got["near_threshold"] == pytest.approx(0.5)
    assert got["log_box_area"] == pytest.approx(np.log(0.25))
    assert got["log_box_aspect"] == pytest.approx(np.log(80 / 60))
    assert (got["centre_x"], got["centre_y"]) == (pytest.approx(0.5), pytest.approx(0.5))
    assert got["covered"] == pytest.approx(0.5)
    assert numbers(said=said, threshold=0.25)["detections"] == 3


def test_where_nothing_was_found_the_counts_are_zero_and_the_rest_does_not_apply() -> None:
    got = numbers()
    assert (got["detections"], got["covered"], got["confidence_max"]) == (0, 0, 0)
    for name in ("confidence_mean", "log_box_area", "centre_x", "near_threshold"):
        assert np.isnan(got[name])


def test_a_classification_has_no_boxes_to_measure() -> None:
    got = numbers(said=Found(np.arange(2), np.asarray([0.6, 0.4], np.float32)))
    assert got["near_threshold"] == 1
    assert np.isnan([got[name] for name in ("detections", "log_box_area", "centre_x", "covered")]).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 2), (3, 3)])
def test_the_smallest_images_have_numbers_too(size: tuple[int, int]) -> None:
    got = scalars(image_of(np.full((size[1], size[0], 3), 7)), NOTHING, None)
    image_family = [
        value for name, value in zip(NAMES, got, strict=True) if FAMILY[name] == "image" and name != "log_sharpness"
    ]
    assert np.isfinite(image_family).all()


def test_nothing_is_left_to_add() -> None:
    assert len(scalars(image_of(SCENE), NOTHING, None)) == len(features.NAMES)


def test_the_numbers_of_many_boxes_are_what_numpy_says_of_them() -> None:
    chance = np.random.default_rng(5)
    sure = np.sort(chance.uniform(0, 1, 80))[::-1].astype(np.float32)
    corners = chance.uniform(0, 80, (80, 4)).astype(np.float32)
    corners[:, 2:] += corners[:, :2]
    shown = numbers(said=Found(np.zeros(80, int), sure, corners), feature=chance.normal(0, 2, 64).astype(np.float16))
    size = (corners[:, 2:] - corners[:, :2])[sure >= 0.5].astype(float)
    middle = corners.reshape(-1, 2, 2).mean(axis=1)[sure >= 0.5] / [160, 120]
    shares = sure.astype(float) / sure.sum()
    for name, expected in {
        "confidence_mean": sure.mean(),
        "confidence_entropy": -(shares * np.log(shares)).sum(),
        "detections": (sure >= 0.5).sum(),
        "near_threshold": (abs(sure - 0.5) <= 0.15).sum() / (sure >= 0.35).sum(),
        "log_box_area": np.median(np.log(size.prod(axis=1) / (160 * 120))),
        "log_box_aspect": np.median(np.log(size[:, 0] / size[:, 1])),
        "centre_x": middle[:, 0].mean(),
        "centre_y": middle[:, 1].mean(),
        "covered": min(1.0, size.prod(axis=1).sum() / (160 * 120)),
    }.items():
        assert shown[name] == pytest.approx(float(expected), rel=1e-5), name
