"""What two versions miss and invent is counted, not estimated."""

from relens.loop.counted import Counted, counted
from relens.loop.effects import Effect, Part
from tests.unit.loop.material import classifier, detector


def test_a_classifiers_misses_and_inventions_are_images() -> None:
    true = ["glass", "glass", "paper", "paper"]
    (glass, paper) = counted(
        classifier(["glass", "paper", "paper", "glass"], true),
        classifier(["glass", "glass", "paper", "glass"], true),
        ["glass", "paper"],
        (0.5, 0.5),
    )
    assert glass == Counted("glass", 2, (1, 0), (1, 1))
    assert paper == Counted("paper", 2, (1, 1), (1, 0))


def test_a_detectors_misses_are_objects_and_what_lies_below_the_threshold_was_not_said() -> None:
    sure, half = detector(40, {"bolt": 1.0, "nut": 1.0}), detector(40, {"bolt": 0.5, "nut": 1.0}, invents=0.5)
    bolt, nut = counted(half, sure, ["bolt", "nut", "washer"], (0.0, 0.0))
    assert (bolt.objects, bolt.missed[1], nut.missed) == (80, 0, (0, 0))
    assert 25 < bolt.missed[0] < 55
    assert bolt.wrong[0] > 5
    assert bolt.wrong[1] == 0
    (silent, _) = counted(sure, sure, ["bolt", "nut"], (0.0, 1.0))
    assert silent.missed == (0, 80)


def test_the_sentence_speaks_of_ones_own_reviews_and_does_not_hide_what_got_worse() -> None:
    counts = (
        Counted("scratch", 40, (18, 7), (3, 4)),
        Counted("dent", 12, (1, 3), (0, 0)),
        Counted("ok", 9, (2, 2), (0, 0)),
    )
    people = (Part("a", "Alice", 9, 43, 0), Part("b", "Bob", 1, 0, 0))
    effect = Effect("d", 0, "steel v2", "steel v1", ("steel v2",), people, counts)
    assert effect.sentence("a") == "Your 43 corrections are in steel v2: missed scratch 18 → 7, missed dent 1 → 3"
    assert effect.sentence("b") == "Your 1 review is in steel v2: missed scratch 18 → 7, missed dent 1 → 3"
    assert effect.sentence("c").startswith("The 43 corrections are in steel v2: ")
    unknown = Effect("d", 0, "steel v2", "steel v1", ("steel v2",), people, ())
    assert unknown.sentence("a") == "Your 43 corrections are in steel v2"
