"""Suppression in blocks keeps exactly what going through the boxes one by one keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.inference.suppress import suppress


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def one_by_one(boxes: np.ndarray, confidences: np.ndarray, labels: np.ndarray, iou: float, most: int) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: (-confidences[i], i)):
        if all(labels[i] != labels[j] or overlap(boxes[i], boxes[j]) <= iou for j in kept):
            kept.append(i)
    return kept[:most]


def crowd(seed: int, count: int, things: int, labels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Many boxes around a few things, as an anchor-free head makes them."""
    chance = np.random.default_rng(seed)
    centre, size = chance.uniform(0, 640, (things, 2)), chance.uniform(8, 200, (things, 2))
    thing = chance.integers(0, things, count)
    middle = centre[thing] + chance.normal(0, 4, (count, 2))
    half = size[thing] * chance.uniform(0.8, 1.2, (count, 2)) / 2
    return np.hstack((middle - half, middle + half)), chance.uniform(0, 1, count), chance.integers(0, labels, count)


@given(st.integers(0, 2**32), st.integers(0, 400), st.integers(1, 30), st.integers(1, 4), st.sampled_from([0.3, 0.65, 0.7]),
       st.integers(1, 60))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_blocks_keep_what_one_by_one_keeps(
    seed: int, count: int, things: int, labels: int, iou: float, most: int
) -> None:
    boxes, confidences, classes = crowd(seed, count, things, labels)
    kept = suppress(boxes, confidences, classes, iou=iou, most=most)
    assert kept.tolist() == one_by_one(boxes, confidences, classes, iou, most)


def test_equal_confidences_keep_the_first() -> None:
    boxes = np.asarray([[0, 0, 10, 10]] * 3 + [[50, 50, 60, 60]], float)
    assert suppress(boxes, np.full(4, 0.5), np.zeros(4, int), iou=0.5, most=9).tolist() == [0, 3]


def test_the_same_box_under_two_labels_stays_twice() -> None:
    boxes = np.asarray([[-5, -5, 10, 10]] * 2, np.float32)
    assert suppress(boxes, np.asarray([0.4, 0.6]), np.asarray([1, 0]), iou=0.1, most=9).tolist() == [1, 0]


def test_nothing_in_nothing_out() -> None:
    assert len(suppress(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), iou=0.5, most=5)) == 0


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_suppressing_twice_changes_nothing(seed: int) -> None:
    boxes, confidences, labels = crowd(seed, 200, 10, 3)
    kept = suppress(boxes, confidences, labels, iou=0.5, most=300)
    again = suppress(boxes[kept], confidences[kept], labels[kept], iou=0.5, most=300)
    assert again.tolist() == list(range(len(kept)))


def test_the_cap_keeps_the_most_confident() -> None:
    boxes, confidences, labels = crowd(1, 500, 100, 5)
    whole = suppress(boxes, confidences, labels, iou=0.7, most=500)
    assert confidences[whole].tolist() == sorted(confidences[whole], reverse=True)
    assert suppress(boxes, confidences, labels, iou=0.7, most=17).tolist() == whole[:17].tolist()
    assert confidences[whole[0]] == pytest.approx(confidences.max())
