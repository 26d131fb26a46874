"""Rows of the prediction log, and what monitoring needs of each image."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from relens.infra.statements import append_rows, hold_number, next_number, quick
from relens.kit import clock
from relens.kit.clock import HOUR
from relens.kit.ids import new_id
from relens.predictions import filing, written
from relens.predictions.logged import ERASED, Entry, Logged, NoPrediction, SentTwice
from relens.predictions.tables import feature as feature
from relens.predictions.tables import prediction as prediction
from relens.predictions.tables import signal as signal

_SIGNALS = {"review": func.coalesce(signal.c.review, "pending").label("review"), "outlier": signal.c.outlier}
# JSON as SQLite has it, text: reading it here is several times faster.
_AS_TEXT = {name: type_coerce(prediction.c[name], Text).label(name) for name in ("tags", "metadata")}
LINE: tuple[Any, ...] = tuple(
    _SIGNALS[name] if name in _SIGNALS else _AS_TEXT[name] if name in _AS_TEXT else prediction.c[name]
    for name in Logged.__dataclass_fields__
    if name not in ("scalars", "feature")
)
"""What a line is read from, in the order of its fields; beside `prediction`, `signal`."""
COLUMNS = tuple(prediction.c.keys())
_PLAIN = tuple(name for name in Entry.__dataclass_fields__ if name not in ("scalars", "feature"))


class Vector(NamedTuple):
    """The feature of one image as one version saw it."""

    prediction: str
    model_version: str | None
    feature: NDArray[np.float16]


def append(connection: Connection, entry: Entry) -> tuple[Logged, bool]:
    """Writes `entry` as the next line of the log; a client id seen before answers with its first line and False."""
    return append_many(connection, [entry], file_now=True)[0]


def append_many(connection: Connection, entries: Sequence[Entry], file_now: bool = False) -> list[tuple[Logged, bool]]:
    """Writes `entries` as the next lines of the log, one statement per table; as many answers, in their order.

    A client id seen before, in the log or earlier among `entries`, answers with its first line and False; raises SentTwice where that line says
    something else. `file_now`: filed in the same transaction; otherwise a follower files them, and until then no search finds them.
    """
    known: dict[tuple[str, str], Logged | int] = dict(_known(connection, entries))
    fresh: list[Entry] = []
    found: list[tuple[Logged | int, bool]] = []
    for entry in entries:
        first = None if entry.client_id is None else known.get((entry.deployment, entry.client_id))
        if first is None:
            first = len(fresh)
            fresh.append(entry)
            found.append((first, True))
            if entry.client_id is not None:
                known[entry.deployment, entry.client_id] = first
            continue
        _refuse_other(entry, fresh[first] if isinstance(first, int) else first)
        found.append((first, False))
    lines = _write(connection, fresh, file_now) if fresh else []
    return [(lines[which] if isinstance(which, int) else which, new) for which, new in found]


def _known(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[str, str], Logged]:
    """The lines that client ids of `entries` name already; nearly always there are none."""
    wanted: dict[str, list[str]] = {}
    for entry in entries:
        if entry.client_id is not None:
            wanted.setdefault(entry.deployment, []).append(entry.client_id)
    if wanted:
        # Another server may be logging the same client id: what it logs is seen only after it is committed.
        hold_number(connection, "log")
    found: dict[tuple[str, str], Logged] = {}
    for deployment, ids in wanted.items():
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            rows = quick(connection, _ids_named(len(some)), (deployment, *some))
            for line in several(connection, [row[0] for row in rows]):
                found[deployment, line.client_id or ""] = line
    return found


@functools.cache
def _ids_named(count: int) -> str:
    return f"SELECT id FROM prediction WHERE deployment = ? AND client_id IN ({', '.join('?' * count)})"


def _refuse_other(entry: Entry, first: Logged | Entry) -> None:
    """What is answered here is known by its image; what was answered elsewhere also by the answer."""
    same = entry.asset == first.asset and (entry.origin == "served" or entry.detections == first.detections)
    if not same:
        raise sent_twice(entry.client_id, first.id if isinstance(first, Logged) else None)


def _write(connection: Connection, entries: Sequence[Entry], file_now: bool) -> list[Logged]:
    first, now = next_number(connection, "log", len(entries)), clock.now()
    rows: list[tuple[Any, ...]] = []
    lines: list[Logged] = []
    for log_seq, entry in enumerate(entries, first):
        values: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN}
        values |= {"id": new_id(), "log_seq": log_seq, "logged_at": now}
        text = written.to_text(entry.detections)
        values["detections"] = written.Said(text, entry.detections)
        lines.append(Logged(**values, review="pending", outlier=None, scalars=entry.scalars, feature=entry.feature))
        values["tags"] = _json(entry.tags) if entry.tags else "[]"
        values["metadata"] = _json(dict(entry.metadata)) if entry.metadata else "{}"
        values["detections"] = text
        rows.append(tuple(map(values.__getitem__, COLUMNS)))
    append_rows(connection, prediction, COLUMNS, rows)
    measured = [_feature_row(line) for line in lines if line.scalars is not None]
    append_rows(connection, feature, ("log_seq", "scalars", "vector"), measured)
    if file_now:
        filing.move_filed(connection, first - 1, first + len(entries) - 1)
        filing.file(connection, lines)
    return lines


def sent_twice(client_id: str | None, first: str | None) -> SentTwice:
    """What a sender is told who uses a client id for something else."""
    return SentTwice(
        f"client_id '{client_id}' was sent before with another image or answer: use a new client_id", prediction=first
    )


def _json(value: Any) -> str:
    """NaN, which is no JSON, is refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _feature_row(line: Logged) -> tuple[Any, ...]:
    assert line.scalars is not None
    vector = None if line.feature is None else line.feature.astype(np.float16).tobytes()
    return line.log_seq, line.scalars.astype(np.float32).tobytes(), vector


def get(connection: Connection, prediction_id: str) -> Logged:
    """With its scalars and feature; NoPrediction when there is none."""
    found = several(connection, [prediction_id])
    if not found:
        raise NoPrediction(f"there is no prediction {prediction_id}")
    return found[0]


def several(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """Those of `ids` that exist, in log order, with scalars and features."""
    return [
        line
        for start in range(0, len(ids), 500)
        for line in _with_features(connection, prediction.c.id.in_(ids[start : start + 500]))
    ]


def by_client_id(connection: Connection, deployment_id: str, client_id: str) -> Logged | None:
    found = _with_features(
        connection, (prediction.c.deployment == deployment_id) & (prediction.c.client_id == client_id)
    )
    return found[0] if found else None


def since(connection: Connection, log_seq: int, limit: int, deployment_id: str | None = None) -> list[Logged]:
    """The filed lines after `log_seq` in commit order, with scalars and features."""
    return at(connection, [row.log_seq for row in places_since(connection, log_seq, limit, deployment_id)])


def places_since(connection: Connection, log_seq: int, limit: int, deployment_id: str | None = None) -> list[Any]:
    """Where those lines stand (log_seq), with what may change of them (review, outlier) and the asset, which an erased line loses."""
    after = (signal.c.log_seq > log_seq) & (signal.c.log_seq <= filing.filed(connection))
    if deployment_id is not None:
        after &= signal.c.deployment == deployment_id
    columns = (signal.c.log_seq, signal.c.review, signal.c.outlier, signal.c.asset)
    return list(connection.execute(select(*columns).where(after).order_by(signal.c.log_seq).limit(limit)))


def waiting_since(connection: Connection, log_seq: int, most: int, deployment_id: str) -> int:
    """How many lines of a deployment stand after that place of the log, filed or not; counted up to `most`."""
    after = (signal.c.log_seq > log_seq) & (signal.c.deployment == deployment_id)
    some = select(signal.c.log_seq).where(after).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def at(connection: Connection, numbers: Sequence[int]) -> list[Logged]:
    """The lines at these places of the log, which ascend, as far as there are any; with scalars and features."""
    return [
        line
        for start in range(0, len(numbers), 500)
        for line in _with_features(connection, _among(numbers[start : start + 500]))
    ]


def _among(numbers: Sequence[int]) -> ColumnElement[bool]:
    place = prediction.c.log_seq
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return place.between(numbers[0], numbers[-1])
    return place.in_(numbers)


def shadows_of(connection: Connection, prediction_id: str) -> list[Logged]:
    return _with_features(connection, prediction.c.parent == prediction_id)


def shadows(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """What shadows said beside the predictions `ids`, in log order for each some hundred of them."""
    return [
        line
        for start in range(0, len(ids), 500)
        for line in _with_features(connection, prediction.c.parent.in_(ids[start : start + 500]))
    ]


def vectors(connection: Connection, ids: Sequence[str]) -> list[Vector]:
    """The features of those of `ids` that have one."""
    query = select(prediction.c.id, prediction.c.model_version, feature.c.vector).join(
        feature, feature.c.log_seq == prediction.c.log_seq
    )
    return [
        Vector(row.id, row.model_version, np.frombuffer(row.vector, np.float16))
        for start in range(0, len(ids), 500)
        for row in connection.execute(
            query.where(prediction.c.id.in_(ids[start : start + 500]), feature.c.vector.is_not(None))
        )
    ]


def keep_probabilities(connection: Connection, ids: Sequence[str]) -> dict[str, float]:
    """How probable keeping the image was, of those of `ids` that exist."""
    query = select(prediction.c.id, prediction.c.keep_probability)
    return {
        row.id: row.keep_probability
        for start in range(0, len(ids), 500)
        for row in connection.execute(query.where(prediction.c.id.in_(ids[start : start + 500])))
    }


def on_image(connection: Connection, deployment_id: str, asset: str) -> list[str]:
    """The ids of a deployment's predictions on one image, as far as they are filed."""
    joined = select(prediction.c.id).join(signal, signal.c.log_seq == prediction.c.log_seq)
    here = (signal.c.asset == asset) & (signal.c.deployment == deployment_id)
    return list(connection.execute(joined.where(here).order_by(prediction.c.log_seq)).scalars())


def shadows_after(connection: Connection, deployment_id: str, log_seq: int | None) -> tuple[int, set[str]]:
    """(the last filed place of the log, predictions beside which a shadow was filed after `log_seq`; None: look at none)."""
    last = filing.filed(connection)
    if log_seq is None or last == log_seq:
        return last, set()
    fresh = select(prediction.c.parent).join(signal, signal.c.log_seq == prediction.c.log_seq)
    fresh = fresh.where(signal.c.deployment == deployment_id, signal.c.log_seq > log_seq, signal.c.log_seq <= last)
    fresh = fresh.where(signal.c.role == "shadow", prediction.c.parent.is_not(None))
    return last, set(connection.execute(fresh).scalars())


def hours_between(connection: Connection, deployment_id: str, after: int, until: int) -> list[int]:
    """When the hours begin in which filed lines from `after` (exclusive) to `until` were taken."""
    hour = (signal.c.taken_at // HOUR).label("hour")
    here = (signal.c.deployment == deployment_id) & (signal.c.log_seq > after) & (signal.c.log_seq <= until)
    return [int(at) * HOUR for at in connection.execute(select(hour).where(here).distinct()).scalars()]


class Looks(NamedTuple):
    """What a line's image looks like, without what was said of it."""

    id: str
    asset: str
    width: int
    height: int
    error: str | None
    outlier: float | None
    model_version: str | None
    scalars: NDArray[np.float32] | None
    feature: NDArray[np.float16] | None


def looks(connection: Connection, numbers: Sequence[int]) -> list[Looks]:
    """Of the lines at these places of the log, in their order."""
    columns = [prediction.c[name] for name in ("log_seq", "id", "asset", "width", "height", "error", "model_version")]
    joined = prediction.join(signal, signal.c.log_seq == prediction.c.log_seq).outerjoin(
        feature, feature.c.log_seq == prediction.c.log_seq
    )
    found: dict[int, Looks] = {}
    for start in range(0, len(numbers), 500):
        query = select(*columns, signal.c.outlier, feature.c.scalars, feature.c.vector).select_from(joined)
        for row in connection.execute(query.where(prediction.c.log_seq.in_(numbers[start : start + 500]))):
            scalars = None if row.scalars is None else np.frombuffer(row.scalars, np.float32)
            vector = None if row.vector is None else np.frombuffer(row.vector, np.float16)
            facts = (row.id, row.asset, row.width, row.height, row.error, row.outlier, row.model_version)
            found[row.log_seq] = Looks(*facts, scalars, vector)
    return [found[number] for number in numbers if number in found]


def erased_between(connection: Connection, deployment_id: str, after: int, until: int) -> int:
    """How many tombstones the log holds from `after` (exclusive) to `until`."""
    here = (prediction.c.log_seq > after) & (prediction.c.log_seq <= until) & (prediction.c.deployment == deployment_id)
    query = select(func.count()).select_from(prediction).where(here, prediction.c.keep_reason == ERASED)
    return int(connection.execute(query).scalar_one())


def _with_features(connection: Connection, where: Any, limit: int | None = None) -> list[Logged]:
    """A line that is not filed yet reads as pending."""
    joined = prediction.outerjoin(signal, signal.c.log_seq == prediction.c.log_seq).outerjoin(
        feature, feature.c.log_seq == prediction.c.log_seq
    )
    query = select(*LINE, feature.c.scalars, feature.c.vector).select_from(joined).where(where)
    query = query.order_by(prediction.c.log_seq)
    rows = connection.execute(query.limit(limit) if limit else query)
    return [line_of(row[:-2], row[-2], row[-1]) for row in rows]


def line_of(row: Sequence[Any], scalars: bytes | None = None, vector: bytes | None = None) -> Logged:
    """A Logged from a row of the columns LINE."""
    tags, metadata = row[10:12]
    values: list[Any] = [
        *row[:10],
        _tags(tags) if isinstance(tags, str) else tuple(tags),
        metadata if not isinstance(metadata, str) else {} if metadata == "{}" else from_json(metadata),
        *row[12:16],
        written.Said(row[16]),
        *row[17:],
        None if scalars is None else np.frombuffer(scalars, np.float32),
        None if vector is None else np.frombuffer(vector, np.float16),
    ]
    return Logged(*values)


@functools.lru_cache(1000)
def _tags(written_as: str) -> tuple[str, ...]:
    """Few lists of tags are on most lines."""
    return tuple(from_json(written_as))
