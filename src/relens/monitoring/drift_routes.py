"""HTTP: drift against usual production, what people decide about it, and the classic test table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as access_store
from relens.access.asking import Asking
from relens.deployments import change, seen
from relens.deployments import store as deployments
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.web import Instant, part
from relens.monitoring import decided
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.routes import Asked
from relens.monitoring.two_sample import Tested, two_sample_table
from relens.monitoring.usual import Budget, Watch, WindowState
from relens.monitoring.watching import Standing, standing

router = APIRouter(prefix="/api/v1", tags=["monitoring"])

Db = Annotated[Database, part(Database)]
Fitted = Annotated[FittedReferences, part(FittedReferences)]


class WatchIn(BaseModel, extra="forbid"):
    """When windows close, and how many false alarms are bearable."""

    by: Literal["time", "count"] = "time"
    hours: int = Field(24, ge=1, le=744, description="by time: a window is at least so long")
    images: int = Field(200, ge=50, le=100_000, description="a window has at least so many")
    budget: Budget = Field(
        "year", description="about one false alarm a year, a quarter or a month among all watched deployments"
    )
    notice: int = Field(
        200, ge=20, le=100_000, description="predictions until there may be a notice of a plain difference"
    )


class ReasonIn(BaseModel):
    """Why; kept with who said it."""

    reason: str = Field(max_length=2_000)


class InvestigateIn(ReasonIn):
    """`random_share`: of the review queue, from now on."""

    random_share: float = Field(0.8, ge=0.2, le=1)


class DriftWindowOut(BaseModel):
    """One closed window of production: how far it is from usual production, and the evidence up to it."""

    since: Instant = Field(serialization_alias="from")
    until: Instant = Field(serialization_alias="to")
    images: int
    state: WindowState
    imported: bool
    d: float | None
    feature: str | None
    evidence: float


class DriftDecisionOut(BaseModel):
    """What somebody said."""

    verb: Literal["usual", "investigate"]
    reason: str
    at: Instant
    by: str


class DriftOut(BaseModel):
    """Where a deployment stands; `sentence` says it for people."""

    state: Literal["off", "learning", "watching", "alarm"]
    sentence: str
    since: Instant | None = Field(description="when the alarm that stands began")
    windows_known: int
    windows_missing: int
    windows_wanted: int
    images_missing: int
    evidence: float | None
    threshold: float | None
    budget: str
    settings: WatchIn
    windows: list[DriftWindowOut]
    decisions: list[DriftDecisionOut]


class TwoSampleOut(BaseModel):
    """The two-sample Kolmogorov-Smirnov test of one feature; `corrected` is p times the number of tests (Bonferroni), at most 1;
    `flagged` by Benjamini and Hochberg's rule: `q`, the share of false ones among those with a p as small, is at most 10 %."""

    feature: str
    title: str
    statistic: float
    p: float
    corrected: float
    q: float
    flagged: bool
    n: int
    m: int


class TwoSampleTableOut(BaseModel):
    """Production against training data. With many images every difference is significant: this alarms nobody."""

    items: list[TwoSampleOut]

    @staticmethod
    def of(tested: list[Tested]) -> TwoSampleTableOut:
        return TwoSampleTableOut(items=[TwoSampleOut(**one._asdict(), flagged=one.flagged) for one in tested])


@router.get("/deployments/{deployment}/drift")
def get_drift(deployment: str, database: Db, response: Response) -> DriftOut:
    """Whether production has left what is usual here. The ETag is that of the settings."""
    found = _shown(database, deployment)
    seen.show(response, seen.tag_of(found.settings.model_dump(mode="json")))
    return found


@router.put("/deployments/{deployment}/drift")
def put_drift(
    deployment: str, body: WatchIn, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> DriftOut:
    """Sets when windows close and the budget; windows that are closed stay as they are."""
    actor.must_be("operator")
    wanted = Watch(**body.model_dump())

    def work(connection: Connection) -> str:
        found = deployments.get(connection, deployment)
        return Saving(found, "drift", actor, if_match).save(
            connection,
            asdict(wanted),
            lambda: asdict(Watch.of(deployments.get(connection, found.id).settings)),
            lambda: change.set_settings(connection, deployments.get(connection, found.id), wanted.to_settings()),
        )

    seen.show(response, database.write(work))
    return _shown(database, deployment)


@router.post("/deployments/{deployment}/drift/usual")
def post_usual(deployment: str, body: ReasonIn, actor: Asking, database: Db, fitted: Fitted) -> DriftOut:
    """*This is normal*: what arrives now becomes usual production."""
    with database.read() as connection:
        now = decided.present(connection, deployments.get(connection, deployment), fitted)
    database.write(
        lambda connection: decided.say_usual(
            connection, deployments.get(connection, deployment), body.reason, actor, now
        )
    )
    return _shown(database, deployment)


@router.post("/deployments/{deployment}/drift/investigate")
def post_investigate(deployment: str, body: InvestigateIn, actor: Asking, database: Db) -> DriftOut:
    """*Investigate*: raises the share of random checks, which show whether the answers suffer."""
    database.write(
        lambda connection: decided.investigate(
            connection, deployments.get(connection, deployment), body.reason, actor, body.random_share
        )
    )
    return _shown(database, deployment)


@router.get("/deployments/{deployment}/drift/tests")
def get_tests(
    asked: Asked, database: Db, fitted: Fitted, images: Annotated[int, Query(ge=10, le=5_000)] = 2_000
) -> TwoSampleTableOut:
    """The classic table, for the latest images of the window."""
    deployment, window = asked
    with database.read() as connection:
        return TwoSampleTableOut.of(two_sample_table(connection, deployment, fitted, window, images))


def _shown(database: Database, name: str) -> DriftOut:
    with database.read() as connection:
        found = deployments.get(connection, name)
        now: Standing = standing(connection, found)
        people = access_store.names(connection, {one.by for one in now.decisions})
    settings = Watch.of(found.settings)
    return DriftOut(
        state=now.state,
        sentence=now.sentence,
        since=now.since,
        windows_known=now.known,
        windows_missing=now.missing,
        windows_wanted=now.wanted,
        images_missing=now.images_missing,
        evidence=now.evidence,
        threshold=now.threshold,
        budget=now.budget,
        settings=WatchIn(**asdict(settings)),
        windows=[
            DriftWindowOut(
                since=one.since,
                until=one.until,
                images=one.images,
                state=one.state,
                imported=one.imported,
                d=one.distance if one.feature else None,
                feature=one.feature,
                evidence=one.evidence,
            )
            for one in sorted(now.windows, key=lambda one: one.since)[-400:]
        ],
        decisions=[
            DriftDecisionOut(verb=one.verb, reason=one.reason, at=one.at, by=people.get(one.by, one.by))
            for one in now.decisions
        ],
    )
