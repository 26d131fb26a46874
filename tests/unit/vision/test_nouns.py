"""Shapes, labels, detections and annotations refuse what must not be, and what they write they read."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.vision.annotation import Annotation
from relens.vision.labels import BadLabels, LabelMap
from relens.vision.prediction import BadDetection, Detection, Prediction
from relens.vision.shapes import BadShape, Box, Mask, Polygon, Shape, shape_from_json, shape_to_json

number = st.floats(-1e4, 1e4, allow_nan=False)
side = st.floats(0.01, 1e4)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), number, number, side, side)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    pixels = np.asarray(draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width)))
    pixels[draw(st.integers(0, height * width - 1))] = True
    return Mask(height, width, _runs(pixels))


def _runs(column_by_column: np.ndarray) -> tuple[int, ...]:
    edges = np.flatnonzero(np.diff(column_by_column)) + 1
    parts = np.split(column_by_column, edges)
    return (*([0] if column_by_column[0] else []), *(len(part) for part in parts))


polygons = st.lists(
    st.lists(st.tuples(number, number), min_size=3, max_size=6).filter(
        lambda ring: len({x for x, _ in ring}) > 1 and len({y for _, y in ring}) > 1
    ),
    min_size=1,
    max_size=3,
).map(lambda rings: Polygon(tuple(tuple(v for point in ring for v in point) for ring in rings)))
shapes: st.SearchStrategy[Shape] = st.one_of(st.none(), boxes, polygons, masks())
names = st.text(min_size=1, max_size=20).filter(lambda name: name.strip() != "")


@given(shapes)
def test_a_shape_that_is_written_is_read_back(shape: Shape) -> None:
    assert shape_from_json(json.loads(json.dumps(shape_to_json(shape)))) == shape


@given(names, shapes, st.booleans(), st.one_of(st.none(), st.floats(0, 1e6)))
def test_an_annotation_that_is_written_is_read_back(name: str, shape: Shape, crowd: bool, area: float | None) -> None:
    annotation = Annotation(name, shape, crowd, area)
    assert Annotation.from_json(json.loads(json.dumps(annotation.to_json()))) == annotation


@given(names, st.floats(0, 1), shapes)
def test_a_detection_that_is_written_is_read_back(name: str, confidence: float, shape: Shape) -> None:
    detection = Detection(name, confidence, shape)
    assert Detection.from_json(json.loads(json.dumps(detection.to_json()))) == detection


@given(masks())
def test_a_mask_has_the_area_and_box_of_its_pixels(mask: Mask) -> None:
    values = np.repeat(np.arange(len(mask.counts)) % 2 == 1, mask.counts).reshape(mask.width, mask.height).T
    rows, columns = np.nonzero(values)
    assert mask.area == values.sum()
    assert mask.box().corners() == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@given(boxes)
def test_a_box_as_a_polygon_has_the_same_area_and_box(box: Box) -> None:
    polygon = Polygon(((box.x1, box.y1, box.x2, box.y1, box.x2, box.y2, box.x1, box.y2),))
    assert polygon.box() == box
    assert polygon.area == pytest.approx(box.area, rel=1e-6, abs=1e-3)


def test_shapes_that_are_none_are_refused() -> None:
    for wrong in ((0, 0, 0, 1), (5, 5, 1, 9), (0, 0, math.nan, 1), (0, 0, math.inf, 1)):
        with pytest.raises(BadShape):
            Box(*wrong)
    for rings in ((), ((0, 0, 1, 1),), ((0, 0, 1, 1, 2),), ((0, 0, math.nan, 1, 2, 2),), ((0, 0, 1, 1, 0, 0, 0),)):
        with pytest.raises(BadShape):
            Polygon(rings)
    for height, width, counts in ((2, 2, (4,)), (2, 2, (1, 1)), (0, 2, ()), (2, 2, (-1, 5)), (1, 2, (2, 0))):
        with pytest.raises(BadShape):
            Mask(height, width, counts)
    for written in ("box", {"box": [1, 2, 3]}, {"box": [1, 2, "x", 4]}, {"polygon": [1]}, {"rle": {"size": [2]}}):
        with pytest.raises(BadShape):
            shape_from_json(written)


def test_a_box_is_clipped_to_its_image_or_refused() -> None:
    assert Box(-5, 2, 30, 40).clipped(20, 20) == Box(0, 2, 20, 20)
    assert Box(-0.5, 0, 20.5, 20).inside(20, 20)
    assert not Box(-2, 0, 20, 20).inside(20, 20)
    with pytest.raises(BadShape):
        Box(30, 30, 40, 40).clipped(20, 20)


def test_a_label_map_knows_names_by_index_and_refuses_what_is_none() -> None:
    labels = LabelMap(("cat", "dog"))
    assert labels.index("dog") == 1
    assert "cat" in labels
    assert len(labels) == 2
    with pytest.raises(BadLabels, match="the labels are cat, dog"):
        labels.index("cow")
    for wrong in ((), ("a", "a"), ("",), (" ",), ("x" * 201,), (1,), tuple(map(str, range(50_001)))):
        with pytest.raises(BadLabels):
            LabelMap(wrong)


def test_a_confidence_lies_between_0_and_1() -> None:
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(BadDetection):
            Detection("cat", wrong)
    with pytest.raises(BadDetection):
        Detection("", 0.5)
    with pytest.raises(BadDetection):
        Detection.from_json({"label": "cat", "confidence": "high"})


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0, 1))
def test_what_is_answered_is_what_reaches_the_threshold(confidences: list[float], threshold: float) -> None:
    said = Prediction("a", "v", tuple(Detection("cat", one) for one in confidences), 1.0, 10, 10)
    assert [d.confidence for d in said.above(threshold).detections] == [c for c in confidences if c >= threshold]
