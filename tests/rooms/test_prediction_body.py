"""What the API says of a logged prediction."""

from __future__ import annotations

from relens.infra.database import Database
from relens.predictions.routes import PredictionOut
from relens.vision.prediction import Detection
from relens.vision.shapes import Mask
from tests.rooms.test_review import deployment, log  # noqa: F401 - a fixture


def test_a_mask_comes_with_an_image_and_not_in_lists(database: Database, deployment) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    mask = Mask(50, 100, (5, 20, 4975))
    line = log(database, deployment, Detection("WBC", 0.9, mask))
    [found] = PredictionOut.of(line, "cells", {}).detections
    assert found.rle is not None
    assert (found.rle.size, tuple(found.rle.counts)) == ((50, 100), mask.counts)
    [listed] = PredictionOut.of(line, "cells", {}, masks=False).detections
    assert listed.rle is None
    assert listed.box == found.box
