"""A random check counts for as many images as it stands for, in what decides."""

from __future__ import annotations

import pytest

from relens.loop.compare import compare
from tests.unit.loop.test_compare import classifier, detector


def test_an_image_of_weight_two_counts_as_two() -> None:
    champion, candidate = classifier([True, False, False]), classifier([False, True, False])
    plain = compare("accuracy", champion, candidate, None)
    weighed = compare("accuracy", champion, candidate, None, {"001": 2.0})
    assert plain is not None
    assert weighed is not None
    assert (plain.champion, plain.candidate) == pytest.approx((1 / 3, 1 / 3))
    assert (weighed.champion, weighed.candidate) == pytest.approx((1 / 4, 2 / 4))


def test_an_image_of_no_weight_is_not_there() -> None:
    few, more = detector(12, 0.5), detector(20, 0.5)
    none = dict.fromkeys(more.assets[12:], 0.0)
    alone = compare("map50_95", few, detector(12, 0.9), 100)
    within = compare("map50_95", more, detector(20, 0.9), 100, none)
    assert alone is not None
    assert within is not None
    assert within.champion == pytest.approx(alone.champion)
