"""Which images a candidate fixes and which it breaks."""

from relens.loop.flips import flips
from tests.unit.loop.material import classifier, detector

ONE = {"bolt": 1.0}


def test_the_images_a_classifier_fixes_and_breaks_are_named() -> None:
    true = ["glass"] * 4
    told = flips(
        classifier(["glass", "paper", "paper", "glass"], true), classifier(["glass", "glass", "paper", "paper"], true)
    )
    assert [one.asset for one in told.fixed] == ["0001"]
    assert [(one.asset, one.before, one.after, one.found) for one in told.broken] == [("0003", 1.0, 0.0, -1)]


def test_a_detector_breaks_an_image_by_a_lost_object_or_by_a_false_alarm() -> None:
    sure, blind, nervous = detector(30, ONE), detector(30, {"bolt": 0.5}), detector(30, ONE, invents=0.5)
    lost = flips(sure, blind)
    assert lost.broken
    assert not lost.fixed
    assert all(one.found < 0 for one in lost.broken)
    changes = [one.change for one in lost.broken]
    assert changes == sorted(changes), "what broke most comes first"
    assert [one.asset for one in flips(blind, sure).fixed] == [one.asset for one in lost.broken]
    alarmed = flips(sure, nervous)
    assert {one.found for one in alarmed.broken} == {0}


def test_what_lies_below_the_threshold_was_not_said() -> None:
    told = flips(detector(30, ONE), detector(30, ONE), thresholds=(0.0, 1.0))
    assert len(told.broken) == 30
    assert all(one.after == 0 for one in told.broken)


def test_only_the_labels_that_both_know_count() -> None:
    both = {"bolt": 1.0, "nut": 1.0}
    told = flips(detector(10, both), detector(10, both | {"nut": 0.0}), labels={"bolt"})
    assert told.fixed == told.broken == ()
