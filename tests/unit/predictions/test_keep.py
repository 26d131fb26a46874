"""The decision to keep an image: its probabilities are probabilities, and what is kept by chance is a fair sample."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.deployments.keeping import LEAST_SHARE, BadKeeping, Keeping, keeping_of
from relens.predictions.keep import FAIR, NOT_KEPT, chance_of, decide, stands_out, surely, uncertain
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


@dataclass(frozen=True)
class Said:
    detections: tuple[Detection, ...]
    threshold: float = 0.5
    error: str | None = None


probabilities = st.floats(0, 1)
chances = st.floats(0, 1, exclude_max=True)
boxes = st.builds(lambda confidence: Detection("scratch", confidence, Box(0, 0, 5, 5)), probabilities)
wholes = st.builds(lambda label, confidence: Detection(label, confidence), st.sampled_from("abc"), probabilities)
said = st.builds(
    Said,
    st.one_of(st.lists(boxes, max_size=5).map(tuple), st.lists(wholes, max_size=3).map(tuple)),
    probabilities,
    st.sampled_from([None, None, None, "BrokenModel"]),
)
policies = st.builds(
    Keeping,
    st.sampled_from(["all", "share", "uncertain", "none"]),
    st.floats(LEAST_SHARE, 1),
    st.none() | st.integers(1, 4000),
    st.sampled_from(["refuse", "answer unlogged"]),
)
outliers = st.none() | probabilities


@given(policies, said, chances, outliers)
def test_a_decision_agrees_with_its_reason_and_its_probability(
    policy: Keeping, answer: Said, chance: float, outlier: float | None
) -> None:
    made = decide(policy, answer, chance, outlier)
    assert 0 <= made.probability <= 1
    assert made.keep == (made.reason not in NOT_KEPT)
    assert not (made.keep and made.probability == 0)
    assert made.keep or made.probability < 1
    if policy.images != "none":
        assert made.probability >= LEAST_SHARE


@given(policies, said, outliers)
def test_the_probability_is_how_often_the_draw_keeps_the_image(
    policy: Keeping, answer: Said, outlier: float | None
) -> None:
    draws = [(i + 0.5) / 2000 for i in range(2000)]
    kept = sum(decide(policy, answer, chance, outlier).keep for chance in draws) / len(draws)
    assert kept == pytest.approx(decide(policy, answer, 0.999999, outlier).probability, abs=1e-3)


@given(st.floats(LEAST_SHARE, 1), st.lists(said, min_size=1, max_size=40))
def test_uncertain_or_by_chance_is_counted_once(share: float, traffic: list[Said]) -> None:
    """Inclusion and exclusion: P(uncertain or drawn) = P(uncertain) + P(drawn) - P(both)."""
    policy = Keeping("uncertain", share)
    expected = sum(decide(policy, answer, 0.999999, None).probability for answer in traffic) / len(traffic)
    standing_out = sum(stands_out(answer, None) is not None for answer in traffic) / len(traffic)
    assert expected == pytest.approx(standing_out + share - standing_out * share)


@given(policies, said, said, chances)
def test_the_fair_sample_does_not_look_at_the_answer(policy: Keeping, one: Said, other: Said, chance: float) -> None:
    fair = {
        decide(policy, answer, chance, outlier).reason in FAIR for answer in (one, other) for outlier in (None, 1.0)
    }
    assert len(fair) == 1


@given(policies, said, chances, outliers)
def test_what_is_surely_kept_is_kept_whatever_was_said(
    policy: Keeping, answer: Said, chance: float, outlier: float | None
) -> None:
    made = decide(policy, answer, chance, outlier)
    assert made.keep if surely(policy, chance) else made.reason not in FAIR


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_draw_of_an_image_is_the_same_each_time(deployment: str, asset: str) -> None:
    assert chance_of(deployment, asset) == chance_of(deployment, asset)
    assert 0 <= chance_of(deployment, asset) < 1


def test_draws_are_spread_evenly() -> None:
    draws = sorted(chance_of("d", str(i)) for i in range(20_000))
    assert max(abs(draw - i / 20_000) for i, draw in enumerate(draws)) < 0.015


def test_an_answer_near_the_threshold_is_uncertain_and_a_clear_one_is_not() -> None:
    near, clear = Detection("x", 0.55, Box(0, 0, 1, 1)), Detection("x", 0.97, Box(0, 0, 1, 1))
    assert uncertain(Said((clear, near)))
    assert not uncertain(Said((clear,)))
    assert not uncertain(Said(()))
    assert uncertain(Said((Detection("a", 0.51), Detection("b", 0.49))))
    assert not uncertain(Said((Detection("a", 0.9), Detection("b", 0.1))))


def test_an_unusual_image_is_kept_whatever_the_draw() -> None:
    clear = Said((Detection("x", 0.97, Box(0, 0, 1, 1)),))
    assert decide(Keeping("uncertain", 0.02), clear, 0.5, 0.995).reason == "unusual"
    assert decide(Keeping("uncertain", 0.02), clear, 0.5, 0.5).reason == "left out"


@pytest.mark.parametrize(
    "written",
    [
        {"images": "some"},
        {"share": 0.01},
        {"share": 1.1},
        {"share": float("nan")},
        {"share": "half"},
        {"share": True},
        {"days": 0},
        {"days": 1.5},
        {"days": True},
        {"when_full": "panic"},
        {"colour": "red"},
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused_with_a_sentence(written: dict[str, object]) -> None:
    with pytest.raises(BadKeeping):
        keeping_of({"images": written})


@given(policies)
def test_a_policy_is_read_as_it_was_written(policy: Keeping) -> None:
    assert Keeping.from_json(policy.to_json()) == policy
