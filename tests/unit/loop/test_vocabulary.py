"""One set of names for champion, candidate and the images that judge them."""

from __future__ import annotations

from relens.datasets.became import Became, unchanged
from relens.datasets.item import Item
from relens.datasets.relabel import Relabelling, Rule, Where
from relens.loop.gate import Labels
from relens.loop.policy import Demands
from relens.loop.vocabulary import named, vocabulary
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box

RENAMED = Became(("deep scratch", "dent"), ((2, Relabelling((Rule("scratch", "deep scratch"),))),))


def test_with_the_same_labels_nothing_is_called_otherwise() -> None:
    words = vocabulary(("a", "b"), ("b", "c"), unchanged(("a", "b", "c")), 1, 1)
    assert words.plain
    assert words.labels == Labels(("a", "b"), ("b", "c"))
    assert words.sentences == ()


def test_a_rename_is_compared_under_the_new_name() -> None:
    words = vocabulary(("scratch", "dent"), ("deep scratch", "dent"), RENAMED, 1, 2)
    assert words.labels == Labels(("deep scratch", "dent"), ("deep scratch", "dent"))
    assert words.champion == {"scratch": "deep scratch"}
    assert words.candidate == {}
    assert words.sentences == ("'scratch' is called 'deep scratch' now.",)
    assert words.demands(Demands(critical=("scratch",))).critical == ("deep scratch",)


def test_a_champion_nobody_knows_the_training_of_is_understood_too() -> None:
    assert vocabulary(("scratch", "dent"), ("deep scratch", "dent"), RENAMED).labels.missing == ()


def test_merged_labels_are_compared_as_one() -> None:
    became = Became(("mark", "dent"), ((2, Relabelling((Rule("scratch", "mark"), Rule("smear", "mark")))),))
    words = vocabulary(("scratch", "smear", "dent"), ("mark", "dent"), became, 1, 2)
    assert words.labels == Labels(("mark", "dent"), ("mark", "dent"))
    assert words.sentences == ("scratch, smear were merged into 'mark': compared as that.",)


def test_a_split_label_is_compared_as_the_whole_it_was() -> None:
    by_area = Relabelling((Rule("scratch", "fine", Where(area_below=9)), Rule("scratch", "deep")))
    words = vocabulary(
        ("scratch", "dent"), ("fine", "deep", "dent"), Became(("fine", "deep", "dent"), ((2, by_area),)), 1, 2
    )
    assert words.labels == Labels(("scratch", "dent"), ("scratch", "dent"))
    assert words.candidate == {"fine": "scratch", "deep": "scratch"}
    item = Item(
        "x", "test", "g", "x.png", None, (Annotation("fine", Box(0, 0, 2, 2)), Annotation("dent", Box(0, 0, 9, 9)))
    )
    assert [one.label for one in words.item(item).annotations] == ["scratch", "dent"]
    assert "split into deep, fine" in words.sentences[0]


def test_once_both_know_the_parts_they_are_compared_by_themselves() -> None:
    by_area = Relabelling((Rule("scratch", "fine", Where(area_below=9)), Rule("scratch", "deep")))
    words = vocabulary(("fine", "deep"), ("fine", "deep"), Became(("fine", "deep"), ((2, by_area),)), 2, 3)
    assert words.plain


def test_what_was_dropped_is_not_asked_for_and_not_lost() -> None:
    words = vocabulary(
        ("scratch", "dent"), ("dent",), Became(("dent",), ((2, Relabelling((Rule("scratch", None),))),)), 1, 2
    )
    assert words.labels == Labels(("dent",), ("dent",))
    assert named([Annotation("scratch"), Annotation("dent")], words.champion) == (Annotation("dent"),)
    assert "not asked for any more" in words.sentences[0]


def test_a_candidate_that_lost_a_label_is_still_told_apart_from_one_that_calls_it_otherwise() -> None:
    words = vocabulary(("scratch", "dent"), ("dent",), RENAMED, 1, 2)
    assert words.labels.missing == ("deep scratch",)


def test_parts_of_two_labels_that_became_one_are_compared_together() -> None:
    mixed = Relabelling(
        (Rule("a", "x", Where(area_below=9)), Rule("a", "y"), Rule("b", "y", Where(area_below=9)), Rule("b", "z"))
    )
    words = vocabulary(("a", "b"), ("x", "y", "z"), Became(("x", "y", "z"), ((2, mixed),)), 1, 2)
    assert words.labels == Labels(("x/y/z",), ("x/y/z",))
