"""The tables of the prediction log.

`prediction` holds facts, one row per line, appended in the order of `log_seq` and never changed. Everything one searches by stands beside it
and is written when a line is filed (`filing.py`): `signal`, one narrow row per line with what may change and what is sorted by; `posting`,
one row per word a line can be found by (its labels, tags, source, ...); `term`, the words; `tally`, how many lines are in each review state.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from relens.infra.tables import metadata

# SQLite makes a table's own key of INTEGER only; a BIGINT key would be a second index beside it.
_Long = BigInteger().with_variant(Integer, "sqlite")

prediction = Table(
    "prediction",
    metadata,
    Column("log_seq", _Long, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("deployment", String(36), nullable=False),
    Column("client_id", String(200)),
    Column("asset", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("model_version", String(36)),
    Column("role", String(10), nullable=False),
    Column("source", String(200)),
    Column("tags", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("logged_at", BigInteger, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("detections", Text, nullable=False),
    Column("parent", String(36)),
    Column("trace", String(60)),
    Column("origin", String(10), nullable=False),
    Column("error", String(60)),
    Column("writer", String(100)),
    Column("writer_seq", BigInteger),
    Column("keep_reason", String(20), nullable=False),
    Column("keep_probability", Float, nullable=False),
    UniqueConstraint("deployment", "client_id", name="prediction_once"),
)
# Few lines are a shadow's; the others take no place in it.
Index(
    "prediction_by_parent",
    prediction.c.parent,
    sqlite_where=prediction.c.parent.is_not(None),
    postgresql_where=prediction.c.parent.is_not(None),
)

UNKNOWN_COUNT = -1

signal = Table(
    "signal",
    metadata,
    Column(
        "log_seq",
        _Long,
        ForeignKey("prediction.log_seq", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("deployment", String(36), nullable=False),
    Column("review", String(10), nullable=False),
    Column("outlier", Float),
    Column("priority", Float),
    # What follows repeats the fact, so that a search reads narrow rows only.
    Column("taken_at", BigInteger, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("latency_ms", Float, nullable=False),
    # -1 of a line that was erased: it is none without detections, nor one with any.
    Column("count", Integer, nullable=False),
    Column("role", String(10), nullable=False),
    Column("source", String(200)),
    Column("model_version", String(36)),
    Column("error", String(60)),
    Column("origin", String(10), nullable=False),
    Column("asset", String(64), nullable=False),
    Index("signal_by_asset", "asset"),
    Index("signal_by_log", "deployment", "log_seq"),
    Index("signal_by_time", "deployment", "taken_at", "log_seq"),
    Index("signal_by_outlier", "deployment", "outlier", "log_seq"),
    Index("signal_by_confidence", "deployment", "confidence", "log_seq"),
    Index("signal_by_latency", "deployment", "latency_ms", "log_seq"),
    Index("signal_by_priority", "deployment", "review", "priority", "log_seq"),
    Index("signal_by_review", "deployment", "review", "taken_at", "log_seq"),
)

term = Table(
    "term",
    metadata,
    Column("id", _Long, primary_key=True, autoincrement=False),
    Column("deployment", String(36), nullable=False),
    # label, tag, source, model_version, role, error, origin, metadata.KEY; of reviewed lines truth, mistake, taken_for
    Column("kind", String(120), nullable=False),
    Column("value", String(200), nullable=False),
    # The value as a number, where it reads as one.
    Column("number", Float),
    UniqueConstraint("deployment", "kind", "value", name="term_once"),
)

posting = Table(
    "posting",
    metadata,
    Column("term", _Long, primary_key=True, autoincrement=False),
    Column("taken_at", BigInteger, primary_key=True, autoincrement=False),
    Column("log_seq", _Long, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

tally = Table(
    "tally",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("shadow", Integer, primary_key=True, autoincrement=False),
    Column("review", String(10), primary_key=True),
    Column("lines", BigInteger, nullable=False),
)

feature = Table(
    "feature",
    metadata,
    Column(
        "log_seq",
        _Long,
        ForeignKey("prediction.log_seq", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("scalars", LargeBinary),
    Column("vector", LargeBinary),
)
