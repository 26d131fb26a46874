"""Which image enters, and on which side of the cut."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from relens.access.actor import Actor
from relens.datasets.became import unchanged
from relens.datasets.item import Item
from relens.datasets.sides import Sides
from relens.kit.ids import content_id
from relens.loop.membership import Known, Member, Reviewed, place
from relens.loop.merge import merge
from relens.review.verdict import Status, Verdict
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box

ALICE = Actor("a", "Alice", "person", "reviewer", 0)
TRUE = (Annotation("a"),)


def fingerprint(number: int) -> str:
    return content_id(str(number).encode())


def said(number: int, status: Status = "accepted", annotations: tuple[Annotation, ...] = TRUE, seq: int = 1) -> Verdict:
    asset = content_id(f"image {number}".encode())
    return Verdict(
        f"p{number}",
        "d",
        asset,
        "v",
        status,
        annotations if status in ("accepted", "corrected") else (),
        "",
        1,
        seq,
        ALICE,
        0,
    )


def known(*items: Item, members: tuple[Member, ...] = ()) -> Known:
    return Known(
        "classification",
        ("a", "b"),
        items,
        {item.asset: content_id(item.file_name.encode()) for item in items},
        members,
    )


def placed(
    verdict: Verdict,
    there: Known,
    before: Member | None = None,
    group: str | None = None,
    share: float = 0.2,
    checked: bool = True,
) -> Member:
    assert verdict.asset is not None
    look = content_id(verdict.asset.encode())
    reviewed = Reviewed(verdict, verdict.seq, group or verdict.asset, look, "line-1", checked)
    return place(reviewed, before, there, share)


def merged(base: list[Item], members: dict[str, Member], sides: Sides | None = None) -> list[Item]:
    return merge(base, members, sides or Sides(), unchanged(("a", "b"))).items


def test_a_usable_verdict_enters_and_others_say_why_not() -> None:
    assert placed(said(1), known()).outcome == "in"
    assert placed(said(1, "unusable"), known()).outcome == "unusable"
    assert placed(said(1, "skipped"), known()).outcome == "skipped"
    assert placed(said(1, "pending"), known()).outcome == "pending"
    assert placed(said(1, annotations=(Annotation("c"),)), known()).outcome == "unknown label"
    assert placed(said(1, "corrected", (Annotation("a", Box(0, 0, 1, 1)),)), known()).outcome == "other task"


def test_an_image_that_an_import_put_there_is_left_as_it_is() -> None:
    verdict = said(1, annotations=(Annotation("b"),))
    item = Item(verdict.asset or "", "train", "g", "one.jpg", None, TRUE)
    member = placed(verdict, known(item))
    assert member.outcome == "present"
    assert merged([item], {member.asset: member}) == [item]
    gone = placed(said(1, "unusable"), known(item))
    assert merged([item], {gone.asset: gone}) == [item]


def test_a_near_duplicate_of_what_is_there_or_waits_does_not_enter() -> None:
    there = known()
    first = placed(said(1), there)
    there.remember(first)
    twin = Reviewed(said(2), 1, "g2", first.fingerprint)
    assert place(twin, None, there, 0.2).outcome == "near-duplicate"
    assert placed(said(1, seq=2), there, first).outcome == "in"


def test_where_most_images_look_alike_a_new_one_enters_all_the_same() -> None:
    """Small things on a plain ground, or a camera that never moves: looking alike tells nothing there."""
    items = [Item(content_id(f"{n}".encode()), "train", f"g{n}", f"{n}.jpg") for n in range(12)]
    looks = {item.asset: f"{number:064x}" for number, item in enumerate(items)}
    new = Reviewed(said(1), 1, "g", f"{13:064x}")
    assert place(new, None, Known("classification", ("a", "b"), items, looks), 0.2).outcome == "in"
    few = {item.asset: looks[item.asset] for item in items[:5]}
    assert place(new, None, Known("classification", ("a", "b"), items, few), 0.2).outcome == "near-duplicate"


def test_one_scene_lies_on_one_side() -> None:
    item = Item(content_id(b"x"), "test", "scene 7", "x.jpg")
    for number in range(30):
        assert placed(said(number), known(item), group="scene 7").split == "test"


def test_an_empty_scene_keeps_its_side_when_the_share_changes() -> None:
    left = Member("gone", "p", 1, "unusable", "test", "scene 7", fingerprint(1), (), None, version="v1")
    assert placed(said(2), known(members=(left,)), group="scene 7", share=0.0).split == "test"


@given(
    st.lists(st.sampled_from(["accepted", "corrected", "unusable", "skipped", "pending"]), min_size=1, max_size=8),
    st.integers(0, 500),
)
def test_whatever_is_said_later_an_image_never_changes_sides(story: list[Status], number: int) -> None:
    there = known()
    member: Member | None = None
    sides = set()
    for seq, status in enumerate(story):
        share = 0.0 if seq % 2 else 0.5
        member = placed(said(number, status, seq=seq), there, member, share=share)
        there.remember(member)
        if member.split:
            sides.add(member.split)
        assert (member.outcome == "in") == (status in ("accepted", "corrected"))
    assert len(sides) <= 1


def test_about_the_share_is_kept_for_testing() -> None:
    splits = [placed(said(number), known(), share=0.2).split for number in range(2000)]
    assert 0.16 < splits.count("test") / 2000 < 0.24
    assert 0.05 < splits.count("validation") / 2000 < 0.12


def test_what_entered_follows_its_verdict() -> None:
    member = replace(placed(said(1), known()), version="v2")
    item = Item(member.asset, member.split or "train", member.group or "g", "reviewed/1", "line-1", TRUE)
    other = Item(content_id(b"y"), "train", "y", "y.jpg", None, TRUE)
    changed = replace(member, annotations=(Annotation("b"),))
    assert merged([item, other], {member.asset: changed}) == [replace(item, annotations=(Annotation("b"),)), other]
    assert merged([item, other], {member.asset: replace(member, outcome="unusable")}) == [other]
    assert merged([other], {member.asset: member}) == [other, replace(item, file_name=f"reviewed/{member.asset}")]


def test_only_random_checks_are_kept_for_testing() -> None:
    splits = {placed(said(number), known(), share=0.5, checked=False).split for number in range(200)}
    assert splits == {"train", "validation"}


def test_a_scene_that_is_kept_for_testing_takes_no_other_image() -> None:
    """To train on it would leak, to test on it would favour whatever the champion is unsure of."""
    there = known(Item(content_id(b"x"), "test", "scene 7", "x.jpg"))
    found = placed(said(1), there, group="scene 7", checked=False)
    assert (found.outcome, found.split) == ("test scene", None)
    assert placed(said(1), there, found, group="scene 7").split == "test"


def test_a_scene_that_was_trained_on_takes_random_checks_to_training() -> None:
    there = known(Item(content_id(b"x"), "train", "scene 7", "x.jpg"))
    assert {placed(said(number), there, group="scene 7", share=0.5).split for number in range(30)} == {"train"}


def test_what_another_deployment_put_there_is_not_ours() -> None:
    verdict = said(1)
    theirs = Member(verdict.asset or "", "q", 1, "in", "test", "g", fingerprint(1), TRUE, None, deployment="other")
    assert placed(verdict, known(members=(theirs,))).outcome == "present"
    assert placed(said(2), known(members=(theirs,)), group="g").split == "test"


def test_an_image_whose_bytes_have_left_does_not_enter() -> None:
    verdict = said(1)
    gone = Reviewed(verdict, 1, "g", "", "line-1", True, here=False)
    before = placed(verdict, known())
    assert place(gone, before, known(), 0.2).outcome == "gone"


def test_what_was_a_test_image_once_is_one_in_every_later_version() -> None:
    sides = Sides()
    item = Item(content_id(b"x"), "test", "g", "x.jpg", None, TRUE)
    sides.add(item.asset, "g", "test", 1)
    sides.add(item.asset, "g", "train", 2)
    trained = replace(item, split="train")
    assert merged([trained], {}, sides) == [item]


def test_what_waits_and_is_there_by_now_is_left_to_whoever_put_it_there() -> None:
    member = placed(said(1), known())
    item = Item(member.asset, "train", "g", "one.jpg", None, (Annotation("b"),))
    found = merge([item], {member.asset: member}, Sides(), unchanged(("a", "b")))
    assert (found.items, found.changes, found.refused) == ([item], {}, {member.asset: "present"})


def test_two_deployments_that_placed_one_scene_at_the_same_moment_keep_it_for_testing() -> None:
    member = placed(said(1), known(), group="g", checked=False)
    found = merge([], {member.asset: member}, Sides(), unchanged(("a", "b")), {"g": "test"})
    assert (found.items, found.refused) == ([], {member.asset: "test scene"})


def test_a_label_that_the_dataset_lost_does_not_come_back() -> None:
    member = replace(placed(said(1), known()), version="v2", fresh=False)
    assert merge([], {member.asset: member}, Sides(), unchanged(("b",))).refused == {member.asset: "unknown label"}
