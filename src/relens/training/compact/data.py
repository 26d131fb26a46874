"""The run's images and annotations, decoded once and kept in memory as small uint8 pictures."""

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from relens.kit.errors import RelensError
from relens.training.compact.order import CannotTrain, Order
from relens.vision.decode import decode

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
IN_MEMORY = 2 << 30


@dataclass(frozen=True)
class Sample:
    """One image as the dataset describes it: boxes (n, 4) x1 y1 x2 y2 in upright pixels, labels (n,)."""

    path: Path
    split: str
    width: int
    height: int
    boxes: Floats
    labels: Indices


@dataclass(frozen=True)
class Picture:
    """A sample's pixels (h, w, 3) RGB, made smaller; boxes are in these pixels. `full_size` is the original (w, h)."""

    pixels: Pixels
    boxes: Floats
    labels: Indices
    full_size: tuple[int, int]


def read_samples(order: Order) -> list[Sample]:
    """Every image of the dataset, in a fixed order. Raises CannotTrain."""
    root = order.folder / "dataset"
    try:
        coco = json.loads((root / "annotations.json").read_text(encoding="utf-8"))
        categories = sorted(coco["categories"], key=lambda category: category["id"])
        index = {category["id"]: i for i, category in enumerate(categories)}
        truths: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for annotation in coco["annotations"]:
            truths[annotation["image_id"]].append(annotation)
        images = sorted(coco["images"], key=lambda image: image["id"])
        samples = [_sample(image, truths[image["id"]], index, root / "images") for image in images]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotTrain(f"cannot read the dataset {root / 'annotations.json'}: {error!r}") from error
    if len(index) != len(order.labels):
        raise CannotTrain(f"the order names {len(order.labels)} labels, the dataset has {len(index)} categories")
    if order.task == "classification":
        samples = [sample for sample in samples if len(sample.labels)]
    if not any(sample.split == "train" for sample in samples):
        raise CannotTrain("the dataset has no annotated image in its train split")
    return samples


def _sample(image: dict[str, Any], truths: Iterable[dict[str, Any]], index: dict[int, int], root: Path) -> Sample:
    boxes, labels = [], []
    for truth in truths:
        if truth.get("iscrowd"):
            continue
        x, y, w, h = truth.get("bbox") or (0.0, 0.0, float(image["width"]), float(image["height"]))
        if w > 0 and h > 0:
            boxes.append((x, y, x + w, y + h))
            labels.append(index[truth["category_id"]])
    return Sample(
        path=root / image["file_name"],
        split=image.get("split", "train"),
        width=int(image["width"]),
        height=int(image["height"]),
        boxes=np.asarray(boxes, np.float32).reshape(-1, 4),
        labels=np.asarray(labels, np.int64),
    )


def load_pictures(samples: Sequence[Sample], longest: int, scratch: Path, workers: int) -> list[Picture]:
    """The samples' pixels, none longer than `longest`; above 2 GiB they live in a mapped file. Raises CannotTrain."""
    if not samples:
        return []
    sides = [_fit(sample.width, sample.height, longest) for sample in samples]
    total = sum(3 * w * h for w, h in sides)
    mapped = _mapped(scratch, total) if total > IN_MEMORY else None
    with ThreadPoolExecutor(workers) as pool:
        pictures = []
        offset = 0
        for picture in pool.map(lambda sample: load_picture(sample, longest), samples):
            kept = picture
            size = picture.pixels.size
            if mapped is not None and offset + size <= total:
                mapped[offset : offset + size] = picture.pixels.ravel()
                pixels = mapped[offset : offset + size].reshape(picture.pixels.shape)
                kept = Picture(pixels, picture.boxes, picture.labels, picture.full_size)
                offset += size
            pictures.append(kept)
    return pictures


def _mapped(scratch: Path, total: int) -> Pixels:
    """Room on disk that goes away with the process, however that ends."""
    room = np.memmap(scratch, np.uint8, "w+", shape=(total,))
    with contextlib.suppress(OSError):
        scratch.unlink()
    return room


def load_picture(sample: Sample, longest: int) -> Picture:
    """One image, decoded by the same code as in production. Raises CannotTrain, naming the file."""
    try:
        image = decode(sample.path.read_bytes(), smallest=longest)
    except (OSError, RelensError) as error:
        raise CannotTrain(f"cannot read the image {sample.path.name}: {error}") from error
    full = (image.width, image.height)
    size = _fit(*full, longest)
    picture = image.picture
    if picture.size != size:
        picture = picture.resize(size, Pillow.Resampling.BILINEAR)
    factor = np.asarray([size[0] / full[0], size[1] / full[1]] * 2, np.float32)
    return Picture(np.asarray(picture), sample.boxes * factor, sample.labels, full)


def _fit(width: int, height: int, longest: int) -> tuple[int, int]:
    ratio = min(1.0, longest / max(width, height))
    return max(1, round(width * ratio)), max(1, round(height * ratio))
