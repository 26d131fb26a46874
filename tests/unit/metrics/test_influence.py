"""What each image moves is the slope of average precision without its envelope, however it is computed."""

import numpy as np
import pytest

from relens.metrics.average_precision import AVERAGED, ApStore
from relens.metrics.matching import LabelMatch
from tests.unit.metrics.coco import insert, random_scene

LABELS = 3


def without_envelope(store: ApStore, weights: np.ndarray, statistic: str) -> float:
    """By the definition: the mean, over what there is to find, of the precision at each find."""
    of_labels = []
    by_slot = store._by_slot(weights[None])[0]
    for label in store.labels:
        rows = store._rows[label].read(store._keys)
        slots, positives = store._rows[label].positives_table()
        wanted = float(by_slot[slots] @ positives[:, 0])
        if wanted <= 0:
            continue
        of_ious = []
        for iou in AVERAGED[statistic]:
            true = said = found = 0.0
            for slot, hits, ignored in zip(rows.slot, rows.hits[:, 0], rows.ignored[:, 0], strict=True):
                if ignored >> iou & 1:
                    continue
                said += by_slot[slot]
                if hits >> iou & 1:
                    true += by_slot[slot]
                    found += by_slot[slot] * true / said
            of_ious.append(found / wanted)
        of_labels.append(np.mean(of_ious))
    return float(np.mean(of_labels))


@pytest.mark.parametrize("statistic", ["map50", "map50_95"])
def test_an_influence_is_a_slope(statistic: str) -> None:
    rng = np.random.default_rng(8)
    store = ApStore(range(LABELS + 1))
    for key in rng.permutation(50)[:10]:
        insert(store, int(key), random_scene(rng, LABELS))
    weights = rng.uniform(1, 20, 10)
    found = store.influence(weights, statistic)
    for place in range(10):
        step = np.zeros(10)
        step[place] = 1e-4
        more, less = (without_envelope(store, weights + sign * step, statistic) for sign in (1, -1))
        assert found.by_image[place] == pytest.approx((more - less) / 2e-4, rel=1e-5, abs=1e-8)
    assert weights @ found.by_image == pytest.approx(0, abs=1e-9), "more of everything changes nothing"
    assert found.one_mistake > 0


def test_without_an_object_nothing_moves() -> None:
    found = ApStore(["cat"]).influence(np.empty(0))
    assert found.one_mistake == 0.0
    assert len(found.by_image) == 0


def test_the_steps_between_recalls_are_paid_for_and_gone_where_everything_was_reviewed() -> None:
    rng = np.random.default_rng(3)
    store = ApStore(range(LABELS + 1))
    for key in range(12):
        insert(store, key, random_scene(rng, LABELS))
    assert store.influence(np.ones(12), "map50").grid == 0.0
    some, many = (store.influence(np.full(12, weight), "map50").grid for weight in (1.01, 50.0))
    assert 0.0 < some < many <= 1 / 101 / np.sqrt(6)


def test_without_the_steps_it_is_the_area_under_the_best_precision() -> None:
    store = ApStore(["cat"])
    hits = np.repeat(np.array([[1], [0], [1]], np.uint16), 4, axis=1)
    match = LabelMatch(np.array([0.9, 0.8, 0.7]), hits, np.zeros((3, 4), np.uint16), np.full(4, 3))
    store.insert("a", {"cat": match})
    # Three objects: found at once, then with one mistake before it; the third never.
    assert store.replicates(np.ones(1), "map50", smooth=True)[0] == pytest.approx((1 + 2 / 3) / 3)
    assert store.replicates(np.ones(1), "map50")[0] == pytest.approx((34 + 33 * 2 / 3) / 101)
