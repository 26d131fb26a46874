"""A trainer in one page, without torch: each label is its mean colour, and the nearest one is the answer.

Relens starts it in the run folder, as `python .../train.py`. It reads run.json and dataset/, prints a line for each epoch
and writes out/model.onnx. It needs numpy, pillow and onnx.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIZE = 32
Floats = npt.NDArray[np.float32]


def colours(run: Path, labels: list[str]) -> dict[str, tuple[Floats, npt.NDArray[np.int64]]]:
    """For train and validation: the mean colour (n, 3) of each image, 0 to 1, and its label's index (n,)."""
    dataset = json.loads((run / "dataset" / "annotations.json").read_text(encoding="utf-8"))
    index = {category["id"]: labels.index(category["name"]) for category in dataset["categories"]}
    label_of = {annotation["image_id"]: index[annotation["category_id"]] for annotation in dataset["annotations"]}
    found: dict[str, list[tuple[Floats, int]]] = {"train": [], "validation": []}
    for image in dataset["images"]:
        with Image.open(run / "dataset" / "images" / image["file_name"]) as file:
            pixels = np.asarray(file.convert("RGB").resize((SIZE, SIZE)), np.float32) / 255
        found[image["split"]].append((pixels.mean((0, 1)), label_of[image["id"]]))
    return {
        split: (
            np.array([colour for colour, _ in some], np.float32).reshape(-1, 3),
            np.array([label for _, label in some], np.int64),
        )
        for split, some in found.items()
    }


def loss_and_accuracy(
    colour: Floats, label: npt.NDArray[np.int64], means: Floats, sharpness: float
) -> tuple[float, float]:
    """Cross entropy and accuracy; not a number without images."""
    if not len(label):
        return float("nan"), float("nan")
    logits = sharpness * (2 * colour @ means.T - (means**2).sum(1))
    logits -= logits.max(1, keepdims=True)
    chance = np.exp(logits)
    chance /= chance.sum(1, keepdims=True)
    picked = chance[np.arange(len(label)), label]
    return float(-np.log(picked + 1e-9).mean()), float((logits.argmax(1) == label).mean())


def export(path: Path, labels: list[str], means: Floats, sharpness: float) -> None:
    """Mean colour, nearest mean, softmax, as ONNX; the metadata tells Relens how to feed and read it."""
    weights = (2 * sharpness * means.T).astype(np.float32)
    bias = (-sharpness * (means**2).sum(1)).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("Gemm", ["features", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "nearest mean colour",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(labels)]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 3]),
        ],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    scale = {"resize": "stretch", "scale": 1 / 255, "mean": [0, 0, 0], "std": [1, 1, 1], "colour": "rgb"}
    helper.set_model_props(
        model,
        {
            "relens.task": "classification",
            "relens.labels": json.dumps(labels),
            "relens.input": json.dumps(scale),
            "relens.outputs": "softmax",
        },
    )
    onnx.save(model, str(path))


def main(run: Path) -> None:
    order: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    labels: list[str] = order["labels"]
    epochs = int(order["parameters"].get("epochs", 6))
    found = colours(run, labels)
    colour, label = found["train"]
    print(f"{len(label)} images to train on, {len(found['validation'][1])} to look at")
    grey = np.full((len(labels), 3), 0.5, np.float32)
    means = np.array(
        [colour[label == k].mean(0) if (label == k).any() else grey[k] for k in range(len(labels))], np.float32
    )
    # All there is to learn beside the means: how sure to be. Each epoch doubles it; the best on validation stays.
    best = (float("inf"), 1.0)
    for epoch in range(1, epochs + 1):
        sharpness = 2.0**epoch
        loss, accuracy = loss_and_accuracy(*found["validation"], means, sharpness)
        best = min(best, (loss, sharpness))
        print(
            json.dumps({"epoch": epoch, "epochs": epochs, "loss": loss, "metrics": {"accuracy": accuracy}}), flush=True
        )
    export(run / "out" / "model.onnx", labels, means, best[1])
    (run / "out" / "checkpoint.ckpt").write_bytes(json.dumps({"labels": labels, "means": means.tolist()}).encode())
    _, accuracy = loss_and_accuracy(*found["validation"], means, best[1])
    (run / "out" / "metrics.json").write_text(json.dumps({"accuracy": accuracy}), encoding="utf-8")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(Path.cwd())
