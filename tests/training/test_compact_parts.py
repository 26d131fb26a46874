"""The trainer's parts, without training: plans, views, assignment, losses, validation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.inference.outputs.compact_detect import READER
from relens.inference.preprocess import Placement
from relens.training.compact.assign import Truths, assign, candidates, overlap
from relens.training.compact.augment import Ways, cut, letterbox, mosaic, reorient
from relens.training.compact.classify import mix
from relens.training.compact.colour import disturb
from relens.training.compact.data import Floats, Indices, Picture, Pixels, Sample
from relens.training.compact.evaluate import Found, choose, mean_average_precision, pairwise_overlap
from relens.training.compact.fit import Pace, rate_at
from relens.training.compact.loss import DetectionLoss
from relens.training.compact.network import BINS, Classifier, Detector, cell_centres, decode
from relens.training.compact.order import CannotTrain, Order, Wishes, read_wishes
from relens.training.compact.orient import equal_ways
from relens.training.compact.plan import automatic_minutes, input_shape, make_plan
from relens.training.compact.start import adopt

seeds = st.integers(0, 2**31)


def sample(width: int, height: int, *boxes: tuple[float, float, float, float]) -> Sample:
    truths = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Sample(Path("x.png"), "train", width, height, truths, np.zeros(len(truths), np.int64))


def order(task: str = "detection", **wishes: float) -> Order:
    return Order(Path(), task, ("a",), read_wishes(wishes), 1, None)


def marked(width: int, height: int, box: tuple[int, int, int, int]) -> Picture:
    """A dark picture whose one object is white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return Picture(pixels, np.asarray([box], np.float32), np.zeros(1, np.int64), (width, height))


def whiteness(pixels: Pixels, box: Floats) -> float:
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    return float(pixels[y1:y2, x1:x2].mean())


boxes_in_60_by_40 = st.tuples(st.integers(2, 30), st.integers(2, 18), st.integers(12, 26), st.integers(12, 18)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@settings(max_examples=40, deadline=None)
@given(box=boxes_in_60_by_40, seed=seeds)
def test_a_box_stays_on_its_object_when_the_picture_is_turned(box: tuple[int, int, int, int], seed: int) -> None:
    turned = reorient(marked(60, 40, box), Ways(True, True, True), np.random.default_rng(seed))
    assert whiteness(turned.pixels, turned.boxes[0]) == 255
    assert turned.pixels.sum() == marked(60, 40, box).pixels.sum()


@settings(max_examples=40, deadline=None)
@given(box=boxes_in_60_by_40, seed=seeds, scale=st.floats(0.5, 2.5))
def test_a_box_stays_on_its_object_when_a_window_is_cut(
    box: tuple[int, int, int, int], seed: int, scale: float
) -> None:
    view = cut(marked(60, 40, box), 64, 64, scale, np.random.default_rng(seed))
    assert view.pixels.shape == (64, 64, 3)
    for seen in view.boxes:
        assert (seen >= 0).all()
        assert (seen <= 64).all()
        if (seen[2:] - seen[:2]).min() >= 6:
            assert whiteness(view.pixels, seen + np.asarray([2, 2, -2, -2], np.float32)) > 200


@settings(max_examples=40, deadline=None)
@given(box=boxes_in_60_by_40, seed=seeds)
def test_a_mosaic_shows_no_box_outside_itself(box: tuple[int, int, int, int], seed: int) -> None:
    view = mosaic([marked(60, 40, box)] * 4, 64, 96, 1.6, np.random.default_rng(seed))
    assert view.pixels.shape == (64, 96, 3)
    assert len(view.boxes) == len(view.labels) <= 4
    assert (view.boxes >= 0).all()
    assert (view.boxes <= [96, 64, 96, 64]).all()


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_a_letterbox_shows_the_whole_picture_in_the_middle(width: int, height: int) -> None:
    picture = Picture(
        np.zeros((height, width, 3), np.uint8),
        np.asarray([[0, 0, width, height]], np.float32),
        np.zeros(1, np.int64),
        (width, height),
    )
    view, _, left, top = letterbox(picture, 64, 96)
    x1, y1, x2, y2 = view.boxes[0]
    assert (x1, y1) == pytest.approx((left, top), abs=1e-3)
    assert max(x2 - x1 - 96, y2 - y1 - 64) == pytest.approx(0, abs=1e-3)
    assert abs((96 - x2) - left) <= 1.001
    assert abs((64 - y2) - top) <= 1.001


def test_other_light_leaves_pixels_in_range_and_is_none_at_strength_zero() -> None:
    pixels = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    other = disturb(pixels, 1.0, torch.Generator().manual_seed(1))
    assert 0 <= float(other.min()) <= float(other.max()) <= 1
    assert not torch.allclose(other, pixels, atol=0.02)
    torch.testing.assert_close(disturb(pixels, 0.0, torch.Generator().manual_seed(1)), pixels, atol=1e-5, rtol=0)


def test_mixed_views_have_targets_that_sum_to_one_and_may_be_left_out() -> None:
    chance = np.random.default_rng(0)
    pixels, targets = chance.integers(0, 256, (4, 8, 8, 3)).astype(np.uint8), np.eye(4, dtype=np.float32)
    for _ in range(20):
        mixed, soft = mix(pixels, targets, 1.0, chance)
        assert mixed.shape == pixels.shape
        np.testing.assert_allclose(soft.sum(1), 1, atol=1e-5)
    same, hard = mix(pixels, targets, 0.0, chance)
    assert (same == pixels).all()
    assert (hard == targets).all()


def test_things_alike_from_all_sides_may_be_turned_and_things_with_an_up_may_not() -> None:
    chance = np.random.default_rng(0)
    discs, arrows = [], []
    for _ in range(40):
        grain = chance.integers(0, 60, (24, 24, 3)).astype(np.uint8)
        disc, arrow = grain.copy(), grain.copy()
        disc[6:18, 6:18] += 150
        arrow[3:10, 9:15] += 150
        box, label = np.asarray([[0, 0, 24, 24]], np.float32), np.zeros(1, np.int64)
        discs.append(Picture(disc, box, label, (24, 24)))
        arrows.append(Picture(arrow, box, label, (24, 24)))
    assert equal_ways(discs) == Ways(True, True, True)
    assert equal_ways(arrows) == Ways(True, False, False)


def test_what_would_look_like_another_label_is_not_mirrored() -> None:
    chance, pictures = np.random.default_rng(0), []
    box = np.asarray([[0, 0, 24, 24]], np.float32)
    for number in range(80):
        sign = chance.integers(0, 60, (24, 24, 3)).astype(np.uint8)
        pointing = number % 2
        sign[6:18, 15 * pointing + 1 : 15 * pointing + 8] += 150
        pictures.append(Picture(sign, box, np.asarray([pointing], np.int64), (24, 24)))
    assert equal_ways(pictures) == Ways(mirror=False, flip=True, turn=False)
    # One label: there is nothing to confuse, and cameras see most things from both sides.
    one = [Picture(p.pixels, p.boxes, np.zeros(1, np.int64), p.full_size) for p in pictures]
    assert equal_ways(one).mirror


def test_objects_of_a_pixel_or_none_at_all_tell_nothing_of_an_up() -> None:
    grain, label = np.zeros((24, 24, 3), np.uint8), np.zeros(1, np.int64)
    specks = [Picture(grain, np.asarray([[3, 3, 4, 4]], np.float32), label, (24, 24))] * 9
    bare = [Picture(grain, np.zeros((0, 4), np.float32), label[:0], (24, 24))]
    assert equal_ways(specks) == equal_ways(bare) == Ways(True, False, False)


def test_images_of_one_shape_get_an_input_of_that_shape() -> None:
    assert input_shape([sample(640, 480)] * 5, 320) == (256, 320)
    assert input_shape([sample(480, 640)] * 5, 320) == (320, 256)
    assert input_shape([sample(640, 480), sample(480, 640), sample(500, 500)], 320) == (320, 320)


def test_small_objects_get_a_larger_input_and_icons_are_not_blown_up() -> None:
    large = make_plan(order(epochs=9), [sample(640, 480, (0, 0, 300, 300))]).longest
    small = make_plan(order(epochs=9), [sample(640, 480, (0, 0, 24, 24))]).longest
    icon = make_plan(order(epochs=9), [sample(20, 20, (0, 0, 15, 15))]).longest
    assert icon <= 64 < large < small <= 640


def test_a_short_run_takes_a_smaller_input_and_smaller_steps() -> None:
    images = [sample(640, 480, (0, 0, 60, 60))] * 100
    short, long = make_plan(order(minutes=0.4), images), make_plan(order(minutes=12), images)
    assert short.longest < long.longest
    assert short.batch < long.batch


def test_a_wish_for_epochs_alone_leaves_the_clock_out() -> None:
    assert make_plan(order(epochs=3), [sample(64, 64)]).minutes is None
    assert make_plan(order(), [sample(64, 64)]).minutes == automatic_minutes(1)


@settings(max_examples=50, deadline=None)
@given(images=st.integers(1, 100_000))
def test_more_images_are_never_given_less_time(images: int) -> None:
    assert 1 <= automatic_minutes(images) <= automatic_minutes(images + 100) <= 20


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"minutes": "4"}, {"width": float("nan")}, {"colour": 1}, {"batch": True}]
)
def test_a_wrong_parameter_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(CannotTrain, match=next(iter(wrong))):
        read_wishes(wrong)


def test_no_wishes_are_all_open() -> None:
    assert read_wishes({}) == read_wishes({"epochs": None}) == Wishes()


@settings(max_examples=50, deadline=None)
@given(progress=st.floats(0, 1))
def test_the_learning_rate_never_exceeds_what_was_set(progress: float) -> None:
    assert 0 < rate_at(progress) <= 1


def test_progress_is_the_larger_of_steps_and_time() -> None:
    import time

    assert Pace(10, 4, None, 0.0).progress(10) == 0.25
    assert Pace(10, 4, 1.0, time.monotonic() - 0.9).progress(10) >= 0.9
    assert Pace(10, None, 1.0, time.monotonic() - 5).progress(0) == 1


def boxes_like(count: int, chance: torch.Generator) -> torch.Tensor:
    corner = torch.rand(count, 2, generator=chance) * 70
    return torch.cat((corner, corner + 4 + 40 * torch.rand(count, 2, generator=chance)), 1)


@given(seed=seeds, count=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_no_cell_answers_for_two_objects_and_every_lone_object_has_a_cell(seed: int, count: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    truths = Truths(torch.arange(count), boxes_like(count, chance).clamp_max(95), torch.zeros(count, dtype=torch.long))
    centres, _ = cell_centres(96, 96)
    scores, boxes = torch.rand(count, len(centres), 1, generator=chance), boxes_like(len(centres), chance)
    crowded = Truths(truths.image % 2, truths.boxes, truths.labels)
    pairs = assign(scores[:2], boxes.expand(2, -1, -1), crowded, 96, 96) if count > 1 else None
    if pairs is not None:
        places = list(zip(pairs.image.tolist(), pairs.cell.tolist(), strict=True))
        assert len(places) == len(set(places))
        assert bool(((pairs.weight >= 0) & (pairs.weight <= 1)).all())
    alone = assign(scores, boxes.expand(count, -1, -1), truths, 96, 96)
    assert set(alone.truth.tolist()) == set(range(count))


def test_candidate_cells_are_counted_as_the_head_counts_them() -> None:
    truths = torch.tensor([[30.0, 10.0, 60.0, 50.0]])
    cells, inside = candidates(truths, 64, 96)
    centres, strides = cell_centres(64, 96)
    near = centres[cells[inside]]
    assert bool(((near >= truths[0, :2]) & (near <= truths[0, 2:])).all())
    assert set(strides[cells[inside]].flatten().tolist()) == {8.0, 16.0, 32.0}


def test_overlap_agrees_with_the_validation_and_is_one_for_the_same_box() -> None:
    a, b = boxes_like(20, torch.Generator().manual_seed(0)), boxes_like(20, torch.Generator().manual_seed(1))
    paired = np.diag(pairwise_overlap(a.numpy(), b.numpy()))
    np.testing.assert_allclose(overlap(a, b).numpy(), paired, atol=1e-5)
    torch.testing.assert_close(overlap(a, a, complete=True), torch.ones(20), atol=1e-4, rtol=0)


def test_a_right_answer_loses_less_than_a_wrong_one_and_no_object_is_no_failure() -> None:
    loss = DetectionLoss(64, 64)
    cells = len(loss.centres)
    truth = torch.tensor([[12.0, 12.0, 28.0, 28.0]])
    truths = Truths(torch.zeros(1, dtype=torch.long), truth, torch.zeros(1, dtype=torch.long))
    distance = (torch.cat((loss.centres - truth[:, :2], truth[:, 2:] - loss.centres), 1) / loss.strides).clamp(
        0, BINS - 1
    )
    steps = torch.arange(BINS)
    right = (-8 * (steps - distance[..., None]).abs()).reshape(1, cells, 4 * BINS)
    inside = (distance > 0).all(1)
    sure = torch.where(inside, 6.0, -6.0)[None, :, None]
    good, bad = float(loss(sure, right, truths)), float(loss(-sure, right.flip(-1), truths))
    assert good < 0.5 * bad
    nothing = Truths(truths.image[:0], truths.boxes[:0], truths.labels[:0])
    assert float(loss(torch.full((1, cells, 1), -6.0), right, nothing)) < float(loss(sure, right, nothing))


def test_side_logits_become_the_box_they_mean() -> None:
    centres, strides = torch.tensor([[20.0, 20.0]]), torch.tensor([[8.0]])
    logits = torch.full((1, 4, BINS), -50.0)
    for side, bin_ in enumerate((1, 2, 0, 2)):
        logits[0, side, bin_] = 50.0
    torch.testing.assert_close(decode(logits.flatten(1), centres, strides), torch.tensor([[12.0, 4.0, 20.0, 36.0]]))


def test_the_network_answers_once_per_cell() -> None:
    network = Detector(5, 0.25).eval()
    classes, sides, features = network(torch.rand(2, 3, 64, 96))
    cells = len(cell_centres(64, 96)[0])
    assert classes.shape == (2, cells, 5)
    assert sides.shape == (2, cells, 4 * BINS)
    assert features.ndim == 2


def test_weights_of_labels_both_know_are_kept_in_their_new_places() -> None:
    parent, child = Classifier(3, 0.25), Classifier(3, 0.25)
    fresh = child.linear.weight.detach().clone()
    state = parent.state_dict()
    adopt(child, ["new", "c", "a"], {"labels": ["a", "b", "c"], "state": state})
    torch.testing.assert_close(child.linear.weight[1], state["linear.weight"][2])
    torch.testing.assert_close(child.linear.weight[2], state["linear.weight"][0])
    torch.testing.assert_close(child.linear.weight[0], fresh[0])


def test_what_does_not_fit_is_left_as_it_was() -> None:
    child = Classifier(2, 0.5)
    fresh = child.linear.weight.detach().clone()
    adopt(child, ["a", "b"], {"labels": ["a"], "state": Classifier(1, 0.25).state_dict()})
    torch.testing.assert_close(child.linear.weight, fresh)


def random_answers(chance: np.random.Generator) -> tuple[Found, tuple[Floats, Indices]]:
    truths = boxes_like(
        int(chance.integers(0, 8)), torch.Generator().manual_seed(int(chance.integers(1 << 30)))
    ).numpy()
    labels = chance.integers(0, 3, len(truths))
    boxes = np.concatenate((truths + chance.normal(0, 2, truths.shape), truths[:3] + 15)).astype(np.float32)
    confidences = np.sort(chance.random(len(boxes)).astype(np.float32))[::-1]
    return Found(boxes, confidences, chance.integers(0, 3, len(boxes))), (truths, labels)


@pytest.mark.parametrize("seed", range(5))
def test_validation_agrees_with_pycocotools(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    chance = np.random.default_rng(seed)
    found, truths = zip(*(random_answers(chance) for _ in range(12)), strict=True)
    coco, answers = COCO(), []
    annotations: list[dict[str, Any]] = []
    for number, (one, (boxes, labels)) in enumerate(zip(found, truths, strict=True), 1):
        for (x1, y1, x2, y2), label in zip(boxes.astype(float), labels, strict=True):
            entry = {"id": len(annotations) + 1, "image_id": number, "category_id": int(label), "iscrowd": 0}
            annotations.append(entry | {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})
        for (x1, y1, x2, y2), score, label in zip(one.boxes.astype(float), one.confidences, one.labels, strict=True):
            bbox = [x1, y1, x2 - x1, y2 - y1]
            answers.append({"image_id": number, "category_id": int(label), "score": float(score), "bbox": bbox})
    categories = [{"id": label, "name": str(label)} for label in range(3)]
    coco.dataset = {
        "info": {},
        "images": [{"id": n} for n in range(1, 13)],
        "annotations": annotations,
        "categories": categories,
    }
    coco.createIndex()
    peer = COCOeval(coco, coco.loadRes(answers), "bbox")
    peer.evaluate()
    peer.accumulate()
    peer.summarize()
    own = mean_average_precision(found, truths)
    assert own["map50_95"] == pytest.approx(peer.stats[0], abs=2e-3)
    assert own["map50"] == pytest.approx(peer.stats[1], abs=2e-3)
    capsys.readouterr()


def test_suppression_keeps_the_surest_of_each_label_and_a_box_has_one_label() -> None:
    boxes = np.asarray([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    for scores, expected in (
        ([[0.9, 0.3], [0.8, 0.6], [0.005, 0.2]], [(0.9, 0), (0.2, 1)]),
        ([[0.9, 0.3], [0.6, 0.8], [0.005, 0.002]], [(0.9, 0), (0.8, 1)]),
    ):
        found = choose(boxes, np.asarray(scores, np.float32))
        said = [(round(float(c), 1), int(label)) for c, label in zip(found.confidences, found.labels, strict=True)]
        assert said == expected


@settings(max_examples=60, deadline=None)
@given(seed=seeds, anchors=st.integers(1, 400), labels=st.integers(1, 5))
def test_the_trainer_counts_what_the_product_will_answer(seed: int, anchors: int, labels: int) -> None:
    chance = np.random.default_rng(seed)
    # Around few places, so that many overlap; the most confident are among them.
    middle = chance.integers(1, 6, (anchors, 2)) * 50 + chance.normal(0, 4, (anchors, 2))
    half = chance.uniform(10, 30, (anchors, 2))
    boxes = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
    scores = (chance.random((anchors, labels)) ** 4).astype(np.float32)
    counted = choose(boxes, scores)
    answered = READER.read({"boxes": boxes, "scores": scores}, Placement(1, 1, 0, 0, 400, 400, 400, 400))
    assert answered.boxes is not None
    np.testing.assert_array_equal(counted.labels, answered.labels)
    np.testing.assert_array_equal(counted.confidences, answered.confidences)
    np.testing.assert_allclose(counted.boxes, answered.boxes, atol=1e-3)
