"""One training run with Ultralytics: `python ultralytics_program.py RUN_DIR`, in any Python that has it.

Standard library only at the top, and nothing of Relens: Ultralytics is AGPL-3.0, is imported by this program alone, and may live in
an environment of its own. Nothing is downloaded; without a file of weights the network begins with random ones.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

FORMAT = "relens ultralytics 1"
NETWORKS = {"detection": "yolo11n", "segmentation": "yolo11n-seg", "classification": "yolo11n-cls"}
TASKS = {"detection": "detect", "segmentation": "segment", "classification": "classify"}
SIZES = {"classification": 224}
HEADS = r"cv3\.\d+\.2\.|\.linear\."
"""The layers whose outputs are labels."""


class CannotTrain(Exception):
    """What stands in the way, in a sentence."""


def say(line: str) -> None:
    print(line, flush=True)


def main(run: Path) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    order = json.loads((run / "run.json").read_text(encoding="utf-8"))
    os.environ |= {"YOLO_CONFIG_DIR": str(run), "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
    try:
        train(run, order)
    except CannotTrain as error:
        say(f"cannot train: {error}")
        return 1
    return 0


def train(run: Path, order: dict[str, Any]) -> None:
    try:
        import onnx  # noqa: F401 - its export needs it, and would say so only after all the training
        import torch
        from ultralytics import YOLO, __version__, settings

        if order["task"] == "classification":
            import torchvision.datasets  # noqa: F401 - what reads its folders of classes
    except ImportError as error:
        raise CannotTrain(f"this Python ({sys.executable}) lacks a package: {error}") from error
    settings.update({"sync": False})
    given = order["parameters"]
    seed = int(given.get("seed") or 0)
    torch.set_num_threads(order["threads"])
    torch.manual_seed(seed)
    data = write_classes(run, order) if order["task"] == "classification" else write_dataset(run, order)
    model = beginning(run, order, YOLO)
    model.add_callback("on_fit_epoch_end", Epochs(order["task"]))
    budget = {"time": given["minutes"] / 60} if given.get("minutes") else {}
    device = "0" if torch.cuda.is_available() else "cpu"
    size, batch = int(given.get("image_size") or SIZES.get(order["task"], 640)), int(given.get("batch") or 16)
    model.train(
        data=str(data), epochs=int(given.get("epochs") or 100), imgsz=size, batch=batch, seed=seed, device=device,
        **budget, pretrained=bool(model.ckpt), project=str(run / "work"), name="yolo", exist_ok=True,
        workers=0, amp=False, plots=False, verbose=False,
    )  # fmt: skip
    keep(run, order, model, size)
    environment = {"ultralytics": __version__, "torch": torch.__version__, "python": platform.python_version()}
    environment |= {"device": torch.cuda.get_device_name(0) if device == "0" else "cpu", "machine": platform.platform()}
    (run / "out" / "environment.json").write_text(json.dumps(environment), encoding="utf-8")


def beginning(run: Path, order: dict[str, Any], yolo: Any) -> Any:
    """From the parent's weights, from a file of weights, or from random ones."""
    given = order["parameters"]
    if given.get("weights"):
        say(f"starting from the weights in {given['weights']}")
        return yolo(str(given["weights"]), task=_task(order))
    model = yolo(f"{given.get('network') or NETWORKS[order['task']]}.yaml", task=_task(order))
    if order["start_from"]:
        adopt(model, order["labels"], run / order["start_from"])
    else:
        say("starting from random weights: name a file of weights to start from with the parameter 'weights'")
    return model


def adopt(model: Any, labels: list[str], path: Path) -> None:
    """The parent's weights; the outputs of other labels are learned anew."""
    import torch

    try:
        # Only tensors and plain values: a file of Ultralytics' own could run code when it is read.
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - pickle, zip, runtime and key errors alike
        kept = error
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise CannotTrain(
            "the checkpoint to start from is not one that trainer 'ultralytics' wrote; an owner can name a .pt file of "
            "Ultralytics with the parameter 'weights'"
        )
    must_be_layers(kept["network"])
    network = type(model.model)(kept["network"], nc=len(kept["labels"]), verbose=False)
    state = kept["state"]
    if kept["labels"] != labels:
        state = {name: value for name, value in state.items() if not re.search(HEADS, name)}
    missing = network.load_state_dict(state, strict=False).missing_keys
    model.model, model.ckpt = network, {"model": network}
    say(f"starting from the parent's weights: {len(state)} tensors kept, {len(missing)} learned anew")


def must_be_layers(network: Any) -> None:
    """Ultralytics evaluates the activation of a description, and calls whatever it names as a layer: only layers may stand there."""
    import torch
    from ultralytics.nn import modules

    try:
        names = {str(layer[2]) for layer in [*network["backbone"], *network["head"]]}
        activation = str(network.get("activation") or "nn.SiLU()")
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise CannotTrain("the checkpoint to start from does not describe a network") from error
    found = {
        name: getattr(torch.nn, name[3:], None) if name.startswith("nn.") else getattr(modules, name, None)
        for name in names
    }
    strange = [name for name, one in found.items() if not (isinstance(one, type) and issubclass(one, torch.nn.Module))]
    if not re.fullmatch(r"(torch\.)?nn\.\w+\((inplace=True|[\d.]*)\)", activation):
        strange.append(activation)
    if strange:
        raise CannotTrain(f"the checkpoint to start from names {strange[0][:60]!r}, which is no layer of a network")


def keep(run: Path, order: dict[str, Any], model: Any, size: int) -> None:
    """The model as ONNX, what the next run goes on from, and what was measured."""
    import torch

    trained = model.model
    # Of a classifier it knows the folders' names alone.
    trained.names = dict(enumerate(order["labels"]))
    state = {name: value.detach().float().cpu() for name, value in trained.state_dict().items()}
    checkpoint = {"format": FORMAT, "network": trained.yaml, "labels": order["labels"], "state": state}
    (run / "out").mkdir(exist_ok=True)
    torch.save(checkpoint, run / "out" / "checkpoint.ckpt")
    exported = Path(model.export(format="onnx", imgsz=size, opset=17, simplify=False))
    exported.replace(run / "out" / "model.onnx")
    measured = {name: float(value) for name, value in (getattr(model.trainer, "metrics", None) or {}).items()}
    (run / "out" / "metrics.json").write_text(json.dumps(measured), encoding="utf-8")


class Epochs:
    """Prints a line of progress after every epoch."""

    def __init__(self, task: str) -> None:
        self._kind = "M" if task == "segmentation" else "B"
        self._started = time.monotonic()
        self._said = 0

    def __call__(self, trainer: Any) -> None:
        epoch = trainer.epoch + 1
        if epoch <= self._said or epoch > trainer.epochs:
            return  # the best weights are measured once more at the end
        self._said = epoch
        measured = trainer.metrics or {}
        names = {"map50": f"metrics/mAP50({self._kind})", "map50_95": f"metrics/mAP50-95({self._kind})"}
        names["accuracy"] = "metrics/accuracy_top1"
        metrics = {ours: float(measured[theirs]) for ours, theirs in names.items() if theirs in measured}
        loss = _total(trainer.tloss)
        each = (time.monotonic() - self._started) / epoch
        line = {"epoch": epoch, "epochs": trainer.epochs, "loss": loss, "metrics": metrics}
        say(json.dumps({**line, "eta_s": round(max(0, trainer.epochs - epoch) * each, 1)}))


def _total(loss: Any) -> float | None:
    """The parts of a loss together: a tensor, or by name in later versions."""
    if loss is None:
        return None
    parts = loss.values() if isinstance(loss, dict) else loss.reshape(-1)
    return sum(float(part) for part in parts)


def write_dataset(run: Path, order: dict[str, Any]) -> Path:
    """A text file of labels for each image and two lists of images, as Ultralytics wants them; the file that names all of it."""
    coco = json.loads((run / "dataset" / "annotations.json").read_text(encoding="utf-8"))
    index = {category["id"]: order["labels"].index(category["name"]) for category in coco["categories"]}
    lines: dict[int, list[str]] = {image["id"]: [] for image in coco["images"]}
    size_of = {image["id"]: (image["width"], image["height"]) for image in coco["images"]}
    for truth in coco["annotations"]:
        if truth.get("iscrowd"):  # one shape for many things: no example of any
            continue
        lines[truth["image_id"]] += _lines(
            truth, index[truth["category_id"]], size_of[truth["image_id"]], order["task"]
        )
    lists: dict[str, list[str]] = {"train": [], "validation": []}
    taken: set[Path] = set()
    for image in coco["images"]:
        path = (run / "dataset" / "images" / image["file_name"]).resolve()
        if text_of(path) in taken:  # a.png beside a.jpg
            apart = run / "twins" / "images" / f"{image['id']}{path.suffix}"
            apart.parent.mkdir(parents=True, exist_ok=True)
            path = path.replace(apart).resolve()
        text = text_of(path)
        taken.add(text)
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("\n".join(lines[image["id"]]), encoding="utf-8")
        lists[image["split"]].append(str(path))
    if not lists["validation"]:
        say("no validation images: what it measures, it measures on the training images")
    for split, paths in lists.items():
        (run / f"{split}.txt").write_text("\n".join(paths or lists["train"]), encoding="utf-8")
    facts = {"path": str(run), "train": "train.txt", "val": "validation.txt", "names": dict(enumerate(order["labels"]))}
    # JSON is YAML as well.
    (run / "data.yaml").write_text(json.dumps(facts), encoding="utf-8")
    return run / "data.yaml"


def write_classes(run: Path, order: dict[str, Any]) -> Path:
    """A folder for each label, as Ultralytics wants classified images; called by its number, since folders are sorted by their names."""
    coco = json.loads((run / "dataset" / "annotations.json").read_text(encoding="utf-8"))
    index = {category["id"]: order["labels"].index(category["name"]) for category in coco["categories"]}
    label = {truth["image_id"]: index[truth["category_id"]] for truth in coco["annotations"]}
    for split in ("train", "val"):
        for number in range(len(order["labels"])):
            (run / "classes" / split / f"{number:06d}").mkdir(parents=True, exist_ok=True)
    splits = {"train": "train", "validation": "val"}
    lacking = all(image["split"] == "train" for image in coco["images"])
    if lacking:
        say("no validation images: what it measures, it measures on the training images")
    for image in coco["images"]:
        path = run / "dataset" / "images" / image["file_name"]
        for split in ("train", "val") if lacking else (splits[image["split"]],):
            place = run / "classes" / split / f"{label[image['id']]:06d}"
            (place / f"{image['id']}{path.suffix}").symlink_to(path.resolve())
    return run / "classes"


def text_of(image: Path) -> Path:
    """Where Ultralytics looks for it: the last folder called images becomes labels."""
    before, _, after = str(image).rpartition("/images/")
    return Path(f"{before}/labels/{after}").with_suffix(".txt")


def _lines(truth: dict[str, Any], label: int, size: tuple[int, int], task: str) -> list[str]:
    width, height = size
    if task != "segmentation":
        x, y, w, h = truth["bbox"]
        return [_line(label, [(x + w / 2) / width, (y + h / 2) / height, w / width, h / height])]
    outline = truth["segmentation"]
    rings = _outlines(outline) if isinstance(outline, dict) else outline
    return [_line(label, [value / (height if i % 2 else width) for i, value in enumerate(ring)]) for ring in rings]


def _line(label: int, numbers: list[float]) -> str:
    return " ".join([str(label), *(f"{min(max(number, 0.0), 1.0):.6f}" for number in numbers)])


def _outlines(mask: dict[str, Any]) -> list[list[float]]:
    """The outlines of a run-length mask (counts in column order)."""
    import cv2
    import numpy as np

    height, width = mask["size"]
    counts = np.asarray(mask["counts"])
    pixels = np.repeat(np.arange(len(counts)) % 2, counts).astype(np.uint8).reshape(width, height).T
    found, _ = cv2.findContours(np.ascontiguousarray(pixels), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [ring.reshape(-1).astype(float).tolist() for ring in found if len(ring) >= 3]


def _task(order: dict[str, Any]) -> str:
    return TASKS[order["task"]]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
