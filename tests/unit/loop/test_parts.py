"""Label by label and source by source: what fell is found, what fell by chance mostly is not, and what was not seen is not called passed."""

import numpy as np
import pytest

from relens.loop.parts import LEAST, by_label, by_source
from relens.metrics.paired import discoveries
from tests.unit.loop.material import classifier, detector

FINDS = {"bolt": 0.7, "nut": 0.7, "gear": 0.7}


def test_the_one_label_that_fell_is_called_worse() -> None:
    champion = detector(60, FINDS)
    candidate = detector(60, FINDS | {"nut": 0.3})
    states = {part.name: part.state for part in by_label(champion, candidate, tuple(FINDS), {})}
    assert states["nut"] == "worse"
    assert "worse" not in (states["bolt"], states["gear"])
    back = {part.name: part.state for part in by_label(candidate, champion, tuple(FINDS), {})}
    assert back["nut"] == "better"


def test_a_label_with_few_objects_is_not_assessed_with_its_count() -> None:
    champion, candidate = (detector(12, FINDS | {"nut": finds}) for finds in (0.9, 0.0))
    parts = by_label(champion, candidate, (*FINDS, "washer"), {})
    assert {part.name: (part.state, part.count) for part in parts} == {
        "bolt": ("not assessed", 24),
        "nut": ("not assessed", 24),
        "gear": ("not assessed", 24),
        "washer": ("not assessed", 0),
    }


def test_a_classifier_that_says_a_label_too_often_loses_on_it() -> None:
    """All glass is still found; what is worse is what else is called glass."""
    true = ["glass"] * 60 + ["paper"] * 120
    careful = list(true)
    eager = ["glass"] * 60 + ["glass", "paper"] * 60
    parts = {
        part.name: part for part in by_label(classifier(careful, true), classifier(eager, true), ("glass", "paper"), {})
    }
    assert parts["glass"].metric == "f1"
    assert parts["glass"].candidate == pytest.approx(2 * 60 / (120 + 60))
    assert {part.state for part in parts.values()} == {"worse"}


def test_weights_say_how_much_each_image_counts() -> None:
    true = ["glass"] * 80
    half = ["glass"] * 40 + ["paper"] * 40
    weights = {f"{key:04}": 3.0 for key in range(40)}
    (part,) = by_label(classifier(true, true), classifier(half, true), ("glass",), weights)
    assert part.candidate == pytest.approx(2 * 120 / (120 + 160))


def test_the_source_that_fell_is_found_and_a_single_source_says_nothing_new() -> None:
    true = ["glass", "paper"] * 80
    sources = ["line 0"] * 80 + ["line 1"] * 80
    flipped = [*true[:80], *("paper" if one == "glass" else "glass" for one in true[80:120]), *true[120:]]
    champion, candidate = classifier(true, true, sources), classifier(flipped, true, sources)
    assert [(part.name, part.state) for part in by_source(champion, candidate, "accuracy", {})] == [
        ("line 0", "no different"),
        ("line 1", "worse"),
    ]
    one = classifier(true, true, ["line 0"] * 160)
    assert by_source(one, one, "accuracy", {}) == ()
    halves = detector(2 * LEAST, FINDS, sources=2), detector(2 * LEAST, FINDS | {"bolt": 0.0, "nut": 0.1}, sources=2)
    assert {part.state for part in by_source(*halves, "map50_95", {})} == {"worse"}


def test_among_equal_labels_few_are_called_worse_or_better() -> None:
    """20 labels of two classifiers that are equally good: at most one in ten believed tests is chance, so there is hardly any."""
    chance = np.random.default_rng(3)
    labels = [f"label {i}" for i in range(20)]
    true = [label for label in labels for _ in range(LEAST)]
    called = 0
    for _ in range(3):
        said = [
            [label if luck < 0.8 else labels[0] for label, luck in zip(true, chance.random(len(true)), strict=True)]
            for _ in range(2)
        ]
        parts = by_label(classifier(said[0], true), classifier(said[1], true), labels[1:], {})
        called += sum(part.state != "no different" for part in parts)
    assert called <= 1, "57 comparisons of nothing"


def test_discoveries_are_those_of_benjamini_and_hochberg() -> None:
    assert discoveries([0.9, 0.001, 0.04, 0.02], 0.10) == [False, True, True, True]
    assert discoveries([0.11, 0.5], 0.10) == [False, False]
    assert discoveries([], 0.10) == []
