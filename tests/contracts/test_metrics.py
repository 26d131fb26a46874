"""What every metric promises, whichever file it lives in."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.metric import EVERY_TASK, METRICS, Judged, Metric, Observed, State, Summed, Supervised, added
from relens.metrics.reference import Feature, Reference, Spread
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

SUMMED = [pytest.param(metric, id=name) for name, metric in METRICS if isinstance(metric, Summed)]
SUPERVISED = [pytest.param(metric, id=name) for name, metric in METRICS if isinstance(metric, Supervised)]
WIDTH, HEIGHT = 640, 480

_rng = np.random.default_rng(3)
REFERENCE = Reference(
    id="r",
    images=200,
    features=(
        Feature("brightness", "brightness", "image", "darker", "brighter"),
        Feature("energy", "energy", "model", "less energy", "more energy"),
    ),
    spreads=(Spread.of(_rng.normal(118, 20, 200)), Spread.of(_rng.normal(0, 1, 150))),
    outlier=Spread.of(np.arange(200) / 200),
    labels={"bolt": 30, "nut": 10},
)


@st.composite
def detections(draw: st.DrawFn, confidence: float = 0.0) -> Detection:
    x, y = draw(st.integers(0, WIDTH - 2)), draw(st.integers(0, HEIGHT - 2))
    w, h = draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y))
    label = draw(st.sampled_from(["bolt", "nut", "washer"]))
    return Detection(label, draw(st.integers(0, 1000)) / 1000, Box(x, y, x + w, y + h))


@st.composite
def observations(draw: st.DrawFn) -> Observed:
    found = sorted(draw(st.lists(detections(), max_size=4)), key=lambda d: -d.confidence)
    return Observed(
        WIDTH,
        HEIGHT,
        draw(st.none() | st.floats(0.1, 5000)),
        tuple(found),
        np.array([draw(st.floats(0, 255)), draw(st.just(float("nan")) | st.floats(-5, 5))], dtype=np.float32),
        draw(st.none() | st.integers(0, 200).map(lambda k: k / 201)),
        draw(st.booleans()),
    )


@pytest.mark.parametrize("metric", SUMMED)
def test_what_cannot_be_counted_of_an_image_is_said(metric: Summed) -> None:
    counted = metric.observe([Observed(WIDTH, HEIGHT, None, ())], None)
    assert counted or metric.needs != "predictions" or metric.lacks


def equal(a: dict[str, State], b: dict[str, State]) -> bool:
    return a.keys() == b.keys() and all(
        np.array_equal(a[label], b[label]) and a[label].dtype == b[label].dtype for label in a
    )


@pytest.mark.parametrize("metric", SUMMED)
@settings(max_examples=25, deadline=None)
@given(first=st.lists(observations(), min_size=1, max_size=6), second=st.lists(observations(), min_size=1, max_size=6))
def test_the_states_of_two_sets_of_images_add_up_to_the_state_of_all(
    metric: Summed, first: list[Observed], second: list[Observed]
) -> None:
    # Sums kept in whole units may differ by the rounding of each part; everything else is exact.
    apart = added([metric.observe(first, REFERENCE), metric.observe(second, REFERENCE)])
    together = dict(metric.observe(first + second, REFERENCE))
    assert apart.keys() == together.keys()
    for label, state in together.items():
        assert state.dtype in (np.int64, np.float64)
        assert np.abs(apart[label] - state).max() <= 1
        assert np.array_equal(apart[label][:-1], state[:-1])


@pytest.mark.parametrize("metric", SUMMED)
@settings(max_examples=10, deadline=None)
@given(images=st.lists(observations(), min_size=1, max_size=6))
def test_a_value_is_written_as_json_without_nan(metric: Summed, images: list[Observed]) -> None:
    states = metric.observe(images, REFERENCE)
    if states:
        json.dumps(metric.value(states, REFERENCE), allow_nan=False)


@pytest.mark.parametrize("metric", SUMMED)
def test_a_metric_that_needs_only_predictions_does_without_a_reference(metric: Summed) -> None:
    said = (Detection("bolt", 0.9, Box(1, 2, 30, 40)),)
    image = Observed(WIDTH, HEIGHT, 12.0, said, np.array([0.4], np.float32), names=("brightness",))
    states = metric.observe([image], None)
    if metric.needs == "predictions":
        assert states
        json.dumps(metric.value(states, None), allow_nan=False)


@pytest.mark.parametrize("metric", SUMMED)
def test_an_image_that_answers_nothing_is_no_error(metric: Summed) -> None:
    states = metric.observe([Observed(WIDTH, HEIGHT, None, ())], REFERENCE)
    if states:
        json.dumps(metric.value(states, REFERENCE), allow_nan=False)


TRUE = (Annotation("bolt", Box(10, 10, 110, 110)), Annotation("nut", Box(200, 200, 300, 260)))
SAID = tuple(Detection(true.label, 0.9, true.shape) for true in TRUE)


def _judged(metric: Supervised, key: str, right: bool) -> Judged:
    if metric.tasks == ("classification",):
        said: tuple[Detection, ...] = (
            Detection("bolt" if right else "nut", 0.9),
            Detection("nut" if right else "bolt", 0.1),
        )
        return Judged(key, said, (Annotation("bolt"),), 0.5, WIDTH, HEIGHT)
    said = SAID if right else tuple(replace(found, label="washer") for found in SAID)
    return Judged(key, said, TRUE, 0.5, WIDTH, HEIGHT)


@pytest.mark.parametrize("metric", SUPERVISED)
def test_a_right_version_is_judged_otherwise_than_a_wrong_one(metric: Supervised) -> None:
    labels = ["bolt", "nut", "washer"]
    right = metric.judge([_judged(metric, "a", True), _judged(metric, "b", True)], labels)
    wrong = metric.judge([_judged(metric, "a", False), _judged(metric, "b", False)], labels)
    json.dumps([right, wrong], allow_nan=False)
    assert right != wrong


@pytest.mark.parametrize("metric", SUPERVISED)
def test_the_order_of_the_reviews_does_not_matter(metric: Supervised) -> None:
    images = [_judged(metric, key, key != "b") for key in "abc"]
    assert metric.judge(images, ["bolt", "nut"]) == metric.judge(images[::-1], ["bolt", "nut"])


@pytest.mark.parametrize("metric", SUPERVISED)
def test_nothing_to_measure_is_none_and_not_zero(metric: Supervised) -> None:
    empty = metric.judge([], ["bolt"])
    assert not any(value == 0 for name, value in empty.items() if isinstance(value, float)), empty


@pytest.mark.parametrize("metric", [pytest.param(metric, id=name) for name, metric in METRICS])
def test_every_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.title
    assert metric.definition.endswith(".")
    assert metric.formula
    assert metric.source
    assert metric.unit
    assert set(metric.tasks) <= set(EVERY_TASK)
    assert metric.needs in ("predictions", "training data", "reviews")
