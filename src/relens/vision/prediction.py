"""A prediction: everything one model version said about one asset in one request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relens.kit.errors import Invalid
from relens.vision.shapes import Box, Shape, shape_from_json, shape_to_json


class BadDetection(Invalid):
    """A confidence outside 0 to 1, or no label."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One label, one confidence (0 to 1), one shape (None: the whole image), said by a model."""

    label: str
    confidence: float
    shape: Shape = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:  # also when it is not a number
            raise BadDetection(f"a confidence lies between 0 and 1, not at {self.confidence}")
        if not self.label:
            raise BadDetection("a detection needs a label")

    @property
    def box(self) -> Box | None:
        """The smallest box around its shape, in upright pixels; None for the whole image."""
        return None if self.shape is None else self.shape.box()

    def to_json(self) -> dict[str, object]:
        return {"label": self.label, "confidence": self.confidence, **shape_to_json(self.shape)}

    @staticmethod
    def from_json(written: dict[str, object]) -> Detection:
        confidence = written.get("confidence")
        if not isinstance(confidence, int | float):
            raise BadDetection("a detection needs a confidence between 0 and 1")
        return Detection(str(written.get("label") or ""), float(confidence), shape_from_json(written))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one version said of one image, the most confident detection first.

    `detections` holds also those below the threshold, down to the log's floor: what is answered is `above(threshold)`.
    """

    asset: str
    model_version: str
    detections: tuple[Detection, ...]
    latency_ms: float
    width: int
    height: int

    def above(self, threshold: float) -> Prediction:
        """The same without what lies below `threshold` (a detection exactly at it stays)."""
        return replace(self, detections=tuple(d for d in self.detections if d.confidence >= threshold))
