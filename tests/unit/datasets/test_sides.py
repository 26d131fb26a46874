"""Test images stay test images, whatever a later import says, and whoever re-imports a grown set finds the cut where it was."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from relens.datasets.item import Item, Split
from relens.datasets.sides import Sides, keep_tested, wanted
from relens.datasets.split import assign

SPLITS = st.sampled_from(["train", "validation", "test"])


def known(*images: tuple[str, str, Split]) -> Sides:
    sides = Sides()
    for number, (asset, group, split) in enumerate(images, 1):
        sides.add(asset, group, split, number)
    return sides


def cut(assets: list[str], groups: list[str], declared: list[Split | None], sides: Sides) -> dict[str, Split]:
    return dict(zip(assets, assign(groups, wanted(assets, groups, declared, sides)), strict=True))


def test_what_was_a_test_image_once_is_never_trained_on() -> None:
    sides = known(("x", "g", "test"), ("x", "g", "train"))
    assert sides.of("x") == "test"
    assert cut(["x", "y"], ["g", "h"], ["train", "train"], sides)["x"] == "test"
    assert [item.split for item in keep_tested([Item("x", "validation", "g", "x.jpg")], sides)] == ["test"]


@given(st.integers(0, 60), st.integers(1, 60))
def test_a_grown_set_keeps_the_cut_it_had(first: int, more: int) -> None:
    names = [f"image {number}" for number in range(first)]
    sides = Sides()
    before = cut(names, names, [None] * first, sides)
    # A set that was too small for a validation split gets one as soon as it can.
    assume("validation" in before.values())
    for name, split in before.items():
        sides.add(name, name, split, 1)
    grown = [*names, *(f"later {number}" for number in range(more))]
    after = cut(grown, grown, [None] * len(grown), sides)
    assert {name: after[name] for name in names} == before


@given(st.lists(st.tuples(st.integers(0, 20), SPLITS), min_size=1, max_size=40))
def test_validation_that_was_set_apart_by_us_stays_where_it_was(images: list[tuple[int, Split]]) -> None:
    names = sorted({f"image {number}" for number, _ in images})
    declared: list[Split | None] = ["train"] * len(names)
    before = cut(names, names, declared, Sides())
    assume("validation" in before.values())
    sides = known(*((name, name, split) for name, split in before.items()))
    assert cut([*names, "new"], [*names, "new"], [*declared, "train"], sides) | {"new": "train"} == before | {
        "new": "train"
    }


def test_a_new_image_of_a_scene_that_was_tested_goes_with_it() -> None:
    sides = known(("x", "scene 7", "test"))
    assert cut(["y", "z"], ["scene 7", "scene 8"], ["train", "train"], sides)["y"] == "test"
    # Known by the image in it, where the import calls the scene something else.
    found = cut(["x", "y", "z"], ["new name", "new name", "other"], ["train", "train", "train"], sides)
    assert (found["x"], found["y"]) == ("test", "test")


def test_an_author_who_has_one_scene_on_both_sides_keeps_it_so() -> None:
    sides = known(("x", "scene 7", "test"), ("y", "scene 7", "train"))
    declared: list[Split | None] = ["test", "train", "train"]
    assert list(cut(["x", "y", "z"], ["scene 7"] * 3, declared, sides).values()).count("test") == 1
    assert cut(["w"], ["scene 7"], [None], sides) != {"w": "test"}, "nobody said that w is a test image"


def test_what_was_trained_on_may_be_declared_a_test_image() -> None:
    assert cut(["x", "y"], ["g", "h"], ["test", "train"], known(("x", "g", "train")))["x"] == "test"
