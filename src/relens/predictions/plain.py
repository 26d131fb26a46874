"""Reads big batches of plain predictions without making an object of every box: several times faster than reading them one by one.

Plain is what a program sends that only has numbers: labels by name, boxes in pixels inside their image, no image. Whatever is not plain, or wrong,
is left to the reader in `elsewhere`, which reads everything and says what is wrong; what both read they read alike.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Annotated, Any, NamedTuple, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12, and brings it

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid
from relens.kit.ids import content_id, new_id
from relens.kit.strict_json import DEEPEST
from relens.predictions.logged import believable
from relens.predictions.pieces import ONCE, pieces

LEAST = 21
"""Fewer predictions than this are filed at once, by the other way."""
MOST = 5000
_LONGEST_METADATA = 4_000
_LONG_NUMBER = re.compile(r"\d{19}")
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Detection(TypedDict):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
    label: _Name
    confidence: Annotated[float, Field(ge=0, le=1)]
    box: NotRequired[tuple[float, float, float, float] | None]


class _Item(TypedDict):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
    width: Annotated[int, Field(ge=1, le=1_000_000)]
    height: Annotated[int, Field(ge=1, le=1_000_000)]
    detections: Annotated[list[_Detection], Field(max_length=3000)]
    latency_ms: NotRequired[Annotated[float, Field(ge=0)]]
    taken_at: NotRequired[str]
    client_id: NotRequired[_Name]
    source: NotRequired[_Name]
    tags: NotRequired[Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)]]
    metadata: NotRequired[dict[str, Any]]
    model_version: NotRequired[_Name]
    writer: NotRequired[Annotated[str, Field(min_length=1, max_length=100)]]
    writer_seq: NotRequired[Annotated[int, Field(ge=0, lt=2**62)]]


class _Batch(TypedDict):
    __pydantic_config__ = _STRICT  # type: ignore[misc]
    items: Annotated[list[_Item], Field(min_length=LEAST, max_length=MOST)]


_BATCH, _ITEMS = TypeAdapter(_Batch), TypeAdapter(list[_Item])


class Plain(NamedTuple):
    """One line of the log as its columns hold it; JSON is text already."""

    client_id: str | None
    asset: str
    width: int
    height: int
    model_version: str | None
    role: str
    source: str | None
    tags: str
    metadata: str
    taken_at: Micros
    latency_ms: float
    threshold: float
    detections: str
    writer: str | None
    writer_seq: int | None


def items_of(text: str) -> list[_Item] | None:
    """The predictions of a batch where all are plain by their form."""
    if "\\u0000" in text:  # no database keeps it; the other reader says so
        return None
    try:
        if len(text) <= ONCE:
            return _BATCH.validate_json(text)["items"]
        items = [item for piece in pieces(text) or () for item in _ITEMS.validate_json(piece)]
    except ValidationError:
        return None
    return items if LEAST <= len(items) <= MOST else None


def read(items: list[_Item], deployment: Deployment, versions: Mapping[str, str]) -> list[Plain] | None:
    """Lines for the log; None where one is not plain after all. `versions`: ids by the names the items use."""
    now = clock.now()
    try:
        return [_line(item, deployment, versions, now) for item in items]
    except (_NotPlain, Invalid, KeyError, ValueError, RecursionError):
        return None


class _NotPlain(Exception):
    """For the other reader."""


def _line(item: _Item, deployment: Deployment, versions: Mapping[str, str], now: Micros) -> Plain:
    get: Any = item.get
    width, height, client_id, taken_at = item["width"], item["height"], get("client_id"), get("taken_at")
    tags, metadata, version, writer = get("tags"), get("metadata"), get("model_version"), get("writer")
    more = _json(metadata) if metadata else "{}"
    if len(more) > _LONGEST_METADATA or _is_odd(more) or (writer is None) == ("writer_seq" in item):
        raise _NotPlain
    said = item["detections"]
    if len(said) > 1:
        said.sort(key=itemgetter("confidence"), reverse=True)
    return Plain(
        client_id,
        content_id(f"not sent: {client_id or new_id()}".encode()),
        width,
        height,
        versions[version] if version else deployment.champion,
        "champion",
        get("source"),
        _json(tags) if tags else "[]",
        more,
        now if taken_at is None else believable(clock.from_text(taken_at), now),
        get("latency_ms", 0.0),
        deployment.threshold,
        f"[{','.join(_written(said, width, height))}]",
        writer,
        get("writer_seq"),
    )


def _is_odd(metadata: str) -> bool:
    """Perhaps nested too deep, or a number beyond 64 bits."""
    return metadata.count("[") + metadata.count("{") > DEEPEST or _LONG_NUMBER.search(metadata) is not None


def _written(said: list[_Detection], width: int, height: int) -> Iterator[str]:
    """As `written.to_text` writes them."""
    for one in said:
        box, label, confidence = one.get("box"), _quoted(one["label"]), one["confidence"]
        if box is None:
            yield f'{{"label":{label},"confidence":{confidence!r},"box":null}}'
            continue
        x1, y1, x2, y2 = box
        if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
            raise _NotPlain
        yield f'{{"label":{label},"confidence":{confidence!r},"box":[{x1!r},{y1!r},{x2!r},{y2!r}]}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@functools.lru_cache(10_000)
def _quoted(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)
