"""What answers are shared out among is watched like every number: labels and places that come more often than they did."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.metrics import drift_alarm
from relens.metrics.categories import OTHERS, SIDE, among, features
from relens.metrics.heatmap import chance_variation, total_variation
from relens.metrics.kinds import drift
from relens.metrics.metric import Observed
from relens.metrics.reference import Reference, Spread
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

MIX, PLACES = features(("bolt", "nut", "washer"), with_shapes=True)
RNG = np.random.default_rng(2)


def said(label: str, x: float = 50.0, y: float = 50.0) -> Detection:
    return Detection(label, 0.9, Box(x, y, x + 2, y + 2))


@given(st.floats(-20, 120), st.floats(-20, 120), st.sampled_from(["bolt", "washer", "unheard of"]))
def test_each_answer_is_of_one_label_and_in_one_place(x: float, y: float, label: str) -> None:
    one = [said(label, x, y)]
    (kind,), (place,) = list(among(MIX, one, 100, 100)), list(among(PLACES, one, 100, 100))
    assert MIX.categories[kind] == (label if label in MIX.categories else OTHERS)
    assert divmod(place, SIDE) == tuple(min(max(int((v + 1) / 100 * SIDE), 0), SIDE - 1) for v in (y, x))
    assert len(PLACES.categories) == SIDE**2


def test_an_answer_without_a_shape_is_nowhere_and_a_classifier_has_no_places() -> None:
    assert list(among(PLACES, [Detection("bolt", 0.9, None)], 10, 10)) == []
    assert [one.name for one in features(("a",), with_shapes=False)] == ["label_mix"]


def reference(bolts: int, nuts: int) -> Reference:
    there = [Spread.of_categories(np.array([bolts, nuts, 0, 0])), Spread.of_categories(np.full(SIDE**2, 10))]
    return Reference("r", 100, (MIX, PLACES), tuple(there), Spread.of(np.arange(1, 100) / 100), {})


def images(nuts: float, n: int = 300) -> list[Observed]:
    return [
        Observed(
            100, 100, None, (said("nut" if RNG.random() < nuts else "bolt", *RNG.uniform(0, 98, 2)),), np.full(2, np.nan, np.float32), 0.5, True
        )
        for _ in range(n)
    ]  # fmt: skip


def test_more_of_one_label_is_said_in_a_sentence() -> None:
    usual = reference(800, 200)
    value = drift.value(drift.observe(images(0.6), usual), usual)
    top = value["features"][0]
    assert top["name"] == "label_mix"
    assert top["d"] == pytest.approx(0.4, abs=0.08)
    assert top["direction"] == "up"
    assert top["sentence"].startswith("more answers are nut: 20 % → ")
    places = next(one for one in value["features"] if one["name"] == "box_places")
    assert places["d_beyond_chance"] < 0.05 < places["d"], "what is only chance is taken off"


def test_of_another_version_nothing_is_counted_among_them() -> None:
    usual = reference(800, 200)
    foreign = [Observed(100, 100, None, one.answered, one.scalars, 0.5, False) for one in images(0.6, 20)]
    counts = drift.pieces(drift.observe(foreign, usual)[""], usual)
    assert [int(piece.sum()) for piece in counts] == [20, 0, 0]


def test_a_mix_that_moved_raises_the_alarm_whatever_the_order_of_labels() -> None:
    """Two labels that change places at the far ends: in between the distribution functions hardly part."""
    kinds = (False, True)

    def window(shares: list[float]) -> list[np.ndarray]:
        return [RNG.multinomial(200, [0.25] * 4), RNG.multinomial(600, shares)]

    usual = drift_alarm.learn([window([0.4, 0.1, 0.1, 0.4]) for _ in range(30)], kinds)
    evidence, alarms = 0.0, 0
    for _ in range(100):
        evidence, alarm = drift_alarm.add(evidence, drift_alarm.judge(usual, window([0.4, 0.1, 0.1, 0.4])), 365)
        alarms += alarm
    assert alarms == 0
    moved = [0.25, 0.25, 0.25, 0.25]
    found = [drift_alarm.judge(usual, window(moved)) for _ in range(5)]
    assert found[0].distances[1] == pytest.approx(0.3, abs=0.06)
    alarm = False
    for one in found:
        evidence, now = drift_alarm.add(evidence, one, 365)
        alarm |= now
    assert alarm


@given(st.integers(0, 2**32))
def test_what_chance_does_is_known_about(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(20))
    then = rng.multinomial(5000, p)
    seen = np.mean([total_variation(rng.multinomial(500, p), then) or 0.0 for _ in range(40)])
    assert chance_variation(then, 500) == pytest.approx(seen, rel=0.25)
