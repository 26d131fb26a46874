"""The line of the log that an answer, or a failure, becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relens.assets.asset import Asset
from relens.deployments.deployment import Deployment, Role
from relens.inference.features import Look
from relens.inference.predict import Inferred, Prepared
from relens.kit import clock
from relens.kit.clock import Micros
from relens.predictions.logged import Entry, believable
from relens.vision.decode import Image
from relens.vision.prediction import Detection

# Below one per cent a detection is the model's noise, and its number grows without end.
FLOOR = 0.01
# Enough to try another threshold later. What lies below it is never answered, and with a thousand labels it would be most of the log.
MOST_BELOW = 100
_LONGEST_ERROR = 60


@dataclass(frozen=True, slots=True)
class Request:
    """What came with the image. `parent` is the answer a shadow stands behind."""

    client_id: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    taken_at: Micros | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trace: str | None = None
    parent: str | None = None


def worth_logging(detections: tuple[Detection, ...], threshold: float) -> tuple[Detection, ...]:
    """Everything at or above the threshold, and of what lies below it the most confident, down to FLOOR and at most MOST_BELOW."""
    above = tuple(d for d in detections if d.confidence >= threshold)
    below = sorted((d for d in detections if FLOOR <= d.confidence < threshold), key=lambda d: -d.confidence)
    return above + tuple(below[:MOST_BELOW])


def answered_line(deployment: Deployment, role: Role, inferred: Inferred, request: Request) -> Entry:
    """What was said of one image."""
    said, now = inferred.prediction, clock.now()
    return Entry(
        deployment=deployment.id,
        asset=said.asset,
        width=said.width,
        height=said.height,
        model_version=said.model_version,
        role=role,
        detections=worth_logging(said.detections, deployment.threshold),
        threshold=deployment.threshold,
        latency_ms=said.latency_ms,
        taken_at=believable(now if request.taken_at is None else request.taken_at, now),
        client_id=request.client_id,
        source=request.source,
        tags=request.tags,
        metadata=request.metadata,
        parent=request.parent,
        trace=request.trace,
        scalars=inferred.scalars,
        feature=inferred.feature,
    )


def failed_line(
    deployment: Deployment, role: Role, version: str, prepared: Prepared, request: Request, error: Exception
) -> Entry:
    """A sound image that its version failed on. It keeps no client id: sent again, the image may still be answered, once."""
    now = clock.now()
    return Entry(
        deployment=deployment.id,
        asset=prepared.asset,
        width=prepared.image.width,
        height=prepared.image.height,
        model_version=version,
        role=role,
        detections=(),
        threshold=deployment.threshold,
        latency_ms=clock.milliseconds_since(prepared.started),
        taken_at=believable(now if request.taken_at is None else request.taken_at, now),
        source=request.source,
        tags=request.tags,
        metadata=request.metadata,
        parent=request.parent,
        trace=request.trace,
        error=kind_of(error),
    )


def kind_of(error: Exception) -> str:
    """A few words that many failures share, to find and to count them by."""
    return str(getattr(error, "kind", None) or type(error).__name__)[:_LONGEST_ERROR]


def asset_of(asset_id: str, image: Image, look: Look, size: int) -> Asset:
    """The image as the log's rows know it; `size` in bytes."""
    return Asset(asset_id, image.width, image.height, image.format, size, look.fingerprint, clock.now())
