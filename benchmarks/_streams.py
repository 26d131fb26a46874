"""Streams of answered images whose truth is known: simulated ones, and a real model's answers to real images, drawn again and again."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relens.kit.ids import share_of
from relens.metrics.average_precision import ApStore
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.kinds.confidence import BINS
from relens.metrics.matching import AREAS, IOU_THRESHOLDS, LabelMatch
from relens.metrics.metric import Judged
from relens.metrics.traffic import FOLDS, Checks
from relens.monitoring.checked import at_threshold, by_confidence
from relens.review.chance import Scale, residual
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

Floats = NDArray[np.float64]
IMAGES = 10_000
THRESHOLD = 0.3
LABELS = 10
AVERAGES = ("balanced_accuracy", "macro_f1", "weighted_precision")
_FREQUENCY = (0.45, 0.25, 0.2, 0.1)
"""Of a classifier's labels."""
_EASE, _EASE_SURE = (3.0, 2.2, 1.4, 0.8), (5.0, 4.5, 4.0, 3.0)
"""The rarest is also the one it knows least; a good classifier's mistakes are few, and hide among sure answers."""
_MOST = 60
"""Answers of a real model that are kept of an image."""
_EVERY = np.uint16((1 << len(IOU_THRESHOLDS)) - 1)


@dataclass(frozen=True)
class Stream:
    """Images in the order they arrive. `checks` holds every image as if it had been drawn; `sizes` are those of the queue.

    `store`: the matches of all of them, keyed by their place as text; None of a classifier. `by_label`: a classifier's checks of each label.
    """

    name: str
    checks: Checks
    sizes: Floats
    store: ApStore | None
    by_label: Mapping[str, Checks]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that are one ratio."""
        return ("accuracy",) if self.store is None else ("precision", "recall", "f1")

    @property
    def averages(self) -> tuple[str, ...]:
        """Those over labels."""
        return AVERAGES if self.by_label else ()


def key(place: int) -> str:
    """Keys sort like the places they stand for."""
    return f"{place:06d}"


def queued(residuals: Sequence[float]) -> Floats:
    """The size each image has in the queue, by the images before it alone."""
    scale, sizes = Scale(), []
    for one in residuals:
        sizes.append(scale.size(one))
        scale = scale.and_one(one)
    return np.array(sizes)


def _folds(count: int) -> NDArray[np.int64]:
    return np.array([int(share_of(key(place), "calibration") * FOLDS) for place in range(count)], dtype=np.int64)


def detector(name: str, matches: Sequence[dict[str, LabelMatch]], threshold: float = THRESHOLD) -> Stream:
    """A stream of images that are matched already, answered from `threshold` on."""
    count = len(matches)
    answers, right = np.zeros((count, BINS)), np.zeros((count, BINS))
    counted, objects = np.zeros(count), np.zeros(count)
    labels = sorted({label for image in matches for label in image})
    store, residuals = ApStore(labels), []
    for place, image in enumerate(matches):
        said: list[Detection] = []
        for label, match in image.items():
            hits, said_here, there = at_threshold(match, threshold)
            answers[place] += by_confidence(match.scores[match.scores >= threshold])
            right[place] += hits
            counted[place] += said_here
            objects[place] += there
            said += [Detection(label, float(score), None) for score in match.scores]
        residuals.append(residual(said))
        store.insert(key(place), image)
    yes = np.ones(count, dtype=bool)
    checks = Checks(answers, right, counted, objects, np.ones(count), _folds(count), yes, yes)
    return Stream(name, checks, queued(residuals), store, {})


def simulated_detector(rng: np.random.Generator) -> Stream:
    """About seven objects an image, ten labels of falling frequency, harder and easier images, confidences that are too sure of themselves."""
    frequency = 1 / (1 + np.arange(LABELS)) ** 0.7
    frequency /= frequency.sum()
    images = []
    for _ in range(IMAGES):
        hard = rng.normal()
        labels = rng.choice(LABELS, rng.poisson(7), p=frequency)
        found = rng.random(len(labels)) < 1 / (1 + np.exp(-1.8 + 0.8 * hard))
        false = rng.choice(LABELS, rng.poisson(4 * np.exp(0.5 * hard)), p=frequency)
        said = np.concatenate([labels[found], false])
        hit = np.repeat([True, False], [int(found.sum()), len(false)])
        logit = np.where(hit, 1.4 - 0.5 * hard, -0.6) + rng.normal(size=len(said))
        scores = 1 / (1 + np.exp(-1.3 * logit))
        image = {}
        for label in sorted({*labels.tolist(), *said.tolist()}):
            mine = np.flatnonzero(said == label)
            mine = mine[np.argsort(-scores[mine], kind="stable")]
            hits = np.where(hit[mine, None], _EVERY, 0).astype(np.uint16) * np.ones(len(AREAS), np.uint16)
            positives = np.full(len(AREAS), int((labels == label).sum()), dtype=np.int64)
            image[f"label {label}"] = LabelMatch(scores[mine], hits, np.zeros_like(hits), positives)
        images.append(image)
    return detector("simulated detector", images)


def simulated_classifier(rng: np.random.Generator, sure: bool = False) -> Stream:
    """Four labels of falling frequency; right in nine of ten to six of ten (`sure`: in all but a few), and too sure of itself."""
    ease = np.array(_EASE_SURE if sure else _EASE)
    true = rng.choice(len(_FREQUENCY), IMAGES, p=_FREQUENCY)
    hard = rng.normal(size=IMAGES)
    right = rng.random(IMAGES) < 1 / (1 + np.exp(-ease[true] + 1.2 * hard))
    said = np.where(right, true, (true + rng.integers(1, len(_FREQUENCY), IMAGES)) % len(_FREQUENCY))
    confidence = 1 / (1 + np.exp(-(np.where(right, 1.8, 0.4) - 0.4 * hard + rng.normal(0, 0.8, IMAGES))))
    answers = np.stack([by_confidence(np.array([one])) for one in confidence])
    yes, ones, folds = np.ones(IMAGES, dtype=bool), np.ones(IMAGES), _folds(IMAGES)

    def checks(said_so: NDArray[np.bool_], truly: NDArray[np.bool_]) -> Checks:
        here = answers * said_so[:, None]
        return Checks(here, here * right[:, None], 1.0 * said_so, 1.0 * truly, ones, folds, yes, yes)

    by_label = {f"label {k}": checks(said == k, true == k) for k in range(len(_FREQUENCY))}
    sizes = queued([residual([Detection("x", float(one))]) for one in confidence])
    return Stream(f"simulated {'sure ' if sure else ''}classifier", checks(yes, yes), sizes, None, by_label)


def real_detector(judged: Sequence[Judged], rng: np.random.Generator) -> Stream:
    """A model's answers to some real images, drawn again and again until there are IMAGES of them."""
    matches = [{str(label): match for label, match in matches_of(image).items()} for image in judged]
    drawn = [matches[place] for place in rng.integers(0, len(matches), IMAGES)]
    return detector("real answers", drawn, best_threshold(matches))


def best_threshold(matches: Sequence[dict[str, LabelMatch]]) -> float:
    """Where F1 is best: a model that was trained briefly is sure of little."""
    store = ApStore(sorted({label for image in matches for label in image}))
    for place, image in enumerate(matches):
        store.insert(key(place), image)
    scores = np.unique(np.concatenate([match.scores for image in matches for match in image.values()]))
    tried = np.quantile(scores, np.linspace(0.02, 0.98, 49))

    def f1(threshold: float) -> float:
        tp, fp, fn = (sum(column) for column in zip(*store.at_threshold(threshold).values(), strict=True))
        return 2 * tp / (2 * tp + fp + fn)

    return float(max(tried, key=lambda one: f1(float(one))))


def answers_of(data: Path, folder: Path, minutes: float) -> list[dict[str, Any]]:
    """Trains our detector on one half of a data set (`annotations.json` as COCO, `images/`) and answers the other half with it."""
    import onnxruntime

    from benchmarks.compact_vs_yolo import predict

    coco = json.loads((data / "annotations.json").read_text(encoding="utf-8"))
    train = [image for image in coco["images"] if share_of(image["file_name"], "half") < 0.5]
    rest = [image for image in coco["images"] if share_of(image["file_name"], "half") >= 0.5]
    (folder / "dataset").mkdir(parents=True)
    (folder / "dataset" / "images").symlink_to((data / "images").resolve())
    ids = {image["id"] for image in train}
    truths = [truth for truth in coco["annotations"] if truth["image_id"] in ids]
    subset = {"images": train, "annotations": truths, "categories": coco["categories"]}
    (folder / "dataset" / "annotations.json").write_text(json.dumps(subset), encoding="utf-8")
    labels = [category["name"] for category in sorted(coco["categories"], key=lambda one: one["id"])]
    parameters = {"minutes": minutes, "seed": 1, "image_size": 320}
    order = {"task": "detection", "labels": labels, "parameters": parameters, "threads": 2, "start_from": None}
    (folder / "run.json").write_text(json.dumps(order), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "relens.training.compact", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr or done.stdout)
    session = onnxruntime.InferenceSession(str(folder / "out" / "model.onnx"), providers=["CPUExecutionProvider"])
    names = {category["id"]: category["name"] for category in coco["categories"]}
    answers = []
    for image in rest:
        boxes, confidences, said = predict(session, data / "images" / image["file_name"])
        true = [truth for truth in coco["annotations"] if truth["image_id"] == image["id"]]
        answers.append(
            {
                "size": [image["width"], image["height"]],
                "said": sorted(
                    (
                        [labels[label], confidence, *box]
                        for label, confidence, box in zip(said, confidences, boxes, strict=True)
                    ),
                    key=lambda one: -one[1],
                )[:_MOST],
                "true": [[names[one["category_id"]], *_corners(one["bbox"])] for one in true],
            }
        )
    return answers


def _corners(bbox: Sequence[float]) -> list[float]:
    x, y, width, height = bbox
    return [x, y, x + width, y + height]


def judged(answers: Sequence[dict[str, Any]]) -> list[Judged]:
    """Answers as they were saved, beside the truth."""
    found = []
    for place, image in enumerate(answers):
        said = sorted(image["said"], key=lambda one: -one[1])
        detections = tuple(Detection(one[0], min(one[1], 1.0), Box(*one[2:])) for one in said if _is_box(one[2:]))
        true = tuple(Annotation(one[0], Box(*one[1:])) for one in image["true"] if _is_box(one[1:]))
        width, height = image["size"]
        found.append(Judged(key(place), detections, true, THRESHOLD, width, height))
    return found


def _is_box(corners: Sequence[float]) -> bool:
    return corners[2] > corners[0] and corners[3] > corners[1]
