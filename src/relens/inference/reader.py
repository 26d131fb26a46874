"""A reader: understands the outputs of one family of models. Each is one file in `outputs/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from relens.inference.graph import Graph
from relens.inference.preprocess import Placement
from relens.kit.catalog import Catalog
from relens.vision.labels import LabelMap
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Shape

Floats = npt.NDArray[np.float32]
FLOOR = 0.01
MOST = 300


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One image's detections, the most confident first: labels (n,) as indices, confidences (n,), boxes (n, 4) or None.

    Boxes are upright pixels of the original image. `shapes` holds outlines where there is more than a box.
    """

    labels: npt.NDArray[np.intp]
    confidences: Floats
    boxes: Floats | None = None
    shapes: tuple[Shape, ...] | None = None

    def detections(self, labels: LabelMap) -> tuple[Detection, ...]:
        """The same as nouns, with the labels' names."""
        names = [labels.names[index] for index in self.labels.tolist()]
        shapes: list[Shape]
        if self.shapes is not None:
            shapes = list(self.shapes)
        elif self.boxes is not None:
            shapes = [Box(*box) for box in self.boxes.tolist()]
        else:
            shapes = [None] * len(names)
        return tuple(map(Detection, names, self.confidences.tolist(), shapes))


class Reader(Protocol):
    """`read` gets the outputs of ONE image, without the batch axis, and where that image lies in the input."""

    title: str
    tasks: tuple[str, ...]

    def refusal(self, graph: Graph) -> str | None:
        """Why this reader does not understand such a model, in words that go after "because"; None when it does."""

    def declared(self, graph: Graph) -> Declared:
        """What the file says in the manner of this family."""

    def read(self, outputs: Mapping[str, npt.NDArray[np.generic]], placement: Placement) -> Found:
        """The detections above FLOOR, at most MOST of them (of a whole-image task: every label)."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a family's files say in their own manner; None where they are silent.

    `classes` is how many labels the outputs have room for, `size` the input's (width, height). `mean` and `std` with `resize` are the
    family's way to feed an image; `assumed` says that the family has none and the usual one was taken. `background`: the outputs
    count labels from 1, and a leading name for the 0 among the given labels is none.

    What the file must be brought to before it is served: `unbatched` outputs get a batch axis, `without_last` lose the last column
    (a background nobody is told of), `fixed` inputs become constants: the input's (width, height).
    """

    task: str
    classes: int | None = None
    labels: tuple[str, ...] | None = None
    size: tuple[int, int] | None = None
    resize: str = "letterbox"
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    assumed: bool = False
    background: bool = False
    unbatched: tuple[str, ...] = ()
    without_last: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()


READERS: Catalog[Reader] = Catalog("output reader", "relens.inference.outputs", "READER", group="relens.outputs")
