"""A second look by another person, who does not see what the first said; and what happens where the two differ."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.kit.errors import Conflict, NotAllowed
from relens.review import look_rows, queue_rows, store
from relens.review.disagreement import disagreement
from relens.review.look_rows import Second
from relens.review.team import team_of
from relens.review.verdict import USABLE, Status, Subject, Verdict, annotations_of
from relens.vision.annotation import Annotation

_SAYING: tuple[Status, ...] = ("accepted", "corrected", "unusable")


class NoSecondLook(Conflict):
    """Nobody asks this person for a second look at this image."""


def after_review(connection: Connection, said: Verdict, deployment: Deployment) -> None:
    """In the review's own transaction: asks for a second look, or takes note that a disagreement was settled."""
    there = look_rows.second(connection, said.prediction)
    if there is None:
        if said.status in _SAYING and team_of(deployment.settings).second(said.prediction):
            look_rows.want(connection, said.prediction, said.deployment, said.actor.id, said.at)
    elif there.outcome == "open":
        if said.status in _SAYING:
            look_rows.change(connection, said.prediction, first_by=said.actor.id)
        else:
            look_rows.drop(connection, said.prediction)
    elif there.outcome == "disagreed" and (said.actor.id != there.first_by or alike(said, there)):
        settled = {"outcome": "settled", "settled_by": said.actor.id, "settled_at": said.at}
        look_rows.change(connection, said.prediction, **settled)


def look(
    connection: Connection,
    prediction_id: str,
    status: Status,
    annotations: Sequence[Annotation],
    subject: Subject,
    *,
    actor: Actor,
    reason: str = "",
) -> Second:
    """What the second person says; the same again changes nothing. It counts nowhere, whatever it says.

    Raises NoSecondLook where none is wanted, or it would be their own work; BadVerdict as for any review.
    """
    actor.must_be("reviewer")
    said = annotations_of(status, tuple(annotations), subject)
    store.hold_still(connection)
    there = look_rows.second(connection, prediction_id)
    if there is None:
        raise NoSecondLook("nobody asks for a second look at this image: review it as any other")
    if there.outcome != "open":
        if there.second_by == actor.id and (there.status, there.annotations) == (status, said):
            return there
        raise NoSecondLook("somebody has taken this second look meanwhile; the next image waits in the queue")
    first = store.get(connection, prediction_id)
    if first is None or there.first_by == actor.id:
        raise NoSecondLook("the second look is for another person than the one who reviewed the image")
    found = Second(prediction_id, there.deployment, "open", there.first_by, actor.id, status, said, reason, clock.now())
    outcome = "passed" if status == "skipped" else "agreed" if alike(first, found) else "disagreed"
    look_rows.change(
        connection,
        prediction_id,
        outcome=outcome,
        second_by=actor.id,
        status=status,
        annotations=[one.to_json() for one in said],
        reason=reason,
        at=found.at,
        held_by=None,
        held_until=None,
    )
    done = look_rows.second(connection, prediction_id)
    assert done is not None
    return done


def withdraw(connection: Connection, prediction_id: str, *, actor: Actor) -> Second:
    """Takes one's own second look back, as long as nobody decided between the two: it is wanted again."""
    store.hold_still(connection)
    there = look_rows.second(connection, prediction_id)
    if there is None or there.second_by != actor.id or there.outcome in ("open", "settled"):
        raise NoSecondLook("there is no second look of yours that could be taken back")
    nothing = dict.fromkeys(("second_by", "status", "annotations", "reason", "at"))
    # Whoever takes it back has it at hand: it is offered to nobody else meanwhile.
    until = clock.now() + queue_rows.HOLD_S * SECOND
    look_rows.change(connection, prediction_id, outcome="open", held_by=actor.id, held_until=until, **nothing)
    found = look_rows.second(connection, prediction_id)
    assert found is not None
    return found


def settler(connection: Connection, deployment: Deployment, prediction_id: str, actor: Actor) -> None:
    """Refuses whoever may not decide where two looks differ (NotAllowed); anybody may decide about all other images."""
    there = look_rows.second(connection, prediction_id)
    if there is None or there.outcome != "disagreed":
        return
    team = team_of(deployment.settings)
    if actor.id != there.first_by and not team.may_settle(actor, (there.first_by, there.second_by)):
        whom = "the owner" if team.settled_by == "owner" else "a third person"
        raise NotAllowed(
            f"two people see this image differently, and {whom} decides: your look is kept beside the first"
        )


def alike(first: Verdict, second: Second) -> bool:
    """Whether both say the same: each object of one has its counterpart in the other, with the same label."""
    if first.status not in USABLE or second.status not in USABLE:
        return first.status == second.status
    return disagreement(first.annotations, second.annotations) == 0
