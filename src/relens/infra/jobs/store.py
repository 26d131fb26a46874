"""Rows of jobs and of their finished steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    case,
    or_,
    select,
    update,
)

from relens.infra.jobs.job import OPEN, Job
from relens.infra.statements import add, quick
from relens.infra.tables import metadata
from relens.kit.clock import Micros

job = Table(
    "job",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("key", String(200), unique=True),
    Column("title", Text, nullable=False),
    Column("about", String(64)),
    Column("state", String(12), nullable=False),
    Column("step", String(60)),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer),
    Column("message", Text, nullable=False, default=""),
    Column("payload", JSON, nullable=False),
    Column("result", JSON),
    Column("error", Text),
    Column("cancel_asked", Integer, nullable=False, default=0),
    Column("owner", String(36)),
    Column("lease_until", BigInteger),
    Column("created_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index("job_by_state", "state", "created_at"),
    Index("job_by_about", "about", "created_at"),
)

job_step = Table(
    "job_step",
    metadata,
    Column("job", String(36), ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("result", JSON),
    Column("finished_at", BigInteger, nullable=False),
)


def get(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
    return None if row is None else _job(row, _steps(connection, [job_id]).get(job_id, ()))


def by_key(connection: Connection, key: str) -> str | None:
    return connection.execute(select(job.c.id).where(job.c.key == key)).scalar_one_or_none()


def page(
    connection: Connection,
    states: Sequence[str],
    about: str | None,
    before: tuple[Micros, str] | None,
    limit: int,
    kind: str | None = None,
) -> list[Job]:
    """The newest first."""
    query = select(job).order_by(job.c.created_at.desc(), job.c.id.desc()).limit(limit)
    if states:
        query = query.where(job.c.state.in_(states))
    if about:
        query = query.where(job.c.about == about)
    if kind:
        query = query.where(job.c.kind == kind)
    if before:
        query = query.where(
            or_(job.c.created_at < before[0], and_(job.c.created_at == before[0], job.c.id < before[1]))
        )
    rows = connection.execute(query).all()
    steps = _steps(connection, [row.id for row in rows])
    return [_job(row, steps.get(row.id, ())) for row in rows]


def any_open(connection: Connection, kinds: Sequence[str]) -> bool:
    """Whether a job of these kinds waits or runs; asked so often that it is one plain statement."""
    if not kinds:
        return False
    marks = ", ".join("?" * len(kinds))
    asked = f"SELECT 1 FROM job WHERE state IN ('queued', 'running') AND kind IN ({marks}) LIMIT 1"
    return bool(quick(connection, asked, tuple(kinds)))


def take(
    connection: Connection,
    kinds: Sequence[str],
    owner: str,
    now: Micros,
    lease_until: Micros,
    held: Collection[str] = (),
) -> Job | None:
    """The oldest job of `kinds` that waits, or whose owner's lease ran out; it is the caller's from now on.

    `held`: jobs that the caller works on. Their leases run out too where the whole machine slept.
    """
    ran_out = and_(job.c.state == "running", job.c.lease_until < now, job.c.id.not_in(held))
    free = or_(job.c.state == "queued", ran_out)
    found = connection.execute(
        select(job.c.id)
        .where(free, job.c.kind.in_(kinds))
        .order_by(job.c.created_at, job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if found is None:
        return None
    started = {"state": "running", "owner": owner, "lease_until": lease_until}
    connection.execute(update(job).where(job.c.id == found).values(**started))
    connection.execute(update(job).where(job.c.id == found, job.c.started_at.is_(None)).values(started_at=now))
    return get(connection, found)


def renew(connection: Connection, owner: str, held: Collection[str], lease_until: Micros) -> list[str]:
    """Keeps those of the owner's running jobs that somebody works on (`held`); answers which of them were asked to stop."""
    mine = and_(job.c.owner == owner, job.c.state == "running", job.c.id.in_(held))
    connection.execute(update(job).where(mine).values(lease_until=lease_until))
    return list(connection.execute(select(job.c.id).where(mine, job.c.cancel_asked == 1)).scalars())


def release(connection: Connection, owner: str | None) -> None:
    """Running jobs of `owner` wait again (None: of everyone, when there can be no other server)."""
    mine = job.c.state == "running" if owner is None else and_(job.c.state == "running", job.c.owner == owner)
    connection.execute(update(job).where(mine).values(state="queued", owner=None, lease_until=None))


def change(connection: Connection, job_id: str, by: str, **values: Any) -> bool:
    """False, and nothing changed, where the server `by` does not carry it out (any more): its lease ran out, and another server took it up."""
    mine = and_(job.c.id == job_id, job.c.owner == by, job.c.state == "running")
    return connection.execute(update(job).where(mine).values(**values)).rowcount == 1


def ask_to_stop(connection: Connection, job_id: str, now: Micros) -> bool:
    """A waiting job ends at once (True); a running one is told."""
    connection.execute(update(job).where(job.c.id == job_id, job.c.state.in_(OPEN)).values(cancel_asked=1))
    waited = and_(job.c.id == job_id, job.c.state == "queued")
    said = case((job.c.started_at.is_(None), "cancelled before it began"), else_="cancelled before it went on")
    ended = update(job).where(waited).values(state="cancelled", finished_at=now, error=said)
    return connection.execute(ended).rowcount == 1


def steps(connection: Connection, job_id: str) -> dict[str, Any]:
    """What the finished steps returned."""
    return {row.name: row.result for row in connection.execute(select(job_step).where(job_step.c.job == job_id))}


def finish_step(connection: Connection, job_id: str, by: str, name: str, result: Any, now: Micros) -> bool:
    """False, and nothing written, where the server `by` does not carry the job out (any more)."""
    if not change(connection, job_id, by, step=name):
        return False
    add(connection, job_step, {"job": job_id, "name": name, "result": result, "finished_at": now})
    return True


def _steps(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    rows = connection.execute(
        select(job_step.c.job, job_step.c.name).where(job_step.c.job.in_(ids)).order_by(job_step.c.finished_at)
    )
    for row in rows:
        found[row.job] = (*found.get(row.job, ()), row.name)
    return found


def _job(row: Any, finished_steps: tuple[str, ...]) -> Job:
    names = (name for name in Job.__dataclass_fields__ if name != "finished_steps")
    return Job(**{name: getattr(row, name) for name in names}, finished_steps=finished_steps)
