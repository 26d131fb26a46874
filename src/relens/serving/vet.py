"""A version is tried on real images before it answers: those its deployment answered last."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, select

from relens.assets.asset import storage_key
from relens.deployments.deployment import Deployment
from relens.inference.load import LoadedVersion
from relens.inference.predict import predict
from relens.inference.probe import agreement, probe_image
from relens.infra.storage import NoBytes, Storage
from relens.kit.spoken import percent
from relens.predictions.store import signal
from relens.serving.batch import Calm
from relens.vision.prediction import Detection

IMAGES = 4


def last_images(connection: Connection, storage: Storage, deployment: Deployment) -> list[bytes]:
    """The images answered last, of those that are still kept; at most IMAGES."""
    latest = select(signal.c.asset).where(signal.c.deployment == deployment.id)
    # Through the order of time alone: a log of millions has no other way to its last lines.
    query = latest.where(signal.c.error.is_(None)).order_by(signal.c.taken_at.desc(), signal.c.log_seq.desc())
    found = []
    for asset in dict.fromkeys(connection.execute(query.limit(IMAGES * 2)).scalars()):
        with suppress(NoBytes):
            found.append(storage.get(storage_key(asset)))
    return found[:IMAGES]


def vet(
    loaded: LoadedVersion,
    images: Sequence[bytes],
    before: LoadedVersion | None,
    thresholds: tuple[float, float],
    calm: Calm = lambda: None,
) -> str:
    """A sentence on how the new version answers beside the one before it, with the `thresholds` of before and after. Raises what goes wrong with it: then it must not answer.

    Where no image was answered yet, it is tried on a made-up one. `calm` is asked before each image.
    """
    says = [_answers(loaded, image, thresholds[1], calm) for image in images or [probe_image()]]
    if before is None or not images:
        return ""
    said = [_answers(before, image, thresholds[0], calm) for image in images]
    share = sum(agreement(one, other) for one, other in zip(said, says, strict=True)) / len(images)
    these = "the last image" if len(images) == 1 else f"the last {len(images)} images"
    return f"{loaded.title} says the same as {before.title} of {percent(share)} of what either finds on {these}"


def _answers(loaded: LoadedVersion, image: bytes, threshold: float, calm: Calm) -> tuple[Detection, ...]:
    calm()
    return predict(image, loaded).prediction.above(threshold).detections
