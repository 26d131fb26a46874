"""What every output reader must be and do, for the tests of ours and of other people's.

A plug-in's file may hold `EXAMPLES`, a list of `Example`; `RELENS_TEST_PLUGINS=FOLDER pytest tests/contracts/test_readers.py`
holds the readers in that folder to the same contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw

from relens.inference.examine import Given, examine
from relens.inference.graph import Graph, read_graph
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, READERS, Found, Reader
from relens.vision.shapes import Polygon
from relens.vision.task import TASKS

Outputs = dict[str, npt.NDArray[Any]]
Masks = npt.NDArray[np.bool_]
# An image of 900 x 700 laid askew into an input of 480 x 160: what forgets the placement is found out.
PLACEMENT = Placement(0.5, 0.25, 3.0, -7.0, 900, 700, 480, 160)
# A mask of fewer input pixels is judged by chance.
LEAST_AREA = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One detection an independent implementation reads: label, confidence, box in the original's pixels, mask in the input's."""

    label: int
    confidence: float
    box: tuple[float, ...] = ()
    mask: Masks | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A model file in the reader's layout, and outputs for one image with what is to be read from them at PLACEMENT.

    `given`: what must be given with the file. `named`: it is only understood when its reader is named.
    """

    model: Callable[[], bytes]
    outputs: Callable[[int], tuple[Outputs, list[Row]]]
    given: Mapping[str, Any] | None = None
    named: bool = False


def says_what_it_is(name: str, reader: Reader) -> None:
    assert reader.title, f"{name} needs a title"
    assert reader.tasks, f"{name} needs tasks"
    assert set(reader.tasks) <= set(TASKS.names()), f"{name} names a task there is none of"
    assert reader.refusal(Graph((), (), {})) is not None, f"{name} claims a model without outputs"


def reads_as_expected(reader: Reader, outputs: Outputs, expected: list[Row]) -> None:
    """Boxes within 2 thousandths of a pixel and confidences to six digits; masks by how much of them agrees."""
    found = reader.read(outputs, PLACEMENT)
    if found.shapes is not None:
        _same_masks(found, expected)
        return
    assert found.labels.tolist() == [row.label for row in expected]
    np.testing.assert_allclose(found.confidences, [row.confidence for row in expected], rtol=1e-5, atol=1e-6)
    if found.boxes is not None:
        assert len(expected) > 10, "an example with few boxes proves little"
        np.testing.assert_allclose(found.boxes, [row.box for row in expected], rtol=1e-4, atol=2e-3)


def claims_its_own(name: str, example: Example) -> None:
    """It alone understands its model file, and the file can be registered with it."""
    data = example.model()
    given = {**(example.given or {}), **({"reader": name} if example.named else {})}
    graph = read_graph(data).given(labels=given.get("labels"), outputs=given.get("reader"))
    assert [other for other, reader in READERS if reader.refusal(graph) is None] == [name]
    examined = examine(data, Given(**given))
    assert examined.manifest.outputs == name
    assert examined.manifest.task in READERS.get(name).tasks


def stays_sound(reader: Reader, outputs: Outputs, seed: int = 0) -> None:
    """Senseless numbers among the outputs leave no senseless detection behind."""
    chance = np.random.default_rng(seed)
    wild = np.asarray([0.0, -1e30, 1e30, 3e38, 5.0, -3.0])
    for name, array in outputs.items():
        if array.dtype.kind == "f":
            spoilt = array.copy()
            spoilt.ravel()[chance.integers(0, array.size, 40)] = chance.choice(wild, 40).astype(array.dtype)
            outputs = {**outputs, name: spoilt}
    found = reader.read(outputs, PLACEMENT)
    assert len(found.labels) <= MOST
    assert ((found.confidences >= 0) & (found.confidences <= 1)).all()
    assert (np.diff(found.confidences) <= 0).all()
    if found.boxes is not None:
        assert np.isfinite(found.boxes).all()
        assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
        assert (found.boxes >= 0).all()
    for shape in found.shapes or ():
        assert isinstance(shape, Polygon)
        assert shape.box().inside(PLACEMENT.width, PLACEMENT.height, 0.06)


def _same_masks(found: Found, expected: list[Row]) -> None:
    shapes = found.shapes or ()
    ours = [_drawn(shape) for shape in shapes if isinstance(shape, Polygon)]
    assert len(ours) == len(found.labels)
    compared = 0
    for row in expected:
        assert row.mask is not None
        if row.mask.sum() < LEAST_AREA:
            continue
        near = [
            (row.mask & ours[i]).sum() / (row.mask | ours[i]).sum()
            for i in np.flatnonzero(
                np.isclose(found.confidences, row.confidence, rtol=1e-5) & (found.labels == row.label)
            )
        ]
        assert max(near, default=0.0) > 0.75, f"no mask is like the one of {row.label} at {row.confidence}: {near}"
        compared += 1
    assert compared >= 5, "an example with few masks proves little"
    large = sum(int(one.sum() >= LEAST_AREA) for one in ours)
    assert abs(large - compared) <= max(2, 0.1 * compared)


def _drawn(polygon: Polygon) -> Masks:
    """The polygon as a mask of the input's pixels, drawn four times as fine and then sampled."""
    canvas = Pillow.new("1", (PLACEMENT.input_width * 4, PLACEMENT.input_height * 4))
    for ring in polygon.rings:
        points = np.asarray(ring).reshape(-1, 2)
        laid = PLACEMENT.forth(np.hstack((points, points)))[:, :2] * 4
        ImageDraw.Draw(canvas).polygon([tuple(point) for point in laid.tolist()], fill=1)
    return np.asarray(canvas)[2::4, 2::4]
