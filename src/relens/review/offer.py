"""What a person is given next: the queue, and among it images that somebody else looked at first and those where two people differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.clock import SECOND, Micros
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import look_rows, queue, queue_rows, store
from relens.review.assigned import Offered
from relens.review.blind import begins_blind
from relens.review.habits import habits_of
from relens.review.look_rows import Second
from relens.review.queue import Chosen
from relens.review.team import team_of
from relens.review.verdict import Status
from relens.vision.annotation import Annotation

Lane = Literal["random checks", "hard cases", "second look", "third look"]
_ONE_IN = 4
"""Of what is given out, at most so many are looks at what others reviewed: new images go on being learned from."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one of two people said, without who it was."""

    status: Status
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """One image to look at. `blind`: its answer is hidden. `looks`: the two that differ. `revision` of what was said, 0 for nothing."""

    logged: Logged
    lane: Lane
    blind: bool = False
    looks: tuple[Said, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class _Again:
    """Second and third looks that wait for this person."""

    second: list[Second] = field(default_factory=list)
    third: list[Second] = field(default_factory=list)


def offer(database: Database, deployment: Deployment, limit: int, actor: Actor, now: Micros, hold: bool) -> list[Given]:
    """The next `limit` images for `actor`, held for ten minutes where `hold`."""
    offered = Offered(deployment, actor.name)
    habits = habits_of(deployment.settings)
    # Who asks for one image gets one alone: what would not be shown is not held either.
    alone, later = limit <= 1, list[Given]()
    if not alone or _their_turn(database, deployment, actor):
        later = _again(database, deployment, max(1, limit // _ONE_IN), actor, now, hold)
    wanted = max(limit - len(later), 0)
    chosen: list[Chosen] = []
    if hold and wanted:
        chosen = queue.hand_out(database, deployment, wanted, habits, actor.id, now, offered)
    elif wanted:
        with database.read() as connection:
            chosen = queue.choose(connection, deployment, wanted, habits, actor.id, now, offered)
    if alone and not (chosen or later):
        later = _again(database, deployment, 1, actor, now, hold)
    with database.read() as connection:
        first = _first(connection, deployment, chosen)
    return _mixed(first, later)


def _first(connection: Connection, deployment: Deployment, chosen: Sequence[Chosen]) -> list[Given]:
    """New images, with what was said of them before they were reopened."""
    blind = begins_blind(connection, deployment, [one.logged.id for one in chosen if one.lane == "random checks"])
    said = store.of_predictions(connection, [one.logged.id for one in chosen])
    return [
        Given(
            one.logged,
            one.lane,
            one.logged.id in blind,
            revision=said[one.logged.id].revision if one.logged.id in said else 0,
        )
        for one in chosen
    ]


def _again(database: Database, deployment: Deployment, most: int, actor: Actor, now: Micros, hold: bool) -> list[Given]:
    """Looks at what others reviewed, for this person."""
    found = _held(database, deployment, most, actor, now, hold)
    with database.read() as connection:
        return _shown(connection, found)


def _their_turn(database: Database, deployment: Deployment, actor: Actor) -> bool:
    """Whether the next single image is one that another reviewed: after some new ones, and then until this person has looked."""
    with database.read() as connection:
        since = look_rows.last_look(connection, deployment.id, actor.id)
        return len(store.latest_by(connection, deployment.id, actor.id, since, _ONE_IN - 1)) == _ONE_IN - 1


def _held(database: Database, deployment: Deployment, most: int, actor: Actor, now: Micros, hold: bool) -> _Again:
    team = team_of(deployment.settings)

    def find(connection: Connection) -> _Again:
        second = look_rows.waiting(connection, deployment.id, "open", actor.id, now, most)
        owner = team.settled_by == "owner"
        third: list[Second] = []
        if not owner or actor.may("owner"):
            third = look_rows.waiting(connection, deployment.id, "disagreed", actor.id, now, most, own=owner)
        return _Again(second[: max(most - len(third), 0)], third[:most])

    with database.read() as connection:
        found = find(connection)
    if not hold or not (found.second or found.third):
        return found

    def take(connection: Connection) -> _Again:
        there = find(connection)
        ids = [one.prediction for one in (*there.second, *there.third)]
        mine = look_rows.hold(connection, ids, actor.id, now + queue_rows.HOLD_S * SECOND, now)
        return _Again(
            [one for one in there.second if one.prediction in mine],
            [one for one in there.third if one.prediction in mine],
        )

    return database.write(take)


def _shown(connection: Connection, again: _Again) -> list[Given]:
    lines: Mapping[str, Logged] = {
        line.id: line
        for line in predictions.several(connection, [one.prediction for one in (*again.third, *again.second)])
    }
    said = store.of_predictions(connection, [one.prediction for one in again.third])
    found: list[Given] = []
    for one in again.third:
        first = said.get(one.prediction)
        if first is None or one.prediction not in lines or one.status is None:
            continue
        looks = (Said(first.status, first.annotations), Said(one.status, one.annotations))  # type: ignore[arg-type]
        # Which of the two counts so far is not told: it should not weigh more.
        if int(one.prediction.replace("-", "")[-1], 16) % 2:
            looks = looks[::-1]
        found.append(Given(lines[one.prediction], "third look", looks=looks, revision=first.revision))
    # What the first person said stays unsaid.
    found += [
        Given(replace(lines[one.prediction], review="pending"), "second look")
        for one in again.second
        if one.prediction in lines
    ]
    return found


def _mixed(first: Sequence[Given], later: Sequence[Given]) -> list[Given]:
    """Looks at what others reviewed come between the new images."""
    mixed: list[Given] = []
    waiting = list(later)
    for place, one in enumerate(first):
        if waiting and place % _ONE_IN == _ONE_IN - 1:
            mixed.append(waiting.pop(0))
        mixed.append(one)
    return mixed + waiting
