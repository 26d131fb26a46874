"""Drift as it is said to people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from relens.metrics.kinds import drift as kind
from relens.metrics.kinds import outlier
from relens.metrics.metric import Observed
from relens.metrics.outlier import in_words
from relens.metrics.reference import Feature, Reference, Spread
from relens.monitoring import drift
from relens.monitoring.bucket import Bucket, Cell, pack, unpack
from relens.monitoring.training_data import FittedReference, speaks_for

RNG = np.random.default_rng(11)
BRIGHTNESS = Feature("brightness", "brightness", "image", "darker", "brighter")
WIDTH = Feature("log_area", "image size", "image", "smaller", "larger", "log")
SURE = Feature("confidence_max", "highest confidence", "model", "less sure", "surer")


def reference(n: int = 400) -> Reference:
    features = (BRIGHTNESS, WIDTH, SURE)
    values = (RNG.normal(0.46, 0.05, n), np.full(n, np.log(640 * 480)), RNG.uniform(0.5, 1, n))
    return Reference(
        "r", n, features, tuple(Spread.of(v) for v in values), Spread.of(np.arange(1, n + 1) / (n + 1)), {}
    )


USUAL = reference()


def images(n: int, brightness: float = 0.46, outlier: float | None = None) -> list[Observed]:
    scores = RNG.uniform(0, 1, n) if outlier is None else np.full(n, outlier)
    return [
        Observed(
            640,
            480,
            None,
            (),
            np.array([RNG.normal(brightness, 0.05), np.log(640 * 480), RNG.uniform(0.5, 1)], dtype=np.float32),
            float(score),
            True,
        )
        for score in scores
    ]


def cells(*parts: tuple[int, str, list[Observed]]) -> list[tuple[Cell, np.ndarray]]:
    return [
        (Cell("drift", Bucket(hour, source, "v", "champion"), "r", ""), kind.observe(some, USUAL)[""])
        for hour, source, some in parts
    ]


def test_a_darker_stream_is_said_in_a_sentence_with_both_medians() -> None:
    value = kind.value(kind.observe(images(300, brightness=0.29), USUAL), USUAL)
    top = value["features"][0]
    assert top["sentence"].startswith("darker: median brightness 0.4")
    assert "→ 0.29" in top["sentence"]
    assert (top["direction"], top["family"]) == ("down", "image")


def test_a_wider_spread_with_the_same_middle_is_said_by_shares() -> None:
    dark, bright = images(200, brightness=0.36), images(200, brightness=0.56)
    value = kind.value(kind.observe(dark + bright, USUAL), USUAL)
    (top,) = [one for one in value["features"] if one["name"] == "brightness"]
    assert "% of images have brightness" in top["sentence"]
    assert "(training data: " in top["sentence"]


def test_the_distance_lies_within_its_bound_of_the_exact_one() -> None:
    some = images(250, brightness=0.42)
    value = kind.value(kind.observe(some, USUAL), USUAL)
    scores = np.sort([one.outlier for one in some])
    training = np.arange(1, 401) / 401
    both = np.concatenate([scores, training])
    exact = np.abs(
        np.searchsorted(scores, both, side="right") / 250 - np.searchsorted(training, both, side="right") / 400
    ).max()
    assert value["d"] - 1e-12 <= exact <= value["d"] + value["bound"] + 1e-12


def test_a_source_gone_wrong_in_the_latest_hour_is_noticed_and_named() -> None:
    quiet = [(hour, source, images(60)) for hour in range(3) for source in ("line-1", "line-2", "line-3")]
    assert drift.explain(cells(*quiet), USUAL)["notice"] is False
    wrong = [*quiet, (3, "line-2", images(60, brightness=0.2, outlier=0.99))]
    value = drift.explain(cells(*wrong), USUAL)
    assert value["notice"] is True
    assert value["slice"]["source"] == "line-2"
    assert value["sentence"].startswith("line-2, latest 60 images: darker: median brightness 0.4")


def test_chance_alone_gives_a_notice_about_never() -> None:
    noticed = sum(
        drift.explain(cells(*((h, s, images(30)) for h in range(2) for s in ("a", "b", "c"))), USUAL)["notice"]
        for _ in range(60)
    )
    assert noticed == 0


def moved(name: str, family: str, d: float) -> dict[str, object]:
    return {"name": name, "family": family, "d": d, "d_beyond_chance": d}


def test_people_hear_first_of_what_they_can_see_when_it_moved_comparably() -> None:
    norm, greys = moved("feature_norm", "model", 0.9), moved("entropy", "image", 0.8)
    darker, faint = moved("brightness", "image", 0.6), moved("brightness", "image", 0.3)
    assert kind.in_order([norm, greys, darker]) == [darker, greys, norm]
    assert kind.in_order([norm, faint]) == [norm, faint], "not at half the distance"
    assert kind.in_order([greys, faint]) == [greys, faint]


def test_a_notice_says_darker_although_the_models_features_moved_further() -> None:
    norm = Feature("feature_norm", "strength of its response", "model", "the model responds more weakly", "stronger")
    usual = Reference(
        "r", 400, (norm, BRIGHTNESS), (Spread.of(RNG.normal(9, 1, 400)), Spread.of(RNG.normal(0.33, 0.05, 400))),
        USUAL.outlier, {},
    )  # fmt: skip
    dark = [
        Observed(1, 1, None, (), np.array([RNG.normal(1, 1), RNG.normal(0.24, 0.05)], dtype=np.float32), 0.99, True)
        for _ in range(200)
    ]
    found = [(Cell("drift", Bucket(0, "line-1", "v", "champion"), "r", ""), kind.observe(dark, usual)[""])]
    value = drift.explain(found, usual)
    by_name = {one["name"]: one["d"] for one in value["features"]}
    assert by_name["feature_norm"] > by_name["brightness"] > 0.3
    assert "darker: median brightness 0.3" in value["sentence"]


def test_few_calibration_images_still_tell_an_unusual_one() -> None:
    few = Reference("r", 80, (), (), Spread.of(np.arange(1, 75) / 75), {})
    strangest, usual = 1 - 1 / 75, 1 - 2 / 75
    some = [Observed(1, 1, None, (), None, score) for score in (strangest, usual, 0.5, 0.1)]
    value = outlier.value(outlier.observe(some, few), few)
    assert value["unusual"] == 1
    assert value["expected_share"] == 1 / 75


def test_what_is_flagged_is_by_benjamini_and_hochberg_and_hardly_ever_wrong() -> None:
    """Against the rule on the scores themselves; and of ordinary images none is flagged nine times in ten."""
    flagged_of_none = 0
    for _ in range(200):
        strange = np.clip(RNG.beta(60, 0.3, 30), 0, 0.9999)
        scores = np.concatenate([RNG.uniform(0, 1, 200), strange])
        some = [Observed(1, 1, None, (), None, float(score)) for score in scores]
        value = outlier.value(outlier.observe(some, None), None)
        exact = false_discovery_control(1 - scores) <= 0.1
        assert 0 < value["flagged"] <= np.count_nonzero(exact)
        assert value["flagged"] == np.count_nonzero(scores > value["flagged_above"])
        ordinary = [Observed(1, 1, None, (), None, float(score)) for score in RNG.uniform(0, 1, 200)]
        flagged_of_none += outlier.value(outlier.observe(ordinary, None), None)["flagged"] > 0
    assert flagged_of_none <= 34  # 20 are expected at most


@pytest.mark.parametrize(
    ("score", "words"),
    [(0.2, "as usual as most training images"), (0.99, "1 in 100 training images is this unusual"), (1 - 1 / 1201, "1 in 1,201 training images is this unusual")],
)  # fmt: skip
def test_a_score_is_said_in_words(score: float, words: str) -> None:
    assert in_words(score) == words


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=300))
def test_a_state_is_read_as_it_was_written(counts: list[int]) -> None:
    state = np.array(counts, dtype=np.int64)
    back = unpack(pack(state))
    assert back.dtype == state.dtype
    assert np.array_equal(back, state)
    floats = state.astype(np.float64) / 3
    assert np.array_equal(unpack(pack(floats)), floats)


def row(name: str, version: str, ready_seq: int, state: str = "ready") -> FittedReference:
    return FittedReference(name, "d", "ds", version, state, None, 1, ready_seq, 0, "", 0)  # type: ignore[arg-type]


def test_each_prediction_has_exactly_one_reference() -> None:
    first, second = row("a", "v1", 10), row("b", "v2", 50)
    both = [first, second]
    assert speaks_for(both, "v1", 5) is first
    assert speaks_for(both, "v1", 99) is first, "an earlier version keeps its own, also after a rollback"
    assert speaks_for(both, "v2", 5) is second
    assert speaks_for(both, "other", 5) is first
    assert speaks_for(both, "other", 30) is first
    assert speaks_for(both, "other", 60) is second
    assert speaks_for([row("a", "v1", 10, "preparing")], "v1", 60) is None
    assert speaks_for([], "v1", 1) is None
