"""Masks and polygons are filled and compared as pycocotools does it, to the pixel."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pycocotools import mask as peer

from relens.metrics.kinds.average_precision import Ranked
from relens.metrics.mask_overlap import filled, overlaps
from relens.metrics.metric import Judged
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Mask, Polygon

WIDTH, HEIGHT = 31, 23


def mask_of(pixels: np.ndarray) -> Mask:
    """`pixels` bool (height, width)."""
    flat = pixels.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    runs = np.diff([0, *edges, flat.size]).tolist()
    return Mask(HEIGHT, WIDTH, tuple([0, *runs] if flat[0] else runs))


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@given(st.lists(st.tuples(st.floats(-4, WIDTH + 4), st.floats(-4, HEIGHT + 4)), min_size=3, max_size=9))
@settings(max_examples=200, deadline=None)
def test_a_polygon_is_filled_as_pycocotools_fills_it(points: list[tuple[float, float]]) -> None:
    assume(all(max(p[i] for p in points) > min(p[i] for p in points) for i in (0, 1)))
    ring = [value for point in points for value in point]
    (expected,) = peer.frPyObjects([ring], HEIGHT, WIDTH)
    got = filled(Polygon((tuple(ring),)), WIDTH, HEIGHT).reshape(WIDTH, HEIGHT).T
    assert np.array_equal(got, peer.decode(expected).astype(bool))


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_overlaps_of_masks_are_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def blobs(n: int) -> list[Mask]:
        found = []
        for _ in range(n):
            pixels = np.zeros((HEIGHT, WIDTH), dtype=bool)
            y, x = rng.integers(0, HEIGHT - 3), rng.integers(0, WIDTH - 3)
            pixels[y : y + rng.integers(1, 12), x : x + rng.integers(1, 12)] = True
            pixels &= rng.random((HEIGHT, WIDTH)) < 0.9
            pixels[y, x] = True
            found.append(mask_of(pixels))
        return found

    said, true = blobs(int(rng.integers(1, 5))), blobs(int(rng.integers(1, 5)))
    crowd = rng.random(len(true)) < 0.3
    image = Judged(
        "a",
        tuple(Detection("x", 0.5, one) for one in said),
        tuple(Annotation("x", one, crowd=bool(c)) for one, c in zip(true, crowd, strict=True)),
        0.1,
        WIDTH,
        HEIGHT,
    )
    found = overlaps(image)
    assert found is not None

    def rles(masks: list[Mask]) -> list[object]:
        return [peer.frPyObjects({"size": [HEIGHT, WIDTH], "counts": list(m.counts)}, HEIGHT, WIDTH) for m in masks]

    assert np.array_equal(found.ious, peer.iou(rles(said), rles(true), crowd.astype(int).tolist()))
    assert found.dt_area.tolist() == peer.area(rles(said)).tolist()
    assert found.gt_area.tolist() == peer.area(rles(true)).tolist()


def test_boxes_stay_boxes() -> None:
    box = Box(1, 1, 5, 5)
    assert overlaps(Judged("a", (Detection("x", 0.5, box),), (Annotation("x", box),), 0.1, WIDTH, HEIGHT)) is None


def test_a_mask_in_the_right_box_with_the_wrong_pixels_is_wrong() -> None:
    ring = np.zeros((HEIGHT, WIDTH), dtype=bool)
    ring[2:20, 2:20] = True
    ring[4:18, 4:18] = False
    full = np.zeros_like(ring)
    full[2:20, 2:20] = True
    said = Detection("x", 0.9, mask_of(ring))
    bench = Ranked(["x"])
    bench.insert(Judged("a", (said,), (Annotation("x", mask_of(full)),), 0.1, WIDTH, HEIGHT))
    assert bench.value()["map50"] == 0.0
    bench.insert(Judged("a", (said,), (Annotation("x", mask_of(ring)),), 0.1, WIDTH, HEIGHT))
    assert bench.value()["map50"] == pytest.approx(1.0)
