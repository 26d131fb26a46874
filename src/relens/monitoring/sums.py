"""Rows of sums: one per metric, span of time, source (or all of them), version, role, reference and label."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    select,
)

from relens.infra.statements import append_rows, next_number, quick
from relens.infra.tables import counter, metadata
from relens.kit.clock import Micros
from relens.metrics.metric import METRICS, State, Summed
from relens.monitoring.bucket import IMPORTED, Bucket, Cell, pack, unpack
from relens.monitoring.span import Kept, Stretch, rolled
from relens.monitoring.training_data import FittedReference

_KEYS = ("deployment", "metric", "span", "whole", "hour", "source", "model_version", "role", "reference", "label")
_AT_ONCE = 500
"""SQLite takes 32,766 values in one statement."""
_EXTENT = "errors"
"""The metric that sees every prediction, failed ones too."""

bucket = Table(
    "bucket",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("span", String(5), primary_key=True),
    # True: all sources together, `source` is "" then.
    Column("whole", Boolean, primary_key=True),
    # When the span begins.
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(200), primary_key=True),
    Column("model_version", String(36), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("reference", String(36), primary_key=True),
    Column("label", String(200), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


_FORM = "/"
_DISTURBED = "sums changed"


@cache
def _forms() -> dict[str, int]:
    """The form of each metric's states; looked up once, because looking for plug-ins takes milliseconds."""
    return {name: metric.version for name, metric in METRICS if isinstance(metric, Summed)}


@cache
def _stored(metric: str) -> str:
    """The metric's name in a row: sums of an older form have another and are never read."""
    version = _forms().get(metric, 1)
    return metric if version == 1 else f"{metric}{_FORM}{version}"


@cache
def counted_as() -> str:
    """Names which metrics the sums are of and in which form; another one means that the log has to be counted again."""
    written = " ".join(sorted(map(_stored, _forms())))
    return blake2b(written.encode(), digest_size=12).hexdigest()


class Which(NamedTuple):
    """Which sums; None means any, and any role but shadow. `stretches` None: every hour. `whole`: all sources together."""

    stretches: Collection[Stretch] | None = None
    source: str | None = None
    model_version: str | None = None
    role: str | None = None
    label: str | None = None
    whole: bool = False
    imported: bool = True
    """Also what was brought in afterwards, which counts as the champion's."""


def add_states(connection: Connection, deployment: str, states: Mapping[Cell, State]) -> None:
    """Adds hourly states to the sums there are, of every span."""
    if not states:
        return
    kept = rolled(states)
    there = _present(connection, deployment, kept.keys())
    now = {one: unpack(there[one]) + s if one in there else s for one, s in kept.items()}
    left = {one: state for one, state in now.items() if state.any()}
    put(connection, deployment, left)
    for one in there.keys() - left.keys():
        # Nothing is left of it since something was erased.
        columns = (bucket.c[name] for name in _KEYS)
        same = (column == value for column, value in zip(columns, _key(deployment, one), strict=True))
        connection.execute(delete(bucket).where(*same))


def put(connection: Connection, deployment: str, kept: Mapping[Kept, State]) -> None:
    """Writes sums in place of those there are."""
    rows = [(*_key(deployment, one), pack(state)) for one, state in kept.items()]
    append_rows(connection, bucket, (*_KEYS, "state"), rows, _KEYS)


def _key(deployment: str, one: Kept) -> tuple[Any, ...]:
    """In the order of _KEYS."""
    span, whole, (metric, (hour, source, model_version, role), reference, label) = one
    return deployment, _stored(metric), span, whole, hour, source, model_version, role, reference, label


@lru_cache(16)
def _read_of(many: int) -> str:
    each = f"({', '.join('?' * (1 + len(_KEYS)))})"
    same = " AND ".join(f"bucket.{key} = wanted.{key}" for key in _KEYS)
    return (
        f"WITH wanted (place, {', '.join(_KEYS)}) AS (VALUES {', '.join([each] * many)})"
        f" SELECT wanted.place, bucket.state FROM wanted JOIN bucket ON {same}"
    )


def _present(connection: Connection, deployment: str, kept: Collection[Kept]) -> dict[Kept, bytes]:
    """Each by its whole key: what is between them, of other labels and sources and of all history, is many times as much."""
    wanted, found = list(kept), dict[Kept, bytes]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        values = tuple(chain.from_iterable((i, *_key(deployment, one)) for i, one in enumerate(some)))
        found |= {some[i]: state for i, state in quick(connection, _read_of(len(some)), values)}
    return found


def cells(
    connection: Connection, deployment: str, metrics: Collection[str], which: Which
) -> Iterator[tuple[Cell, State]]:
    """The states of these metrics in these buckets. A label leaves out other labels, not the states of whole images."""
    conditions: list[ColumnElement[bool]] = [bucket.c.metric.in_(map(_stored, metrics)), bucket.c.whole == which.whole]
    conditions += [bucket.c[n] == v for n in ("source", "model_version") if (v := getattr(which, n)) is not None]
    conditions += _of_role(which.role, which.imported)
    if which.label is not None:
        conditions.append(bucket.c.label.in_(["", which.label]))
    for stretch in _stretches(which.stretches):
        here = select(bucket).where(bucket.c.deployment == deployment, *stretch, *conditions)
        for row in connection.execute(here):
            yield _cell(row), unpack(row.state)


def _of_role(role: str | None, imported: bool) -> list[ColumnElement[bool]]:
    if role is None:
        return [bucket.c.role.not_in(["shadow"] if imported else ["shadow", IMPORTED])]
    return [bucket.c.role.in_([role, IMPORTED] if role == "champion" and imported else [role])]


def _stretches(stretches: Iterable[Stretch] | None) -> Iterator[list[ColumnElement[bool]]]:
    if stretches is None:
        yield [bucket.c.span == "hour"]
        return
    for one in stretches:
        yield [bucket.c.span == one.span, bucket.c.hour >= one.since, bucket.c.hour < one.until]


class Divided(NamedTuple):
    """What a window's images can be told apart by."""

    source: str
    model_version: str
    role: str


def divisions(connection: Connection, deployment: str, stretches: Collection[Stretch]) -> set[Divided]:
    """The sources, versions and roles that predicted anything in these stretches."""
    found: set[Divided] = set()
    columns = (bucket.c.source, bucket.c.model_version, bucket.c.role)
    for stretch in _stretches(stretches):
        here = (bucket.c.deployment == deployment, bucket.c.metric == _EXTENT, bucket.c.whole.is_(False), *stretch)
        found |= {Divided(*row) for row in connection.execute(select(*columns).distinct().where(*here))}
    return found


def extent(
    connection: Connection,
    deployment: str,
    since: Micros | None = None,
    until: Micros | None = None,
    role: str | None = None,
) -> tuple[Micros, Micros] | None:
    """The first and the last hour (of a window) that hold anything, or anything in that role."""
    here = [bucket.c.deployment == deployment, bucket.c.metric == _EXTENT, bucket.c.span == "hour", bucket.c.whole]
    here += [] if since is None else [bucket.c.hour >= since]
    here += [] if until is None else [bucket.c.hour < until]
    here += [] if role is None else [bucket.c.role == role]
    # Two questions, because a database answers min and max from the ends of an index only one at a time.
    first = connection.execute(select(func.min(bucket.c.hour)).where(*here)).scalar()
    last = connection.execute(select(func.max(bucket.c.hour)).where(*here)).scalar()
    return None if first is None or last is None else (first, last)


def clear_some(connection: Connection, deployment: str, limit: int = 2000) -> bool:
    """Takes up to about `limit` rows away; True when there are more."""
    at = (bucket.c.metric, bucket.c.span, bucket.c.hour)
    here = bucket.c.deployment == deployment
    last = connection.execute(select(*at).where(here).order_by(*at).offset(limit).limit(1)).first()
    if last is None:
        connection.execute(delete(bucket).where(here))
        return False
    within = (bucket.c.span < last.span) | ((bucket.c.span == last.span) & (bucket.c.hour <= last.hour))
    earlier = (bucket.c.metric < last.metric) | ((bucket.c.metric == last.metric) & within)
    connection.execute(delete(bucket).where(here & earlier))
    return True


def disturb(connection: Connection) -> None:
    """Sums were changed otherwise than by counting the log on: whoever remembers some has to read them again."""
    next_number(connection, _DISTURBED)


def disturbed(connection: Connection) -> int:
    """How often that happened."""
    return int(connection.execute(select(counter.c.value).where(counter.c.name == _DISTURBED)).scalar() or 0)


def forget_superseded(connection: Connection, fitted: FittedReference, metrics: Collection[str]) -> None:
    """Takes away what earlier references said in `metrics` of the predictions that `fitted` speaks for now."""
    connection.execute(
        delete(bucket).where(
            bucket.c.deployment == fitted.deployment,
            bucket.c.metric.in_(map(_stored, metrics)),
            bucket.c.model_version == fitted.model_version,
            bucket.c.reference.not_in(["", fitted.id]),
        )
    )


def _cell(row: Any) -> Cell:
    return Cell(
        row.metric.partition(_FORM)[0],
        Bucket(row.hour, row.source, row.model_version, row.role),
        row.reference,
        row.label,
    )
