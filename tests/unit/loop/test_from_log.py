"""What the log says of two versions is judged as an evaluation would judge it."""

from __future__ import annotations

import pytest

from relens.deployments.deployment import Role
from relens.loop.beside import judged
from relens.loop.flips import flips
from relens.loop.from_log import Beside, evaluated
from relens.loop.gate import Labels
from relens.loop.vocabulary import Vocabulary
from relens.predictions.logged import Logged
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

PLACE = Box(10, 10, 40, 40)


def line(number: int, role: Role, *said: Detection) -> Logged:
    return Logged(
        f"{role} {number}", "d", number + 1, None, f"image {number}", 64, 64, role, role, None, (), {}, number, number,
        1.0, 0.3, said, None, None, "corrected", None,
    )  # fmt: skip


def images(count: int, found: float, shadow_found: float) -> list[Beside]:
    """One bolt in each; which share of them each version finds. Both also say something of a label the other does not know."""
    bolt, odd = Detection("bolt", 0.9, PLACE), Detection("washer", 0.9, PLACE)

    def said(number: int, share: float) -> tuple[Detection, ...]:
        return (bolt, odd) if number < share * count else (odd,)

    return [
        Beside(
            line(number, "champion", *said(number, found)),
            line(number, "shadow", *said(number, shadow_found)),
            (Annotation("bolt", PLACE), Annotation("washer", PLACE)),
            0.5,
        )
        for number in range(count)
    ]


def test_only_the_labels_that_both_know_are_judged() -> None:
    some = images(20, 0.5, 1.0)
    champion, shadow = (evaluated("detection", ("bolt",), some, shadow=which) for which in (False, True))
    assert champion.scores["map50_95"] == pytest.approx(0.5, abs=0.02)
    assert shadow.scores["map50_95"] == pytest.approx(1.0)
    assert set(champion.labels) == {"bolt"}
    assert len(flips(champion, shadow, (0.3, 0.3)).fixed) == 10


def test_a_detector_beside_another_is_judged_by_its_boxes() -> None:
    labels = Labels(("bolt",), ("bolt",))
    better = judged("detection", Vocabulary(labels), images(120, 0.5, 0.95))
    assert better.passed
    assert "120 random checks" in better.reasons[0]
    assert judged("detection", Vocabulary(labels), images(120, 0.95, 0.5)).decision == "keep champion"
    few = judged("detection", Vocabulary(labels), images(40, 0.5, 0.95))
    assert few.decision == "review more"
    assert few.numbers["review_more"] == 60


def test_a_classifier_beside_another_is_judged_by_what_it_finds_likeliest_whatever_the_champions_threshold() -> None:
    """The shadow is right and says so with less confidence than the deployment asks of its champion."""
    some = [
        Beside(
            line(number, "champion", Detection("nut" if number % 3 else "bolt", 0.9)),
            line(number, "shadow", Detection("bolt", 0.2)),
            (Annotation("bolt"),),
            0.5,
        )
        for number in range(120)
    ]
    assert evaluated("classification", ("bolt", "nut"), some, shadow=True).scores["accuracy"] == 1.0
    assert judged("classification", Vocabulary(Labels(("bolt", "nut"), ("bolt", "nut"))), some).passed
