"""Sends waiting images to another tool, and takes the reviews made there: first a look at what would become of each, then the taking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.clock import Micros
from relens.kit.errors import Invalid, RelensError
from relens.predictions import browse
from relens.predictions import store as predictions
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged
from relens.registry import store as versions
from relens.review import bulk_rows, queue, queue_rows, store
from relens.review.assigned import Offered
from relens.review.blind import begins_blind
from relens.review.exchange import Exchange, Incoming, Outgoing
from relens.review.habits import habits_of
from relens.review.lineup import with_images
from relens.review.queue_tables import CHECKS
from relens.review.settle import settle, subject_of
from relens.review.verdict import Status, Verdict, VerdictChanged, annotations_of
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Mask, Polygon

MOST = 5_000
_AT_ONCE = 10
_NEAR = 1.0
"""Pixels by which a box may have moved through percents and back without anybody having touched it."""

Becomes = Literal["accepted", "corrected", "nothing here", "unusable", "skipped", "same", "conflict", "left", "problem"]
TAKEN: tuple[Becomes, ...] = ("accepted", "corrected", "nothing here", "unusable", "skipped")


class TooMany(Invalid):
    """More images than can be taken in one go."""


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one image of a file. `same`: it is said so already. `conflict`: somebody reviewed it meanwhile. `left`: nothing was said."""

    place: str
    prediction: str | None
    becomes: Becomes
    says: str = ""


def outgoing(
    connection: Connection, deployment: Deployment, limit: int, query: str | None, actor: Actor, now: Micros
) -> list[Outgoing]:
    """The next of the queue as `actor` is offered it, in its order; with a query what waits and fits, the newest first.

    Blind checks go without what was answered.
    """
    if query:
        wanted = Filter(review="pending", query=query)
        lines = with_images(connection, browse.page(connection, deployment.id, wanted, "-taken_at", limit, None)[0])
        checked = [
            one for one, lane in queue_rows.lanes(connection, [line.id for line in lines]).items() if lane == CHECKS
        ]
    else:
        habits, offered = habits_of(deployment.settings), Offered(deployment, actor.name)
        chosen = queue.choose(connection, deployment, limit, habits, actor.id, now, offered)
        lines, checked = [one.logged for one in chosen], [one.logged.id for one in chosen if one.lane == CHECKS]
    blind = begins_blind(connection, deployment, checked)
    titles = versions.titles(connection, {line.model_version for line in lines if line.model_version})
    said = store.of_predictions(connection, [line.id for line in lines])
    return [
        Outgoing(
            line.id,
            line.asset,
            line.width,
            line.height,
            titles.get(line.model_version or "", ""),
            () if line.id in blind else line.answered[:1] if deployment.task == "classification" else line.answered,
            said[line.id].revision if line.id in said else 0,
        )
        for line in lines
    ]


def take(
    database: Database,
    deployment: Deployment,
    came: Sequence[Incoming],
    exchange: Exchange,
    *,
    actor: Actor,
    empty: bool = False,
    go: bool = False,
) -> list[Line]:
    """Line by line, in the order of the file; nothing is written without `go`. The same file again finds that all is said already.

    `empty`: images without annotations say that nothing is on them, also where the tool writes so what nobody looked at.
    """
    actor.must_be("reviewer")
    if len(came) > MOST:
        raise TooMany(
            f"{len(came):,} images are more than the {MOST:,} that can be taken in one go: send them in parts"
        )
    found: list[Line] = []
    for start in range(0, len(came), _AT_ONCE):
        some = came[start : start + _AT_ONCE]
        ready = [_as_meant(one, exchange, empty) for one in some]
        if go:
            found += database.write(lambda connection, ready=ready: _taken(connection, deployment, ready, actor))  # type: ignore[misc]
        else:
            with database.read() as connection:
                found += [_seen(connection, deployment, one)[0] for one in ready]
    return found


def _as_meant(one: Incoming, exchange: Exchange, empty: bool) -> Incoming:
    unsaid = one.status == "corrected" and not one.annotations and not (exchange.empty or empty)
    return Incoming(one.place, one.prediction, revision=one.revision, by=one.by) if unsaid else one


def _taken(connection: Connection, deployment: Deployment, came: Sequence[Incoming], actor: Actor) -> list[Line]:
    found = []
    store.hold_still(connection)
    for one in came:
        line, status, annotations = _seen(connection, deployment, one)
        if line.becomes in TAKEN and one.prediction and status:
            now = store.get(connection, one.prediction)
            try:
                settle(
                    connection,
                    one.prediction,
                    status,
                    annotations,
                    actor=actor,
                    if_match=str(now.revision if now else 0),
                )
            except VerdictChanged as error:
                line = Line(one.place, one.prediction, "conflict", str(error))
            except RelensError as error:
                line = Line(one.place, one.prediction, "problem", str(error))
        found.append(line)
    return found


def _seen(
    connection: Connection, deployment: Deployment, one: Incoming
) -> tuple[Line, Status | None, tuple[Annotation, ...]]:
    """What would become of it, and what would be said."""

    def line(becomes: Becomes, says: str = "") -> tuple[Line, None, tuple[Annotation, ...]]:
        return Line(one.place, one.prediction, becomes, says), None, ()

    if one.problem is not None:
        return line("problem", one.problem)
    logged = next(iter(predictions.several(connection, [one.prediction] if one.prediction else [])), None)
    if logged is None:
        return line("problem", "there is no such prediction (any more)")
    if logged.deployment != deployment.id:
        return line("problem", "it is a prediction of another deployment")
    if one.status is None:
        return line("left", "nothing was said of it")
    status, annotations = _meant(one, logged)
    try:
        said = annotations_of(status, annotations, subject_of(deployment, logged))
    except RelensError as error:
        return line("problem", str(error))
    now = store.get(connection, logged.id)
    # What a query decided and somebody has now looked at becomes a review of its own.
    looked_first = now is not None and now.revision == one.revision and bool(bulk_rows.unseen(connection, [now]))
    if now is not None and now.status != "pending" and not looked_first and _stands(now, status, said):
        return line("same")
    if now is not None and now.status != "pending" and now.revision != one.revision:
        return line("conflict", f"{now.actor.name} made it '{now.status}' meanwhile; that stays")
    becomes: Becomes = "nothing here" if status == "corrected" and not said else status  # type: ignore[assignment]
    return Line(one.place, logged.id, becomes), status, annotations


def _meant(one: Incoming, logged: Logged) -> tuple[Status, tuple[Annotation, ...]]:
    """Untouched is accepted: a box that only went through percents and back was not corrected."""
    assert one.status is not None
    if one.status != "corrected":
        return one.status, ()
    answered = list(logged.answered[:1] if one.annotations and one.annotations[0].shape is None else logged.answered)
    if answered and len(answered) == len(one.annotations) and all(_drop(answered, said) for said in one.annotations):
        return "accepted", ()
    return one.status, one.annotations


def _drop(answered: list[Detection], said: Annotation) -> bool:
    """Takes the answer that `said` repeats out of the list; False where there is none."""
    for place, found in enumerate(answered):
        if found.label == said.label and not said.crowd and _same_place(found, said):
            del answered[place]
            return True
    return False


def _same_place(one: Detection | Annotation, other: Annotation) -> bool:
    if one.shape is None or other.shape is None:
        return one.shape is other.shape
    if isinstance(one.shape, Polygon) and isinstance(other.shape, Polygon):
        rings = one.shape.rings, other.shape.rings
        flat = [[at for ring in some for at in ring] for some in rings]
        return [len(ring) for ring in rings[0]] == [len(ring) for ring in rings[1]] and all(
            abs(a - b) <= _NEAR for a, b in zip(*flat, strict=True)
        )
    if isinstance(one.shape, Mask) or isinstance(other.shape, Mask):
        return one.shape == other.shape
    corners = zip(one.shape.box().corners(), other.shape.box().corners(), strict=True)
    return type(one.shape) is type(other.shape) and all(abs(a - b) <= _NEAR for a, b in corners)


def _stands(now: Verdict, status: Status, said: tuple[Annotation, ...]) -> bool:
    """Whether it says this already, give or take a pixel."""
    if now.status != status:
        return False
    there = list(now.annotations)
    if len(there) != len(said):
        return False
    for one in said:
        match = next(
            (place for place, old in enumerate(there) if old.label == one.label and _same_place(old, one)), None
        )
        if match is None:
            return False
        del there[match]
    return True
