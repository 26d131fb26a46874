"""Forms in which the log leaves, one file each: FORM writes lines as a stream of bytes, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relens.kit import clock
from relens.kit.catalog import Catalog
from relens.predictions.logged import Logged

Pages = Iterator[list[Logged]]
"""The lines, some hundred at a time, in the order of the log."""


@dataclass(frozen=True, slots=True)
class About:
    """What is exported: of which deployment; labels in the order of their indices; titles of model versions by id (it may grow)."""

    deployment: str
    labels: tuple[str, ...]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """`ending` of a file in this form; `write` holds some thousand lines at a time."""

    title: str
    ending: str
    media_type: str
    write: Callable[[Pages, About], Iterator[bytes]]


FORMS: Catalog[Form] = Catalog("export form", __name__, "FORM", extra="parquet")


def record(line: Logged, about: About) -> dict[str, Any]:
    """A line as plain values; times in RFC 3339."""
    return {
        "id": line.id,
        "deployment": about.deployment,
        "client_id": line.client_id,
        "asset": line.asset,
        "width": line.width,
        "height": line.height,
        "model_version": about.titles.get(line.model_version or "", line.model_version),
        "role": line.role,
        "source": line.source,
        "tags": list(line.tags),
        "metadata": dict(line.metadata),
        "taken_at": clock.to_text(line.taken_at),
        "logged_at": clock.to_text(line.logged_at),
        "latency_ms": line.took_ms,
        "threshold": line.threshold,
        "outlier": line.outlier,
        "review": line.review,
        "origin": line.origin,
        "error": line.error,
        "keep_reason": line.keep_reason,
        "keep_probability": line.keep_probability,
        "detections": [{**d.to_json(), "answered": d.confidence >= line.threshold} for d in line.detections],
    }
