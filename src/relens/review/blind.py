"""Blind checks: a person draws what is there before seeing the answer, so that one knows what people overlook when they are shown it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.errors import Conflict
from relens.predictions.logged import Logged
from relens.review import look_rows, queue_rows
from relens.review.look_rows import Blind
from relens.review.team import team_of
from relens.review.verdict import Subject, annotations_of
from relens.vision.annotation import Annotation


class NotBlind(Conflict):
    """This image does not begin without its answer."""


def begins_blind(connection: Connection, deployment: Deployment, predictions: Sequence[str]) -> set[str]:
    """Which of these, offered as random checks, begin without the answer: those nobody has drawn yet."""
    team = team_of(deployment.settings)
    chosen = [one for one in predictions if team.blind(one)]
    drawn = {one.prediction for one in look_rows.blind(connection, deployment.id, chosen)} if chosen else set()
    return set(chosen) - drawn


def draw(
    connection: Connection,
    deployment: Deployment,
    logged: Logged,
    annotations: Sequence[Annotation],
    subject: Subject,
    actor: Actor,
) -> Blind:
    """Keeps what was drawn; the first drawing stays, whatever is sent later. The review itself comes afterwards, with the answer in sight.

    Raises NotBlind, BadVerdict.
    """
    actor.must_be("reviewer")
    there = look_rows.blind(connection, deployment.id, [logged.id])
    if there:
        return there[0]
    lane = queue_rows.lanes(connection, [logged.id]).get(logged.id)
    if lane != "random checks" or not team_of(deployment.settings).blind(logged.id) or logged.review != "pending":
        raise NotBlind("this image does not begin without its answer: review it as any other")
    said = annotations_of("corrected", tuple(annotations), subject)
    found = Blind(logged.id, actor.id, said, clock.now())
    look_rows.keep_blind(connection, found, deployment.id)
    return found
