"""One more verdict on 5,000 reviewed images and 80 labels: how long until every number has followed, beside pycocotools.

    python -m benchmarks.map [--json] [--full] [--images 5000]

Synthetic answers as COCO has them: about seven objects an image, long-tailed labels, crowds, confidences with three decimals (many ties).
`verdict_ms`: matching one image, taking it in, and the AP of the labels it touches (median; p95 beside it). `refresh_ms`: mAP .50:.95 of all
labels after that. `verdict_cpu_ms` is what the processor worked for it, whatever else the machine was doing. `full_ms`: all twelve numbers, from nothing but the matches. `identical`: precision at all IoUs, recalls, labels, sizes,
bit for bit pycocotools'; faster-coco-eval is timed in the same run where it is installed.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import AREAS, IOU_THRESHOLDS, match_image

Floats = NDArray[np.float64]
LABELS, VERDICTS = 80, 200


class Scene:
    """One image: boxes x y width height, on quarter pixels, which stay exact as corners."""

    def __init__(self, rng: np.random.Generator, frequency: Floats) -> None:
        n, extra, hard = int(rng.poisson(7.3)), int(rng.poisson(3.5)), rng.normal()
        size = np.exp(rng.uniform(2.3, 5.5, (n, 2)))
        self.gt = _quarters(np.concatenate([rng.uniform(0, 500, (n, 2)), size], axis=1))
        self.gt_labels = rng.choice(LABELS, n, p=frequency)
        self.crowd = rng.random(n) < 0.02
        found = rng.random(n) < 1 / (1 + np.exp(-1 + 0.7 * hard))
        near = self.gt[found] + rng.normal(0, 0.05, (int(found.sum()), 4)) * np.tile(self.gt[found][:, 2:], 2)
        false = np.concatenate([rng.uniform(0, 500, (extra, 2)), np.exp(rng.uniform(2.3, 5.3, (extra, 2)))], axis=1)
        self.dt = _quarters(np.concatenate([near, false]))
        self.dt_labels = np.concatenate([self.gt_labels[found], rng.choice(LABELS, extra, p=frequency)])
        sure = 1 / (1 + np.exp(-rng.normal(np.repeat([1.0, -1.0], [len(near), extra]), 1)))
        self.scores = np.round(sure, 3)

    def matches(self) -> Any:
        return match_image(
            _corners(self.dt),
            self.scores,
            self.dt_labels.tolist(),
            _corners(self.gt),
            self.gt_labels.tolist(),
            self.crowd,
        )


def _quarters(boxes: Floats) -> Floats:
    boxes = np.round(boxes * 4) / 4
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    return boxes


def _corners(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def coco_files(scenes: list[Scene]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Annotations and results in COCO's form."""
    truth, said = [], []
    for image, scene in enumerate(scenes):
        for box, label, crowd in zip(scene.gt.tolist(), scene.gt_labels.tolist(), scene.crowd.tolist(), strict=True):
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": image,
                    "category_id": label,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": int(crowd),
                }
            )
        for box, label, score in zip(scene.dt.tolist(), scene.dt_labels.tolist(), scene.scores.tolist(), strict=True):
            said.append({"image_id": image, "category_id": label, "bbox": box, "score": score})
    images = [{"id": i, "width": 640, "height": 640} for i in range(len(scenes))]
    return {
        "info": {},
        "images": images,
        "categories": [{"id": k, "name": str(k)} for k in range(LABELS)],
        "annotations": truth,
    }, said


def peer(coco: Any, evaluation: Any, dataset: dict[str, Any], said: list[dict[str, Any]]) -> tuple[Any, float]:
    """A peer's evaluation and its seconds, from data in memory to the twelve numbers."""
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco()
        truth.dataset = dataset
        truth.createIndex()
        judged = evaluation(truth, truth.loadRes(said), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged, time.perf_counter() - started


def precision_table(store: ApStore) -> Floats:
    """Every interpolated precision, [10, 101, labels, areas], -1 where there is nothing to find."""
    table = -np.ones((len(IOU_THRESHOLDS), 101, LABELS, len(AREAS)))
    for k, label in enumerate(store.labels):
        weighted = store._weighted(label, store._by_key(None))
        for t in range(len(IOU_THRESHOLDS)):
            for a in range(len(AREAS)):
                if weighted.positives[0, a]:
                    precision, reached = (values[0] for values in weighted.envelope(t, a))
                    column = np.repeat(precision, np.diff(reached, prepend=0))
                    table[t, :, k, a] = np.concatenate([column, np.zeros(101 - len(column))])
    return table


def milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def measure(images: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, LABELS + 1) ** 0.8
    scenes = [Scene(rng, frequency / frequency.sum()) for _ in range(images)]
    store = ApStore(range(LABELS))
    started = time.perf_counter()
    for key, scene in enumerate(scenes[:-VERDICTS]):
        store.insert(key, scene.matches())
    cold = milliseconds(started)
    started = time.perf_counter()
    store.summary()
    full = milliseconds(started)
    verdicts, refreshes, busy = [], [], []
    for key, scene in enumerate(scenes[-VERDICTS:], images - VERDICTS):
        started, on_cpu = time.perf_counter(), time.process_time()
        store.insert(key, scene.matches())
        store.mean_average_precision()
        busy.append((time.process_time() - on_cpu) * 1000)
        verdicts.append(milliseconds(started))
    for _ in range(5):
        store.forget_answers()
        started = time.perf_counter()
        store.mean_average_precision()
        refreshes.append(milliseconds(started))
    dataset, said = coco_files(scenes)
    judged, seconds = peer(COCO, COCOeval, dataset, said)
    identical = bool(np.array_equal(precision_table(store), judged.eval["precision"][..., 2]))
    report = {
        "images": images,
        "verdict_ms": float(np.median(verdicts)),
        "verdict_p95_ms": float(np.quantile(verdicts, 0.95)),
        "verdict_cpu_ms": float(np.median(busy)),
        "refresh_ms": float(np.median(refreshes)),
        "full_ms": full,
        "cold_ms": cold,
        "pycocotools_ms": seconds * 1000,
        "identical": identical,
        "faster_coco_eval_ms": None,
    }
    if importlib.util.find_spec("faster_coco_eval"):
        import faster_coco_eval as faster

        _, seconds = peer(faster.COCO, faster.COCOeval_faster, dataset, said)
        report["faster_coco_eval_ms"] = seconds * 1000
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--full", action="store_true", help="50,000 images")
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    report = measure(50_000 if asked.full else asked.images, asked.seed)
    print(json.dumps(report) if asked.json else "\n".join(f"{name:20} {value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
