"""A sampler decides which predictions deserve a person's time; the port, and the catalog of `samplers/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relens.kit.catalog import Catalog
from relens.vision.prediction import Detection


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a sampler may look at. `outlier` is None until the image was compared with the training data."""

    prediction: str
    detections: tuple[Detection, ...]
    threshold: float
    whole_image: bool
    outlier: float | None = None


@dataclass(frozen=True, slots=True)
class Sampler:
    """`priority`: 0 to 1, higher is reviewed earlier; depends on nothing but the prediction."""

    title: str
    priority: Callable[[Sampled], float]


samplers: Catalog[Sampler] = Catalog("sampler", "relens.review.samplers", "SAMPLER")
