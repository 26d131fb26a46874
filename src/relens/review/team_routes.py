"""HTTP: who reviews what, second looks, blind checks, and how well the team sees."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.access.asking import Asking
from relens.deployments import change, seen
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.web import part
from relens.kit import clock
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged
from relens.predictions.routes import LoggedDetectionOut, PredictionOut
from relens.review import blind, check_rows, look_again, look_rows
from relens.review.routes import AnnotationIn, VerdictIn
from relens.review.settle import subject_of, to_review
from relens.review.team import Rule, SettledBy, Team, team_of
from relens.review.team_numbers import Pace, Share, paces, seeing

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]
_COUNT_S = 0.1


class TeamRule(BaseModel, extra="forbid"):
    """What the query finds is offered to these people alone."""

    query: str = Field(max_length=2_000, description="in the query language of the log")
    people: list[str] = Field(min_length=1, max_length=50, description="their names")


class TeamIn(BaseModel, extra="forbid"):
    """`rules`: the first that fits an image decides; what none fits is for everybody. A share that is left out stays as it is."""

    rules: list[TeamRule] = Field(default_factory=list, max_length=50)
    second_share: float | None = Field(
        None, ge=0, le=1, description="of the reviewed images: another person looks too, unaware of the first"
    )
    blind_share: float | None = Field(
        None, ge=0, le=1, description="of the random checks: what was answered is hidden at first"
    )
    settled_by: SettledBy = "third person"
    show_speed: bool = False
    patience_days: float | None = Field(
        7.0,
        ge=0,
        le=3650,
        description="after so many days a random check that a rule's people leave waiting is offered to everybody; null: never",
    )

    def team(self, now: Team) -> Team:
        rules = tuple(Rule(rule.query, tuple(rule.people)) for rule in self.rules)
        second = now.second_share if self.second_share is None else self.second_share
        blind = now.blind_share if self.blind_share is None else self.blind_share
        return Team(rules, second, blind, self.settled_by, self.show_speed, self.patience_days)


class ShareOut(BaseModel):
    """`count` of `of`; the interval is Jeffreys 95 %. null: nothing to say yet."""

    count: int
    of: int
    value: float | None
    lower: float | None
    upper: float | None

    @staticmethod
    def made(share: Share) -> ShareOut:
        span = share.interval
        return ShareOut(
            count=share.count,
            of=share.of,
            value=share.value,
            lower=span.lower if span else None,
            upper=span.upper if span else None,
        )


class SeeingOut(BaseModel):
    """`agreement` of two people on an image; `overlooked`: of the objects the answer rightly had, those not drawn by people who did not see it."""

    agreement: ShareOut
    overlooked: ShareOut
    blind: int
    wanted: int
    disputed: int
    settled: int


class PaceOut(BaseModel):
    """In the last 30 days: images, and the median seconds from one to the next."""

    name: str
    images: int
    seconds: float | None


class WaitingOut(BaseModel):
    """How many images of one rule wait (`more`: at least so many)."""

    query: str
    count: int
    more: bool


class TeamOut(TeamIn):
    """`me`: whoever asks. `people`: only where everybody may see how quick each is.

    `not_yet`: images reviewed as random checks that no number rests on yet, because an earlier random check still waits.
    """

    seeing: SeeingOut
    me: PaceOut
    people: list[PaceOut] | None
    waiting: list[WaitingOut]
    not_yet: int


class BlindIn(BaseModel, extra="forbid"):
    """What a person drew without seeing the answer."""

    annotations: list[AnnotationIn] = Field(default_factory=list, max_length=5_000)


class BlindOut(BaseModel):
    """What was answered, now that it may be seen."""

    detections: list[LoggedDetectionOut]


class SecondLookOut(BaseModel):
    """`passed`: the second person could not say."""

    prediction: str
    outcome: look_rows.Outcome


@router.get("/deployments/{deployment}/review-team")
def get_team(deployment: str, actor: Asking, database: Db, response: Response) -> TeamOut:
    """Who reviews what, and how well the team sees; how quick a person is only that person is told, unless it is switched on."""
    return _team(deployment, actor, database, response)


def _team(deployment: str, actor: Actor, database: Database, response: Response) -> TeamOut:
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        team = team_of(here.settings)
        seen.show(response, seen.tag_of(team.to_json()))
        found, everybody = seeing(connection, here), paces(connection, here, clock.now())
        counted = [
            (rule.query, browse.count(connection, here.id, Filter(review="pending", query=rule.query), _COUNT_S))
            for rule in team.rules
        ]
        not_yet = check_rows.not_yet_drawn(connection, here.id)
    return TeamOut(
        **team.to_json(),
        seeing=SeeingOut(
            agreement=ShareOut.made(found.agreement),
            overlooked=ShareOut.made(found.overlooked),
            **{name: getattr(found, name) for name in ("blind", "wanted", "disputed", "settled")},
        ),
        me=next(
            (_pace(one) for one in everybody if one.id == actor.id), PaceOut(name=actor.name, images=0, seconds=None)
        ),
        people=[_pace(one) for one in everybody] if team.show_speed else None,
        waiting=[WaitingOut(query=query, count=n.count, more=n.more) for query, n in counted],
        not_yet=not_yet,
    )


@router.put("/deployments/{deployment}/review-team")
def put_team(
    deployment: str, wanted: TeamIn, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> TeamOut:
    """Counts for what is given out from now on; what people hold stays theirs."""
    actor.must_be("operator")
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        for rule in wanted.team(Team()).rules:
            browse.count(connection, found.id, Filter(query=rule.query), _COUNT_S)  # refuses what cannot be asked

    def work(connection: Connection) -> str:
        team = wanted.team(team_of(deployments.get(connection, found.id).settings))
        return Saving(found, "review-team", actor, if_match).save(
            connection,
            team.to_json(),
            lambda: team_of(deployments.get(connection, found.id).settings).to_json(),
            lambda: change.set_settings(
                connection, deployments.get(connection, found.id), {"review_team": team.to_json()}
            ),
        )

    database.write(work)
    return _team(deployment, actor, database, response)


@router.put("/predictions/{prediction}/second-look")
def put_second_look(prediction: str, said: VerdictIn, actor: Asking, database: Db) -> SecondLookOut:
    """A second person's look at an image that the queue gave out for it. It stands beside the first, which goes on counting."""

    def work(connection: Connection) -> look_rows.Second:
        logged, here = _found(connection, prediction)
        given = [one.annotation() for one in said.annotations]
        subject = subject_of(here, logged)
        return look_again.look(connection, logged.id, said.status, given, subject, actor=actor, reason=said.reason)

    found = database.write(work)
    return SecondLookOut(prediction=found.prediction, outcome=found.outcome)


@router.delete("/predictions/{prediction}/second-look")
def delete_second_look(prediction: str, actor: Asking, database: Db) -> SecondLookOut:
    """Takes back one's own second look, as long as nobody decided between the two."""
    found = database.write(lambda connection: look_again.withdraw(connection, prediction, actor=actor))
    return SecondLookOut(prediction=found.prediction, outcome=found.outcome)


@router.put("/predictions/{prediction}/blind-look")
def put_blind_look(prediction: str, drawn: BlindIn, actor: Asking, database: Db) -> BlindOut:
    """Keeps what was drawn without the answer, and tells the answer. The review itself follows, with both in sight."""

    def work(connection: Connection) -> Logged:
        logged, here = _found(connection, prediction)
        given = [one.annotation() for one in drawn.annotations]
        blind.draw(connection, here, logged, given, subject_of(here, logged), actor)
        return logged

    return BlindOut(detections=PredictionOut.of(database.write(work), "", {}).detections)


def _found(connection: Connection, prediction: str) -> tuple[Logged, Deployment]:
    logged = to_review(connection, prediction)
    return logged, deployments.get(connection, logged.deployment)


def _pace(one: Pace) -> PaceOut:
    return PaceOut(name=one.name, images=one.images, seconds=one.seconds)
