"""Every output reader says which models it understands, and reads them as an independent implementation does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from relens.inference.graph import Graph, read_graph
from relens.inference.manifest import read_manifest
from relens.inference.preprocess import Placement
from relens.inference.reader import FLOOR, MOST, READERS
from relens.inference.trial import trial
from relens.testing import tiny_models
from relens.vision.task import TASKS

Row = tuple[int, float, tuple[float, ...]]
PLACEMENT = Placement(0.5, 0.25, 3.0, -7.0, 900, 700, 480, 160)


def naive_detections(anchors: list[Row], iou: float | None) -> list[Row]:
    """Best first; one by one against those kept; led back to the original; what is then empty goes. Plain Python."""

    def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
        width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if width <= 0 or height <= 0:
            return 0.0
        union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
        return width * height / union

    kept: list[Row] = []
    for row in sorted((row for row in anchors if row[1] >= FLOOR), key=lambda row: -row[1]):
        rivals = [other for other in kept if iou is not None and other[0] == row[0]]
        if len(kept) < MOST and all(overlap(row[2], other[2]) <= (iou or 1) for other in rivals):
            kept.append(row)
    found = []
    for label, confidence, (x1, y1, x2, y2) in kept:
        box = ((x1 - 3) / 0.5, (y1 + 7) / 0.25, (x2 - 3) / 0.5, (y2 + 7) / 0.25)
        box = tuple(min(max(v, 0.0), most) for v, most in zip(box, (900.0, 700.0) * 2, strict=True))
        if box[2] > box[0] and box[3] > box[1]:
            found.append((label, confidence, box))
    return found


def crowd(seed: int, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (count, 4) around a few things, some of them off the image, and scores (count, classes)."""
    chance = np.random.default_rng(seed)
    centre, size = chance.uniform(-20, 460, (12, 2)), chance.uniform(10, 120, (12, 2))
    thing = chance.integers(0, 12, count)
    middle = centre[thing] + chance.normal(0, 5, (count, 2))
    half = size[thing] * chance.uniform(0.8, 1.2, (count, 2)) / 2
    scores = chance.beta(0.3, 4, (count, classes)) * chance.uniform(0, 1, (count, 1))
    return np.hstack((middle - half, middle + half)).astype(np.float32), scores.astype(np.float32)


def best_of_each(boxes: np.ndarray, scores: np.ndarray) -> list[Row]:
    return [
        (max(range(len(row)), key=lambda c: row[c]), max(row), tuple(box))
        for box, row in zip(boxes.tolist(), scores.tolist(), strict=True)
    ]


def compact(seed: int) -> tuple[dict[str, np.ndarray], list[Row]]:
    boxes, scores = crowd(seed, 400, 3)
    return {"boxes": boxes, "scores": scores}, naive_detections(best_of_each(boxes, scores), 0.65)


def ultralytics_raw(seed: int) -> tuple[dict[str, np.ndarray], list[Row]]:
    boxes, scores = crowd(seed, 700, 5)
    rows = np.vstack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2,
                      boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], scores.T])  # fmt: skip
    corners = np.asarray([[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in rows[:4].T.tolist()])
    return {"output0": rows.astype(np.float32)}, naive_detections(best_of_each(corners, scores), 0.7)


def ultralytics_end_to_end(seed: int) -> tuple[dict[str, np.ndarray], list[Row]]:
    boxes, scores = crowd(seed, 300, 5)
    rows = [(*box, confidence, label) for label, confidence, box in best_of_each(boxes, scores)]
    array = np.asarray(rows, np.float32)
    return {"output0": array}, naive_detections(best_of_each(boxes, scores), None)


def detr(seed: int) -> tuple[dict[str, np.ndarray], list[Row]]:
    boxes, _ = crowd(seed, 80, 4)
    logits = np.random.default_rng(seed).normal(-3, 3, (80, 4)).astype(np.float32)
    size = np.asarray([480, 160, 480, 160])
    middle = np.hstack(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2])) / size
    rows = [
        (label, 1 / (1 + 2.718281828459045 ** -float(logits[query, label])), tuple(boxes[query].tolist()))
        for query in range(80)
        for label in range(4)
    ]
    names = ("pred_boxes", "logits") if seed % 2 else ("dets", "labels")
    best = sorted(rows, key=lambda row: -row[1])[:80]
    return dict(zip(names, (middle.astype(np.float32), logits), strict=True)), naive_detections(best, None)


def detr_model(boxes: str, logits: str) -> bytes:
    arrays = {boxes: np.full((1, 30, 4), 0.5, np.float32), logits: np.zeros((1, 30, 2), np.float32)}
    return tiny_models.constant(arrays, metadata={"relens.labels": '["a", "b"]'})


def softmax(seed: int) -> tuple[dict[str, np.ndarray], list[Row]]:
    logits = np.random.default_rng(seed).normal(0, 5, 12)
    powers = [2.718281828459045**value for value in logits.tolist()]
    shares = [power / sum(powers) for power in powers]
    written = logits if seed % 2 else np.asarray(shares)
    rows = sorted(((i, share, ()) for i, share in enumerate(shares)), key=lambda row: -row[1])
    return {"logits" if seed % 2 else "probabilities": written.astype(np.float32)}, rows


@dataclass(frozen=True)
class Example:
    """A model file in the reader's layout, and outputs for one image with what is to be read from them."""

    model: Callable[[], bytes]
    outputs: Callable[[int], tuple[dict[str, np.ndarray], list[Row]]]


EXAMPLES: dict[str, list[Example]] = {
    "detr": [
        Example(lambda: detr_model("pred_boxes", "logits"), detr),
        Example(lambda: detr_model("dets", "labels"), detr),
    ],
    "compact_detect": [Example(tiny_models.detector, compact)],
    "softmax": [
        Example(tiny_models.classifier, softmax),
        Example(lambda: tiny_models.classifier(logits=True), softmax),
    ],
    "ultralytics_detect": [
        Example(lambda: tiny_models.detector(layout="ultralytics"), ultralytics_raw),
        Example(lambda: tiny_models.detector(layout="ultralytics_end2end"), ultralytics_end_to_end),
    ],
}
CASES = [(name, example) for name in READERS.names() for example in EXAMPLES.get(name, [])]


@pytest.mark.parametrize("name", READERS.names())
def test_a_reader_says_what_it_is_and_what_it_does_not_understand(name: str) -> None:
    reader = READERS.get(name)
    assert reader.title
    assert set(reader.tasks) <= set(TASKS.names())
    why = reader.refusal(Graph((), (), {}))
    assert why is not None, "a reader of a model without outputs"
    assert name in EXAMPLES, "a reader needs an example here: a tiny model and outputs read independently"


@pytest.mark.parametrize(("name", "example"), CASES)
@pytest.mark.parametrize("seed", range(6))
def test_it_reads_what_an_independent_implementation_reads(name: str, example: Example, seed: int) -> None:
    outputs, expected = example.outputs(seed)
    found = READERS.get(name).read(outputs, PLACEMENT)
    assert found.labels.tolist() == [row[0] for row in expected]
    np.testing.assert_allclose(found.confidences, [row[1] for row in expected], rtol=1e-5, atol=1e-6)
    if found.boxes is not None:
        assert len(expected) > 10
        np.testing.assert_allclose(found.boxes, [row[2] for row in expected], rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_it_is_chosen_for_its_own_models_and_no_other_reader_claims_them(name: str, example: Example) -> None:
    data = example.model()
    graph = read_graph(data)
    assert [other for other, reader in READERS if reader.refusal(graph) is None] == [name]
    manifest = trial(data, read_manifest(data))
    assert manifest.outputs == name
    assert manifest.task in READERS.get(name).tasks


@pytest.mark.parametrize("name", [name for name, reader in READERS if "detection" in reader.tasks])
def test_senseless_boxes_are_left_out_and_break_nothing(name: str) -> None:
    wild = [0.0, -1e30, 1e30, 3e38, 5.0, -3.0]
    reader = READERS.get(name)
    chance = np.random.default_rng(0)
    for example in EXAMPLES[name]:
        outputs, _ = example.outputs(0)
        for array in outputs.values():
            spots = chance.integers(0, array.size, 40)
            array.ravel()[spots] = chance.choice(wild, 40).astype(np.float32)
        found = reader.read(outputs, PLACEMENT)
        assert found.boxes is not None
        assert np.isfinite(found.boxes).all()
        assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
        assert ((found.confidences >= 0) & (found.confidences <= 1)).all()


def test_an_rt_detr_is_not_taken_for_an_end_to_end_detector() -> None:
    metadata = {"task": "detect", "names": "{0: 'a', 1: 'b'}", "description": "Ultralytics RTDETR-l model"}
    graph = read_graph(tiny_models.constant({"output0": np.zeros((1, 300, 6), np.float32)}, metadata=metadata))
    assert "RT-DETR" in (READERS.get("ultralytics_detect").refusal(graph) or "")
