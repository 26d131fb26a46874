"""A task: what kind of answer a model gives and how an annotation of it must look."""

from __future__ import annotations

from dataclasses import dataclass

from relens.kit.catalog import Catalog
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box, Mask, Polygon, Shape


class WrongShape(Invalid):
    """An annotation or detection whose shape does not belong to the task."""


@dataclass(frozen=True, slots=True)
class Task:
    """`whole_image`: a label says something of the whole image, and an image has exactly one.

    `shapes`: the kinds of shape an annotation may have; `wanted` says it in words.
    """

    name: str
    title: str
    whole_image: bool
    shapes: tuple[type, ...]
    wanted: str

    def check(self, annotation: Annotation) -> None:
        """Raises WrongShape, with a sentence, when the annotation is not one of this task."""
        if not self.takes(annotation.shape):
            given = _WORDS[type(annotation.shape)]
            raise WrongShape(
                f"the label '{annotation.label}' has {given}, but {self.title.lower()} wants {self.wanted}"
            )

    def takes(self, shape: Shape) -> bool:
        """Whether a shape of that kind belongs to this task."""
        return shape is None if self.whole_image else isinstance(shape, self.shapes)


_WORDS: dict[type, str] = {type(None): "no shape", Box: "a box", Polygon: "a polygon", Mask: "a mask"}

TASKS: Catalog[Task] = Catalog("task", "relens.vision.tasks", "TASK")
