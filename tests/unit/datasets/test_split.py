"""Splits: by group, the same every time, with something to look at in each."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.datasets.item import BadItem, Split, UnknownSplit, safe_name, split_named
from relens.datasets.split import BadRatios, Ratios, assign, side

groups = st.lists(st.integers(0, 40).map(str), min_size=1, max_size=120)


@given(groups)
def test_a_group_never_straddles_splits(names: list[str]) -> None:
    found = defaultdict(set)
    for name, split in zip(names, assign(names, [None] * len(names)), strict=True):
        found[name].add(split)
    assert all(len(splits) == 1 for splits in found.values())


@given(groups, st.randoms())
def test_the_order_of_images_changes_nothing(names: list[str], random: object) -> None:
    first = dict(zip(names, assign(names, [None] * len(names)), strict=True))
    turned = names[::-1]
    assert dict(zip(turned, assign(turned, [None] * len(turned)), strict=True)) == first


@given(groups, st.lists(st.sampled_from(["train", "validation", "test", None]), min_size=120, max_size=120))
def test_a_declared_split_is_used_as_it_is_but_for_a_validation_cut(names: list[str], said: list[Split | None]) -> None:
    declared = said[: len(names)]
    for before, after in zip(declared, assign(names, declared), strict=True):
        if before is not None:
            assert after == before or ("validation" not in declared and (before, after) == ("train", "validation"))


def test_a_large_set_is_cut_by_the_ratios() -> None:
    counted = Counter(assign([str(n) for n in range(10_000)], [None] * 10_000, Ratios(0.1, 0.2)))
    assert abs(counted["test"] - 2000) <= 1
    assert abs(counted["validation"] - 1000) <= 1


def test_without_a_validation_split_a_share_of_training_becomes_one() -> None:
    names = [str(n) for n in range(125)]
    declared: list[Split | None] = ["train"] * 100 + ["test"] * 25
    counted = Counter(assign(names, declared))
    assert counted["test"] == 25
    assert counted["validation"] == 15
    few = Counter(assign(names[:20], ["train"] * 20))
    assert few["validation"] == 5
    assert Counter(assign(["a"], ["train"])) == {"train": 1}
    assert Counter(assign(["a", "b"], ["train", "train"])) == {"train": 1, "validation": 1}


def test_one_huge_group_does_not_become_validation() -> None:
    names = ["huge"] * 80 + [f"small {n}" for n in range(20)]
    found = dict(zip(names, assign(names, ["train"] * 100), strict=True))
    assert found["huge"] == "train"
    assert "validation" in found.values()


def test_images_that_arrive_one_by_one_keep_their_side_for_ever() -> None:
    sides = Counter(side(str(n), 0.2) for n in range(5000))
    assert 850 < sides["test"] < 1150
    assert all(side(str(n), 0.3) == "test" for n in range(500) if side(str(n), 0.2) == "test")


@pytest.mark.parametrize("ratios", [(-0.1, 0.1), (0.5, 0.5), (0.9, 0.9)])
def test_shares_that_leave_nothing_to_train_on_are_refused(ratios: tuple[float, float]) -> None:
    with pytest.raises(BadRatios):
        Ratios(*ratios)


def test_other_words_for_splits_are_understood_and_unknown_ones_refused() -> None:
    assert [split_named(word) for word in ("Train", "val", "valid", "holdout")] == [
        "train",
        "validation",
        "validation",
        "test",
    ]
    with pytest.raises(UnknownSplit, match="production"):
        split_named("production")


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "C:/x", "C:\\x", "..\\up", "a/.", "x\0y", "a" * 300, "\ud800"],
)
def test_a_file_name_that_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(BadItem):
        safe_name(name)


@pytest.mark.parametrize("name", ["a.png", "a/b c/ä.png", "a\\b.png", "...", "a..b"])
def test_other_file_names_are_taken(name: str) -> None:
    assert safe_name(name) == name.replace("\\", "/")
