"""What the threshold that stands would do for a candidate: told from the test images, and moved only where it is clearly worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relens.loop.threshold import Carried, carried
from relens.training.evaluate import Evaluated
from tests.unit.loop.material import classifier, detector

ONE = {"bolt": 0.9}


def clipped(version: Evaluated, least: float, most: float) -> Evaluated:
    """The same answers with their confidences squeezed into another range: as good a version, and another scale."""
    squeezed = [
        {label: replace(match, scores=least + (most - least) * match.scores) for label, match in one.items()}
        for one in version.matches
    ]
    return replace(version, matches=tuple(squeezed))


def told(
    champion: Evaluated, candidate: Evaluated, threshold: float, weights: dict[str, float] | None = None
) -> Carried:
    found = carried(champion, candidate, ["bolt"], threshold, weights or {})
    assert found is not None
    return found


def test_a_threshold_that_lets_a_candidate_of_another_scale_say_everything_is_clearly_worse_for_it() -> None:
    good = detector(40, ONE, invents=1.0, sure=0.5, unsure=0.0)
    weak = clipped(good, 0.0, 0.12)
    best = told(weak, good, 0.06)
    assert (best.champion.threshold, best.kept.threshold) == (0.06, 0.06)
    assert best.kept.wrong > 30 > best.champion.wrong
    assert best.worse
    assert best.best is not None
    assert best.best.threshold > 0.3
    assert (best.best.f1 or 0) > (best.kept.f1 or 0) + 0.05
    assert "is clearly worse for it" in best.sentence()
    assert Carried.from_json(best.to_json()) == best


def test_the_same_scale_keeps_its_threshold_also_where_it_is_far_from_the_best() -> None:
    """Who chose 0.1 to miss nothing had a reason, which holds for a version of the same scale too."""
    version = detector(40, ONE, invents=1.0, sure=0.5, unsure=0.0)
    same = told(version, detector(40, ONE, seed=2, invents=1.0, sure=0.5, unsure=0.0), 0.1)
    assert same.elsewhere is not None
    assert not same.worse


def test_what_the_rates_say_is_what_is_answered_from_there_on_and_each_image_has_its_weight() -> None:
    version = detector(30, {"bolt": 1.0}, invents=0.5, sure=0.5, unsure=0.0)
    plain = told(version, version, 0.0)
    assert (plain.kept.recall, plain.kept.answers) == (1.0, 60 + plain.kept.wrong)
    assert plain.kept.precision == pytest.approx(60 / plain.kept.answers)
    assert plain.best is not None
    assert (plain.best.precision, plain.best.recall) == (1.0, 1.0) or plain.best.wrong < plain.kept.wrong
    false = [name for name, one in zip(version.assets, version.matches, strict=True) if len(one["bolt"].scores) > 2]
    heavy = told(version, version, 0.0, dict.fromkeys(false, 3.0))
    assert (heavy.kept.precision or 1) < (plain.kept.precision or 0)
    assert heavy.kept.wrong == plain.kept.wrong


def test_where_nothing_is_and_nothing_is_said_no_threshold_is_told_of() -> None:
    nothing = detector(20, ONE, objects=0)
    assert carried(nothing, nothing, ["bolt"], 0.25, {}) is None
    assert carried(nothing, detector(20, ONE, objects=0, invents=1.0), ["bolt"], 0.25, {}) is not None


def test_too_few_images_move_nothing() -> None:
    good = detector(14, ONE, invents=1.0, sure=0.5, unsure=0.0)
    few = told(clipped(good, 0.0, 0.12), good, 0.06)
    assert few.elsewhere is not None
    assert not few.worse


def test_a_classifier_that_becomes_unsure_of_everything_gets_the_place_where_it_is_as_often_right() -> None:
    true = ["bolt"] * 40
    said = ["bolt"] * 34 + ["nut"] * 6
    sure = [0.9] * 34 + [0.9] * 2 + [0.3] * 4
    champion = classifier(said, true, confidences=sure)
    timid = classifier(said, true, confidences=[one / 2 for one in sure])
    found = told(champion, timid, 0.8)
    assert (found.champion.answers, found.kept.answers, found.kept.precision) == (36, 0, None)
    assert found.worse
    assert found.best is not None
    assert (found.best.threshold, found.best.precision) == (0.3, found.champion.precision), "between 0.45 and 0.15"
    assert "40 of 40 images stay unsure" in found.sentence()
    assert not told(champion, champion, 0.8).worse
    right = told(champion, classifier(true, true, confidences=[0.45] * 40), 0.8)
    assert right.best is not None
    assert right.best.threshold == 0.45, "what is less sure than all of these stays unsure"
    assert carried(champion, timid, ["bolt", "nut"], 0.0, {}) is None, (
        "a classifier without a threshold has none to lose"
    )


def test_where_nothing_is_found_there_is_nothing_to_advise() -> None:
    found = told(detector(20, {"bolt": 0.0}), detector(20, {"bolt": 0.0}), 0.5)
    assert (found.best, found.worse, found.kept.answers, found.kept.precision) == (None, False, 0, None)
