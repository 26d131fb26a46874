"""Labels change: renamed, merged, split, dropped, added; and old names are understood afterwards."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relens.datasets.became import Became, unchanged
from relens.datasets.item import Item
from relens.datasets.relabel import BadRelabelling, Relabelling, Rule, Where, relabel
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.labels import BadLabels
from relens.vision.shapes import Box

LABELS = ("a", "b", "c")
SMALL, LARGE = Box(0, 0, 5, 5), Box(0, 0, 50, 50)


def item(name: str, *annotations: Annotation, source: str | None = None, split: str = "train") -> Item:
    asset = content_id(name.encode())
    return Item(asset, split, asset, f"{name}.png", source, annotations, 64, 64)  # type: ignore[arg-type]


def labels_of(items: list[Item]) -> list[list[str]]:
    return [[one.label for one in each.annotations] for each in items]


def test_a_rename_changes_every_annotation_and_keeps_the_place_of_the_label() -> None:
    items = [item("x", Annotation("a", SMALL), Annotation("b", LARGE)), item("y", Annotation("b", SMALL), split="test")]
    made = relabel("detection", LABELS, items, Relabelling((Rule("b", "beta"),)))
    assert made.labels == ("a", "beta", "c")
    assert labels_of(made.items) == [["a", "beta"], ["beta"]]
    (change,) = made.changes
    assert (change.annotations, change.images, change.splits["test"]) == (2, 2, 1)
    assert change.examples[0].annotations[1].label == "beta"


def test_a_merge_counts_annotations_that_lie_on_one_another_once() -> None:
    items = [item("x", Annotation("a", SMALL), Annotation("b", SMALL), Annotation("b", LARGE))]
    made = relabel("detection", LABELS, items, Relabelling((Rule("a", "ab"), Rule("b", "ab"))))
    assert made.labels == ("ab", "c")
    assert [(one.label, one.shape) for one in made.items[0].annotations] == [("ab", SMALL), ("ab", LARGE)]
    assert made.doubled == 1


def test_a_split_goes_by_area_source_or_image_and_the_rest_stays() -> None:
    items = [
        item("x", Annotation("a", SMALL), Annotation("a", LARGE), source="line 1"),
        item("y", Annotation("a", LARGE), source="line 2"),
        item("z", Annotation("a", LARGE)),
    ]
    rules = Relabelling(
        (
            Rule("a", "small", Where(area_below=100)),
            Rule("a", "second", Where(sources=("line 2",))),
            Rule("a", "third", Where(assets=(items[2].asset,))),
        )
    )
    made = relabel("detection", LABELS, items, rules)
    assert labels_of(made.items) == [["small", "a"], ["second"], ["third"]]
    assert made.labels == ("a", "small", "second", "third", "b", "c")


def test_a_dropped_label_leaves_a_detected_image_and_takes_a_classified_one_along() -> None:
    rules = Relabelling((Rule("a", None),))
    seen = relabel("detection", LABELS, [item("x", Annotation("a", SMALL))], rules)
    assert (labels_of(seen.items), seen.left, seen.labels) == ([[]], 0, ("b", "c"))
    whole = relabel("classification", LABELS, [item("x", Annotation("a")), item("y", Annotation("b"))], rules)
    assert (labels_of(whole.items), whole.left) == ([["b"]], 1)


def test_two_labels_can_change_places() -> None:
    made = relabel(
        "classification", LABELS, [item("x", Annotation("a"))], Relabelling((Rule("a", "b"), Rule("b", "a")))
    )
    assert (labels_of(made.items), made.labels) == ([["b"]], ("b", "a", "c"))


@pytest.mark.parametrize(
    ("rules", "error", "said"),
    [
        ((Rule("z", "y"),), BadRelabelling, "no label 'z'"),
        ((Rule("a", None), Rule("b", None), Rule("c", None)), BadRelabelling, "no label would be left"),
        ((Rule("a", " "),), BadLabels, "not empty"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: tuple[Rule, ...], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Relabelling(rules).labels(LABELS)


@pytest.mark.parametrize(
    ("rules", "add", "said"),
    [
        ((), (), "nothing would change"),
        ((Rule("a", "a"),), (), "is called so already"),
        ((Rule("a", "x"), Rule("a", "y", Where(area_below=1))), (), "put that one last"),
    ],
)
def test_rules_that_mean_nothing_are_refused(rules: tuple[Rule, ...], add: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadRelabelling, match=said):
        Relabelling(rules, add)


def test_a_classified_image_has_no_area_by_which_it_could_be_told_from_others() -> None:
    """An area of 0 is below any: every image of the label would have changed."""
    by_area = Relabelling((Rule("a", "small", Where(area_below=100)),))
    with pytest.raises(BadRelabelling, match="a classified image has no shape, so no part of 'a' is told by its area"):
        relabel("classification", LABELS, [item("x", Annotation("a"))], by_area)


def test_what_is_written_and_read_again_is_the_same() -> None:
    rules = Relabelling((Rule("a", "x", Where(("s",), ("t",), 1.0, 2.0)), Rule("b", None)), ("new",))
    assert Relabelling.from_json(rules.to_json()) == rules


names = st.sampled_from("abcdef")
whole_rules = st.lists(st.builds(Rule, names, st.none() | names), min_size=1, max_size=4)


@given(st.lists(whole_rules, min_size=1, max_size=4), st.lists(names, max_size=5))
def test_old_names_become_what_the_versions_made_of_them(history: list[list[Rule]], said: list[str]) -> None:
    """Whoever speaks in the names of the first version is understood as the images that were in it are called now."""
    labels: tuple[str, ...] = tuple("abcdef")
    items = [item("x", *(Annotation(label, Box(0, 0, 1 + n, 1)) for n, label in enumerate(said)))]
    changes = []
    for number, rules in enumerate(history, 2):
        known = [rule for rule in rules if rule.label in labels]
        try:
            change = Relabelling(tuple(known))
            made = relabel("detection", labels, items, change)
        except BadRelabelling:
            assume(False)
            raise
        labels, items = made.labels, made.items
        changes.append((number, change))
    became = Became(labels, tuple(changes))
    for first, label in enumerate(said):
        now = [one.label for one in items[0].annotations if one.shape == Box(0, 0, 1 + first, 1)]
        assert became.now(label, since=1) == frozenset(now)
        if label not in labels:
            (annotation,) = [Annotation(label, Box(0, 0, 1 + first, 1))]
            assert [one.label for one in became.of([annotation], "x", None)] == now


def test_a_name_that_is_in_use_means_what_it_means_now() -> None:
    became = Became(("a", "b"), ((2, Relabelling((Rule("a", "b"),))),))
    assert became.now("a") == {"a"}
    assert became.now("a", since=1) == {"b"}
    assert became.of([Annotation("a")], "x", None) == (Annotation("a"),)


def test_a_split_is_followed_where_the_rule_tells_and_otherwise_the_old_name_is_kept() -> None:
    by_area = Relabelling((Rule("a", "small", Where(area_below=100)), Rule("a", "large")))
    became = Became(("small", "large"), ((2, by_area),))
    assert became.of([Annotation("a", SMALL), Annotation("a", LARGE)], "x", None) == (
        Annotation("small", SMALL),
        Annotation("large", LARGE),
    )
    by_image = Relabelling((Rule("a", "one", Where(assets=("y",))), Rule("b", "c")))
    gone = Became(("one", "c"), ((2, by_image),))
    assert gone.of([Annotation("a")], "x", None) == (Annotation("a"),)
    assert unchanged(("a",)).now("z") == {"z"}
