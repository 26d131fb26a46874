"""What may change of a logged prediction: its review state, outlier score and queue priority, and what is counted by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update

from relens.predictions import filing
from relens.predictions.logged import ERASED, Logged, ReviewState
from relens.predictions.store import get, several
from relens.predictions.tables import prediction, signal, tally

_AT_ONCE = 500


def counts(connection: Connection, deployment_id: str) -> dict[str, int]:
    """How many predictions are in each review state, or erased (the champion's and canary's; a shadow answers nobody)."""
    query = select(tally.c.review, tally.c.lines).where(
        tally.c.deployment == deployment_id, tally.c.shadow == 0, tally.c.lines > 0
    )
    return {review: int(count) for review, count in connection.execute(query)}


def last_taken_at(connection: Connection, deployment_id: str) -> int | None:
    return connection.execute(select(func.max(signal.c.taken_at)).where(signal.c.deployment == deployment_id)).scalar()


def total(connection: Connection) -> int:
    """How many lines are filed."""
    return int(connection.execute(select(func.coalesce(func.sum(tally.c.lines), 0))).scalar_one())


def states(connection: Connection, numbers: Sequence[int]) -> dict[str, str]:
    """The review state of those lines, or that they are erased, by id; what is not filed yet is pending."""
    state = case((prediction.c.keep_reason == ERASED, ERASED), else_=func.coalesce(signal.c.review, "pending"))
    lines = prediction.outerjoin(signal, signal.c.log_seq == prediction.c.log_seq)
    found: dict[str, str] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        here = prediction.c.log_seq.in_(numbers[start : start + _AT_ONCE])
        found.update(
            (one, str(now))
            for one, now in connection.execute(select(prediction.c.id, state).select_from(lines).where(here))
        )
    return found


def set_review(connection: Connection, prediction_id: str, state: ReviewState) -> None:
    """Also of a line that no follower has filed yet."""
    where = signal.c.log_seq == _numbered(prediction_id)
    found = connection.execute(
        select(signal.c.log_seq, signal.c.deployment, signal.c.role, signal.c.review).where(where).with_for_update()
    ).one_or_none()
    if found is None:
        filing.file(connection, [get(connection, prediction_id)])
        set_review(connection, prediction_id, state)
        return
    connection.execute(update(signal).where(signal.c.log_seq == found.log_seq).values(review=state))
    changes: Counter[tuple[str, bool, str]] = Counter({(found.deployment, found.role == "shadow", state): 1})
    changes[found.deployment, found.role == "shadow", found.review] -= 1
    filing.count(connection, changes)


def set_outliers(connection: Connection, scores: Mapping[str, float]) -> None:
    """Outlier scores by prediction id."""
    _set(connection, "outlier", scores)


def set_priorities(connection: Connection, priorities: Mapping[str, float]) -> None:
    """Review priorities by prediction id; higher is shown earlier."""
    _set(connection, "priority", priorities)


def queue(connection: Connection, deployment_id: str, limit: int, skip: Iterable[str] = ()) -> list[Logged]:
    """Pending predictions, the highest priority first, each image once."""
    skipped = list(skip)
    query = (
        select(prediction.c.id)
        .join(signal, prediction.c.log_seq == signal.c.log_seq)
        .where(signal.c.deployment == deployment_id, signal.c.review == "pending", signal.c.role != "shadow")
        .limit(limit)
    )
    if skipped:
        query = query.where(prediction.c.id.not_in(skipped))
    # What nobody has judged yet comes last: two walks along the index, as databases differ in where NULL stands.
    judged = query.where(signal.c.priority.is_not(None)).order_by(signal.c.priority.desc(), signal.c.log_seq.desc())
    order = list(connection.execute(judged).scalars())
    if len(order) < limit:
        rest = query.where(signal.c.priority.is_(None)).order_by(signal.c.log_seq).limit(limit - len(order))
        order += connection.execute(rest).scalars()
    found = {line.id: line for line in several(connection, order)}
    return [found[prediction_id] for prediction_id in order if prediction_id in found]


def _numbered(prediction_id: Any) -> Any:
    return select(prediction.c.log_seq).where(prediction.c.id == prediction_id).scalar_subquery()


def _set(connection: Connection, column: str, values: Mapping[str, float]) -> None:
    if values:
        here = signal.c.log_seq == _numbered(bindparam("at"))
        statement = update(signal).where(here).values({column: bindparam("value")})
        connection.execute(
            statement, [{"at": prediction_id, "value": value} for prediction_id, value in values.items()]
        )
