"""Answers one image here and logs it: the same way of an image as on the server."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relens.edge.cache import Wanted
from relens.edge.champion import Champion
from relens.inference import features
from relens.inference.predict import Inferred, predict
from relens.kit import clock
from relens.kit.errors import Invalid, RelensError
from relens.kit.ids import new_id
from relens.kit.strict_json import check_text
from relens.sdk.client import Client

logger = logging.getLogger("relens.edge")
LONGEST, MOST_TAGS, LONGEST_TAG = 200, 50, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What came with an image; `taken_at` is RFC 3339, `trace` a trace id."""

    client_id: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    taken_at: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trace: str | None = None

    def __post_init__(self) -> None:
        """What the server would refuse later is refused now, while its sender can be told."""
        named = {"client_id": self.client_id, "source": self.source}
        for name, text in named.items():
            if text is not None and not 1 <= len(check_text(text, name)) <= LONGEST:
                raise Invalid(f"{name} has 1 to {LONGEST} characters")
        if len(self.tags) > MOST_TAGS or any(
            not 1 <= len(check_text(tag, "a tag")) <= LONGEST_TAG for tag in self.tags
        ):
            raise Invalid(f"there are at most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters each")


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What was said, by whom, and under which client id it will be in the log."""

    client_id: str
    wanted: Wanted
    inferred: Inferred

    def to_json(self) -> dict[str, Any]:
        """As the server answers; `id` comes with the log and is not known here."""
        said = self.inferred.prediction
        wanted = self.wanted
        return {
            "id": None,
            "client_id": self.client_id,
            "deployment": wanted.deployment,
            "model_version": {"id": wanted.version_id, "title": wanted.title, "artifact": wanted.artifact},
            "latency_ms": round(said.latency_ms, 3),
            "threshold": wanted.threshold,
            "image": {"asset": said.asset, "width": said.width, "height": said.height},
            "detections": [one.to_json() for one in said.above(wanted.threshold).detections],
        }


class Edge:
    """`images`: send them too, or only the numbers."""

    def __init__(self, champion: Champion, client: Client, deployment: str, source: str, images: bool = True) -> None:
        self._champion = champion
        self._client = client
        self._deployment = deployment
        self._source = source
        self._images = images
        self._count = threading.Lock()
        self.answered = 0
        self.failed = 0

    def answer(self, data: bytes, asked: Asked) -> Answered:
        """In the spool when this returns. What cannot be answered is logged with its error, which is raised."""
        client_id = asked.client_id or new_id()
        taken_at = asked.taken_at or clock.to_text(clock.now())
        line: dict[str, Any] = {
            "client_id": client_id,
            "taken_at": taken_at,
            "source": asked.source or self._source,
            "tags": list(asked.tags),
            "metadata": dict(asked.metadata),
            "trace": asked.trace,
        }
        with self._champion.use() as (wanted, loaded):
            line |= {"model_version": wanted.version_id, "threshold": wanted.threshold}
            try:
                inferred = predict(data, loaded)
            except RelensError as error:
                self._log(line | {"error": type(error).__name__[:60]}, None)
                with self._count:
                    self.failed += 1
                raise
        said = inferred.prediction
        line |= {"detections": list(said.detections), "latency_ms": said.latency_ms}
        line |= {"width": said.width, "height": said.height, "asset": said.asset, **_numbers(inferred)}
        self._log(line, data if self._images else None)
        with self._count:
            self.answered += 1
        return Answered(client_id, wanted, inferred)

    def _log(self, line: dict[str, Any], image: bytes | None) -> None:
        self._client.log(self._deployment, line | ({"image": image} if image is not None else {}))


def _numbers(inferred: Inferred) -> dict[str, Any]:
    """What monitoring needs of the image, which the server could not know without it."""
    scalars = {
        name: float(value) for name, value in zip(features.NAMES, inferred.scalars, strict=True) if np.isfinite(value)
    }
    if inferred.feature is None:
        return {"scalars": scalars}
    return {"scalars": scalars, "feature": base64.b64encode(inferred.feature.astype("<f2").tobytes()).decode()}
