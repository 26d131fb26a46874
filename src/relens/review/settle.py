"""Settling a prediction: one transaction writes the verdict, its history and the prediction's review state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.logged import Logged, NoPrediction
from relens.review import bulk_rows, queue_rows, store
from relens.review.look_again import after_review, settler
from relens.review.verdict import USABLE, BadVerdict, Status, Subject, Verdict, annotations_of, check_seen
from relens.vision.annotation import Annotation
from relens.vision.task import TASKS

PIN = "verdict"
_LONGEST_REASON = 2_000


def settle(
    connection: Connection,
    prediction_id: str,
    status: Status,
    annotations: Sequence[Annotation] = (),
    *,
    actor: Actor,
    reason: str = "",
    if_match: str | None = None,
    bulk: str | None = None,
) -> Verdict:
    """Says `status` of a prediction; the same again changes nothing and answers what is there.

    `if_match`: the ETag of the verdict the person saw; VerdictChanged when it is another one by now. NotFound without the prediction.
    `bulk`: the job that says so of many at once. What it says of the answers it says without a look: such an image goes on waiting among the
    random checks, and the same said by a person who looks at it is a review of its own.
    """
    actor.must_be("reviewer")
    if len(reason) > _LONGEST_REASON:
        raise BadVerdict(f"a reason may be {_LONGEST_REASON:,} characters long at most")
    logged = to_review(connection, prediction_id)
    deployment = deployments.get(connection, logged.deployment)
    said = annotations_of(status, tuple(annotations), subject_of(deployment, logged))
    seq = store.next_seq(connection)
    now = store.get(connection, prediction_id)
    # Asked before If-Match: a client that lost our answer repeats itself with the old ETag and must not be told of a conflict.
    if now is not None and now.says(status, said, reason) and (bulk or not bulk_rows.unseen(connection, [now])):
        return now
    check_seen(now, if_match)
    settler(connection, deployment, prediction_id, actor)
    written = _keep(connection, _next(logged, now, seq, actor), status, said, reason)
    if bulk is not None:
        bulk_rows.keep(connection, written.prediction, written.revision, bulk)
    if bulk is not None and status in USABLE:
        return written
    _move_in_queue(connection, written)
    if bulk is None:
        after_review(connection, written, deployment)
    return written


def reopen(
    connection: Connection, prediction_id: str, *, actor: Actor, if_match: str | None = None, hold: bool = True
) -> Verdict | None:
    """Takes the verdict back: the prediction is pending again, its history stays. None when nobody ever reviewed it.

    `hold`: whoever takes it back has it at hand, and it is offered to nobody else meanwhile.
    """
    actor.must_be("reviewer")
    store.hold_still(connection)
    logged = predictions.get(connection, prediction_id)
    seq = store.next_seq(connection)
    now = store.get(connection, prediction_id)
    if now is None or now.status == "pending":
        return now
    check_seen(now, if_match)
    deployment = deployments.get(connection, logged.deployment)
    settler(connection, deployment, prediction_id, actor)
    written = _keep(connection, _next(logged, now, seq, actor), "pending", (), "")
    _move_in_queue(connection, written)
    if hold:
        until = written.at + queue_rows.HOLD_S * SECOND
        queue_rows.hold(connection, [prediction_id], actor.id, until, written.at)
    after_review(connection, written, deployment)
    return written


def to_review(connection: Connection, prediction_id: str) -> Logged:
    """The prediction, and nobody reviews or erases it until the transaction ends. Raises NoPrediction, also where it was erased."""
    store.hold_still(connection)
    logged = predictions.get(connection, prediction_id)
    if logged.erased:
        raise NoPrediction("this prediction was erased: nothing is left of it to review")
    return logged


def _keep(connection: Connection, draft: Verdict, status: Status, said: tuple[Annotation, ...], reason: str) -> Verdict:
    written = replace(draft, status=status, annotations=said, reason=reason)
    store.keep(connection, written)
    if status == "pending":
        assets.unpin(connection, PIN, written.prediction)
    elif written.asset is not None:
        # In the verdict's own transaction: from here on the image cannot expire. Where it has left, the verdict counts without it.
        assets.pin_if_here(connection, written.asset, PIN, written.prediction)
    signal_rows.set_review(connection, written.prediction, status)
    return written


def _move_in_queue(connection: Connection, written: Verdict) -> None:
    same = [] if written.asset is None else predictions.on_image(connection, written.deployment, written.asset)
    twins = [one for one in same if one != written.prediction]
    queue_rows.set_open(connection, written.prediction, written.status == "pending", twins)


def _next(logged: Logged, now: Verdict | None, seq: int, actor: Actor) -> Verdict:
    return Verdict(
        prediction=logged.id,
        deployment=logged.deployment,
        asset=logged.asset,
        model_version=logged.model_version,
        status="pending",
        annotations=(),
        reason="",
        revision=now.revision + 1 if now else 1,
        seq=seq,
        actor=actor,
        at=clock.now(),
    )


def subject_of(deployment: Deployment, logged: Logged) -> Subject:
    """What a person looks at who reviews this prediction."""
    return Subject(logged.width, logged.height, TASKS.get(deployment.task), deployment.labels, logged.answered)
