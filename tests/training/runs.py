"""Run folders with drawn pictures, and the program that trains on them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"disc": (210, 70, 60), "plate": (60, 110, 210), "wedge": (230, 200, 70)}
LABELS = tuple(COLOURS)
SIZE = (96, 72)


def draw(chance: np.random.Generator, label: str | None = None) -> tuple[Image.Image, list[tuple[str, list[float]]]]:
    """A grainy picture with one to three drawn things, or one of the given label; x y w h of each."""
    width, height = SIZE
    ground = chance.normal(120, 14, (height, width, 3)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(ground)
    pencil = ImageDraw.Draw(image)
    things: list[tuple[str, list[float]]] = []
    for column in range(int(chance.integers(1, 4)) if label is None else 1):
        side = int(chance.integers(16, 27)) if label is None else int(chance.integers(44, 60))
        x, y = column * 32 + int(chance.integers(0, max(1, 33 - side))), int(chance.integers(0, height - side))
        name = label or LABELS[int(chance.integers(len(LABELS)))]
        box = (x, y, x + side - 1, y + side - 1)
        if name == "disc":
            pencil.ellipse(box, COLOURS[name])
        elif name == "plate":
            pencil.rectangle(box, COLOURS[name])
        else:
            pencil.polygon([(x, box[3]), (box[2], box[3]), (x + side // 2, y)], COLOURS[name])
        things.append((name, [x, y, side, side]))
    return image, things


def make_run(
    folder: Path,
    task: str,
    parameters: dict[str, Any],
    train: int = 24,
    validation: int = 8,
    labels: tuple[str, ...] = LABELS,
    start_from: str | None = None,
) -> Path:
    """A run folder, ready to be started."""
    chance = np.random.default_rng(5)
    place = folder / "dataset" / "images"
    place.mkdir(parents=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(1, train + validation + 1):
        image, things = draw(chance, labels[number % len(labels)] if task == "classification" else None)
        image.save(place / f"{number}.png")
        split = "train" if number <= train else "validation"
        images.append({"id": number, "file_name": f"{number}.png", "width": SIZE[0], "height": SIZE[1], "split": split})
        for name, box in things:
            if name in labels:
                entry = {"id": len(annotations) + 1, "image_id": number, "category_id": labels.index(name) + 1}
                annotations.append(entry if task == "classification" else entry | {"bbox": box, "iscrowd": 0})
    categories = [{"id": number, "name": name} for number, name in enumerate(labels, 1)]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "dataset" / "annotations.json").write_text(json.dumps(coco))
    order = {"task": task, "labels": labels, "parameters": parameters, "threads": 1, "start_from": start_from}
    (folder / "run.json").write_text(json.dumps(order))
    return folder


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "relens.training.compact", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )


def finish(folder: Path) -> tuple[int, list[str]]:
    """Exit code and the lines it said."""
    with start(folder) as program:
        said, _ = program.communicate()
    return program.returncode, said.splitlines()


def progress(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]
