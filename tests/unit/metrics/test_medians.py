"""Medians are what they say: of equal images the very value, not the edge of a bin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relens.inference import features
from relens.metrics.metric import METRICS, Observed, Summed, added
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


def value(name: str, images: list[Observed]) -> dict[str, Any]:
    """As it is read from sums of parts."""
    metric = METRICS.get(name)
    assert isinstance(metric, Summed)
    parts = [metric.observe(images[:1], None), metric.observe(images[1:], None)]
    return metric.value(added([part for part in parts if part]), None)


def image(width: int, height: int, *boxes: Box, **scalars: float) -> Observed:
    said = tuple(Detection("bolt", 0.9, box) for box in boxes)
    row = np.full(len(features.NAMES), np.nan, np.float32)
    for name, one in scalars.items():
        row[features.NAMES.index(name)] = one
    return Observed(width, height, 5.0, said, row, names=features.NAMES)


def test_images_of_one_size_have_that_size() -> None:
    found = value("image_size", [image(640, 480)] * 3)
    assert (found["width"]["median"], found["height"]["median"], found["area"]["median"]) == (640, 480, 640 * 480)
    assert found["width"]["counts"] == [{"up_to": 664.0, "images": 3, "mean": 640.0}]
    assert found["ratios"]["wide"] == 3


def test_the_median_of_two_sizes_is_one_of_them() -> None:
    found = value("image_size", [image(640, 480), image(640, 480), image(1920, 1080)])
    assert (found["width"]["median"], found["height"]["median"]) == (640, 480)


def test_the_median_of_many_sizes_is_within_a_bin() -> None:
    widths = np.random.default_rng(0).integers(200, 4000, 501)
    found = value("image_size", [image(int(width), 100) for width in widths])
    assert found["width"]["median"] == pytest.approx(np.median(widths), rel=0.045)


def test_square_boxes_have_ratio_one_and_their_own_side_and_share() -> None:
    box = Box(10, 10, 110, 110)
    found = value("box_size", [image(640, 480, box)] * 4)
    assert found["median_ratio"] == 1.0
    assert found["median_side"] == 100.0
    assert found["median_share"] == pytest.approx(10_000 / (640 * 480), rel=1e-6)
    assert found["labels"]["bolt"]["median_share"] == found["median_share"]


def test_image_statistics_are_those_of_the_images() -> None:
    found = value("image_statistics", [image(64, 64, brightness=0.4701, clipped_dark=0.033)] * 5)
    assert found["brightness"]["median"] == pytest.approx(0.4701, abs=1e-6)
    assert found["clipped_dark"]["p90"] == pytest.approx(0.033, abs=1e-6)
    assert found["clipped_dark"]["clipped_images"] == 0
    assert found["contrast"]["median"] is None
