"""Every sampler, also one that is added tomorrow: a priority from 0 to 1 that depends on nothing but the prediction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.review.sampler import Sampled, samplers
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

confidences = st.floats(0, 1, allow_nan=False)
boxes = st.lists(st.builds(Detection, st.sampled_from("abc"), confidences, st.just(Box(1, 1, 9, 9))), max_size=12).map(
    tuple
)
labels = st.lists(st.builds(Detection, st.sampled_from("abc"), confidences, st.none()), max_size=5).map(tuple)
outliers = st.none() | st.floats(0, 1, allow_nan=False)
asked = st.builds(Sampled, st.uuids().map(str), boxes, confidences, st.just(False), outliers) | st.builds(
    Sampled, st.uuids().map(str), labels, confidences, st.just(True), outliers
)


@pytest.mark.parametrize("name", samplers.names())
def test_a_sampler_has_a_title(name: str) -> None:
    assert samplers.get(name).title


@pytest.mark.parametrize("name", samplers.names())
@given(sampled=asked)
def test_a_priority_lies_between_0_and_1_and_is_the_same_again(name: str, sampled: Sampled) -> None:
    priority = samplers.get(name).priority
    assert 0 <= priority(sampled) <= 1
    assert priority(sampled) == priority(sampled)
