"""Reads big batches of plain predictions without making an object of every box: several times faster than reading them one by one.

Plain is what a program sends that only has numbers: labels by name, boxes in pixels inside their image, no image. Whatever is not plain, or wrong,
is left to the reader in `elsewhere`, which reads everything and says what is wrong; what both read they read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple

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
_FIELDS = frozenset({
    "width", "height", "detections", "latency_ms", "taken_at", "client_id", "source", "tags", "metadata", "model_version", "writer", "writer_seq",
    "trace",
})  # fmt: skip
_DETECTION = ("label", "confidence", "box")
_UNREADABLE = (Invalid, KeyError, TypeError, ValueError, RecursionError)
_confidence = itemgetter("confidence")

Item = dict[str, Any]


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
            body = from_json(data, allow_inf_nan=False)
            items = body["items"] if isinstance(body, dict) and len(body) == 1 else None
        else:
            cut = pieces(data.decode()) or ()
            items = [item for piece in cut for item in from_json(piece, allow_inf_nan=False)]
    except _UNREADABLE:
        return None
    plain = isinstance(items, list) and LEAST <= len(items) <= MOST and all(type(item) is dict for item in items)
    return items if plain else None


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
    if not item.keys() <= _FIELDS:
        raise _NotPlain
    get = item.get
    width, height, latency_ms, taken_at = item["width"], item["height"], get("latency_ms", 0.0), get("taken_at")
    client_id, source, version = _name(get("client_id")), _name(get("source")), _name(get("model_version"))
    sized = type(width) is type(height) is int and 1 <= width <= 1_000_000 and 1 <= height <= 1_000_000
    if not sized or type(latency_ms) not in (float, int) or not 0 <= latency_ms < inf:
        raise _NotPlain
    writer, writer_seq = get("writer"), get("writer_seq")
    if writer is not None or writer_seq is not None:
        _check_writer(writer, writer_seq)
    return Plain(
        client_id,
        content_id(f"not sent: {client_id or new_id()}".encode()),
        width,
        height,
        deployment.champion if version is None else versions[version],
        "champion",
        source,
        _tags(get("tags")),
        _metadata(get("metadata")),
        now if taken_at is None else _time(taken_at, now),
        float(latency_ms),
        deployment.threshold,
        _detections(item["detections"], width, height),
        trace if get("trace") is None else own_trace(item["trace"]),
        writer,
        writer_seq,
    )


def _name(value: Any) -> str | None:
    if value is not None and (type(value) is not str or not 1 <= len(value) <= 200):
        raise _NotPlain
    return value


def _time(written: Any, now: Micros) -> Micros:
    if type(written) is not str:
        raise _NotPlain
    return believable(clock.from_text(written), now)


def _check_writer(writer: Any, writer_seq: Any) -> None:
    if (
        type(writer) is not str
        or not 1 <= len(writer) <= 100
        or type(writer_seq) is not int
        or not 0 <= writer_seq < 2**62
    ):
        raise _NotPlain


def _tags(tags: Any) -> str:
    if not tags:
        return "[]"
    if type(tags) is not list or len(tags) > 50 or not all(type(tag) is str and 1 <= len(tag) <= 100 for tag in tags):
        raise _NotPlain
    return to_json(tags).decode()


def _metadata(metadata: Any) -> str:
    if metadata is None:
        return "{}"
    text = to_json(metadata).decode()
    deep = text.count("[") + text.count("{") > DEEPEST
    if type(metadata) is not dict or len(text) > _LONGEST_METADATA or deep or _ODD.search(text) is not None:
        raise _NotPlain
    return text


def _detections(said: list[Item], width: int, height: int) -> str:
    """As `written.to_text` writes them."""
    if type(said) is not list or len(said) > 3000:
        raise _NotPlain
    said.sort(key=_confidence, reverse=True)
    # Numbers of one kind compare twice as fast.
    most_x, most_y = float(width), float(height)
    for place, one in enumerate(said):
        if (*one,) == _DETECTION:
            label, confidence, box = one.values()
            if type(box) is list and type(label) is str and 1 <= len(label) <= 200:
                x1, y1, x2, y2 = box
                floats = type(confidence) is type(x1) is type(y1) is type(x2) is type(y2) is float
                if floats and 0.0 <= confidence <= 1.0 and 0.0 <= x1 < x2 <= most_x and 0.0 <= y1 < y2 <= most_y:
                    continue
        said[place] = _in_form(one, width, height)
    return to_json(said).decode()


def _in_form(one: Item, width: int, height: int) -> Item:
    """The same with its names in order and its whole numbers as floats."""
    label, box, confidence = one["label"], one.get("box"), one["confidence"]
    if len(one) > 2 + ("box" in one) or type(label) is not str or not 1 <= len(label) <= 200:
        raise _NotPlain
    if type(confidence) not in (float, int) or not 0 <= confidence <= 1:
        raise _NotPlain
    if box is None:
        return {"label": label, "confidence": float(confidence), "box": None}
    x1, y1, x2, y2 = box
    if not all(type(value) in (float, int) for value in box) or not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise _NotPlain
    return {"label": label, "confidence": float(confidence), "box": [float(x1), float(y1), float(x2), float(y2)]}
