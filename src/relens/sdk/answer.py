"""What a deployment answered for one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relens.vision.prediction import Detection


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `detections` are at or above the threshold, the most confident first. `id` is None for a try-out and where it is `unlogged`.

    Boxes are upright pixels of the original image (`width`, `height`), x1 y1 x2 y2. `raw` is the server's JSON.
    """

    id: str | None
    client_id: str | None
    model_version: str
    model_version_id: str
    artifact: str
    detections: tuple[Detection, ...]
    threshold: float
    latency_ms: float
    asset: str | None
    width: int
    height: int
    raw: dict[str, Any]

    @property
    def label(self) -> str | None:
        """The most confident label: the answer of a classifier; None when it is unsure (nothing above the threshold)."""
        return self.detections[0].label if self.detections else None

    @property
    def unlogged(self) -> bool:
        """Whether the log could not be written and the deployment answers all the same: nobody will find this answer again."""
        return self.raw.get("logged") is False

    @staticmethod
    def from_json(written: dict[str, Any]) -> Answer:
        version, image = written["model_version"], written["image"]
        return Answer(
            written.get("id"),
            written.get("client_id"),
            version["title"],
            version["id"],
            version.get("artifact") or "",
            tuple(Detection.from_json(d) for d in written["detections"]),
            float(written["threshold"]),
            float(written["latency_ms"]),
            image.get("asset"),
            int(image["width"]),
            int(image["height"]),
            written,
        )
