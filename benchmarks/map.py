"""One more verdict on 5,000 reviewed images and 80 labels: how long until the numbers have followed, beside pycocotools.

    python -m benchmarks.map [--json] [--full] [--images 5000]

The product's own path: a server with its database, 5,000 logged and reviewed predictions, and `GET …/metrics/average_precision` as the monitoring
page asks it. Synthetic answers as COCO has them: about seven objects an image, long-tailed labels, confidences with three decimals (many ties).
`verdict_ms`: after a review was written, until mAP .50:.95 is known again: the verdict is read, its image matched, taken into every metric of the
page (average precision, detection report, calibration) and the labels it touches computed (median; `verdict_p95_ms`). `verdict_cpu_ms` is what the processor worked for it. `refresh_ms`: mAP of all
labels anew. `full_ms`: all twelve numbers through HTTP the first time they are asked for, `cached_ms` after that. `restart_ms`: a server that has
just started, with the matches that were kept; `cold_ms`: without. `identical`: precision at all IoUs, recalls, labels and sizes, bit for bit
pycocotools'; `max_difference` is of the twelve numbers. pycocotools and faster-coco-eval evaluate the same images in the same run.
"""

import argparse
import contextlib
import io
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks._peers import Peer, environment_of
from relens.access import store as actors
from relens.bootstrap.wire import Relens
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.settings import Settings
from relens.kit import clock
from relens.kit.ids import content_id, new_id
from relens.metrics.average_precision import ApStore
from relens.metrics.matching import AREAS, IOU_THRESHOLDS
from relens.monitoring.marking import Marking
from relens.monitoring.measure import Measuring
from relens.monitoring.project import Projection
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.logged import Entry
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

Floats = NDArray[np.float64]
LABELS, VERDICTS, SIDE = 80, 200, 640
NAMES = tuple(f"label-{k:02}" for k in range(LABELS))
START = 1_760_000_400_000_000
TWELVE = (
    "map50_95", "map50", "map75", "map_small", "map_medium", "map_large",
    "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large",
)  # fmt: skip


class Scene:
    """One image: boxes x y width height, on quarter pixels, which stay exact as corners, inside the image as reviews have to be."""

    def __init__(self, rng: np.random.Generator, frequency: Floats) -> None:
        n, extra, hard = int(rng.poisson(7.3)), int(rng.poisson(3.5)), rng.normal()
        size = np.exp(rng.uniform(2.3, 5.5, (n, 2)))
        self.gt = _quarters(np.concatenate([rng.uniform(0, 390, (n, 2)), size], axis=1))
        self.gt_labels = rng.choice(LABELS, n, p=frequency)
        found = rng.random(n) < 1 / (1 + np.exp(-1 + 0.7 * hard))
        near = self.gt[found] + rng.normal(0, 0.05, (int(found.sum()), 4)) * np.tile(self.gt[found][:, 2:], 2)
        false = np.concatenate([rng.uniform(0, 390, (extra, 2)), np.exp(rng.uniform(2.3, 5.3, (extra, 2)))], axis=1)
        self.dt = _quarters(np.concatenate([near, false]))
        self.dt_labels = np.concatenate([self.gt_labels[found], rng.choice(LABELS, extra, p=frequency)])
        sure = 1 / (1 + np.exp(-rng.normal(np.repeat([1.0, -1.0], [len(near), extra]), 1)))
        self.scores = np.round(sure, 3)

    def entry(self, deployment: Deployment, at: int) -> Entry:
        said = sorted(
            (
                Detection(NAMES[label], float(score), Box(*corners))
                for corners, label, score in zip(
                    _corners(self.dt).tolist(), self.dt_labels.tolist(), self.scores.tolist(), strict=True
                )
            ),
            key=lambda found: -found.confidence,
        )
        asset = content_id(f"scene {at}".encode())
        return Entry(
            deployment.id, asset, SIDE, SIDE, deployment.champion, "champion", tuple(said), 0.3, 9.0, START + at
        )

    def truth(self) -> list[Annotation]:
        boxes = zip(_corners(self.gt).tolist(), self.gt_labels.tolist(), strict=True)
        return [Annotation(NAMES[label], Box(*corners)) for corners, label in boxes]


def _quarters(boxes: Floats) -> Floats:
    boxes = np.round(boxes * 4) / 4
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    return boxes


def _corners(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def coco_files(scenes: dict[str, Scene]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Annotations and results in COCO's form; images in the order of their predictions' ids, which breaks ties."""
    truth, said = [], []
    for image, scene in enumerate(scenes[key] for key in sorted(scenes)):
        for box, label in zip(scene.gt.tolist(), scene.gt_labels.tolist(), strict=True):
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": image,
                    "category_id": label,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        for box, label, score in zip(scene.dt.tolist(), scene.dt_labels.tolist(), scene.scores.tolist(), strict=True):
            said.append({"image_id": image, "category_id": label, "bbox": box, "score": score})
    images = [{"id": i, "width": SIDE, "height": SIDE} for i in range(len(scenes))]
    return {
        "info": {},
        "images": images,
        "categories": [{"id": k, "name": NAMES[k]} for k in range(LABELS)],
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


class Bench:
    """A server that nobody else asks, and what was logged on it."""

    def __init__(self, home: Path) -> None:
        self.server = Relens(Settings(home=home))
        self.client = TestClient(self.server.app, base_url="http://127.0.0.1")
        self.deployment = Deployment(
            new_id(), "bench", "detection", NAMES, "server", 0.3, 1, new_id(), None, None, 0.0, {}, START, "bench"
        )
        self.server.database.write(lambda c: deployments.insert(c, self.deployment))
        self.alice = self.server.database.write(lambda c: actors.named(c, "Alice", "person", "owner"))
        self.measuring = self.fresh()

    def fresh(self) -> Measuring:
        """As a server has it that has just started."""
        projection = Projection(self.server.database, self.server.fitted)
        return Measuring(self.server.database, projection, self.server.fitted)

    def log(self, scenes: Sequence[Scene], start: int) -> list[str]:
        entries = [scene.entry(self.deployment, start + i) for i, scene in enumerate(scenes)]
        write = self.server.database.write
        return [line.id for line, _ in write(lambda c: predictions.append_many(c, entries, file_now=True))]

    def review(self, prediction: str, scene: Scene) -> None:
        self.server.database.write(lambda c: settle(c, prediction, "corrected", scene.truth(), actor=self.alice))

    @contextlib.contextmanager
    def look(self, measuring: Measuring) -> Iterator[Any]:
        window = Window(0, 2**60)
        with (
            self.server.database.read() as connection,
            measuring._reviewed.look(connection, self.deployment, window) as look,
        ):
            yield look

    def follow(self, measuring: Measuring) -> float | None:
        """mAP .50:.95 with every verdict there is, after every metric of the page has taken them in."""
        with self.look(measuring) as look:
            for name in ("detection_report", "calibration"):
                look.bench(name)
            found: float | None = look.bench("average_precision").store().mean_average_precision()
            return found


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return milliseconds(started)


def measure(images: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, LABELS + 1) ** 0.8
    scenes = [Scene(rng, frequency / frequency.sum()) for _ in range(images)]
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home))
        there: dict[str, Scene] = {}
        for start in range(0, images, 500):
            some = scenes[start : start + 500]
            there |= dict(zip(bench.log(some, start), some, strict=True))
        ids = list(there)
        for prediction in ids[:-VERDICTS]:
            bench.review(prediction, there[prediction])
        cold = timed(lambda: bench.follow(bench.fresh()))
        marking = Marking(bench.server.database)
        while marking.step():
            pass
        restart = timed(lambda: bench.follow(bench.measuring))
        verdicts, busy = [], []
        for prediction in ids[-VERDICTS:]:
            bench.review(prediction, there[prediction])
            on_cpu = time.process_time()
            verdicts.append(timed(lambda: bench.follow(bench.measuring)))
            busy.append((time.process_time() - on_cpu) * 1000)
        with bench.look(bench.measuring) as look:
            store = look.bench("average_precision").store()
            refreshes = []
            for _ in range(5):
                store.forget_answers()
                refreshes.append(timed(store.mean_average_precision))
            ours = precision_table(store)
        path, answers = f"/api/v1/deployments/bench/metrics/average_precision?from={clock.to_text(START)}", []
        full = timed(lambda: answers.append(bench.client.get(path).raise_for_status().json()))
        cached = [timed(lambda: bench.client.get(path)) for _ in range(5)]
        bench.server.database.close()
    dataset, said = coco_files(there)
    judged, seconds = peer(COCO, COCOeval, dataset, said)
    theirs = dict(zip(TWELVE, judged.stats.tolist(), strict=True))
    value = answers[0]["value"]
    report = {
        "images": answers[0]["count"],
        "verdict_ms": round(float(np.median(verdicts)), 2),
        "verdict_p95_ms": round(float(np.quantile(verdicts, 0.95)), 2),
        "verdict_cpu_ms": round(float(np.median(busy)), 2),
        "refresh_ms": round(float(np.median(refreshes)), 2),
        "full_ms": round(full, 1),
        "cached_ms": round(float(np.median(cached)), 1),
        "restart_ms": round(restart),
        "cold_ms": round(cold),
        "pycocotools_ms": round(seconds * 1000),
        "identical": bool(np.array_equal(ours, judged.eval["precision"][..., 2])),
        "max_difference": max(abs(value[name] - theirs[name]) for name in TWELVE),
    }
    seconds, stats = faster_coco_eval(dataset, said)
    of_faster = dict(zip(TWELVE, stats, strict=True))
    return report | {
        "faster_coco_eval_ms": round(seconds * 1000),
        "faster_coco_eval_difference": max(abs(value[name] - of_faster[name]) for name in TWELVE),
    }


def faster_coco_eval(dataset: dict[str, Any], said: list[dict[str, Any]]) -> tuple[float, list[float]]:
    """Its seconds and its twelve numbers, in an environment of its own."""
    python = environment_of(Peer("faster-coco-eval", ("faster-coco-eval==1.8.0",), "", ""), libraries=False)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "dataset.json", Path(folder) / "said.json"]
        for file, written in zip(files, (dataset, said), strict=True):
            file.write_text(json.dumps(written), encoding="utf-8")
        program = Path(__file__).with_name("_peer_faster_coco_eval.py")
        done = subprocess.run([python, program, *files], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"faster-coco-eval failed:\n{done.stderr[-3000:]}")
    answer = json.loads(done.stdout)
    return answer["seconds"], answer["stats"]


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
