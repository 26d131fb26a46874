"""Judges one found image: does it decode, is it as large as its annotations say, do they lie inside it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relens.assets.asset import Asset
from relens.datasets.found import FoundImage, Problem
from relens.kit import clock
from relens.kit.errors import RelensError
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.decode import DEFAULT, Limits, decode
from relens.vision.fingerprint import fingerprint
from relens.vision.shapes import Mask


@dataclass(frozen=True, slots=True)
class Judged:
    """The image as an asset (its bytes are not kept yet), or what is wrong with it."""

    found: FoundImage
    asset: Asset | None
    problems: tuple[Problem, ...] = ()


def judge(found: FoundImage, limits: Limits = DEFAULT) -> Judged:
    """Decodes the file; never raises over what is in it."""
    try:
        data = found.path.read_bytes()
        image = decode(data, limits)
    except (RelensError, OSError) as error:
        return Judged(found, None, (Problem(found.line, found.file_name, str(error)),))
    problems = tuple(_wrong(found, image.width, image.height))
    if problems:
        return Judged(found, None, problems)
    mark = fingerprint(image)
    return Judged(found, Asset(content_id(data), image.width, image.height, image.format, len(data), mark, clock.now()))


def _wrong(found: FoundImage, width: int, height: int) -> Iterator[Problem]:
    claimed = (found.width or width, found.height or height)
    if claimed != (width, height):
        turned = ", upright as its EXIF says" if claimed == (height, width) else ""
        sentence = (
            f"its annotations are for {claimed[0]} x {claimed[1]} pixels, but the image has {width} x {height}{turned}"
        )
        yield Problem(found.line, found.file_name, sentence)
        return
    for annotation, line in zip(found.annotations, found.lines, strict=True):
        sentence = _outside(annotation, width, height)
        if sentence:
            yield Problem(line, found.file_name, sentence)


def _outside(annotation: Annotation, width: int, height: int) -> str:
    shape = annotation.shape
    if shape is None:
        return ""
    if isinstance(shape, Mask) and (shape.width, shape.height) != (width, height):
        return f"a mask of '{annotation.label}' has {shape.width} x {shape.height} pixels, but the image has {width} x {height}"
    if not shape.box().inside(width, height):
        box = shape.box()
        corners = ", ".join(f"{value:g}" for value in box.corners())
        apart = box.x1 >= width or box.y1 >= height or box.x2 <= 0 or box.y2 <= 0
        where = "lies outside" if apart else "reaches beyond"
        return f"a box of '{annotation.label}' ({corners}) {where} the image of {width} x {height} pixels"
    return ""
