"""Judges one found image: does it decode, is it as large as its annotations say, do they lie inside it?

A shape that reaches over the edge is cut there: a few pixels come of rounding and of augmentation. One with nothing inside is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relens.assets.asset import Asset
from relens.datasets.found import FoundImage, Problem
from relens.datasets.item import plain
from relens.kit import clock
from relens.kit.errors import RelensError
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.decode import DEFAULT, Limits, decode
from relens.vision.fingerprint import fingerprint
from relens.vision.shapes import BadShape, Box, Mask, Polygon
from relens.vision.visible import NothingThere, overhang, visible

_TWELVE_BITS = round(4095 * 255 / 65535)


@dataclass(frozen=True, slots=True)
class Cut:
    """An annotation that was cut at the edge, which it reached over by `pixels`."""

    line: int | None
    file: str
    pixels: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The image as an asset (its bytes are not kept yet), or what is wrong with it. `dim`: 16 bits of which it uses 12 at most."""

    found: FoundImage
    asset: Asset | None
    problems: tuple[Problem, ...] = ()
    cuts: tuple[Cut, ...] = ()
    dim: bool = False


def judge(found: FoundImage, limits: Limits = DEFAULT) -> Judged:
    """Decodes the file; never raises over what is in it."""
    try:
        data = found.path.read_bytes()
        image = decode(data, limits)
    except (RelensError, OSError) as error:
        return Judged(found, None, (Problem(found.line, found.file_name, str(error)),))
    if (other := _other_size(found, image.width, image.height)) is not None:
        return Judged(found, None, (other,))
    found, problems, cuts = _in_the_image(found, image.width, image.height)
    if problems:
        return Judged(found, None, tuple(problems))
    mark = fingerprint(image)
    asset = Asset(content_id(data), image.width, image.height, image.format, len(data), mark, clock.now())
    return Judged(found, asset, cuts=tuple(cuts), dim=image.deep and int(image.pixels.max()) <= _TWELVE_BITS)


def _other_size(found: FoundImage, width: int, height: int) -> Problem | None:
    claimed = (found.width or width, found.height or height)
    if claimed == (width, height):
        return None
    turned = ", upright as its EXIF says" if claimed == (height, width) else ""
    sentence = (
        f"its annotations are for {claimed[0]} x {claimed[1]} pixels, but the image has {width} x {height}{turned}"
    )
    return Problem(found.line, found.file_name, sentence)


def _in_the_image(found: FoundImage, width: int, height: int) -> tuple[FoundImage, list[Problem], list[Cut]]:
    """The image with its annotations as they lie in it."""
    problems: list[Problem] = []
    cuts: list[Cut] = []
    kept: list[Annotation] = []
    for annotation, line in zip(found.annotations, found.lines, strict=True):
        try:
            inside = _seen(annotation, width, height)
        except BadShape as error:
            problems.append(Problem(line, found.file_name, str(error)))
            continue
        kept.append(inside)
        if inside is not annotation and isinstance(annotation.shape, Box | Polygon):
            cuts.append(Cut(line, found.file_name, overhang(annotation.shape, width, height)))
    return (replace(found, annotations=tuple(kept)) if cuts else found), problems, cuts


def _seen(annotation: Annotation, width: int, height: int) -> Annotation:
    """Up to a pixel over the edge is rounding and stays as it is written. Raises BadShape."""
    shape, label = annotation.shape, annotation.label
    if isinstance(shape, Mask) and (shape.width, shape.height) != (width, height):
        raise BadShape(
            f"a mask of '{label}' has {shape.width} x {shape.height} pixels, but the image has {width} x {height}"
        )
    try:
        part = visible(shape, width, height)
    except NothingThere as error:
        raise BadShape(f"{'a box' if isinstance(shape, Box) else 'an outline'} of '{label}' {error}") from error
    if part is None or part is shape or shape is None or shape.box().inside(width, height):
        return annotation
    area = None if annotation.given_area is None else min(annotation.given_area, part.area)
    return plain(replace(annotation, shape=part, given_area=area))
