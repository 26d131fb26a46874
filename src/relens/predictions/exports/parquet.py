"""Parquet: one row per prediction, its detections as a list of structs; pandas, DuckDB and Spark read it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from relens.predictions.exports import About, Form, Pages, record
from relens.predictions.logged import Logged

GROUP = 5_000
"""Lines in one row group; what is held in memory at once."""
_TIME = pa.timestamp("us", tz="UTC")
_DETECTION = pa.struct(
    {
        "label": pa.string(),
        "confidence": pa.float64(),
        "box": pa.list_(pa.float64()),
        "polygon": pa.list_(pa.list_(pa.float64())),
        "rle": pa.string(),
        "answered": pa.bool_(),
    }
)
SCHEMA = pa.schema(
    {
        **{name: pa.string() for name in ("id", "deployment", "client_id", "asset")},
        **{name: pa.int32() for name in ("width", "height")},
        **{name: pa.string() for name in ("model_version", "role", "source")},
        "tags": pa.list_(pa.string()),
        "metadata": pa.string(),
        "taken_at": _TIME,
        "logged_at": _TIME,
        **{name: pa.float64() for name in ("latency_ms", "threshold", "outlier")},
        **{name: pa.string() for name in ("review", "origin", "error", "keep_reason")},
        "keep_probability": pa.float64(),
        "detections": pa.list_(_DETECTION),
    }
)


class _Outbox(io.RawIOBase):
    """A file that keeps only what was not taken yet."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]
        self._waiting.append(taken)
        self._written += len(taken)
        return len(taken)

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def write(pages: Pages, about: About) -> Iterator[bytes]:
    box = _Outbox()
    with pq.ParquetWriter(box, SCHEMA, compression="zstd") as writer:
        waiting: list[Logged] = []
        for lines in pages:
            waiting += lines
            if len(waiting) >= GROUP:
                writer.write_table(_table(waiting, about))
                waiting = []
                yield box.take()
        if waiting:
            writer.write_table(_table(waiting, about))
    yield box.take()


def _table(lines: list[Logged], about: About) -> pa.Table:
    rows = []
    for line in lines:
        row = record(line, about)
        row["metadata"] = json.dumps(row["metadata"], ensure_ascii=False)
        row["taken_at"], row["logged_at"] = _moment(line.taken_at), _moment(line.logged_at)
        row["detections"] = [
            {**d, "rle": json.dumps(d["rle"]) if "rle" in d else None, "polygon": d.get("polygon")}
            for d in row["detections"]
        ]
        rows.append(row)
    return pa.Table.from_pylist(rows, SCHEMA)


def _moment(instant: int) -> datetime:
    seconds, rest = divmod(instant, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


FORM = Form("Parquet", "parquet", "application/vnd.apache.parquet", write)
