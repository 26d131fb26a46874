"""Reads big batches of plain predictions without making an object of every box: several times faster than reading them one by one.

Plain is what a program sends that only has numbers: labels by name, boxes in pixels inside their image, no image. Whatever is not plain, or wrong,
is left to the reader in `elsewhere`, which reads everything and says what is wrong; what both read they read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, NamedTuple

import msgspec
from pydantic_core import from_json, to_json

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid
from relens.kit.ids import content_id, new_id
from relens.kit.strict_json import DEEPEST
from relens.kit.trace import own_trace
from relens.predictions.logged import believable
from relens.predictions.pieces import ONCE, pieces

LEAST = 21
"""Fewer predictions than this are filed at once, by the other way."""
MOST = 5000
_LONGEST_METADATA = 4_000
_ODD = re.compile(r"\d{19}|NaN|Infinity")
"""In metadata: perhaps a number beyond 64 bits, or beyond what a float holds."""
_UNREADABLE = (Invalid, KeyError, TypeError, ValueError, RecursionError, msgspec.MsgspecError)
_confidence = attrgetter("confidence")

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_NO_METADATA = msgspec.Raw(b"{}")
_Pixels = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class _Detection(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """In the order in which `written.to_text` writes it. `box`: x1 y1 x2 y2 in pixels."""

    label: _Name
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    box: tuple[float, float, float, float] | None = None


class Item(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One prediction as a program sends it, its kinds and lengths checked; nothing of it refers back, so the collector need not follow it."""

    width: _Pixels
    height: _Pixels
    detections: Annotated[list[_Detection], msgspec.Meta(max_length=3000)]
    latency_ms: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    taken_at: str | None = None
    client_id: _Name | None = None
    source: _Name | None = None
    tags: Annotated[list[_Tag], msgspec.Meta(max_length=50)] | None = None
    metadata: msgspec.Raw = _NO_METADATA
    model_version: _Name | None = None
    writer: _Tag | None = None
    writer_seq: Annotated[int, msgspec.Meta(ge=0, lt=2**62)] | None = None
    trace: str | None = None


class _Batch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    items: list[Item]


_read_batch = msgspec.json.Decoder(_Batch).decode
_read_items = msgspec.json.Decoder(list[Item]).decode
_text = msgspec.json.Encoder().encode


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
    trace: str | None
    writer: str | None
    writer_seq: int | None


class _NotPlain(ValueError):
    """For the other reader."""


def items_of(data: bytes) -> list[Item] | None:
    """The predictions of a batch that may be plain; None where it is not, or cannot be read."""
    if b"\\u0000" in data:  # no database keeps it; the other reader says so
        return None
    try:
        if len(data) <= ONCE:
            items = _read_batch(data).items
        else:
            items = [item for piece in pieces(data.decode()) or () for item in _read_items(piece)]
    except _UNREADABLE:
        return None
    return items if LEAST <= len(items) <= MOST else None


def versions_named(items: Sequence[Item]) -> set[str]:
    """Every model version they name, as they name it."""
    return {item.model_version for item in items if item.model_version is not None}


def read(
    items: list[Item], deployment: Deployment, versions: Mapping[str, str], trace: str | None = None
) -> list[Plain] | None:
    """Lines for the log; None where one is not plain after all. `versions`: ids by the names the items use; `trace`: of the whole batch."""
    now = clock.now()
    try:
        return [_line(item, deployment, versions, now, trace) for item in items]
    except _UNREADABLE:
        return None


def _line(item: Item, deployment: Deployment, versions: Mapping[str, str], now: Micros, trace: str | None) -> Plain:
    client_id, version = item.client_id, item.model_version
    if (item.writer is None) != (item.writer_seq is None):
        raise _NotPlain
    return Plain(
        client_id,
        content_id(f"not sent: {client_id or new_id()}".encode()),
        item.width,
        item.height,
        deployment.champion if version is None else versions[version],
        "champion",
        item.source,
        _text(item.tags).decode() if item.tags else "[]",
        "{}" if item.metadata is _NO_METADATA else _metadata(item.metadata),
        now if item.taken_at is None else believable(clock.from_text(item.taken_at), now),
        item.latency_ms,
        deployment.threshold,
        _detections(item),
        trace if item.trace is None else own_trace(item.trace),
        item.writer,
        item.writer_seq,
    )


def _metadata(raw: msgspec.Raw) -> str:
    metadata = from_json(bytes(raw), allow_inf_nan=False)
    if metadata is None:
        return "{}"
    text = to_json(metadata).decode()
    deep = text.count("[") + text.count("{") > DEEPEST
    if type(metadata) is not dict or len(text) > _LONGEST_METADATA or deep or _ODD.search(text) is not None:
        raise _NotPlain
    return text


def _detections(item: Item) -> str:
    """As `written.to_text` writes them."""
    said = item.detections
    said.sort(key=_confidence, reverse=True)
    # Numbers of one kind compare twice as fast.
    most_x, most_y = float(item.width), float(item.height)
    for one in said:
        if one.box is not None:
            x1, y1, x2, y2 = one.box
            if not (0.0 <= x1 < x2 <= most_x and 0.0 <= y1 < y2 <= most_y):
                raise _NotPlain
    return _text(said).decode()
