"""Predictions made on the user's own machines: checked at the door, then logged like ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relens.assets.asset import Asset
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.errors import Invalid, RelensError
from relens.kit.ids import content_id
from relens.predictions.logged import BadEntry, Entry, believable
from relens.registry.model_version import ModelVersion
from relens.vision.decode import decode
from relens.vision.fingerprint import fingerprint
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Polygon, Shape, shape_from_json


class BadPrediction(Invalid):
    """One prediction of a batch that cannot be logged; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry with its image, when that was sent."""

    entry: Entry
    asset: Asset | None
    data: bytes | None


def read_batch(
    items: Sequence[Mapping[str, Any]],
    deployment: Deployment,
    versions: Mapping[str, ModelVersion],
    images: Mapping[str, bytes],
) -> list[Sent]:
    """Every item, or BadPrediction naming the first that is wrong. `versions`: those the items name, by the name they use.

    `images`: files that came beside the JSON; an item says in `file` which is its own.
    """
    sent: list[Sent] = []
    for number, item in enumerate(items):
        version = versions.get(str(item.get("model_version")))
        labels = version.labels if version else deployment.labels
        try:
            given = {**item, "model_version": version.id} if version else item
            sent.append(read_item(given, deployment, labels, _file(item, images)))
        except (RelensError, TypeError, ValueError) as error:
            sentence = f"prediction {number} of {len(items)}: {error}; nothing of this batch was logged"
            raise BadPrediction(sentence, item=number) from error
    return sent


def _file(item: Mapping[str, Any], images: Mapping[str, bytes]) -> bytes | None:
    name = item.get("file")
    if name is None:
        return None
    if name not in images:
        raise BadPrediction(f"no file '{name}' came with the form")
    return images[name]


def read_item(
    item: Mapping[str, Any], deployment: Deployment, version_labels: Sequence[str], image: bytes | None = None
) -> Sent:
    """One prediction as it was sent. `image`: its bytes when they came outside the JSON.

    Boxes are pixels x1 y1 x2 y2 unless `normalised` says 0..1; a label may be given as `label` or as `index` in the version's labels.
    """
    data = image if image is not None else _decoded(item.get("image"))
    asset = None
    if data is not None:
        picture = decode(data)
        asset = Asset(
            content_id(data),
            picture.width,
            picture.height,
            picture.format,
            len(data),
            fingerprint(picture),
            clock.now(),
        )
    width, height = (asset.width, asset.height) if asset else (_size(item, "width"), _size(item, "height"))
    scale = (width, height) if item.get("normalised") else (1, 1)
    detections = sorted(
        (_detection(d, version_labels, scale) for d in item.get("detections") or ()), key=lambda d: -d.confidence
    )
    taken_at, now = item.get("taken_at"), clock.now()
    entry = Entry(
        deployment=deployment.id,
        asset=asset.id if asset else str(item.get("asset") or _nameless(item)),
        width=width,
        height=height,
        model_version=item.get("model_version") or deployment.champion,
        role="champion",
        detections=tuple(detections),
        threshold=deployment.threshold,
        latency_ms=float(item.get("latency_ms") or 0.0),
        taken_at=believable(clock.from_text(taken_at) if taken_at else now, now),
        client_id=item.get("client_id"),
        source=item.get("source"),
        tags=tuple(item.get("tags") or ()),
        metadata=item.get("metadata") or {},
        origin="external",
    )
    return Sent(entry, asset, data)


def _nameless(item: Mapping[str, Any]) -> str:
    """A stand-in asset id for an image that was not sent: the same for the same client id."""
    return content_id(f"not sent: {item.get('client_id') or clock.now()}".encode())


def _decoded(written: Any) -> bytes | None:
    if written is None:
        return None
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadPrediction("image must be the file's bytes in base64") from error


def _size(item: Mapping[str, Any], name: str) -> int:
    value = item.get(name)
    if not isinstance(value, int) or value < 1:
        raise BadEntry(f"send the image, or its {name} in pixels")
    return value


def _detection(written: Mapping[str, Any], labels: Sequence[str], scale: tuple[int, int]) -> Detection:
    label = written.get("label")
    if label is None:
        index = written.get("index")
        if not isinstance(index, int) or not 0 <= index < len(labels):
            raise BadPrediction(f"a detection needs a label, or an index from 0 to {len(labels) - 1}")
        label = labels[index]
    confidence = written.get("confidence")
    if not isinstance(confidence, int | float) or isinstance(confidence, bool):
        raise BadPrediction("a detection needs a confidence between 0 and 1")
    return Detection(str(label), float(confidence), _scaled(shape_from_json(dict(written)), scale))


def _scaled(shape: Shape, scale: tuple[int, int]) -> Shape:
    x, y = scale
    if scale == (1, 1) or shape is None:
        return shape
    if isinstance(shape, Box):
        return Box(shape.x1 * x, shape.y1 * y, shape.x2 * x, shape.y2 * y)
    if isinstance(shape, Polygon):
        return Polygon(tuple(tuple(v * (x, y)[i % 2] for i, v in enumerate(ring)) for ring in shape.rings))
    raise BadPrediction("a mask is never normalised")
