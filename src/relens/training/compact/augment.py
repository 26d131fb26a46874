"""Random views of the training pictures: geometry here with Pillow, colour on whole batches with torch in `colour`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from relens.training.compact.data import Floats, Indices, Picture, Pixels

PAD = 114


@dataclass(frozen=True)
class Ways:
    """Which views count as equally likely: mirrored left to right, upside down, turned by a quarter."""

    mirror: bool = True
    flip: bool = False
    turn: bool = False

    def __str__(self) -> str:
        """For the log of the training."""
        found = {"mirrored": self.mirror, "upside down": self.flip, "turned by a quarter": self.turn}
        return f"seen as they are{''.join(f', {way}' for way, likely in found.items() if likely)}"


@dataclass(frozen=True)
class View:
    """What the network sees: pixels (H, W, 3), boxes (n, 4) in them, labels (n,)."""

    pixels: Pixels
    boxes: Floats
    labels: Indices


def letterbox(picture: Picture, height: int, width: int) -> tuple[View, float, int, int]:
    """The whole picture in the middle of the input; also the factor, left and top that undo it."""
    full_w, full_h = picture.full_size
    ratio = min(height / full_h, width / full_w)
    w, h = max(1, round(full_w * ratio)), max(1, round(full_h * ratio))
    left, top = round((width - w) / 2 - 0.1), round((height - h) / 2 - 0.1)
    canvas = np.full((height, width, 3), PAD, np.uint8)
    image = Image.fromarray(picture.pixels)
    canvas[top : top + h, left : left + w] = np.asarray(
        image if image.size == (w, h) else image.resize((w, h), Image.Resampling.BILINEAR)
    )
    kept = picture.pixels.shape
    factor = np.asarray([w / kept[1], h / kept[0]] * 2, np.float32)
    boxes = picture.boxes * factor + np.asarray([left, top, left, top], np.float32)
    return View(canvas, boxes, picture.labels), ratio, left, top


def mosaic(pictures: Sequence[Picture], height: int, width: int, spread: float, chance: np.random.Generator) -> View:
    """Four pictures, each at its own scale, meet at a random point."""
    x = int(width * chance.uniform(0.25, 0.75))
    y = int(height * chance.uniform(0.25, 0.75))
    corners = ((0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height))
    canvas = np.empty((height, width, 3), np.uint8)
    boxes, labels = [], []
    for picture, (x1, y1, x2, y2) in zip(pictures, corners, strict=True):
        tile = cut(picture, y2 - y1, x2 - x1, base_scale(picture, height, width) * _scale(spread, chance), chance)
        canvas[y1:y2, x1:x2] = tile.pixels
        boxes.append(tile.boxes + np.asarray([x1, y1, x1, y1], np.float32))
        labels.append(tile.labels)
    return View(canvas, np.concatenate(boxes), np.concatenate(labels))


def single(picture: Picture, height: int, width: int, spread: float, chance: np.random.Generator) -> View:
    """One picture at a random scale and place."""
    return cut(picture, height, width, base_scale(picture, height, width) * _scale(spread, chance), chance)


def base_scale(picture: Picture, height: int, width: int) -> float:
    """Input pixels per kept pixel when the whole picture is letterboxed."""
    kept_h, kept_w = picture.pixels.shape[:2]
    return float(min(height / kept_h, width / kept_w))


def cut(picture: Picture, height: int, width: int, scale: float, chance: np.random.Generator) -> View:
    """A window (height, width) of the picture at `scale`, padded where the picture ends."""
    kept_h, kept_w = picture.pixels.shape[:2]
    left, inner_w, x = _span(kept_w, width, scale, chance)
    top, inner_h, y = _span(kept_h, height, scale, chance)
    region = (left, top, left + inner_w / scale, top + inner_h / scale)
    tile = Image.fromarray(picture.pixels).resize(
        (inner_w, inner_h), Image.Resampling.BILINEAR, box=_inside(region, kept_w, kept_h)
    )
    canvas = np.full((height, width, 3), PAD, np.uint8)
    canvas[y : y + inner_h, x : x + inner_w] = np.asarray(tile)
    shift = np.asarray([x - left * scale, y - top * scale] * 2, np.float32)
    boxes = (picture.boxes * scale + shift).astype(np.float32)
    return _clip(View(canvas, boxes, picture.labels), x, y, x + inner_w, y + inner_h)


def _span(kept: int, wanted: int, scale: float, chance: np.random.Generator) -> tuple[float, int, int]:
    """Along one axis: where the window starts in the picture, how long it is in the view, where it goes in the view."""
    full = kept * scale
    if full > wanted:
        return chance.uniform(0, kept - wanted / scale), wanted, 0
    inner = max(1, int(full))
    return 0.0, inner, int(chance.integers(0, wanted - inner + 1))


def _inside(box: tuple[float, float, float, float], width: int, height: int) -> tuple[float, float, float, float]:
    return max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3])


def _scale(spread: float, chance: np.random.Generator) -> float:
    return float(np.exp(chance.uniform(-1, 1) * np.log(spread)))


def _clip(view: View, x1: int, y1: int, x2: int, y2: int) -> View:
    """Only what is visible between the bounds; an object mostly outside is no longer one."""
    if not len(view.boxes):
        return view
    low, high = np.asarray([x1, y1, x1, y1], np.float32), np.asarray([x2, y2, x2, y2], np.float32)
    boxes = np.clip(view.boxes, low, high)
    before = np.maximum(view.boxes[:, 2:] - view.boxes[:, :2], 1e-6)
    after = boxes[:, 2:] - boxes[:, :2]
    seen = (after.prod(1) > 0.25 * before.prod(1)) & (after.min(1) > 1.5)
    return View(view.pixels, boxes[seen], view.labels[seen])


def reorient(picture: Picture, ways: Ways, chance: np.random.Generator) -> Picture:
    """The picture mirrored, upside down or turned, as far as the ways allow."""
    pixels, boxes, size = picture.pixels, picture.boxes, picture.full_size
    draws = chance.random(3) < 0.5
    if ways.turn and draws[0]:
        pixels, boxes, size = pixels.transpose(1, 0, 2), boxes[:, [1, 0, 3, 2]], (size[1], size[0])
    height, width = pixels.shape[:2]
    if ways.mirror and draws[1]:
        pixels = pixels[:, ::-1]
        boxes = np.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), 1)
    if ways.flip and draws[2]:
        pixels = pixels[::-1]
        boxes = np.stack((boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]), 1)
    return Picture(np.ascontiguousarray(pixels), boxes, picture.labels, size)
