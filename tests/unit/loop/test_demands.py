"""Critical labels and budgets stand against a candidate whatever its score."""

from dataclasses import replace

import pytest

from relens.loop.demands import objections
from relens.loop.gate import PASSED, REFUSED, UNDECIDED, Objection, decide
from relens.loop.parts import Part
from relens.loop.policy import Demands
from relens.loop.quiet_hours import BadPolicy
from relens.loop.speed import Speed
from tests.unit.loop.test_gate import SAME, seen

SCRATCH = Part("label", "scratch", "map50_95", 0.6, 0.6, 0.0, -0.02, 0.02, 80, "no different")
QUICK = Speed(20.0, 12.0, 1.0, 40)


def against(
    part: Part = SCRATCH, speed: Speed | None = QUICK, size: int = 1, **demands: object
) -> tuple[Objection, ...]:
    return objections(Demands(**demands), [part], speed, size, 200)  # type: ignore[arg-type]


def test_a_critical_label_that_fell_is_final() -> None:
    (said,) = against(replace(SCRATCH, difference=-0.12, lower=-0.18, upper=-0.06), critical=("scratch",))
    assert said.final
    assert "worse on the critical label scratch (−12.0 points, at worst −18.0)" in said.sentence
    assert against(replace(SCRATCH, difference=-0.12, lower=-0.18, upper=-0.06)) == ()


def test_a_critical_label_that_may_have_fallen_asks_for_reviews() -> None:
    wide = replace(SCRATCH, difference=0.01, lower=-0.11, upper=0.13)
    (said,) = against(wide, critical=("scratch",))
    assert not said.final
    assert said.images == 600, "the interval has to become half as wide: four times the 200 images"
    (few,) = against(replace(SCRATCH, count=12, state="not assessed"), critical=("scratch",))
    assert (few.final, few.images) == (False, 300)
    assert "12 of 30 test objects" in few.sentence
    assert against(critical=("scratch",)) == ()


def test_budgets_are_kept_or_final() -> None:
    assert against(latency_ms=15.0, size_mb=1.0) == ()
    (slow,) = against(latency_ms=10.0)
    assert (slow.final, slow.sentence) == (True, "it takes 12.0 ms an image, and 10 ms are allowed")
    (large,) = against(size=3_000_000, size_mb=2.5)
    assert (large.final, "3.0 MB" in large.sentence) == (True, True)
    (unknown,) = against(speed=None, latency_ms=10.0)
    assert not unknown.final
    with pytest.raises(BadPolicy, match="positive"):
        Demands(latency_ms=0)


def test_an_objection_outweighs_a_better_score() -> None:
    better = seen(0.3, 0.02, 400)
    assert decide(better, SAME).decision == PASSED
    refused = decide(better, SAME, objections=(Objection("it is too slow", True),))
    assert (refused.decision, refused.reasons[0]) == (REFUSED, "It is too slow.")
    unsure = decide(better, SAME, objections=(Objection("scratch may have fallen", False, 40),), test_share=0.2)
    assert (unsure.decision, unsure.numbers["review_more"]) == (UNDECIDED, 200)
    assert unsure.reasons[0] == "Scratch may have fallen: review about 200 more."
    assert "clearly better" in unsure.reasons[1]


def test_speed_is_spoken_of_only_where_it_was_measured() -> None:
    equal = seen(0.002, 0.009, 1600)
    assert "faster" not in " ".join(decide(equal, SAME).reasons)
    told = decide(equal, SAME, no_faster="it is not faster (21.0 ms against 20.0 ms)")
    assert "it is not faster (21.0 ms against 20.0 ms) and it has learned nothing newer" in told.reasons[1]


def test_faster_means_by_a_tenth_and_on_most_images() -> None:
    assert Speed(20.0, 17.0, 0.9, 40).faster
    assert not Speed(20.0, 19.0, 0.9, 40).faster
    assert not Speed(20.0, 17.0, 0.6, 40).faster
