"""Training data for a deployment that is measured, so that all of monitoring runs: drift, outlier scores, distances in feature space."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from relens.sdk.client import Client
from relens.testing.images import make_jpeg

IMAGES = 120
_READY_WITHIN_S = 120.0


def watch(url: str, deployment: str, labels: tuple[str, ...] = ("bolt", "nut"), images: int = IMAGES) -> None:
    """Imports a small detection set, makes it the deployment's training data and returns when everything rests on it."""
    with tempfile.TemporaryDirectory() as place, Client(url, spool=Path(place) / "spool.db") as client:
        write_set(Path(place) / "set", labels, images)
        version = client.datasets.import_folder(Path(place) / "set", f"{deployment}-set")
        here = client.deployment(deployment)
        here.set_training_data(version["id"])
        until = time.monotonic() + _READY_WITHIN_S
        while (state := here.training_data())["state"] != "ready":
            if state["state"] == "failed" or time.monotonic() > until:
                raise SystemExit(f"the training data were not prepared: {state['message'] or state['state']}")
            time.sleep(0.2)


def write_set(folder: Path, labels: tuple[str, ...], images: int) -> None:
    """A COCO folder of noisy pictures like those that are sent, with a box or two each."""
    (folder / "images").mkdir(parents=True)
    chance = np.random.default_rng(3)
    rows, boxes = [], []
    for number in range(images):
        colour = tuple(int(value) for value in np.clip(chance.normal((90, 120, 160), 12), 0, 255))
        name = f"{number:05d}.jpg"
        (folder / "images" / name).write_bytes(make_jpeg(colour, size=(640, 480), noise=12.0, seed=number))  # type: ignore[arg-type]
        split = ("train", "train", "train", "validation")[number % 4]
        rows.append({"id": number, "file_name": name, "width": 640, "height": 480, "split": split})
        for _ in range(int(chance.integers(1, 3))):
            x, y, w, h = (
                chance.uniform(0, 400),
                chance.uniform(0, 300),
                chance.uniform(20, 200),
                chance.uniform(20, 150),
            )
            box = [round(float(value), 1) for value in (x, y, w, h)]
            label = int(chance.integers(0, len(labels)))
            boxes.append({"id": len(boxes), "image_id": number, "category_id": label + 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0})  # fmt: skip
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    (folder / "annotations.json").write_text(
        json.dumps({"images": rows, "annotations": boxes, "categories": categories})
    )
