import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics import precision_recall
from relens.metrics.average_precision import ApStore, Counts, UnknownImage, UnknownLabel
from relens.metrics.matching import AREAS, IOU_THRESHOLDS, match_image
from relens.metrics.precision_recall import MOST_PER_IMAGE, RECALLS, recalls_reached
from tests.unit.metrics.coco import Scene, insert, random_scene, reference, xyxy

LABELS = 4
NAMES = ["map50_95", "map50", "map75", "map_small", "map_medium", "map_large"]
NAMES += ["ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large"]


def store_of(scenes: dict[int, Scene], labels: int = LABELS) -> ApStore:
    store = ApStore(range(labels))
    for key, scene in scenes.items():
        insert(store, key, scene)
    return store


def assert_same_numbers(store: ApStore, scenes: dict[int, Scene], labels: int = LABELS) -> None:
    summary, coco = store.summary(), reference(scenes, labels)
    assert store.mean_average_precision() == pytest.approx(summary["map50_95"], abs=1e-12)
    for name, expected in zip(NAMES, coco.stats, strict=True):
        got = summary[name]
        if expected == -1:
            assert got is None, name
        else:
            assert got == pytest.approx(expected, abs=1e-12), name
    for k in range(labels):
        precision = coco.eval["precision"][:, :, k, 0, 2]
        for name, rows in (("ap50_95", precision), ("ap50", precision[0])):
            expected = None if (rows == -1).any() else pytest.approx(rows.mean(), abs=1e-12)
            assert summary["labels"][k][name] == expected


def precision_array(store: ApStore) -> np.ndarray:
    """Every interpolated precision with 100 detections per image, [10, 101, labels, areas], -1 where unknown."""
    table = -np.ones((len(IOU_THRESHOLDS), 101, len(store.labels), len(AREAS)))
    for k, label in enumerate(store.labels):
        weighted = store._weighted(label, store._by_key(None))
        for t in range(len(IOU_THRESHOLDS)):
            for a in range(len(AREAS)):
                if weighted.positives[0, a]:
                    precision, reached = (values[0] for values in weighted.envelope(t, a))
                    column = np.repeat(precision, np.diff(reached, prepend=0))
                    table[t, :, k, a] = np.concatenate([column, np.zeros(101 - len(column))])
    return table


@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([0, 1, 6]))
@settings(max_examples=25, deadline=None)
def test_every_number_is_pycocotools(seed: int, images: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    scenes = {int(key): random_scene(rng, LABELS, decimals=decimals) for key in rng.permutation(1000)[:images]}
    assert_same_numbers(store_of(scenes), scenes)


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_every_curve_is_bit_for_bit_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scenes = {key: random_scene(rng, LABELS) for key in range(15)}
    store, coco = store_of(scenes), reference(scenes, LABELS)
    assert np.array_equal(precision_array(store), coco.eval["precision"][..., 2])
    for k in range(LABELS):
        for t in (0, 5):
            curve = store.curve(k, float(IOU_THRESHOLDS[t]))
            if curve is None:
                assert (coco.eval["precision"][t, :, k, 0, 2] == -1).all()
                continue
            assert np.array_equal(curve.precision, coco.eval["precision"][t, :, k, 0, 2])
            reached = curve.precision > 0
            assert np.array_equal(curve.confidence[reached][1:], coco.eval["scores"][t, :, k, 0, 2][reached][1:])


def test_a_crowded_image_is_cut_at_a_hundred_detections_per_label() -> None:
    rng = np.random.default_rng(5)
    scenes = {1: random_scene(rng, 1, most=200, decimals=2), 2: random_scene(rng, 1, most=150, decimals=2)}
    assert_same_numbers(store_of(scenes, 1), scenes, 1)


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_inserting_removing_and_editing_in_any_order_ends_where_a_fresh_count_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    store, scenes = ApStore(range(LABELS)), {}
    for _ in range(40):
        key = int(rng.integers(0, 15))
        if key in scenes and rng.random() < 0.4:
            store.remove(key)
            del scenes[key]
        else:
            scenes[key] = random_scene(rng, LABELS)
            insert(store, key, scenes[key])
        if rng.random() < 0.3:
            store.summary()
    assert store.image_keys == sorted(scenes)
    assert store.summary() == store_of(scenes).summary()
    if scenes:
        assert_same_numbers(store, scenes)


def test_one_late_image_among_many_ties_finds_its_place() -> None:
    rng = np.random.default_rng(11)
    scenes = {key: random_scene(rng, LABELS, decimals=1) for key in range(60)}
    store = store_of({key: scene for key, scene in scenes.items() if key not in (0, 17, 59)})
    store.summary()
    for key in (17, 59, 0):
        insert(store, key, scenes[key])
    assert np.array_equal(precision_array(store), reference(scenes, LABELS).eval["precision"][..., 2])


@pytest.mark.parametrize("at_once", [1, 7, 60])
def test_labels_are_the_same_in_one_go_and_bit_by_bit(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Many short labels go together, long ones threshold by threshold."""
    rng = np.random.default_rng(at_once)
    scenes = {key: random_scene(rng, LABELS) for key in range(12)}
    together = store_of(scenes, LABELS + 1).averages()
    monkeypatch.setattr(precision_recall, "_AT_ONCE", at_once)
    apart = store_of(scenes, LABELS + 1)
    assert apart.averages() == pytest.approx(together, abs=1e-12)
    summary = apart.summary()
    assert apart.averages() == pytest.approx({name: summary[name] for name in together}, abs=1e-12)


def test_nothing_to_measure_is_none_and_never_zero() -> None:
    summary = ApStore(["cat"]).summary()
    assert all(summary[name] is None for name in NAMES)
    assert summary["labels"]["cat"] == {"ap50_95": None, "ap50": None, "positives": 0, "detections": 0}
    assert ApStore(["cat"]).curve("cat") is None
    assert ApStore([]).summary()["map50"] is None


def test_objects_that_nobody_found_make_zero() -> None:
    store = ApStore(["cat"])
    store.insert("a", match_image([], [], [], [[0, 0, 50, 50]], ["cat"]))
    assert store.summary()["map50_95"] == 0.0
    assert store.summary()["ar100"] == 0.0


def test_an_unknown_label_changes_nothing_and_says_so() -> None:
    store = ApStore(["cat"])
    with pytest.raises(UnknownLabel, match="dog"):
        store.insert("a", match_image([[0, 0, 5, 5]], [0.5], ["dog"], [], []))
    assert "a" not in store
    with pytest.raises(UnknownImage):
        store.remove("a")


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_weight_of_two_is_the_image_twice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Without ties between images: a copy cannot stand directly beside its original in the order otherwise.
    scenes = {key: random_scene(rng, LABELS, decimals=9) for key in range(0, 20, 2)}
    weights = {key: int(rng.integers(0, 3)) for key in scenes}
    copies = {key + copy: scene for key, scene in scenes.items() for copy in range(weights[key])}
    weighted, copied = store_of(scenes).summary(weights), store_of(copies).summary()
    for name in ("ar1", "ar10", "ar100", "ar_small", "ar_large"):
        assert weighted[name] == pytest.approx(copied[name], abs=1e-12)


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_replicates_are_the_summary_under_each_row_of_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    store = store_of({int(key): random_scene(rng, LABELS) for key in rng.permutation(100)[:12]})
    weights = rng.integers(0, 3, (7, 12)).astype(float)
    weights[0] = 1
    for statistic in ("map50_95", "map50", "map75"):
        replicates = store.replicates(weights, statistic)
        for row, got in zip(weights, replicates, strict=True):
            expected = store.summary(dict(zip(store.image_keys, row, strict=True)))[statistic]
            assert np.isnan(got) if expected is None else got == pytest.approx(expected, abs=1e-12)
        assert replicates[0] == pytest.approx(store.summary()[statistic], abs=1e-12)


def test_counts_at_a_threshold_are_those_of_matching_only_what_is_said() -> None:
    rng = np.random.default_rng(3)
    scenes = {key: random_scene(rng, LABELS) for key in range(20)}
    store = store_of(scenes)
    for threshold in (0.0, 0.3, 0.55, 1.0):
        said = {
            key: Scene(
                s.gt,
                s.gt_labels,
                s.crowd,
                s.dt[s.scores >= threshold],
                [label for label, score in zip(s.dt_labels, s.scores, strict=True) if score >= threshold],
                s.scores[s.scores >= threshold],
            )
            for key, s in scenes.items()
        }
        assert store.at_threshold(threshold) == store_of(said).at_threshold(0.0)
    everything = store.at_threshold(0.0)
    positives = {k: row["positives"] for k, row in store.summary()["labels"].items()}
    assert {k: counts.tp + counts.fn for k, counts in everything.items()} == positives
    assert ApStore(["cat"]).at_threshold(0.5) == {"cat": Counts(0, 0, 0)}


def test_recall_at_one_and_ten_looks_at_the_most_confident_only() -> None:
    assert MOST_PER_IMAGE == (1, 10, 100)
    boxes = [[i * 20.0, 0, i * 20.0 + 10, 10] for i in range(20)]
    store = ApStore(["cat"])
    store.insert("a", match_image(boxes, np.linspace(1, 0.1, 20), ["cat"] * 20, boxes, ["cat"] * 20))
    summary = store.summary()
    assert (summary["ar1"], summary["ar10"], summary["ar100"]) == (1 / 20, 10 / 20, 1.0)


@given(st.floats(0, 1) | st.fractions(0, 1, max_denominator=400).map(float) | st.sampled_from(RECALLS.tolist()))
@settings(max_examples=300)
def test_the_recall_grid_is_counted_as_a_search_would(recall: float) -> None:
    around = np.array([np.nextafter(recall, -1), recall, np.nextafter(recall, 2)]).clip(0)
    assert np.array_equal(recalls_reached(around), np.searchsorted(RECALLS, around, side="right"))


def test_keys_order_ties_also_when_they_are_text() -> None:
    rng = np.random.default_rng(8)
    scenes = {key: random_scene(rng, LABELS, decimals=0) for key in range(30)}
    texts = ApStore(range(LABELS))
    for key in rng.permutation(30):
        insert(texts, f"{key:03}", scenes[int(key)])
    assert texts.summary() == store_of(scenes).summary()


def test_boxes_are_given_as_corners() -> None:
    matches = match_image([[10, 10, 30, 30]], [0.9], ["cat"], xyxy(np.array([[10.0, 10, 20, 20]])), ["cat"])
    assert matches["cat"].hits[0, 0] == 2**10 - 1
