"""However verdicts come, change and go: a bench says what a fresh count of the same images says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.metric import METRICS, Judged, Supervised
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

LABELS = ["bolt", "nut", "washer"]
NAMES = [name for name, metric in METRICS if isinstance(metric, Supervised)]


def image(rng: np.random.Generator, key: str, whole: bool) -> Judged:
    def placed(n: int) -> list[Box]:
        corner, size = rng.integers(0, 60, (n, 2)), rng.integers(4, 40, (n, 2))
        return [
            Box(float(x), float(y), float(x + w), float(y + h)) for (x, y), (w, h) in zip(corner, size, strict=True)
        ]

    def label() -> str:
        return str(rng.choice(LABELS))

    if whole:
        said = tuple(Detection(one, float(c), None) for one, c in zip(LABELS, sorted(rng.random(3))[::-1], strict=True))
        return Judged(key, said, (Annotation(label()),), 0.5, 100, 100)
    true = placed(int(rng.integers(0, 4)))
    near = [*true, *placed(int(rng.integers(0, 3)))]
    said = tuple(Detection(label(), round(float(rng.random()), 1), box) for box in near)
    objects = tuple(Annotation(label(), box, crowd=bool(rng.random() < 0.2)) for box in true)
    return Judged(key, tuple(sorted(said, key=lambda d: -d.confidence)), objects, 0.3, 100, 100)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), edits=st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=20))
def test_edits_and_reopenings_end_where_a_fresh_count_ends(name: str, seed: int, edits: list[tuple[str, bool]]) -> None:
    metric = METRICS.get(name)
    assert isinstance(metric, Supervised)
    rng, whole = np.random.default_rng(seed), metric.tasks == ("classification",)
    bench, there = metric.bench(LABELS), {}
    for key, kept in edits:
        if kept:
            there[key] = image(rng, key, whole)
            bench.insert(there[key])
        else:
            there.pop(key, None)
            bench.remove(key)
        if rng.random() < 0.3:
            bench.value()
    assert bench.value() == metric.judge(list(there.values()), LABELS)
    some = sorted(there)[::2]
    assert bench.value(some) == metric.judge([there[key] for key in some], LABELS)
    if some:
        point = bench.point(some)
        assert point["n"] == len(some)
        assert point.items() - {("n", len(some))} <= {
            (k, v) for k, v in bench.value(some).items() if not isinstance(v, dict | list | tuple)
        }


def test_a_label_is_judged_on_whole_images_and_its_row_is_told() -> None:
    """What another label found there is still taken for it, and what was said wrongly still counts against it."""
    metric = METRICS.get("detection_report")
    assert isinstance(metric, Supervised)
    place, other = Box(0, 0, 20, 20), Box(50, 50, 80, 80)
    said = (Detection("bolt", 0.9, place), Detection("bolt", 0.8, other))
    bench = metric.bench(LABELS)
    bench.insert(Judged("a", said, (Annotation("nut", place), Annotation("bolt", other)), 0.5, 100, 100))
    bolt, nut = bench.value(label="bolt"), bench.value(label="nut")
    assert (bolt["tp"], bolt["fp"], bolt["fn"], bolt["precision"]) == (1, 1, 0, 0.5)
    assert (nut["tp"], nut["fp"], nut["fn"], nut["recall"]) == (0, 0, 1, 0.0)
    assert bolt["errors"]["label"] == 1
    assert bolt["errors"]["background"] == nut["errors"]["missed"] == 0
    assert nut["confusion"] == {"labels": ["bolt", "nut", "background"], "counts": [[0, 0, 0], [1, 0, 0], [0, 0, 0]]}
    assert set(bolt["labels"]) == {"bolt"}


def test_a_class_has_false_answers_although_they_are_images_of_another_class() -> None:
    metric = METRICS.get("classification_report")
    assert isinstance(metric, Supervised)
    bench = metric.bench(LABELS)
    for key, true in (("a", "bolt"), ("b", "nut"), ("c", "nut")):
        bench.insert(Judged(key, (Detection("bolt", 0.9),), (Annotation(true),), 0.5, 100, 100))
    bolt = bench.value(label="bolt")
    assert (bolt["precision"], bolt["recall"], bolt["predicted"], bolt["support"]) == (1 / 3, 1.0, 3, 1)
    assert bolt["confusion"]["rows"] == ["bolt", "nut"]
    assert bolt["confusion"]["counts"] == [[1, 0, 0], [2, 0, 0]]


def test_one_label_of_average_precision_and_calibration_is_that_label_alone() -> None:
    place, other = Box(0, 0, 20, 20), Box(50, 50, 80, 80)
    image = Judged(
        "a", (Detection("bolt", 0.9, place), Detection("nut", 0.8, place)), (Annotation("bolt", place), Annotation("nut", other)), 0.5, 100, 100
    )  # fmt: skip
    benches = {}
    for name in ("average_precision", "calibration"):
        metric = METRICS.get(name)
        assert isinstance(metric, Supervised)
        benches[name] = metric.bench(LABELS)
        benches[name].insert(image)
    assert benches["average_precision"].value(label="bolt")["map50"] == pytest.approx(1.0)
    assert benches["average_precision"].value(label="nut")["map50"] == 0.0
    assert benches["average_precision"].value()["map50"] == pytest.approx(0.5)
    assert benches["calibration"].value(label="nut")["answers"] == 1
    assert benches["calibration"].value(label="nut")["lean"] == 0.8
