"""An annotation: what a person or an import says is true; a label and a shape, no confidence."""

from __future__ import annotations

from dataclasses import dataclass

from relens.vision.labels import BadLabels
from relens.vision.shapes import Shape, shape_from_json, shape_to_json


@dataclass(frozen=True, slots=True)
class Annotation:
    """One true thing in an image. `crowd`: one shape for many things that nobody counted (COCO's `iscrowd`).

    `area` is the dataset's own, where it gives one (COCO size classes rest on it); otherwise the shape's.
    """

    label: str
    shape: Shape = None
    crowd: bool = False
    given_area: float | None = None

    def __post_init__(self) -> None:
        if not self.label or len(self.label) > 200:
            raise BadLabels("an annotation needs a label of 1 to 200 characters")

    @property
    def area(self) -> float:
        """Square pixels; 0 for the whole image."""
        if self.given_area is not None:
            return self.given_area
        return self.shape.area if self.shape is not None else 0.0

    def to_json(self) -> dict[str, object]:
        written: dict[str, object] = {"label": self.label, **shape_to_json(self.shape)}
        if self.crowd:
            written["crowd"] = True
        if self.given_area is not None:
            written["area"] = self.given_area
        return written

    @staticmethod
    def from_json(written: dict[str, object]) -> Annotation:
        area = written.get("area")
        return Annotation(
            str(written.get("label") or ""),
            shape_from_json(written),
            bool(written.get("crowd", False)),
            float(area) if isinstance(area, int | float) else None,
        )
