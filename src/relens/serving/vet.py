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
from relens.predictions.store import prediction
from relens.vision.prediction import Detection

IMAGES = 4


def last_images(connection: Connection, storage: Storage, deployment: Deployment) -> list[bytes]:
    """The images answered last, of those that are still kept; at most IMAGES."""
    query = (
        select(prediction.c.asset)
        .where(prediction.c.deployment == deployment.id, prediction.c.error.is_(None))
        .order_by(prediction.c.taken_at.desc(), prediction.c.id.desc())
        .limit(IMAGES * 2)
    )
    found = []
    for asset in dict.fromkeys(connection.execute(query).scalars()):
        with suppress(NoBytes):
            found.append(storage.get(storage_key(asset)))
    return found[:IMAGES]


def vet(loaded: LoadedVersion, images: Sequence[bytes], before: LoadedVersion | None, threshold: float) -> str:
    """A sentence on how the new version answers beside the one before it. Raises what goes wrong with it: then it must not answer.

    Where no image was answered yet, it is tried on a made-up one.
    """
    says = [_answers(loaded, image, threshold) for image in images or [probe_image()]]
    if before is None or not images:
        return ""
    said = [_answers(before, image, threshold) for image in images]
    share = sum(agreement(one, other) for one, other in zip(said, says, strict=True)) / len(images)
    these = "the last image" if len(images) == 1 else f"the last {len(images)} images"
    return f"{loaded.title} says the same as {before.title} of {share:.0%} of what either finds on {these}"


def _answers(loaded: LoadedVersion, image: bytes, threshold: float) -> tuple[Detection, ...]:
    return predict(image, loaded).prediction.above(threshold).detections
