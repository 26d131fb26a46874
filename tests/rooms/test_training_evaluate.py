"""Evaluation: the production code on annotated images, the same numbers as pycocotools, the threshold it advises."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from relens.datasets.item import Item
from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict
from relens.infra.storage import NoBytes
from relens.kit.ids import content_id
from relens.metrics.matching import match
from relens.metrics.paired import paired_detection
from relens.serving.quietly import NICE
from relens.testing import tiny_models
from relens.training.evaluate import evaluate
from relens.training.evaluations import beside_serving
from relens.training.threshold import best_f1
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box
from tests.rooms.test_datasets_import import picture


def blob(seed: int) -> tuple[bytes, Box, str]:
    """A dark picture with one coloured rectangle."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    x, y, w, h = (int(value) for value in (*rng.integers(2, 30, 2), *rng.integers(8, 28, 2)))
    channel = int(rng.integers(0, 3))
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[y : y + h, x : x + w, channel] = 230
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue(), Box(x, y, x + w, y + h), tiny_models.COLOURS[channel]


def opened(onnx: bytes) -> LoadedVersion:
    return load(onnx, read_manifest(onnx), "v1")


@pytest.fixture(scope="module")
def scenes() -> tuple[list[Item], dict[str, bytes]]:
    """40 images; in every fifth the annotation is somewhere else, so that scores are not all 1."""
    items, data = [], {}
    for seed in range(40):
        image, box, label = blob(seed)
        if seed % 5 == 0:
            box = Box(box.x1 / 2, box.y1 / 2, box.x2 / 2 + 1, box.y2 / 2 + 1)
        asset = content_id(image)
        data[asset] = image
        truth = (Annotation(label, box),) if seed % 7 else ()
        items.append(Item(asset, "test", f"group {seed // 2}", f"{seed}.png", None, truth, 64, 64))
    return items, data


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has the priority of its process")
def test_whoever_waits_for_an_answer_goes_before_what_is_judged(scenes: tuple[list[Item], dict[str, bytes]]) -> None:
    items, data = scenes
    seen: set[tuple[int, int]] = set()

    def here() -> tuple[int, int]:
        return threading.get_ident(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def loading() -> LoadedVersion:
        seen.add(here())
        return opened(tiny_models.detector(grow=1.0))

    def read(asset: str) -> bytes:
        seen.add(here())
        return data[asset]

    beside = beside_serving(loading, items, read, lambda done, total: None)
    ((thread, priority),) = seen
    assert thread != here()[0]
    assert priority == min(here()[1] + NICE, 19)
    assert beside.scores == evaluate(opened(tiny_models.detector(grow=1.0)), items, data.__getitem__).scores


def test_scores_are_those_of_pycocotools_on_the_same_answers(scenes: tuple[list[Item], dict[str, bytes]]) -> None:
    items, data = scenes
    loaded = opened(tiny_models.detector(grow=1.0))
    evaluated = evaluate(loaded, items, data.__getitem__)
    expected = by_pycocotools(loaded, items, data)
    assert evaluated.images == 40
    assert evaluated.scores["map50_95"] == pytest.approx(expected[0], abs=1e-9)
    assert evaluated.scores["map50"] == pytest.approx(expected[1], abs=1e-9)
    assert evaluated.scores["map75"] == pytest.approx(expected[2], abs=1e-9)
    assert 0.3 < expected[1] < 1.0
    assert evaluated.scores["accuracy"] is None
    assert set(evaluated.labels) == set(tiny_models.COLOURS)


def by_pycocotools(loaded: LoadedVersion, items: list[Item], data: dict[str, bytes]) -> Any:
    ids = {label: number for number, label in enumerate(tiny_models.COLOURS, start=1)}
    truth: dict[str, Any] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": n, "name": name} for name, n in ids.items()],
        "info": {},
    }
    said = []
    # In the order of assets: equal confidences are ranked by image.
    for number, item in enumerate(sorted(items, key=lambda item: item.asset), start=1):
        truth["images"].append({"id": number, "width": 64, "height": 64})
        for one in item.annotations:
            assert isinstance(one.shape, Box)
            box = [one.shape.x1, one.shape.y1, one.shape.width, one.shape.height]
            place = {"id": len(truth["annotations"]) + 1, "image_id": number, "category_id": ids[one.label]}
            truth["annotations"].append(place | {"bbox": box, "area": one.area, "iscrowd": 0})
        for detection in predict(data[item.asset], loaded).prediction.detections:
            assert isinstance(detection.shape, Box)
            box = [detection.shape.x1, detection.shape.y1, detection.shape.width, detection.shape.height]
            said.append(
                {"image_id": number, "category_id": ids[detection.label], "bbox": box, "score": detection.confidence}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        judged = COCOeval(coco, coco.loadRes(said), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged.stats


def test_a_worse_version_scores_less_on_the_same_images_and_the_pair_shows_it(
    scenes: tuple[list[Item], dict[str, bytes]],
) -> None:
    items, data = scenes
    good = evaluate(opened(tiny_models.detector()), items, data.__getitem__)
    bad = evaluate(opened(tiny_models.detector(order=(1, 2, 0))), items, data.__getitem__)
    assert good.store is not None
    assert bad.store is not None
    pair = paired_detection(bad.store, good.store, dict(zip(good.assets, good.groups, strict=True)))
    assert pair.lower95 is not None
    assert pair.lower95 > 0
    assert pair.n_groups == 20


def test_the_advised_threshold_has_the_best_f1_of_all_thresholds(scenes: tuple[list[Item], dict[str, bytes]]) -> None:
    items, data = scenes
    evaluated = evaluate(opened(tiny_models.detector()), items, data.__getitem__)
    assert evaluated.store is not None
    assert evaluated.advised_threshold is not None

    def f1(threshold: float) -> float:
        assert evaluated.store is not None
        counts = evaluated.store.at_threshold(threshold).values()
        tp, fp, fn = (sum(getattr(one, name) for one in counts) for name in ("tp", "fp", "fn"))
        return float(2 * tp / (2 * tp + fp + fn)) if tp else 0.0

    assert f1(evaluated.advised_threshold) == pytest.approx(evaluated.scores["f1"])
    assert max(f1(step / 50) for step in range(1, 50)) <= f1(evaluated.advised_threshold) + 1e-9


def test_without_objects_no_threshold_is_advised() -> None:
    assert best_f1([]).threshold is None
    assert best_f1([match([], [], [[0, 0, 5, 5]])]).f1 == 0.0
    nothing_right = best_f1([match([[50, 50, 60, 60], [70, 70, 90, 90]], [0.99, 0.1], [[0, 0, 5, 5]])])
    assert nothing_right == (0.25, 0.0, 0.0, 0.0)


def test_images_that_are_gone_are_counted_and_unlabelled_ones_passed_over() -> None:
    loaded = opened(tiny_models.classifier())
    images = [picture(n) for n in range(4)]
    data = {content_id(image): image for image in images}
    items = [
        Item(asset, "test", asset, f"{n}.png", None, (Annotation("red"),) if n else ()) for n, asset in enumerate(data)
    ]
    lost = items[3].asset

    def read(asset: str) -> bytes:
        if asset == lost:
            raise NoBytes("gone")
        return data[asset]

    evaluated = evaluate(loaded, items, read)
    assert evaluated.missing == 1
    assert evaluated.images == 2
    assert evaluated.correct is not None
    assert len(evaluated.correct) == 2
    assert evaluated.advised_threshold == 0.0


def test_a_label_the_model_does_not_know_is_never_found() -> None:
    loaded = opened(tiny_models.classifier(labels=("red", "green", "blue")))
    image = picture(1)
    items = [Item(content_id(image), "test", "g", "a.png", None, (Annotation("purple"),))]
    evaluated = evaluate(loaded, items, lambda asset: image)
    assert evaluated.scores["accuracy"] == 0.0
    assert evaluated.labels["purple"]["recall"] == 0.0
