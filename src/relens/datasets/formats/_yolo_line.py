"""One line of a YOLO text file: a label's number, then a box as centre and size or an outline as points, in shares of the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from relens.datasets.item import plain
from relens.vision.annotation import Annotation
from relens.vision.shapes import BadShape, Box, Polygon, Shape


@dataclass(frozen=True, slots=True)
class AsWritten:
    """What numbers are shares of, and what labels' numbers mean."""

    width: int
    height: int
    labels: tuple[str, ...]


def written(annotation: Annotation, number: int, width: int, height: int) -> str:
    """The line of a box or outline."""
    return " ".join([str(number), *(repr(share) for share in _shares(annotation.shape, width, height))])


def read_line(line: str, size: AsWritten) -> Annotation:
    """Raises BadShape, saying what is wrong."""
    words = line.split()
    number, values = _number(words, size.labels), [_share(word) for word in words[1:]]
    if len(values) == 4:
        x, y, w, h = values
        if w <= 0 or h <= 0:
            raise BadShape(f"its width and height are {w:g} and {h:g}, and must be above 0")
        flat = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    elif len(values) >= 6 and len(values) % 2 == 0:
        flat = values
    else:
        raise BadShape(f"{len(values)} numbers stand behind the label: a box has 4, an outline 6, 8, 10, ...")
    pixels = [value * (size.height if place % 2 else size.width) for place, value in enumerate(flat)]
    _check_shares(pixels, size)
    shape = Box(*pixels) if len(values) == 4 else Polygon((tuple(pixels),))
    return plain(Annotation(size.labels[number], shape))


def says_the_same(one: Annotation, other: Annotation, size: AsWritten) -> bool:
    """Whether two annotations have the same line, but for the last digits."""
    a, b = (_shares(shape, size.width, size.height) for shape in (one.shape, other.shape))
    return len(a) == len(b) and all(abs(x - y) <= 2e-6 for x, y in zip(a, b, strict=True))


def _shares(shape: Shape, width: int, height: int) -> list[float]:
    if isinstance(shape, Box):
        middle = ((shape.x1 + shape.x2) / 2 / width, (shape.y1 + shape.y2) / 2 / height)
        return [*middle, shape.width / width, shape.height / height]
    if isinstance(shape, Polygon):
        return [value / (height if place % 2 else width) for place, value in enumerate(_one_ring(shape.rings))]
    return []


def _one_ring(rings: Sequence[Sequence[float]]) -> list[float]:
    """An outline of several parts as one: there to each part and back again on the same way, which adds no area."""
    if len(rings) == 1:
        return list(rings[0])
    there = [value for ring in rings for value in (*ring, *ring[:2])]
    return there + [value for ring in reversed(rings[:-1]) for value in ring[:2]]


def _number(words: Sequence[str], labels: Sequence[str]) -> int:
    word = words[0] if words else ""
    # Some tools write 0.0 for 0.
    number = float(word) if word.replace(".", "", 1).isascii() and word.replace(".", "", 1).isdigit() else -1.0
    if not 0 <= number < len(labels) or number != int(number):
        raise BadShape(f"the label {word[:20]!r} is not among the {len(labels)} names, which begin at 0")
    return int(number)


def _share(word: str) -> float:
    try:
        value = float(word)
    except ValueError as error:
        raise BadShape(f"{word[:20]!r} stands where a number must be") from error
    if not math.isfinite(value):
        raise BadShape("a number is not finite")
    return value


def _check_shares(pixels: Sequence[float], size: AsWritten) -> None:
    """A shape may reach over the edge; what is a whole image away was written in pixels."""
    for place, value in enumerate(pixels):
        end = size.height if place % 2 else size.width
        if not -end <= value <= 2 * end:
            shares = f"{value / end:g}"
            raise BadShape(
                f"it reaches to {shares} of the image: numbers are shares of its width and height, from 0 to 1"
            )
