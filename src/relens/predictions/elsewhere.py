"""Predictions made on the user's own machines: checked at the door, then logged like ours."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from relens.assets.asset import Asset
from relens.deployments.deployment import Deployment, good_threshold
from relens.inference import features
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid, RelensError
from relens.kit.ids import content_id, new_id
from relens.kit.trace import own_trace
from relens.predictions import roboflow
from relens.predictions.logged import BadEntry, Entry, Origin, believable
from relens.predictions.measured import feature, scalars
from relens.predictions.said import BadPrediction, detections
from relens.registry.model_version import ModelVersion
from relens.vision.decode import decode

FIELDS = frozenset({
    "image", "file", "asset", "width", "height", "detections", "normalised", "latency_ms", "taken_at", "client_id", "source", "tags",
    "metadata", "model_version", "threshold", "error", "shadow", "writer", "writer_seq", "origin",
    "scalars", "feature", "trace",
})  # fmt: skip
MOST_AT_ONCE = 5000
_ASSET = re.compile(r"[0-9a-f]{64}")


class BadBatch(Invalid):
    """A body that is no list of predictions, or a prediction of it that cannot be logged; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry with its image, when that was sent, and what the shadow said of the same image."""

    entry: Entry
    asset: Asset | None = None
    data: bytes | None = None
    shadow: Entry | None = None


def items_of(body: Any) -> Sequence[Mapping[str, Any]]:
    """The predictions in a body: {"items": [...]}, a list, or one alone; Roboflow's answers are read as what they say."""
    written = body["items"] if isinstance(body, dict) and "items" in body else body
    items = written if isinstance(written, list) else [written]
    if not 1 <= len(items) <= MOST_AT_ONCE:
        raise BadBatch(f'send {{"items": [...]}} with 1 to {MOST_AT_ONCE:,} predictions, not {len(items):,}')
    if not all(isinstance(item, dict) for item in items):
        raise BadBatch('a prediction is an object: send {"items": [{"detections": [...], ...}]}')
    return roboflow.tell_apart(items) if any("predictions" in item for item in items) else items


def versions_named(items: Sequence[Mapping[str, Any]]) -> set[str]:
    """Every model version the predictions and their shadows name, as they name it."""
    said = [item.get("model_version") for item in items]
    said += [item["shadow"].get("model_version") for item in items if isinstance(item.get("shadow"), dict)]
    return {str(name) for name in said if name}


def read_batch(
    items: Sequence[Mapping[str, Any]],
    deployment: Deployment,
    versions: Mapping[str, ModelVersion],
    images: Mapping[str, bytes],
    trace: str | None = None,
) -> list[Sent]:
    """Every item, or BadBatch naming the first that is wrong. `versions`: those the items name, by the name they use.

    `images`: files that came beside the JSON; an item says in `file` which is its own. `trace`: of those that bring none of their own.
    """
    reader = Reader(deployment, versions, images, trace)
    sent: list[Sent] = []
    for number, item in enumerate(items):
        try:
            sent.append(reader.read(item))
        except (RelensError, TypeError, ValueError, OverflowError) as error:
            sentence = f"prediction {number} of {len(items)}: {error}; nothing of this batch was logged"
            raise BadBatch(sentence, item=number, cause=str(error)) from error
    return sent


class Reader:
    """Reads predictions for one deployment, all at one moment."""

    def __init__(
        self,
        deployment: Deployment,
        versions: Mapping[str, ModelVersion],
        images: Mapping[str, bytes] | None = None,
        trace: str | None = None,
    ) -> None:
        self._deployment = deployment
        self._trace = trace
        self._versions = versions
        self._images = images or {}
        self._now = clock.now()

    def read(self, item: Mapping[str, Any]) -> Sent:
        """One prediction as it was sent. Raises RelensError, TypeError, ValueError or OverflowError with what is wrong about it.

        Boxes are pixels x1 y1 x2 y2 unless `normalised` says 0..1; a label may be given as `label` or as `index` in the
        version's labels.
        """
        if "predictions" in item:
            item = roboflow.item(item)
        if unknown := item.keys() - FIELDS:
            raise BadPrediction(
                f"'{min(unknown)}' is not known here (known are {', '.join(sorted(FIELDS))}): what is your own goes into metadata"
            )
        data = self._image(item)
        asset, looked = (None, None) if data is None else self._looked_at(data)
        error = item.get("error")
        if asset is not None:
            width, height = asset.width, asset.height
        else:
            width, height = _size(item, "width", error), _size(item, "height", error)
        scale = (width, height) if item.get("normalised") else (1, 1)
        origin = _origin(item.get("origin"))
        # Who answered in the past is not known unless it is said: it was hardly today's champion.
        champion = self._deployment.champion if origin == "external" else None
        version, labels = self._version(item.get("model_version"), champion)
        threshold, source, client_id = item.get("threshold"), item.get("source"), item.get("client_id")
        entry = Entry(
            deployment=self._deployment.id,
            asset=asset.id if asset else _named_asset(item),
            width=width,
            height=height,
            model_version=version,
            role="champion",
            detections=detections(item.get("detections"), labels, scale, (width, height)),
            threshold=self._deployment.threshold if threshold is None else good_threshold(float(threshold)),
            latency_ms=float(item.get("latency_ms") or 0.0),
            taken_at=self._taken_at(item.get("taken_at")),
            client_id=None if client_id is None else _text(client_id, "client_id"),
            source=None if source is None else _text(source, "source"),
            tags=tuple(_text(tag, "tag") for tag in item.get("tags") or ()),
            metadata=_metadata(item.get("metadata")),
            trace=self._trace if item.get("trace") is None else own_trace(item["trace"]),
            origin=origin,
            error=error,
            writer=item.get("writer"),
            writer_seq=item.get("writer_seq"),
            scalars=_measured(item.get("scalars"), looked),
            feature=feature(item.get("feature")),
        )
        shadow = item.get("shadow")
        return Sent(entry, asset, data, None if shadow is None else self._shadow(shadow, entry, scale))

    def _shadow(self, written: Any, answered: Entry, scale: tuple[int, int]) -> Entry:
        """The shadow's line for the same image; its parent is known when the answer is in the log."""
        if not isinstance(written, dict):
            raise BadPrediction("shadow is an object: {model_version, detections, latency_ms}")
        version, labels = self._version(written.get("model_version"), self._deployment.shadow)
        if version is None:
            raise BadPrediction("the shadow's answer does not say whose it is: give its model_version")
        return Entry(
            deployment=answered.deployment,
            asset=answered.asset,
            width=answered.width,
            height=answered.height,
            model_version=version,
            role="shadow",
            detections=detections(written.get("detections"), labels, scale, (answered.width, answered.height)),
            threshold=answered.threshold,
            latency_ms=float(written.get("latency_ms") or 0.0),
            taken_at=answered.taken_at,
            source=answered.source,
            tags=answered.tags,
            metadata=answered.metadata,
            trace=answered.trace,
            origin=answered.origin,
        )

    def _version(self, named: Any, otherwise: str | None) -> tuple[str | None, Sequence[str]]:
        if not named:
            return otherwise, self._deployment.labels
        version = self._versions.get(str(named))
        if version is None:
            raise BadPrediction(
                f"there is no model version '{named!s:.60}': register it first, or name it as name/2 or by its id"
            )
        return version.id, version.labels

    def _taken_at(self, written: Any) -> Micros:
        return self._now if written is None else believable(clock.from_text(_text(written, "taken_at")), self._now)

    def _image(self, item: Mapping[str, Any]) -> bytes | None:
        name, written = item.get("file"), item.get("image")
        if name is not None:
            if name not in self._images:
                raise BadPrediction(f"no file '{name}' came with the form")
            return self._images[name]
        if written is None:
            return None
        try:
            return base64.b64decode(written, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise BadPrediction("image must be the file's bytes in base64") from error

    def _looked_at(self, data: bytes) -> tuple[Asset, features.Look]:
        picture = decode(data)
        looked, size = features.look(picture), (picture.width, picture.height)
        return Asset(content_id(data), *size, picture.format, len(data), looked.fingerprint, self._now), looked


def _measured(written: Any, looked: features.Look | None) -> npt.NDArray[np.float32] | None:
    """What was sent, or what the image itself says. Of what the model found only the answers may have been sent, so nothing is made of them."""
    return features.of_the_image(looked) if written is None and looked is not None else scalars(written)


def _named_asset(item: Mapping[str, Any]) -> str:
    """The asset an item names, or a stand-in for an image that was not sent: the same for the same client id."""
    named = item.get("asset")
    if named is None:
        return content_id(f"not sent: {item.get('client_id') or new_id()}".encode())
    if not isinstance(named, str) or not _ASSET.fullmatch(named):
        raise BadPrediction("asset is the image's SHA-256 in 64 small hex digits")
    return named


def _size(item: Mapping[str, Any], name: str, error: Any) -> int:
    value = item.get(name)
    if value is None and error is not None:
        return 0  # nobody could open it
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
        raise BadEntry(f"send the image, or its {name} in pixels")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadPrediction(f"{name} is a text, not {value!r:.40}")
    return value


def _metadata(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(str(value)) > 16_384:
        raise BadPrediction('metadata is an object of at most 16 kB, for example {"shift": "night"}')
    return value


def _origin(value: Any) -> Origin:
    if value not in (None, "external", "imported"):
        raise BadPrediction("origin is 'external', or 'imported' for production of the past")
    return "imported" if value == "imported" else "external"
