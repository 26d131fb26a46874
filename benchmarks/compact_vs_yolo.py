"""Our own small detector against YOLO11n: both from random weights, on the same images, cores and wall time.

    python -m benchmarks.compact_vs_yolo [--json] [--data FOLDER] [--minutes 3] [--seeds 3] [--image-size 320]

FOLDER holds `annotations.json` (COCO; images[].split says train or holdout) and `images/`. Without it, the pictures of
the built-in demo stream are taken. Ultralytics (AGPL) lives in a virtual environment of this benchmark's own, made on
first use in the system's folder for temporary files; nothing of it is imported here.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from relens.demo.builtin import built_in
from relens.demo.coco_writer import write_coco
from relens.training.compact.augment import letterbox
from relens.training.compact.data import Sample, load_picture
from relens.training.compact.evaluate import choose

PEER = Path(tempfile.gettempdir()) / "relens-benchmark-yolo"
PACKAGES = (
    "torch==2.13.0",
    "opencv-python-headless",
    "pillow",
    "pyyaml",
    "requests",
    "scipy",
    "psutil",
    "matplotlib",
    "polars",
)
# Ultralytics asks for torchvision, which has no build for every CPU-only torch; of it, training needs the name only.
STUB = {
    "torchvision-0.28.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n",
    "torchvision/__init__.py": "from torchvision import ops, transforms\n__version__ = '0.28.0'\n",
    "torchvision/ops.py": "def nms(boxes, scores, iou_threshold):\n"
    "    order, kept = scores.argsort(descending=True), []\n"
    "    import torch\n"
    "    while len(order):\n"
    "        first, rest = order[0], order[1:]\n"
    "        kept.append(first)\n"
    "        low = torch.maximum(boxes[first, :2], boxes[rest, :2])\n"
    "        high = torch.minimum(boxes[first, 2:], boxes[rest, 2:])\n"
    "        both = (high - low).clamp(min=0).prod(1)\n"
    "        area = lambda b: (b[..., 2:] - b[..., :2]).prod(-1)\n"
    "        order = rest[both / (area(boxes[first]) + area(boxes[rest]) - both) <= iou_threshold]\n"
    "    return torch.stack(kept) if kept else scores.new_zeros(0).long()\n",
    "torchvision/transforms.py": "",
}
PEER_PROGRAM = """
import json, sys, time
import torch
order = json.load(open(sys.argv[1]))
torch.set_flush_denormal(True)
torch.set_num_threads(order["threads"])
from ultralytics import YOLO
started = time.monotonic()
model = YOLO("yolo11n.yaml")
model.train(data=order["data"], epochs=10_000, time=order["minutes"] / 60, imgsz=order["image_size"], batch=16,
            device="cpu", workers=0, cache="ram", seed=order["seed"], pretrained=False, amp=False, val=False,
            plots=False, project=order["folder"], name="yolo", exist_ok=True, verbose=False)
seconds = time.monotonic() - started
found = []
for name in order["holdout"]:
    boxes = model.predict(name, imgsz=order["image_size"], conf=0.001, iou=0.7, max_det=300, device="cpu",
                          verbose=False)[0].boxes
    found.append([boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.int().tolist()])
json.dump({"seconds": seconds, "found": found}, open(order["answer"], "w"))
"""
Coco = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--image-size", type=int, default=320)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    log = (lambda _: None) if asked.json else print
    with tempfile.TemporaryDirectory() as kept:
        scratch = Path(kept)
        data = asked.data or write_demo(scratch / "demo")
        coco: Coco = json.loads((data / "annotations.json").read_text(encoding="utf-8"))
        python = peer_python()
        rows = []
        for seed in range(1, asked.seeds + 1):
            folder = scratch / str(seed)
            folder.mkdir()
            ours = train_compact(data, coco, folder, asked.minutes, seed, asked.image_size, asked.threads)
            # On a crowded machine our run takes longer than was asked; the peer then gets just as long.
            minutes = max(asked.minutes, ours["compact_seconds"] / 60)
            theirs = train_yolo(python, data, coco, folder, minutes, seed, asked.image_size, asked.threads)
            rows.append(ours | theirs)
            log(json.dumps({"seed": seed} | rows[-1]))
    means = {name: round(statistics.mean(row[name] for row in rows), 4) for name in rows[0]}
    facts = {"benchmark": "compact_vs_yolo", "minutes": asked.minutes, "seeds": asked.seeds, "data": data.name}
    counts = {split: len(of_split(coco, split)) for split in ("train", "holdout")}
    print(json.dumps(facts | counts | {"image_size": asked.image_size, "threads": asked.threads} | means))


def write_demo(folder: Path) -> Path:
    """The built-in stream's training pictures, and the report's as holdout."""
    stream = built_in()
    folder.mkdir()
    pairs = [(example, "train") for example in stream.train] + [(example, "holdout") for example in stream.report]
    return write_coco(folder, pairs, stream.labels, lambda _: None)


def of_split(coco: Coco, split: str) -> list[dict[str, Any]]:
    return [image for image in coco["images"] if image["split"] == split]


def train_compact(
    data: Path, coco: Coco, folder: Path, minutes: float, seed: int, size: int, threads: int
) -> dict[str, float]:
    """One run of our trainer through its own contract; mAP on the holdout images."""
    run = folder / "compact"
    (run / "dataset").mkdir(parents=True)
    (run / "dataset" / "images").symlink_to((data / "images").resolve())
    training = of_split(coco, "train")
    ids = {image["id"] for image in training}
    truths = [truth for truth in coco["annotations"] if truth["image_id"] in ids]
    subset = {"images": training, "annotations": truths, "categories": coco["categories"]}
    (run / "dataset" / "annotations.json").write_text(json.dumps(subset), encoding="utf-8")
    labels = [category["name"] for category in sorted(coco["categories"], key=lambda one: one["id"])]
    parameters = {"minutes": minutes, "seed": seed, "image_size": size}
    order = {"task": "detection", "labels": labels, "parameters": parameters, "threads": threads, "start_from": None}
    (run / "run.json").write_text(json.dumps(order), encoding="utf-8")
    started = time.monotonic()
    call([sys.executable, "-m", "relens.training.compact", str(run)])
    seconds = time.monotonic() - started
    holdout = of_split(coco, "holdout")
    session = onnxruntime.InferenceSession(str(run / "out" / "model.onnx"), providers=["CPUExecutionProvider"])
    found = [predict(session, data / "images" / image["file_name"]) for image in holdout]
    return judge("compact", coco, holdout, found) | {"compact_seconds": round(seconds, 1)}


Answer = tuple[list[list[float]], list[float], list[int]]


def predict(session: onnxruntime.InferenceSession, path: Path) -> Answer:
    height, width = session.get_inputs()[0].shape[2:]
    nothing = np.zeros((0, 4), np.float32)
    sample = Sample(path, "holdout", 0, 0, nothing, np.zeros(0, np.int64))
    picture = load_picture(sample, 1 << 16)
    view, ratio, left, top = letterbox(picture, height, width)
    images = (view.pixels.astype(np.float32) / 255).transpose(2, 0, 1)[None]
    boxes, scores, _ = session.run(None, {"images": images})
    found = choose(boxes[0], scores[0], least=0.001, iou=0.7)
    w, h = picture.full_size
    upright = (found.boxes - np.asarray([left, top, left, top], np.float32)) / ratio
    return np.clip(upright, 0, [w, h, w, h]).tolist(), found.confidences.tolist(), found.labels.tolist()


def train_yolo(
    python: Path, data: Path, coco: Coco, folder: Path, minutes: float, seed: int, size: int, threads: int
) -> dict[str, float]:
    """One run of YOLO11n from its plan in the peer's environment; mAP on the holdout images."""
    run = folder / "yolo"
    write_yolo(data, coco, run)
    holdout = of_split(coco, "holdout")
    order = {
        "data": str(run / "data.yaml"),
        "minutes": minutes,
        "image_size": size,
        "seed": seed,
        "threads": threads,
        "folder": str(run),
        "answer": str(run / "answer.json"),
        "holdout": [str((data / "images" / image["file_name"]).resolve()) for image in holdout],
    }
    (run / "order.json").write_text(json.dumps(order), encoding="utf-8")
    (run / "program.py").write_text(PEER_PROGRAM, encoding="utf-8")
    quiet = {"YOLO_CONFIG_DIR": str(run), "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
    call([str(python), str(run / "program.py"), str(run / "order.json")], quiet)
    answer = json.loads((run / "answer.json").read_text(encoding="utf-8"))
    return judge("yolo", coco, holdout, answer["found"]) | {"yolo_seconds": round(answer["seconds"], 1)}


def write_yolo(data: Path, coco: Coco, run: Path) -> None:
    """The training images and a text file of labels for each, as Ultralytics wants them."""
    (run / "images").mkdir(parents=True)
    (run / "labels").mkdir()
    ids = sorted(category["id"] for category in coco["categories"])
    for image in of_split(coco, "train"):
        name = f"{image['id']}{Path(image['file_name']).suffix}"
        (run / "images" / name).symlink_to((data / "images" / image["file_name"]).resolve())
        lines = []
        for truth in (truth for truth in coco["annotations"] if truth["image_id"] == image["id"]):
            x, y, w, h = truth["bbox"]
            centre = ((x + w / 2) / image["width"], (y + h / 2) / image["height"])
            numbers = (*centre, w / image["width"], h / image["height"])
            lines.append(" ".join([str(ids.index(truth["category_id"])), *(f"{number:.6f}" for number in numbers)]))
        (run / "labels" / f"{image['id']}.txt").write_text("\n".join(lines), encoding="utf-8")
    names = {
        i: str(category["name"]) for i, category in enumerate(sorted(coco["categories"], key=lambda one: one["id"]))
    }
    # JSON is YAML as well.
    facts = {"path": str(run), "train": "images", "val": "images", "names": names}
    (run / "data.yaml").write_text(json.dumps(facts), encoding="utf-8")


def judge(who: str, coco: Coco, images: Sequence[dict[str, Any]], found: Sequence[Answer]) -> dict[str, float]:
    """mAP by pycocotools, the same for both."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    ids = {image["id"] for image in images}
    truths = [
        {"area": truth["bbox"][2] * truth["bbox"][3], "iscrowd": 0} | truth
        for truth in coco["annotations"]
        if truth["image_id"] in ids
    ]
    labels = sorted(category["id"] for category in coco["categories"])
    answers = [
        {"image_id": image["id"], "category_id": labels[label], "score": score, "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for image, answer in zip(images, found, strict=True)
        for (x1, y1, x2, y2), score, label in zip(*answer, strict=True)
    ]
    if not answers:
        return {f"{who}_map50": 0.0, f"{who}_map": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"info": {}, "images": list(images), "annotations": truths, "categories": coco["categories"]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(answers), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {f"{who}_map50": round(float(evaluation.stats[1]), 4), f"{who}_map": round(float(evaluation.stats[0]), 4)}


def peer_python() -> Path:
    """The interpreter of the peer's environment, which is made when it is not there."""
    python = PEER / "bin" / "python"
    if not (PEER / "ready").exists():
        call([sys.executable, "-m", "venv", "--clear", str(PEER)])
        call([str(python), "-m", "pip", "install", "--quiet", *PACKAGES])
        call([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "ultralytics", "ultralytics-thop"])
        if subprocess.run([str(python), "-c", "import torchvision"], capture_output=True).returncode:
            packages = next((PEER / "lib").glob("python*")) / "site-packages"
            for name, text in STUB.items():
                (packages / name).parent.mkdir(exist_ok=True)
                (packages / name).write_text(text, encoding="utf-8")
        (PEER / "ready").touch()
    return python


def call(command: list[str], more: dict[str, str] | None = None) -> None:
    """Run to the end; what it said is shown only when it failed."""
    done = subprocess.run(command, env=os.environ | (more or {}), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


if __name__ == "__main__":
    main()
