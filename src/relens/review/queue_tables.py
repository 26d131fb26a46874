"""The tables of the review queue: what could be looked at, how far the random checks have come, and up to where the log is queued."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table

from relens.infra.tables import metadata

Lane = Literal["random checks", "hard cases"]
CHECKS: Lane = "random checks"

queue_item = Table(
    "queue_item",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("log_seq", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("size", Float, nullable=False),
    Column("chance", Float, nullable=False),
    Column("lane", String(20)),
    Column("chosen_at", BigInteger),
    Column("held_by", String(36)),
    Column("held_until", BigInteger),
    # Another prediction on the very same image, which was reviewed: what is true there is true here.
    Column("twin", String(36)),
    # How far the answer of a shadow (`against`, its version) was from this one; higher is further.
    Column("disagreement", Float),
    Column("against", String(36)),
    Index("queue_by_chance", "deployment", "open", "chance"),
    Index("queue_by_arrival", "deployment", "log_seq"),
)
# Few images come twice, and few are answered by a shadow; the others take no place in these.
for _name, _columns, _filled in (
    ("queue_by_twin", ("deployment", "twin"), queue_item.c.twin),
    ("queue_by_disagreement", ("deployment", "against", "disagreement"), queue_item.c.disagreement),
):
    _some = _filled.is_not(None)
    Index(_name, *(queue_item.c[one] for one in _columns), sqlite_where=_some, postgresql_where=_some)

queue_cohort = Table(
    "queue_cohort",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tau", Float),
    Column("floor", Float, nullable=False, server_default="0"),
)

queue_scale = Table(
    "queue_scale",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("images", Integer, nullable=False),
    Column("total", Float, nullable=False),
    # The sampler that gave the priorities, and how far they are made anew by it (NULL: all of them).
    Column("sampler", String(100)),
    Column("ranked_seq", BigInteger),
)

queue_cursor = Table(
    "queue_cursor",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("log_seq", BigInteger, nullable=False),
)
